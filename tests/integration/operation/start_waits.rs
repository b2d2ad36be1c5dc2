//! A waiting start logs what it waits for, accepts no connection meanwhile, and ends on a signal (S95).

use crate::{
    database::{Aside, Database},
    program::{BINARY, Program, command, serve},
};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::Executor as _;
use std::{
    io::{BufRead as _, BufReader, ErrorKind},
    net::{TcpListener, TcpStream},
    process::Child,
};

/// Killed on drop, also if the test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres.sh cargo test"]
async fn a_waiting_start_accepts_no_connection_and_ends_on_a_signal() {
    let database = Database::postgres().await;
    Program::start(&database).stop();
    let Aside::Postgres(mut other) = database.aside().await else {
        panic!("another engine");
    };
    let lock = sqlx::raw_sql("BEGIN; LOCK TABLE _sqlx_migrations");
    other.execute(lock).await.expect("the lock");
    // Free a moment ago; nobody else takes ports in this range at once.
    let address = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .to_string();
    let mut process = Process(serve(&mut command(BINARY), &database, &address, &[], "info"));
    let mut lines = BufReader::new(process.0.stderr.take().expect("its output")).lines();
    let printed = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("the start waits"));
    assert!(
        printed
            .as_deref()
            .is_some_and(|line| line.contains("holds a lock on the tables")),
        "{printed:?}"
    );
    let refused = TcpStream::connect(&address).expect_err("nobody is let in");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    kill_process(Pid::from_child(&process.0), Signal::TERM).expect("it runs");
    let ended = process.0.wait().expect("its end");
    assert!(
        ended.success(),
        "{ended}: nothing was begun that a stop could lose"
    );
}
