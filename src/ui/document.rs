//! The HTML document around every page.

use super::kit::icon::Sprite;
use crate::domain::{done::Done, theme::Theme, time::Timestamp};
use leptos::{
    attr::custom::CustomAttribute as _,
    config::LeptosOptions,
    html::meta,
    hydration::{AutoReload, HydrationScripts},
    nonce::use_nonce,
    prelude::*,
};

/// The element that Leptos renders around an island. Text of people cannot contain it, because `<` is escaped.
const ISLAND: &str = "<leptos-island";

/// Settings of the document around every page, from the context.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name of the product.
    pub brand: String,
    /// Prefix of new keys.
    pub key_prefix: String,
    /// Path of the style sheet.
    pub css: String,
    /// Path of the script that every page has.
    pub script: String,
    /// The time at which the page is rendered, by the server's clock.
    pub now: Timestamp,
    /// Leptos options: where the browser loads the WebAssembly module from.
    pub options: LeptosOptions,
    /// Light or dark.
    pub theme: Theme,
    /// Path and query of the page, for links that lead back to it.
    pub path: String,
    /// What the previous action has done.
    pub done: Option<Done>,
}

/// The document's settings, from the context.
#[must_use]
pub fn site() -> Site {
    expect_context::<Site>()
}

/// Name of the product.
#[must_use]
pub fn brand() -> String {
    site().brand
}

/// The document: head, skip link, page. Only a page with an island loads the WebAssembly module.
#[component]
pub fn Document(
    /// Title of the page; the brand is appended.
    title: String,
    /// Content of the body.
    children: Children,
) -> impl IntoView {
    let Site {
        brand,
        css,
        script,
        now,
        options,
        theme,
        ..
    } = site();
    // The body is rendered before the head, to see whether it has an island. As `HydrationScripts` does, this makes
    // everything outside islands static.
    if let Some(context) = Owner::current_shared_context() {
        context.set_is_hydrating(false);
    }
    let body = view! {
        <Sprite/>
        <a class="skip-link" href="#main">"Skip to content"</a>
        {children()}
    }
    .to_html();
    let hydration = body
        .contains(ISLAND)
        .then(|| view! { <HydrationScripts options=options.clone() islands=true/> });
    let chosen = (theme != Theme::System).then(|| theme.id());
    let scheme = if theme == Theme::System {
        "light dark"
    } else {
        theme.id()
    };
    let ground = [(Theme::Light, "#f5f8f9"), (Theme::Dark, "#0c1416")]
        .into_iter()
        .filter(|(of, _)| theme == Theme::System || theme == *of)
        .map(|(of, colour)| {
            let media = (theme == Theme::System).then(|| format!("(prefers-color-scheme: {})", of.id()));
            meta().name("theme-color").content(colour).attr("media", media)
        })
        .collect_view();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=chosen>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content=scheme/>
                {ground}
                <title>{format!("{title} · {brand}")}</title>
                <link rel="stylesheet" href=css/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <script src=script defer nonce=use_nonce() data-now=now.iso()></script>
                <AutoReload options/>
                {hydration}
            </head>
            <body inner_html=body></body>
        </html>
    }
}
