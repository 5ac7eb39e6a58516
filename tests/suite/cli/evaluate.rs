//! `evaluate` from outside: its scores are those of the predictions that `predict` writes.

use crate::support::folder::Folder;
use serde_json::Value;

/// Rows of three classes that overlap; every fourth has no number.
fn rows(count: usize, offset: usize) -> (String, Vec<&'static str>) {
    let mut text = String::from("kind,u,junk,v\n");
    let mut kinds = Vec::new();
    for row in offset..offset + count {
        let wobble = (row * 37 % 90) as f64 / 30.0;
        let kind = ["blue", "green", "red"][row % 3];
        let u =
            if row % 4 == 0 { "NA".into() } else { format!("{:.3}", (row % 3) as f64 + wobble) };
        text += &format!("{kind},{u},{row},{:.3}\n", (row % 3 * 2) as f64 - wobble);
        kinds.push(kind);
    }
    (text, kinds)
}

fn trained() -> Folder {
    let folder = Folder::new();
    folder.write("train.csv", rows(240, 0).0);
    folder.good(
        "train train.csv --target kind --drop junk --hidden 8 --epochs 40 --device cpu --quiet \
         --output m.safetensors",
    );
    folder
}

fn json(folder: &Folder, words: &str) -> Value {
    serde_json::from_str(&folder.good(words)).expect("it prints JSON")
}

#[test]
fn scores_are_those_of_the_predictions() {
    let folder = trained();
    let (text, kinds) = rows(50, 1000);
    folder.write("test.csv", text);
    let found = json(&folder, "evaluate m.safetensors test.csv --json");
    assert_eq!(found["rows"], 50);
    assert_eq!(found["task"], "multiclass");
    assert_eq!(found["classes"], serde_json::json!(["blue", "green", "red"]));

    let predicted = folder.good("predict m.safetensors test.csv");
    let lines: Vec<Vec<&str>> =
        predicted.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), kinds.len());
    let right = lines.iter().zip(&kinds).filter(|(line, kind)| line[3] == **kind).count();
    assert_eq!(found["accuracy"].as_f64(), Some(right as f64 / 50.0));
    let place =
        |kind: &str| found["classes"].as_array().into_iter().flatten().position(|c| c == kind);
    let surprise: f64 = lines
        .iter()
        .zip(&kinds)
        .map(|(line, kind)| {
            let p: f64 = line[place(kind).expect("a class")].parse().expect("a number");
            -p.ln()
        })
        .sum();
    let log_loss = found["log_loss"].as_f64().expect("a number");
    assert!((log_loss - surprise / 50.0).abs() < 1e-6, "{log_loss}");
    let counted: f64 = found["confusion"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|row| row.as_array().into_iter().flatten())
        .filter_map(Value::as_f64)
        .sum();
    assert_eq!(counted, 50.0);

    let text = folder.good("evaluate m.safetensors test.csv --report run");
    assert!(text.starts_with("m.safetensors predicts kind of 50 rows of test.csv\n"), "{text}");
    for part in ["accuracy ", "ROC AUC", "true \\ predicted", "observed", "run/index.html"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    assert!(folder.read("run/index.html").contains("scored on 50 rows of test.csv"));
    assert!(!folder.path("run/loss.svg").exists(), "nothing was trained");
}

#[test]
fn classes_that_are_not_there_leave_scores_undefined() {
    let folder = trained();
    folder.write("blue.csv", "v,u,kind\n0.5,0.1,blue\n-1,2,blue\n");
    let found = json(&folder, "evaluate m.safetensors blue.csv --json");
    assert_eq!((&found["rows"], &found["roc_auc"]), (&Value::from(2), &Value::Null));
    assert!(
        folder.good("evaluate m.safetensors blue.csv").contains("undefined (a class has no rows)")
    );
}

#[test]
fn weights_count_rows() {
    let folder = trained();
    folder.write("twice.csv", "v,u,kind\n0.5,0.1,blue\n0.5,0.1,blue\n4,2.5,green\n");
    folder.write("weights.csv", "v,u,kind,w\n0.5,0.1,blue,2\n4,2.5,green,1\n9,9,red,0\n");
    let plain = json(&folder, "evaluate m.safetensors twice.csv --json");
    let weighted = json(&folder, "evaluate m.safetensors weights.csv --sample-weight w --json");
    for score in ["accuracy", "log_loss", "brier", "f1_macro", "confusion"] {
        assert_eq!(plain[score], weighted[score], "{score}");
    }
}

