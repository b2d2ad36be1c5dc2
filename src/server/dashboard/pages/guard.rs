//! `/home/{account}/guard`: the configuration of a proxy, as a page and as a file.

use super::{SignedIn, failure, frame, not_found};
use crate::{
    domain::{
        paths,
        proxy_config::{self, Proxy},
    },
    server::{
        access,
        app::App,
        dashboard::{document, fields::Query},
    },
    ui::{
        layout::Section,
        pages::guard::{GuardPage, GuardPageData},
    },
};
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use leptos::prelude::*;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The requested configuration.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    proxy: String,
}

/// The page.
pub async fn show(
    SignedIn(visit, viewer): SignedIn,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let frame = async {
        let reader = access::reader(&visit.app, &viewer, &slug).await?;
        frame::of(&visit, &viewer, &reader, Section::Guard).await
    };
    let frame = match frame.await {
        Ok(frame) => frame,
        Err(error) => return failure(&visit, error).await,
    };
    let proxy = Proxy::from_id(&asked.proxy).unwrap_or(Proxy::Nginx);
    let server = address(&visit.app);
    let data = GuardPageData {
        frame,
        page: paths::guard(&slug),
        proxy,
        configuration: proxy.configuration(server, &visit.app.config.brand),
        trusted: proxy_config::neighbour(server),
        listens_everywhere: visit.app.config.listen.ip().is_unspecified(),
        trusts_proxies: !visit.app.trusted_proxies().is_empty(),
        brand: visit.app.config.brand.clone(),
    };
    let page = move || view! { <GuardPage data=data.clone()/> };
    document::render(&visit, StatusCode::OK, "Guard your API", page).await
}

/// The file.
pub async fn download(
    SignedIn(visit, viewer): SignedIn,
    Path((slug, proxy)): Path<(String, String)>,
) -> Response {
    if let Err(error) = access::reader(&visit.app, &viewer, &slug).await {
        return failure(&visit, error).await;
    }
    let Some(proxy) = Proxy::from_id(&proxy) else {
        return not_found::page();
    };
    let named = format!("attachment; filename=\"{}\"", proxy.file());
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, named),
    ];
    let text = proxy.configuration(address(&visit.app), &visit.app.config.brand);
    (headers, text).into_response()
}

/// The address under which a proxy reaches this server: the loopback address if the server listens on all
/// addresses.
fn address(app: &App) -> SocketAddr {
    let listen = app.config.listen;
    if listen.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listen.port())
    } else {
        listen
    }
}
