//! Teams: creating them, adding members, and switching between accounts (S60).

use crate::{
    answer::Answer,
    browser::{Browser, get},
    database::{Database, both},
    world::{PASSWORD, Setup, World, all},
};
use babysea::domain::role::Role;
use serde_json::json;

const TEAMS: &str = "SELECT COUNT(*) FROM accounts WHERE kind = 'team'";

/// Posts the page's form without scripts.
async fn post(browser: &Browser<'_>, name: &str) -> Answer {
    browser.post("/home/create-team", &[("name", name)]).await
}

/// Sends it with scripts.
async fn call(browser: &Browser<'_>, name: &str) -> Answer {
    browser.post("/api/teams/create", &[("name", name)]).await
}

fn limited(arguments: &'static [&'static str]) -> Setup {
    Setup {
        arguments,
        ..Setup::default()
    }
}

/// The accounts in the switcher: slug, name, role, and whether it is the current one.
fn switcher(page: &Answer) -> Vec<(String, String, String, bool)> {
    let links = page.select("#accounts ul a");
    links
        .iter()
        .map(|link| {
            let inside = |name: &str| {
                let tag = link.inside.iter().find(|tag| tag.name == name);
                tag.expect(name).text.clone()
            };
            let slug = link.tag.get("href").and_then(|href| href.split('/').nth(2));
            (
                slug.expect("a slug").to_owned(),
                inside("bdi"),
                inside("small"),
                link.tag.get("aria-current").is_some(),
            )
        })
        .collect()
}

both!(
    a_team_is_created_through_either_entry_point,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let made = post(&ada, " Reef Lab ").await;
        assert_eq!(
            (made.status, made.location()),
            (303, "/home/reef-lab/api-keys#status")
        );
        let made = call(&ada, "Tide Lab").await;
        assert_eq!(
            (made.status, made.json()),
            (200, json!("/home/tide-lab/api-keys#status"))
        );
        assert_eq!(world.database.number(TEAMS).await, 2);
        // The creator is its primary owner, without a membership row.
        assert_eq!(world.database.number("SELECT COUNT(*) FROM memberships").await, 0);
        let page = ada.get("/home/tide-lab/api-keys").await;
        assert!(page.text().contains("Team · primary owner"), "{}", page.text());
        let key = ada.at("tide-lab").key("prod", "full_access").await;
        let account = world.send(get("/v1/user/account").bearer(&key)).await.json();
        assert_eq!(account["data"]["account_name"], "Tide Lab");
        assert_eq!(account["data"]["account_is_personal"], false);
        assert_eq!(
            account["data"]["account_email"],
            json!(null),
            "a key tells no address"
        );
        // It has keys of its own.
        assert_eq!(
            ada.get("/home/reef-lab/api-keys").await.names(),
            Vec::<String>::new()
        );
    }
);

#[tokio::test]
async fn a_team_is_for_people_who_are_signed_in() {
    let world = World::sqlite().await;
    let nobody = world.anonymous();
    let page = nobody.get("/home/create-team").await;
    assert_eq!(
        (page.status, page.location()),
        (303, "/sign-in?next=%2Fhome%2Fcreate-team")
    );
    assert_eq!(post(&nobody, "Reef Lab").await.status, 303);
    assert_eq!(call(&nobody, "Reef Lab").await.status, 401);
    assert_eq!(world.database.number(TEAMS).await, 0);
}

both!(
    every_team_has_an_address_of_its_own,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let bea = world.person("Bea Reef").await;
        assert_eq!(ada.team("Reef Lab").await.slug, "reef-lab");
        for (name, begin) in [
            ("Reef Lab", "reef-lab-"),
            // The slug of another person's personal account.
            ("Bea Reef", "bea-reef-"),
            // The path of another page.
            ("Create Team", "create-team-"),
            ("profile", "profile-"),
        ] {
            let slug = bea.team(name).await.slug;
            let end = slug.strip_prefix(begin).unwrap_or_else(|| panic!("{slug}"));
            assert!(
                end.len() == 5 && end.bytes().all(|b| b.is_ascii_alphanumeric()),
                "{slug}"
            );
        }
        assert_eq!(bea.team("李雷").await.slug, "li-lei");
        assert_eq!(bea.team("!?").await.slug, "account");
        assert_eq!(bea.get("/home/create-team").await.status, 200);
    }
);

