//! The status line after an action: on the next page, once, and only for the person who did it.

use crate::{
    answer::{Answer, shown_part},
    browser::{Browser, Made},
    database::{Database, both},
    html::Part,
    world::{HTTPS_ORIGIN, PASSWORD, Setup, World},
};
use babysea::domain::role::Role;

const COOKIE: &str = "babysea-3000-done";

/// The status line of a page; empty if it has none.
fn line(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.text());
    let lines = page.select("[data-status]");
    assert!(lines.len() <= 1, "{}", page.text());
    lines.first().map(Part::text).unwrap_or_default()
}

/// Follows a redirect. The status line must be there, and must be gone when the page is reloaded.
async fn followed(person: &Browser<'_>, answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let address = answer.location().split('#').next().expect("an address");
    shown(person, address).await
}

async fn shown(person: &Browser<'_>, address: &str) -> String {
    let page = person.get(address).await;
    let said = line(&page);
    assert_eq!(line(&person.get(address).await), "", "only once");
    said
}

/// Posts the form of a dialog, as a browser without scripts does.
async fn posted(person: &Browser<'_>, dialog: &str, fields: &[(&str, &str)]) -> Answer {
    let token = person.form_token().await;
    let mut all = vec![("account", person.slug.as_str()), ("form_token", &token)];
    all.extend(fields);
    let path = format!("{}?dialog={dialog}", person.keys());
    person.post(&path, &all).await
}

both!(
    each_action_has_its_line_from_plain_forms,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let answer = ada.post("/home/create-team", &[("name", "Tide & Co")]).await;
        assert_eq!(
            followed(&ada, &answer).await,
            "Created the team Tide & Co. Create its first API key. \
             To add members, ask the person who runs this server."
        );

        let one = ada.made("one").await;
        let created = format!("{}?created={}", ada.keys(), one.id);
        assert_eq!(shown(&ada, &created).await, "Created one. See the key");
        let page = posted(&ada, "reissue", &[("key", &one.id)]).await;
        assert_eq!(
            (page.status, line(&page).as_str()),
            (200, ""),
            "the secret is shown first"
        );
        assert_eq!(
            shown(&ada, &created).await,
            "one has a new secret. The old secret no longer works. See the key"
        );

        let page = posted(&ada, "rotate", &[("key", &one.id), ("grace", "24")]).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let prefix = world
            .database
            .text(&format!("SELECT prefix FROM api_keys WHERE id = '{}'", one.id))
            .await;
        let new = world
            .database
            .text(&format!(
                "SELECT id FROM api_keys WHERE replaces_id = '{}'",
                one.id
            ))
            .await;
        assert_eq!(
            shown(&ada, &format!("{}?created={new}", ada.keys())).await,
            format!(
                "Rotated one. The old key {prefix}... works until 24 Nov, 17:00 UTC (in 24 hours). \
                 See the keyChange grace period"
            )
        );

        let answer = posted(&ada, "grace", &[("key", &one.id), ("grace", "6")]).await;
        assert!(answer.location().ends_with(&format!("#key-{}", one.id)));
        assert_eq!(
            followed(&ada, &answer).await,
            format!(
                "one: {prefix}... works until 23 Nov, 23:00 UTC (in 6 hours). See the keyChange grace period"
            )
        );
        let answer = posted(&ada, "grace", &[("key", &one.id), ("grace", "0")]).await;
        assert_eq!(
            followed(&ada, &answer).await,
            format!("one ({prefix}...) has expired and no longer works. See the key")
        );

        let (two, three) = (ada.made("two").await, ada.made("<b>three</b>").await);
        let answer = posted(&ada, "revoke", &[("keys[]", &three.id)]).await;
        assert_eq!(followed(&ada, &answer).await, "Revoked <b>three</b>. See the key");
        let keys = [
            ("keys[]", one.id.as_str()),
            ("keys[]", &two.id),
            ("keys[]", &three.id),
        ];
        let answer = posted(&ada, "revoke", &keys).await;
        assert!(answer.location().ends_with("#status"), "{}", answer.location());
        assert_eq!(
            followed(&ada, &answer).await,
            "Revoked 1 key. 2 were skipped: they had already ended."
        );

        let answer = posted(&ada, "delete", &[("keys[]", &two.id), ("confirm", "two")]).await;
        assert!(answer.location().ends_with("#status"), "{}", answer.location());
        assert_eq!(followed(&ada, &answer).await, "Deleted two.");
        let keys = [
            ("keys[]", one.id.as_str()),
            ("keys[]", &three.id),
            ("confirm", "delete 2 keys"),
        ];
        let answer = posted(&ada, "delete", &keys).await;
        assert_eq!(followed(&ada, &answer).await, "Deleted 2 keys.");

        let leaked = ada.made("leaked").await;
        let report = serde_json::json!({ "key": leaked.secret }).to_string();
        let call = crate::browser::call("POST", "/v1/keys/report-leak").body("application/json", report);
        assert_eq!(world.send(call).await.status, 200);
        let answer = ada
            .post(&format!("{}?dialog=leak", ada.keys()), &[("key", &leaked.id)])
            .await;
        assert_eq!(
            followed(&ada, &answer).await,
            "Acknowledged the leak of leaked. See the key"
        );

        let answer = ada
            .post("/theme", &[("theme", "dark"), ("next", &ada.keys())])
            .await;
        assert_eq!(followed(&ada, &answer).await, "", "the theme changes in sight");
    }
);

