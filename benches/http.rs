//! `make bench`: how much of the machine's request rate the product keeps. Each route is measured beside a constant
//! route of the same bytes, in the same process and run, by wrk over kept-alive connections with `TCP_NODELAY`.
//! Absolute figures belong to the machine; the ratios are what docs/benchmarks.md speaks of.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    routing::get,
    serve::ListenerExt as _,
};
use babysea::{
    domain::{
        activity::Trace, ids::KeyId, key::Key, network::Allowlist, password::Password, role::Action,
        secret::SecretText, token,
    },
    server::{
        access,
        app::{App, Parts},
        config::Config,
        router::router,
        service::{
            accounts,
            keys::{self, KeyForm},
        },
        session::Viewer,
        store::{Tables as _, keys::NewKey},
    },
};
use std::{
    error::Error,
    hint::black_box,
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// Requests in flight.
const CONNECTIONS: &str = "32";
/// Seconds of each measurement.
const SECONDS: &str = "5";
/// Rows of the keys page.
const ROWS: usize = 50;
/// Measurements of each route; the best pair of a noisy machine says nothing, their median does.
const ROUNDS: usize = 3;

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // `cargo test --benches` and `cargo bench` both pass arguments of the test harness; none of them is for us.
    println!(
        "{:<12} {:<18} {:>7} {:>12} {:>12} {:>9}",
        "database", "route", "ratio", "requests/s", "constant", "bytes"
    );
    let folder = tempfile::tempdir()?;
    let sqlite = format!("sqlite:{}", folder.path().join("bench.db").display());
    measure("SQLite", &sqlite, folder.path()).await?;
    match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) => {
            let folder = tempfile::tempdir()?;
            measure("PostgreSQL", &url, folder.path()).await?;
        }
        Err(_) => println!("PostgreSQL was not measured: make bench starts one and sets TEST_POSTGRES_URL"),
    }
    Ok(())
}

async fn measure(engine: &str, database: &str, folder: &std::path::Path) -> Result<(), Failure> {
    let data = folder.display().to_string();
    let config = Config::from_arguments([
        "bench",
        "--database-url",
        database,
        "--data-dir",
        &data,
        "--rate-limit",
        "1000000000",
    ])?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let bound = listener.local_addr()?;
    let origin = config.origin(bound)?;
    let app = App::start(config, origin, Parts::default()).await?;
    let product = router(app.clone());

    let (secret, page, cookie) = prepare(&app, &product).await?;
    let key = ("authorization", format!("Bearer {secret}"));
    let cookie = ("cookie", cookie);
    let routes = [("/v1/status", &key), (page.as_str(), &cookie)];

    let mut all = product.clone();
    for (number, (path, credential)) in routes.iter().enumerate() {
        all = all.route(
            &format!("/constant/{number}"),
            get(constant(&product, path, credential).await?),
        );
    }
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let server = tokio::spawn(async move { axum::serve(listener, all).await });

    for (number, (path, credential)) in routes.into_iter().enumerate() {
        let constant_path = format!("/constant/{number}");
        let mut pairs = Vec::new();
        for _ in 0..ROUNDS {
            let constant = load(bound, &constant_path, credential).await?;
            let real = load(bound, path, credential).await?;
            pairs.push((real / constant, real, constant));
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ratio, real, constant) = pairs[ROUNDS / 2];
        let bytes = fetch(&product, path, credential).await?.1.len();
        let name = if path.starts_with("/home/") {
            "keys page, 50 rows"
        } else {
            path
        };
        println!("{engine:<12} {name:<18} {ratio:>7.3} {real:>12.0} {constant:>12.0} {bytes:>9}");
    }
    server.abort();
    long_list(engine, &app, &product, &page, &cookie).await?;
    if engine == "SQLite" {
        one_hash_each(&app, &secret).await?;
    }
    println!("{:<12} log rows dropped: {}", "", app.recorder.dropped());
    Ok(())
}

/// How long a page of a list of 10,000 keys takes, one request at a time, from the router's door.
async fn long_list(
    engine: &str,
    app: &App,
    product: &Router,
    page: &str,
    cookie: &Credential,
) -> Result<(), Failure> {
    const KEYS: usize = 10_000;
    const REQUESTS: usize = 51;
    const BOUND: Duration = Duration::from_millis(50);
    let slug = page.split('/').nth(2).ok_or("no slug")?;
    let mut tx = app.store.write().await?;
    let (account, owner) = tx.accounts().by_slug(slug).await?.ok_or("no account")?;
    for number in ROWS..KEYS {
        let secret = token::generate("bye_", |bytes| app.rng.fill(bytes));
        let key = Key {
            id: KeyId::from_random(app.rng.bytes()),
            account: account.id,
            name: format!("bench-{number}"),
            prefix: token::display_prefix(&secret),
            preset: "full_access".to_owned(),
            scopes: app.catalog().scopes.iter().map(String::as_str).collect(),
            allowlist: Allowlist::default(),
            creator: Some(owner),
            created_at: app.now().minus(Duration::from_secs(number as u64)),
            last_used_at: None,
            expires_at: None,
            revoked_at: None,
            leak_reported_at: None,
            rate_limit: None,
            replaces: None,
            rotation: None,
        };
        let new = NewKey {
            key: &key,
            hash: &app.pepper.hash(&secret),
            form_token: &number.to_string(),
        };
        tx.keys().insert(&new).await?;
    }
    tx.commit().await?;
    for (name, query) in [
        ("first page", ""),
        ("last page", "?page=last"),
        ("search, 111 keys", "?search=BENCH-77"),
    ] {
        let mut times = Vec::new();
        for _ in 0..REQUESTS {
            let begun = Instant::now();
            fetch(product, &format!("{page}{query}"), cookie).await?;
            times.push(begun.elapsed());
        }
        times.sort();
        let median = times[REQUESTS / 2];
        println!("{engine:<12} 10,000 keys, {name:<18} {median:>9.1?} at the median");
        if median > BOUND {
            return Err(format!("{name} of 10,000 keys took more than {BOUND:?}").into());
        }
    }
    Ok(())
}

