//! Reads the configuration, builds the app, serves it until told to stop.

use babysea::server::{
    app::{App, Parts},
    commands,
    config::{self, Command, Config, LogFormat},
    demo,
    http::health,
    jobs,
    router::Product,
    serving::{
        self,
        bounds::{Bounds, ENOUGH_FILES, connections_of, raise_open_files},
        starting,
    },
};
use std::{
    future::pending,
    net::SocketAddr,
    pin::pin,
    process::{self, ExitCode},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// What is logged unless `RUST_LOG` says otherwise. tower-sessions warns of every cookie that it does not know, which
/// anybody may send.
const LOGGED: &str = "info,tower_sessions=error,tower_sessions_core=error";
/// How long the log and other entries may take that are not written yet.
const WRITING: Duration = Duration::from_secs(5);
/// How long the database's connections may take to end.
const CLOSING: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> ExitCode {
    let (config, command) = match Config::from_process() {
        Ok(given) => given,
        Err(error) => match config::explain(&error) {
            Some(sentence) => return refuse(&sentence),
            None => error.exit(),
        },
    };
    log_as(config.log_format);
    let done = match command {
        None => serve(config, false).await,
        Some(Command::Demo) => serve(config, true).await,
        Some(command) => commands::run(&command, &config, &Parts::default())
            .await
            .map(|said| println!("{said}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error.to_string()),
    }
}

fn log_as(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| LOGGED.into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
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
            "MAX_CONNECTIONS is more than the {files} files allow that this process may open, 80 % of them and all but 128: raise that limit (ulimit -n, LimitNOFILE)"
        );
    } else if files < ENOUGH_FILES {
        tracing::warn!(
            "this process may open {files} files, and each connection is one: allow it {ENOUGH_FILES} or more (ulimit -n, LimitNOFILE)"
        );
    }
}

fn refuse(sentence: &str) -> ExitCode {
    eprintln!("babysea: {sentence}");
    ExitCode::FAILURE
}

async fn serve(config: Config, with_sample: bool) -> Result<(), Box<dyn std::error::Error>> {
    raise_files(config.max_connections);
    let listener = listen("LISTEN", config.listen).await?;
    let metrics = match config.metrics_listen {
        Some(address) => Some(listen("METRICS_LISTEN", address).await?),
        None => None,
    };
    let bound = listener.local_addr()?;
    let origin = config.origin(bound)?;
    let mut stopped = pin!(told_to_stop()?);
    // Before the start, which may take a while: until somebody waits for it, this signal ends the process.
    let hangups = signal(SignalKind::hangup())?;
    let app = tokio::select! {
        app = App::start(config, origin, Parts::default()) => app?,
        // As while long tables are changed: what was not committed is undone, and the next start goes on.
        () = &mut stopped => return Ok(()),
        never = starting::answer(&listener) => match never {},
    };
    if !app.origin.is_https() {
        tracing::warn!(
            "serving without TLS, which is for this machine alone: give PUBLIC_URL an https address to serve others"
        );
    }
    if with_sample {
        println!("{}", demo::prepare(&app).await?);
    }
    tokio::spawn(jobs::follow_catalog(app.clone(), hangups));
    tokio::spawn(jobs::run(app.clone()));
    tokio::spawn(jobs::remove_deleted(app.clone()));
    tokio::spawn(jobs::write_folds(app.clone()));
    tokio::spawn(jobs::keep_log_short(app.clone()));
    if let Some(metrics) = metrics {
        tracing::info!(
            "figures for Prometheus at http://{}/metrics",
            metrics.local_addr()?
        );
        let app = app.clone();
        let router = health::metrics_router(app.clone());
        let bounds = Bounds::of(&app.config).of_metrics();
        tokio::spawn(async move { serving::serve_within(&app, metrics, router, bounds, pending()).await });
    }
    tracing::info!(
        database = app.store.engine(),
        "listening on {bound}, for browsers at {}",
        app.origin.as_str()
    );
    let stop = serving::serve(&app, listener, Product::new(app.clone()), stopped).await;
    // Both write to the database, and neither waits for the other.
    let write = async { tokio::join!(app.recorder.flush(), jobs::finish(&app)) };
    if stop.stage(WRITING, write).await.is_none() {
        tracing::warn!("the database did not take everything before the end");
    }
    stop.stage(CLOSING, app.store.close()).await;
    Ok(())
}

async fn listen(variable: &str, address: SocketAddr) -> Result<TcpListener, String> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| format!("{variable} {address}: {error}"))
}

/// Ends on SIGTERM or SIGINT. A second one ends the process at once (docs/security.md, S80).
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut told = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(async move {
        told().await;
        tracing::info!("stopping: requests are answered until balancers have learned of it");
        tokio::spawn(async move {
            told().await;
            tracing::warn!("stopping at once");
            process::exit(1);
        });
    })
}
