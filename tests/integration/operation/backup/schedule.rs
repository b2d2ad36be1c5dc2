//! Scheduled backups of a server.

use super::{Backups, names};
use crate::{
    browser::get,
    database::{Database, both},
    program::{Program, run},
    until::until,
    world::{Setup, World},
};
use babysea::server::jobs::Schedule;
use std::{fs, path::Path};

const HOUR: u64 = 3_600_000;

/// A server with scheduled backups, which keeps two.
async fn world(database: Database, backups: &Backups) -> World {
    let dir: &'static str = Box::leak(backups.path().display().to_string().into_boxed_str());
    let arguments = ["--backup-dir", dir, "--backup-every", "24h", "--backup-keep", "2"];
    let setup = || Setup {
        arguments: Box::leak(Box::new(arguments)),
        ..Setup::default()
    };
    World::with(database, setup()).await
}

async fn age(world: &World) -> Option<u64> {
    let ready = world.send(get("/readyz")).await;
    assert_eq!(ready.status, 200);
    ready.json()["backup"]["age_seconds"].as_u64()
}

fn figures(world: &World) -> String {
    world.app.metrics.text(&world.app.gauges()).expect("the figures")
}

/// Runs the schedule until there are `count` folders.
async fn run_until(schedule: &mut Schedule, world: &World, backups: &Backups, count: usize) {
    until(&format!("there are {count} backups"), async || {
        schedule.run_if_due(&world.app).await;
        backups.names().len() == count && !backups.names()[0].starts_with('.')
    })
    .await;
}

both!(
    they_are_made_when_due_and_the_oldest_go,
    async |database: Database| {
        let backups = Backups::new();
        let world = world(database, &backups).await;
        assert_eq!(age(&world).await, None);
        assert!(!figures(&world).contains("\nbabysea_backup_age_seconds "));
        let mut schedule = Schedule::new(backups.path().to_owned());
        schedule.run_if_due(&world.app).await;
        assert_eq!(backups.names(), ["20261123T170000_000Z"]);
        assert_eq!(age(&world).await, Some(0));
        // Neither is a scheduled backup.
        fs::create_dir(backups.path().join("before the upgrade")).expect("a folder");
        let left = backups
            .path()
            .join(".20261123T160000_000Z.unfinished-0123456789abcdef");
        fs::create_dir(&left).expect("a folder");
        world.advance(24 * HOUR - 60_000);
        schedule.run_if_due(&world.app).await;
        assert_eq!(age(&world).await, Some(86_340));
        assert!(
            figures(&world).contains("babysea_backup_age_seconds 86340"),
            "{}",
            figures(&world)
        );
        assert_eq!(backups.names().len(), 3, "not due yet");
        // Another server of the same database makes none: it is this one's turn.
        world.advance(60_000);
        if world.database.is_postgres() {
            let second = world.second().await;
            let elsewhere = Backups::new();
            let mut beside = Schedule::new(elsewhere.path().to_owned());
            beside.run_if_due(&second.app).await;
            assert_eq!(elsewhere.names(), Vec::<String>::new());
            drop(std::mem::replace(
                &mut schedule,
                Schedule::new(backups.path().to_owned()),
            ));
            // Once a server has stopped, another one takes its turn.
            run_until(&mut beside, &second, &elsewhere, 1).await;
        }
        run_until(&mut schedule, &world, &backups, 3).await;
        world.advance(24 * HOUR);
        schedule.run_if_due(&world.app).await;
        assert_eq!(
            backups.names(),
            [
                "20261124T170000_000Z",
                "20261125T170000_000Z",
                "before the upgrade"
            ]
        );
        let newest = backups.name("20261125T170000_000Z");
        run(&world.database, &["check", &newest]).expect("a good backup");

        // A failed backup is counted and retried, with growing pauses, and does not affect the server.
        let aside = backups.path().with_extension("aside");
        fs::rename(backups.path(), &aside).expect("moved");
        fs::write(backups.path(), "").expect("a file");
        world.advance(24 * HOUR);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            pauses.push(schedule.run_if_due(&world.app).await.as_secs());
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
        assert_eq!(world.app.backups.failures(), 9);
        assert!(figures(&world).contains("babysea_backup_failures_total 9"));
        assert_eq!(age(&world).await, Some(86_400), "what was known stays known");
        fs::remove_file(backups.path()).expect("removed");
        fs::rename(&aside, backups.path()).expect("moved");
        schedule.run_if_due(&world.app).await;
        assert_eq!(age(&world).await, Some(0));
    }
);

#[test]
fn a_server_makes_the_first_at_its_start() {
    let database = Database::sqlite();
    let backups = Backups::new();
    let dir = backups.name("above/backups");
    let settings = ["--backup-dir", dir.as_str()];
    let program = Program::start_with(&database, &settings);
    let line = program.waits_to_say("a backup was made");
    assert!(line.contains("change 0: 0 people"), "{line}");
    program.stop();
    let made_now = || {
        let mut names = names(Path::new(&dir));
        names.retain(|name| !name.ends_with(".endings"));
        names
    };
    let made = made_now();
    assert_eq!(made.len(), 1, "{made:?}");
    // The next start finds it.
    let program = Program::start_with(&database, &settings);
    program.stop();
    assert_eq!(made_now(), made);
}
