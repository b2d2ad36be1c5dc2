//! Searches of keys compare what a reader sees: any case, any form of a letter (S58).

use crate::{
    browser::Browser,
    database::{Database, both},
    world::World,
};
use babysea::server::jobs;

/// Path of the list of keys that match a search.
fn searched(ada: &Browser<'_>, text: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("search", text)
        .finish();
    format!("{}?{query}", ada.keys())
}

both!(
    a_name_is_found_in_every_form_of_its_letters,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let names = [
            "ΟΔΟΣ-prod",
            "Straße",
            "İstanbul",
            "Caf\u{E9}",
            "ＷＩＤＥ",
            "ÄRGER",
        ];
        for name in names {
            ada.key(name, "read_only").await;
            world.advance(1);
        }
        let forms: [(&str, &[&str]); 6] = [
            (names[0], &["ΟΔΟΣ", "οδοσ", "οδος", "ΟΔΟς-PROD"]),
            (names[1], &["STRASSE", "straße", "straſſe", "STRAẞE"]),
            (names[2], &["istanbul", "İstanbul", "i\u{307}STANBUL", "ISTANBUL"]),
            (
                names[3],
                &["cafe\u{301}", "CAF\u{C9}", "CAFE\u{301}", "ca\u{200B}f\u{AD}é"],
            ),
            (names[4], &["wide", "WIDE", "ｗｉｄｅ"]),
            (names[5], &["ärger", "a\u{308}rger", "ÄRGER"]),
        ];
        for (name, typed) in forms {
            for text in typed {
                let found = ada.get(&searched(&ada, text)).await.names();
                assert_eq!(found, [name], "{text:?}");
            }
        }
        // Letters that only look alike are others.
        for text in ["cafe", "οδoσ"] {
            assert_eq!(ada.get(&searched(&ada, text)).await.names(), [""; 0], "{text}");
        }
    }
);

both!(
    names_that_earlier_versions_stored_are_found,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        for name in ["ÄRGER", "ΟΔΟΣ", "plain"] {
            ada.key(name, "read_only").await;
            world.advance(1);
        }
        // As SQL's LOWER on SQLite, and the lower case of earlier versions, have stored them.
        for (name, stored) in [("ÄRGER", "Ärger"), ("ΟΔΟΣ", "οδος")] {
            let sql = format!("UPDATE api_keys SET name_key = '{stored}' WHERE name = '{name}'");
            assert_eq!(world.database.execute(&sql).await, 1);
        }
        assert_eq!(ada.get(&searched(&ada, "ärger")).await.names(), [""; 0]);
        assert!(jobs::purge(&world.app).await);
        for (text, name) in [
            ("ärger", "ÄRGER"),
            ("ΟΔΟΣ", "ΟΔΟΣ"),
            ("οδοσ", "ΟΔΟΣ"),
            ("PLAIN", "plain"),
        ] {
            assert_eq!(ada.get(&searched(&ada, text)).await.names(), [name], "{text}");
        }
        assert_eq!(
            jobs::names::fold(&world.app).await.expect("folded"),
            0,
            "each once"
        );
    }
);
