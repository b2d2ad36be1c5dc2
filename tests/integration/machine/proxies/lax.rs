//! What else may stand in the configuration of a proxy: other sites at the same port, with settings that are as lax as
//! can be; and TLS.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

/// Name of the guarded site.
pub const SITE: &str = "api.example";
/// Name of the other site, which is the default one.
pub const OTHER: &str = "other.test";

/// What surrounds the shipped file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    Nothing,
    /// Another site at the same port, and settings for all sites.
    Lax,
    /// The same over TLS.
    LaxTls,
}

/// A certificate for both sites, and its key.
pub struct Certificate {
    pub file: PathBuf,
    pub key: PathBuf,
}

impl Certificate {
    pub fn new(folder: &Path) -> Self {
        let (file, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"]);
        command.args([
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-subj",
            "/CN=api.example",
        ]);
        command.args(["-addext", "subjectAltName=DNS:api.example,DNS:other.test"]);
        let made = command.arg("-keyout").arg(&key).arg("-out").arg(&file).output();
        let made = made.expect("openssl must be installed, as scripts/install.sh does");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { file, key }
    }

    fn of(among: Among, folder: &Path) -> Option<Self> {
        (among == Among::LaxTls).then(|| Self::new(folder))
    }
}

/// A page of another origin that may read refusals.
pub const ORIGIN: &str = "https://app.example";

/// The file with the examples in its comments put to use: a health check without a key, and refusals for pages of another
/// origin.
fn with_examples(shipped: &str, examples: [(&str, &str); 2]) -> String {
    examples.into_iter().fold(shipped.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in the file");
        text.replace(from, to)
    })
}

/// The `http` block of an nginx with the shipped site in it. Each setting would weaken that site if the shipped file did
/// not replace it; those for reading a request cannot be replaced.
pub fn nginx(shipped: &str, address: SocketAddr, among: Among, folder: &Path) -> String {
    if among == Among::Nothing {
        return shipped.to_owned();
    }
    let certificate = Certificate::of(among, folder).map(|certificate| {
        let (file, key) = (certificate.file.display(), certificate.key.display());
        format!("ssl_certificate {file}; ssl_certificate_key {key};")
    });
    let ssl = if certificate.is_some() { "ssl" } else { "" };
    let own = format!("listen {address};");
    assert!(shipped.contains(&own), "{own} is not in the file");
    let shipped = shipped.replace(&own, &format!("listen {address} {ssl}; server_name {SITE};"));
    let examples = [
        ("# \"GET /healthz\" 1;", "\"GET /healthz\" 1;"),
        ("# add_header", "add_header"),
    ];
    let shipped = with_examples(&shipped, examples);
    format!(
        "{certificate}
         underscores_in_headers on; ignore_invalid_headers off; merge_slashes on;
         large_client_header_buffers 8 64k; client_max_body_size 1;
         satisfy any; allow all; auth_basic off;
         set_real_ip_from 0.0.0.0/0; real_ip_header X-Forwarded-For; real_ip_recursive on;
         error_page 401 403 404 431 500 502 503 504 =200 /lax; recursive_error_pages on; proxy_intercept_errors on;
         proxy_cache_path {cache} keys_zone=lax:1m; proxy_cache lax; proxy_cache_valid any 1h;
         proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
         proxy_pass_request_headers off; proxy_pass_request_body off; proxy_method DELETE; proxy_set_header X-Account-Id forged;
         server {{ listen {address} {ssl} default_server; server_name {OTHER}; location / {{ return 200 other; }} }}
         {shipped}",
        certificate = certificate.unwrap_or_default(),
        cache = folder.join("cache").display(),
    )
}

/// A whole Caddyfile with the shipped site in it, whose address is `:8080`.
pub fn caddy(shipped: &str, address: SocketAddr, among: Among, folder: &Path) -> String {
    let certificate = Certificate::of(among, folder);
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let certificate = certificate.map(|certificate| {
        let (file, key) = (certificate.file.display(), certificate.key.display());
        format!("tls {file} {key}")
    });
    let certificate = certificate.unwrap_or_default();
    let port = address.port();
    assert!(shipped.contains(":8080 {"), "the address of the site");
    let own = format!("{scheme}://:{port} {{\n\tbind 127.0.0.1\n\t{certificate}\n");
    let shipped = shipped.replace(":8080 {", &own);
    if among == Among::Nothing {
        return format!("{{\n\tadmin off\n}}\n{shipped}");
    }
    let examples = [
        (
            r"^/\.well-known/acme-challenge/[A-Za-z0-9_-]+$",
            r"^(/\.well-known/acme-challenge/[A-Za-z0-9_-]+|/healthz)$",
        ),
        ("# header_down", "header_down"),
    ];
    let shipped = with_examples(&shipped, examples);
    format!(
        "{{\n\tadmin off\n\tauto_https disable_redirects\n\torder respond first\n\tservers {{\n\t\tprotocols h1 h2 h2c\n\t}}\n}}\n\
         {scheme}://{OTHER}:{port} {{\n\tbind 127.0.0.1\n\t{certificate}\n\trespond other\n}}\n{shipped}"
    )
}
