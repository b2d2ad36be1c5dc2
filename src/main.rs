//! Reads the configuration, builds the app, serves it until told to stop.

use axum::serve::ListenerExt as _;
use babysea::server::{
    app::{App, Parts},
    commands,
    config::{self, Command, Config},
    demo, jobs, router,
};
use std::{net::SocketAddr, process::ExitCode};
use tokio::{net::TcpListener, signal::unix::SignalKind};

#[tokio::main]
async fn main() -> ExitCode {
    let (config, command) = match Config::from_process() {
        Ok(given) => given,
        Err(error) => match config::explain(&error) {
            Some(sentence) => return refuse(&sentence),
            None => error.exit(),
        },
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
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

fn refuse(sentence: &str) -> ExitCode {
    eprintln!("babysea: {sentence}");
    ExitCode::FAILURE
}

async fn serve(config: Config, with_sample: bool) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("LISTEN {}: {error}", config.listen))?;
    let bound = listener.local_addr()?;
    let origin = config.origin(bound)?;
    if !origin.is_https() {
        tracing::warn!(
            "serving without TLS, which is for this machine alone: give PUBLIC_URL an https address to serve others"
        );
    }
    let app = App::start(config, origin, Parts::default()).await?;
    if with_sample {
        println!("{}", demo::prepare(&app).await?);
    }
    tokio::spawn(jobs::follow_catalog(app.clone())?);
    tokio::spawn(jobs::run(app.clone()));
    tokio::spawn(jobs::keep_time(app.clone()));
    tracing::info!(
        database = app.store.engine(),
        "listening on {bound}, for browsers at {}",
        app.origin.as_str()
    );
    // A page is sent in several writes; with Nagle on, the last would wait for the browser's delayed acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "a connection stays without TCP_NODELAY");
        }
    });
    let service = router::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(told_to_stop()?)
        .await?;
    app.recorder.flush().await;
    app.store.close().await;
    Ok(())
}

/// Ends on SIGTERM or SIGINT.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests in flight are answered first");
    })
}
