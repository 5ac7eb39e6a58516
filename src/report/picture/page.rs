//! The HTML page with all results: one file without scripts or external resources.

use std::fmt::Write as _;

use halfplane::metrics::{Classification, Scores, TargetScores};

use super::chart::{short, thousands};
use super::svg::{Picture, escaped};
use super::theme::STYLE;
use super::{MAX_TARGETS, Results};
use crate::report::target_names;

const PAGE_STYLE: &str = "\
:root{color-scheme:light dark;--ink:#374151;--strong:#111827;--muted:#6b7280;--paper:#f3f4f6;\
--card:#fff;--line:#e5e7eb}\
@media (prefers-color-scheme:dark){:root{--ink:#d1d5db;--strong:#f3f4f6;--muted:#9ca3af;\
--paper:#0d0f13;--card:#15181e;--line:#2b303a}}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);\
font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\
main{max-width:1380px;margin:0 auto;padding:40px 24px 64px}\
h1{margin:0;font-size:28px;line-height:1.2;color:var(--strong)}h1+p{margin:6px 0 28px;color:var(--muted)}\
.scores{display:flex;flex-wrap:wrap;gap:12px;margin:0 0 20px;padding:0}\
.scores div{background:var(--card);border-radius:8px;padding:12px 18px;min-width:120px}\
.scores dt{color:var(--muted);font-size:13px}.scores dd{margin:0;font-size:22px;font-weight:600;\
color:var(--strong);font-variant-numeric:tabular-nums}\
.pictures{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}\
figure{margin:0;max-width:100%}figure svg{display:block;max-width:100%;height:auto}\
section{background:var(--card);border-radius:8px;padding:18px 24px;overflow-x:auto}\
.board{margin-bottom:20px}h2{margin:0 0 10px;font-size:16px;color:var(--strong)}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th,td{padding:5px 24px 5px 0;text-align:right;border-top:1px solid var(--line)}\
th{font-weight:500;color:var(--muted)}tr:first-child>*{border-top:0}\
th:first-child,td:first-child{text-align:left;color:var(--ink)}\
.facts td{text-align:left}footer{margin-top:28px;color:var(--muted);font-size:13px}";

/// The HTML page of a model's results.
pub(super) fn page(results: &Results<'_>, pictures: &[Picture]) -> String {
    let model = results.model;
    let title = format!("{} from {}", target_names(&model.targets), columns(results));
    let rows = thousands(results.features.len() / model.network.inputs);
    let subtitle = format!("A {} network, scored on {rows} {}", model.network, results.rows);
    let body = format!(
        "<dl class=\"scores\">\n{}</dl>\n<div class=\"pictures\">\n{}{}{}{}</div>\n",
        cards(results.scores),
        figures(pictures),
        classes(results),
        targets(results),
        facts(results),
    );
    document(&title, &subtitle, &body)
}

/// An HTML page with a heading; the body is not escaped.
pub(super) fn document(title: &str, subtitle: &str, body: &str) -> String {
    let (title, subtitle) = (escaped(title), escaped(subtitle));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{title}</title>\n<style>{PAGE_STYLE}{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p>{subtitle}</p>\n{body}\
         <footer>Made by halfplane {}</footer>\n</main>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
    )
}

/// Pictures within a page.
pub(super) fn figures(pictures: &[Picture]) -> String {
    pictures.iter().map(|picture| format!("<figure>{}</figure>\n", picture.part())).collect()
}

/// A number and what it is, on a card of its own.
pub(super) fn card(label: &str, value: &str) -> String {
    format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(label), escaped(value))
}

/// A row of a table, of such cells.
pub(super) fn table_row(tag: &str, cells: &[String]) -> String {
    let cells: String =
        cells.iter().map(|own| format!("<{tag}>{}</{tag}>", escaped(own))).collect();
    format!("<tr>{cells}</tr>\n")
}

fn columns(results: &Results<'_>) -> String {
    let names: Vec<&str> =
        results.model.preprocessing.needed().map(|column| column.name.as_str()).collect();
    match names[..] {
        [one] => one.to_owned(),
        [one, other] => format!("{one} and {other}"),
        _ => format!("{} columns", thousands(names.len())),
    }
}

