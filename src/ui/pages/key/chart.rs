//! Requests by day: a bar chart as SVG from the server, and the same numbers as a table.

use crate::domain::number::grouped;
use leptos::prelude::*;

/// Width of the chart in SVG units; each day gets an equal part of it.
const WIDTH: u32 = 600;
const HEIGHT: u32 = 120;
/// Gap between two bars.
const GAP: u32 = 4;

/// A day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The day, as `2027-01-31`.
    pub day: String,
    /// Requests that passed the check of the key.
    pub accepted: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// Positions and heights of the parts of a bar.
#[derive(Debug, PartialEq, Eq)]
struct Heights {
    accepted: u32,
    refused: u32,
}

/// Scales a bar to the highest day. A part with at least one request stays visible.
fn heights(bar: &Bar, most: u64) -> Heights {
    let height = |count: u64| {
        let share = u128::from(count) * u128::from(HEIGHT) / u128::from(most.max(1));
        let share = u32::try_from(share).unwrap_or(HEIGHT);
        if count > 0 { share.clamp(2, HEIGHT) } else { 0 }
    };
    let refused = height(bar.refused);
    Heights {
        accepted: height(bar.accepted).min(HEIGHT - refused),
        refused,
    }
}

/// The chart, its legend, and the table.
#[component]
pub fn Chart(
    /// Days, oldest first.
    days: Vec<Bar>,
) -> impl IntoView {
    let most = days
        .iter()
        .map(|bar| bar.accepted + bar.refused)
        .max()
        .unwrap_or(0);
    if most == 0 {
        return view! { <p class="quiet">"There were none."</p> }.into_any();
    }
    let accepted: u64 = days.iter().map(|bar| bar.accepted).sum();
    let refused: u64 = days.iter().map(|bar| bar.refused).sum();
    let step = WIDTH / u32::try_from(days.len().max(1)).unwrap_or(WIDTH);
    let bars = days
        .iter()
        .zip(0_u32..)
        .map(|(bar, n)| {
            let Heights { accepted, refused } = heights(bar, most);
            let (x, width) = (n * step, step - GAP);
            view! {
                <g>
                    <title>{format!("{}: {} accepted, {} refused", bar.day, bar.accepted, bar.refused)}</title>
                    <rect class="bar-ground" x=x y="0" width=width height=HEIGHT></rect>
                    <rect class="bar-accepted" x=x y=HEIGHT - accepted width=width height=accepted></rect>
                    <rect class="bar-refused" x=x y=HEIGHT - accepted - refused width=width height=refused></rect>
                </g>
            }
        })
        .collect_view();
    let ends = days.first().zip(days.last()).map(|(first, last)| {
        view! {
            <p class="chart-ends" aria-hidden="true">
                <span>{first.day.clone()}</span>
                <span>{format!("most: {} a day", grouped(most))}</span>
                <span>{last.day.clone()}</span>
            </p>
        }
    });
    // Skips days without requests: up to thirty rows of zeros help no reader.
    let rows = days
        .iter()
        .filter(|bar| bar.accepted + bar.refused > 0)
        .map(|bar| {
            view! {
                <tr>
                    <th scope="row">{bar.day.clone()}</th>
                    <td>{grouped(bar.accepted)}</td>
                    <td>{grouped(bar.refused)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <p class="legend">
            <span class="legend-accepted">{format!("{} accepted", grouped(accepted))}</span>
            <span class="legend-refused">{format!("{} refused", grouped(refused))}</span>
        </p>
        <svg class="chart" viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
            {bars}
        </svg>
        {ends}
        <table class="visually-hidden">
            <caption>"Requests by day; days without any are left out"</caption>
            <thead>
                <tr>
                    <th scope="col">"Day"</th>
                    <th scope="col">"Accepted"</th>
                    <th scope="col">"Refused"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(accepted: u64, refused: u64) -> Bar {
        Bar {
            day: "2027-01-31".to_owned(),
            accepted,
            refused,
        }
    }

    #[test]
    fn bars_fit_and_what_happened_is_seen() {
        for (accepted, refused, most, expected) in [
            (0, 0, 0, (0, 0)),
            (10, 0, 10, (HEIGHT, 0)),
            (5, 5, 10, (60, 60)),
            (1, 0, 1_000_000, (2, 0)),
            (u64::MAX - 1, 1, u64::MAX, (HEIGHT - 2, 2)),
        ] {
            let Heights { accepted, refused } = heights(&bar(accepted, refused), most);
            assert_eq!((accepted, refused), expected, "{most}");
            assert!(accepted + refused <= HEIGHT);
        }
    }
}
