//! The HTML page of a search: one file without scripts or external resources.

use halfplane::sweep::State;

use super::Search;
use super::scores::Scores;
use crate::report::picture::chart::thousands;
use crate::report::picture::page::{card, document, figures, table_row};
use crate::report::picture::svg::Picture;
use crate::report::{count, shown};

/// Trials of the leaderboard.
const SHOWN: usize = 20;

pub(super) fn page(search: &Search<'_>, scores: &Scores<'_>, pictures: &[Picture]) -> String {
    let metric = scores.metric;
    let title = format!("A search for the best {metric}");
    let names: Vec<&str> = search.header.space.iter().map(|(name, _)| name).collect();
    let subtitle = format!(
        "{} trials of {}, proposed by {}",
        thousands(scores.all.len()),
        names.join(", "),
        search.header.sampler,
    );
    let body = format!(
        "<dl class=\"scores\">\n{}</dl>\n{}<div class=\"pictures\">\n{}{}</div>\n",
        cards(search, scores),
        leaderboard(search, scores, &names),
        figures(&search.wall),
        figures(pictures),
    );
    document(&title, &subtitle, &body)
}

fn cards(search: &Search<'_>, scores: &Scores<'_>) -> String {
    let mut cards = String::new();
    let own = search.chosen.and_then(|trial| scores.all.iter().find(|own| own.trial == trial));
    if let Some(own) = own.or(scores.complete.first().copied()) {
        let (mean, error) = own.score();
        let whose = if search.chosen.is_some() { "chosen" } else { "best so far" };
        cards += &card(&format!("{}, {whose}", scores.metric), &format!("{mean:.4} ± {error:.4}"));
        cards += &card("trial", &own.trial.to_string());
        cards += &card("parameters", &thousands(usize::try_from(own.size).unwrap_or(usize::MAX)));
        cards += &card("epochs", &own.epochs.to_string());
    }
    for (state, label) in [
        (State::Complete, "trained to the end"),
        (State::Pruned, "stopped early"),
        (State::Diverged, "diverged"),
        (State::Refused, "refused"),
    ] {
        let count = count(scores.all, state);
        if count > 0 {
            cards += &card(label, &thousands(count));
        }
    }
    let work: f64 = scores.all.iter().map(|own| own.seconds).sum();
    cards + &card("seconds of work", &format!("{work:.1}"))
}

fn leaderboard(search: &Search<'_>, scores: &Scores<'_>, names: &[&str]) -> String {
    let rows = scores.complete.iter().take(SHOWN).map(|own| {
        let (mean, error) = own.score();
        let mark = if search.chosen == Some(own.trial) { " (chosen)" } else { "" };
        let mut cells = vec![
            format!("{}{mark}", own.trial),
            format!("{mean:.4}"),
            format!("{error:.4}"),
            own.training.map_or("–".to_owned(), |own| format!("{own:.4}")),
            own.epochs.to_string(),
            thousands(usize::try_from(own.size).unwrap_or(usize::MAX)),
            format!("{:.2}", own.seconds),
        ];
        cells.extend(
            names.iter().map(|name| own.parameters.get(name).map_or_else(String::new, shown)),
        );
        table_row("td", &cells)
    });
    let rows: String = rows.collect();
    let fixed =
        ["trial", scores.metric.name(), "±", "in training", "epochs", "parameters", "seconds"];
    let head: Vec<String> =
        fixed.into_iter().chain(names.iter().copied()).map(str::to_owned).collect();
    let head = table_row("th", &head);
    format!(
        "<section class=\"board\">\n<h2>The best trials</h2>\n<table>\n{head}{rows}</table>\n\
         </section>\n"
    )
}
