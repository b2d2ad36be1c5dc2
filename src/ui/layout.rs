//! The frame around pages of people who are signed in, and the narrow card of those who are not.

use super::{
    document::{brand, site},
    kit::{
        icon::{BrandMark, Drawing, Icon},
        menu::Menu,
    },
};
use crate::domain::{role::Role, theme::Theme};
use leptos::prelude::*;

/// An account in the switcher.
#[derive(Clone, Debug)]
pub struct AccountLink {
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: String,
    /// What the viewer is there; nothing for their personal account.
    pub role: Option<Role>,
}

impl AccountLink {
    fn about(&self) -> String {
        self.role.map_or_else(
            || "Personal account".to_owned(),
            |role| format!("Team · {}", role.label()),
        )
    }
}

/// The pages that the navigation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// `API keys`.
    Keys,
    /// `Activity`.
    Activity,
    /// `Scopes`.
    Scopes,
    /// `Guard your API`.
    Guard,
    /// A page beside them.
    Other,
}

/// What is around a page.
#[derive(Clone, Debug)]
pub struct FrameData {
    /// Name of who is signed in.
    pub person: String,
    /// The account on the page.
    pub account: AccountLink,
    /// Every account the viewer is in.
    pub accounts: Vec<AccountLink>,
    /// Which page it is.
    pub section: Section,
    /// Whether the page has the whole width for itself.
    pub full: bool,
    /// Whether nothing in it can be reached, while a dialog is open that no script has made modal.
    pub inert: bool,
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

/// Navigation beside the page.
#[component]
pub fn Frame(
    /// What is around it.
    frame: FrameData,
    /// The page.
    children: Children,
) -> impl IntoView {
    let (inert, full) = (frame.inert, frame.full);
    view! {
        <div class="frame" class:is-full=full inert=inert>
            {(!full).then(|| view! { <Sidebar frame/> })}
            <main id="main" class="content" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}

#[component]
fn Sidebar(frame: FrameData) -> impl IntoView {
    let FrameData {
        person,
        account,
        accounts,
        section,
        ..
    } = frame;
    let link = |to: Section, page: &str, icon: Icon, label: &'static str| {
        let current = (section == to).then_some("page");
        view! {
            <a href=format!("/home/{}/{page}", account.slug) aria-current=current>
                <Drawing icon/>
                {label}
            </a>
        }
    };
    view! {
        <aside class="sidebar">
            <a class="brand" href="/">
                <BrandMark/>
                <span class="brand-name">{brand()}</span>
            </a>
            <Switcher account=account.clone() accounts/>
            <nav class="nav" aria-label="Main">
                {link(Section::Keys, "api-keys", Icon::Key, "API keys")}
                {link(Section::Activity, "activity", Icon::Activity, "Activity")}
                <h2>"Integrate"</h2>
                {link(Section::Scopes, "scopes", Icon::Code, "Scopes")}
                {link(Section::Guard, "guard", Icon::Lock, "Guard your API")}
            </nav>
            <div class="me">
                <span class="tile tile-round" aria-hidden="true">{initials(&person)}</span>
                <span class="me-text">
                    <bdi>{person.clone()}</bdi>
                    <form method="post" action="/sign-out">
                        <button class="link" type="submit">"Sign out"</button>
                    </form>
                </span>
                <ThemeSwitch/>
            </div>
        </aside>
    }
}

/// The button named after the account, and the list that it opens.
#[component]
fn Switcher(account: AccountLink, accounts: Vec<AccountLink>) -> impl IntoView {
    let items = accounts
        .into_iter()
        .map(|other| {
            let is_current = other.slug == account.slug;
            let about = other.about();
            view! {
                <li>
                    <a
                        class="menu-item"
                        href=format!("/home/{}/api-keys", other.slug)
                        aria-current=is_current.then_some("true")
                    >
                        <span class="tile" aria-hidden="true">{initials(&other.name)}</span>
                        <span class="menu-text">
                            <bdi>{other.name.clone()}</bdi>
                            <small>{about}</small>
                        </span>
                        {is_current.then(|| view! { <Drawing icon=Icon::Check/> })}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <button
            class="account"
            type="button"
            popovertarget="accounts"
            aria-labelledby="account-name"
            aria-describedby="account-role"
        >
            <span class="tile" aria-hidden="true">{initials(&account.name)}</span>
            <span class="account-text">
                <b id="account-name"><bdi>{account.name.clone()}</bdi></b>
                <small id="account-role">{account.about()}</small>
            </span>
            <Drawing icon=Icon::Choose/>
        </button>
        <Menu id="accounts".to_owned() title="Accounts".to_owned() class="menu-accounts">
            <ul class="menu-list">{items}</ul>
            <a class="menu-item menu-add" href="/home/create-team">
                <Drawing icon=Icon::Plus/>
                "Create team"
            </a>
        </Menu>
    }
}

/// Light, dark, or as the system says.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let site = site();
    let choices = Theme::ALL
        .into_iter()
        .map(|theme| {
            let icon = match theme {
                Theme::System => Icon::System,
                Theme::Light => Icon::Light,
                Theme::Dark => Icon::Dark,
            };
            let label = format!("Theme: {}", theme.id());
            let pressed = if theme == site.theme { "true" } else { "false" };
            view! {
                <button
                    type="submit"
                    name="theme"
                    value=theme.id()
                    aria-pressed=pressed
                    aria-label=label.clone()
                    title=label
                >
                    <Drawing icon/>
                </button>
            }
        })
        .collect_view();
    view! {
        <form class="theme" method="post" action="/theme">
            <input type="hidden" name="next" value=site.path.clone()/>
            {choices}
        </form>
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
            <ThemeSwitch/>
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
