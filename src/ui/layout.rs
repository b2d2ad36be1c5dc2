//! The frame around pages of people who are signed in, and the narrow card of those who are not.

use super::{
    document::brand,
    kit::icon::{BrandMark, Drawing, Icon},
};
use leptos::prelude::*;

/// Whose page it is.
#[derive(Clone, Debug)]
pub struct Person {
    /// Name of who is signed in.
    pub name: String,
    /// Name of the account on the page.
    pub account: String,
}

/// One or two letters that stand for a name.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

/// Navigation beside the page; `inert` while a dialog is open that no script has made modal.
#[component]
pub fn Frame(
    /// Whose page it is.
    person: Person,
    /// Slug of the account on the page.
    slug: String,
    /// Whether nothing in it can be reached.
    inert: bool,
    /// The page.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="frame" inert=inert>
            <aside class="sidebar">
                <a class="brand" href="/">
                    <BrandMark/>
                    <span class="brand-name">{brand()}</span>
                </a>
                <div class="account">
                    <span class="tile" aria-hidden="true">{initials(&person.account)}</span>
                    <span class="account-text">
                        <b><bdi>{person.account.clone()}</bdi></b>
                        <small>"Personal account"</small>
                    </span>
                </div>
                <nav class="nav" aria-label="Main">
                    <a href=format!("/home/{slug}/api-keys") aria-current="page">
                        <Drawing icon=Icon::Key/>
                        "API keys"
                    </a>
                </nav>
                <div class="me">
                    <span class="tile tile-round" aria-hidden="true">{initials(&person.name)}</span>
                    <span class="me-text">
                        <bdi>{person.name.clone()}</bdi>
                        <form method="post" action="/sign-out">
                            <button class="link" type="submit">"Sign out"</button>
                        </form>
                    </span>
                </div>
            </aside>
            <main id="main" class="content" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}

/// A narrow card with the brand on top.
#[component]
pub fn Card(
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    view! {
        <main id="main" class="auth" tabindex="-1">
            <div class="auth-card card">
                <div class="brand">
                    <BrandMark/>
                    <span class="brand-name">{brand()}</span>
                </div>
                {children()}
            </div>
        </main>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names() {
        for (name, expected) in [
            ("Ada Moss", "AM"),
            ("ada", "A"),
            ("Ada B. Moss", "AM"),
            ("李 雷", "李雷"),
            ("", ""),
        ] {
            assert_eq!(initials(name), expected);
        }
    }
}
