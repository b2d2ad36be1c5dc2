//! Clients that are slow with their headers, or have too many (S28).

use super::{Failure, Target, report};
use crate::program::Connection;
use std::time::Instant;

pub async fn run(target: &Target) -> Result<(), Failure> {
    let (program, sample) = target.start(&[]).await?;
    // A body is read for a caller with a good key, or for a form that everybody may send.
    let chunked = format!(
        "authorization: Bearer {}\r\ntransfer-encoding: chunked",
        sample.secret
    );
    let mut slow = Connection::open(program.address).await?;
    slow.send("GET /healthz HTTP/1.1\r\nhost: soak\r\n").await?;
    let began = Instant::now();
    let answer = slow.answer().await;
    let took = began.elapsed().as_secs_f64();
    let holds = answer.map_or(true, |(status, _)| status == 408) && (9.0..13.0).contains(&took);
    report(
        target,
        "S28: a head that does not end is given up",
        format!("{took:.1} s"),
        holds,
        "after 10 s",
    );
    for (path, form) in [
        ("/v1/generate/image/bfl/flux-schnell", chunked.as_str()),
        (
            "/sign-in",
            "sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9",
        ),
    ] {
        let mut waiting = Connection::open(program.address).await?;
        waiting
            .send(&format!("POST {path} HTTP/1.1\r\nhost: soak\r\n{form}\r\n\r\n"))
            .await?;
        let began = Instant::now();
        let (status, _) = waiting.answer().await?;
        let took = began.elapsed().as_secs_f64();
        let what = format!("S28: {path}, whose body does not end");
        let holds = status == 503 && (29.0..33.0).contains(&took);
        report(
            target,
            &what,
            format!("{status}, {took:.1} s"),
            holds,
            "503 after 30 s",
        );
    }
    for (bytes, expected) in [(15_000, 200), (17_000, 431)] {
        let mut connection = Connection::open(program.address).await?;
        let filled = "x".repeat(bytes);
        connection
            .send(&format!(
                "GET /healthz HTTP/1.1\r\nhost: soak\r\nx-filled: {filled}\r\n\r\n"
            ))
            .await?;
        let (status, _) = connection.answer().await?;
        let what = format!("S28: a head of {bytes} bytes");
        report(target, &what, status, status == expected, &expected.to_string());
    }
    Ok(())
}
