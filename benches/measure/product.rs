//! A product with data to be measured, and constant routes beside it.

use super::Failure;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use babysea::{
    domain::{
        activity::Trace,
        client_network::Network,
        ids::AccountId,
        key::{Key, form::KeyForm, issue::Terms},
        name::KeyName,
        network::Allowlist,
        password::Password,
        role::Action,
        secret_text::SecretText,
    },
    server::{
        access::{self, Viewer},
        app::{App, Parts},
        config::Config,
        dashboard::session::cookies::Name,
        router,
        service::{
            accounts::{self, NewPerson},
            keys, usage,
        },
        serving,
        store::{Tables as _, accounts::Account, keys::NewKey},
    },
};
use std::{convert::Infallible, future::pending, net::SocketAddr, path::Path, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};
use tower::{Service, ServiceExt as _};

/// Keys added in one transaction.
const TOGETHER: usize = 10_000;

/// Rows of the keys page.
pub const ROWS: usize = 50;
/// Allowlist of every key; it contains this machine.
const ALLOWLIST: &str = "127.0.0.0/8, 203.0.113.10, 2001:db8::/32";

/// A header with credentials.
pub type Credential = (&'static str, String);

/// A product in this process.
pub struct Product {
    /// The product.
    pub app: App,
    /// Its routes.
    pub router: router::Product,
    /// The person's account.
    pub account: AccountId,
    /// A key with an allowlist.
    pub secret: String,
    /// A key without the scope for `/v1/status`.
    pub narrow: String,
    /// Ids and secrets of the other keys.
    pub keys: Vec<(String, String)>,
    /// Path of the page `API keys`.
    pub page: String,
    /// Session cookie for that page.
    pub cookie: Credential,
}

impl Product {
    /// Starts it on an empty database, with one person who has 50 keys.
    pub async fn start(database: &str, folder: &Path) -> Result<Self, Failure> {
        let folder = folder.display().to_string();
        let config = Config::from_arguments([
            "bench",
            "--database-url",
            database,
            "--data-dir",
            &folder,
            "--trusted-proxies",
            "127.0.0.1",
            // A fast machine exceeds the largest rate limit within a round.
            "--rate-limit",
            "none",
            "--auth-limit",
            "1000000000",
            "--sign-up-limit",
            "none",
        ])?;
        let origin = config.origin(config.listen)?;
        let app = App::start(config, origin, Parts::default()).await?;
        let router = router::Product::new(app.clone());
        let (account, mut keys, cookie) = person(&app, &router).await?;
        let (narrow, secret) = (keys.swap_remove(0).1, keys.swap_remove(0).1);
        Ok(Self {
            app,
            router,
            account: account.id,
            secret,
            narrow,
            keys,
            page: format!("/home/{}/api-keys", account.slug),
            cookie: ("cookie", cookie),
        })
    }

    /// The key as a header.
    pub fn key(&self) -> Credential {
        ("authorization", format!("Bearer {}", self.secret))
    }

    /// Stops it, so that a program in its own process can use the database.
    pub async fn stop(self) {
        self.app.recorder.flush().await;
        self.app.store.close().await;
        drop(self);
        // The recorder's task ends once all senders are dropped, and then releases the database.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        sleep(Duration::from_millis(100)).await;
    }

    /// Rows of the account's request log, once everything that waits is written.
    pub async fn logged(&self) -> Result<u64, Failure> {
        self.app.recorder.flush().await;
        let endpoints = usage::of_account(&self.app, self.account, 1).await?;
        Ok(endpoints.iter().map(|endpoint| endpoint.total).sum())
    }

    /// Uses each key once, no faster than the log is written, so that all are cached and their first use is
    /// written.
    pub async fn use_each(&self, secrets: &[String]) -> Result<(), Failure> {
        for some in secrets.chunks(5_000) {
            for secret in some {
                let key = ("authorization", format!("Bearer {secret}"));
                let (status, ..) = fetch(&self.router, "/v1/status", &key).await?;
                if status != StatusCode::OK {
                    return Err(format!("a key was answered with {status}").into());
                }
            }
            self.app.recorder.flush().await;
        }
        Ok(())
    }

    /// Adds keys to the person's account until there are `until`, with the allowlist that those of the start have;
    /// returns the secrets of the last `wanted`.
    pub async fn add_keys(&self, from: usize, until: usize, wanted: usize) -> Result<Vec<String>, Failure> {
        let Self { app, page, .. } = self;
        let slug = page.split('/').nth(2).ok_or("no slug")?;
        let allowlist = Allowlist::parse(ALLOWLIST)?.list;
        let mut tx = app.store.write().await?;
        let (account, owner) = tx.accounts().by_slug(slug).await?.ok_or("no account")?;
        let mut added = 0;
        let mut secrets = Vec::with_capacity(wanted);
        for number in from..until {
            let terms = Terms {
                allowlist: allowlist.clone(),
                ..Terms::new(
                    KeyName::parse(&format!("bench-{number}"))?,
                    "full_access",
                    app.catalog().scopes.iter().map(String::as_str).collect(),
                )
            };
            let created_at = app.now().minus(Duration::from_secs(number as u64));
            let (key, secret) = Key::issue(account.id, owner, terms, created_at, "bye_", |bytes| {
                app.rng.fill(bytes);
            });
            let new = NewKey {
                key: &key,
                hash: &app.pepper.hash(&secret),
                form_token: &number.to_string(),
            };
            tx.keys().insert(&new).await?;
            if until - number <= wanted {
                secrets.push(secret.expose().to_owned());
            }
            added += 1;
            // COMMIT has a time limit (docs/security.md, S76), which a million keys in one transaction would
            // exceed.
            if added % TOGETHER == 0 {
                tx.commit().await?;
                tx = app.store.write().await?;
            }
        }
        tx.commit().await?;
        Ok(secrets)
    }
}

/// Serves on a free port of this machine, as the product is served.
pub async fn serve<S>(app: &App, service: S) -> Result<(SocketAddr, JoinHandle<()>), Failure>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = app.clone();
    let served = tokio::spawn(async move {
        serving::serve(&app, listener, service, pending()).await;
    });
    Ok((address, served))
}

