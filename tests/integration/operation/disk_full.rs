//! A full disk refuses changes only, and has no lasting effect once there is room (S72).

use crate::{browser::get, database::Database, world::World};
use babysea::server::store::{Conn, Tables as _};

impl World {
    /// Limits the SQLite file to a number of pages; 0 is no limit.
    async fn most_pages(&self, most: u32) {
        let mut tx = self.app.store.write().await.expect("a transaction");
        let Conn::Sqlite(connection) = tx.conn() else {
            panic!("SQLite alone has a file of ours");
        };
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", most.max(1)));
        sqlx::query(sql)
            .execute(connection)
            .await
            .expect("the limit is set");
        tx.commit().await.expect("its end");
    }
}

#[tokio::test]
async fn changes_are_refused_and_checks_go_on() {
    let world = World::on(Database::sqlite()).await;
    let ada = world.person("Ada Moss").await;
    let made = ada.made("one").await;
    assert_eq!(world.code(&made).await, 200);
    let unused = ada.made("never asked before").await;
    let spare = ada.made("spare").await;
    world.app.recorder.flush().await;
    let keys = "SELECT COUNT(*) FROM api_keys";
    let before = world.database.number(keys).await;

    // A limit below the current size becomes the current size.
    world.most_pages(1).await;
    let create = async |name: &str| {
        let token = ada.form_token().await;
        let fields = [("name", name), ("preset", "full_access"), ("form_token", &token)];
        ada.create(&fields).await
    };
    let mut refused = None;
    for n in 0..500 {
        let answer = create(&format!("filling {n}")).await;
        if answer.status != 200 {
            refused = Some((n, answer));
            break;
        }
    }
    let (made_before, answer) = refused.expect("the file is full at some time");
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("nothing was changed"), "{}", answer.text());
    assert_eq!(world.database.number(keys).await, before + made_before);

    let rotated = ada.rotate(&made.id, "24").await;
    assert_eq!(rotated.status, 503, "{}", rotated.text());
    // A change that needs no room may succeed. Whatever it reports, the database agrees.
    let revoked = ada.revoke(&[&spare.id]).await;
    let expected = match revoked.status {
        200 => 401,
        503 => 200,
        other => panic!("{other}: {}", revoked.text()),
    };
    assert_eq!(world.code(&spare).await, expected, "{}", revoked.text());
    assert_eq!(world.database.number(keys).await, before + made_before);

    for key in [&made, &unused] {
        assert_eq!(world.code(key).await, 200, "verification goes on");
    }
    assert_eq!(world.send(get("/v1/status").bearer("bye_x")).await.status, 401);
    assert_eq!(world.send(get("/readyz")).await.status, 200);

    world.most_pages(u32::MAX - 1).await;
    assert_eq!(create("after").await.status, 200);
    world.app.recorder.flush().await;
    let logged = format!("SELECT COUNT(*) FROM request_logs WHERE key_id = '{}'", unused.id);
    assert_eq!(world.database.number(&logged).await, 1, "what waited is written");
}
