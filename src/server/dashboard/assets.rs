//! Scripts, styles and icons, embedded in the binary: with hashed names, compressed at build time.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header},
    response::IntoResponse,
};
use leptos::config::{LeptosOptions, get_config_from_str};
use rust_embed::{EmbeddedFile, RustEmbed, utils::read_file_from_fs};
use serde::Deserialize;
use std::{
    borrow::Cow,
    path::{Component, Path},
    sync::LazyLock,
};

/// The folder that scripts/build-site.sh writes.
#[derive(RustEmbed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Site;

/// File names with a hash of the content.
#[derive(Debug, Deserialize)]
struct Names {
    output_name: String,
    css: String,
    script: String,
}

/// Paths of the scripts and the style sheet of a page.
#[derive(Clone, Debug)]
pub struct Links {
    /// Options for Leptos's hydration script.
    pub options: LeptosOptions,
    /// Path of the style sheet.
    pub css: String,
    /// Path of the script that every page has.
    pub script: String,
}

/// The settings of Leptos.toml, with the file names inside this binary.
pub static LINKS: LazyLock<Links> = LazyLock::new(|| {
    let mut options = get_config_from_str(include_str!("../../../Leptos.toml"))
        .unwrap_or_else(|_| LeptosOptions::builder().output_name("babysea").build());
    let names = Site::get("site.json").filter(|_| !is_watched());
    let names = names.and_then(|file| serde_json::from_slice::<Names>(&file.data).ok());
    let (css, script) = match names {
        Some(names) => {
            options.output_name = names.output_name.into();
            (format!("/{}", names.css), format!("/{}", names.script))
        }
        None => (
            format!("/{}/{}.css", options.site_pkg_dir, options.output_name),
            "/page.js".to_owned(),
        ),
    };
    Links { options, css, script }
});

/// Whether this runs under `cargo leptos watch`, which names the files itself and keeps them on disk.
#[must_use]
pub fn is_watched() -> bool {
    std::env::var_os("LEPTOS_WATCH").is_some()
}

/// Additional `connect-src` of pages: the reload socket of cargo-leptos, only under `cargo leptos watch`.
#[must_use]
pub fn reload_sources() -> String {
    if is_watched() {
        let port = LINKS.options.reload_port;
        format!(" ws://127.0.0.1:{port} ws://localhost:{port}")
    } else {
        String::new()
    }
}

/// The file at this path, if there is one. Files in `/pkg/` have immutable content; others may be cached for
/// an hour.
#[must_use]
pub fn serve(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response<Body>> {
    let path = uri.path().strip_prefix('/')?;
    // Server-only files and the compressed copies have no URL of their own.
    if path.is_empty() || path == "site.json" || path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let plain = file(path)?;
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Some((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response());
    }
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(accepted, coding))
        .find_map(|(coding, end)| Some((coding, file(&format!("{path}.{end}"))?)));
    let etag = format!("\"{}\"", hex::encode(&plain.metadata.sha256_hash()[..8]));

    let mut response = Response::builder()
        .header(
            header::CONTENT_TYPE,
            mime_guess::from_path(path).first_or_octet_stream().as_ref(),
        )
        .header(header::VARY, "Accept-Encoding")
        .header(header::ETAG, &etag)
        .header(
            header::CACHE_CONTROL,
            if path.starts_with("pkg/") {
                "public, max-age=31536000, immutable"
            } else {
                "public, max-age=3600"
            },
        );
    if headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        == Some(&etag)
    {
        return response.status(StatusCode::NOT_MODIFIED).body(Body::empty()).ok();
    }
    let file = match packed {
        Some((coding, file)) => {
            response = response.header(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            file
        }
        None => plain,
    };
    let body = match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    response.body(body).ok()
}

fn file(path: &str) -> Option<EmbeddedFile> {
    if !is_watched() {
        return Site::get(path);
    }
    let path = Path::new(path);
    let below = path.components().all(|part| matches!(part, Component::Normal(_)));
    let path = Path::new(&*LINKS.options.site_root).join(path);
    if below {
        read_file_from_fs(&path).ok()
    } else {
        None
    }
}

/// Whether `accepted` contains `coding` without `q=0` (RFC 9110, section 12.5.3).
fn accepts(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let refused = |q: &str| q.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding)) && !parts.any(refused)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_negotiated() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.5", "br"));
        for refused in ["", "gzip", "br;q=0", "br; q=0.0", "brotli"] {
            assert!(!accepts(refused, "br"), "{refused}");
        }
    }

    #[test]
    fn leptos_toml_equals_the_section_of_cargo_toml() {
        let section = |text: &str| {
            let all: toml::Table = text.parse().expect("TOML");
            all["package"]["metadata"]["leptos"].clone()
        };
        let embedded = include_str!("../../../Leptos.toml");
        assert_eq!(section(embedded), section(include_str!("../../../Cargo.toml")));
        assert!(get_config_from_str(embedded).is_ok());
    }
}
