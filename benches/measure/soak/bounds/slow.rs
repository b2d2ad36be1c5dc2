//! Clients that are slow: with the body of their request, or with reading the answer.

use super::{
    Failure,
    others::open_files,
    outcome::{Outcome, STRANGER, Statuses, all},
    people::once,
};
use crate::program::{Connection, Program};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpSocket,
    task::JoinSet,
    time::{sleep_until, timeout, timeout_at},
};

/// Number of unfinished bodies, and how long they are held.
const BODIES: usize = 2_000;
const BODIES_HELD: Duration = Duration::from_secs(15);
/// Connections that read nothing, the requests on each, and how long they are held.
const READERS: usize = 1_100;
const ASKED: usize = 60;
const READERS_HELD: Duration = Duration::from_secs(40);
/// When the open connections are counted: the server ends them after 30 s.
const READERS_JUDGED: Duration = Duration::from_secs(39);
/// How many of them may still be open then.
const READERS_LEFT: usize = 100;

/// Forms without a session and requests without a key, whose bodies begin and do not end.
pub async fn bodies(server: SocketAddr) -> Outcome {
    let host = format!("host: soak\r\nx-forwarded-for: {STRANGER}");
    let begun = [
        format!(
            "POST /api/keys/create HTTP/1.1\r\n{host}\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: 65000\r\n\r\n{}",
            "x".repeat(60_000)
        ),
        format!(
            "POST /v1/generate/image/bfl/flux-schnell HTTP/1.1\r\n{host}\r\n\
             content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}",
            95_000,
            "x".repeat(95_000)
        ),
    ]
    .map(Arc::new);
    let end = Instant::now() + BODIES_HELD;
    let mut held = JoinSet::new();
    for n in 0..BODIES {
        let begun = Arc::clone(&begun[n % begun.len()]);
        held.spawn(async move {
            let mut statuses = Statuses::default();
            let answered = timeout_at(end.into(), async {
                let mut connection = Connection::open(server).await?;
                // An early refusal may leave the body unread.
                let _ = timeout(BODIES_HELD / 3, connection.send(&begun)).await;
                let status = connection.reply().await?.status;
                Ok::<_, std::io::Error>((connection, status))
            });
            let answered = answered.await.ok().and_then(Result::ok);
            statuses.add(answered.as_ref().map_or(0, |(_, status)| *status));
            sleep_until(end.into()).await;
            drop(answered);
            statuses
        });
    }
    all(held).await.into()
}

/// Clients that ask for the largest file, and read nothing.
pub async fn readers(program: &Program) -> Result<Outcome, Failure> {
    let server = program.address;
    let path = largest_file(server).await?;
    let before = open_files(program.id())?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: soak\r\nx-forwarded-for: {STRANGER}\r\n\r\n");
    let request = Arc::new(request.repeat(ASKED));
    let begin = Instant::now();
    let end = begin + READERS_HELD;
    let mut held = JoinSet::new();
    for _ in 0..READERS {
        let request = Arc::clone(&request);
        held.spawn(async move {
            let opened = timeout_at(end.into(), async {
                let socket = TcpSocket::new_v4()?;
                socket.set_recv_buffer_size(2_048)?;
                let stream = socket.connect(server).await?;
                let mut sent = 0;
                while sent < request.len() {
                    stream.writable().await?;
                    match stream.try_write(&request.as_bytes()[sent..]) {
                        Ok(length) => sent += length,
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok::<_, std::io::Error>(stream)
            })
            .await;
            sleep_until(end.into()).await;
            opened.is_ok_and(|opened| opened.is_ok())
        });
    }
    sleep_until((begin + READERS_JUDGED).into()).await;
    let left = open_files(program.id())?.saturating_sub(before);
    let mut opened = 0_u32;
    while let Some(done) = held.join_next().await {
        opened += u32::from(done?);
    }
    Ok(Outcome {
        said: format!("{opened} asked for {path}, {left} more connections than before are open at the end"),
        bounds: vec![(
            "still connected after 39 s",
            left.to_string(),
            left < READERS_LEFT,
            format!("< {READERS_LEFT}"),
        )],
    })
}

/// Path of the wasm file in the pages, or the page itself if the site was not built.
async fn largest_file(server: SocketAddr) -> Result<String, Failure> {
    let page = once(server, "GET /sign-in HTTP/1.1\r\nhost: soak\r\n\r\n")
        .await?
        .body;
    let wasm = page
        .split(['"', '\''])
        .find(|word| word.starts_with('/') && word.ends_with(".wasm"));
    Ok(wasm.unwrap_or("/sign-in").to_owned())
}
