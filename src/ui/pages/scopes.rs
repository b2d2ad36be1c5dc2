//! The page `Scopes`: the scopes of each preset, and the routes of each scope.

use crate::{
    domain::catalog::Catalog,
    ui::{
        kit::{
            icon::{Drawing, Icon},
            panel::PageHead,
        },
        layout::{Frame, FrameData},
    },
};
use leptos::prelude::*;
use std::sync::Arc;

/// The page.
#[component]
pub fn ScopesPage(
    /// Data of the frame.
    frame: FrameData,
    /// The catalogue.
    catalog: Arc<Catalog>,
) -> impl IntoView {
    let head = catalog
        .presets
        .iter()
        .map(|preset| view! { <th scope="col" role="columnheader">{preset.label.clone()}</th> })
        .collect_view();
    let rows = catalog
        .scopes
        .iter()
        .map(|scope| view! { <ScopeRow catalog=Arc::clone(&catalog) scope=scope.clone()/> })
        .collect_view();
    view! {
        <Frame frame>
            <PageHead title="Scopes">
                <p>
                    "Scopes decide which routes a key can call. You choose them when you create the key; to change them, create a new key."
                </p>
            </PageHead>
            <section class="card matrix-card" aria-label="Scopes by preset">
                <table class="matrix" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">"Scope and its routes"</th>
                            {head}
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </section>
        </Frame>
    }
}

#[component]
fn ScopeRow(catalog: Arc<Catalog>, scope: String) -> impl IntoView {
    let routes = catalog
        .routes_of(&scope)
        .map(|route| {
            view! {
                <li translate="no">
                    <span class="method">{route.method.clone()}</span>
                    <code>{route.pattern.to_string()}</code>
                </li>
            }
        })
        .collect_view();
    let cells = catalog
        .presets
        .iter()
        .map(|preset| {
            if preset.scopes.contains(&scope) {
                view! {
                    <td role="cell">
                        <Drawing icon=Icon::Check class="yes"/>
                        <span class="visually-hidden">"yes"</span>
                    </td>
                }
                .into_any()
            } else {
                view! {
                    <td role="cell">
                        <span class="no" aria-hidden="true">"–"</span>
                        <span class="visually-hidden">"no"</span>
                    </td>
                }
                .into_any()
            }
        })
        .collect_view();
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <code translate="no">{scope}</code>
                <ul class="routes">{routes}</ul>
            </th>
            {cells}
        </tr>
    }
}
