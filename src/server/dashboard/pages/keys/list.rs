//! The view of a list in the URL: search, filter, page and width. A link reopens the same view.

use crate::{
    domain::{
        ids::KeyId,
        key::KeyStatus,
        page::{Cursor, Page},
        search,
        token::found,
    },
    server::service::keys::list::{KeyCounts, KeyFilter, KeyList},
    ui::{
        kit::{pager::Pager, segments::Segment},
        pages::keys::{ListLinks, ListView},
    },
};
use serde::Deserialize;
use std::iter;
use url::form_urlencoded::Serializer;

/// In place of a dialog: the form is a search.
pub const SEARCH: &str = "search";

/// The last page, in the field `page`.
const LAST: &str = "last";

/// The page's query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The open dialog, without scripts.
    pub dialog: String,
    /// The key that the dialog acts on.
    key: String,
    /// The keys that the dialog acts on, if it can act on several.
    keys: Vec<String>,
    /// `detail` when the dialog was opened on the page of its key.
    pub from: String,
    /// The key that was just created, or got a new secret.
    pub created: String,
    /// The key that was just changed in another way.
    changed: String,
    /// The key that the form `Add API key` is filled in from.
    pub like: String,
    /// Text to find in names and prefixes.
    pub search: String,
    /// Id of a status; anything else means all.
    status: String,
    /// `1` for a table of full width.
    full: String,
    /// `last` for the last page.
    page: String,
    older: String,
    newer: String,
}

impl Asked {
    /// Cuts a key in the search to its shown part, and drops what is no place in the list: links repeat both.
    pub fn cut(&mut self, key_prefix: &str) {
        if let Some(start) = found::start_in(&self.search, key_prefix) {
            self.search = start;
        }
        if self.page != LAST {
            self.page.clear();
        }
        for cursor in [&mut self.older, &mut self.newer] {
            if cursor.parse::<Cursor>().is_err() {
                cursor.clear();
            }
        }
        for id in [&mut self.created, &mut self.changed] {
            if id.parse::<KeyId>().is_err() {
                id.clear();
            }
        }
    }

    /// Search and filter of the list.
    pub fn filter(&self) -> KeyFilter {
        KeyFilter {
            search: search::parse_key(&self.search),
            status: KeyStatus::from_id(&self.status),
        }
    }

    /// The requested page.
    pub fn page(&self) -> Page {
        Page::parse(&self.page, &self.older, &self.newer)
    }

    /// Ids the dialog acts on. Empty when the user navigates back to the URL of a POSTed form.
    pub fn keys(&self) -> Vec<String> {
        if self.keys.is_empty() && !self.key.is_empty() {
            vec![self.key.clone()]
        } else {
            self.keys.clone()
        }
    }

    /// Id of the key to highlight.
    pub fn pointed_out(&self) -> &str {
        if self.created.is_empty() {
            &self.changed
        } else {
            &self.created
        }
    }

    /// Whether the table has full width.
    pub fn is_full(&self) -> bool {
        self.full == "1"
    }

    /// Parameters that all pages of the list share: search, filter and width.
    fn fields(&self) -> Vec<(&'static str, &str)> {
        let status = KeyStatus::from_id(&self.status).map_or("", KeyStatus::id);
        let all = [
            ("search", self.search.as_str()),
            ("status", status),
            ("full", if self.is_full() { "1" } else { "" }),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Parameters of the page within the list.
    fn place(&self) -> Vec<(&'static str, &str)> {
        let place = [
            ("page", self.page.as_str()),
            ("older", &self.older),
            ("newer", &self.newer),
        ];
        place.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The view, without its dialog.
    pub fn view(&self, page: &str) -> ListView {
        let mut fields = self.fields();
        fields.extend(self.place());
        ListView {
            page: page.to_owned(),
            href: address(page, &fields),
            fields: owned(fields),
        }
    }

    /// Path of the first page of this list.
    pub fn href(&self, page: &str) -> String {
        address(page, &self.fields())
    }

    fn without(&self, field: &str) -> Vec<(&'static str, &str)> {
        let mut fields = self.fields();
        fields.retain(|(name, _)| *name != field);
        fields
    }

    /// Links and forms that change the view.
    pub fn links(&self, page: &str, counts: &KeyCounts) -> ListLinks {
        let current = KeyStatus::from_id(&self.status);
        let segment = |label, status: Option<KeyStatus>| {
            let mut fields = self.without("status");
            fields.extend(status.map(|status| ("status", status.id())));
            Segment {
                label,
                count: counts.of(status),
                href: address(page, &fields),
                is_current: current == status,
            }
        };
        let by_status = KeyStatus::ALL.map(|status| segment(status.label(), Some(status)));
        let mut full_fields = owned(self.without("full"));
        if !self.is_full() {
            full_fields.push(("full".to_owned(), "1".to_owned()));
        }
        // Switching the width stays on the same page.
        full_fields.extend(owned(self.place()));
        let kept_by_clear: Vec<_> = self
            .fields()
            .into_iter()
            .filter(|(name, _)| *name == "full")
            .collect();
        ListLinks {
            segments: iter::once(segment("All", None)).chain(by_status).collect(),
            search_fields: owned(self.without("search")),
            full_fields,
            clear: address(page, &kept_by_clear),
            without_search: address(page, &self.without("search")),
            search_action: format!("{page}?dialog={SEARCH}#search"),
        }
    }

    /// Pagination.
    pub fn pager(&self, page: &str, filter: &KeyFilter, list: &KeyList) -> Pager {
        let to = |name: &'static str, value: &str| {
            let mut fields = self.fields();
            fields.push((name, value));
            address(page, &fields)
        };
        let at = |name, place: Option<Cursor>| place.map(|place| to(name, &place.to_string()));
        let (newer, older) = (list.has_newer, list.has_older);
        Pager {
            counts: Some((list.before, list.total(filter))),
            first: newer.then(|| self.href(page)),
            newer: at("newer", list.first_cursor().filter(|_| newer)),
            older: at("older", list.last_cursor().filter(|_| older)),
            last: older.then(|| to("page", LAST)),
        }
    }
}

fn owned<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

pub fn address(page: &str, fields: &[(&str, &str)]) -> String {
    if fields.is_empty() {
        return page.to_owned();
    }
    let query = Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{page}?{query}")
}
