//! Long queries: one for each account at a time, and pages are rendered without the number if it is late
//! (S87).

use crate::{
    browser::get,
    database::{Database, both},
    world::World,
};
use babysea::{
    domain::ids::AccountId,
    server::service::long_reads::{self, LongReadError, PROGRAM},
};
use tokio::{sync::oneshot, task::JoinHandle};

impl World {
    pub async fn account(&self, slug: &str) -> AccountId {
        let sql = format!("SELECT id FROM accounts WHERE slug = '{slug}'");
        self.database.text(&sql).await.parse().expect("an id")
    }

    /// A long query of an account that runs until the sender is dropped.
    pub async fn question(
        &self,
        account: AccountId,
    ) -> (oneshot::Sender<()>, JoinHandle<Result<(), LongReadError>>) {
        let (done, wait) = oneshot::channel::<()>();
        let (began, wait_for_begin) = oneshot::channel::<()>();
        let app = self.app.clone();
        let task = tokio::spawn(async move {
            long_reads::run(&app, account, PROGRAM, |_| {
                Box::pin(async move {
                    let _ = began.send(());
                    let _ = wait.await;
                    Ok(())
                })
            })
            .await
        });
        wait_for_begin.await.expect("it is being answered");
        (done, task)
    }
}

both!(
    an_account_runs_one_long_query_at_a_time,
    async |database: Database| {
        let world = World::on(database).await;
        let (ada, bo) = (world.person("Ada Moss").await, world.person("Bo Lind").await);
        let (old, other) = (ada.made("old").await, bo.made("other").await);
        assert_eq!(ada.rotate(&old.id, "24").await.status, 200);
        assert_eq!(world.code(&old).await, 200);
        world.app.recorder.flush().await;
        let (done, task) = world.question(world.account(&ada.slug).await).await;

        let busy = world.send(get("/v1/usage").bearer(&old.secret)).await;
        assert_eq!(busy.status, 429, "{}", busy.text());
        assert_eq!(busy.json()["error"]["details"]["reason"], "usage_busy");
        assert_eq!(busy.json()["error"]["code"], "BSE1005");
        assert_eq!(busy.json()["error"]["retryable"], true);
        assert_eq!(busy.header("retry-after"), "2");
        assert_ne!(
            busy.header("x-ratelimit-limit"),
            "",
            "the vendor's client waits only with it"
        );
        assert_eq!(world.code(&old).await, 200, "checks of the key go on");

        let keys = ada.get(&ada.keys()).await;
        assert_eq!(keys.status, 200);
        assert!(!keys.text().contains("since rotation"));
        let detail = ada.get(&format!("{}/{}", ada.keys(), old.id)).await;
        assert_eq!(detail.status, 200);
        assert!(detail.text().contains("could not be counted in time"));
        let dialog = ada
            .get(&format!("{}?dialog=delete&keys[]={}", ada.keys(), old.id))
            .await;
        assert_eq!(dialog.status, 200);
        let text = dialog.text();
        assert!(
            text.contains("its requests could not be counted in time"),
            "{text}"
        );
        assert!(text.contains("Its logged requests are deleted too."));
        let activity = ada.get(&format!("/home/{}/activity", ada.slug)).await;
        assert_eq!(activity.status, 200);
        assert!(activity.text().contains("on this page"));
        let search = ada.get(&format!("/home/{}/activity?search=old", ada.slug)).await;
        assert_eq!(search.status, 503);
        assert!(search.text().contains("The search took too long"));
        assert_eq!(search.header("retry-after"), "2");

        // Other accounts are not affected.
        assert_eq!(
            world.send(get("/v1/usage").bearer(&other.secret)).await.status,
            200
        );
        let keys = bo.get(&format!("/home/{}/activity", bo.slug)).await;
        assert!(!keys.text().contains("on this page"));

        drop(done);
        task.await.expect("it ends").expect("its answer");
        assert_eq!(world.send(get("/v1/usage").bearer(&old.secret)).await.status, 200);
        assert!(ada.get(&ada.keys()).await.text().contains("since rotation"));
    }
);

both!(
    an_abandoned_query_releases_its_turn,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("one").await;
        let account = world.account(&ada.slug).await;
        for _ in 0..3 {
            let (_done, task) = world.question(account).await;
            task.abort();
            assert!(task.await.is_err());
        }
        assert_eq!(world.send(get("/v1/usage").bearer(&key.secret)).await.status, 200);
    }
);
