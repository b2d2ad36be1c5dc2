//! Reads pages with `scraper`, as browsers do.

use scraper::{ElementRef, Html, Selector};

/// An element's opening tag, and the text up to the next tag.
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

    fn of(element: ElementRef<'_>) -> Self {
        let attributes = element.value().attrs();
        let first = element.first_child();
        let text = first.and_then(|child| child.value().as_text().map(|text| text.to_string()));
        Self {
            name: element.value().name().to_owned(),
            attributes: attributes
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            text: text.unwrap_or_default(),
        }
    }
}

/// An element with its content.
#[derive(Debug)]
pub struct Part {
    pub tag: Tag,
    /// The pieces of its text, in order.
    pub texts: Vec<String>,
    /// The elements inside it, in order.
    pub inside: Vec<Tag>,
    /// Its own HTML.
    pub html: String,
}

impl Part {
    /// All of its text.
    pub fn text(&self) -> String {
        self.texts.concat()
    }
}

/// Every element of a page, in order.
pub fn tags(html: &str) -> Vec<Tag> {
    let page = parse(html);
    elements(&page).map(Tag::of).collect()
}

/// The elements that a CSS selector finds, in order.
pub fn select(html: &str, selector: &str) -> Vec<Part> {
    let selector = Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error:?}"));
    let page = parse(html);
    let found = page.select(&selector);
    let part = |element: ElementRef<'_>| Part {
        tag: Tag::of(element),
        texts: element.text().map(str::to_owned).collect(),
        inside: element
            .descendants()
            .skip(1)
            .filter_map(ElementRef::wrap)
            .map(Tag::of)
            .collect(),
        html: element.html(),
    };
    found.map(part).collect()
}

/// The parser adds `html` and `body` to everything, also to an empty text.
fn parse(html: &str) -> Html {
    if html.is_empty() {
        return Html::new_fragment();
    }
    Html::parse_document(html)
}

fn elements(page: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    page.tree.root().descendants().filter_map(ElementRef::wrap)
}

#[test]
fn tags_and_parts_of_a_page() {
    let page = r#"<!DOCTYPE html><p class="a &amp; b" hidden>x<!--<b>--><b>y</b> z</p><script nonce=n>if (1 < 2) {}</script><br/>"#;
    let seen: Vec<_> = tags(page).into_iter().map(|tag| (tag.name, tag.text)).collect();
    let expected = [
        ("html", ""),
        ("head", ""),
        ("body", ""),
        ("p", "x"),
        ("b", "y"),
        ("script", "if (1 < 2) {}"),
        ("br", ""),
    ];
    assert_eq!(
        seen,
        expected.map(|(name, text)| (name.to_owned(), text.to_owned()))
    );
    let [part] = &select(page, "p[hidden]")[..] else {
        panic!("one of them")
    };
    assert_eq!(
        (part.tag.get("class"), part.tag.get("hidden")),
        (Some("a & b"), Some(""))
    );
    assert_eq!((part.text().as_str(), part.inside.len()), ("xy z", 1));
    assert!(part.html.starts_with("<p ") && part.html.ends_with("</b> z</p>"));
    assert!(tags("").is_empty());
}
