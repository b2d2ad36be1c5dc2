//! Adding a pepper version while keys are in use (S32).

use crate::{
    database::{Database, both},
    world::{Setup, World},
};
use babysea::server::{runtime::rng::SeededRng, secret::pepper};

both!(
    keys_go_on_working_under_a_new_pepper,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let old = ada.key("old", "read_only").await;
        let file = world.database.pepper_file();
        pepper::add_version(&file, &SeededRng::new(3)).expect("a second version");
        let (email, slug) = (ada.email.clone(), ada.slug.clone());
        drop(ada);
        let world = world.restart(Setup::default()).await;
        let stored = async |version: i64| {
            let count = format!("SELECT COUNT(*) FROM api_keys WHERE pepper_version = {version}");
            world.database.number(&count).await
        };
        assert_eq!((stored(1).await, stored(2).await), (1, 0));
        assert_eq!(world.status(&old).await.status, 200, "under the older version");
        world.app.recorder.flush().await;
        assert_eq!((stored(1).await, stored(2).await), (0, 1), "moved by its use");
        assert_eq!(world.status(&old).await.status, 200, "under the present one");

        let mut ada = world.anonymous();
        ada.slug = slug;
        ada.sign_in(&email, crate::world::PASSWORD).await;
        let new = ada.key("new", "read_only").await;
        assert_eq!(world.status(&new).await.status, 200);
        assert_eq!(stored(2).await, 2);
    }
);
