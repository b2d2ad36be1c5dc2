//! Load generators: wrk over keep-alive connections, and requests at a fixed rate.

use super::{Failure, program::Connection};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep_until};

/// Requests in flight.
pub const CONNECTIONS: u32 = 32;
/// Seconds of each measurement.
const SECONDS: u32 = 5;
/// Clock ticks in a second, the unit of CPU times in /proc (proc(5); the same on every Linux for user
/// programs).
const TICKS: f64 = 100.0;

/// Results of wrk, and CPU time of the measured process.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Number of responses.
    pub requests: f64,
    /// Requests a second.
    pub rate: f64,
    /// 99th percentile of the latency, in milliseconds.
    pub p99: f64,
    /// CPU time of the answering process for each request, user and system, in microseconds.
    pub cpu: f64,
}

/// A request to measure.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Address of the server.
    pub server: SocketAddr,
    /// Path.
    pub path: &'a str,
    /// A header that is sent with every request.
    pub header: &'a (&'static str, String),
    /// A file with a key on each line, sent in turn as bearer tokens instead of that header.
    pub keys: Option<&'a Path>,
    /// Whether the expected status is other than 2xx and 3xx.
    pub refused: bool,
    /// The process that answers; this one if `None`.
    pub process: Option<u32>,
}

/// Runs wrk once.
pub async fn run(asked: Asked<'_>) -> Result<Figures, Failure> {
    let mut command = Command::new("wrk");
    command.args(["-t", "1", "--latency"]);
    command.args(["-c", &CONNECTIONS.to_string(), "-d", &SECONDS.to_string()]);
    command.args(["-H", &format!("{}: {}", asked.header.0, asked.header.1)]);
    if let Some(keys) = asked.keys {
        let script = keys.with_extension("lua");
        fs::write(
            &script,
            format!(
                "local all, n = {{}}, 0\n\
                 for key in io.lines('{keys}') do\n\
                 all[#all + 1] = wrk.format('GET', {path:?}, {{ ['Host'] = 'bench', ['Authorization'] = 'Bearer ' .. key }})\n\
                 end\n\
                 request = function() n = n % #all + 1 return all[n] end\n",
                keys = keys.display(),
                path = asked.path,
            ),
        )?;
        command.arg("-s").arg(script);
    }
    command.arg(format!("http://{}{}", asked.server, asked.path));
    let before = spent(asked.process)?;
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let spent = spent(asked.process)? - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let refused = text.contains("Non-2xx");
    if refused != asked.refused || text.contains("Socket errors") || !output.status.success() {
        return Err(format!("wrk on {}: {text}", asked.path).into());
    }
    let after = |words: &str| text.lines().find_map(|line| line.trim().strip_prefix(words));
    let rate: f64 = after("Requests/sec:")
        .ok_or("wrk printed no rate")?
        .trim()
        .parse()?;
    let requests: f64 = text
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "))
        .ok_or("wrk printed no count")?
        .0
        .parse()?;
    Ok(Figures {
        requests,
        rate,
        p99: milliseconds(after("99%").ok_or("wrk printed no latency")?.trim())?,
        cpu: spent * 1e6 / requests,
    })
}

/// Reads `1.23ms`.
fn milliseconds(text: &str) -> Result<f64, Failure> {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)] {
        if let Some(number) = text.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    Err(format!("wrk printed the latency {text}").into())
}

/// Seconds that a process, or this one, has used so far in user and system mode (proc(5), `stat`, fields 14 and 15).
fn spent(process: Option<u32>) -> Result<f64, Failure> {
    let process = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, rest) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut next = || -> Result<f64, Failure> { Ok(fields.next().ok_or("no times in stat")?.parse()?) };
    Ok((next()? + next()?) / TICKS)
}

/// Result of requests at a fixed rate.
pub struct Offered {
    /// Responses with 200.
    pub good: u64,
    /// Requests sent.
    pub sent: u64,
    /// Time from the first request to the last response.
    pub took: Duration,
}

/// Sends requests at a fixed rate for `span`. Requests that are late because of slow responses are still
/// sent, so it takes longer than `span` if the rate is not reached.
pub async fn offered(
    server: SocketAddr,
    path: &str,
    secret: &str,
    rate: u32,
    span: Duration,
) -> Result<Offered, Failure> {
    let period = Duration::from_secs(1) * CONNECTIONS / rate;
    let start = Instant::now() + Duration::from_millis(50);
    let mut running = JoinSet::new();
    for n in 0..CONNECTIONS {
        let (path, secret) = (path.to_owned(), secret.to_owned());
        running.spawn(async move {
            let mut connection = Connection::open(server).await?;
            let (mut good, mut sent, mut at) = (0, 0, start + period * n / CONNECTIONS);
            while at < start + span {
                sleep_until(at.into()).await;
                sent += 1;
                good += u64::from(connection.get(&path, &secret).await? == 200);
                at += period;
            }
            Ok::<_, std::io::Error>((good, sent))
        });
    }
    let (mut all_good, mut all_sent) = (0, 0);
    while let Some(done) = running.join_next().await {
        let (good, sent) = done??;
        all_good += good;
        all_sent += sent;
    }
    Ok(Offered {
        good: all_good,
        sent: all_sent,
        took: start.elapsed(),
    })
}
