//! Requests, and the browsers that send them.

use crate::{
    answer::Answer,
    world::{World, with_default},
};
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Method, Request},
};
use babysea::server::dashboard::session::cookies::Name;
use futures_util::stream;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// Peer address of requests without another one: this machine, and a port as a system assigns it.
const PEER: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::LOCALHOST), 4711);

/// A request.
pub struct Call(Request<Body>);

pub fn call(method: &str, path: &str) -> Call {
    let method: Method = method.parse().expect("a method");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .extension(ConnectInfo(SocketAddr::from(PEER)))
        .body(Body::empty());
    Call(request.expect("a request"))
}

pub fn get(path: &str) -> Call {
    call("GET", path)
}

/// A form as a browser sends it from a page of ours.
pub fn form(path: &str, fields: &[(&str, &str)]) -> Call {
    call("POST", path).own_page().fields(fields)
}

impl Call {
    pub fn request(self) -> Request<Body> {
        self.0
    }

    pub fn header(self, name: &'static str, value: &str) -> Self {
        self.raw_header(name, value.parse().expect("a header value"))
    }

    pub fn raw_header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.0.headers_mut().append(name, value);
        self
    }

    /// Sets the peer address, as the listener does.
    pub fn sent_from(mut self, address: &str) -> Self {
        let peer = SocketAddr::new(address.parse().expect("an address"), PEER.1);
        self.0.extensions_mut().insert(ConnectInfo(peer));
        self
    }

    pub fn method(&self) -> &str {
        self.0.method().as_str()
    }

    pub fn path(&self) -> &str {
        self.0.uri().path()
    }

    /// Path and query.
    pub fn address(&self) -> String {
        self.0.uri().to_string()
    }

    /// Another request with the same method, address, headers and peer, without its body.
    pub fn again(&self) -> Self {
        let mut again = call(self.method(), &self.address());
        *again.0.headers_mut() = self.0.headers().clone();
        if let Some(peer) = self.0.extensions().get::<ConnectInfo<SocketAddr>>() {
            again.0.extensions_mut().insert(*peer);
        }
        again
    }

    pub fn own_page(self) -> Self {
        self.header("sec-fetch-site", "same-origin")
    }

    pub fn bearer(self, secret: &str) -> Self {
        self.header("authorization", &format!("Bearer {secret}"))
    }

    pub fn fields(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let mut call = self
            .header("content-type", media_type)
            .header("content-length", &body.len().to_string());
        *call.0.body_mut() = Body::from(body);
        call
    }

    /// A body that never ends and never sends a byte.
    pub fn unending(self) -> Self {
        self.with_body(Body::from_stream(stream::pending::<Result<Vec<u8>, Infallible>>()))
    }

    /// A body without a `Content-Length`.
    pub fn with_body(mut self, body: Body) -> Self {
        *self.0.body_mut() = body;
        self
    }

    /// A streamed body without a `Content-Length`.
    pub fn streamed(self, media_type: &str, body: Vec<u8>) -> Self {
        let mut call = self.header("content-type", media_type);
        *call.0.body_mut() = Body::from(body);
        call
    }
}

/// A new key, as its creator sees it.
pub struct Made {
    pub id: String,
    pub secret: String,
}

impl Made {
    pub fn read(answer: &Answer) -> Self {
        let made = answer.json();
        let text = |field: &str| made[field].as_str().expect(field).to_owned();
        Self {
            id: text("id"),
            secret: text("secret"),
        }
    }

    /// As [`Self::read`], of an answer that must be a success.
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self::read(answer)
    }
}

