//! `babysea member`.

use super::{
    ask, sentence,
    table::{Table, shown},
};
use crate::{
    domain::role::Role,
    server::{
        config::{Asking, Listing, MemberCommand},
        service::{
            operator::{InTeam, Member, Operator},
            teams::{self, NewMember},
        },
    },
};
use std::error::Error;

/// Runs a member command; returns the text to print.
pub async fn run(command: &MemberCommand, operator: &Operator<'_>) -> Result<String, Box<dyn Error>> {
    match command {
        MemberCommand::Add { account, email, role } => {
            let (role, now) = (*role, operator.at());
            let member = NewMember { account, email, role };
            let entry_id = operator.parts.rng.bytes();
            let limits = operator.config.caps;
            let team = teams::add_member(operator.store, limits, member, now, entry_id).await?;
            Ok(format!("{email} is now {} of {}", role.label(), team.name))
        }
        MemberCommand::List { account, listing } => list(account, *listing, operator).await,
        MemberCommand::Remove {
            account,
            email,
            asking,
        } => remove(account, email, *asking, operator).await,
        MemberCommand::Role {
            account,
            email,
            role,
            asking,
        } => change(account, email, *role, *asking, operator).await,
    }
}

async fn list(account: &str, listing: Listing, operator: &Operator<'_>) -> Result<String, Box<dyn Error>> {
    let (account, owner) = operator.account(account).await.map_err(sentence)?;
    let mut table = Table::new(&["ROLE", "EMAIL", "NAME", "SINCE"], listing.json);
    let owner = operator.primary_owner(&account, owner).await.map_err(sentence)?;
    let mut rows: Vec<_> = owner.iter().map(row).collect();
    let mut after = None;
    loop {
        let members = operator.members(account.id, after).await.map_err(sentence)?;
        rows.extend(members.iter().map(row));
        let is_read = table.write(&rows);
        rows.clear();
        match members.last() {
            Some(last) if is_read => after = Some(last.user),
            _ => return Ok(String::new()),
        }
    }
}

fn row(member: &Member) -> Vec<String> {
    vec![
        member.role.label().to_owned(),
        member.email.clone(),
        member.name.clone(),
        member.since.day(),
    ]
}

/// How the confirmation names a member.
fn named(member: &InTeam) -> String {
    format!(
        "{} ({}), {} of {} since {}",
        shown(&member.person.name),
        shown(&member.person.email),
        member.role.label(),
        shown(&member.team.name),
        member.since.day()
    )
}

async fn remove(
    account: &str,
    email: &str,
    asking: Asking,
    operator: &Operator<'_>,
) -> Result<String, Box<dyn Error>> {
    let member = operator.member(account, email).await.map_err(sentence)?;
    let who = named(&member);
    ask::confirm(
        asking.yes,
        &format!("remove {who}; the keys they created stay with the team"),
    )?;
    operator.remove_member(&member).await.map_err(sentence)?;
    Ok(format!("removed {who}; the keys they created stay with the team"))
}

async fn change(
    account: &str,
    email: &str,
    role: Role,
    asking: Asking,
    operator: &Operator<'_>,
) -> Result<String, Box<dyn Error>> {
    let member = operator.member(account, email).await.map_err(sentence)?;
    let what = format!("the role of {}, to {}", named(&member), role.label());
    ask::confirm(asking.yes, &format!("change {what}"))?;
    operator.set_role(&member, role).await.map_err(sentence)?;
    Ok(format!(
        "{email} is now {} of {}",
        role.label(),
        shown(&member.team.name)
    ))
}
