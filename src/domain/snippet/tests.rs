use super::*;
use crate::domain::catalog::Preset;
use std::sync::LazyLock;

const BASE: &str = "https://k.example";

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(Catalog::vendor);

/// A catalogue with these routes, in the scopes `a` to `d`.
fn catalog(routes: &[(&str, &str, &str)]) -> Catalog {
    let preset = Preset {
        id: "all".to_owned(),
        label: "All".to_owned(),
        description: "All".to_owned(),
        scopes: vec!["a".to_owned()],
    };
    let scopes = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let owned =
        |&(method, path, scope): &(&str, &str, &str)| (method.to_owned(), path.to_owned(), scope.to_owned());
    Catalog::new(scopes, vec![preset], routes.iter().map(owned).collect()).expect("a catalogue")
}

/// The test command of a key, which is the tab `cURL`.
fn curl(catalog: &Catalog, scopes: &[&str]) -> Option<Snippet> {
    let scopes = scopes.iter().copied().collect();
    let snippets = snippets("BabySea", BASE, catalog, &scopes, false);
    snippets.into_iter().find(|snippet| snippet.label == "cURL")
}

#[test]
fn every_scope_of_the_vendor_has_a_call_of_its_package() {
    for call in &VENDOR {
        assert!(BUILT_IN.route(call.method, call.path).is_some(), "{}", call.path);
    }
    for scope in &BUILT_IN.scopes {
        let call = Call::of(&BUILT_IN, &[scope.as_str()].into_iter().collect()).expect(scope);
        assert!(call.sdk.is_some(), "{scope}");
        assert_eq!(*call.route.scope, **scope);
    }
}

#[test]
fn a_preset_is_tried_on_a_route_it_allows() {
    for (preset, path, code) in [
        ("full_access", "/v1/status", "200"),
        (
            "generate_only",
            "-X POST https://k.example/v1/generate/image/bfl/flux-schnell",
            "501",
        ),
        ("read_only", "/v1/status", "200"),
        ("monitor_only", "/v1/health/storage", "501"),
    ] {
        let preset = BUILT_IN.preset(preset).expect(preset);
        let scopes: Vec<_> = preset.scopes.iter().map(String::as_str).collect();
        let trial = curl(&BUILT_IN, &scopes).expect("a command");
        assert!(trial.text.contains(path), "{}", trial.text);
        assert!(
            trial.note.starts_with(&format!("You should see {code} ")),
            "{}",
            trial.note
        );
        let scopes = scopes.into_iter().collect();
        for snippet in snippets("BabySea", BASE, &BUILT_IN, &scopes, true) {
            assert_eq!(snippet.note.contains("403 BSE1007"), snippet.label == "cURL");
            assert!(snippet.text.contains(KEY), "{}", snippet.label);
        }
    }
}

#[test]
fn under_another_catalogue_the_call_is_one_of_its_own() {
    let other = catalog(&[
        ("GET", "/v1/status", "d"),
        ("GET", "/v1/usage", "c"),
        ("DELETE", "/things/{thing}", "a"),
        ("PUT", "/things/{thing}", "a"),
        ("GET", "/things/first", "b"),
        ("GET", "/things/{thing}", "b"),
        ("GET", "/v1/models/{model_identifier}", "b"),
    ]);
    for (scopes, command, expected) in [
        (
            &["d"][..],
            "curl -i https://k.example/v1/status ",
            "You should see 200 and “",
        ),
        (
            &["c"],
            "curl -i https://k.example/v1/usage ",
            "You should see 200 and the data",
        ),
        (
            &["a"],
            "curl -i -X PUT https://your-api.example/things/example ",
            "Put the address of your API",
        ),
        (
            &["a", "b"],
            "curl -i https://your-api.example/things/first ",
            "Put the address of your API",
        ),
    ] {
        let trial = curl(&other, scopes).expect("a command");
        assert!(trial.text.starts_with(command), "{}", trial.text);
        assert!(trial.note.starts_with(expected), "{}", trial.note);
    }
    let below = catalog(&[("GET", "/v1/models/{model_identifier}", "b")]);
    let trial = curl(&below, &["b"]).expect("a command");
    assert!(trial.text.contains(" https://k.example/v1/models/example/model "));
    assert!(trial.note.starts_with("You should see 501"), "{}", trial.note);
    let labels = |scope| {
        let snippets = snippets("BabySea", BASE, &below, &[scope].into_iter().collect(), false);
        snippets
            .into_iter()
            .map(|snippet| snippet.label)
            .collect::<Vec<_>>()
    };
    let anywhere = [".env", "Secrets manager"];
    assert_eq!(
        labels("b"),
        [&["TypeScript", "cURL", "Python"][..], &anywhere].concat()
    );
    assert_eq!(labels("a"), anywhere, "nothing to call");
}

#[test]
fn a_route_that_an_earlier_one_hides_is_not_tried() {
    let hidden = catalog(&[("GET", "/v1/{thing}", "a"), ("GET", "/v1/example", "b")]);
    assert!(curl(&hidden, &["b"]).is_none());
    let kept = catalog(&[("POST", "/v1/keys/report-leak", "a")]);
    assert!(curl(&kept, &["a"]).is_none());
}

#[test]
fn what_a_shell_would_read_otherwise_is_quoted() {
    let odd = catalog(&[("GET", "/v1/$HOME&it's", "a")]);
    let trial = curl(&odd, &["a"]).expect("a command");
    let command = r"curl -i 'https://k.example/v1/$HOME&it'\''s' ";
    assert!(trial.text.starts_with(command), "{}", trial.text);
}

#[test]
fn variables_are_named_after_the_brand() {
    let below = catalog(&[("GET", "/v1/models/{model_identifier}", "b")]);
    for (brand, variable, vault) in [
        ("BabySea", "BABYSEA_API_KEY=", "secret/babysea "),
        ("Weather & Vane", "WEATHER_VANE_API_KEY=", "secret/weather_vane "),
        ("4front", "_4FRONT_API_KEY=", "secret/_4front "),
        ("Übung", "BUNG_API_KEY=", "secret/bung "),
        ("天気", "API_KEY=", "secret/api "),
    ] {
        let snippets = snippets(brand, BASE, &below, &["b"].into_iter().collect(), false);
        let all: String = snippets.into_iter().map(|snippet| snippet.text + "\n").collect();
        assert!(
            all.lines().any(|line| line.starts_with(variable)),
            "{brand}: {all}"
        );
        assert!(all.contains(vault), "{brand}: {all}");
        let foreign = all.to_lowercase().contains("babysea");
        assert_eq!(foreign, brand == "BabySea", "{brand}: {all}");
    }
}
