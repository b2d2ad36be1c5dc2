//! What a link of another site cannot do to a person who follows it: make an export (S61), or move where `/` leads.

use crate::{
    browser::{call, get},
    database::{Database, both},
    world::World,
};

const SITE: &str = "sec-fetch-site";
const EXPORTS: &str = "SELECT COUNT(*) FROM activity WHERE action = 'activity.exported'";

both!(
    a_link_of_another_site_makes_no_export,
    async |database: Database| {
        let world = World::on(database).await;
        let ada = world.person("Ada Moss").await;
        let activity = format!("/home/{}/activity", ada.slug);
        for format in ["csv", "json"] {
            let export = format!("{activity}/export?format={format}");
            for site in ["cross-site", "same-site", "odd"] {
                let refused = ada.send(get(&export).header(SITE, site)).await;
                assert_eq!(refused.status, 403, "{site}");
                assert_eq!(refused.header("content-disposition"), "", "{site}");
                assert_eq!(refused.select("h1")[0].text(), "The export was not made");
                let link = &refused.select("main a")[0];
                assert_eq!(link.tag.get("href"), Some(activity.as_str()));
            }
            // Signed out, nor does signing in make it.
            let to_sign_in = world.anonymous().get(&export).await;
            let next = format!("/sign-in?next=%2Fhome%2F{}%2Factivity", ada.slug);
            assert_eq!((to_sign_in.status, to_sign_in.location()), (303, next.as_str()));
            let fields = [
                ("email", ada.email.as_str()),
                ("password", crate::world::PASSWORD),
                ("next", &export),
            ];
            let entered = world.anonymous().post("/sign-in", &fields).await;
            assert_eq!((entered.status, entered.location()), (303, ada.keys().as_str()));
            let head = ada.send(call("HEAD", &export).header(SITE, "same-origin")).await;
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert!(head.header("content-disposition").contains(format), "{format}");
        }
        assert_eq!(world.database.number(EXPORTS).await, 0);
        for headers in [&[][..], &["same-origin"], &["none"]] {
            let export = get(&format!("{activity}/export?format=csv"));
            let export = headers.iter().fold(export, |call, site| call.header(SITE, site));
            assert_eq!(ada.send(export).await.status, 200, "{headers:?}");
        }
        assert_eq!(
            world.database.number(EXPORTS).await,
            1,
            "repeats are counted in one entry"
        );
    }
);

both!(a_link_of_another_site_is_no_visit, async |database: Database| {
    let world = World::on(database).await;
    let ada = world.person("Ada Moss").await;
    let team = ada.team("Reef Studio").await;
    assert_eq!(ada.get(&ada.keys()).await.status, 200);
    let home = async || ada.get("/").await.location().to_owned();
    for followed in [
        get(&team.keys()).header(SITE, "cross-site"),
        get(&team.keys()).header(SITE, "same-site"),
        get(&format!("{}/nowhere", team.keys())).header(SITE, "cross-site"),
        call("HEAD", &team.keys()).header(SITE, "same-origin"),
        // An error is no visit.
        get(&format!("{}/nowhere", team.keys())),
    ] {
        let case = format!("{} {}", followed.method(), followed.address());
        assert!(matches!(ada.send(followed).await.status, 200 | 404), "{case}");
        assert_eq!(home().await, ada.keys(), "{case}");
        world.app.recorder.flush().await;
        assert_eq!(home().await, ada.keys(), "{case}");
    }
    // A bookmark is.
    assert_eq!(ada.send(get(&team.keys()).header(SITE, "none")).await.status, 200);
    assert_eq!(home().await, team.keys());
});

#[tokio::test]
async fn what_is_not_ones_own_is_the_same_page_with_every_search() {
    let world = World::sqlite().await;
    let (ada, bea) = (world.person("Ada Moss").await, world.person("Bea Reef").await);
    let key = bea.key("prod", "full_access").await;
    for slug in [
        bea.slug.as_str(),
        "nobody",
        "%0a",
        "%00",
        "%7f",
        "%2f%2fevil.example",
    ] {
        for page in ["activity", "api-keys", "scopes", "guard"] {
            for query in ["", "?search=bye_0123456789ab", &format!("?search={key}")] {
                let answer = ada.get(&format!("/home/{slug}/{page}{query}")).await;
                assert_eq!(answer.status, 404, "{slug} {page} {query}: {}", answer.location());
            }
        }
    }
}
