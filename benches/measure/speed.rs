//! `make bench`: which share of the machine's request rate the product keeps, and what it costs. Each route
//! is compared with a constant route of the same size, in the same process and run and on connections that
//! are accepted in the same way, and with a bare axum server in a process of its own. Absolute numbers depend
//! on the machine; docs/benchmarks.md uses the ratios.

use super::{
    Failure,
    bare::{Answer, Bare},
    counted, guard, judged,
    load::{self, Asked, Offered},
    memory,
    product::{Credential, Product, ROWS, constant, fetch, one_hash_each, serve},
    shared::{KEYS, Line},
};
use axum::{Router, routing::get};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

/// Rounds of each route; on a noisy machine only their median is meaningful.
const ROUNDS: usize = 5;

/// Keys of the long list.
const LISTED: usize = 10_000;
/// Requests a second that must all be logged.
const OFFERED: u32 = 10_000;
/// For how long they are sent.
const SPAN: Duration = Duration::from_secs(10);
/// Latest time of the last response; later means that the rate was not reached.
const LATEST: Duration = Duration::from_millis(10_500);

/// Prints the measurements on SQLite, on PostgreSQL or on both.
pub async fn run([sqlite, postgres]: [bool; 2]) -> Result<(), Failure> {
    println!(
        "{:<11} {:<28} {:>6}  {:<8} {:>9} {:>9} {:>9} {:>7} {:>7} {:>16} {:>7} {:>8}",
        "database",
        "route",
        "ratio",
        "bound",
        "req/s",
        "constant",
        "bare",
        "of bare",
        "p99",
        "cpu, each in us",
        "bytes",
        "dropped"
    );
    if sqlite {
        let folder = tempfile::tempdir()?;
        let file = format!("sqlite:{}", folder.path().join("bench.db").display());
        measure("SQLite", &file, folder.path()).await?;
        memory::measure().await?;
    }
    match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) if postgres => {
            let folder = tempfile::tempdir()?;
            measure("PostgreSQL", &url, folder.path()).await?;
        }
        Ok(_) => {}
        Err(_) => println!("PostgreSQL was not measured: make bench starts one and sets TEST_POSTGRES_URL"),
    }
    Ok(())
}

/// A route to be measured.
struct Route<'a> {
    name: &'a str,
    path: &'a str,
    credential: &'a Credential,
    keys: Option<&'a Path>,
    refused: bool,
    least: Option<f64>,
    /// Whether the latency and the cost have bounds as well.
    whole: bool,
}

async fn measure(engine: &str, database: &str, folder: &Path) -> Result<(), Failure> {
    let product = Product::start(database, folder).await?;
    let key = product.key();
    let cut = &product.secret[..product.secret.len() - 1];
    let last = if product.secret.ends_with('x') { 'y' } else { 'x' };
    let malformed = ("authorization", format!("Bearer {cut}{last}"));
    let keys = folder.join("keys");
    let plain = Route {
        name: "/v1/status",
        path: "/v1/status",
        credential: &key,
        keys: None,
        refused: false,
        least: Some(0.75),
        whole: true,
    };
    let routes = [
        Route {
            name: "/v1/status, 100,000 keys",
            keys: Some(&keys),
            least: Some(0.65),
            whole: false,
            ..plain
        },
        Route {
            name: "/v1/status, malformed key",
            credential: &malformed,
            refused: true,
            least: Some(0.85),
            whole: false,
            ..plain
        },
        Route {
            name: "keys page, 50 rows",
            path: &product.page,
            credential: &product.cookie,
            least: None,
            whole: false,
            ..plain
        },
        plain,
    ];
    let (mut constants, mut answers) = (Router::new(), Vec::new());
    for (number, route) in routes.iter().enumerate() {
        let answer = constant(&product.router, route.path, route.credential).await?;
        let path = format!("/constant/{number}");
        let (status, headers, body) = answer().await;
        answers.push(Answer::new(&path, (status, &headers, &body)));
        constants = constants.route(&path, get(answer));
    }
    let bare = Bare::start(&answers)?;
    let (server, serving) = serve(&product.app, product.router.clone()).await?;
    let (beside, serving_constants) = serve(&product.app, constants).await?;
    // The plain route first, and the keys page before many other keys are added.
    for number in [3, 2, 1, 0] {
        if number == 0 {
            let secrets = product.add_keys(LISTED, LISTED + KEYS, KEYS).await?;
            fs::write(&keys, secrets.join("\n"))?;
            product.use_each(&secrets).await?;
        }
        compare(engine, &product, (server, beside, &bare), &routes[number], number).await?;
        if number == 3 {
            guard::measure(engine, &product, server).await?;
            offered(engine, &product, server).await?;
        }
        if number == 2 {
            long_list(engine, &product).await?;
        }
    }
    serving.abort();
    serving_constants.abort();
    if engine == "SQLite" {
        let (password, key) = one_hash_each(&product.app, &product.secret).await?;
        println!("{:<11} one password {password:.1?}, one key {key:.2?}", "hashing");
    }
    product.app.store.close().await;
    Ok(())
}

