//! Bounds of connections: time, and number (S28, S88).

use crate::{
    browser::get,
    database::Database,
    program::{BINARY, Program, command},
    until::PATIENCE,
    world::World,
};
use babysea::server::serving::bounds::Bounds;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    runtime::Handle,
    time::timeout,
};

/// A short time-out.
const SOON: Duration = Duration::from_millis(100);

const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// Needs the database, so that its response is not ready at once.
const READY: &[u8] = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n";
const STATUS: &[u8] = b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// A request that stays unanswered until the rest of its body arrives.
const BEGUN: &[u8] = b"POST /sign-in HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\n\
    content-type: application/x-www-form-urlencoded\r\ncontent-length: 28\r\nexpect: 100-continue\r\n\r\n";
const REST: &[u8] = b"email=a%40b.example&password=";

/// Bounds so generous that nothing times out before a test ends.
fn bounds(world: &World) -> Bounds {
    Bounds {
        headers: PATIENCE * 2,
        idle: PATIENCE * 2,
        stalled: PATIENCE * 2,
        connections: 100,
        ..Bounds::of(&world.app.config)
    }
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// A connection with a request in progress until [`REST`] is sent.
async fn busy(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address).await;
    assert!(ask(&mut stream, BEGUN).await.starts_with("HTTP/1.1 100"));
    stream
}

/// Sends a message, and reads the headers and body of the response.
async fn ask(stream: &mut TcpStream, message: &[u8]) -> String {
    stream.write_all(message).await.expect("a request");
    answer(stream).await.expect("an answer")
}

/// The next response; `None` if the connection ends first.
async fn answer(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let whole = async {
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
                if body.len() >= length {
                    return Some(text);
                }
            }
            match stream.read_buf(&mut read).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    };
    timeout(PATIENCE, whole).await.expect("an answer or an end")
}

