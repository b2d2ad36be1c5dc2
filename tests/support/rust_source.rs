//! Reads Rust source as far as its names and paths.

/// The source without comments, the contents of strings, and the tests at its end.
pub fn code(source: &str) -> String {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut code = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
        } else if rest.starts_with("r#\"") {
            code.push_str("\"\"");
            rest = rest[3..].split_once("\"#").map_or("", |(_, after)| after);
        } else if c == '"' {
            code.push_str("\"\"");
            rest = after_string(&rest[1..]);
        } else if let Some(after) = rest.strip_prefix("'\"'") {
            // Of the character literals, only this one could be taken for the beginning of a string.
            rest = after;
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

/// What follows a string whose opening quote is gone.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Names and signs of a piece of code.
pub fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(c) = rest.chars().next() {
        let length = if c.is_alphanumeric() || c == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Every path of the code, as written: those of `use` trees one by one, and those with a `::` elsewhere.
pub fn paths(tokens: &[&str]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `use<..>` in a type says what it captures.
        if tokens[at] == "use" && tokens.get(at + 1) != Some(&"<") {
            at = tree(tokens, at + 1, &[], &mut paths);
        } else if tokens.get(at + 1) == Some(&"::") && is_name(tokens[at]) {
            let mut path = vec![tokens[at].to_owned()];
            while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(|next| is_name(next)) {
                path.push(tokens[at + 2].to_owned());
                at += 2;
            }
            paths.push(path);
            at += 1;
        } else {
            at += 1;
        }
    }
    paths
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads a `use` tree that starts at `at`; returns where it ends.
fn tree(tokens: &[&str], mut at: usize, before: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    while let Some(&token) = tokens.get(at) {
        match token {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|&token| token != "}") {
                    at = tree(tokens, at, &path, paths);
                    at += usize::from(tokens.get(at) == Some(&","));
                }
                return at + 1;
            }
            "as" => at += 2,
            ";" | "," | "}" => break,
            "::" => at += 1,
            name => {
                path.push(name.to_owned());
                at += 1;
            }
        }
    }
    paths.push(path);
    at
}

/// A path as seen from the root of the crate: `crate::` is empty, `super::` one module up.
pub fn resolve(module: &str, path: &[String]) -> (bool, String) {
    let mut base: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    let mut rest = path.iter().map(String::as_str).peekable();
    let mut own = true;
    match rest.peek() {
        Some(&("crate" | "babysea")) => base.clear(),
        Some(&("self" | "super")) => {}
        _ => {
            own = false;
            base.clear();
        }
    }
    while let Some(&word) = rest.peek() {
        match word {
            "crate" | "babysea" | "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        rest.next();
    }
    base.extend(rest.filter(|&word| word != "self"));
    (own, base.join("::"))
}
