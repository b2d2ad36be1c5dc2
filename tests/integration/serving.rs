//! Connections to the program itself: what it takes of them, and how it stops (S28, S80, S81).

use crate::{
    browser::get,
    database::{Database, both},
    program::{Program, ask},
    world::World,
};
use std::io::{Read as _, Write as _};

/// Signing in, up to the last byte of its form.
const BEGUN: &[u8] = b"POST /sign-in HTTP/1.0\r\nsec-fetch-site: same-origin\r\n\
    content-type: application/x-www-form-urlencoded\r\ncontent-length: 28\r\n\r\nemail=a%40b.example&password";
const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
const READY: &[u8] = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_head_has_sixteen_kibibytes() {
    let program = Program::start(&Database::sqlite());
    for (filled, status) in [(15_000, 200), (17_000, 431)] {
        let call = get("/healthz").header("x-filled", &"x".repeat(filled));
        assert_eq!(program.send(call).await.status, status, "{filled} bytes");
    }
    let mut many = get("/healthz");
    for _ in 0..101 {
        many = many.header("x-many", "x");
    }
    assert_eq!(
        program.send(many).await.status,
        431,
        "more than a hundred headers"
    );
}

#[tokio::test]
async fn what_is_being_answered_is_finished_and_probes_hear_of_the_stop() {
    let mut program = Program::start(&Database::sqlite());
    let mut signing_in = program.connect();
    signing_in.write_all(BEGUN).expect("most of a request");
    // Not `/readyz`: whether the database answers within its second is nothing this test is about.
    let mut waiting = program.connect();
    waiting.write_all(ALIVE).expect("a request");
    let mut answer = [0; 15];
    waiting.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");

    program.terminate();
    let told = ask(program.connect(), READY);
    assert_eq!(told.status, 503);
    assert_eq!(told.json()["reason"], "stopping");
    assert_eq!(told.header("connection"), "close");
    // A connection that waits is closed.
    waiting.read_to_end(&mut Vec::new()).expect("its end");
    let answer = ask(signing_in, b"=");
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(program.ended(), Some(0));
}

#[tokio::test]
async fn told_twice_it_stops_at_once() {
    let mut program = Program::start(&Database::sqlite());
    let mut signing_in = program.connect();
    signing_in.write_all(BEGUN).expect("most of a request");
    // Answered after that one was accepted.
    assert_eq!(program.send(get("/healthz")).await.status, 200);
    program.terminate();
    program.terminate_again();
    assert_eq!(program.ended(), Some(1));
    let mut answer = Vec::new();
    // Its end, or an error where the last of the request was not read any more.
    let _ = signing_in.read_to_end(&mut answer);
    assert!(answer.is_empty(), "nobody answers");
}

both!(
    a_stop_writes_what_waits_for_the_log,
    async |database: Database| {
        let world = World::on(database).await;
        let key = world.person("Ada Moss").await.key("one", "full_access").await;
        let database = world.stop().await;
        let program = Program::start(&database);
        for _ in 0..20 {
            assert_eq!(program.send(get("/v1/status").bearer(&key)).await.status, 200);
        }
        program.stop();
        assert_eq!(database.number("SELECT COUNT(*) FROM request_logs").await, 20);
    }
);