/// Waits until the server ends the connection without a response.
async fn ends(stream: &mut TcpStream) {
    assert_eq!(answer(stream).await, None);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let world = World::sqlite().await;
    let stalled = Bounds {
        stalled: SOON,
        ..bounds(&world)
    };
    let address = world.serve_within(&Handle::current(), stalled);
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(2_048).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("a connection");
    // Responses pile up until the server stops reading, and then ends the connection.
    let asks = async { while stream.write_all(ALIVE).await.is_ok() {} };
    timeout(PATIENCE, asks).await.expect("its end");
    // A client that reads its responses is not cut off.
    let mut other = connect(address).await;
    for _ in 0..3 {
        assert!(ask(&mut other, ALIVE).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn headers_have_their_time_from_their_first_byte() {
    let world = World::sqlite().await;
    let short = Bounds {
        headers: SOON,
        ..bounds(&world)
    };
    let address = world.serve_within(&Handle::current(), short);
    let mut idle = connect(address).await;
    assert!(ask(&mut idle, READY).await.starts_with("HTTP/1.1 200"));
    let unused = connect(address).await;
    let mut slow = connect(address).await;
    slow.write_all(&ALIVE[..20]).await.expect("some of a head");
    ends(&mut slow).await;
    // The second request of a connection gets the same time, whether its response was ready at once or not.
    for before in [ALIVE, READY] {
        let mut second = connect(address).await;
        assert!(ask(&mut second, before).await.starts_with("HTTP/1.1 200"));
        second.write_all(&ALIVE[..20]).await.expect("some of a head");
        ends(&mut second).await;
    }
    // No request has begun on these.
    for mut waiting in [idle, unused] {
        assert!(ask(&mut waiting, ALIVE).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn an_idle_connection_has_a_time_of_its_own() {
    let world = World::sqlite().await;
    let short = Bounds {
        idle: SOON,
        ..bounds(&world)
    };
    let address = world.serve_within(&Handle::current(), short);
    // One has a request in progress, and another has sent incomplete headers: neither is idle.
    let mut answered = busy(address).await;
    let mut begun = connect(address).await;
    begun.write_all(&ALIVE[..20]).await.expect("some of a head");
    ends(&mut connect(address).await).await;
    for before in [ALIVE, READY] {
        let mut idle = connect(address).await;
        assert!(ask(&mut idle, before).await.starts_with("HTTP/1.1 200"));
        ends(&mut idle).await;
    }
    assert!(ask(&mut begun, &ALIVE[20..]).await.starts_with("HTTP/1.1 200"));
    assert!(ask(&mut answered, REST).await.starts_with("HTTP/1.1 422"));
}

#[tokio::test]
async fn beyond_the_cap_only_health_checks_get_a_slot() {
    let world = World::sqlite().await;
    let three = Bounds {
        connections: 3,
        reserve: 2,
        ..bounds(&world)
    };
    let address = world.serve_within(&Handle::current(), three);
    let mut answered = [busy(address).await, busy(address).await, busy(address).await];
    for (asked, status) in [(READY, "200"), (ALIVE, "200"), (STATUS, "503")] {
        let mut kept = connect(address).await;
        let told = ask(&mut kept, asked).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{told}");
        assert!(told.contains("connection: close"), "{told}");
        assert_eq!(told.contains("retry-after: "), status == "503", "{told}");
        ends(&mut kept).await;
    }
    // Connections without a request do not take a slot from a health check.
    let mut silent = [connect(address).await, connect(address).await];
    for _ in 0..3 {
        let mut check = connect(address).await;
        assert!(ask(&mut check, READY).await.starts_with("HTTP/1.1 200"));
        ends(&mut check).await;
    }
    ends(&mut silent[0]).await;
    drop(silent);
    // A completed response makes room.
    let [first, others @ ..] = &mut answered;
    assert!(ask(first, REST).await.starts_with("HTTP/1.1 422"));
    // A connection is idle once the last byte of its response is sent, and the scan for idle ones is limited:
    // so this retries.
    let served = async {
        loop {
            let mut next = connect(address).await;
            // Without a slot, the connection may end before all of it is sent.
            let _ = next.write_all(STATUS).await;
            match answer(&mut next).await {
                Some(told) if told.starts_with("HTTP/1.1 503") => {}
                None => {}
                Some(told) => return told,
            }
        }
    };
    let told = timeout(PATIENCE, served).await.expect("a place");
    assert!(told.starts_with("HTTP/1.1 401"), "{told}");
    let rest = timeout(PATIENCE, first.read_to_end(&mut Vec::new())).await;
    rest.expect("its end").expect("the rest of an answer");
    for stream in others {
        assert!(ask(stream, REST).await.starts_with("HTTP/1.1 422"));
    }
}

#[tokio::test]
async fn a_reserved_slot_is_kept_for_a_short_time() {
    let world = World::sqlite().await;
    let one = Bounds {
        connections: 1,
        reserve: 1,
        reserve_time: SOON,
        ..bounds(&world)
    };
    let address = world.serve_within(&Handle::current(), one);
    let answered = busy(address).await;
    ends(&mut connect(address).await).await;
    let mut kept = connect(address).await;
    assert!(ask(&mut kept, ALIVE).await.starts_with("HTTP/1.1 200"));
    drop(answered);
}

#[tokio::test]
async fn the_oldest_idle_connection_makes_room() {
    let world = World::sqlite().await;
    let three = Bounds {
        connections: 3,
        ..bounds(&world)
    };
    let address = world.serve_within(&Handle::current(), three);
    let mut idle = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(address).await;
        assert!(ask(&mut stream, ALIVE).await.starts_with("HTTP/1.1 200"));
        idle.push(stream);
    }
    // The first one is used again, so that the second is the oldest.
    assert!(ask(&mut idle[0], ALIVE).await.starts_with("HTTP/1.1 200"));
    let mut fourth = connect(address).await;
    assert!(ask(&mut fourth, STATUS).await.starts_with("HTTP/1.1 401"));
    ends(&mut idle[1]).await;
    for left in [0, 2] {
        assert!(ask(&mut idle[left], ALIVE).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn as_many_files_may_be_open_as_the_system_allows() {
    let limited = |limits: &str| {
        let mut command = command("sh");
        command.args(["-c", &format!("ulimit {limits} && exec {BINARY} \"$@\""), "sh"]);
        command
    };
    let program = Program::start_by(limited("-Sn 300"), &Database::sqlite(), &[]);
    let (soft, hard) = program.limit("Max open files");
    assert_eq!(soft, hard);
    assert_eq!(program.send(get("/healthz")).await.status, 200);
    let few = Program::start_by(limited("-n 300"), &Database::sqlite(), &[]);
    assert_eq!(few.limit("Max open files").0, "300");
    let log = String::from_utf8(few.stop()).expect("text");
    assert!(log.contains("the limit of open files is 300"), "{log}");
    let many = Program::start_by(
        limited("-n 300"),
        &Database::sqlite(),
        &["--max-connections", "250"],
    );
    let log = String::from_utf8(many.stop()).expect("text");
    assert!(log.contains("too high for the limit of 300 open files"), "{log}");
}

/// With more connections than the process may open files, all clients are still answered.
#[tokio::test]
async fn connections_do_not_use_up_the_open_files() {
    let mut limited = command("sh");
    limited.args(["-c", &format!("ulimit -n 200 && exec {BINARY} \"$@\""), "sh"]);
    // Outlives the program, which opens connections when they are first needed.
    let database = Database::sqlite();
    let program = Program::start_by(limited, &database, &[]);
    let idle: Vec<_> = (0..300).map(|_| program.connect()).collect();
    let ready = program.send(get("/readyz")).await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    assert_eq!(program.send(get("/sign-in")).await.status, 200);
    drop(idle);
}