#[tokio::test]
async fn an_invalid_name_is_shown_at_its_field_and_kept() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let (longest, long) = ("ü".repeat(64), "ü".repeat(65));
    for (name, sentence) in [
        ("", "Enter a name."),
        (
            " \u{200D} ",
            "The name starts with an invisible character (U+200D). Delete it.",
        ),
        (
            "Reef\u{202E}Lab",
            "The name has an invisible character (U+202E) after \"Reef\". Delete it.",
        ),
        (
            "Reef\0Lab",
            "The name has an invisible character (U+0000) after \"Reef\". Delete it.",
        ),
        (&long, "Use at most 64 characters; this name has 65."),
    ] {
        let page = post(&ada, name).await;
        assert_eq!(
            (page.status, page.field_error("name")),
            (422, sentence.to_owned()),
            "{name}"
        );
        if !name.contains('\0') {
            assert_eq!(page.field("name"), name);
        }
        let called = call(&ada, name).await;
        assert_eq!(
            (called.status, called.json()["fields"].clone()),
            (422, json!([["name", sentence]]))
        );
    }
    assert_eq!(world.database.number(TEAMS).await, 0);
    assert_eq!(post(&ada, &longest).await.status, 303);
}

both!(a_person_is_in_so_many_accounts, async |database: Database| {
    let world = World::with(database, limited(&["--max-accounts", "3"])).await;
    let (ada, bea) = (world.person("Ada Moss").await, world.person("Bea Reef").await);
    // The personal account, a team of hers, and a team that another person added her to.
    ada.team("One").await;
    let theirs = bea.team("Two").await;
    world
        .add_member(&theirs.slug, &ada.email, Role::Member)
        .await
        .expect("the third");
    for (answer, sentence) in [
        (post(&ada, "Four").await, "You are already in 3 accounts"),
        (call(&ada, "Four").await, "You are already in 3 accounts"),
    ] {
        assert_eq!(answer.status, 409);
        assert!(answer.text().contains(sentence), "{}", answer.text());
    }
    assert_eq!(
        post(&ada, "Four").await.field("name"),
        "Four",
        "what was typed stays"
    );
    assert_eq!(world.database.number(TEAMS).await, 2);
    let third = bea.team("Three").await;
    let refused = world.add_member(&third.slug, &ada.email, Role::Owner).await;
    let sentence = refused.expect_err("a fourth").to_string();
    assert!(sentence.contains("is in 3 accounts"), "{sentence}");
});

both!(
    parallel_forms_make_no_more_teams_than_there_may_be,
    async |database: Database| {
        let world = World::with(database, limited(&["--max-accounts", "3"])).await;
        let ada = world.person("Ada Moss").await;
        let copies: Vec<_> = (0..8).map(|_| ada.copy()).collect();
        let answers = all(copies.iter().enumerate().map(|(n, copy)| async move {
            let name = format!("Team {n}");
            if n % 2 == 0 {
                post(copy, &name).await.status
            } else {
                // The same status for both entry points.
                call(copy, &name).await.status.max(303)
            }
        }))
        .await;
        let count = |status| answers.iter().filter(|&&answer| answer == status).count();
        assert_eq!((count(303), count(409)), (2, 6), "{answers:?}");
        assert_eq!(world.database.number(TEAMS).await, 2);
    }
);

