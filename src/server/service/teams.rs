//! Teams: creating one, and adding members.

pub use super::accounts::Owner;
use super::accounts::{Before, insert_with_slug};
use crate::{
    domain::{
        activity::{Actor, Entry, Event},
        email::Email,
        field_errors::FieldErrors,
        name::TeamName,
        number::counted,
        role::Role,
        time::Timestamp,
    },
    server::{
        app::App,
        config::AccountCaps,
        error::ServiceError,
        store::{
            Store, StoreError, Tables as _, Unique,
            accounts::{Account, Kind},
        },
    },
};

/// Creates a team with `owner` as its primary owner.
///
/// # Errors
/// `Invalid` when the name was refused, `Conflict` when the person has reached the cap of accounts.
pub async fn create(app: &App, owner: Owner<'_>, name: &str) -> Result<Account, ServiceError> {
    let mut errors = FieldErrors::default();
    let Some(name) = errors.check("name", TeamName::parse(name)) else {
        return Err(ServiceError::Invalid(errors));
    };
    let most = app.config.caps.accounts;
    insert_with_slug(app, name.as_str(), Kind::Team, owner, Before::Limit(most)).await
}

/// A person to add to a team.
#[derive(Clone, Copy)]
pub struct NewMember<'a> {
    /// The team's slug.
    pub account: &'a str,
    /// The person's email.
    pub email: &'a str,
    /// Their role.
    pub role: Role,
}

/// Adds a person to a team, for the server operator. `entry_id` are random bytes for the activity entry.
/// Returns the team.
///
/// # Errors
/// `Invalid` or `Conflict` with a sentence that says what to enter instead.
pub async fn add_member(
    store: &Store,
    limits: AccountCaps,
    member: NewMember<'_>,
    now: Timestamp,
    entry_id: [u8; 16],
) -> Result<Account, ServiceError> {
    let NewMember {
        account: slug,
        email,
        role,
    } = member;
    let refuse = |sentence: String| Err(ServiceError::Conflict(sentence));
    let Ok(address) = Email::parse(email) else {
        return refuse(format!("{email} is not an email address"));
    };
    let mut tx = store.write().await?;
    let Some((account, owner)) = tx.accounts().by_slug(slug).await? else {
        return refuse(format!("there is no account {slug}"));
    };
    if account.kind == Kind::Personal {
        return refuse(format!("{slug} is a personal account: only teams have members"));
    }
    let Some(user) = tx.users().by_email(&address).await? else {
        return refuse(format!("there is no person with the email {email}"));
    };
    if user.id == owner {
        return refuse(format!("{email} is the primary owner of {slug}"));
    }
    tx.accounts().lock(account.id).await?;
    tx.users().lock(user.id).await?;
    // Plus one for the primary owner, who has no membership row.
    if tx.memberships().count(account.id).await? + 1 >= u64::from(limits.members) {
        return refuse(format!(
            "{slug} has {}, which is as many as it may",
            counted(u64::from(limits.members), "member")
        ));
    }
    if tx.accounts().count_of_user(user.id).await? >= u64::from(limits.accounts) {
        return refuse(format!(
            "{email} is in {}, which is as many as one may",
            counted(u64::from(limits.accounts), "account")
        ));
    }
    match tx.change_member(account.id, user.id).insert(role, now).await {
        Err(StoreError::Taken(Unique::Membership)) => return refuse(format!("{email} is in {slug} already")),
        other => other?,
    }
    let target = (user.id.to_string(), user.name.as_str());
    let detail = format!("as {}", role.label());
    let added = Entry::new(
        entry_id,
        Some(account.id),
        now,
        Actor::OPERATOR,
        Event::MemberAdded,
        target,
        detail,
    );
    tx.activity().insert(&added).await?;
    tx.commit().await?;
    Ok(account)
}
