//! `/home/{account}/api-keys/{id}`.

use super::{
    SignedIn, failure, frame,
    keys::rows::{Around, row},
};
use crate::{
    domain::{catalog::Catalog, key::Key, log_window::LogWindow, paths, role::Action, time::Timestamp},
    server::{
        access,
        dashboard::document,
        error::ServiceError,
        service::keys::detail::{self, LoggedRequest, Requests},
    },
    ui::{
        layout::Section,
        pages::key::{Bar, KeyPage, KeyPageData, RequestRow},
    },
};
use axum::{extract::Path, http::StatusCode, response::Response};
use leptos::prelude::*;
use std::{sync::Arc, time::Duration};

/// The page.
pub async fn show(SignedIn(visit, viewer): SignedIn, Path((slug, id)): Path<(String, String)>) -> Response {
    let app = &visit.app;
    let gathered = async {
        let reader = access::reader(app, &viewer, &slug).await?;
        let detail = detail::of(app, &reader, &id).await?;
        let frame = frame::of(&visit, &viewer, &reader, Section::Keys).await?;
        Ok::<_, ServiceError>((reader, detail, frame))
    };
    let (reader, detail, frame) = match gathered.await {
        Ok(gathered) => gathered,
        Err(error) => return failure(&visit, error).await,
    };
    let (now, keys) = (app.now(), paths::keys(&slug));
    let around = Around {
        now,
        page: &keys,
        since: &detail.since,
    };
    let shown = |key: Key| row(app, key, &around, "");
    let bars = |days: &[Requests]| {
        let bars = days.iter().zip(0..).map(|(requests, n)| {
            let day = detail.window.from().plus(Duration::from_hours(24 * n));
            Bar {
                day: day.day(),
                date: day.date(),
                accepted: requests.accepted,
                refused: requests.refused,
            }
        });
        bars.collect::<Vec<_>>()
    };
    let days = detail.days.as_ref().map(|days| bars(days));
    let (created, last_used) = (detail.key.created_at, detail.key.last_used_at);
    let log = LogWindow::all(app.config.log_retention, now);
    let title = format!("{} · {}", detail.key.name, reader.account.name);
    let data = Arc::new(KeyPageData {
        frame,
        creator: detail.creator,
        expires_at: detail.key.expires_at,
        grace_ends_at: detail.key.rotation.map(|rotation| rotation.grace_ends_at),
        end: detail.key.end(),
        revoked_at: detail.key.revoked_at,
        leak_reported_at: detail.key.leak_reported_at,
        scopes: routes(&app.catalog(), &detail.key),
        chain: detail.chain.into_iter().map(shown).collect(),
        days,
        days_title: detail.window.title(),
        no_days: detail.window.none(created, last_used),
        no_requests: log.none(created, last_used),
        has_gaps: detail.has_gaps,
        requests: detail.requests.into_iter().map(request).collect(),
        activity: detail.activity,
        all_activity: paths::activity_of(&slug, &detail.key.prefix),
        permissions: app
            .catalog()
            .permissions_label(&detail.key.preset, &detail.key.scopes),
        may_manage: reader.may(Action::RotateKey),
        key: shown(detail.key),
        now,
        keys: keys.clone(),
    });
    let page = move || view! { <KeyPage data=Arc::clone(&data)/> };
    document::render(&visit, StatusCode::OK, title, page).await
}

/// The scopes of a key with their routes, in the catalogue's order. Scopes that are no longer in the
/// catalogue come last and open no route.
fn routes(catalog: &Catalog, key: &Key) -> Vec<(String, Vec<String>)> {
    let known = catalog.scopes.iter().map(String::as_str);
    let held = known.filter(|scope| key.scopes.contains(scope));
    let gone = key
        .scopes
        .iter()
        .filter(|scope| !catalog.scopes.iter().any(|known| known == scope));
    let routes = held.chain(gone).map(|scope| {
        let routes = catalog
            .routes_of(scope)
            .map(|route| format!("{} {}", route.method, route.pattern));
        (scope.to_owned(), routes.collect())
    });
    routes.collect()
}

fn request(logged: LoggedRequest) -> RequestRow {
    RequestRow {
        call: format!("{} {}", logged.method, logged.path),
        status: logged.status,
        error_code: logged.error_code,
        id: logged.id,
        from: logged.ip_hash,
        at: Timestamp::from_millis(logged.at),
    }
}
