//! An unknown key takes as long as a known one without the scope (S46).

use super::{Failure, Target, milliseconds, percentile, report};
use crate::program::Connection;
use babysea::domain::token;
use std::time::Instant;

/// Number of requests: fewer than the refusals in a minute after which a key gets 429.
const TRIES: usize = 55;

pub async fn run(target: &Target) -> Result<(), Failure> {
    let (program, sample) = target.start(&[]).await?;
    let mut connection = Connection::open(program.address).await?;
    let mut seed = 0_u8;
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..TRIES {
        let unknown = token::generate("bye_", |bytes| {
            for byte in bytes {
                seed = seed.wrapping_mul(5).wrapping_add(19);
                *byte = seed ^ u8::try_from(n).unwrap_or_default();
            }
        });
        for (times, secret, status) in times
            .iter_mut()
            .zip([unknown.expose(), &sample.narrow])
            .zip([401, 403])
            .map(|((times, secret), status)| (times, secret, status))
        {
            let began = Instant::now();
            let answered = connection.get("/v1/status", secret).await?;
            times.push(began.elapsed());
            if answered != status {
                return Err(format!("expected {status}, was answered {answered}").into());
            }
        }
    }
    let medians = times.each_mut().map(|times| percentile(times, 50));
    let apart = medians[0].abs_diff(medians[1]);
    report(
        target,
        "S46: medians of an unknown key and of one without the scope",
        milliseconds(apart),
        apart.as_micros() < 1_000,
        "< 1 ms apart",
    );
    Ok(())
}
