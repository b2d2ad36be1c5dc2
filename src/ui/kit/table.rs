//! Tables. On narrow screens their rows become cards. The elements carry explicit ARIA roles, because some
//! browsers drop the table roles once `display` changes.

use leptos::prelude::*;

/// A table: its header, and rows from the page.
#[component]
pub fn Table(
    /// Caption, for screen readers.
    caption: &'static str,
    /// A class that sets its column widths.
    class: &'static str,
    /// Column headers; an empty one is the column of buttons.
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
