//! The table of docs/api.md that says what each proxy does with which request. nginx and Caddy run with their shipped
//! files; what Traefik and Envoy would send is sent to the server itself.

mod described;
mod exchanges;

use super::{
    LIST,
    api::start_api,
    bearer,
    lax::Among,
    running::{Body, Kind, Proxy},
};
use crate::{
    browser::Made,
    database::Database,
    world::{Setup, World},
};
use described::Described;
use std::{net::SocketAddr, path::Path};
use tokio::runtime::Runtime;

const GUIDE: &str = "docs/api.md";
const HEADING: &str = "### What passes each proxy";
/// Larger than what the servers of most APIs accept by default, or than one buffer of nginx.
const LONG: usize = 17_000;
/// Twice this is larger than what this server accepts.
const LARGER: usize = 40_000;
/// Larger than nginx accepts by default.
const UPLOAD: usize = 3 * 1024 * 1024;

/// What a client does.
#[derive(Clone, Copy)]
enum Act {
    /// It sends a request, and reads a response.
    Ask,
    /// It asks for this upgrade.
    Upgrade(&'static str),
    /// It reads the first part of a response that goes on.
    Stream,
    /// It sends the head of a request with `Expect: 100-continue`, and the body after the response 100.
    Expect,
}

/// A request, and how it is described.
struct Asked {
    name: &'static str,
    act: Act,
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    /// Whether the shipped files let it pass without a key.
    is_open: bool,
}

impl Asked {
    fn new(name: &'static str, method: &'static str, target: &str) -> Self {
        Self {
            name,
            act: Act::Ask,
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            is_open: false,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn key(self, secret: &str) -> Self {
        self.with("authorization", &bearer(secret))
    }

    fn body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    const fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    const fn acting(mut self, act: Act) -> Self {
        self.act = act;
        self
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (&**name, &**value)).collect()
    }

    const fn sent_body(&self) -> Body<'_> {
        if self.body.is_empty() {
            Body::None
        } else {
            Body::Whole(self.body.as_str())
        }
    }
}

/// The keys of the requests.
struct Keys {
    good: Made,
    narrow: String,
    elsewhere: String,
    slow: String,
    unknown: String,
}

impl Keys {
    async fn of(world: &World) -> Self {
        let ada = world.person("Ada Moss").await;
        let with = async |name, allowlist, limit| {
            let fields = [
                ("name", name),
                ("preset", "full_access"),
                ("allowlist", allowlist),
                ("rate_limit", limit),
            ];
            ada.key_with(&fields).await
        };
        let slow = with("slow", "", "1").await;
        assert_eq!(world.code(&slow).await, 200, "its only request of the minute");
        let unknown = babysea::domain::token::generate("bye_", |bytes| world.app.rng.fill(bytes));
        Self {
            good: ada.made("good").await,
            narrow: ada.key("narrow", "monitor_only").await,
            elsewhere: with("elsewhere", "198.51.100.5", "").await.secret,
            slow: slow.secret,
            unknown: unknown.expose().to_owned(),
        }
    }
}

/// The requests of the table, in its order.
fn all(keys: &Keys) -> Vec<Asked> {
    const GENERATE: &str = "/v1/generate/image/bfl/flux-schnell";
    let get = |name| Asked::new(name, "GET", LIST);
    let good = |name| get(name).key(&keys.good.secret);
    let at = |name, target: &str| Asked::new(name, "GET", target).key(&keys.good.secret);
    let post = |name| Asked::new(name, "POST", GENERATE);
    let options = |name| {
        Asked::new(name, "OPTIONS", GENERATE)
            .with("origin", "https://app.example")
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "authorization")
    };
    let (long, larger) = ("x".repeat(LONG), "x".repeat(LARGER));
    let many = (0..80).fold(good("80 more headers"), |asked, n| {
        asked.with(&format!("x-more-{n}"), "x")
    });
    vec![
        good("a key with the scope"),
        get("no key"),
        get("an unknown key").key(&keys.unknown),
        get("a key without the scope").key(&keys.narrow),
        get("a key that may not be used at this address").key(&keys.elsewhere),
        get("a key over its limit").key(&keys.slow),
        at("a route that the catalogue lacks", "/v1/nowhere"),
        at("`/v1/content/%2e%2e/status`", "/v1/content/%2e%2e/status"),
        good("`X-Account-Id` from the client").with("X-Account-Id", "forged"),
        good("`X_Account_Id`, `X.Account.Id`")
            .with("X_Account_Id", "forged")
            .with("X.Account.Id", "forged"),
        good("`X-HTTP-Method-Override`").with("X-HTTP-Method-Override", "forged"),
        good("17,000 bytes of cookies").with("cookie", &long),
        good("17,000 bytes in another header").with("x-long", &long),
        at("a query of 17,000 bytes", &format!("{LIST}?q={long}")),
        good("two headers of 40,000 bytes")
            .with("x-first", &larger)
            .with("x-second", &larger),
        at("a query of 80,000 bytes", &format!("{LIST}?q={larger}{larger}")),
        many,
        post("a body of 3 MiB")
            .key(&keys.good.secret)
            .body("x".repeat(UPLOAD)),
        post("`Expect: 100-continue`")
            .key(&keys.good.secret)
            .with("expect", "100-continue")
            .body("a whole body".to_owned())
            .acting(Act::Expect),
        post("`Expect: 100-continue`, no key")
            .with("expect", "100-continue")
            .body("a whole body".to_owned())
            .acting(Act::Expect),
        at("a response that goes on", &format!("{LIST}?stream")).acting(Act::Stream),
        good("`Upgrade: websocket`").acting(Act::Upgrade("websocket")),
        get("`Upgrade: websocket`, no key").acting(Act::Upgrade("websocket")),
        good("`Upgrade: h2c`").acting(Act::Upgrade("h2c")),
        options("a preflight of a browser, no key").open(),
        options("a preflight with a body, no key").body("x".to_owned()),
        Asked::new("another `OPTIONS`, no key", "OPTIONS", GENERATE),
        Asked::new(
            "a challenge of ACME, no key",
            "GET",
            "/.well-known/acme-challenge/token",
        )
        .open(),
        Asked::new("a health check that the file names, no key", "GET", "/healthz").open(),
        Asked::new(
            "`/v1/%2e%2e/.well-known/acme-challenge/token`, no key",
            "GET",
            "/v1/%2e%2e/.well-known/acme-challenge/token",
        ),
    ]
}

