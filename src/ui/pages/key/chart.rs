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
    /// The day for people: `31 Jan 2027`.
    pub date: String,
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

/// Totals and last use, the chart, and the same numbers as a table.
#[component]
pub fn Chart(
    /// Days, oldest first; `None` if counting timed out.
    days: Option<Vec<Bar>>,
    /// The sentence for days without requests.
    none: String,
    /// When the key was last used.
    last_used: AnyView,
) -> impl IntoView {
    let counted = days.is_some();
    let days = days.unwrap_or_default();
    let sum = |part: fn(&Bar) -> u64| days.iter().map(part).fold(0_u64, u64::saturating_add);
    let (accepted, refused) = (sum(|bar| bar.accepted), sum(|bar| bar.refused));
    let number = |number: u64| {
        if counted {
            grouped(number)
        } else {
            "Unknown".to_owned()
        }
    };
    let share =
        (refused > 0).then(|| view! { <small>{percent(refused, accepted.saturating_add(refused))}</small> });
    let totals = view! {
        <dl class="totals">
            <div>
                <dt class="total-accepted">"Accepted"</dt>
                <dd>{number(accepted)}</dd>
            </div>
            <div>
                <dt class="total-refused">"Refused"</dt>
                <dd>{number(refused)}{share}</dd>
            </div>
            <div>
                <dt>"Last used"</dt>
                <dd>{last_used}</dd>
            </div>
        </dl>
    };
    let bars = if !counted {
        view! {
            <p class="quiet">"These requests could not be counted in time. Reload the page in a few seconds."</p>
        }
        .into_any()
    } else if accepted == 0 && refused == 0 {
        view! { <p class="quiet">{none}</p> }.into_any()
    } else {
        view! { <Bars days/> }.into_any()
    };
    view! {
        {totals}
        {bars}
    }
}

/// The share of a whole for people: `0.3 %`, `< 0.1 %`.
fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    match (tenths / 10, tenths % 10) {
        (0, 0) => "< 0.1 %".to_owned(),
        (percent, 0) => format!("{percent} %"),
        (percent, tenths) => format!("{percent}.{tenths} %"),
    }
}

#[component]
fn Bars(days: Vec<Bar>) -> impl IntoView {
    let most = days
        .iter()
        .map(|bar| bar.accepted.saturating_add(bar.refused))
        .max()
        .unwrap_or(0);
    let step = WIDTH / u32::try_from(days.len().max(1)).unwrap_or(WIDTH);
    let bars = days
        .iter()
        .zip(0_u32..)
        .map(|(bar, n)| {
            let Heights { accepted, refused } = heights(bar, most);
            let (x, width) = (n * step, step - GAP);
            view! {
                <g>
                    <title>{format!("{}: {} accepted, {} refused", bar.date, grouped(bar.accepted), grouped(bar.refused))}</title>
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
                <span>{first.date.clone()}</span>
                <span>{format!("most: {} a day", grouped(most))}</span>
                <span>{last.date.clone()}</span>
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
        <svg class="chart" viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
            {bars}
        </svg>
        {ends}
        // A table is never narrower than its content, so the element around it is the hidden one.
        <div class="visually-hidden">
            <table>
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
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(accepted: u64, refused: u64) -> Bar {
        Bar {
            day: "2027-01-31".to_owned(),
            date: "31 Jan 2027".to_owned(),
            accepted,
            refused,
        }
    }

    #[test]
    fn a_share_of_all_requests() {
        for (part, whole, text) in [
            (42, 12_522, "0.3 %"),
            (1, 1_000_000, "< 0.1 %"),
            (1, 1, "100 %"),
            (1, 3, "33.3 %"),
            (u64::MAX, u64::MAX, "100 %"),
            (1, 0, "100 %"),
        ] {
            assert_eq!(percent(part, whole.max(part)), text, "{part} of {whole}");
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