/// The scores, each on a card of its own.
fn cards(scores: &Scores) -> String {
    let cards: Vec<(&str, Option<f64>)> = match scores {
        Scores::Classification(own) => vec![
            ("accuracy", Some(own.accuracy)),
            ("balanced accuracy", Some(own.balanced_accuracy)),
            ("F1, mean of classes", Some(own.f1_macro)),
            ("ROC AUC", own.roc_auc),
            ("PR AUC", own.pr_auc),
            ("log loss", Some(own.log_loss)),
            ("Brier score", Some(own.brier)),
            ("calibration error", Some(own.calibration.expected_error)),
        ],
        Scores::Regression(own) => {
            vec![("R²", own.r2), ("RMSE", Some(own.rmse)), ("MAE", Some(own.mae))]
        }
        Scores::MultiLabel(own) => vec![
            ("rows with all labels right", Some(own.accuracy)),
            ("right labels", Some(own.label_accuracy)),
            ("balanced accuracy", Some(own.balanced_accuracy)),
            ("F1, mean of labels", own.f1_macro),
            ("ROC AUC", own.roc_auc),
            ("PR AUC", own.pr_auc),
            ("log loss", Some(own.log_loss)),
            ("Brier score", Some(own.brier)),
            ("calibration error", Some(own.calibration_error)),
        ],
    };
    cards
        .into_iter()
        .map(|(name, value)| card(name, &value.map_or("–".to_owned(), short)))
        .collect()
}

/// The table of scores per class.
fn classes(results: &Results<'_>) -> String {
    let Scores::Classification(Classification { per_class, .. }) = results.scores else {
        return String::new();
    };
    let share = |value: Option<f64>| value.map_or("–".to_owned(), short);
    let rows: String = per_class
        .iter()
        .zip(results.model.classes())
        .map(|(own, name)| {
            let [precision, recall, f1] = [own.precision, own.recall, own.f1].map(share);
            let cells = [name.clone(), precision, recall, f1, own.support.to_string()];
            table_row("td", &cells)
        })
        .collect();
    format!(
        "<section>\n<h2>Classes</h2>\n<table>\n<tr><th>class</th><th>precision</th><th>recall</th>\
         <th>F1</th><th>rows</th></tr>\n{rows}</table>\n</section>\n"
    )
}

/// The table of scores per target, where there are several, and how many of them are drawn.
fn targets(results: &Results<'_>) -> String {
    let defined = |value: Option<f64>| value.map_or("–".to_owned(), short);
    let (head, each): (&[&str], Vec<Vec<String>>) = match results.scores {
        Scores::Classification(_) => return String::new(),
        Scores::Regression(own) => {
            let row = |own: &TargetScores| vec![defined(own.r2), short(own.rmse), short(own.mae)];
            (&["R²", "RMSE", "MAE"], own.per_target.iter().map(row).collect())
        }
        Scores::MultiLabel(own) => {
            let row = |own: &Classification| {
                let yes = &own.per_class[1];
                let [accuracy, log_loss] = [own.accuracy, own.log_loss].map(short);
                vec![accuracy, defined(yes.f1), log_loss, defined(own.roc_auc), defined(own.pr_auc)]
            };
            let head = &["accuracy", "F1", "log loss", "ROC AUC", "PR AUC"];
            (head, own.per_label.iter().map(row).collect())
        }
    };
    if each.is_empty() {
        return String::new();
    }
    let head: Vec<String> = ["target"].iter().chain(head).map(ToString::to_string).collect();
    let head = table_row("th", &head);
    let rows = results.model.targets.iter().zip(each).map(|(target, mut texts)| {
        texts.insert(0, target.name.clone());
        table_row("td", &texts)
    });
    let rows: String = rows.collect();
    let count = results.model.targets.len();
    let drawn = match count > MAX_TARGETS {
        true => format!("<p>Pictures are of the first {MAX_TARGETS} of {count} targets.</p>\n"),
        false => String::new(),
    };
    format!("<section>\n<h2>Targets</h2>\n<table>\n{head}{rows}</table>\n{drawn}</section>\n",)
}

/// The table of the network and its training settings.
fn facts(results: &Results<'_>) -> String {
    let model = results.model;
    let mut facts = vec![
        ("network", model.network.to_string()),
        (
            "hidden layers",
            match model.network.hidden.is_empty() {
                true => "none".to_owned(),
                false => model.network.hidden_function(),
            },
        ),
        ("output", model.network.output.to_string()),
        ("parameters", thousands(model.network.parameters() as usize)),
    ];
    if let Some(own) = &model.provenance {
        let optimizer = &own.optimizer;
        facts.extend([
            ("loss", own.loss.to_string()),
            ("optimizer", format!("{}, learning rate {}", optimizer.name(), optimizer.lr())),
            ("steps", thousands(own.steps as usize)),
            ("batch", format!("{} of {} rows", thousands(own.batch), thousands(own.rows))),
            ("seed", own.seed.to_string()),
            ("device", own.device.clone()),
        ]);
    }
    let mut text = String::from("<section>\n<h2>The model</h2>\n<table class=\"facts\">\n");
    for (name, value) in facts {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
    }
    text + "</table>\n</section>\n"
}
