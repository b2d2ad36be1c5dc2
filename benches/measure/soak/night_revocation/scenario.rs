//! One round of each scenario.

use super::{
    Failure,
    checks::{Checker, Seen},
    group::{A, Answer, B, C, Group},
};
use crate::soak::random;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};

/// How long C is paused.
const SHORTEST: Duration = Duration::from_millis(300);
const LONGEST: Duration = Duration::from_secs(5);
/// Time between the revocation and the moment when C resumes.
const APART: Duration = Duration::from_millis(12);
/// How long checks continue after the response.
const AFTER: Duration = Duration::from_millis(600);
/// Number of people who change keys on C while it is paused inside a change.
const PEOPLE: usize = 8;
/// Time between two reports of one leak.
const REPORTS: Duration = Duration::from_millis(40);

/// What happens while a key is revoked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// C was paused and resumes within 12 ms of the revocation: of its start in even rounds, of its response in odd ones.
    Wakes,
    /// C is paused while eight people change keys on it. The key that is revoked on A belongs to the same account in even
    /// rounds, and to another account in odd ones.
    Inside,
    /// The same leak is reported on two servers.
    Leaks,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Wakes, Self::Inside, Self::Leaks];

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wakes => "one wakes",
            Self::Inside => "inside a change",
            Self::Leaks => "two reports",
        }
    }

    /// Runs one round.
    pub async fn round(self, group: &Arc<Group>, round: u32) -> Result<Seen, Failure> {
        match self {
            Self::Wakes => wakes(group, round).await,
            Self::Inside => inside(group, round).await,
            Self::Leaks => leaks(group).await,
        }
    }
}

async fn wakes(group: &Group, round: u32) -> Result<Seen, Failure> {
    let key = group.key(0).await?;
    let mut checkers = group.check(&key, &[A, B, C, C]).await?;
    group.pause()?;
    let stopped = SHORTEST + LONGEST.saturating_sub(SHORTEST).mul_f64(random().powi(5));
    sleep(stopped).await;
    let apart = APART.mul_f64(random());
    let revoke = async {
        let answer = group.revoke(A, 0, &key).await;
        // New connections, because earlier ones may still wait for a response of C. Their checks start after A's response.
        (answer, group.check_more(&key, &[B, C, C]))
    };
    let (how, (answer, more)) = if !round.is_multiple_of(2) {
        let (answer, more) = revoke.await;
        sleep(apart).await;
        group.resume()?;
        ("after the answer", (answer, more))
    } else if random() < 0.5 {
        group.resume()?;
        sleep(apart).await;
        ("before the revocation", revoke.await)
    } else {
        let resume = async {
            sleep(apart).await;
            group.resume()
        };
        let (resumed, revoked) = tokio::join!(resume, revoke);
        resumed?;
        ("after the revocation began", revoked)
    };
    sleep(AFTER).await;
    checkers.extend(more);
    let mut seen = Seen {
        detail: format!("stopped for {stopped:.0?}, continued {apart:.1?} {how}"),
        ..Seen::default()
    };
    seen.answer(answer.status, answer.took);
    judge(&mut seen, checkers, &[answer]).await?;
    Ok(seen)
}

async fn inside(group: &Arc<Group>, round: u32) -> Result<Seen, Failure> {
    let person = usize::from(!round.is_multiple_of(2));
    let key = group.key(person).await?;
    let mut checkers = group.check(&key, &[B, C]).await?;
    let stop = Arc::<AtomicBool>::default();
    let mut changing = JoinSet::new();
    for _ in 0..PEOPLE {
        let (group, stop) = (Arc::clone(group), Arc::clone(&stop));
        changing.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                // Changes on a server that was paused inside a change may fail.
                if let Ok(key) = group.key_on(C, 0).await {
                    group.revoke(C, 0, &key).await;
                }
            }
        });
    }
    sleep(Duration::from_millis(50).mul_f64(1.0 + random())).await;
    let is_inside = group.pause_inside().await?;
    let answer = group.revoke(A, person, &key).await;
    stop.store(true, Ordering::SeqCst);
    checkers.extend(group.check_more(&key, &[B, C, C]));
    group.resume()?;
    while changing.join_next().await.is_some() {}
    sleep(AFTER).await;
    let mut seen = Seen {
        inside: u32::from(is_inside),
        detail: format!("answered {} after {:.0?}", answer.status, answer.took),
        ..Seen::default()
    };
    seen.answer(answer.status, answer.took);
    judge(&mut seen, checkers, &[answer]).await?;
    Ok(seen)
}

async fn leaks(group: &Group) -> Result<Seen, Failure> {
    let key = group.key(0).await?;
    let checkers = group.check(&key, &[A, B, C, C]).await?;
    let [first, second] = if random() < 0.5 { [A, B] } else { [B, A] };
    let apart = REPORTS.mul_f64(random());
    let later = async {
        sleep(apart).await;
        group.report(second, &key).await
    };
    let (one, other) = tokio::join!(group.report(first, &key), later);
    sleep(AFTER).await;
    let mut seen = Seen {
        detail: format!("reported {apart:.0?} apart"),
        ..Seen::default()
    };
    let answers = [one, other];
    for answer in answers {
        seen.answer(answer.status, answer.took);
    }
    judge(&mut seen, checkers, &answers).await?;
    Ok(seen)
}

/// Counts the checks that started after the first response that reported the key as ended.
async fn judge(seen: &mut Seen, checkers: Vec<Checker>, answers: &[Answer]) -> Result<(), Failure> {
    let good = answers.iter().filter(|answer| answer.status == 200);
    let answered = good.map(|answer| answer.at).min();
    for checker in checkers {
        let checks = checker.finish().await?;
        if let Some(answered) = answered {
            seen.judge(&checks, answered);
        }
    }
    Ok(())
}
