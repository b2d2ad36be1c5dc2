//! A running product and its users: browsers with a cookie jar, programs with a key.

use crate::{
    answer::Answer,
    browser::{Browser, Call, Made, get},
    database::Database,
    until::PATIENCE,
};
use axum::{
    body::to_bytes,
    http::{HeaderValue, header},
};
use babysea::{
    domain::{role::Role, time::Timestamp},
    server::{
        app::{App, Parts},
        config::Config,
        error::ServiceError,
        router::Product,
        runtime::{clock::TestClock, rng::SeededRng},
        secret::password::Cost,
        service::teams::{self, NewMember},
        serving::{self, bounds::Bounds},
    },
};
/// Runs futures concurrently; results in order.
pub use futures_util::future::join_all as all;
use std::{future::pending, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, runtime::Handle, time::timeout};
use tower::ServiceExt as _;

pub const ORIGIN: &str = "http://127.0.0.1:3000";
pub const HTTPS_ORIGIN: &str = "https://keys.example.com";
/// As long as the longest `PASSWORD_MIN`.
pub const PASSWORD: &str = "tidal moss quartz lantern beside seven copper kettles and violet rain";
pub const CHEAP: Cost = Cost {
    memory: 64,
    passes: 1,
};
/// 23 November 2026, 17:00 UTC.
const START: Timestamp = Timestamp::from_millis(1_795_453_200_000);

/// Settings that every product under test has, a flag and a value, unless the test sets them itself: `make soak
/// PART=settings` gives them in TEST_ARGUMENTS, one in a line.
fn soaked() -> Vec<String> {
    let arguments = std::env::var("TEST_ARGUMENTS").unwrap_or_default();
    arguments.lines().map(str::to_owned).collect()
}

/// Leaves out a test that is about the default of a setting, while the setting has another value.
/// scripts/settings.sh counts the tests that end with this sentence.
pub fn with_default(flag: &str) {
    assert!(
        !soaked().iter().any(|argument| argument == flag),
        "left out: this test is about the default of {flag}"
    );
}

/// Settings of a product.
pub struct Setup {
    pub origin: &'static str,
    pub cost: Cost,
    pub arguments: &'static [&'static str],
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            origin: ORIGIN,
            cost: CHEAP,
            arguments: &[],
        }
    }
}

/// A running product, on a clock that only moves by hand.
pub struct World {
    pub app: App,
    pub clock: Arc<TestClock>,
    pub database: Database,
    product: Product,
}

impl World {
    pub async fn on(database: Database) -> Self {
        Self::with(database, Setup::default()).await
    }

    pub async fn sqlite() -> Self {
        Self::on(Database::sqlite()).await
    }

    pub async fn with(database: Database, setup: Setup) -> Self {
        let clock = Arc::new(TestClock::at(START));
        Self::start(database, clock, 7, setup).await
    }

    async fn start(database: Database, clock: Arc<TestClock>, seed: u64, setup: Setup) -> Self {
        let (url, pepper) = (database.url(), database.pepper_file());
        let mut arguments = vec!["babysea", "--public-url", setup.origin, "--database-url", &url];
        let folder = database.folder().to_str().expect("a path in UTF-8");
        arguments.extend(["--data-dir", folder, "--pepper-file"]);
        arguments.push(pepper.to_str().expect("a path in UTF-8"));
        // Tests sign up many people from one address.
        if !setup.arguments.contains(&"--sign-up-limit") {
            arguments.extend(["--sign-up-limit", "none"]);
        }
        arguments.extend(setup.arguments);
        let soaked = soaked();
        for argument in soaked
            .chunks(2)
            .filter(|pair| !setup.arguments.contains(&pair[0].as_str()))
        {
            arguments.extend(argument.iter().map(String::as_str));
        }
        let config = Config::from_arguments(arguments).unwrap_or_else(|error| panic!("{error}"));
        let origin = config.origin(config.listen).expect("an origin");
        let parts = Parts {
            clock: clock.clone(),
            rng: Arc::new(SeededRng::new(seed)),
            cost: setup.cost,
        };
        let app = App::start(config, origin, parts)
            .await
            .expect("the product starts");
        Self {
            product: Product::new(app.clone()),
            app,
            clock,
            database,
        }
    }

