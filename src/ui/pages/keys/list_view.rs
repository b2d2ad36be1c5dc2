//! The view of a list: search, filter, page and width. Every action on a key leads back to it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the address says of the list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListView {
    /// Path of the page.
    pub page: String,
    /// Its query, as fields of a form: browsers put a form's fields in the place of the query of its address.
    pub fields: Vec<(String, String)>,
    /// Path and query.
    pub href: String,
}

impl ListView {
    /// The same list with one more field, whose name and value stand for themselves in an address.
    #[must_use]
    pub fn with(&self, field: &str, value: &str) -> String {
        let joint = if self.fields.is_empty() { '?' } else { '&' };
        format!("{}{joint}{field}={value}", self.href)
    }

    /// Where a form with [`ViewFields`] leads to a row.
    #[must_use]
    pub fn row(&self, id: &str) -> String {
        format!("{}#key-{id}", self.page)
    }

    /// Where the list is shown after something was done to keys with these ids: a single one is pointed out, if it is
    /// there.
    #[must_use]
    pub fn after(&self, ids: &[String]) -> String {
        match ids {
            [id] => format!("{}#key-{id}", self.with("changed", id)),
            _ => self.href.clone(),
        }
    }
}

/// The query of the list in a form that is sent with GET.
#[component]
pub fn ViewFields(
    /// The list.
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
            (plain, "/k?changed=7#key-7", "/k"),
            (searched, "/k?search=a+b&changed=7#key-7", "/k?search=a+b"),
        ] {
            assert_eq!(view.after(&one), after_one);
            assert_eq!(view.after(&two), after_two);
        }
    }
}
