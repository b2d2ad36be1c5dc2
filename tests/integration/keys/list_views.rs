//! After any action on a key, successful or not, the view of the list is the same: search, filter, page and
//! width. Everything here is what browsers do without scripts.

use crate::{
    answer::Answer,
    browser::{Browser, call},
    database::{Database, both},
    html::{Part, Tag},
    world::World,
};
use url::form_urlencoded::Serializer;

/// Notice about a new key that is not among the rows.
const ELSEWHERE: &str = " is not among the keys shown here.";

/// A form of a page: its action and hidden fields.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// The first form whose attributes satisfy `is_it`.
    fn find(page: &Answer, is_it: impl Fn(&Tag) -> bool) -> Self {
        let tags = page.tags();
        let at = tags.iter().position(|tag| tag.name == "form" && is_it(tag));
        let (form, rest) = tags[at.expect("the form")..].split_first().expect("its tag");
        let own = rest.iter().take_while(|tag| tag.name != "form");
        let hidden = own.filter(|tag| tag.name == "input" && tag.get("type") == Some("hidden"));
        let text = |tag: &Tag, name| tag.get(name).unwrap_or_default().to_owned();
        Self {
            action: text(form, "action"),
            fields: hidden
                .map(|tag| (text(tag, "name"), text(tag, "value")))
                .collect(),
        }
    }

    fn with_id(page: &Answer, id: &str) -> Self {
        Self::find(page, |form| form.get("id") == Some(id))
    }

    /// The URL that a GET with these additional fields requests. Browsers replace the query of the action by
    /// the fields.
    fn address(&self, page: &str, more: &[(&str, &str)]) -> String {
        let action = if self.action.is_empty() {
            page
        } else {
            &self.action
        };
        let path = action.split(['?', '#']).next().expect("a path");
        let query = Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .extend_pairs(more)
            .finish();
        format!("{path}?{query}")
    }

    /// Posts the form.
    async fn post(&self, person: &Browser<'_>, more: &[(&str, &str)]) -> Answer {
        let own = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = own.chain(more.iter().copied()).collect();
        person.post(&self.action, &fields).await
    }
}

/// A person on the second page of a search, in full width.
struct Reader<'w> {
    ada: Browser<'w>,
    view: String,
    names: Vec<String>,
    ids: Vec<String>,
}

impl<'w> Reader<'w> {
    async fn of(world: &'w World) -> Self {
        let ada = world.person("Ada Moss").await;
        let mut ids = Vec::new();
        for n in 0..54 {
            ids.push(ada.made(&format!("key {n}")).await.id);
            world.advance(1);
        }
        ada.made("other").await;
        let first = ada.get(&format!("{}?search=key&full=1", ada.keys())).await;
        let tags = first.tags();
        let older = tags.iter().find(|tag| tag.text.trim() == "Older");
        let view = older
            .and_then(|tag| tag.get("href"))
            .expect("a second page")
            .to_owned();
        let names = ada.get(&view).await.names();
        assert_eq!(names, ["key 3", "key 2", "key 1", "key 0"]);
        Self {
            ada,
            view,
            names,
            ids,
        }
    }

    /// Asserts that the view is unchanged, with or without a dialog over it.
    fn sees_it(&self, page: &Answer, case: &str) {
        assert_eq!(page.names(), self.names, "{case}: {}", page.status);
        assert!(page.text().contains("Close full view"), "{case}");
        assert_eq!(page.id("search").get("value"), Some("key"), "{case}");
    }

    /// Opens a dialog with a form of the list.
    async fn open(&self, form: &Form, more: &[(&str, &str)], case: &str) -> Answer {
        let page = self.ada.get(&form.address(&self.ada.keys(), more)).await;
        let is_open = |tag: &Tag| tag.name == "dialog" && tag.get("open").is_some();
        assert!(page.tags().iter().any(is_open), "{case}: {}", page.status);
        self.sees_it(&page, case);
        page
    }

    /// Submits the form of `Cancel` or `Done`.
    async fn leave(&self, form: &Form, case: &str) -> Answer {
        let page = self.ada.get(&form.address(&self.ada.keys(), &[])).await;
        assert!(!page.tags().iter().any(|tag| tag.get("open").is_some()), "{case}");
        self.sees_it(&page, case);
        page
    }

