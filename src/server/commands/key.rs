//! `babysea key`.

use super::{
    ask, sentence,
    table::{Table, shown},
};
use crate::{
    domain::time::Timestamp,
    server::{
        config::{Asking, KeyCommand, Listing, Which},
        service::operator::{ListedKey, Named, Operator, Step},
    },
};
use std::error::Error;

const COLUMNS: &[&str] = &[
    "ID",
    "ACCOUNT",
    "STATE",
    "BEGINS",
    "NAME",
    "MADE BY",
    "EMAIL",
    "SINCE",
    "LAST USED",
    "ENDS",
];

/// Runs a key command; returns the text to print.
pub async fn run(command: &KeyCommand, operator: &Operator<'_>) -> Result<String, Box<dyn Error>> {
    match command {
        KeyCommand::List { account, listing } => list(account.as_deref(), *listing, operator).await,
        KeyCommand::Revoke {
            which: Which { key: Some(id), .. },
            reason,
            asking,
        } => one(id, reason, *asking, operator).await,
        KeyCommand::Revoke {
            which,
            reason,
            asking,
        } => many(which.account.as_deref(), reason, *asking, operator).await,
    }
}

async fn list(
    account: Option<&str>,
    listing: Listing,
    operator: &Operator<'_>,
) -> Result<String, Box<dyn Error>> {
    let mut table = Table::new(COLUMNS, listing.json);
    if let Some(slug) = account {
        let (account, _) = operator.account(slug).await.map_err(sentence)?;
        table.write(&[]);
        list_account(&account.into(), &mut table, operator).await?;
        return Ok(String::new());
    }
    // An empty list has a header too.
    table.write(&[]);
    let mut after = String::new();
    loop {
        let accounts = operator.accounts(&after).await.map_err(sentence)?;
        for account in &accounts {
            if !list_account(account, &mut table, operator).await? {
                return Ok(String::new());
            }
        }
        match accounts.last() {
            Some(last) => after.clone_from(&last.slug),
            None => return Ok(String::new()),
        }
    }
}

/// Prints the keys of an account; returns whether the output is still open.
async fn list_account(
    account: &Named,
    table: &mut Table,
    operator: &Operator<'_>,
) -> Result<bool, Box<dyn Error>> {
    let mut before = None;
    loop {
        let keys = operator
            .keys(account.id, before.as_ref())
            .await
            .map_err(sentence)?;
        let now = operator.at();
        let rows: Vec<_> = keys.iter().map(|listed| row(account, listed, now)).collect();
        let Some(last) = keys.into_iter().last() else {
            return Ok(true);
        };
        if !table.write(&rows) {
            return Ok(false);
        }
        before = Some(last.key);
    }
}

fn row(account: &Named, listed: &ListedKey, now: Timestamp) -> Vec<String> {
    let key = &listed.key;
    let day = |at: Option<Timestamp>| at.map(Timestamp::day).unwrap_or_default();
    let (name, email) = listed.creator.clone().unwrap_or_default();
    vec![
        key.id.to_string(),
        account.slug.clone(),
        key.status(now).label().to_lowercase(),
        key.prefix.clone(),
        key.name.to_string(),
        name,
        email,
        key.created_at.day(),
        day(key.last_used_at),
        day(key.end()),
    ]
}

async fn one(
    id: &str,
    reason: &str,
    asking: Asking,
    operator: &Operator<'_>,
) -> Result<String, Box<dyn Error>> {
    let (key, account) = operator.key(id).await.map_err(sentence)?;
    let which = format!(
        "the key {} ({}...) of {}, created on {}",
        shown(key.name.as_str()),
        key.prefix,
        account.slug,
        key.created_at.day()
    );
    ask::confirm(asking.yes, &format!("revoke {which}"))?;
    operator.revoke_key(&key, reason).await.map_err(sentence)?;
    Ok(format!("revoked {which}"))
}

/// Revokes all keys of one account or of all accounts, in steps.
async fn many(
    slug: Option<&str>,
    reason: &str,
    asking: Asking,
    operator: &Operator<'_>,
) -> Result<String, Box<dyn Error>> {
    let account: Option<Named> = match slug {
        Some(slug) => Some(operator.account(slug).await.map_err(sentence)?.0.into()),
        None => None,
    };
    let id = account.as_ref().map(|account| account.id);
    let live = operator.live_keys(id).await.map_err(sentence)?;
    let whose = match &account {
        Some(account) => format!("of {} ({})", account.slug, shown(&account.name)),
        None => "of this server".to_owned(),
    };
    ask::confirm(
        asking.yes,
        &format!("revoke all keys {whose}, {live} of them live"),
    )?;
    let revoked = match &account {
        Some(account) => revoke_account(account, reason, operator).await,
        None => revoke_all(reason, operator).await,
    };
    // Also after a failure: the keys that the message counts as revoked must have ended on every server
    // (docs/security.md, S73).
    let settled = operator.settle().await;
    let revoked = revoked?;
    settled.map_err(sentence)?;
    let (s, were) = if revoked == 1 { ("", "was") } else { ("s", "were") };
    Ok(format!("{revoked} key{s} {whose} {were} revoked"))
}

async fn revoke_all(reason: &str, operator: &Operator<'_>) -> Result<u64, Box<dyn Error>> {
    let (mut after, mut revoked) = (String::new(), 0);
    loop {
        let accounts = operator.accounts(&after).await.map_err(sentence)?;
        for account in &accounts {
            match revoke_account(account, reason, operator).await {
                Ok(count) => revoked += count,
                // Revoked keys stay revoked; the error says how many there are.
                Err(error) if revoked > 0 => {
                    return Err(format!(
                        "{revoked} keys were revoked, then the command failed: {error}; run it again"
                    )
                    .into());
                }
                Err(error) => return Err(error),
            }
        }
        match accounts.last() {
            Some(last) => after.clone_from(&last.slug),
            None => return Ok(revoked),
        }
    }
}

async fn revoke_account(
    account: &Named,
    reason: &str,
    operator: &Operator<'_>,
) -> Result<u64, Box<dyn Error>> {
    let mut revoked = 0;
    // New keys can be created meanwhile: repeats until the account has no live key.
    loop {
        let before = revoked;
        let mut last = None;
        loop {
            match operator.revoke_step(account.id, last, reason).await {
                Ok(Step {
                    revoked: more,
                    last: Some(key),
                }) => {
                    revoked += more;
                    last = Some(key);
                }
                Ok(Step { last: None, .. }) => break,
                Err(error) if revoked > 0 => {
                    let why = sentence(error);
                    return Err(format!(
                        "{revoked} keys of {} were revoked, then the command failed: {why}; run it again",
                        account.slug
                    )
                    .into());
                }
                Err(error) => return Err(sentence(error)),
            }
        }
        if revoked == before {
            return Ok(revoked);
        }
    }
}
