//! When the last use of a key is written: the first one at once, later ones once a minute, and on every
//! flush.

use crate::{
    database::{Database, both},
    until::until,
    world::World,
};

impl World {
    /// The stored last use, once so many requests are logged; uses are written before rows.
    async fn last_use_with(&self, rows: i64) -> i64 {
        const ROWS: &str = "SELECT COUNT(*) FROM request_logs";
        until("the recorder writes by itself", async || {
            self.database.number(ROWS).await >= rows
        })
        .await;
        self.database.number("SELECT last_used_at FROM api_keys").await
    }
}

both!(
    a_busy_keys_last_use_waits_its_minute,
    async |database: Database| {
        let world = World::on(database).await;
        let key = world.person("Ada Moss").await.key("busy", "full_access").await;
        let use_it = async || assert_eq!(world.status(&key).await.status, 200);

        use_it().await;
        let first = world.last_use_with(1).await;
        assert_eq!(first, world.app.now().millis(), "a first use is written at once");

        world.advance(10_000);
        use_it().await;
        assert_eq!(world.last_use_with(2).await, first, "the next one waits");
        assert!(world.app.recorder.flush().await);
        assert_eq!(
            world.last_use_with(2).await,
            first + 10_000,
            "but not for whoever asks"
        );

        world.advance(60_000);
        use_it().await;
        assert_eq!(world.last_use_with(3).await, first + 70_000, "a minute later");
    }
);
