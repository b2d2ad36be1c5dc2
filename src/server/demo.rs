//! The sample team of `babysea demo`: three people, keys with every status, and a month of requests. The data
//! is created by the same rules as real data, with times in the past.

use super::{
    app::App,
    store::{
        Tables as _, Tx,
        accounts::{Account, Kind},
        keys::{NewKey, list::KeyFilter},
        users::NewUser,
    },
};
use crate::domain::{
    activity::{Actor, Entry, Event},
    catalog::CUSTOM,
    client_network::Network,
    email::Email,
    ids::{AccountId, UserId},
    key::{Key, KeyStatus, Rotation, issue::Terms},
    name::{KeyName, PersonName},
    network::Allowlist,
    password::Password,
    paths,
    request_log::LogEntry,
    role::Role,
    scope::Scopes,
    time::Timestamp,
};
use std::{error::Error, fmt::Write as _, sync::Arc, time::Duration};

/// Slug of the team; the sample exists if the team does.
const TEAM: &str = "sample-team";

/// The people and their roles.
const PEOPLE: [(&str, &str, Role); 3] = [
    ("Ada Moss", "ada@demo.example", Role::PrimaryOwner),
    ("Bo Lind", "bo@demo.example", Role::Owner),
    ("Cy Vale", "cy@demo.example", Role::Member),
];

/// Address hashes of the clients, as stored in the log.
const CLIENTS: [&str; 3] = ["5f1c09ab3e72", "c2740d5be9a1", "08e63bd4f15a"];

/// A sample key. Times are hours from now.
struct Sample {
    name: &'static str,
    preset: &'static str,
    scopes: &'static [&'static str],
    allowlist: &'static str,
    created: u64,
    used: Option<u64>,
    expires: Option<i64>,
    revoked: bool,
    /// Whether it is the replacement of the key before it in the list.
    replaces: bool,
    /// Requests in the last 30 days.
    requests: u32,
    rate_limit: Option<u32>,
}

const fn sample(name: &'static str, preset: &'static str, created: u64) -> Sample {
    Sample {
        name,
        preset,
        scopes: &[],
        allowlist: "",
        created,
        used: None,
        expires: None,
        revoked: false,
        replaces: false,
        requests: 0,
        rate_limit: None,
    }
}

const KEYS: [Sample; 12] = [
    Sample {
        allowlist: "203.0.113.0/24 198.51.100.5 2001:db8:7::/48",
        used: Some(0),
        requests: 420,
        ..sample("prod-api-worker", "full_access", 24 * 101)
    },
    Sample {
        used: Some(2),
        expires: Some(24 * 61),
        requests: 160,
        rate_limit: Some(120),
        ..sample("dev-frontend", "generate_only", 24 * 29)
    },
    Sample {
        allowlist: "2001:db8:7::/48",
        ..sample("analytics-reader", "read_only", 24 * 4)
    },
    // Still active, but unused for longer than the log is kept.
    Sample {
        used: Some(24 * 44),
        ..sample("nightly-export", "read_only", 24 * 130)
    },
    Sample {
        used: Some(24 * 75),
        expires: Some(-24 * 3),
        ..sample("staging-monitor", "monitor_only", 24 * 175)
    },
    Sample {
        scopes: &["account:read", "library:read"],
        used: Some(24 * 85),
        revoked: true,
        ..sample("ci-smoke-tests", CUSTOM, 24 * 205)
    },
    Sample {
        scopes: &["generation:read", "generation:delete"],
        used: Some(30),
        requests: 60,
        ..sample("retention-cleanup", CUSTOM, 24 * 40)
    },
    Sample {
        used: Some(1),
        requests: 90,
        ..sample("uptime-probe", "monitor_only", 24 * 60)
    },
    Sample {
        replaces: true,
        used: Some(0),
        requests: 30,
        ..sample("uptime-probe", "monitor_only", 20)
    },
    Sample {
        expires: Some(5),
        ..sample(
            "one-off import of the 2025 picture archive, both regions, first the originals, then the thumbnails",
            "read_only",
            24 * 2,
        )
    },
    sample("مفتاح الإنتاج", "generate_only", 24 * 12),
    sample("try-out", "full_access", 1),
];

