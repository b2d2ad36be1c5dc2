//! Traefik and Envoy, which do not run here: their subrequests, as their documentation describes them (doc.traefik.io,
//! `ForwardAuth`; envoyproxy.io, `ExtAuthz`), are sent to the server, and its answer is the outcome. `recorded` checks
//! the settings of their files.

use super::{
    super::running::{CLIENT, connect, exchange, message, parse},
    Act, Asked,
    exchanges::refusal,
};
use std::net::SocketAddr;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Described {
    Traefik,
    Envoy,
}

impl Described {
    /// The outcome of a request, or that the file has the setting for it.
    pub async fn outcome(self, asked: &Asked, server: SocketAddr) -> String {
        if let Some(known) = self.without_asking(asked) {
            return known.to_owned();
        }
        if self == Self::Envoy && asked.headers.iter().any(|(name, _)| name.contains('_')) {
            return "400 of Envoy (setting)".to_owned();
        }
        let (method, target, headers) = self.subrequest(asked);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let request = message(method, &target, &headers, "\r\n");
        let bytes = exchange(connect(server, "127.0.0.1").await, &request).await;
        let answer = parse(&String::from_utf8(bytes).expect("text"));
        match answer.status {
            200 if asked.headers.iter().any(|(_, value)| value == "forged") => {
                "passes without the header (setting)".to_owned()
            }
            200 => "passes".to_owned(),
            // A failure of Envoy's own filter.
            status if self == Self::Envoy && status >= 500 => refusal(503, None),
            status => {
                let is_json = answer.header("content-type") == "application/json";
                let code = is_json.then(|| answer.json()["error"]["code"].clone());
                refusal(status, code.as_ref().and_then(|code| code.as_str()))
            }
        }
    }

    /// The outcome that does not depend on this server, if it does not.
    fn without_asking(self, asked: &Asked) -> Option<&'static str> {
        let has_key = asked.headers.iter().any(|(name, _)| name == "authorization");
        match (self, asked.act) {
            (_, Act::Ask) if asked.target == "/healthz" => Some("not tried"),
            (_, Act::Ask) if asked.is_open => Some("passes (setting)"),
            (_, Act::Upgrade("h2c")) => Some("passes without the upgrade (setting)"),
            (Self::Envoy, Act::Upgrade(_) | Act::Stream) if has_key => Some("passes (setting)"),
            (_, Act::Upgrade(_) | Act::Stream | Act::Expect) if has_key => Some("not tried"),
            _ => None,
        }
    }

    /// Method, target and headers of the subrequest.
    fn subrequest(self, asked: &Asked) -> (&'static str, String, Vec<(String, String)>) {
        let removed = ["x-account-id", "x-http-method-override", "expect"];
        let kept = asked.headers.iter().filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            match self {
                Self::Traefik => !removed.contains(&&*name),
                Self::Envoy => {
                    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
                    name == "authorization" || !name.bytes().all(is_plain)
                }
            }
        });
        let mut headers: Vec<_> = kept.cloned().collect();
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        add("x-forwarded-for", CLIENT);
        match self {
            Self::Traefik => {
                add("x-forwarded-method", asked.method);
                add("x-forwarded-uri", &asked.target);
                ("GET", "/forward-auth".to_owned(), headers)
            }
            Self::Envoy => (asked.method, format!("/forward-auth{}", asked.target), headers),
        }
    }
}