/// A browser: it stores cookies, and its posts come from a page of this server.
pub struct Browser<'w> {
    pub world: &'w World,
    pub slug: String,
    pub email: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'w> Browser<'w> {
    pub fn new(world: &'w World) -> Self {
        Self {
            world,
            cookies: RefCell::default(),
            slug: String::new(),
            email: String::new(),
        }
    }
    pub async fn send(&self, mut call: Call) -> Answer {
        if let Some(cookie) = self.cookie() {
            call = call.header("cookie", &cookie);
        }
        let answer = self.world.send(call).await;
        for line in answer.all("set-cookie") {
            let (name, value) = line
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a cookie");
            if line.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies
                    .borrow_mut()
                    .insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(get(path)).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form(path, fields)).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("email", email), ("password", password)])
            .await
    }

    /// What the browser sends as `Cookie`.
    pub fn cookie(&self) -> Option<String> {
        let cookies = self.cookies.borrow();
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The id in the session's cookie.
    pub fn session(&self) -> Option<String> {
        let name = Name::Session.at(&self.world.app.origin);
        self.cookies.borrow().get(&name).cloned()
    }

    /// Another browser with the same cookies, as they are now.
    pub fn copy(&self) -> Self {
        Self {
            world: self.world,
            slug: self.slug.clone(),
            email: self.email.clone(),
            cookies: self.cookies.clone(),
        }
    }

    pub fn plant(&self, name: &str, value: &str) {
        self.cookies
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    /// Path of this person's keys.
    pub fn keys(&self) -> String {
        format!("/home/{}/api-keys", self.slug)
    }

    /// Whether this browser is signed in, by both entry points.
    pub async fn is_signed_in(&self) -> bool {
        let page = self.send(get(&self.keys())).await.status;
        let function = self.create(&[]).await.status;
        match (page, function) {
            (200, 422) => true,
            (303, 401) => false,
            other => panic!("the page and the server function disagree: {other:?}"),
        }
    }

    /// The same person with another current account.
    pub fn at(&self, slug: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            ..self.copy()
        }
    }

    /// The form token in the page.
    pub async fn form_token(&self) -> String {
        self.get(&self.keys()).await.field("form_token")
    }

    /// Calls the server function that creates keys.
    pub async fn create(&self, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("account", self.slug.as_str())];
        all.extend(fields);
        self.post("/api/keys/create", &all).await
    }

    /// Creates a team; returns this person with the team as the current account.
    pub async fn team(&self, name: &str) -> Self {
        let answer = self.post("/home/create-team", &[("name", name)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.at(answer.location().split('/').nth(2).expect("a slug"))
    }

    /// Creates a key; returns its secret.
    pub async fn key(&self, name: &str, preset: &str) -> String {
        self.key_with(&[("name", name), ("preset", preset)]).await.secret
    }

    /// Creates a key with full access.
    pub async fn made(&self, name: &str) -> Made {
        self.key_with(&[("name", name), ("preset", "full_access")]).await
    }

    /// Creates a key with these fields.
    pub async fn key_with(&self, fields: &[(&str, &str)]) -> Made {
        let is_narrow = |(name, value): &(&str, &str)| {
            *name == "scopes[]" || ["generate_only", "monitor_only"].contains(value)
        };
        assert!(
            self.world.app.catalog().scopes.len() > 1 || !fields.iter().any(is_narrow),
            "left out: this test needs a key without some scope"
        );
        let token = self.form_token().await;
        let mut all = vec![("form_token", token.as_str())];
        all.extend(fields);
        let answer = self.create(&all).await;
        if answer.status == 409 {
            with_default("--max-keys");
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
        Made::read(&answer)
    }

    /// Calls the server function `name` of the keys with these fields.
    async fn keys_function(&self, name: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("account", self.slug.as_str())];
        all.extend(fields);
        self.post(&format!("/api/keys/{name}"), &all).await
    }

    /// Rotates a key with a grace period in hours.
    pub async fn rotate(&self, key: &str, grace: &str) -> Answer {
        let token = self.form_token().await;
        self.rotate_with(key, grace, &token).await
    }

    pub async fn rotate_with(&self, key: &str, grace: &str, token: &str) -> Answer {
        let fields = [("key", key), ("grace", grace), ("form_token", token)];
        self.keys_function("rotate", &fields).await
    }

    /// Ends a grace period so many hours after the rotation; 0 is now.
    pub async fn change_grace(&self, key: &str, hours: &str) -> Answer {
        self.keys_function("change-grace", &[("key", key), ("grace", hours)])
            .await
    }

    /// Reissues a key.
    pub async fn reissue(&self, key: &str, token: &str) -> Answer {
        let fields = [("key", key), ("form_token", token)];
        self.keys_function("reissue", &fields).await
    }

    pub async fn revoke(&self, keys: &[&str]) -> Answer {
        self.retire("revoke", keys, ("reason", "leaked")).await
    }

    /// Deletes keys; `typed` is the confirmation.
    pub async fn delete(&self, keys: &[&str], typed: &str) -> Answer {
        self.retire("delete", keys, ("confirm", typed)).await
    }

    async fn retire(&self, function: &str, keys: &[&str], field: (&str, &str)) -> Answer {
        let mut fields: Vec<_> = keys.iter().map(|key| ("keys[]", *key)).collect();
        fields.push(field);
        self.keys_function(function, &fields).await
    }
}