/// Measures a route, its constant and the bare server, in turns.
async fn compare(
    engine: &str,
    product: &Product,
    (server, constants, bare): (SocketAddr, SocketAddr, &Bare),
    route: &Route<'_>,
    number: usize,
) -> Result<(), Failure> {
    let constant = format!("/constant/{number}");
    let asked = Asked {
        server,
        path: route.path,
        header: route.credential,
        keys: route.keys,
        refused: route.refused,
        process: None,
    };
    let mut rounds = Vec::new();
    let (mut dropped, mut requests) = (0, 0.0);
    for _ in 0..ROUNDS {
        let beside = Asked {
            server: constants,
            path: &constant,
            ..asked
        };
        let bare = Asked {
            server: bare.address,
            process: Some(bare.id()),
            ..beside
        };
        let (beside, bare) = (load::run(beside).await?, load::run(bare).await?);
        let before = product.app.recorder.dropped();
        let real = load::run(asked).await?;
        dropped += product.app.recorder.dropped() - before;
        requests += real.requests;
        rounds.push([real, beside, bare]);
    }
    let bytes = fetch(&product.router, route.path, route.credential)
        .await?
        .2
        .len();
    let line = Line {
        engine,
        name: route.name,
        rounds,
        bytes,
        dropped: counted(dropped) * 100.0 / requests,
    };
    line.print(route.least, route.whole);
    Ok(())
}

/// Ten seconds of requests that the log keeps up with.
async fn offered(engine: &str, product: &Product, server: SocketAddr) -> Result<(), Failure> {
    let before = (product.logged().await?, product.app.recorder.dropped());
    let Offered { good, sent, took } =
        load::offered(server, "/v1/status", &product.secret, OFFERED, SPAN).await?;
    let logged = product.logged().await? - before.0;
    let dropped = product.app.recorder.dropped() - before.1;
    let holds = dropped == 0 && good == sent && logged == good && took <= LATEST;
    let bound = judged(holds, format!("0 dropped, <= {LATEST:?}"));
    println!(
        "{engine:<11} /v1/status, {OFFERED} a second for {SPAN:?}: {bound}; {sent} sent, {good} accepted, {logged} logged, {dropped} dropped in {took:.2?}"
    );
    Ok(())
}

/// How long a page of a list of 10,000 keys takes, one request at a time, from the router's door.
async fn long_list(engine: &str, product: &Product) -> Result<(), Failure> {
    const REQUESTS: usize = 51;
    const BOUND: Duration = Duration::from_millis(50);
    product.add_keys(ROWS, LISTED, 0).await?;
    for (name, query) in [
        ("first page", ""),
        ("last page", "?page=last"),
        ("search, 111 keys", "?search=BENCH-77"),
    ] {
        let mut times = Vec::new();
        for _ in 0..REQUESTS {
            let begun = Instant::now();
            fetch(
                &product.router,
                &format!("{}{query}", product.page),
                &product.cookie,
            )
            .await?;
            times.push(begun.elapsed());
        }
        times.sort();
        let median = times[REQUESTS / 2];
        let bound = judged(median <= BOUND, format!("<= {BOUND:?}"));
        println!("{engine:<11} 10,000 keys, {name:<16} {median:>6.1?}  {bound} at the median");
    }
    Ok(())
}
