//! What the dialogs say before keys end: only what is true of these keys, and where a dialog leads that can no longer be
//! confirmed.

use crate::{
    answer::{Answer, shown_part},
    browser::{Browser, Made},
    database::{Database, both},
    html::Part,
    until::until,
    world::World,
};

const MINUTE: u64 = 60_000;

/// The warning of a dialog about these keys; `None` if it has none.
async fn warning(person: &Browser<'_>, dialog: &str, keys: &[&Made]) -> Option<String> {
    let ids: String = keys.iter().map(|key| format!("&keys[]={}", key.id)).collect();
    let key = &keys[0].id;
    let page = person
        .get(&format!("{}?dialog={dialog}&key={key}{ids}", person.keys()))
        .await;
    assert_eq!(page.status, 200, "{}", page.text());
    let id = format!("{dialog}-warning");
    let found = page.select(&format!("#{id} .notice"));
    // Screen readers read it with the dialog.
    let described_by = page
        .id(&format!("{dialog}-key"))
        .get("aria-describedby")
        .map(str::to_owned);
    let is_read = described_by.is_some_and(|ids| ids.split(' ').any(|named| named == id));
    assert_eq!(is_read, !found.is_empty(), "{dialog}");
    found.first().map(Part::text)
}

/// Waits for the warning: on a busy machine a dialog can open before uses are stored and requests are counted.
async fn expect_warning(person: &Browser<'_>, dialog: &str, keys: &[&Made], text: &str) {
    until(text, async || {
        warning(person, dialog, keys).await.as_deref() == Some(text)
    })
    .await;
}

both!(
    a_rotation_says_which_older_key_it_stops_and_when_that_was_used,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let old = ada.made("prod").await;
        assert_eq!(warning(&ada, "rotate", &[&old]).await, None);
        let new = Made::of(&ada.rotate(&old.id, "24").await);
        let works = format!(
            "{}..., which this key replaced, still works",
            shown_part(&old.secret)
        );
        let unused = format!("{works} and was never used. It stops immediately.");
        expect_warning(&ada, "rotate", &[&new], &unused).await;
        assert_eq!(world.code(&old).await, 200);
        world.advance(6 * MINUTE);
        let used = format!("{works} and was last used 6 minutes ago. It stops immediately.");
        expect_warning(&ada, "rotate", &[&new], &used).await;
        let stops =
            "The key stops immediately. A stopped key cannot be restarted. It was last used 6 minutes ago.";
        expect_warning(&ada, "grace", &[&old], stops).await;
        assert_eq!(ada.change_grace(&old.id, "0").await.status, 200);
        assert_eq!(warning(&ada, "rotate", &[&new]).await, None, "it has ended");
    }
);

both!(
    requests_that_are_refused_already_are_not_said_to_be_refused_from_now_on,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (live, revoked) = (ada.made("live").await, ada.made("revoked").await);
        let both = [&live, &revoked];
        let all = "Their requests get 401 from now on.";
        expect_warning(
            &ada,
            "delete",
            &both,
            &format!("{all} Entries in Activity are kept."),
        )
        .await;
        expect_warning(&ada, "revoke", &both, all).await;
        assert_eq!(ada.revoke(&[&revoked.id]).await.status, 200);
        expect_warning(&ada, "delete", &[&revoked], "Entries in Activity are kept.").await;
        let some = "Requests with the keys that still work get 401 from now on.";
        for (dialog, more) in [
            ("delete", "Entries in Activity are kept."),
            ("revoke", "Expired and revoked keys are skipped."),
        ] {
            expect_warning(&ada, dialog, &both, &format!("{some} {more}")).await;
        }
    }
);

/// The dialog that says why an action is no longer possible: its sentence, its button and where that leads.
fn ended(page: &Answer) -> (String, String, String) {
    let text = |selector: &str| page.select(selector).first().map(Part::text).unwrap_or_default();
    let form = page.select("#ended form");
    assert_eq!(form.len(), 1, "{}", page.text());
    (
        text("#ended-title-lead"),
        text("#ended button"),
        form[0].tag.get("action").unwrap_or_default().to_owned(),
    )
}

