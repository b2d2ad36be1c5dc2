//! `/home/{account}/api-keys`.

mod confirm;
pub mod dialog;
mod like;
pub mod list;
pub mod rows;
mod secret;

use super::{SignedIn, failure, frame, with_retry};
use crate::{
    api::wire::FormState,
    domain::{
        done::{Done, Subject},
        expiry::NEVER,
        ids::KeyId,
        key::Key,
        paths,
        role::Action,
        token::found,
    },
    server::{
        access::{self, AccountReader, KeyManager, Viewer},
        app::App,
        config::trusted_proxies::Client,
        dashboard::{
            document,
            fields::{self, Query},
            page_request::PageRequest,
            status,
        },
        error::ServiceError,
        service,
    },
    ui::{
        layout::Section,
        pages::keys::{
            CreateData, DETAIL, Found, KeyDialog, KeyRow, KeysPage, KeysPageData, ListView, PresetChoice,
            ScopeChoice,
        },
    },
};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use list::{Asked, SEARCH};
use serde::Deserialize;
use std::{collections::BTreeMap, slice, sync::Arc, time::Duration};

/// A request for a page of the account: the viewer and their view.
struct Keys {
    visit: PageRequest,
    viewer: Viewer,
    reader: AccountReader,
    client: Client,
    asked: Asked,
}

impl Keys {
    fn app(&self) -> &App {
        &self.visit.app
    }

    async fn manager(&self, action: Action) -> Result<KeyManager, ServiceError> {
        let (app, trace) = (self.app(), &self.visit.trace);
        self.reader.key_manager(app, action, trace).await
    }

    fn page(&self) -> String {
        paths::keys(&self.reader.account.slug)
    }

    /// Redirects, and sets the status line of the next page.
    fn redirect(&self, next: &str, done: Done) -> Response {
        let mut response = Redirect::to(next).into_response();
        self.keep_status(done, &mut response);
        response
    }

    fn keep_status(&self, done: Done, response: &mut Response) {
        let (holder, account) = (&self.visit.holder, &self.reader.account.slug);
        status::add(self.app(), holder, account, done, response);
    }

    fn view(&self) -> ListView {
        self.asked.view(&self.page())
    }

    /// Path of the key's page, if the dialog was opened there.
    fn detail(&self, key: &str) -> Option<String> {
        let is_key = key.parse::<KeyId>().is_ok();
        (is_key && self.asked.from == DETAIL).then(|| paths::key_below(&self.page(), key))
    }
}

async fn keys(
    visit: PageRequest,
    viewer: Viewer,
    client: Client,
    slug: &str,
    mut asked: Asked,
) -> Result<Keys, Response> {
    asked.cut(&visit.app.config.key_prefix);
    match access::reader(&visit.app, &viewer, slug).await {
        Ok(reader) => Ok(Keys {
            visit,
            viewer,
            reader,
            client,
            asked,
        }),
        Err(error) => Err(failure(&visit, error).await),
    }
}

/// The page.
pub async fn show(
    SignedIn(visit, viewer): SignedIn,
    client: Client,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let is_key = found::start_in(&asked.search, &visit.app.config.key_prefix).is_some();
    let keys = match keys(visit, viewer, client, &slug, asked).await {
        Ok(keys) => keys,
        Err(response) => return response,
    };
    // The search contains a pasted key. Redirects to its shown part, which finds the key too and may be in a
    // URL.
    if is_key {
        return Redirect::to(&keys.asked.href(&keys.page())).into_response();
    }
    match opened(&keys).await {
        Ok((dialog, form)) => draw(&keys, StatusCode::OK, form, dialog).await,
        // The dialog cannot be opened any more, so its address leads back.
        Err(ServiceError::Gone(_) | ServiceError::Ended(_) | ServiceError::Forbidden(_)) => {
            let back = confirm::way_back(&keys).await;
            Redirect::to(&back.unwrap_or_else(|| keys.view().href)).into_response()
        }
        Err(error) => failure(&keys.visit, error).await,
    }
}

