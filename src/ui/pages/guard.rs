//! The page `Guard your API`: configurations for proxies that check each request with this server
//! (forward-auth).

use crate::{
    domain::{paths, proxy_config::Proxy},
    ui::{
        kit::{
            button::ButtonLink,
            copy::CopyText,
            notice::{Notice, Tone},
            panel::PageHead,
            snippet::Snippet,
            tabs::{TabLink, TabLinks},
        },
        layout::{Frame, FrameData},
    },
};
use leptos::prelude::*;
use std::net::IpAddr;

/// Data of the page.
#[derive(Clone)]
pub struct GuardPageData {
    /// Data of the frame.
    pub frame: FrameData,
    /// Path of the page.
    pub page: String,
    /// The selected proxy.
    pub proxy: Proxy,
    /// Text of its configuration.
    pub configuration: String,
    /// Source address of subrequests from a proxy on this machine, for `TRUSTED_PROXIES`.
    pub trusted: IpAddr,
    /// Whether this server listens on all addresses of its machine.
    pub listens_everywhere: bool,
    /// Whether this server trusts at least one proxy.
    pub trusts_proxies: bool,
    /// The product's name.
    pub brand: String,
}

/// The page.
#[component]
pub fn GuardPage(
    /// Its data.
    data: GuardPageData,
) -> impl IntoView {
    let GuardPageData {
        frame,
        page,
        proxy,
        configuration,
        trusted,
        listens_everywhere,
        trusts_proxies,
        brand,
    } = data;
    let elsewhere = listens_everywhere
        .then_some(" In the file, replace the address of this server by one that the proxy can reach.");
    let links = Proxy::ALL.map(|choice| TabLink {
        label: choice.label(),
        href: format!("{page}?proxy={}", choice.id()),
        is_current: choice == proxy,
    });
    let notice = (!trusts_proxies).then(|| {
        view! {
            <Notice tone=Tone::Warning class="guard-notice">
                "No proxy is set up yet. The person who runs this server has to do step 2."
            </Notice>
        }
    });
    view! {
        <Frame frame>
            <PageHead title="Guard your API">
                <p>
                    "Put a proxy in front of your API. It checks every request with " <span translate="no">{brand}</span>
                    " and only lets valid keys with the right scope through."
                </p>
            </PageHead>
            {notice}
            <section class="card guard" aria-label="Configuration">
                <TabLinks label="Proxy" links=links.to_vec()/>
                <ol class="steps">
                    <li>"Download the file below, set the addresses in it, and start " {proxy.label()} " with it."</li>
                    <li>
                        "Ask the person who runs this server to set " <code translate="no">"TRUSTED_PROXIES"</code>
                        " to the proxy's address (" <code translate="no">{trusted.to_string()}</code> " on the same machine)." {elsewhere}
                    </li>
                    <li>
                        "Make sure that only the proxy can reach your API. Each request with a key carries "
                        <code translate="no">"X-Account-Id"</code> ", " <code translate="no">"X-Api-Key-Id"</code> ", " <code translate="no">"X-Api-Key-Name"</code>
                        " and " <code translate="no">"X-Api-Key-Scopes"</code>
                        ". CORS preflights and ACME challenges reach your API without a key and without these headers."
                    </li>
                    <li>
                        "Test it: without a key you should get 401, with a key your API's response."
                    </li>
                </ol>
                <div class="guard-file">
                    <h2><code translate="no">{proxy.file()}</code></h2>
                    <CopyText text=configuration.clone() status="configuration-copied"/>
                    <ButtonLink href=paths::guard_file(&page, proxy.id()) label="Download" download=proxy.file()/>
                </div>
                <Snippet text=configuration/>
            </section>
        </Frame>
    }
}
