//! pgbouncer between server and PostgreSQL. In modes that share sessions between connections, the start is refused with a
//! sentence; in session mode the server serves.

use super::{Failure, Target, key, refused, sentence, start, stop};
use crate::{
    shared::free_port,
    soak::{bounds::people, report},
};
use std::{
    fs::{self, Permissions},
    net::SocketAddr,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::sleep};

/// Maximum number of checks whether it listens, one every 50 ms.
const TRIES: u32 = 200;

/// pgbouncer, stopped on drop.
struct Pooler {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub async fn run(target: &Target) -> Result<(), Failure> {
    let Some(binary) = find() else {
        println!("The pooler was left out: scripts/install.sh night installs pgbouncer");
        return Ok(());
    };
    for mode in ["transaction", "statement", "session"] {
        let empty = target.another(&format!("pooler_{mode}")).await?;
        let pooler = Pooler::start(&binary, &empty, mode).await?;
        let behind = Target {
            engine: "PostgreSQL",
            database: pooler.url(&empty)?,
            folder: tempfile::tempdir()?,
        };
        let (found, holds) = match start(&behind).await? {
            Err(ended) => match sentence(&ended) {
                Some(said) if said.contains("pool_mode = session") => ("refused", mode != "session"),
                _ => {
                    println!("{}", ended.log.trim_end());
                    ("ended", false)
                }
            },
            Ok(program) => {
                let person = people::person(program.address, "Ada Moss").await?;
                let secret = key(program.address, &person).await?.1;
                let works = refused(program.address, &[secret]).await? == 0;
                stop(program).await?;
                ("serves", mode == "session" && works)
            }
        };
        drop(pooler);
        empty.remove().await?;
        let bound = if mode == "session" { "serves" } else { "refused" };
        report(
            target,
            &format!("S95: behind pgbouncer with pool_mode = {mode}"),
            found,
            holds,
            bound,
        );
    }
    Ok(())
}

/// Debian installs it in a folder that is only on root's PATH.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.push("/usr/sbin".into());
    let mut files = folders.into_iter().map(|folder| folder.join("pgbouncer"));
    files.find(|file| file.is_file())
}

impl Pooler {
    /// Starts it on a free port of this machine, in front of the target's database. It refuses to run as root: it runs as
    /// the user who runs PostgreSQL.
    async fn start(binary: &Path, target: &Target, mode: &str) -> Result<Self, Failure> {
        let database = url::Url::parse(&target.database)?;
        let (name, port) = (database.path().trim_start_matches('/'), database.port());
        let address = free_port()?;
        let folder = tempfile::tempdir()?;
        // pgbouncer runs as another user, who must read the file; nothing in it is secret.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let file = folder.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n{name} = host=127.0.0.1 port={port} user={user}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {own}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {mode}\ndefault_pool_size = 60\nmax_client_conn = 200\n\
             ignore_startup_parameters = extra_float_digits\n",
            port = port.ok_or("no port")?,
            user = database.username(),
            own = address.port(),
        );
        fs::write(&file, settings)?;
        fs::set_permissions(&file, Permissions::from_mode(0o644))?;
        let mut command = Command::new(binary);
        command.arg(&file).current_dir(folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if rustix::process::geteuid().is_root() {
            let control = std::env::var("TEST_POSTGRES_CTL")?;
            let owner = fs::metadata(Path::new(&control).with_file_name("data"))?;
            command.uid(owner.uid()).gid(owner.gid());
        }
        let mut pooler = Self {
            process: command.spawn()?,
            address,
            _folder: folder,
        };
        for _ in 0..TRIES {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(pooler);
            }
            if let Some(status) = pooler.process.try_wait()? {
                return Err(format!("pgbouncer ended with {status}").into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err("pgbouncer does not listen".into())
    }

    /// The place's database through it.
    fn url(&self, target: &Target) -> Result<String, Failure> {
        let mut url = url::Url::parse(&target.database)?;
        url.set_port(Some(self.address.port())).map_err(|()| "no port")?;
        Ok(url.into())
    }
}
