//! Reads the configuration, builds the app, and serves it until a signal.

// A write that fails is no panic: see `server::runtime::logging`.
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

/// Connections that wait to be accepted, where the system allows so many. One that finds no place is tried again by its
/// client after a second: thousands that come at once must not make others wait so long.
const QUEUE: u32 = 4_096;
/// How long the log and other entries may take that are not written yet.
const WRITING: Duration = Duration::from_secs(5);
/// How long the database's connections may take to end.
const CLOSING: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> ExitCode {
    // Dropped last: it waits for the last lines.
    let log = Log::start();
    let (config, command) = match Config::from_process() {
        Ok(given) => given,
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
            .map(|said| match said.as_str() {
                "" => {}
                said => logging::say(&said),
            }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&log, &error),
    }
}

/// Raises the limit of open files as far as the system allows: each connection is one (docs/security.md, S88).
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
    // No connection is accepted before the start is done: a balancer that only connects would think that the server is
    // ready.
    let (address, metrics_address) = (config.listen, config.metrics_listen);
    let socket = bind("LISTEN", address)?;
    let metrics = match metrics_address {
        Some(address) => Some((bind("METRICS_LISTEN", address)?, address)),
        None => None,
    };
    let bound = socket.local_addr()?;
    let origin = config.origin(bound)?;
    let mut stopped = pin!(told_to_stop()?);
    // Registered before the start, which can take a while: without a handler this signal ends the process.
    let hangups = signal(SignalKind::hangup())?;
    let app = tokio::select! {
        app = App::start(config, origin, Parts::default()) => app?,
        // As while long tables are changed: what was not committed is undone, and the next start goes on.
        () = &mut stopped => return Ok(()),
    };
    for sentence in promises::given_up(&app.config, bound, &app.origin, &app.trusted_proxies()) {
        tracing::warn!("{sentence}");
    }
    if with_sample {
        logging::say(&demo::prepare(&app).await?);
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
    // Both write to the database, and neither waits for the other.
    let write = async { tokio::join!(app.recorder.flush(), jobs::finish(&app)) };
    if stop.stage(WRITING, write).await.is_none() {
        tracing::warn!("the database did not store all entries before the end");
    }
    stop.stage(CLOSING, app.store.close()).await;
    Ok(())
}

/// Serves the metrics; a restarted task uses the same listener.
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

/// Takes an address, where connections are refused until [`listen`].
fn bind(variable: &str, address: SocketAddr) -> Result<TcpSocket, String> {
    let bound = || -> std::io::Result<TcpSocket> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // The next start may follow at once.
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

/// Ends on SIGTERM or SIGINT. A second one ends the process at once (docs/security.md, S80).
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    let signals = Arc::new(Mutex::new((terminate, interrupt)));
    Ok(async move {
        told(&signals).await;
        tracing::info!("stopping: requests are still answered, until load balancers notice");
        Tasks::default().watch_endless("signals", move || {
            let signals = Arc::clone(&signals);
            async move {
                told(&signals).await;
                tracing::warn!("stopping at once");
                logging::flush();
                process::exit(1);
            }
        });
    })
}

async fn told(signals: &Mutex<(Signal, Signal)>) {
    let mut signals = signals.lock().await;
    let (terminate, interrupt) = &mut *signals;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
