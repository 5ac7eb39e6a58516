//! Several targets from outside: trained, predicted, scored, shown and exported.

use crate::support::folder::Folder;
use serde_json::{Value, json};

/// Rows whose numbers and labels follow from two inputs.
fn rows(count: usize, offset: usize) -> String {
    let mut text = String::from("x,z,sum,big,hot,wet\n");
    for row in offset..offset + count {
        let x = (row * 37 % 101) as f64 / 50.0 - 1.0;
        let z = (row * 59 % 103) as f64 / 51.0 - 1.0;
        let hot = if x > 0.2 { "yes" } else { "no" };
        let wet = u8::from(x + z > 0.0);
        text += &format!("{x},{z},{},{},{hot},{wet}\n", x + 2.0 * z, 1000.0 + 300.0 * x * z);
    }
    text
}

const NUMBERS: &str = "--target sum,big --drop hot,wet";
const LABELS: &str = "--target hot,wet --drop sum,big";

fn trained(target: &str) -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", rows(200, 0));
    folder.write("new.csv", rows(40, 1000));
    folder.good(&format!("train t.csv {target} --device cpu --quiet --output m.safetensors"));
    folder
}

fn json(folder: &Folder, words: &str) -> Value {
    serde_json::from_str(&folder.good(words)).expect("it prints JSON")
}

