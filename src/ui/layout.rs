//! Page layouts: the frame with navigation for signed-in people, and a narrow card for all others.

use super::{
    document::{brand, site},
    kit::{
        account::{AccountButton, AccountItem, Tile},
        button::{Button, Kind},
        icon::{BrandMark, Drawing, Icon},
        menu::{Menu, MenuLink},
        theme::ThemeSwitch,
    },
    status::StatusLine,
};
use crate::domain::{paths, role::Role};
use leptos::prelude::*;

/// An account in the switcher.
#[derive(Clone, Debug)]
pub struct AccountLink {
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: String,
    /// The viewer's role; `None` for their personal account.
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

/// Sections of the navigation.
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
    /// A page that is not in the navigation.
    Other,
}

/// Data of the frame around a page.
#[derive(Clone, Debug)]
pub struct FrameData {
    /// Name of the signed-in person.
    pub person: String,
    /// The account of this page.
    pub account: AccountLink,
    /// Name of the account's primary owner, for members, who have to ask them.
    pub owner: Option<String>,
    /// All accounts of which the viewer is a member.
    pub accounts: Vec<AccountLink>,
    /// Section of this page.
    pub section: Section,
    /// Whether the page uses the full width of the window.
    pub full: bool,
    /// Makes the page inert while a dialog is rendered open, until a script makes that dialog modal.
    pub inert: bool,
    /// Id of the status line, if the address of the page leads to a row that is not on it: the status line
    /// then gets the focus instead.
    pub status_id: Option<String>,
}

/// The frame: navigation beside the page.
#[component]
pub fn Frame(
    /// Its data.
    frame: FrameData,
    /// The page.
    children: Children,
) -> impl IntoView {
    let (inert, full) = (frame.inert, frame.full);
    let (id, account) = (frame.status_id.clone(), frame.account.name.clone());
    view! {
        <div class="frame" class:is-full=full inert=inert>
            {(!full).then(|| view! { <Sidebar frame/> })}
            <main id="main" class="content" tabindex="-1">
                <p class="on-paper"><bdi translate="no">{account}</bdi></p>
                <StatusLine id/>
                {children()}
            </main>
        </div>
    }
}

#[component]
fn Sidebar(frame: FrameData) -> impl IntoView {
    let site = site();
    let FrameData {
        person,
        account,
        accounts,
        section,
        ..
    } = frame;
    let link = |to: Section, page: fn(&str) -> String, icon: Icon, label: &'static str| {
        let current = (section == to).then_some("page");
        view! {
            <a href=page(&account.slug) aria-current=current>
                <Drawing icon/>
                {label}
            </a>
        }
    };
    view! {
        <aside class="sidebar">
            <a class="brand" href="/">
                <BrandMark/>
                <span class="brand-name" translate="no">{brand()}</span>
            </a>
            <Switcher account=account.clone() accounts/>
            <nav class="nav" aria-label="Main">
                {link(Section::Keys, paths::keys, Icon::Key, "API keys")}
                {link(Section::Activity, paths::activity, Icon::Activity, "Activity")}
                <h2>"Integrate"</h2>
                {link(Section::Scopes, paths::scopes, Icon::Code, "Scopes")}
                {link(Section::Guard, paths::guard, Icon::Lock, "Guard your API")}
            </nav>
            <div class="me">
                <Tile name=person.clone() is_person=true/>
                <span class="me-text">
                    <bdi translate="no">{person.clone()}</bdi>
                    <form method="post" action=paths::SIGN_OUT>
                        <Button label="Sign out" kind=Kind::Link/>
                    </form>
                </span>
                <ThemeSwitch current=site.theme next=site.path/>
            </div>
        </aside>
    }
}

/// The account switcher: a button with the account's name, and the menu that it opens.
#[component]
fn Switcher(account: AccountLink, accounts: Vec<AccountLink>) -> impl IntoView {
    const MENU: &str = "accounts";
    let (name, about) = (account.name.clone(), account.about());
    let items = accounts
        .into_iter()
        .map(|other| {
            let is_current = other.slug == account.slug;
            let (about, href) = (other.about(), paths::keys(&other.slug));
            view! { <li><AccountItem name=other.name about href is_current/></li> }
        })
        .collect_view();
    view! {
        <AccountButton name about menu=MENU/>
        <Menu id=MENU.to_owned() title="Accounts".into_any() class="menu-accounts">
            <ul class="menu-list">{items}</ul>
            <MenuLink href=paths::CREATE_TEAM label="Create team" icon=Icon::Plus class="menu-add"/>
        </Menu>
    }
}

/// A narrow card with the brand on top.
#[component]
pub fn Card(
    /// Content.
    children: Children,
) -> impl IntoView {
    let site = site();
    view! {
        <main id="main" class="auth" tabindex="-1">
            <div class="auth-card card">
                <div class="brand">
                    <BrandMark/>
                    <span class="brand-name" translate="no">{brand()}</span>
                </div>
                <StatusLine/>
                {children()}
            </div>
            <ThemeSwitch current=site.theme next=site.path/>
        </main>
    }
}
