//! Work with files that may take long, on a thread of its own: a disk that hangs holds up neither an answer nor the end of
//! the process, as a thread of the runtime would.

use std::{io, thread};
use tokio::sync::oneshot;

/// Does `work` and waits for it.
pub(super) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    thread::Builder::new().name("journal".to_owned()).spawn(move || {
        // The receiver is gone if a command has given up.
        let _ = done.send(work());
    })?;
    result.await.map_err(|_| io::Error::other("the thread panicked"))
}
