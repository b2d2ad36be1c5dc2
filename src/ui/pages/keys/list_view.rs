//! The view of the list of keys: search, filter, page and width. Every action on a key returns to it.

use crate::domain::paths;
use leptos::prelude::*;

/// The view, as the query states it.
#[derive(Clone, Debug, Default)]
pub struct ListView {
    /// Path of the page.
    pub page: String,
    /// Its query as form fields, because a GET form replaces the query of its action.
    pub fields: Vec<(String, String)>,
    /// Path and query.
    pub href: String,
}

impl ListView {
    /// The first page of all keys.
    #[must_use]
    pub fn all(page: String) -> Self {
        Self {
            href: page.clone(),
            page,
            fields: Vec::new(),
        }
    }

    /// Path and query of the view plus one parameter. Name and value must not need percent-encoding.
    #[must_use]
    pub fn with(&self, field: &str, value: &str) -> String {
        let joint = if self.fields.is_empty() { '?' } else { '&' };
        format!("{}{joint}{field}={value}", self.href)
    }

    /// Action of a form with [`ViewFields`] that leads to a row.
    #[must_use]
    pub fn row(&self, id: &str) -> String {
        format!("{}#key-{id}", self.page)
    }

    /// Address of the list after a change of keys with these ids. A single key is highlighted if it is on the
    /// page, and its row gets the focus; otherwise the status line gets it.
    #[must_use]
    pub fn after(&self, ids: &[String]) -> String {
        match ids {
            [id] => format!("{}#key-{id}", self.with("changed", id)),
            _ => self.after_deletion(),
        }
    }

    /// Address of the list after keys were deleted: the status line gets the focus.
    #[must_use]
    pub fn after_deletion(&self) -> String {
        format!("{}#{}", self.href, paths::STATUS)
    }
}

/// The view's query as hidden fields, for a GET form.
#[component]
pub fn ViewFields(
    /// The view.
    view: ListView,
) -> impl IntoView {
    view.fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_change_the_view_is_the_same() {
        let plain = ListView {
            page: "/k".to_owned(),
            fields: Vec::new(),
            href: "/k".to_owned(),
        };
        let searched = ListView {
            fields: vec![("search".to_owned(), "a b".to_owned())],
            href: "/k?search=a+b".to_owned(),
            ..plain.clone()
        };
        let (one, two) = (["7".to_owned()], ["7".to_owned(), "8".to_owned()]);
        for (view, after_one, after_two) in [
            (plain, "/k?changed=7#key-7", "/k#status"),
            (searched, "/k?search=a+b&changed=7#key-7", "/k?search=a+b#status"),
        ] {
            assert_eq!(view.after(&one), after_one);
            assert_eq!(view.after(&two), after_two);
            assert_eq!(view.after_deletion(), after_two);
        }
    }
}