/// Creates the sample unless it exists, recreates its keys if they have aged, sets new passwords for the
/// sample people, and returns the text to print.
///
/// # Errors
/// When the database has other data, or fails.
pub async fn prepare(app: &App) -> Result<String, Box<dyn Error>> {
    let mut passwords = Vec::new();
    for _ in PEOPLE {
        let text = passphrase(app);
        let hash = app
            .passwords
            .hash(Password::new(text.clone()), Network::Unreadable)
            .await?;
        passwords.push((text, hash));
    }
    let mut tx = app.store.write().await?;
    if let Some((team, owner)) = tx.accounts().by_slug(TEAM).await? {
        for ((_, email, _), (_, hash)) in PEOPLE.iter().zip(&passwords) {
            let email = Email::parse(email)?;
            if let Some(user) = tx.users().by_email(&email).await? {
                tx.change_person(user.id).set_password_hash(hash).await?;
            }
        }
        renew(app, &mut tx, team.id, owner).await?;
    } else {
        fill(app, &mut tx, &passwords).await?;
    }
    tx.commit().await?;
    let mut text = format!("Sample team at {}{}\n", app.origin.as_str(), paths::keys(TEAM));
    for ((_, email, role), (password, _)) in PEOPLE.iter().zip(&passwords) {
        writeln!(text, "  {:<14} {email}  {password}", role.label())?;
    }
    text.push_str("The passwords are new with each start.");
    Ok(text)
}

/// Four groups of letters and digits: 100 random bits, easy to copy from a terminal.
fn passphrase(app: &App) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = app
        .rng
        .bytes::<20>()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3_600)
}

async fn fill(app: &App, tx: &mut Tx, passwords: &[(String, String)]) -> Result<(), Box<dyn Error>> {
    let now = app.now();
    let mut people = Vec::new();
    for ((name, email, _), (_, hash)) in PEOPLE.iter().zip(passwords) {
        let (id, name) = (UserId::from_random(app.rng.bytes()), PersonName::parse(name)?);
        let user = NewUser {
            id,
            name: &name,
            email: &Email::parse(email)?,
            password_hash: hash,
            created_at: now.minus(hours(24 * 210)),
        };
        tx.users().insert(&user).await?;
        let slug = slug::slugify(name.as_str());
        add_account(app, tx, &slug, name.as_str(), Kind::Personal, id).await?;
        people.push(id);
    }
    let [primary_owner, others @ ..] = &people[..] else {
        return Err("the sample has no people".into());
    };
    let team = add_account(app, tx, TEAM, "Sample Team", Kind::Team, *primary_owner).await?;
    for (&user, (_, _, role)) in others.iter().zip(&PEOPLE[1..]) {
        tx.change_member(team, user).insert(*role, now).await?;
    }
    for &user in &people {
        tx.users().set_last_account(user, team).await?;
    }
    add_keys(app, tx, team, *primary_owner).await
}

/// Recreates the sample keys once the team no longer has a key of every status, for example after a grace period has
/// ended. Keys with other names stay.
async fn renew(app: &App, tx: &mut Tx, team: AccountId, owner: UserId) -> Result<(), Box<dyn Error>> {
    let now = app.now();
    let everything = KeyFilter::default();
    let keys = tx
        .key_list()
        .older(team, &everything, now, None, u32::MAX)
        .await?;
    let has = |status| keys.iter().any(|key| key.status(now) == status);
    if KeyStatus::ALL.into_iter().all(has) {
        return Ok(());
    }
    for key in keys {
        if KEYS.iter().any(|sample| sample.name == key.name.as_str()) {
            tx.change(team, key.id).delete(now).await?;
        }
    }
    add_keys(app, tx, team, owner).await
}

async fn add_keys(app: &App, tx: &mut Tx, team: AccountId, owner: UserId) -> Result<(), Box<dyn Error>> {
    let now = app.now();
    let mut before: Option<Key> = None;
    for sample in &KEYS {
        let old = before.take().filter(|_| sample.replaces);
        let key = add_key(app, tx, (team, owner), sample, old.as_ref(), now).await?;
        let mut events = vec![(key.created_at, Event::KeyCreated, &key)];
        if let Some(old) = &old {
            let rotation = Rotation {
                at: key.created_at,
                grace_ends_at: key.created_at.plus(hours(48)),
            };
            tx.change(team, old.id).rotate(rotation).await?;
            events.push((key.created_at, Event::KeyRotated, old));
        }
        events.extend(key.revoked_at.map(|at| (at, Event::KeyRevoked, &key)));
        for (at, event, of) in events {
            let actor = Actor {
                user: Some(owner),
                name: PEOPLE[0].0,
                trace: None,
            };
            let target = (of.id.to_string(), of.name.as_str());
            let detail = format!("{}...", key.prefix);
            let entry = Entry::new(app.rng.bytes(), Some(team), at, actor, event, target, detail);
            tx.activity().insert(&entry).await?;
        }
        for nth in 0..sample.requests {
            add_request(app, tx, &key, nth == 0, now).await?;
        }
        before = Some(key);
    }
    Ok(())
}

