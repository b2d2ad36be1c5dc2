//! Pages themselves: which exist, and their methods.

use crate::{
    browser::{call, form, get},
    world::{PASSWORD, World},
};

#[tokio::test]
async fn every_page_has_a_title_a_heading_and_a_main_part() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for (path, title, heading) in [
        ("/sign-in", "Sign in", "Sign in"),
        ("/sign-up", "Create account", "Create account"),
        ("/home/ada-moss/api-keys", "API keys · Ada Moss", "API keys"),
        (
            "/home/ada-moss/api-keys?dialog=create&full=1",
            "API keys · Ada Moss",
            "API keys",
        ),
        ("/home/ada-moss/scopes", "Scopes", "Scopes"),
        ("/home/create-team", "Create team", "Create team"),
        ("/nowhere", "Page not found", "Page not found"),
        ("/home/nowhere/api-keys", "Page not found", "Page not found"),
    ] {
        let page = ada.get(path).await;
        let tags = page.tags();
        let all = |name: &str| -> Vec<&str> {
            tags.iter()
                .filter(|tag| tag.name == name)
                .map(|tag| tag.text.as_str())
                .collect()
        };
        assert_eq!(
            all("title"),
            [format!("{title} · {}", world.app.config.brand)],
            "{path}"
        );
        assert_eq!(all("h1"), [heading], "{path}");
        assert_eq!(all("main").len(), 1, "{path}");
        assert!(
            tags.iter()
                .any(|tag| tag.name == "html" && tag.get("lang") == Some("en")),
            "{path}"
        );
        let mut ids: Vec<_> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{path}: an id twice");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for path in [
        "/",
        "/sign-in",
        "/sign-up",
        "/home/ada-moss/api-keys",
        "/home/nowhere/api-keys",
        "/nowhere",
        "/favicon.svg",
        "/robots.txt",
        "/healthz",
    ] {
        let (get, head) = (ada.get(path).await, ada.send(call("HEAD", path)).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in ["content-type", "cache-control", "location", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn pages_accept_only_their_methods() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for (method, path, status) in [
        ("POST", "/", 405),
        ("GET", "/sign-out", 405),
        ("PUT", "/sign-in", 405),
        ("DELETE", "/home/ada-moss/api-keys", 405),
        ("GET", "/sign-in/", 404),
        ("GET", "/home/", 404),
        ("GET", "/home/ada-moss", 404),
        ("GET", "/home/ada-moss/api-keys/", 404),
        ("GET", "/home/%2e%2e/api-keys", 404),
        ("GET", "/home/%ff/api-keys", 400),
        ("POST", "/nowhere", 404),
    ] {
        let answer = ada.send(call(method, path).own_page()).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
    }
    assert!(ada.is_signed_in().await, "no GET signs out");
}

#[tokio::test]
async fn odd_queries_are_no_server_error() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    for query in [
        "?next=%ff",
        "?next=a&next=b",
        "?dialog=%00",
        "?dialog=create&dialog=create",
        "?created=%22%3E%3Cscript%3E",
        "?&&==",
        "?%",
    ] {
        for path in ["/sign-in", "/sign-up", "/home/ada-moss/api-keys", "/nowhere"] {
            let answer = ada.get(&format!("{path}{query}")).await;
            assert!(answer.status < 500, "{path}{query}: {}", answer.status);
            assert!(!answer.text().contains("\"><script>"), "{path}{query}");
        }
    }
}

#[tokio::test]
async fn pages_take_forms_of_one_media_type() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let sent = async |path: &str, media_type: &str| {
        let call = call("POST", path).own_page().body(media_type, "email=a");
        ada.send(call).await.status
    };
    for path in [
        "/sign-in",
        "/sign-up",
        "/theme",
        "/home/create-team",
        "/home/ada-moss/api-keys",
    ] {
        for media_type in [
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/json",
            "application/x-www-form-urlencodedx",
        ] {
            assert_eq!(sent(path, media_type).await, 415, "{media_type} {path}");
        }
        // Server functions accept the same types for the same fields.
        let expected = sent(path, "application/x-www-form-urlencoded").await;
        assert!(matches!(expected, 303 | 401 | 422), "{path}: {expected}");
        for media_type in [
            "Application/X-WWW-Form-UrlEncoded",
            "application/x-www-form-urlencoded ; charset=UTF-8",
        ] {
            assert_eq!(sent(path, media_type).await, expected, "{media_type} {path}");
        }
    }
}

#[tokio::test]
async fn an_unavailable_database_is_reported_without_its_own_message() {
    let world = World::sqlite().await;
    let ada = world.person("Ada Moss").await;
    let keys = ada.keys();
    world.app.store.close().await;
    let fields = [
        ("name", "Bea Reef"),
        ("email", "bea@example.com"),
        ("password", PASSWORD),
    ];
    let mut calls = vec![get("/"), get(&keys), form(&keys, &fields)];
    for path in [
        "/sign-in",
        "/sign-up",
        "/api/session/sign-in",
        "/api/session/sign-up",
        "/api/keys/create",
    ] {
        calls.push(form(path, &fields));
    }
    for call in calls {
        let path = call.path().to_owned();
        let answer = ada.send(call).await;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, "2"),
            "{path}: {}",
            answer.text()
        );
        for word in ["sqlx", "pool", "Pool", "SQL", "sqlite", "/tmp", "src/", PASSWORD] {
            assert!(!answer.text().contains(word), "{path} {word}: {}", answer.text());
        }
        assert_eq!(
            answer.all("set-cookie"),
            Vec::<&str>::new(),
            "{path}: the person stays signed in"
        );
    }
    // Pages that need no database still work.
    assert_eq!(world.anonymous().get("/sign-in").await.status, 200);
    assert_eq!(world.anonymous().get("/favicon.svg").await.status, 200);
}