/// What a password's hash and a key's hash cost, one at a time (docs/decisions/0001-keys-at-rest.md).
async fn one_hash_each(app: &App, secret: &str) -> Result<(), Failure> {
    const PASSWORDS: u32 = 20;
    const KEYS: u32 = 200_000;
    let begun = Instant::now();
    for _ in 0..PASSWORDS {
        app.passwords
            .hash(Password::new("tidal moss quartz lantern".to_owned()))
            .await?;
    }
    let password = begun.elapsed() / PASSWORDS;
    let key = SecretText::new(secret.to_owned());
    let begun = Instant::now();
    for _ in 0..KEYS {
        black_box(app.pepper.hash(black_box(&key)));
    }
    println!(
        "{:<12} one password: {password:.1?}; one key: {:.2?}",
        "hashing",
        begun.elapsed() / KEYS
    );
    Ok(())
}

/// A person with 50 keys. Returns the secret of one, the path of their page and the cookie that opens it.
async fn prepare(app: &App, product: &Router) -> Result<(String, String, String), Failure> {
    let (email, password) = ("bench@example.com", "tidal moss quartz lantern");
    let trace = Trace {
        request_id: String::new(),
        ip_hash: None,
    };
    let id = accounts::sign_up(app, "Bench", email, &Password::new(password.to_owned()), &trace).await?;
    let account = accounts::home(app, id).await?;
    let viewer = Viewer {
        id,
        name: "Bench".to_owned(),
        email: email.to_owned(),
        last_account: None,
    };
    let manager = access::key_manager(app, &viewer, &account.slug, Action::CreateKey, &trace).await?;
    let mut secret = String::new();
    for number in 0..ROWS {
        let token = keys::form_token(app);
        let form = KeyForm {
            name: &format!("bench-{number}"),
            preset: "full_access",
            form_token: &token,
            ..KeyForm::default()
        };
        let created = keys::create(app, &manager, &form).await?;
        created.secret.expose().clone_into(&mut secret);
    }
    let sign_in = Request::post("/api/session/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!(
            "email={email}&password={}",
            password.replace(' ', "+")
        )))?;
    let answer = product.clone().oneshot(sign_in).await?;
    let cookie = answer
        .headers()
        .get(header::SET_COOKIE)
        .ok_or("signing in set no cookie")?
        .to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    Ok((secret, format!("/home/{}/api-keys", account.slug), cookie))
}

type Credential = (&'static str, String);

async fn fetch(product: &Router, path: &str, credential: &Credential) -> Result<(HeaderMap, Bytes), Failure> {
    let request = Request::get(path)
        .header(credential.0, &credential.1)
        .body(Body::empty())?;
    let answer = product.clone().oneshot(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(format!("{path} answered {}", answer.status()).into());
    }
    let (parts, body) = answer.into_parts();
    Ok((parts.headers, to_bytes(body, usize::MAX).await?))
}

/// A handler that sends what the product would, without computing it.
async fn constant(
    product: &Router,
    path: &str,
    credential: &Credential,
) -> Result<impl Fn() -> std::future::Ready<(HeaderMap, Bytes)> + Clone + Send + Sync + 'static, Failure> {
    let (mut headers, body) = fetch(product, path, credential).await?;
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
    Ok(move || std::future::ready((headers.clone(), body.clone())))
}

/// Requests per second that wrk gets answered with 200.
async fn load(server: SocketAddr, path: &str, credential: &Credential) -> Result<f64, Failure> {
    let url = format!("http://{server}{path}");
    let header = format!("{}: {}", credential.0, credential.1);
    let run = move || {
        Command::new("wrk")
            .args(["-t", "1", "-c", CONNECTIONS, "-d", SECONDS, "-H", &header, &url])
            .output()
    };
    let output = tokio::task::spawn_blocking(run).await??;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") || !output.status.success() {
        return Err(format!("wrk on {path}: {text}").into());
    }
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    Ok(rate.ok_or("wrk printed no rate")?.trim().parse()?)
}
