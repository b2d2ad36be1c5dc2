//! Forward-auth behind nginx with the shipped configuration, compared with the same nginx and a constant
//! endpoint.

use super::{
    Failure,
    bare::{Answer, Bare},
    counted,
    load::{self, Asked},
    product::{Product, fetch, serve},
    shared::{Line, free_port},
};
use axum::{
    Router,
    http::{StatusCode, header},
    routing::any,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{net::TcpStream, time::sleep};

const SHIPPED: &str = include_str!("../../examples/nginx/babysea.conf");
/// Number of rounds, more than for other lines. Single pairs differ by up to 11% here, because nginx shares
/// the two cores, and medians of five still by 6%, which is too much beside the bound.
const ROUNDS: usize = 15;
/// A route of the catalogue that the API behind nginx answers.
const PATH: &str = "/v1/content/list";

/// nginx, stopped on drop.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // nginx ends its workers on SIGTERM, and leaves them behind on SIGKILL.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

/// Measures the product, the constant answer and the bare server in turns.
pub async fn measure(engine: &str, product: &Product, server: SocketAddr) -> Result<(), Failure> {
    let header = product.key();
    // The response of a server that checks nothing, with the same headers.
    let (_, mut headers, _) = fetch(&product.router, &format!("/forward-auth{PATH}"), &header).await?;
    headers.remove(header::CONTENT_LENGTH);
    let bare = Bare::start(&[Answer::new("", (StatusCode::NO_CONTENT, &headers, b""))])?;
    let decides_nothing = any(move || std::future::ready((StatusCode::NO_CONTENT, headers.clone())));
    let (constant, serving) = serve(&product.app, Router::new().fallback(decides_nothing)).await?;
    let folder = tempfile::tempdir()?;
    let ports = [free_port()?, free_port()?, free_port()?, free_port()?];
    let nginx = start(folder.path(), [server, constant, bare.address], ports)?;
    for port in ports {
        while TcpStream::connect(port).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    }
    let asked = |server| Asked {
        server,
        path: PATH,
        header: &header,
        keys: None,
        refused: false,
        process: None,
    };
    let (mut rounds, mut dropped, mut requests) = (Vec::new(), 0, 0.0);
    for _ in 0..ROUNDS {
        let beside = load::run(asked(ports[1])).await?;
        let process = Some(bare.id());
        let bare = load::run(Asked {
            process,
            ..asked(ports[2])
        })
        .await?;
        let before = product.app.recorder.dropped();
        let real = load::run(asked(ports[0])).await?;
        dropped += product.app.recorder.dropped() - before;
        requests += real.requests;
        rounds.push([real, beside, bare]);
    }
    drop(nginx);
    serving.abort();
    let line = Line {
        engine,
        name: "forward-auth behind nginx",
        rounds,
        bytes: 0,
        dropped: counted(dropped) * 100.0 / requests,
    };
    line.print(Some(0.85), false);
    Ok(())
}

/// The shipped configuration three times, once for each server, and an API that responds with 204.
fn start(folder: &Path, asked: [SocketAddr; 3], ports: [SocketAddr; 4]) -> Result<Nginx, Failure> {
    let mut http = format!("server {{ listen {}; access_log off; return 204; }}\n", ports[3]);
    for (n, server) in asked.into_iter().enumerate() {
        let own = SHIPPED
            .replace("127.0.0.1:3000", &server.to_string())
            .replace("127.0.0.1:8081", &ports[3].to_string())
            .replace("127.0.0.1:8080", &ports[n].to_string())
            .replace("upstream babysea", &format!("upstream babysea{n}"))
            .replace("http://babysea/", &format!("http://babysea{n}/"))
            .replace("upstream babysea_api", &format!("upstream babysea_api{n}"))
            .replace("http://babysea_api$", &format!("http://babysea_api{n}$"))
            .replace(
                "$babysea_other_challenge",
                &format!("$babysea_other_challenge{n}"),
            );
        http.push_str(&own);
    }
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};", folder.join(name).display()))
        .concat();
    let whole = format!(
        "pid {pid}; error_log {log}; daemon off; worker_processes 1; events {{ worker_connections 1024; }}\n\
         http {{ access_log off; keepalive_requests 1000000000; {temporary}\n{http}}}",
        pid = folder.join("pid").display(),
        log = folder.join("log").display()
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, whole)?;
    // Debian installs it in a folder that is only on root's PATH.
    let debian = Path::new("/usr/sbin/nginx");
    let program = if debian.exists() {
        debian
    } else {
        Path::new("nginx")
    };
    let child = Command::new(program)
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(Nginx(child))
}
