//! How the networks of a search are done: the dispatch graphs of its first trials.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use halfplane::Result;
use halfplane::selection::{FitOptions, FitPlan, plan_all};
use halfplane::sweep::{Asked, Sweep};

use crate::report;

/// Prints the graph of each pack of networks that are trained side by side, and once what others repeat.
pub(super) fn print(sweep: &mut Sweep, fit: &FitOptions) -> Result<()> {
    sweep.begin();
    let Asked::Fits { jobs, trials, .. } = sweep.ask(&mut |_| ControlFlow::Continue(()))? else {
        return report::print("there is nothing to be trained\n");
    };
    let FitPlan { device, packs } = plan_all(&jobs, fit)?;
    let mut graphs: Vec<(String, usize, usize)> = Vec::new();
    for (pack, plan) in &packs {
        let text = plan.to_string();
        match graphs.iter_mut().find(|(known, ..)| *known == text) {
            Some((_, times, _)) => *times += 1,
            None => graphs.push((text, 1, pack.len())),
        }
    }
    let mut text = format!(
        "the first {trials} trials are {} networks, trained in {} {} on {device}\n",
        jobs.len(),
        packs.len(),
        if packs.len() == 1 { "dispatch graph" } else { "dispatch graphs" },
    );
    for (graph, times, networks) in graphs {
        let who = match (times, networks) {
            (1, 1) => "one network by itself".to_owned(),
            (1, many) => format!("{many} networks side by side"),
            (times, 1) => format!("{times} networks, each by itself"),
            (times, many) => format!("{times} times {many} networks side by side"),
        };
        let _ = write!(text, "\n== {who}\n{graph}\n");
    }
    report::print(&text)
}
