//! The one way tests wait for a condition that no event announces: poll until it holds. How long that takes is not
//! asserted; a condition that never holds fails the test.

use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long to wait for what takes a fraction of a second on an idle machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// The first pause between two polls, and the longest; each pause doubles.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(100)];

/// Waits until the condition holds; `what` names it in the failure.
pub async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    within(PATIENCE, what, holds).await;
}

/// The same, for a condition that is promised to hold within a time.
pub async fn within(limit: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let poll = async {
        let [mut pause, longest] = PAUSES;
        while !holds().await {
            sleep(pause).await;
            pause = longest.min(pause * 2);
        }
    };
    let held = timeout(limit, poll).await;
    assert!(held.is_ok(), "not within {limit:?}: {what}");
}