both!(
    a_dialog_of_the_page_of_a_key_leads_back_to_it_while_it_exists,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let (revoked, deleted) = (ada.made("revoked").await, ada.made("deleted").await);
        assert_eq!(ada.revoke(&[&revoked.id]).await.status, 200);
        assert_eq!(ada.delete(&[&deleted.id], "deleted").await.status, 200);
        let list = ada.keys();
        for (key, sentence, label, page) in [
            (
                &revoked,
                "This key was revoked in the meantime.",
                "Back to the key",
                format!("{list}/{}", revoked.id),
            ),
            (
                &deleted,
                "This key was deleted in the meantime.",
                "Back to the keys",
                list.clone(),
            ),
        ] {
            let expected = (sentence.to_owned(), label.to_owned(), page.clone());
            for dialog in ["rotate", "reissue", "grace", "revoke"] {
                let query = format!("dialog={dialog}&key={}&from=detail", key.id);
                let fragment = ada.get(&format!("{list}/dialog?{query}")).await;
                assert_eq!(ended(&fragment), expected, "{dialog}");
                let redirect = ada.get(&format!("{list}?{query}")).await;
                assert_eq!(
                    (redirect.status, redirect.location()),
                    (303, page.as_str()),
                    "{dialog}"
                );
                // The form of the open dialog, posted without scripts.
                let token = ada.form_token().await;
                let fields = [
                    ("key", key.id.as_str()),
                    ("keys[]", &key.id),
                    ("grace", "1"),
                    ("form_token", &token),
                ];
                let posted = ada
                    .post(&format!("{list}?dialog={dialog}&from=detail"), &fields)
                    .await;
                assert_eq!(ended(&posted), expected, "{dialog}");
            }
            // From the list, it leads to the list.
            let query = format!("dialog=revoke&key={}", key.id);
            let fragment = ada.get(&format!("{list}/dialog?{query}")).await;
            assert_eq!(ended(&fragment).1, "Back to the keys");
        }
        // What is no id is no address.
        let query = "dialog=revoke&key=..%2F..%2Fsign-in&from=detail";
        let strange = ada.get(&format!("{list}?{query}")).await;
        assert_eq!((strange.status, strange.location()), (303, list.as_str()));
    }
);

/// What the dialog about a repeated form says, and its buttons.
fn repeated(page: &Answer) -> (u16, String, Vec<String>) {
    let said = page.select("#repeated-title-lead");
    let buttons = page.select("dialog[aria-labelledby=repeated-title] button");
    (
        page.status,
        said.first().map(Part::text).unwrap_or_default(),
        buttons.iter().map(Part::text).collect(),
    )
}

both!(
    a_form_that_is_sent_again_offers_a_new_secret_only_where_there_can_be_one,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let list = ada.keys();
        let (create, reissue) = (ada.form_token().await, ada.form_token().await);
        let fields = [("name", "prod"), ("preset", "read_only"), ("form_token", &create)];
        let made = Made::of(&ada.create(&fields).await);
        let new = Made::of(&ada.reissue(&made.id, &reissue).await);
        let again = async |from: &str| {
            let fields_of_reissue = [("key", made.id.as_str()), ("form_token", &reissue)];
            let path = format!("{list}?dialog=reissue{from}");
            [
                ada.post(&list, &fields).await,
                ada.post(&path, &fields_of_reissue).await,
            ]
        };
        for page in again("").await {
            assert_eq!(
                repeated(&page),
                (
                    409,
                    "The secret was shown once. If you do not have it, reissue it.".to_owned(),
                    vec!["Reissue secret".to_owned(), "Done".to_owned()]
                )
            );
        }
        for answer in [ada.create(&fields).await, ada.reissue(&made.id, &reissue).await] {
            let way_on = answer.json()["next"]["Reissue"].to_string();
            assert!(
                answer.status == 409 && way_on.contains(&made.id),
                "{}",
                answer.text()
            );
        }
        // `Done` leads to where the form was opened.
        let [_, page] = again("&from=detail").await;
        let form = page.select("dialog[aria-labelledby=repeated-title] form");
        let detail = format!("{list}/{}", made.id);
        assert_eq!(form[0].tag.get("action"), Some(detail.as_str()));

        // Once it was used, somebody has it.
        assert_eq!(world.code(&new).await, 200);
        world.app.recorder.flush().await;
        for page in again("").await {
            assert_eq!(
                repeated(&page),
                (
                    409,
                    "The secret was shown once.".to_owned(),
                    vec!["Done".to_owned()]
                )
            );
        }
        for answer in [ada.create(&fields).await, ada.reissue(&made.id, &reissue).await] {
            let error = answer.json();
            assert_eq!(
                (answer.status, &error["message"], &error["next"]),
                (
                    409,
                    &"This form was sent already. The secret was shown once.".into(),
                    &"Retry".into()
                )
            );
        }
    }
);
