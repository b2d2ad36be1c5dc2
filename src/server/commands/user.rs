//! `babysea user`.

use super::{ask, named, sentence, table::Table};
use crate::server::{
    config::{Asking, Listing, UserCommand},
    service::operator::Operator,
};
use std::error::Error;

/// Runs a user command; returns the text to print.
pub async fn run(command: &UserCommand, operator: &Operator<'_>) -> Result<String, Box<dyn Error>> {
    match command {
        UserCommand::List { listing } => list(*listing, operator).await,
        UserCommand::Password { email, asking } => password(email, *asking, operator).await,
        UserCommand::SignOut { email, asking } => sign_out(email, *asking, operator).await,
    }
}

async fn list(listing: Listing, operator: &Operator<'_>) -> Result<String, Box<dyn Error>> {
    let mut table = Table::new(&["EMAIL", "NAME", "SINCE", "SESSIONS"], listing.json);
    let mut after = String::new();
    loop {
        let people = operator.people(&after).await.map_err(sentence)?;
        let rows: Vec<_> = people
            .iter()
            .map(|person| {
                vec![
                    person.email.clone(),
                    person.name.clone(),
                    person.since().day(),
                    person.sessions().to_string(),
                ]
            })
            .collect();
        let is_read = table.write(&rows);
        match people.last() {
            Some(last) if is_read => after.clone_from(&last.cursor),
            _ => return Ok(String::new()),
        }
    }
}

async fn password(email: &str, asking: Asking, operator: &Operator<'_>) -> Result<String, Box<dyn Error>> {
    let person = operator.person(email).await.map_err(sentence)?;
    let who = named(&person);
    ask::confirm(
        asking.yes,
        &format!("set a new password for {who}, and end all their sessions"),
    )?;
    let password = ask::new_password().await?;
    let ended = operator
        .set_password(&person, &password)
        .await
        .map_err(sentence)?;
    Ok(format!("set the new password of {who}; {}", sessions(ended)))
}

async fn sign_out(email: &str, asking: Asking, operator: &Operator<'_>) -> Result<String, Box<dyn Error>> {
    let person = operator.person(email).await.map_err(sentence)?;
    let who = named(&person);
    ask::confirm(asking.yes, &format!("end all sessions of {who}"))?;
    let ended = operator.sign_out(&person).await.map_err(sentence)?;
    Ok(format!("signed out {who}; {}", sessions(ended)))
}

fn sessions(ended: u64) -> String {
    let s = if ended == 1 { "" } else { "s" };
    format!("{ended} session{s} ended")
}