/// The dialog that the query names, and the state of the form `Add API key`.
///
/// # Errors
/// `Forbidden`, `Gone` or `Ended` when the dialog cannot be opened.
async fn opened(keys: &Keys) -> Result<(KeyDialog, FormState), ServiceError> {
    const DENIED: ServiceError =
        ServiceError::Forbidden("Only owners of this team can create and change keys.");
    let (asked, form) = (&keys.asked, fresh(keys.app()));
    let action = match asked.dialog.as_str() {
        "create" if keys.reader.may(Action::CreateKey) => {
            return Ok((KeyDialog::Create, like::form(keys, form).await?));
        }
        "create" => return Err(DENIED),
        name => confirm::action(name),
    };
    let Some(action) = action else {
        return Ok((KeyDialog::Closed, form));
    };
    let ids = asked.keys();
    // The URL of a posted form names no key. People come back to it after signing in.
    if ids.is_empty() || !keys.reader.may(action) {
        return Err(DENIED);
    }
    confirm::open(keys, action, &ids, form).await
}

/// The dialogs' forms, posted without scripts.
pub async fn submit(
    SignedIn(visit, viewer): SignedIn,
    client: Client,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    request: axum::extract::Request,
) -> Response {
    let keys = match keys(visit, viewer, client, &slug, asked).await {
        Ok(keys) => keys,
        Err(response) => return response,
    };
    match keys.asked.dialog.as_str() {
        "leak" => return acknowledge(&keys, request).await,
        SEARCH => return find(&keys, request).await,
        _ => {}
    }
    if let Some(action) = confirm::action(&keys.asked.dialog) {
        return confirm::submit(&keys, action, request).await;
    }
    match fields::read(request).await {
        Ok(form) => secret::create(&keys, form).await,
        Err(response) => response,
    }
}

/// Redirects to the list that a search finds. Without scripts it is posted, so that a key that was pasted into it does
/// not come to stand in an address (docs/security.md, S99).
async fn find(keys: &Keys, request: axum::extract::Request) -> Response {
    match fields::read::<Asked>(request).await {
        Ok(mut asked) => {
            asked.cut(&keys.app().config.key_prefix);
            Redirect::to(&format!("{}#search", asked.href(&keys.page()))).into_response()
        }
        Err(response) => response,
    }
}

/// The key of a plain form.
#[derive(Deserialize)]
struct OneKey {
    #[serde(default)]
    key: String,
}

