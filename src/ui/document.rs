//! The HTML document around every page.

use crate::domain::{done::Done, theme::Theme, time::Timestamp};
use leptos::{
    attr::custom::CustomAttribute as _,
    config::LeptosOptions,
    html::meta,
    hydration::{AutoReload, HydrationScripts},
    prelude::*,
};

/// Settings of the document around every page, from the context.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name of the product.
    pub brand: String,
    /// Path of the style sheet.
    pub css: String,
    /// Leptos options: where the browser loads the WebAssembly module from.
    pub options: LeptosOptions,
    /// Light or dark.
    pub theme: Theme,
    /// Path and query of the page, for links that lead back to it.
    pub path: String,
    /// What the previous action has done.
    pub done: Option<Done>,
    /// The time at which the page is rendered.
    pub now: Timestamp,
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

/// The document: head, skip link, page.
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
        options,
        theme,
        ..
    } = site();
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
                <AutoReload options=options.clone()/>
                <HydrationScripts options islands=true/>
            </head>
            <body>
                <a class="skip-link" href="#main">"Skip to content"</a>
                {children()}
            </body>
        </html>
    }
}