both!(
    server_functions_leave_the_same_line,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let answer = ada.post("/api/teams/create", &[("name", "Tide")]).await;
        let path = answer.json().as_str().expect("a path").to_owned();
        assert!(path.ends_with("#status"), "{path}");
        assert_eq!(
            shown(&ada, path.trim_end_matches("#status")).await,
            "Created the team Tide. Create its first API key. To add members, ask the person who runs this server."
        );

        let list = ada.keys();
        let old = ada.made("prod").await;
        assert_eq!(
            line(&ada.get(&list).await),
            "",
            "the dialog with the secret is open"
        );
        let at = |key: &Made| format!("{list}?created={}", key.id);
        assert_eq!(shown(&ada, &at(&old)).await, "Created prod. See the key");
        let new = Made::of(&ada.rotate(&old.id, "1").await);
        // Opened from the page of the old key, it ends there.
        assert!(
            shown(&ada, &format!("{list}/{}", old.id))
                .await
                .starts_with(&format!(
                    "Rotated prod. The old key {}... ",
                    shown_part(&old.secret)
                ))
        );
        assert_eq!(ada.change_grace(&old.id, "0").await.status, 200);
        assert!(shown(&ada, &list).await.starts_with("prod ("));
        assert_eq!(ada.revoke(&[&new.id]).await.status, 200);
        // The key's own page needs no link to itself.
        assert_eq!(shown(&ada, &format!("{list}/{}", new.id)).await, "Revoked prod.");
        assert_eq!(ada.delete(&[&new.id, &old.id], "delete 2 keys").await.status, 200);
        assert_eq!(shown(&ada, &list).await, "Deleted 2 keys.");

        // A refused action leaves none.
        let key = ada.made("other").await;
        assert_eq!(ada.delete(&[&key.id], "wrong").await.status, 422);
        assert_eq!(line(&ada.get(&list).await), "");
    }
);

both!(
    a_line_is_for_one_account_one_session_and_one_minute,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let team = ada.team("Tide").await;
        let bo = world.member("Bo Reed", &team.slug, Role::Member).await;
        let key = team.made("prod").await;
        assert_eq!(team.revoke(&[&key.id]).await.status, 200);
        let cookie = cookie(&team);

        assert_eq!(line(&ada.copy().get(&ada.keys()).await), "", "another account");
        bo.plant(COOKIE, &cookie);
        assert_eq!(line(&bo.get(&bo.keys()).await), "", "another person's session");
        let again = world.anonymous();
        again.sign_in(&ada.email, PASSWORD).await;
        again.plant(COOKIE, &cookie);
        assert_eq!(line(&again.get(&team.keys()).await), "", "another session");
        assert_eq!(
            line(&team.copy().get(&team.keys()).await),
            "Revoked prod. See the key"
        );
        world.advance(60_000);
        assert_eq!(line(&team.copy().get(&team.keys()).await), "", "after a minute");
    }
);

both!(a_forged_line_is_not_shown, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
    let cookie = cookie(&ada);
    let (text, mac) = cookie.split_once('.').expect("a signature");
    let forged = hex::encode(
        String::from_utf8(hex::decode(text).expect("hex"))
            .expect("UTF-8")
            .replace("prod", "evil"),
    );
    for value in [
        format!("{forged}.{mac}"),
        format!("{text}.{}", "0".repeat(64)),
        format!("{text}."),
        text.to_owned(),
        String::new(),
        format!("{cookie}0"),
        "f".repeat(4_000),
    ] {
        let browser = ada.copy();
        browser.plant(COOKIE, &value);
        assert_eq!(line(&browser.get(&browser.keys()).await), "", "{value}");
    }
    assert_eq!(line(&ada.get(&ada.keys()).await), "Revoked prod. See the key");
});

both!(
    a_row_that_is_not_shown_gives_its_focus_to_the_line,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let key = ada.made("prod").await;
        assert_eq!(ada.revoke(&[&key.id]).await.status, 200);
        let fragment = format!("key-{}", key.id);
        let list = format!("{}?changed={}", ada.keys(), key.id);
        let copy = ada.copy();
        let page = copy.get(&list).await;
        assert_eq!(page.id(&fragment).name, "tr");
        assert_eq!(page.id("status").get("tabindex"), Some("-1"));
        let page = ada.get(&format!("{list}&search=another")).await;
        let line = page.id(&fragment);
        assert_eq!((line.name.as_str(), line.get("role")), ("div", Some("status")));
    }
);

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let setup = Setup {
        origin: HTTPS_ORIGIN,
        ..Setup::default()
    };
    let world = World::with(Database::sqlite(), setup).await;
    let ada = world.person("Ada Moss").await;
    let name = "\u{1f511}".repeat(100);
    let key = ada.made(&name).await;
    let answer = ada.revoke(&[&key.id]).await;
    let all = answer.all("set-cookie");
    let set = all.iter().find(|line| line.starts_with("__Host-done="));
    let set = set.expect("a cookie");
    assert!(
        set.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"),
        "{set}"
    );
    assert!(set.len() < 2_200, "{}", set.len());
    let page = ada.get(&ada.keys()).await;
    assert!(line(&page).contains(&name));
    let removed = page
        .all("set-cookie")
        .into_iter()
        .find(|line| line.starts_with("__Host-done="));
    assert_eq!(
        removed,
        Some("__Host-done=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0")
    );
    assert!(page.select("[data-status] bdi")[0].text() == name);
}

fn cookie(browser: &Browser<'_>) -> String {
    let all = browser.cookie().expect("cookies");
    let value = all
        .split("; ")
        .find_map(|pair| pair.strip_prefix(&format!("{COOKIE}=")));
    value.expect("a status line").to_owned()
}
