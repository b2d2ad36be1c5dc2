//! The HTML document around every page.

use leptos::{config::LeptosOptions, hydration::HydrationScripts, prelude::*};

/// What every page is drawn with.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name of the product.
    pub brand: String,
    /// Path of the style sheet.
    pub css: String,
    /// Where the islands' module is.
    pub options: LeptosOptions,
}

/// Name of the product, from the context that every page is drawn in.
#[must_use]
pub fn brand() -> String {
    expect_context::<Site>().brand
}

/// The document: head, skip link, page.
#[component]
pub fn Document(
    /// What the page is; the brand follows it.
    title: &'static str,
    /// What stands in the body.
    children: Children,
) -> impl IntoView {
    let Site { brand, css, options } = expect_context::<Site>();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="theme-color" content="#f5f8f9" media="(prefers-color-scheme: light)"/>
                <meta name="theme-color" content="#0c1416" media="(prefers-color-scheme: dark)"/>
                <title>{format!("{title} · {brand}")}</title>
                <link rel="stylesheet" href=css/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <HydrationScripts options islands=true/>
            </head>
            <body>
                <a class="skip-link" href="#main">"Skip to content"</a>
                {children()}
            </body>
        </html>
    }
}
