//! The server's entry point: reads the configuration, starts the app, and serves until a signal arrives.

// Print macros panic when the write fails: see `server::runtime::logging`.
#![deny(clippy::print_stderr, clippy::print_stdout)]

use babysea::server::{
    app::{App, Parts},
    commands,
    config::{self, Command, Config, promises},
    demo, jobs,
    machine::health,
    router::Product,
    runtime::{
        logging::{self, Log},
        tasks::Tasks,
    },
    service::accounts::first_person,
    serving::{
        self,
        bounds::{Bounds, ENOUGH_FILES, connections_of, raise_open_files},
    },
};
use std::{
    fmt::Display,
    future::pending,
    net::SocketAddr,
    pin::pin,
    process::{self, ExitCode},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{Signal, SignalKind, signal},
    sync::Mutex,
};

/// Listen backlog, where the system allows it. A connection that does not fit is retried by its client after
/// a second, so a burst of thousands must fit.
const QUEUE: u32 = 4_096;
/// Time limit for writing queued rows and activity entries at shutdown.
const WRITING: Duration = Duration::from_secs(5);
/// Time limit for closing database connections.
const CLOSING: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> ExitCode {
    // Dropped last, because dropping waits until the last log lines are written.
    let log = Log::start();
    let (config, command) = match Config::from_process() {
        Ok(parsed) => parsed,
        Err(error) => match config::explain(&error) {
            Some(sentence) => return refuse(&log, &sentence),
            None => error.exit(),
        },
    };
    let done = match command {
        None => serve(config, false).await,
        Some(Command::Demo) => serve(config, true).await,
        Some(command) => commands::run(&command, &config, &Parts::default())
            .await
            .map(|text| match text.as_str() {
                "" => {}
                text => logging::print(&text),
            }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&log, &error),
    }
}

/// Raises the limit of open files as far as the system allows: each connection needs one (docs/security.md,
/// S88).
fn raise_files(wanted: Option<u32>) {
    let files = match raise_open_files() {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(error = %error, "the limit of open files could not be raised");
            return;
        }
    };
    if wanted.is_some_and(|wanted| u64::from(wanted) > connections_of(files)) {
        tracing::warn!(
            "MAX_CONNECTIONS is too high for the limit of {files} open files (at most 80 % of it, leaving 128): raise \
             that limit (ulimit -n, LimitNOFILE)"
        );
    } else if files < ENOUGH_FILES {
        tracing::warn!(
            "the limit of open files is {files}, and each connection is a file: raise the limit to {ENOUGH_FILES} or \
             more (ulimit -n, LimitNOFILE)"
        );
    }
}

fn refuse(log: &Log, sentence: &dyn Display) -> ExitCode {
    log.refuse(sentence);
    ExitCode::FAILURE
}

async fn serve(config: Config, with_sample: bool) -> Result<(), Box<dyn std::error::Error>> {
    raise_files(config.max_connections);
    // Connections are refused until the start is complete: a load balancer that only tests the connection
    // would take the server for ready.
    let (address, metrics_address) = (config.listen, config.metrics_listen);
    let socket = bind("LISTEN", address)?;
    let metrics = match metrics_address {
        Some(address) => Some((bind("METRICS_LISTEN", address)?, address)),
        None => None,
    };
    let bound = socket.local_addr()?;
    let origin = config.origin(bound)?;
    let mut stopped = pin!(stop_signal()?);
    // Registered before the start, which can take a while: without a handler SIGHUP ends the process.
    let hangups = signal(SignalKind::hangup())?;
    let app = tokio::select! {
        app = App::start(config, origin, Parts::default()) => app?,
        // A signal during the start, for example while a migration changes a large table. Uncommitted work is
        // rolled back, and the next start continues.
        () = &mut stopped => return Ok(()),
    };
    for sentence in promises::warnings(&app.config, bound, &app.origin, &app.trusted_proxies()) {
        tracing::warn!("{sentence}");
    }
    if with_sample {
        logging::print(&demo::prepare(&app).await?);
    }
    if let Some(sentence) = first_person::notice(&app).await {
        tracing::warn!("{sentence}");
    }
    jobs::start(&app, hangups);
    if let Some((metrics, address)) = metrics {
        serve_metrics(&app, listen("METRICS_LISTEN", address, metrics)?)?;
    }
    let listener = listen("LISTEN", address, socket)?;
    tracing::info!(
        database = app.store.engine(),
        "listening on {bound}, for browsers at {}",
        app.origin.as_str()
    );
    let stop = serving::serve(&app, listener, Product::new(app.clone()), stopped).await;
    // Both write to the database; they run concurrently.
    let write = async { tokio::join!(app.recorder.flush(), jobs::finish(&app)) };
    if stop.stage(WRITING, write).await.is_none() {
        tracing::warn!("the database did not store all entries before the end");
    }
    stop.stage(CLOSING, app.store.close()).await;
    Ok(())
}

/// Serves the metrics endpoint; a restarted task reuses the listener.
fn serve_metrics(app: &App, listener: TcpListener) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let listener = listener.into_std()?;
    let router = health::metrics_router(app.clone());
    let bounds = Bounds::of(&app.config).of_metrics();
    let task = app.clone();
    app.tasks.watch_endless("metrics", move || {
        let (app, router) = (task.clone(), router.clone());
        let listener = listener.try_clone().and_then(TcpListener::from_std);
        async move {
            match listener {
                Ok(listener) => drop(serving::serve_within(&app, listener, router, bounds, pending()).await),
                Err(error) => tracing::error!(error = %error, "the metrics cannot be served"),
            }
        }
    });
    tracing::info!("metrics for Prometheus at http://{address}/metrics");
    Ok(())
}

/// Binds an address. Connections are refused until [`listen`].
fn bind(variable: &str, address: SocketAddr) -> Result<TcpSocket, String> {
    let bound = || -> std::io::Result<TcpSocket> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Allows the next start to bind the address at once.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    bound().map_err(|error| config::listening::refused(variable, address, &error))
}

fn listen(variable: &str, address: SocketAddr, socket: TcpSocket) -> Result<TcpListener, String> {
    let listener = socket.listen(QUEUE);
    listener.map_err(|error| config::listening::refused(variable, address, &error))
}

/// Resolves on SIGTERM or SIGINT. A second signal ends the process at once (docs/security.md, S80).
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    let signals = Arc::new(Mutex::new((terminate, interrupt)));
    Ok(async move {
        received(&signals).await;
        tracing::info!("stopping: requests are still answered, until load balancers notice");
        Tasks::default().watch_endless("signals", move || {
            let signals = Arc::clone(&signals);
            async move {
                received(&signals).await;
                tracing::warn!("stopping at once");
                logging::flush();
                process::exit(1);
            }
        });
    })
}

async fn received(signals: &Mutex<(Signal, Signal)>) {
    let mut signals = signals.lock().await;
    let (terminate, interrupt) = &mut *signals;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
