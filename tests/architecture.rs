//! Checks the layers, read with `syn` from the paths in src, and a few rules about the files of the
//! repository.

#[path = "support/layers.rs"]
mod layers;
#[path = "support/rust_source.rs"]
mod rust_source;

use layers::{layer_of, module_of, wrong_arrows};
use rust_source::Source;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder of the repository with one of these endings: path from the root, and text.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if !path.ends_with("node_modules") {
                    folders.push(path);
                }
            } else if endings
                .iter()
                .any(|ending| path.extension().is_some_and(|own| own == *ending))
            {
                let name = path
                    .strip_prefix(root())
                    .expect("inside the repository")
                    .display()
                    .to_string();
                files.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    files.sort();
    files
}

/// All source files of the repository, without prose.
fn sources() -> Vec<(String, String)> {
    let folders = [
        "src",
        "tests",
        "benches",
        "migrations",
        "scripts",
        "style",
        "end2end",
    ];
    let endings = ["rs", "sql", "sh", "mjs", "scss", "ts"];
    folders
        .iter()
        .flat_map(|folder| files(folder, &endings))
        .collect()
}

#[test]
fn every_dependency_is_allowed_by_the_table() {
    let files = files("src", &["rs"]);
    assert!(files.len() > 60, "src is read");
    let mut wrong = Vec::new();
    for (file, source) in &files {
        wrong.extend(
            wrong_arrows(file, source)
                .iter()
                .map(|target| format!("{file} uses {target}")),
        );
    }
    assert!(
        wrong.is_empty(),
        "arrows that the table does not allow:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_module_of_the_server_has_a_row_of_its_own() {
    for (file, _) in files("src", &["rs"]) {
        let module = module_of(&file);
        let (_, name) = layer_of(&module);
        assert!(
            name != "server" || module == "server",
            "{file}: give it a row in the table of docs/architecture.md"
        );
    }
}

#[test]
fn server_code_is_left_out_of_the_browser_in_one_place() {
    for (file, source) in files("src", &["rs"]) {
        let gates = Source::read(&source).features;
        assert!(
            gates == 0 || file == "src/lib.rs",
            "{file}: the gates on features belong into src/lib.rs"
        );
    }
}

/// Files that may spawn tasks beside `server::runtime::tasks`, and what for: each task is short and ends with
/// its caller.
const SHORT_TASKS: &[(&str, &str)] = &[
    ("src/server/serving.rs", "a connection"),
    ("src/server/secret/password.rs", "a hash"),
    ("src/server/app.rs", "the read of a file"),
    ("src/server/config/catalog_file.rs", "the read of a file"),
    ("src/server/commands/ask.rs", "an answer on the terminal"),
    ("src/server/runtime/files/tests.rs", "a test"),
    (
        "src/server/runtime/quiet_thread.rs",
        "a part of a backup, or of its verification",
    ),
    ("src/server/store/engine/health.rs", "the try of a change"),
    ("src/server/store/journal/aside.rs", "an access to a file"),
    ("src/server/store/engine/long_read.rs", "the end of a connection"),
    ("src/server/store/engine/transaction.rs", "the end of a change"),
];

#[test]
fn long_lived_tasks_are_supervised() {
    let mut starting = Vec::new();
    for (file, source) in files("src", &["rs"]) {
        let is_ui = file.starts_with("src/ui/");
        if is_ui || file == "src/server/runtime/tasks.rs" || file == "src/server/runtime/logging.rs" {
            continue;
        }
        let functions = Source::read(&source).functions;
        if functions.contains("spawn") || functions.contains("spawn_blocking") {
            starting.push(file);
        }
    }
    let mut known: Vec<_> = SHORT_TASKS.iter().map(|(file, _)| (*file).to_owned()).collect();
    known.sort();
    assert_eq!(
        starting, known,
        "start it with Tasks::watch, or say here what ends it"
    );
}

#[test]
fn nothing_prints_but_the_log() {
    for (file, source) in files("src", &["rs"]) {
        let source = Source::read(&source);
        for word in ["print", "println", "eprint", "eprintln", "dbg"] {
            assert!(
                !source.macros.contains(word),
                "{file}: {word}! panics where its output is gone"
            );
        }
        let is_logging = |path: &Vec<String>| {
            path[0] == "leptos" && path.get(1).is_some_and(|name| name.starts_with("log"))
        };
        assert!(
            !source.paths.iter().any(is_logging),
            "{file}: the logging of leptos prints"
        );
    }
}

#[test]
fn no_todo_is_left() {
    // In two parts, so that this file does not contain the words.
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["todo", "!"], ["unimple", "mented!"]].map(|parts| parts.concat());
    for (file, source) in sources() {
        for (n, line) in source.lines().enumerate() {
            let word = words.iter().find(|word| line.contains(*word));
            assert_eq!(word, None, "{file}:{}", n + 1);
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    for (file, source) in sources() {
        let lines = source.lines().count();
        assert!(
            lines <= 400,
            "{file} has {lines} lines: past 400, look for its second subject"
        );
    }
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| -> Vec<String> {
        let files = files(&format!("migrations/{engine}"), &["sql"]);
        files
            .into_iter()
            .map(|(path, _)| path.rsplit('/').next().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

/// The source file with the same name, or for a second file about one component (`kit/table/_cards`) the component's.
#[test]
fn each_style_belongs_to_a_component_and_is_in_the_style_sheet() {
    let main = fs::read_to_string(root().join("style/main.scss")).expect("the style sheet");
    let styles = files("style", &["scss"]);
    assert!(styles.len() > 30, "style is read");
    for (file, _) in &styles {
        let path = file.trim_start_matches("style/").trim_end_matches(".scss");
        let name = match path.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/{}", name.trim_start_matches('_')),
            None => path.trim_start_matches('_').to_owned(),
        };
        if name.starts_with("kit/") || name.starts_with("pages/") {
            let source = root().join("src/ui").join(&name);
            let own = source.with_extension("rs").is_file();
            let second = source
                .parent()
                .filter(|_| name.split('/').count() > 2)
                .is_some_and(|component| component.with_extension("rs").is_file());
            assert!(own || second, "{file} has no component");
        }
        let listed = main.contains(&format!("@forward \"{name}\";"));
        assert!(
            listed || ["main", "tools"].contains(&name.as_str()),
            "{file} is not in style/main.scss"
        );
    }
}

/// The text of a file, or of the tests in it, that docs/security.md names.
fn cited(name: &str) -> Option<String> {
    let path = match (name.strip_suffix(".spec"), name.split_once('/')) {
        (Some(_), _) => format!("end2end/tests/{name}.ts"),
        (None, Some(("integration" | "store", file))) if !file.is_empty() => format!("tests/{name}.rs"),
        _ => return None,
    };
    let text = fs::read_to_string(root().join(&path));
    Some(text.unwrap_or_else(|error| panic!("docs/security.md names {path}: {error}")))
}

#[test]
fn tests_that_the_list_of_security_names_exist() {
    let list = fs::read_to_string(root().join("docs/security.md")).expect("the list");
    let (mut found, mut missing) = (0, Vec::new());
    for line in list.lines().filter(|line| line.starts_with("| S")) {
        let mut within = None;
        let tests = line
            .trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .unwrap_or_default();
        for named in tests.split('`').skip(1).step_by(2) {
            let (file, test) = match named.split_once(": ") {
                Some((file, test)) => (file, Some(test)),
                None if named.contains('_') && !named.contains(['/', ':', '.']) => ("", Some(named)),
                None if named.ends_with("...") => ("", Some(named)),
                None => (named, None),
            };
            if !file.is_empty() {
                within = cited(file);
            }
            if let (Some(test), Some(text)) = (test, &within) {
                found += 1;
                if !text.contains(test.trim_end_matches("...")) {
                    missing.push(format!("{test}: {line}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "not in the file that is named: {missing:#?}");
    assert!(found > 50, "{found}: the list is no longer written like this");
}

#[test]
fn gates_are_counted_in_code_alone() {
    let gates = |source: &str| Source::read(source).features;
    assert_eq!(
        gates(
            "#[cfg(feature = \"ssr\")] mod a; #[cfg(all(unix, feature = \"x\"))] mod b; fn f() { cfg!(feature = \"y\"); }"
        ),
        3
    );
    assert_eq!(
        gates("// cfg(feature = \"ssr\")\nconst A: &str = \"feature = \";"),
        0
    );
}
