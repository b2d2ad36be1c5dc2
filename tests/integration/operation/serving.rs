//! Connections to the real program: bounds, and how it stops (S28, S80, S81).

use crate::{
    browser::get,
    database::{Database, both},
    program::{Program, ask},
    world::World,
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

/// A sign-in request without the last byte of its form.
const BEGUN: &[u8] = b"POST /sign-in HTTP/1.0\r\nsec-fetch-site: same-origin\r\n\
    content-type: application/x-www-form-urlencoded\r\ncontent-length: 29\r\n\r\nemail=a%40b.example&password";
const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
const READY: &[u8] = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_head_has_sixteen_kibibytes() {
    let database = Database::sqlite();
    let program = Program::start(&database);
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

/// A keep-alive connection after one response.
fn kept(program: &Program) -> TcpStream {
    // Not `/readyz`: whether the database answers within its second is irrelevant here.
    let mut kept = program.connect();
    kept.write_all(ALIVE).expect("a request");
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        let mut byte = [0];
        kept.read_exact(&mut byte).expect("an answer");
        answer.extend(byte);
    }
    assert!(!String::from_utf8_lossy(&answer).contains("connection: close"));
    kept
}

#[tokio::test]
async fn a_stopping_server_still_answers_and_announces_the_stop() {
    // Longer than the test: a second signal ends the drain.
    let database = Database::sqlite();
    let program = Program::start_with(&database, &["--drain-seconds", "600"]);
    let kept = [kept(&program), kept(&program)];
    let mut begun = program.connect();
    begun.write_all(&ALIVE[..20]).expect("some of a request");
    program.terminate();
    for stream in [program.connect(), program.connect()].into_iter().chain(kept) {
        let told = ask(stream, READY);
        assert_eq!((told.status, told.header("connection")), (503, "close"));
        assert_eq!(told.json()["reason"], "stopping");
    }
    let served = ask(
        program.connect(),
        b"GET /sign-in HTTP/1.1\r\nhost: localhost\r\n\r\n",
    );
    assert_eq!((served.status, served.header("connection")), (200, "close"));
    let served = ask(begun, &ALIVE[20..]);
    assert_eq!((served.status, served.header("connection")), (200, "close"));
    program.terminate_again();
}

#[tokio::test]
async fn accepted_requests_are_answered_before_the_end() {
    let database = Database::sqlite();
    let mut program = Program::start(&database);
    let mut signing_in = program.connect();
    signing_in.write_all(BEGUN).expect("most of a request");
    let mut begun = program.connect();
    begun.write_all(&ALIVE[..20]).expect("some of a request");
    let mut waiting = kept(&program);
    program.terminate();
    // Without a drain time, an idle connection is closed at once.
    waiting.read_to_end(&mut Vec::new()).expect("its end");
    let answer = ask(begun, &ALIVE[20..]);
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    let answer = ask(signing_in, b"=");
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(program.ended(), Some(0));
}

/// Connections in the listener's queue when it is closed: the server is paused while they arrive.
#[tokio::test]
async fn requests_in_the_listeners_queue_are_answered() {
    let database = Database::sqlite();
    let mut program = Program::start(&database);
    program.hold();
    let mut queued: Vec<_> = (0..8).map(|_| program.connect()).collect();
    for stream in &mut queued[..4] {
        stream.write_all(ALIVE).expect("a request");
    }
    program.terminate_again();
    program.go_on();
    for stream in queued.drain(..4) {
        // Some may be answered before the server notices the signal.
        assert_eq!(ask(stream, b"").status, 200);
    }
    // No request was sent on these: they are closed.
    drop(queued);
    assert_eq!(program.ended(), Some(0));
}

/// On keep-alive and on new connections, a request of which the server has read a byte is answered.
#[tokio::test]
async fn a_stop_under_load_loses_no_request() {
    let database = Database::sqlite();
    let mut program = Program::start_with(&database, &["--drain-seconds", "1"]);
    let (address, stops) = (
        program.address().to_owned(),
        Instant::now() + Duration::from_mins(1),
    );
    let clients: Vec<_> = (0..24)
        .map(|n| {
            let address = address.clone();
            thread::spawn(move || {
                let mut answered = 0;
                let mut stream = None;
                while Instant::now() < stops {
                    let fresh = n % 2 == 0;
                    let Some(mut connection) = stream.take().filter(|_| !fresh).or_else(|| connect(&address))
                    else {
                        return answered;
                    };
                    match exchange(&mut connection) {
                        Exchange::Kept => stream = Some(connection),
                        Exchange::Closed => {}
                        // The server has read nothing of it: the connection was refused or reset before.
                        Exchange::Refused => return answered,
                        Exchange::Lost(read) => panic!("lost after {read:?}"),
                    }
                    answered += 1;
                }
                panic!("it never stopped");
            })
        })
        .collect();
    // Under load.
    for _ in 0..20 {
        assert_eq!(program.send(crate::browser::get("/healthz")).await.status, 200);
    }
    program.terminate();
    assert_eq!(program.ended(), Some(0));
    for client in clients {
        assert!(client.join().expect("no request is lost") > 0);
    }
}

/// Result of a request.
enum Exchange {
    Kept,
    Closed,
    Refused,
    Lost(String),
}

fn connect(address: &str) -> Option<TcpStream> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    Some(stream)
}

fn exchange(stream: &mut TcpStream) -> Exchange {
    if stream.write_all(ALIVE).is_err() {
        return Exchange::Refused;
    }
    let mut answer = Vec::new();
    let mut bytes = [0; 1024];
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        match stream.read(&mut bytes) {
            Ok(read) if read > 0 => answer.extend(&bytes[..read]),
            // It arrived when the listener was closed.
            Err(_) if answer.is_empty() => return Exchange::Refused,
            _ => return Exchange::Lost(String::from_utf8_lossy(&answer).into_owned()),
        }
    }
    if String::from_utf8_lossy(&answer).contains("connection: close") {
        Exchange::Closed
    } else {
        Exchange::Kept
    }
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let database = Database::sqlite();
    let mut program = Program::start(&database);
    let mut signing_in = program.connect();
    signing_in.write_all(BEGUN).expect("most of a request");
    // This response comes after the other connection was accepted.
    assert_eq!(program.send(get("/healthz")).await.status, 200);
    program.terminate();
    program.terminate_again();
    assert_eq!(program.ended(), Some(1));
    let mut answer = Vec::new();
    // End of file, or an error if the rest of the request was not read.
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