/// The rows of the table: name, nginx, Caddy, Traefik, Envoy.
async fn rows() -> Vec<[String; 5]> {
    let setup = Setup {
        arguments: &["--trusted-proxies", "127.0.0.1"],
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let keys = Keys::of(&world).await;
    let all = all(&keys);
    let serving = Runtime::new().expect("a runtime");
    let server = world.serve_on(serving.handle());
    let api = start_api().await;
    let nginx = Proxy::start_among(Kind::Nginx, Among::Lax, server, api).await;
    let caddy = Proxy::start_among(Kind::Caddy, Among::Lax, server, api).await;
    let mut rows = Vec::new();
    for asked in &all {
        rows.push(row(asked, [&nginx, &caddy], server).await);
    }
    serving.shutdown_background();
    let key = keys.good.secret.as_str();
    let stopped = Asked::new("a good key while this server is stopped", "GET", LIST).key(key);
    let nothing = "not tried".to_owned();
    let real = [
        exchanges::through(&nginx, &stopped).await,
        exchanges::through(&caddy, &stopped).await,
    ];
    let [nginx, caddy] = real;
    rows.push([stopped.name.to_owned(), nginx, caddy, nothing.clone(), nothing]);
    rows
}

async fn row(asked: &Asked, [nginx, caddy]: [&Proxy; 2], server: SocketAddr) -> [String; 5] {
    [
        asked.name.to_owned(),
        exchanges::through(nginx, asked).await,
        exchanges::through(caddy, asked).await,
        Described::Traefik.outcome(asked, server).await,
        Described::Envoy.outcome(asked, server).await,
    ]
}

/// The table as Markdown.
fn table(rows: &[[String; 5]]) -> String {
    let header = [
        "request",
        "nginx",
        "Caddy",
        "Traefik (described)",
        "Envoy (described)",
    ];
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&header) + &line(&["---"; 5]);
    for row in rows {
        text += &line(&row.each_ref().map(String::as_str));
    }
    text
}

#[tokio::test]
async fn the_guide_says_what_passes_each_proxy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE);
    let guide = std::fs::read_to_string(&path).expect("the guide");
    let (before, section) = guide.split_once(HEADING).expect("the section");
    let from = before.len() + HEADING.len() + section.find("\n| ").expect("its table") + 1;
    let to = guide[from..]
        .find("\n\n")
        .map_or(guide.len(), |end| from + end + 1);
    let found = table(&rows().await);
    if std::env::var_os("UPDATE_PROXIES").is_some() {
        let guide = format!("{}{found}{}", &guide[..from], &guide[to..]);
        std::fs::write(&path, guide).expect("the guide");
        return;
    }
    let kept: Vec<_> = guide[from..to].lines().collect();
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        kept,
        "if this is better, write it down: UPDATE_PROXIES=1"
    );
}
