//! `babysea key`.

use super::{BY_OPERATOR, Person, refused, uses};
use crate::{
    database::{Database, both},
    program::{Program, run, run_loudly},
};

both!(
    keys_are_listed_and_revoked_one_of_an_account_and_all,
    async |database: Database| {
        let program = Program::start(&database);
        let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
        let bo = Person::new(&program, "Bo Lind", "bo@example.com").await;
        let mut secrets = Vec::new();
        for name in ["one", "two", "three"] {
            secrets.push(ada.key(&program, &ada.slug, name).await);
        }
        let (other, kept) = bo.key(&program, &bo.slug, "other").await;
        // The server has all of them in its cache.
        for secret in secrets.iter().map(|(_, secret)| secret).chain([&kept]) {
            assert_eq!(uses(&program, secret).await, 200);
        }
        let list = run(&database, &["key", "list"]).expect("a list");
        assert_eq!(list.lines().count(), 5, "{list}");
        let line = list.lines().find(|line| line.contains(&other)).expect("a line");
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(
            words[..4],
            [other.as_str(), "bo-lind", "active", &kept[..words[3].len()]]
        );
        let maker = ["other", "Bo", "Lind", "bo@example.com"];
        assert_eq!(words[4..8], maker, "{line}");
        for secret in secrets.iter().map(|(_, secret)| secret).chain([&kept]) {
            assert!(!list.contains(&secret[..20]), "{list}");
        }
        assert_eq!(
            run(&database, &["key", "list", "--account", "bo-lind"])
                .expect("a list")
                .lines()
                .count(),
            2
        );
        refused(
            &database,
            &["key", "list", "--account", "nowhere"],
            "",
            "there is no account nowhere",
        );

        let (id, secret) = &secrets[0];
        let one = ["key", "revoke", "--key", id];
        refused(&database, &one, "", "this would revoke the key one (bye_");
        refused(&database, &["key", "revoke", "--yes"], "", "--key");
        refused(
            &database,
            &["key", "revoke", "--key", id, "--all", "--yes"],
            "",
            "cannot be combined",
        );
        refused(
            &database,
            &["key", "revoke", "--key", "nonsense", "--yes"],
            "",
            "there is no key with this id",
        );
        let whole = run(&database, &["key", "revoke", "--key", secret, "--yes"]).expect_err("no id");
        assert!(!whole.contains(&secret[..20]), "{whole}");
        let printed = run(
            &database,
            &[&one[..], &["--yes", "--reason", "found in a log"]].concat(),
        )
        .expect("revoked");
        assert!(
            printed.starts_with("revoked the key one (bye_") && !printed.contains(&secret[..20]),
            "{printed}"
        );
        assert_eq!(uses(&program, secret).await, 401);
        refused(
            &database,
            &[&one[..], &["--yes"]].concat(),
            "",
            "this key is already revoked",
        );
        let leaks = [
            &["key", "revoke", "--account", "ada-moss", "--yes", "--reason"][..],
            &[secret],
        ]
        .concat();
        refused(&database, &leaks, "", "Remove the API key");

        refused(
            &database,
            &["key", "revoke", "--account", "ada-moss"],
            "",
            "revoke all keys of ada-moss (Ada Moss), 2 of them live",
        );
        let printed = run(&database, &["key", "revoke", "--account", "ada-moss", "--yes"]).expect("revoked");
        assert_eq!(printed, "2 keys of ada-moss (Ada Moss) were revoked\n");
        for (_, secret) in &secrets {
            assert_eq!(uses(&program, secret).await, 401);
        }
        refused(
            &database,
            &["key", "revoke", "--all"],
            "",
            "revoke all keys of this server, 1 of them live",
        );
        let printed = run(&database, &["key", "revoke", "--all", "--yes"]).expect("revoked");
        assert_eq!(printed, "1 key of this server was revoked\n");
        assert_eq!(uses(&program, &kept).await, 401);
        let none = run_loudly(&database, &["key", "revoke", "--all", "--yes"]);
        assert_eq!(none, "0 keys of this server were revoked\n", "and no warning");
        let list = run(&database, &["key", "list", "--json"]).expect("a list");
        let states: Vec<_> = list
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["state"].clone())
            .collect();
        assert_eq!(states, ["revoked"; 4]);
        let mut entries = database.texts(BY_OPERATOR).await;
        entries.sort();
        assert_eq!(
            entries,
            [
                "api_key.revoked one found in a log",
                "api_key.revoked other ",
                "api_key.revoked three ",
                "api_key.revoked two "
            ]
        );
        program.stop();
    }
);

both!(many_keys_are_revoked_in_steps, async |database: Database| {
    let program = Program::start(&database);
    let ada = Person::new(&program, "Ada Moss", "ada@example.com").await;
    let (first, _) = ada.key(&program, &ada.slug, "first").await;
    // More keys than one step revokes, inserted by SQL.
    let hash = if database.is_postgres() {
        "decode(md5(n::text) || md5(n::text), 'hex')"
    } else {
        "CAST(printf('%032d', n) AS BLOB)"
    };
    let id = if database.is_postgres() {
        "lpad(n::text, 8, '0') || substr(k.id, 9)"
    } else {
        "printf('%08d', n) || substr(k.id, 9)"
    };
    let copies = format!(
        "INSERT INTO api_keys (id, account_id, name, name_key, prefix, hash, pepper_version, preset, scopes, creator_id,
            created_at, form_token)
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 620)
        SELECT {id}, k.account_id, 'copy', 'copy', k.prefix, {hash}, k.pepper_version, k.preset, k.scopes, k.creator_id,
            k.created_at + n, CAST(n AS TEXT) FROM api_keys k, numbers WHERE k.id = '{first}'"
    );
    assert_eq!(database.execute(&copies).await, 620);
    // The list reads them page by page, each key once.
    let list = run(&database, &["key", "list"]).expect("a list");
    let mut ids: Vec<_> = list
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 621);
    let printed = run(&database, &["key", "revoke", "--all", "--yes"]).expect("revoked");
    assert_eq!(printed, "621 keys of this server were revoked\n");
    assert_eq!(
        database
            .number("SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL")
            .await,
        0
    );
    assert_eq!(
        database
            .number("SELECT COUNT(*) FROM activity WHERE action = 'api_key.revoked'")
            .await,
        621
    );
    program.stop();
});