both!(
    people_are_added_who_signed_up_and_are_not_in_it,
    async |database: Database| {
        let world = World::with(database, limited(&["--max-members", "3"])).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        let people = ["Oda Fjord", "Max Tarn", "Xan Loch"];
        for name in people {
            world.person(name).await;
        }
        let added = async |account: &str, email: &str, role| {
            let added = world.add_member(account, email, role).await;
            added.map_err(|error| error.to_string())
        };
        for (account, email, role, part) in [
            (
                "nowhere",
                "oda-fjord@example.com",
                Role::Owner,
                "there is no account nowhere",
            ),
            (
                "pia-reef",
                "oda-fjord@example.com",
                Role::Owner,
                "only teams have members",
            ),
            (
                "reef-lab",
                "nobody@example.com",
                Role::Member,
                "there is no person with the email nobody@example.com",
            ),
            ("reef-lab", "oda", Role::Member, "is not an email address"),
            (
                "reef-lab",
                "pia-reef@example.com",
                Role::Member,
                "is the primary owner",
            ),
        ] {
            let refused = added(account, email, role).await.expect_err(part);
            assert!(refused.contains(part), "{refused}");
        }
        // A team has one primary owner: the database itself knows no other.
        assert!(
            added("reef-lab", "oda-fjord@example.com", Role::PrimaryOwner)
                .await
                .is_err()
        );
        let count = "SELECT COUNT(*) FROM memberships";
        assert_eq!(world.database.number(count).await, 0);

        // An email identifies one person, in any case.
        added("reef-lab", "ODA-Fjord@example.com", Role::Owner)
            .await
            .expect("the first");
        let twice = added("reef-lab", "oda-fjord@example.com", Role::Member).await;
        assert!(twice.is_err_and(|refused| refused.contains("is in reef-lab already")));
        added("reef-lab", "max-tarn@example.com", Role::Member)
            .await
            .expect("the third with its primary owner");
        let full = added("reef-lab", "xan-loch@example.com", Role::Member).await;
        assert!(full.is_err_and(|refused| refused.contains("has 3 members")));
        assert_eq!(world.database.number(count).await, 2);
        assert_eq!(team.get(&team.keys()).await.status, 200);
    }
);

both!(
    added_at_once_a_team_has_no_more_members_than_it_may,
    async |database: Database| {
        let world = World::with(database, limited(&["--max-members", "3"])).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        let mut people = Vec::new();
        for n in 0..6 {
            people.push(world.person(&format!("Member {n}")).await.email.clone());
        }
        let (world, slug) = (&world, &team.slug);
        let added = all(people
            .iter()
            .map(|email| world.add_member(slug, email, Role::Member)))
        .await;
        assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 2);
        for refused in added.into_iter().filter_map(Result::err) {
            assert!(refused.to_string().contains("has 3 members"), "{refused}");
        }
        assert_eq!(world.database.number("SELECT COUNT(*) FROM memberships").await, 2);
    }
);

both!(
    the_start_leads_to_the_account_that_was_seen_last,
    async |database: Database| {
        let world = World::on(database).await;
        let team = world.person("Pia Reef").await.team("Reef Lab").await;
        let max = world.member("Max Tarn", &team.slug, Role::Member).await;
        let home = async || max.get("/").await.location().to_owned();
        assert_eq!(home().await, "/home/max-tarn/api-keys", "their own at first");
        for slug in ["reef-lab", "max-tarn", "reef-lab"] {
            assert_eq!(max.get(&format!("/home/{slug}/api-keys")).await.status, 200);
            assert_eq!(home().await, format!("/home/{slug}/api-keys"));
        }
        // A visit to an account of others is not recorded.
        max.get("/home/pia-reef/api-keys").await;
        assert_eq!(home().await, "/home/reef-lab/api-keys");
        // The same in another browser of that person.
        let other = world.anonymous();
        let signed_in = other.sign_in("max-tarn@example.com", PASSWORD).await;
        assert_eq!(signed_in.location(), "/home/reef-lab/api-keys");
        // After their removal, they get their personal account.
        world.database.execute("DELETE FROM memberships").await;
        assert_eq!(home().await, "/home/max-tarn/api-keys");
        assert_eq!(max.get("/home/create-team").await.status, 200);
    }
);

both!(
    the_switcher_lists_every_account_of_its_reader,
    async |database: Database| {
        let world = World::on(database).await;
        let pia = world.person("Pia Reef").await;
        let (reef, tide) = (pia.team("reef lab").await, pia.team("Tide Lab").await);
        pia.team("Zest").await;
        let max = world.member("Max Tarn", &tide.slug, Role::Owner).await;
        world
            .add_member(&reef.slug, &max.email, Role::Member)
            .await
            .expect("added");
        let page = max.get(&max.keys()).await;
        let row = |slug: &str, name: &str, about: &str, current| {
            (slug.to_owned(), name.to_owned(), about.to_owned(), current)
        };
        assert_eq!(
            switcher(&page),
            [
                row("max-tarn", "Max Tarn", "Personal account", false),
                row("reef-lab", "reef lab", "Team · member", false),
                row("tide-lab", "Tide Lab", "Team · owner", true),
            ]
        );
        assert!(page.text().contains("href=\"/home/create-team\""));
        assert!(!page.text().contains("Zest"), "a team of others");
    }
);