/// Acknowledges a leak.
async fn acknowledge(keys: &Keys, request: axum::extract::Request) -> Response {
    let OneKey { key } = match fields::read(request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let done = async {
        let manager = keys.manager(Action::AcknowledgeLeak).await?;
        service::keys::leak::acknowledge(keys.app(), &manager, &key).await
    };
    match done.await {
        Ok(key) => {
            let next = keys.view().after_deletion();
            keys.redirect(&next, Done::LeakAcknowledged(Subject::from(&key)))
        }
        // The key was deleted in the meantime, and its notice with it.
        Err(ServiceError::NotFound) => Redirect::to(&keys.view().href).into_response(),
        Err(error) => failure(&keys.visit, error).await,
    }
}

async fn draw_again(
    keys: &Keys,
    status: StatusCode,
    dialog: Result<(KeyDialog, FormState), ServiceError>,
) -> Response {
    match dialog {
        Ok((dialog, form)) => with_retry(status, draw(keys, status, form, dialog).await),
        Err(error) => failure(&keys.visit, error).await,
    }
}

fn fresh(app: &App) -> FormState {
    FormState::default()
        .with("form_token", service::keys::form_token(app))
        .with("expires", NEVER)
}

fn create_data(keys: &Keys, form: FormState) -> CreateData {
    let (app, now) = (keys.app(), keys.app().now());
    let catalog = app.catalog();
    let presets = catalog.presets.iter().map(|preset| PresetChoice {
        id: preset.id.clone(),
        label: preset.label.clone(),
        description: preset.description.clone(),
        is_widest: preset.scopes.len() == catalog.scopes.len(),
        scopes: if preset.scopes.len() == catalog.scopes.len() {
            format!("all {} scopes", preset.scopes.len())
        } else {
            preset.scopes.join(", ")
        },
    });
    let scopes = catalog.scopes.iter().map(|scope| ScopeChoice {
        scope: scope.clone(),
        routes: catalog
            .routes_of(scope)
            .map(|route| format!("{} {}", route.method, route.pattern))
            .collect(),
    });
    CreateData {
        form,
        presets: presets.collect(),
        scopes: scopes.collect(),
        address: match keys.client {
            Client::Address(address) => Some(address.to_string()),
            Client::Unreadable => None,
        },
        days: (
            now.plus(Duration::from_mins(1)).day(),
            now.plus_years(10).minus(Duration::from_hours(24)).day(),
        ),
    }
}

/// The key that was just created, if it is not among the rows: they can be of another page, a search, or of
/// another status.
async fn elsewhere(keys: &Keys, shown: &[Key]) -> Result<Option<Key>, ServiceError> {
    let (app, id) = (keys.app(), &keys.asked.created);
    if id.is_empty() || shown.iter().any(|key| key.id.to_string() == *id) {
        return Ok(None);
    }
    match service::keys::selection::chosen(app, &keys.reader, slice::from_ref(id)).await {
        Ok(mut found) => Ok(found.pop().filter(|key| key.status(app.now()).is_live())),
        Err(ServiceError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Id of the row that the address of the page leads to, if that row is not on the page.
fn unseen(id: &str, shown: &[Key], elsewhere: Option<&Key>) -> Option<String> {
    let mut on_page = shown.iter().chain(elsewhere);
    let is_there = on_page.any(|key| key.id.to_string() == id);
    (!id.is_empty() && !is_there).then(|| format!("key-{id}"))
}

async fn draw(keys: &Keys, status: StatusCode, form: FormState, dialog: KeyDialog) -> Response {
    let (app, reader, asked) = (keys.app(), &keys.reader, &keys.asked);
    let (filter, page) = (asked.filter(), keys.page());
    let gathered = async {
        let list = service::keys::list::list(app, reader, &filter, asked.page(), asked.is_full()).await?;
        let frame = frame::of(&keys.visit, &keys.viewer, reader, Section::Keys).await?;
        let since = if list.any_in_grace {
            service::keys::grace::since(app, reader).await?
        } else {
            BTreeMap::new()
        };
        let elsewhere = elsewhere(keys, &list.keys).await?;
        Ok::<_, ServiceError>((list, frame, since, elsewhere))
    };
    let (list, mut frame, since, elsewhere) = match gathered.await {
        Ok(gathered) => gathered,
        Err(error) => return failure(&keys.visit, error).await,
    };
    let now = app.now();
    frame.full = asked.is_full();
    frame.inert = !matches!(dialog, KeyDialog::Closed);
    frame.status_id = unseen(asked.pointed_out(), &list.keys, elsewhere.as_ref());
    let title = format!("API keys · {}", reader.account.name);
    let around = rows::Around {
        now,
        page: &page,
        since: &since,
    };
    let data = Arc::new(KeysPageData {
        frame,
        links: asked.links(&page, &list.counts),
        pager: asked.pager(&page, &filter, &list),
        is_empty: list.counts.of(None) == 0 && filter.search.is_empty(),
        found: Found {
            total: list.total(&filter),
            status: filter.status,
        },
        search: filter.search,
        rows: list
            .keys
            .into_iter()
            .map(|key| {
                let creator = key
                    .creator
                    .and_then(|id| list.creators.get(&id.to_string()).cloned());
                KeyRow {
                    creator,
                    ..rows::row(app, key, &around, asked.pointed_out())
                }
            })
            .collect(),
        elsewhere: elsewhere.map(|key| rows::row(app, key, &around, "")),
        leaks: list
            .leaks
            .into_iter()
            .filter_map(|key| rows::leak(key, &page))
            .collect(),
        now,
        create: reader.may(Action::CreateKey).then(|| create_data(keys, form)),
        dialog,
        view: keys.view(),
    });
    document::render(&keys.visit, status, title, move || {
        view! { <KeysPage data=Arc::clone(&data)/> }
    })
    .await
}