    /// Follows the redirect of a form, and checks the view.
    async fn follow(&self, answer: Answer, case: &str) -> Answer {
        assert_eq!(answer.status, 303, "{case}: {}", answer.text());
        let target = answer.location().split('#').next().expect("a path").to_owned();
        let page = self.ada.get(&target).await;
        self.sees_it(&page, case);
        page
    }

    fn menu(&self, page: &Answer) -> Form {
        let mut menu = Form::find(page, |form| {
            form.get("data-opens-dialog").is_some() && form.get("id").is_none()
        });
        // Scripts write the key of the row into the form.
        let key = menu.fields.iter_mut().find(|(name, _)| name == "key");
        key.expect("the field").1.clone_from(&self.ids[3]);
        menu
    }
}

/// The form that closes the page with a secret, and highlights the new key.
fn done(page: &Answer) -> Form {
    let form = Form::find(page, |form| {
        form.get("class") == Some("dialog-form") && form.get("id").is_none()
    });
    assert_eq!(
        page.status == 200,
        form.fields.iter().any(|(name, _)| name == "created")
    );
    form
}

both!(
    the_list_stays_whatever_a_row_is_asked,
    async |database: Database| {
        let world = World::on(database).await;
        let reader = Reader::of(&world).await;
        let page = reader.ada.get(&reader.view).await;
        for dialog in ["rotate", "reissue", "revoke", "delete"] {
            let open = reader
                .open(&reader.menu(&page), &[("dialog", dialog)], dialog)
                .await;
            let cancel = Form::with_id(&open, &format!("close-{dialog}-key"));
            assert!(cancel.action.ends_with(&format!("#key-{}", reader.ids[3])));
            reader.leave(&cancel, dialog).await;
        }
        let open = reader
            .open(&reader.menu(&page), &[("dialog", "rotate")], "rotate")
            .await;
        let rotate = Form::with_id(&open, "rotate-form");
        let refused = rotate.post(&reader.ada, &[("grace", "999")]).await;
        assert_eq!(refused.status, 422);
        reader.sees_it(&refused, "refused");
        reader
            .leave(&Form::with_id(&refused, "close-rotate-key"), "refused")
            .await;

        // The replacement is newer than the rows of this page.
        let rotate = Form::with_id(&refused, "rotate-form");
        let rotated = rotate.post(&reader.ada, &[("grace", "1")]).await;
        assert_eq!(rotated.status, 200, "{}", rotated.text());
        reader.sees_it(&rotated, "rotated");
        let left = reader.leave(&done(&rotated), "Done").await;
        assert!(left.text().contains(ELSEWHERE));
        let again = rotate.post(&reader.ada, &[("grace", "1")]).await;
        assert_eq!(again.status, 409);
        reader.leave(&done(&again), "repeated").await;

        let page = reader.ada.get(&reader.view).await;
        for (dialog, field, key) in [("grace", ("grace", "0"), 3), ("revoke", ("reason", ""), 2)] {
            let menu = reader.menu(&page);
            let own = menu.fields.iter().filter(|(name, _)| name != "key").cloned();
            let menu = Form {
                fields: own.chain([("key".to_owned(), reader.ids[key].clone())]).collect(),
                ..menu
            };
            let open = reader.open(&menu, &[("dialog", dialog)], dialog).await;
            let form = Form::with_id(&open, &format!("{dialog}-form"));
            let shown = reader
                .follow(form.post(&reader.ada, &[field]).await, dialog)
                .await;
            assert!(
                shown.text().contains("data-new"),
                "{dialog}: the row is pointed out"
            );
        }
    }
);

#[tokio::test]
async fn the_view_stays_after_actions_on_several_rows() {
    let world = World::sqlite().await;
    let mut reader = Reader::of(&world).await;
    let page = reader.ada.get(&reader.view).await;
    let ticked = [
        ("keys[]", reader.ids[1].as_str()),
        ("keys[]", reader.ids[2].as_str()),
        ("dialog", "delete"),
    ];
    let selection = Form::with_id(&page, "selection");
    let open = reader.open(&selection, &ticked, "several").await;
    reader
        .leave(&Form::with_id(&open, "close-delete-key"), "several")
        .await;
    let delete = Form::with_id(&open, "delete-form");
    let refused = delete.post(&reader.ada, &[("confirm", "no")]).await;
    assert_eq!(refused.status, 422);
    reader.sees_it(&refused, "refused");
    let deleted = delete.post(&reader.ada, &[("confirm", "delete 2 keys")]).await;
    reader.names.retain(|name| name != "key 1" && name != "key 2");
    reader.follow(deleted, "deleted").await;
}

