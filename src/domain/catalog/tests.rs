//! Tests of catalogues.

use super::*;
use std::sync::LazyLock;

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(Catalog::vendor);

#[test]
fn a_route_is_open_to_the_keys_with_its_scope() {
    for scope in &BUILT_IN.scopes {
        let grants = BUILT_IN.grants(&[scope.as_str(), "of:another"].into_iter().collect());
        for route in &BUILT_IN.routes {
            assert_eq!(
                grants.open(route),
                *route.scope == **scope,
                "{scope} {}",
                route.pattern
            );
        }
    }
}

#[test]
fn paths_find_their_route() {
    let scope = |method, path| BUILT_IN.route(method, path).map(|route| route.scope.to_string());
    for (method, path, needed) in [
        ("GET", "/v1/status", "account:read"),
        ("HEAD", "/v1/status", "account:read"),
        ("POST", "/v1/generate/image/bfl/flux-schnell", "generation:write"),
        ("DELETE", "/v1/content/7", "generation:delete"),
        ("GET", "/v1/content/list", "generation:read"),
    ] {
        assert_eq!(scope(method, path).as_deref(), Some(needed), "{method} {path}");
    }
    for (method, path) in [
        ("POST", "/v1/status"),
        ("GET", "/v1/status/"),
        ("GET", "/v1/statuses"),
        ("GET", "/v1"),
        ("GET", "/v1/content/"),
        ("POST", "/v1/generate/image/bfl"),
        ("POST", "/v1/generate/image/bfl/"),
        ("POST", "/v1/generate/image/bfl/flux/schnell"),
        ("get", "/v1/status"),
    ] {
        assert_eq!(scope(method, path), None, "{method} {path}");
    }
}

#[test]
fn a_path_without_a_route_says_what_is_near() {
    for (path, near) in [
        (
            "/v1/status",
            NearMiss::Methods(vec!["GET".to_owned(), "HEAD".to_owned()]),
        ),
        (
            "/v1/generate/image/bfl/flux",
            NearMiss::Methods(vec!["POST".to_owned()]),
        ),
        ("/v1/status/", NearMiss::SlashAtEnd),
        ("/v1/Status", NearMiss::LetterCase),
        ("/V1/generate/image/bfl/flux", NearMiss::LetterCase),
        ("/v1/nowhere", NearMiss::None),
        ("/", NearMiss::None),
        ("", NearMiss::None),
    ] {
        assert_eq!(BUILT_IN.near_miss(path), near, "{path}");
    }
}

#[test]
fn permissions_in_words() {
    let label = |preset: &str, scopes: &str| BUILT_IN.permissions_label(preset, &Scopes::from_stored(scopes));
    assert_eq!(label("read_only", "account:read"), "Read Only");
    assert_eq!(label(CUSTOM, "account:read"), "Custom (1 scope)");
    assert_eq!(label(CUSTOM, ""), "Custom (0 scopes)");
    assert_eq!(
        label("of_old", "a b"),
        "of_old (2 scopes)",
        "no longer in the catalogue"
    );
    for scope in &BUILT_IN.scopes {
        let routes: Vec<_> = BUILT_IN.routes_of(scope).collect();
        assert!(
            !routes.is_empty() && routes.iter().all(|route| *route.scope == **scope),
            "{scope}"
        );
    }
    assert_eq!(BUILT_IN.routes_of("a:b").count(), 0);
}

#[test]
fn custom_scopes_are_known_and_at_least_one() {
    let custom = |chosen: &[&str]| {
        BUILT_IN
            .custom(chosen.iter().copied())
            .map(|scopes| scopes.to_string())
    };
    assert_eq!(
        custom(&["library:read", "account:read", "library:read"]),
        Ok("account:read library:read".to_owned())
    );
    assert!(custom(&[]).is_err());
    for unknown in ["", "account:write", "account:read library:read", "Account:read"] {
        assert!(custom(&["account:read", unknown]).is_err(), "{unknown:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_choice_of_known_scopes_is_kept_as_it_is(chosen in proptest::collection::vec(0..6_usize, 1..12)) {
        let chosen: Vec<&str> = chosen.into_iter().map(|n| BUILT_IN.scopes[n].as_str()).collect();
        let scopes = BUILT_IN.custom(chosen.iter().copied()).expect("known scopes");
        for scope in &BUILT_IN.scopes {
            proptest::prop_assert_eq!(scopes.contains(scope), chosen.contains(&scope.as_str()));
        }
        proptest::prop_assert_eq!(Scopes::from_stored(&scopes.to_string()), scopes);
    }

    #[test]
    fn no_other_scope_is_taken(other in "\\PC{0,20}") {
        proptest::prop_assume!(!BUILT_IN.scopes.contains(&other));
        proptest::prop_assert!(BUILT_IN.custom([other.as_str()]).is_err());
    }
}