/// A person with 50 keys, of which the first is for monitoring alone. Returns their account, ids and secrets of the keys,
/// and the cookie that opens the account's pages.
async fn person(
    app: &App,
    product: &router::Product,
) -> Result<(Account, Vec<(String, String)>, String), Failure> {
    let (email, password) = ("bench@example.com", "tidal moss quartz lantern");
    let trace = Trace {
        request_id: String::new(),
        ip_hash: None,
    };
    let form = NewPerson {
        name: "Bench",
        email,
        password: &Password::new(password.to_owned()),
        network: Network::Unreadable,
        known: "",
        trace: &trace,
    };
    let id = accounts::sign_up(app, form).await?.user;
    let account = accounts::home(app, id).await?;
    let viewer = Viewer {
        id,
        name: "Bench".to_owned(),
        email: email.to_owned(),
        last_account: None,
    };
    let manager = access::key_manager(app, &viewer, &account.slug, Action::CreateKey, &trace).await?;
    let mut made = Vec::with_capacity(ROWS);
    for number in 0..ROWS {
        let preset = if number == 0 {
            "monitor_only"
        } else {
            "full_access"
        };
        let form = KeyForm {
            name: format!("bench-{number}"),
            preset: preset.to_owned(),
            allowlist: ALLOWLIST.to_owned(),
            form_token: keys::form_token(app),
            ..KeyForm::default()
        };
        let created = keys::create::create(app, &manager, &form).await?;
        made.push((created.key.id.to_string(), created.secret.expose().to_owned()));
    }
    let sign_in = Request::post("/api/session/sign-in")
        .header(header::HOST, "localhost")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!(
            "email={email}&password={}",
            password.replace(' ', "+")
        )))?;
    let answer = product.clone().oneshot(sign_in).await?;
    let session = format!("{}=", Name::Session.at(&app.origin));
    let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
    let cookie = cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .find(|cookie| cookie.starts_with(&session))
        .ok_or("signing in set no cookie")?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    Ok((account, made, cookie))
}

/// An answer as the router gives it to a client of this machine.
pub async fn fetch(
    product: &router::Product,
    path: &str,
    credential: &Credential,
) -> Result<(StatusCode, HeaderMap, Bytes), Failure> {
    let mut request = Request::get(path)
        .header(header::HOST, "localhost")
        .header(credential.0, &credential.1)
        .body(Body::empty())?;
    let client: SocketAddr = "127.0.0.1:1".parse()?;
    request
        .extensions_mut()
        .insert(axum::extract::ConnectInfo(client));
    let answer = product.clone().oneshot(request).await?;
    let (parts, body) = answer.into_parts();
    Ok((parts.status, parts.headers, to_bytes(body, usize::MAX).await?))
}

/// A handler that sends what the product would, without computing it.
pub async fn constant(
    product: &router::Product,
    path: &str,
    credential: &Credential,
) -> Result<
    impl Fn() -> std::future::Ready<(StatusCode, HeaderMap, Bytes)> + Clone + Send + Sync + 'static,
    Failure,
> {
    let (status, mut headers, body) = fetch(product, path, credential).await?;
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    Ok(move || std::future::ready((status, headers.clone(), body.clone())))
}

/// What a password's hash and a key's hash cost, one at a time (docs/decisions/0001-keys-at-rest.md).
pub async fn one_hash_each(app: &App, secret: &str) -> Result<(Duration, Duration), Failure> {
    const PASSWORDS: u32 = 20;
    const KEYS: u32 = 200_000;
    let begun = std::time::Instant::now();
    for _ in 0..PASSWORDS {
        app.passwords
            .hash(
                Password::new("tidal moss quartz lantern".to_owned()),
                Network::Unreadable,
            )
            .await?;
    }
    let password = begun.elapsed() / PASSWORDS;
    let key = SecretText::new(secret.to_owned());
    let begun = std::time::Instant::now();
    for _ in 0..KEYS {
        std::hint::black_box(app.pepper.hash(std::hint::black_box(&key)));
    }
    Ok((password, begun.elapsed() / KEYS))
}
