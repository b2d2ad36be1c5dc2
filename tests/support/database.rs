//! A database for each test, on either engine; removed on drop.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;

/// A test's database.
pub struct Database {
    engine: Engine,
    /// Folder of the pepper and the SQLite file.
    folder: Arc<TempDir>,
    /// Whether dropping this value removes it.
    owned: bool,
}

#[derive(Clone)]
enum Engine {
    Sqlite(PathBuf),
    Postgres { server: String, name: String },
}

/// A connection of the test itself, beside the product's.
pub enum Aside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs a body on the connection of either engine.
macro_rules! aside {
    ($database:expr, $c:ident => $body:expr) => {
        match $database.aside().await {
            Aside::Sqlite(mut $c) => $body,
            Aside::Postgres(mut $c) => $body,
        }
    };
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = folder();
        Self {
            engine: Engine::Sqlite(folder.path().join("babysea.db")),
            folder: Arc::new(folder),
            owned: true,
        }
    }

    /// A new database on the server that `make test` started. Tests that call this are ignored unless they run with
    /// `--include-ignored`, which scripts/with-postgres.sh adds.
    pub async fn postgres() -> Self {
        let server = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL is not set: `make test` sets it, as does `scripts/with-postgres.sh cargo test`",
        );
        Self::postgres_on(server).await
    }

    /// A new database on this server.
    pub async fn postgres_on(server: String) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        on_server(&server, &format!("CREATE DATABASE {name}"))
            .await
            .expect("a database is made");
        Self {
            engine: Engine::Postgres { server, name },
            folder: Arc::new(folder()),
            owned: true,
        }
    }

    /// Value for `DATABASE_URL`.
    pub fn url(&self) -> String {
        match &self.engine {
            Engine::Sqlite(file) => format!("sqlite:{}", file.display()),
            Engine::Postgres { server, name } => {
                let mut url = url::Url::parse(server).expect("TEST_POSTGRES_URL is an address");
                url.set_path(name);
                url.into()
            }
        }
    }

    /// The same database through another port of this machine.
    pub fn through(&self, port: u16) -> Self {
        let mut again = self.clone();
        if let Engine::Postgres { server, .. } = &mut again.engine {
            let mut url = url::Url::parse(server).expect("TEST_POSTGRES_URL is an address");
            url.set_host(Some("127.0.0.1")).expect("a host");
            url.set_port(Some(port)).expect("a port");
            *server = url.into();
        }
        again
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn pepper_file(&self) -> PathBuf {
        self.folder().join("pepper")
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    pub async fn aside(&self) -> Aside {
        let url = self.url();
        if self.is_postgres() {
            Aside::Postgres(PgConnection::connect(&url).await.expect("a connection"))
        } else {
            Aside::Sqlite(SqliteConnection::connect(&url).await.expect("a connection"))
        }
    }

    /// Changes rows directly; returns how many.
    pub async fn execute(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        aside!(self, c => c.execute(sqlx::query(sql)).await.expect("the statement runs").rows_affected())
    }

    /// The database's error for a refused change.
    pub async fn refusal(&self, sql: &str) -> String {
        let sql = AssertSqlSafe(sql.to_owned());
        aside!(self, c => c.execute(sqlx::query(sql)).await.expect_err("a refusal").to_string())
    }

    /// The number that a query returns.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        aside!(self, c => sqlx::query_scalar(sql).fetch_one(&mut c).await.expect("a number"))
    }

    /// The texts that a query returns, one for each row.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        aside!(self, c => sqlx::query_scalar(sql).fetch_all(&mut c).await.expect("texts"))
    }
}

/// The same database, for a second server; removed when the first value is dropped.
impl Clone for Database {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            folder: Arc::clone(&self.folder),
            owned: false,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (Engine::Postgres { server, name }, true) = (&self.engine, self.owned) else {
            return;
        };
        // A thread and runtime of its own, because a test can end by a panic, inside its own runtime.
        let (server, sql) = (
            server.clone(),
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map(|runtime| runtime.block_on(on_server(&server, &sql)))
        });
        if !matches!(dropped.join(), Ok(Ok(Ok(())))) {
            eprintln!("{name} could not be dropped");
        }
    }
}

async fn on_server(url: &str, sql: &str) -> sqlx::Result<()> {
    let mut server = PgConnection::connect(url).await?;
    server.execute(AssertSqlSafe(sql.to_owned())).await?;
    server.close().await
}

fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("babysea-test.")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .tempdir()
        .expect("a temporary folder")
}

/// Declares a test for each engine; the one on PostgreSQL is ignored without a server.
macro_rules! both {
    ($name:ident, $story:expr) => {
        mod $name {
            use super::*;

            async fn story(database: Database) {
                ($story)(database).await;
            }

            #[tokio::test]
            async fn sqlite() {
                story(Database::sqlite()).await;
            }

            #[tokio::test]
            #[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
            async fn postgres() {
                story(Database::postgres().await).await;
            }
        }
    };
}
pub(crate) use both;
