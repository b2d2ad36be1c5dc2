//! Just enough of HTML to ask a page what is on it.

/// An opening tag, with the text up to the next tag.
#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
}

impl Tag {
    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(name, _)| name == attribute)
            .map(|(_, value)| value.as_str())
    }
}

/// Every opening tag of a page, in order.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (tag, after) = tag(rest);
            rest = after;
            tags.push(tag);
        }
    }
    tags
}

fn tag(source: &str) -> (Tag, &str) {
    let end = source.find([' ', '\n', '\t', '>', '/']).unwrap_or(source.len());
    let (name, mut rest) = source.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', '\t', '/']);
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        if rest.is_empty() {
            break;
        }
        let end = rest.find([' ', '\n', '\t', '>', '=']).unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end);
        let value = match after.strip_prefix('=') {
            None => {
                rest = after;
                ""
            }
            Some(value) => {
                let (value, after) = match value.chars().next() {
                    Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).expect("a quoted value ends"),
                    _ => value.split_at(value.find([' ', '>']).unwrap_or(value.len())),
                };
                rest = after;
                value
            }
        };
        attributes.push((attribute.to_owned(), decode(value)));
    }
    // The text of a script may hold anything but its own end.
    let end = match name {
        "script" | "style" | "textarea" => rest.find(&format!("</{name}")),
        _ => rest.find('<'),
    };
    let (text, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let tag = Tag {
        name: name.to_owned(),
        attributes,
        text: decode(text),
    };
    (tag, rest)
}

fn decode(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// The text of a part of a page that begins outside of any tag.
pub fn without_tags(html: &str) -> String {
    let pieces = html.split('>').filter_map(|piece| piece.split('<').next());
    decode(&pieces.collect::<String>())
}

#[test]
fn tags_of_a_page() {
    let page = r#"<!DOCTYPE html><p class="a &amp; b" hidden>x<!--<b>--></p><script nonce=n>if (1 < 2) {}</script><br/>"#;
    let seen: Vec<_> = tags(page)
        .into_iter()
        .map(|tag| (tag.name, tag.attributes, tag.text))
        .collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        seen,
        [
            (
                "p".to_owned(),
                vec![pair("class", "a & b"), pair("hidden", "")],
                "x".to_owned()
            ),
            (
                "script".to_owned(),
                vec![pair("nonce", "n")],
                "if (1 < 2) {}".to_owned()
            ),
            ("br".to_owned(), vec![], String::new()),
        ]
    );
}
