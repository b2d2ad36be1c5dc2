//! The database: all SQL of the product, one body per statement for SQLite and PostgreSQL.
//!
//! Each table has a file with its statements, row types and methods; call them as `reader.keys().page(..)`
//! and `tx.keys().insert(..)`. A missing row is `Ok(None)`.

pub mod backup;
pub mod engine;
mod journal;
pub mod logs;

pub mod accounts;
pub mod activity;
pub mod keys;
pub mod operator;
pub mod peppers;
pub mod retention;
pub mod users;

pub use engine::connect::{Location, Store};
pub use engine::connect_error::ConnectError;
pub use engine::error::{StoreError, Unique};
pub use engine::invalidation::{Changes, Generation};
pub use engine::long_read::{LongPermit, LongRead};
pub use engine::transaction::Tx;
pub use journal::outbox::KEY_COLUMNS;
pub use journal::{Journal, JournalGauges};

use engine::answered::answered;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, pool::PoolConnection};

/// A borrowed connection of either engine.
pub enum Conn<'c> {
    /// To SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// To PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// Runs a statement on the connection of either engine; the body is compiled once for each driver's types.
/// PostgreSQL has to answer within a limit ([`answered()`]).
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::server::store::Conn::Sqlite($c) => $body,
            $crate::server::store::Conn::Postgres($c) => {
                // Boxed: otherwise the caller's future would have room for each of its statements.
                let answer = Box::pin(async { Ok::<_, $crate::server::store::StoreError>($body) });
                $crate::server::store::answered(answer).await?
            }
        }
    };
}
use on;

/// Declares the statements of a table, and lists them for the test that prepares each on both engines.
macro_rules! declare {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*
        /// Every statement of this table, by name.
        pub(in crate::server::store) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
use declare;

/// All statements of the product for both engines: table, name and SQL. Bulk inserts have a statement for
/// each engine.
pub fn statements() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    [
        ("accounts", accounts::STATEMENTS),
        ("activity", activity::STATEMENTS),
        ("backup", backup::STATEMENTS),
        ("key_changes", keys::changes::STATEMENTS),
        ("key_list", keys::list::STATEMENTS),
        ("key_names", keys::names::STATEMENTS),
        ("keys", keys::STATEMENTS),
        ("leaks", keys::leaks::STATEMENTS),
        ("logs", logs::read::STATEMENTS),
        ("member_changes", accounts::member_changes::STATEMENTS),
        ("memberships", accounts::memberships::STATEMENTS),
        ("operator", operator::STATEMENTS),
        ("peppers", peppers::STATEMENTS),
        ("person_changes", users::changes::STATEMENTS),
        ("refusals", activity::refusals::STATEMENTS),
        ("retention", retention::STATEMENTS),
        ("sessions", users::sessions::STATEMENTS),
        ("sign_in_waits", users::sign_in_waits::STATEMENTS),
        ("users", users::STATEMENTS),
    ]
    .into_iter()
    .flat_map(|(table, list)| list.iter().map(move |&(name, sql)| (table, name, sql)))
}

/// A connection for reading; on SQLite it refuses writes.
pub enum Reader {
    /// From SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// From PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

/// The tables, for every type that has a connection.
pub trait Tables {
    /// The connection that the tables' methods use.
    fn conn(&mut self) -> Conn<'_>;

    /// People.
    fn users(&mut self) -> users::Users<'_> {
        users::Users(self.conn())
    }
    /// Accounts.
    fn accounts(&mut self) -> accounts::Accounts<'_> {
        accounts::Accounts(self.conn())
    }
    /// The activity.
    fn activity(&mut self) -> activity::Activity<'_> {
        activity::Activity(self.conn())
    }
    /// API keys.
    fn keys(&mut self) -> keys::Keys<'_> {
        keys::Keys(self.conn())
    }
    /// API keys as a list.
    fn key_list(&mut self) -> keys::list::KeyList<'_> {
        keys::list::KeyList(self.conn())
    }
    /// Names of API keys, as searches compare them.
    fn key_names(&mut self) -> keys::names::KeyNames<'_> {
        keys::names::KeyNames(self.conn())
    }
    /// Leaked API keys.
    fn leaks(&mut self) -> keys::leaks::Leaks<'_> {
        keys::leaks::Leaks(self.conn())
    }
    /// People in teams.
    fn memberships(&mut self) -> accounts::memberships::Memberships<'_> {
        accounts::memberships::Memberships(self.conn())
    }
    /// Queries of the server operator's commands.
    fn operator(&mut self) -> operator::Operator<'_> {
        operator::Operator(self.conn())
    }
    /// Uses of API keys.
    fn key_uses(&mut self) -> keys::uses::KeyUses<'_> {
        keys::uses::KeyUses(self.conn())
    }
    /// Inserts into the request log.
    fn log_rows(&mut self) -> logs::write::LogRows<'_> {
        logs::write::LogRows(self.conn())
    }
    /// The request log.
    fn logs(&mut self) -> logs::read::Logs<'_> {
        logs::read::Logs(self.conn())
    }
    /// Sessions of the dashboard.
    fn sessions(&mut self) -> users::sessions::Sessions<'_> {
        users::sessions::Sessions(self.conn())
    }
    /// Failed sign-ins.
    fn sign_in_waits(&mut self) -> users::sign_in_waits::SignInWaits<'_> {
        users::sign_in_waits::SignInWaits(self.conn())
    }
    /// Deleting expired rows.
    fn retention(&mut self) -> retention::Retention<'_> {
        retention::Retention(self.conn())
    }
    /// Refusals without an account.
    fn refusals(&mut self) -> activity::refusals::Refusals<'_> {
        activity::refusals::Refusals(self.conn())
    }
    /// Check values of peppers.
    fn peppers(&mut self) -> peppers::Peppers<'_> {
        peppers::Peppers(self.conn())
    }
}

impl Tables for Reader {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}