/// A table as its header and its rows.
fn csv(text: &str) -> (String, Vec<Vec<String>>) {
    let mut lines = text.lines();
    let header = lines.next().expect("a header").to_owned();
    (header, lines.map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

fn number(field: &str) -> f64 {
    field.parse().expect("a number")
}

#[test]
fn numbers_have_a_column_and_scores_each() {
    let folder = trained(NUMBERS);
    let (header, predicted) = csv(&folder.good("predict m.safetensors new.csv"));
    assert_eq!((header.as_str(), predicted.len()), ("sum,big", 40));
    let (_, truth) = csv(&folder.read("new.csv"));
    let found = json(&folder, "evaluate m.safetensors new.csv --json");
    assert_eq!(found["targets"], json!([{ "name": "sum" }, { "name": "big" }]));
    let each = found["per_target"].as_array().expect("a score of each").clone();
    for (place, own) in each.iter().enumerate() {
        let error =
            |row: usize| (number(&predicted[row][place]) - number(&truth[row][place + 2])).abs();
        let mae = (0..40).map(error).sum::<f64>() / 40.0;
        assert!((number(&own["mae"].to_string()) - mae).abs() < 1e-4 * mae, "{own}: {mae}");
        assert!(own["r2"].as_f64() > Some(0.9), "{own}");
    }
    let mean = each.iter().filter_map(|own| own["r2"].as_f64()).sum::<f64>() / 2.0;
    assert!((found["r2"].as_f64().expect("a mean") - mean).abs() < 1e-12, "{found}");
    let text = folder.good("evaluate m.safetensors new.csv");
    for part in ["predicts sum, big of 40 rows", "mean of 2 targets", "target      R²"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let (header, spread) = csv(&folder.good("predict m.safetensors new.csv --spread"));
    assert_eq!((header.as_str(), spread[0].len()), ("sum,big,spread_sum,spread_big", 4));
}

#[test]
fn labels_have_probabilities_classes_and_scores_each() {
    let folder = trained(LABELS);
    let (header, predicted) = csv(&folder.good("predict m.safetensors new.csv"));
    assert_eq!((header.as_str(), predicted.len()), ("p_hot,p_wet,hot,wet", 40));
    for row in &predicted {
        assert_eq!(row[2], if number(&row[0]) > 0.5 { "yes" } else { "no" });
        assert_eq!(row[3], if number(&row[1]) > 0.5 { "1" } else { "0" });
    }
    let (_, truth) = csv(&folder.read("new.csv"));
    let right = |row: &usize| predicted[*row][2..] == truth[*row][4..];
    let exact = (0..40).filter(right).count() as f64 / 40.0;
    let found = json(&folder, "evaluate m.safetensors new.csv --json");
    assert_eq!((found["accuracy"].as_f64(), found["rows"].as_u64()), (Some(exact), Some(40)));
    assert_eq!(found["per_label"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["targets"][0], json!({ "name": "hot", "classes": ["no", "yes"] }));
    assert!(exact > 0.8, "{exact}");
    let text = folder.good("evaluate m.safetensors new.csv");
    for part in ["all of whose labels are right", "ROC AUC", "the mean of 2 labels"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[test]
fn inspect_and_files_name_all_targets() {
    let folder = trained(NUMBERS);
    let text = folder.good("inspect m.safetensors");
    assert!(text.contains("target `sum`: a number, learned as"), "{text}");
    assert!(text.contains("target `big`: a number, learned as"), "{text}");
    let found = json(&folder, "inspect m.safetensors --json");
    assert_eq!(found["targets"][1]["name"], "big");
    assert!(found["preprocessing"]["target"]["each"][1]["scale"].as_f64() > Some(10.0));
    let header = String::from_utf8_lossy(&folder.read_bytes("m.safetensors")).into_owned();
    assert!(header.contains("\\\"version\\\":6"), "older programs keep away");
    folder.good(
        "train t.csv --target sum --folds none --device cpu --quiet --output one.safetensors",
    );
    let one = String::from_utf8_lossy(&folder.read_bytes("one.safetensors")).into_owned();
    assert!(one.contains("\\\"version\\\":2") && !one.contains("targets"), "as before");
    let labels = trained(LABELS);
    assert!(labels.good("inspect m.safetensors").contains("target `hot`: no, yes\n"));
}

#[test]
fn folds_score_the_mean_and_list_every_target() {
    let folder = Folder::new();
    folder.write("t.csv", rows(120, 0));
    let words = "--epochs 30 --device cpu --quiet";
    let text = folder.good(&format!("cv t.csv {NUMBERS} {words} --predictions held.csv"));
    assert!(text.starts_with("sum, big predicted from 120 rows of t.csv: 5 folds\n"), "{text}");
    assert!(text.contains("guessing the mean of each: -"), "{text}");
    let (header, held) = csv(&folder.read("held.csv"));
    assert_eq!(header, "row,fold,sum,big,predicted_sum,predicted_big");
    let (_, truth) = csv(&folder.read("t.csv"));
    assert_eq!(held.len(), 120);
    for row in &held {
        let own = &truth[row[0].parse::<usize>().expect("a row") - 1];
        for (found, expected) in row[2..4].iter().zip(&own[2..4]) {
            assert!((number(found) - number(expected)).abs() < 1e-3, "{row:?} {own:?}");
        }
    }
    let text = folder.good(&format!("cv t.csv {LABELS} {words} --predictions held.csv"));
    assert!(text.contains("accuracy") && !text.contains("stratified"), "{text}");
    let (header, _) = csv(&folder.read("held.csv"));
    assert_eq!(header, "row,fold,hot,wet,p_hot,p_wet,predicted_hot,predicted_wet");
    let found = json(&folder, &format!("cv t.csv {LABELS} {words} --metric log_loss --json"));
    assert_eq!((&found["targets"], &found["metric"]), (&json!(["hot", "wet"]), &json!("log_loss")));
    assert!(found["mean"].as_f64() < Some(0.5), "{found}");
    assert_eq!(found["per_target"].as_array().map(Vec::len), Some(2));
    // The scores of training rows, too, are the means of each target's.
    let found = json(&folder, &format!("cv t.csv {NUMBERS} {words} --json"));
    let training = found["training"].as_array().expect("a score of each fold");
    assert!(training.iter().all(|own| own.as_f64() > found["mean"].as_f64()), "{found}");
}

#[test]
fn one_network_is_trained_on_several_targets_too() {
    let folder = Folder::new();
    folder.write("t.csv", rows(120, 0));
    let text = folder.good(&format!("train t.csv {LABELS} --validation 0.25 --device cpu"));
    assert!(text.contains("targets `hot`, `wet`: 2 labels, no or yes, 0 or 1"), "{text}");
    assert!(text.contains("share of right labels"), "{text}");
    let text = folder.good(&format!("train t.csv {NUMBERS} --recipe plain --device cpu"));
    assert!(text.contains("targets `sum`, `big`: 2 numbers"), "{text}");
    assert!(text.contains("R² of all targets together"), "{text}");
    folder.good(&format!(
        "train t.csv {NUMBERS} --steps 20 --device cpu --quiet --checkpoint run --output m.safetensors"
    ));
    folder.good("train --resume run --steps 40 --device cpu --quiet --output m.safetensors");
    assert!(folder.good("predict m.safetensors t.csv").starts_with("sum,big\n"));
}

#[test]
fn reports_have_pictures_of_each_target() {
    let folder = Folder::new();
    folder.write("t.csv", rows(120, 0));
    folder.good(&format!("train t.csv {NUMBERS} --device cpu --quiet --report numbers"));
    for name in ["predictions-1", "residuals-1", "predictions-2", "residuals-2", "loss"] {
        assert!(folder.read(&format!("numbers/{name}.svg")).starts_with("<svg"), "{name}");
    }
    let page = folder.read("numbers/index.html");
    assert!(page.contains("<td>sum</td>") && page.contains("predicted big"), "{page}");
    folder.good(&format!("train t.csv {LABELS} --device cpu --quiet --report labels"));
    for name in ["roc", "precision-recall", "confusion-1", "confusion-2"] {
        assert!(folder.read(&format!("labels/{name}.svg")).starts_with("<svg"), "{name}");
    }
    assert!(folder.read("labels/index.html").contains("rows with all labels right"));
    // A page of very many targets would be long.
    let many: Vec<String> = (0..8).map(|own| format!("y{own}")).collect();
    let rows = (0..60).map(|row| {
        let of = |own: usize| ((row * (own + 3)) % 17).to_string();
        (0..9).map(of).collect::<Vec<_>>().join(",") + "\n"
    });
    folder.write("many.csv", format!("x,{}\n{}", many.join(","), rows.collect::<String>()));
    let target = many.join(",");
    folder.good(&format!("train many.csv --target {target} --device cpu --quiet --report many"));
    assert!(folder.path("many/residuals-6.svg").exists());
    assert!(!folder.path("many/residuals-7.svg").exists());
    assert!(folder.read("many/index.html").contains("the first 6 of 8 targets"));
}

#[test]
fn a_configuration_lists_targets() {
    let folder = Folder::new();
    folder.write("t.csv", rows(60, 0));
    folder.write("list.toml", "target = [\"sum\", \"big\"]\ndrop = [\"hot\", \"wet\"]\n");
    folder.write("text.toml", "target = \"sum,big\"\ndrop = [\"hot\", \"wet\"]\n");
    folder.write("bad.toml", "target = 3\n");
    for name in ["list", "text"] {
        folder.good(&format!(
            "train t.csv --config {name}.toml --device cpu --quiet --output {name}.safetensors"
        ));
    }
    assert_eq!(folder.read_bytes("list.safetensors"), folder.read_bytes("text.safetensors"));
    folder.write("commas.csv", "x,\"a,b\",c\n1,2,3\n2,5,4\n3,6,9\n4,1,1\n5,2,8\n");
    folder.write("commas.toml", "target = [\"a,b\"]\nfolds = \"none\"\ntask = \"regression\"\n");
    let text = folder.good("train commas.csv --config commas.toml --device cpu");
    assert!(text.contains("target `a,b`: regression"), "{text}");
}

#[test]
fn a_search_takes_several_targets() {
    let folder = Folder::new();
    folder.write("t.csv", rows(60, 0));
    folder.good(&format!(
        "sweep t.csv {LABELS} --hidden 4|8 --epochs 10 --folds 3 --device cpu --quiet --output out"
    ));
    folder.good("train t.csv --config out/best.toml --device cpu --quiet --output m.safetensors");
    assert!(folder.good("predict m.safetensors t.csv").starts_with("p_hot,p_wet,hot,wet\n"));
}

#[test]
fn what_is_wrong_with_the_targets_is_told_with_the_flag() {
    let folder = Folder::new();
    folder.write("t.csv", rows(60, 0));
    for (words, parts) in [
        ("--target sum,hot", ["`sum` holds numbers", "name its columns with --target"]),
        ("--target sum,wet", ["`wet` has two values", "use --task regression"]),
        ("--target sum,bog", ["no column `bog`", "did you mean `big`?"]),
        ("--target sum,sum", ["`sum` is named twice", "name it once in --target"]),
        ("--target sum,big --drop big", ["`big` is the target", "leave it out of --drop"]),
        ("--target hot,wet --class-weight balanced", ["several targets", "--class-weight"]),
        ("--target hot,wet --metric r2", ["r2 is no score", "accuracy"]),
    ] {
        let error = folder.refused(&format!("train t.csv {words}"));
        assert!(parts.iter().all(|part| error.contains(part)), "{words}: {error}");
    }
}
