//! Shared by the measurements: the keys that take turns, a line of the table, and free ports.

use super::{Failure, judged, load::Figures};
use std::net::{SocketAddr, TcpListener};

/// Keys that take turns, each with an allowlist.
pub const KEYS: usize = 100_000;

/// A line of the table.
pub struct Line<'a> {
    /// The database.
    pub engine: &'a str,
    /// What was measured.
    pub name: &'a str,
    /// Results of each round: the product, the constant beside it, and the bare server.
    pub rounds: Vec<[Figures; 3]>,
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// Percent of the requests whose row of the log was dropped.
    pub dropped: f64,
}

impl Line<'_> {
    /// Prints the median round, and judges each ratio by its own median. The bare server is for comparison
    /// and has no bound.
    pub fn print(mut self, least: Option<f64>, whole: bool) {
        let median = |of: &dyn Fn(&[Figures; 3]) -> f64| {
            let mut ratios: Vec<_> = self.rounds.iter().map(of).collect();
            ratios.sort_by(f64::total_cmp);
            ratios[ratios.len() / 2]
        };
        let ratio = |[real, beside, _]: &[Figures; 3]| real.rate / beside.rate;
        let costs = [
            (
                "p99 beside the constant",
                median(&|[real, beside, _]| real.p99 / beside.p99),
                2.0,
            ),
            (
                "CPU beside the constant",
                median(&|[real, beside, _]| real.cpu / beside.cpu),
                1.6,
            ),
        ];
        let of_bare = median(&|[real, _, bare]| real.rate / bare.rate);
        self.rounds.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        let middle = self.rounds[self.rounds.len() / 2];
        let [real, beside, bare] = middle;
        let kept = ratio(&middle);
        let bound = least.map_or_else(String::new, |least| judged(kept >= least, format!(">= {least}")));
        let cpu = format!("{:.1}/{:.1}/{:.1}", real.cpu, beside.cpu, bare.cpu);
        println!(
            "{:<11} {:<28} {:>6.3}  {bound:<8} {:>9.0} {:>9.0} {:>9.0} {of_bare:>7.3} {:>5.1}ms {cpu:>16} {:>7} {:>7.1}%",
            self.engine,
            self.name,
            kept,
            real.rate,
            beside.rate,
            bare.rate,
            real.p99,
            self.bytes,
            self.dropped
        );
        if whole {
            for (what, ratio, most) in costs {
                let bound = judged(ratio <= most, format!("<= {most}"));
                println!("{:<11}   {what:<26} {ratio:>6.3}  {bound}", "");
            }
        }
    }
}

/// A free port of this machine.
pub fn free_port() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
