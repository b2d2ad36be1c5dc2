//! Tables. On narrow screens their rows become cards; the roles say that they are tables all the same, which some
//! browsers forget once `display` changes.

use leptos::prelude::*;

/// The table: its head, and rows that the page draws.
#[component]
pub fn Table(
    /// What it is, for those who do not see it.
    caption: &'static str,
    /// A class for its columns.
    class: &'static str,
    /// The heads of its columns; an empty one is that of the buttons.
    columns: &'static [&'static str],
    /// The rows.
    children: Children,
) -> impl IntoView {
    let heads = columns
        .iter()
        .map(|&head| {
            if head.is_empty() {
                view! {
                    <th scope="col" role="columnheader">
                        <span class="visually-hidden">"Actions"</span>
                    </th>
                }
                .into_any()
            } else {
                view! { <th scope="col" role="columnheader">{head}</th> }.into_any()
            }
        })
        .collect_view();
    view! {
        <table class=format!("table {class}") role="table">
            <caption class="visually-hidden">{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">{heads}</tr>
            </thead>
            <tbody role="rowgroup">{children()}</tbody>
        </table>
    }
}