async fn add_account(
    app: &App,
    tx: &mut Tx,
    slug: &str,
    name: &str,
    kind: Kind,
    owner: UserId,
) -> Result<AccountId, Box<dyn Error>> {
    let account = Account {
        id: AccountId::from_random(app.rng.bytes()),
        slug: slug.to_owned(),
        name: name.to_owned(),
        kind,
        created_at: app.now().minus(hours(24 * 210)),
    };
    tx.accounts().insert(&account, owner).await?;
    Ok(account.id)
}

async fn add_key(
    app: &App,
    tx: &mut Tx,
    (account, creator): (AccountId, UserId),
    sample: &Sample,
    old: Option<&Key>,
    now: Timestamp,
) -> Result<Key, Box<dyn Error>> {
    let scopes: Scopes = match app.catalog().preset(sample.preset) {
        Some(preset) => preset.scopes.iter().map(String::as_str).collect(),
        None => sample.scopes.iter().copied().collect(),
    };
    let terms = Terms {
        allowlist: Allowlist::from_stored(sample.allowlist).ok_or("a sample allowlist cannot be read")?,
        expires_at: sample.expires.map(|ahead| {
            let span = hours(ahead.unsigned_abs());
            if ahead < 0 {
                now.minus(span)
            } else {
                now.plus(span)
            }
        }),
        rate_limit: sample.rate_limit,
        replaces: old.map(|old| old.id),
        ..Terms::new(KeyName::parse(sample.name)?, sample.preset, scopes)
    };
    let (created_at, prefix) = (now.minus(hours(sample.created)), &app.config.key_prefix);
    // The text is not shown: these keys only serve as examples.
    let (mut key, secret) = Key::issue(account, creator, terms, created_at, prefix, |bytes| {
        app.rng.fill(bytes);
    });
    key.last_used_at = sample
        .used
        .map(|ago| now.minus(hours(ago)).minus(Duration::from_secs(42)));
    key.revoked_at = sample.revoked.then(|| now.minus(hours(24 * 80)));
    let new = NewKey {
        key: &key,
        hash: &app.pepper.hash(&secret),
        form_token: &hex::encode(app.rng.bytes::<16>()),
    };
    tx.keys().insert(&new).await?;
    Ok(key)
}

/// Adds a request between the key's last use and 30 days before, or the last use itself. Most are accepted,
/// some refused for a missing scope.
async fn add_request(
    app: &App,
    tx: &mut Tx,
    key: &Key,
    is_last: bool,
    now: Timestamp,
) -> Result<(), Box<dyn Error>> {
    let random = u64::from_be_bytes(app.rng.bytes());
    let latest = key.last_used_at.unwrap_or(now);
    let age = latest.since(key.created_at).as_secs().clamp(1, 30 * 86_400);
    let before = if is_last { 0 } else { random % age };
    let at = latest.minus(Duration::from_secs(before));
    let catalog = app.catalog();
    let routes = &catalog.routes;
    let random_route = &routes[usize::try_from(random >> 32)? % routes.len()];
    let opened = routes.iter().find(|route| key.scopes.contains(&route.scope));
    let route = opened.filter(|_| is_last).unwrap_or(random_route);
    let refused = !key.scopes.contains(&route.scope);
    // Most calls of a working program are allowed.
    if refused && random % 9 != 0 {
        return Ok(());
    }
    let entry = LogEntry {
        request_id: format!("req_{}", hex::encode(app.rng.bytes::<13>())),
        account: key.account,
        key: key.id,
        method: route.method.clone(),
        route: Arc::clone(&route.pattern),
        path: route
            .pattern
            .replace("{model_identifier}", "bfl/flux-schnell")
            .replace("{generation_id}", "5f0c2f0e-6f0b-4c51-9d55-0f2f4f5a3b10"),
        params: String::new(),
        status: if refused { 403 } else { 200 },
        error_code: refused.then_some("BSE1003"),
        ip_hash: Some(CLIENTS[usize::try_from(random % 3)?].to_owned()),
        user_agent: "babysea-node/1.0.0 (node/22.0.0)".to_owned(),
        at,
    };
    tx.log_rows().insert(std::slice::from_ref(&entry), false).await?;
    Ok(())
}
