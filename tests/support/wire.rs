//! A connection to PostgreSQL that can be cut: bytes sent afterwards are lost, and neither end is notified.

use crate::{database::Database, until::PATIENCE};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::timeout,
};

/// Texts that cut it when a connection sends the second after the first.
type Words = (&'static str, &'static str);

pub struct Wire {
    database: Database,
    state: Arc<State>,
}

struct State {
    is_cut: watch::Sender<bool>,
    cut_at: Mutex<Option<Words>>,
}

impl Wire {
    /// Opens a forwarding port to the server of a database.
    pub async fn before(database: &Database) -> Self {
        let url = url::Url::parse(&database.url()).expect("an address");
        let target = (
            url.host_str().expect("a host").to_owned(),
            url.port().expect("a port"),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            is_cut: watch::channel(false).0,
            cut_at: Mutex::default(),
        });
        let seen = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, seen) = (target.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(target).await {
                        let (from, to) = (client.into_split(), server.into_split());
                        tokio::join!(forward(from.0, to.1, &seen), back(to.0, from.1, &seen));
                    }
                });
            }
        });
        Self {
            database: database.through(port),
            state,
        }
    }

    /// The database through this port; removed together with the original value.
    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// Cuts it. Open connections stay cut off for ever; connections opened while it is cut never start.
    pub fn cut(&self) {
        self.state.is_cut.send_replace(true);
    }

    /// Cuts it when a connection sends one text and then another; the second text and everything after it are
    /// lost.
    pub fn cut_at(&self, first: &'static str, then: &'static str) {
        *self.state.cut_at.lock().unwrap_or_else(PoisonError::into_inner) = Some((first, then));
    }

    /// Waits until it is cut.
    pub async fn is_cut(&self) {
        let mut cut = self.state.is_cut.subscribe();
        let waited = timeout(PATIENCE, cut.wait_for(|is_cut| *is_cut)).await;
        waited.expect("it is cut").expect("the wire is there");
    }

    /// Lets new connections through.
    pub fn mend(&self) {
        *self.state.cut_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.state.is_cut.send_replace(false);
    }
}

impl State {
    /// Whether bytes of a connection are forwarded.
    fn passes(&self, sent: &[u8], has_sent_first: &mut bool) -> bool {
        if let Some((first, then)) = *self.cut_at.lock().unwrap_or_else(PoisonError::into_inner) {
            let holds = |words: &str| sent.windows(words.len()).any(|part| part == words.as_bytes());
            if *has_sent_first && holds(then) {
                self.is_cut.send_replace(true);
            }
            *has_sent_first |= holds(first);
        }
        !*self.is_cut.borrow()
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let (mut buffer, mut has_sent_first) = (vec![0; 16 * 1024], false);
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if !state.passes(&buffer[..length], &mut has_sent_first) {
            // The other end is not notified, even of the end of the connection.
            std::future::pending::<()>().await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if *state.is_cut.borrow() {
            std::future::pending::<()>().await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