#[test]
fn numbers_are_scored_in_their_own_unit() {
    let folder = Folder::new();
    let rows: String =
        (0..200).map(|row| format!("{},{}\n", row % 23, 1000 + 50 * (row % 23))).collect();
    folder.write("t.csv", format!("x,y\n{rows}"));
    folder.good("train t.csv --task regression --epochs 60 --lr 0.01 --device cpu --quiet --output m.safetensors");
    let found = json(&folder, "evaluate m.safetensors t.csv --json");
    assert!(found["r2"].as_f64().is_some_and(|r2| r2 > 0.9), "{found}");
    let predicted = folder.good("predict m.safetensors t.csv");
    let errors = predicted.lines().skip(1).enumerate().map(|(row, line)| {
        let y: f64 = line.parse().expect("a number");
        (y - (1000 + 50 * (row % 23)) as f64).abs()
    });
    let mae = errors.sum::<f64>() / 200.0;
    // Targets go through float32 and back.
    assert!(found["mae"].as_f64().is_some_and(|own| (own - mae).abs() < 1e-3), "{found}, {mae}");
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let folder = trained();
    folder.write("unknown.csv", "u,v,kind\n1,2,teal\n");
    folder.write("blind.csv", "u,v\n1,2\n");
    folder.write("empty.csv", "u,v,kind\n");
    for (data, part) in [
        ("unknown.csv", "`teal`"),
        ("blind.csv", "no column `kind`"),
        ("empty.csv", "no rows"),
        ("missing.csv", "cannot read missing.csv"),
        ("blind.csv --sample-weight w", "no column `"),
    ] {
        let error = folder.refused(&format!("evaluate m.safetensors {data}"));
        assert!(error.contains(part), "{data}: no `{part}` in: {error}");
    }
}

/// Rows that a test file has and the training had not: without a target, and of another class.
#[test]
fn rows_of_unknown_classes_are_wrong_and_rows_without_a_target_are_none() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|row| format!("{row},{}\n", ["no", "yes"][row / 20])).collect();
    folder.write("t.csv", format!("a,y\n{rows}"));
    folder.good("train t.csv --epochs 200 --device cpu --quiet --output m.st");
    folder.write("new.csv", "a,y\n1,no\n2,no\n38,yes\n39,yes\n5,maybe\n6,perhaps\n7,\n8,NA\n");
    let output = folder.run("evaluate m.st new.csv");
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{warnings}");
    for part in [
        "2 of 6 rows have a class",
        "`maybe`",
        "2 rows of 8 without a target left out",
        "wrong in the accuracy",
    ] {
        assert!(warnings.contains(part), "no `{part}` in {warnings}");
    }
    assert!(text.contains("of 6 rows") && text.contains("0.6667"), "{text}");
    folder.write("none.csv", "a,y\n1,maybe\n2,perhaps\n");
    let error = folder.refused("evaluate m.st none.csv");
    assert!(error.contains("no class `maybe`") && error.contains("any other row"), "{error}");
}

/// Read as float64, the probabilities give the log loss that `evaluate` does: float32's shortest digits
/// would be 3 % off here.
#[test]
fn probabilities_near_one_have_digits_enough() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|row| format!("{row},{}\n", ["no", "yes"][row / 20])).collect();
    folder.write("t.csv", format!("a,y\n{rows}"));
    folder.good("train t.csv --epochs 2000 --lr 0.05 --device cpu --quiet --output m.st");
    let predictions = folder.good("predict m.st t.csv");
    let loss = |(row, line): (usize, &str)| {
        let p: f64 = line.split(',').next().and_then(|p| p.parse().ok()).expect("a number");
        -(if row < 20 { 1.0 - p } else { p }).max(f64::EPSILON).ln()
    };
    let losses: Vec<f64> = predictions.lines().skip(1).enumerate().map(loss).collect();
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    let scores: serde_json::Value =
        serde_json::from_str(&folder.good("evaluate m.st t.csv --json")).expect("JSON");
    let expected = scores["log_loss"].as_f64().expect("a number");
    assert!((mean - expected).abs() <= 1e-6 * expected, "{mean} for {expected}");
}
