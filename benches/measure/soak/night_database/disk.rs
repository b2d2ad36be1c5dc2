//! The disk of SQLite is full, and free again.

use super::super::{Failure, Target, report};
use super::{
    BEFORE, SETTLED, WELL,
    keys::Keys,
    load::Load,
    request::{Column, Verdict},
    seconds,
    seen::Seen,
    start, table,
};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// Name of the scenario.
pub const NAME: &str = "disk full";

/// Shell script that mounts a file system of 24 MB and prints a line. It unmounts when its standard input is closed, which
/// happens however this program ends.
const MOUNT: &str = "trap '' HUP INT TERM
    mount -t tmpfs -o size=24m,mode=700 babysea-soak \"$1\" || exit
    echo mounted
    read -r _
    umount -l \"$1\"
    rmdir \"$1\"";
/// How long it stays full.
const FULL: Duration = Duration::from_secs(5);
/// How long it may take until a creation is refused.
const FILLING: Duration = Duration::from_secs(20);
/// Polling interval while waiting for free space.
const AGAIN: Duration = Duration::from_millis(20);
const ROWS: &str = "SELECT COUNT(*) FROM request_logs";

/// A small file system at a folder.
struct Disk(Child);

impl Disk {
    /// `None` if this machine refuses to mount.
    fn mount(folder: &Path) -> Result<Option<Self>, Failure> {
        let mut watcher = Command::new("sh")
            .args(["-c", MOUNT, "sh"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A signal that ends this program must not end the script before it unmounts.
            .process_group(0)
            .spawn()?;
        let mut line = String::new();
        let output = watcher.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let disk = Self(watcher);
        Ok((line.trim() == "mounted").then_some(disk))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Nothing can be done about a failure.
        let _ = self.0.wait();
    }
}

/// A file that takes all free space, including space that is freed later.
struct Filling(Arc<AtomicBool>, tokio::task::JoinHandle<std::io::Result<()>>);

impl Filling {
    fn begin(file: PathBuf) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let task = tokio::task::spawn_blocking(move || {
            let mut filling = File::create(&file)?;
            while !stopped.load(Ordering::Relaxed) {
                for size in [64 * 1024, 4096, 1] {
                    while filling.write_all(&vec![0; size]).is_ok() {}
                }
                std::thread::sleep(AGAIN);
            }
            fs::remove_file(file)
        });
        Self(stop, task)
    }

    async fn end(mut self) -> Result<(), Failure> {
        self.0.store(true, Ordering::Relaxed);
        Ok((&mut self.1).await??)
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Times of the events in a round.
struct Round {
    begun: Instant,
    full: Instant,
    freed: Instant,
    /// When the next round began.
    over: Instant,
    /// Time from free space to the first written row of the request log.
    written: Option<Duration>,
}

/// Fills the disk in each of the rounds.
pub async fn run(target: &Target, rounds: u64) -> Result<(), Failure> {
    let folder = target.folder.path();
    let Some(disk) = Disk::mount(folder)? else {
        println!("SQLite: {NAME} was left out: this system refuses to mount a tmpfs");
        return Ok(());
    };
    let done = fill(target, rounds).await;
    drop(disk);
    done
}

async fn fill(target: &Target, rounds: u64) -> Result<(), Failure> {
    let a_round = FULL + WELL * 3;
    let rounds = u32::try_from(rounds)?;
    let mut keys = Keys::make(target, BEFORE + a_round * rounds, 1).await?;
    let program = start(target).await?;
    keys.end_some(program.address).await?;
    let load = Load::start(&[program.address], keys);
    sleep(BEFORE).await;
    let mut past = Vec::new();
    for _ in 0..rounds {
        past.push(round(target, &load).await?);
    }
    let (seen, keys) = load.finish().await;
    drop(program);
    // Its cache is empty.
    let another = start(target).await?;
    let kept = keys.compare(another.address).await?;
    print(&past, &seen);
    judge(target, &past, &seen);
    report(
        target,
        &format!("{NAME}: {}", kept.what),
        &kept.missing,
        kept.missing == "0",
        "0",
    );
    Ok(())
}

async fn round(target: &Target, load: &Load) -> Result<Round, Failure> {
    let begun = Instant::now();
    let filling = Filling::begin(target.folder.path().join("filling"));
    let refused = async {
        while !load.refuses_creations_since(begun) {
            sleep(AGAIN).await;
        }
    };
    timeout(FILLING, refused)
        .await
        .map_err(|_| "the disk is full, and no creation is refused")?;
    let full = Instant::now();
    sleep(FULL).await;
    let before = target.number(ROWS).await?;
    filling.end().await?;
    let freed = Instant::now();
    let mut written = None;
    while written.is_none() && freed.elapsed() < WELL {
        if target.number(ROWS).await? > before {
            written = Some(freed.elapsed());
        }
        sleep(AGAIN).await;
    }
    tokio::time::sleep_until((freed + WELL + WELL / 2).into()).await;
    Ok(Round {
        begun,
        full,
        freed,
        over: Instant::now(),
        written,
    })
}

/// Prints the table of responses while the disk was full.
fn print(rounds: &[Round], seen: &Seen) {
    println!(
        "\n| disk of SQLite | {} | last 503 after it was free | log row after it was free |",
        table::headings()
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (number, round) in rounds.iter().enumerate() {
        let cells = Column::ALL.map(|column| {
            let health = matches!(column, Column::Ready | Column::ReadyForChecks);
            let from = round.full + if health { SETTLED } else { Duration::ZERO };
            seen.statuses(column, from, round.freed)
        });
        println!(
            "| full, round {} | {} | {} | {} |",
            number + 1,
            cells.join(" | "),
            seconds(seen.last_refused(round.freed, round.over)),
            round.written.map_or_else(|| "none".to_owned(), seconds)
        );
    }
    println!();
}

fn judge(target: &Target, rounds: &[Round], seen: &Seen) {
    use Verdict::{Refused, Right};
    let line = |what: &str, measured: &str, holds: bool, bound: &str| {
        report(target, &format!("{NAME}: {what}"), measured, holds, bound);
    };
    // Changes that need no space may succeed.
    let columns = [
        (Column::Checks, Right),
        (Column::Page, Right),
        (Column::Ready, Refused),
        (Column::ReadyForChecks, Right),
    ];
    for (column, expected) in columns {
        let unlike: usize = rounds
            .iter()
            .map(|round| {
                let from = if column == Column::Ready {
                    round.full + SETTLED
                } else {
                    round.begun
                };
                seen.unlike_in(column, from, round.freed, expected)
            })
            .sum();
        let word = if expected == Right { "right" } else { "503" };
        line(
            &format!("{} that are not {word} while it is full", column.name()),
            &unlike.to_string(),
            unlike == 0,
            "0",
        );
    }
    super::judge(seen, line);
    let last = rounds
        .iter()
        .map(|round| seen.last_refused(round.freed, round.over));
    let last = last.max().unwrap_or_default();
    line(
        "the last 503 after it was free",
        &seconds(last),
        last < WELL,
        "< 5 s",
    );
    let written = rounds.iter().map(|round| round.written.unwrap_or(Duration::MAX));
    let written = written.max().unwrap_or_default();
    let holds = written < WELL;
    let measured = if holds {
        seconds(written)
    } else {
        "none".to_owned()
    };
    line("a log row after it was free", &measured, holds, "< 5 s");
}