#[tokio::test]
async fn the_list_stays_while_keys_are_made_and_leaks_acknowledged() {
    let world = World::sqlite().await;
    let reader = Reader::of(&world).await;
    let leaked = reader.ada.made("leaked").await;
    let report = call("POST", "/v1/keys/report-leak");
    let report = report.body("application/json", format!("{{\"key\": \"{}\"}}", leaked.secret));
    assert_eq!(world.send(report).await.status, 200);
    let page = reader.ada.get(&reader.view).await;
    let opener = Form::find(&page, |form| form.get("data-opens").is_some());
    let open = reader.open(&opener, &[], "create").await;
    reader
        .leave(&Form::with_id(&open, "close-create-key"), "create")
        .await;
    let create = Form::with_id(&open, "create-key-form");
    let refused = create
        .post(&reader.ada, &[("name", ""), ("preset", "full_access")])
        .await;
    assert_eq!(refused.status, 422);
    reader.sees_it(&refused, "refused");
    let create = Form::with_id(&refused, "create-key-form");
    let made = create
        .post(&reader.ada, &[("name", "new"), ("preset", "full_access")])
        .await;
    reader.sees_it(&made, "made");
    let left = reader.leave(&done(&made), "Done").await;
    assert!(left.text().contains(ELSEWHERE));

    let leak = Form::find(&page, |form| {
        form.get("action")
            .is_some_and(|action| action.contains("dialog=leak"))
    });
    let page = reader
        .follow(leak.post(&reader.ada, &[]).await, "acknowledged")
        .await;
    assert!(!page.text().contains("reported as leaked"));
}

#[tokio::test]
async fn a_dialog_of_a_keys_page_leads_back_to_it() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let key = ada.made("prod").await;
    let detail = format!("{}/{}", ada.keys(), key.id);
    let page = ada.get(&detail).await;
    let actions = Form::find(&page, |form| form.get("aria-label") == Some("Actions"));
    let open = ada.get(&actions.address("", &[("dialog", "rotate")])).await;
    assert_eq!(Form::with_id(&open, "close-rotate-key").action, detail);
    let refused = Form::with_id(&open, "rotate-form")
        .post(&ada, &[("grace", "999")])
        .await;
    assert_eq!(refused.status, 422);
    assert_eq!(Form::with_id(&refused, "close-rotate-key").action, detail);
}

both!(
    a_new_key_that_is_not_among_the_rows_is_told_of,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let theirs = world.person("Bea Reef").await.made("theirs").await.id;
        let id = ada.made("new & <b>").await.id;
        let page = async |query: &str| ada.get(&format!("{}?{query}", ada.keys())).await;
        for query in [
            format!("status=expired&created={id}"),
            format!("search=zzz&created={id}"),
        ] {
            let page = page(&query).await;
            let told = page.id(&format!("key-{id}"));
            assert_eq!(
                (told.name.as_str(), told.get("tabindex")),
                ("p", Some("-1")),
                "{query}"
            );
            assert!(page.text().contains(ELSEWHERE), "{query}");
            let href = format!("{}/{id}", ada.keys());
            let named = page.select(&format!("#key-{id} a[href='{href}'] bdi"));
            assert_eq!(
                named.iter().map(Part::text).collect::<Vec<_>>(),
                ["new & <b>"],
                "{query}"
            );
        }
        let absent = "00000000-0000-4000-8000-000000000000";
        for query in [
            format!("created={id}"),
            format!("search=zzz&changed={id}"),
            format!("search=zzz&created={theirs}"),
            format!("search=zzz&created={absent}"),
            "search=zzz&created=x".to_owned(),
            "search=zzz&created=".to_owned(),
        ] {
            let page = page(&query).await;
            assert_eq!(page.status, 200, "{query}");
            assert!(!page.text().contains(ELSEWHERE), "{query}");
        }
        // A URL in the browser's history shows the current state only.
        assert_eq!(ada.revoke(&[&id]).await.status, 200);
        assert!(
            !page(&format!("search=zzz&created={id}"))
                .await
                .text()
                .contains(ELSEWHERE)
        );
    }
);