    /// Another server on the same PostgreSQL database and clock.
    pub async fn second(&self) -> Self {
        let (database, clock) = (self.database.clone(), Arc::clone(&self.clock));
        Self::start(database, clock, 9, Setup::default()).await
    }

    /// The same with other settings.
    pub async fn second_with(&self, setup: Setup) -> Self {
        let (database, clock) = (self.database.clone(), Arc::clone(&self.clock));
        Self::start(database, clock, 9, setup).await
    }

    /// Stops it, and starts it on the same data and clock.
    pub async fn restart(self, setup: Setup) -> Self {
        let clock = Arc::clone(&self.clock);
        Self::start(self.stop().await, clock, 8, setup).await
    }

    /// Stops it and waits until it has released the database, which is returned. It must not be serving.
    pub async fn stop(self) -> Database {
        let Self {
            app,
            database,
            product,
            ..
        } = self;
        app.recorder.flush().await;
        app.store.close().await;
        let ended = app.recorder.ended();
        drop((app, product));
        let ended = timeout(PATIENCE, ended).await;
        ended.expect("the recorder ends when the app is gone");
        database
    }

    /// Moves the clock by so many milliseconds.
    pub fn advance(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    /// A new browser without a session.
    pub fn anonymous(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Signs a person up: `Ada Moss` has the email `ada-moss@example.com`.
    pub async fn person(&self, name: &str) -> Browser<'_> {
        let mut browser = self.anonymous();
        browser.email = format!("{}@example.com", name.to_lowercase().replace(' ', "-"));
        let fields = [("name", name), ("email", &browser.email), ("password", PASSWORD)];
        let answer = browser.post("/sign-up", &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let slug = answer.location().split('/').nth(2);
        slug.expect("a slug").clone_into(&mut browser.slug);
        browser
    }

    /// Adds a person to a team, as `babysea member add` does.
    pub async fn add_member(&self, team: &str, email: &str, role: Role) -> Result<(), ServiceError> {
        let (app, account) = (&self.app, team);
        let member = NewMember { account, email, role };
        teams::add_member(&app.store, app.config.caps, member, app.now(), app.rng.bytes())
            .await
            .map(drop)
    }

    /// Signs a person up and adds them to a team, which is their current account.
    pub async fn member(&self, name: &str, team: &str, role: Role) -> Browser<'_> {
        let person = self.person(name).await;
        let added = self.add_member(team, &person.email, role).await;
        added.unwrap_or_else(|error| panic!("{error}"));
        person.at(team)
    }

    /// Serves on a port of this machine until the test ends.
    pub fn serve(&self) -> SocketAddr {
        self.serve_on(&Handle::current())
    }

    /// Serves on that runtime.
    pub fn serve_on(&self, runtime: &Handle) -> SocketAddr {
        self.serve_within(runtime, Bounds::of(&self.app.config))
    }

    /// The same with these bounds.
    pub fn serve_within(&self, runtime: &Handle, bounds: Bounds) -> SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it does not block");
        let address = listener.local_addr().expect("its address");
        let (app, product) = (self.app.clone(), self.product.clone());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener)?;
            serving::serve_within(&app, listener, product, bounds, pending()).await;
            Ok::<_, std::io::Error>(())
        });
        address
    }

    /// Sends a request without a session.
    pub async fn send(&self, call: Call) -> Answer {
        let mut request = call.request();
        let host = HeaderValue::from_static("localhost");
        request.headers_mut().entry(header::HOST).or_insert(host);
        let response = self.product.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a whole body");
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    /// A program that calls `GET /v1/status`.
    pub async fn status(&self, secret: &str) -> Answer {
        self.send(get("/v1/status").bearer(secret)).await
    }

    /// Changes keys by SQL, and clears the cache, as a new start would.
    pub async fn execute(&self, sql: &str) {
        self.database.execute(sql).await;
        self.app.store.changes().drop_all();
    }

    /// Status of a request with this key.
    pub async fn code(&self, key: &Made) -> u16 {
        self.status(&key.secret).await.status
    }
}

impl Database {
    /// The only text that a query returns.
    pub async fn text(&self, sql: &str) -> String {
        let mut texts = self.texts(sql).await;
        assert_eq!(texts.len(), 1, "{sql}");
        texts.remove(0)
    }
}
