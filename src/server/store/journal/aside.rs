//! File work on a thread of its own: a disk that hangs then delays neither a response nor the end of the
//! process, as it would on a thread of the runtime.

use std::{io, thread};
use tokio::sync::oneshot;

/// Runs `work` and waits for it.
pub(super) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    thread::Builder::new().name("journal".to_owned()).spawn(move || {
        // Fails if a command has stopped waiting.
        let _ = done.send(work());
    })?;
    result.await.map_err(|_| io::Error::other("the thread panicked"))
}
