//! Cross-validation: folds of tables, networks trained on them, and what `cv` prints.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use halfplane::data::{FoldBy, FoldedTable, KFold, Source, TableOptions, prepare};
use halfplane::low_level::backend::cpu::Cpu;
use halfplane::low_level::platform::block_on;
use halfplane::metrics::Metric;
use halfplane::selection::{
    CrossValidationSession, FitOptions, FitSession, Job, Wanted, cross_validate, fit_all,
    fit_each_told, plan_all,
};
use halfplane::spec::{Clip, Normalization};
use halfplane::train::{Status, TrainingData};
use halfplane::{
    Activation, Dataset, DeviceChoice, EarlyStopping, Event, Length, Model, Network, Optimizer,
    Recipe, Regularization, ShaderChecks, Strategy, TrainOptions, Trainer,
};
use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::software;

fn source_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn source(name: &str) -> Source {
    Source::File(source_path(name))
}

fn options(target: &str, by: FoldBy) -> TableOptions {
    TableOptions { target: Some(target.into()), folds: Some(by), ..TableOptions::default() }
}

/// Penguins have words and missing values: means, deviations, categories and indicators are those of
/// the training rows alone, and the weights are equal to the bit.
#[test]
fn a_fold_ends_where_training_on_its_rows_alone_ends() {
    let folded = FoldedTable::read(
        &source("penguins.csv"),
        &options("species", FoldBy::Chance(KFold { folds: 3, repeats: 2, seed: 5 })),
    )
    .expect("a table");
    let folds: Vec<_> = (0..6).map(|number| folded.fold(number).expect("a fold")).collect();
    let fit = FitOptions {
        device: DeviceChoice::Cpu,
        wanted: Wanted { models: true, ..Wanted::default() },
        ..FitOptions::default()
    };
    let configure = |data: &halfplane::Dataset| {
        let Recipe { network, options, .. } = Recipe::for_data(data);
        (network, TrainOptions { device: DeviceChoice::Cpu, ..options })
    };
    let result =
        cross_validate(&folds, Metric::Accuracy, &fit, |fold| Ok(configure(&fold.training)))
            .expect("it trains")
            .expect("nothing interrupts it");
    assert!(result.mean > 0.97, "{}", result.mean);
    assert_eq!(result.out_of_fold.len(), 2 * 344);

    // A part at a time, one fold after another, they end there, too.
    let session = CrossValidationSession::new(folds.clone(), Metric::Accuracy, |fold| {
        Ok(configure(&fold.training))
    });
    let mut session = session.expect("it is sound");
    let cpu = Cpu::new();
    while block_on(session.advance(&cpu, Duration::from_millis(1))).expect("it trains")
        == Status::Running
    {
        assert!(session.scores().len() < 6 && session.done() < 6.0);
    }
    let scores: Vec<f64> = result.folds.iter().map(|fold| fold.score).collect();
    assert_eq!(session.scores(), scores);
    let again = session.finish().expect("all folds have ended");
    assert_eq!((again.mean, again.out_of_fold), (result.mean, result.out_of_fold.clone()));

    let lines = std::fs::read_to_string(match source("penguins.csv") {
        Source::File(path) => path,
        _ => unreachable!("it is a file"),
    })
    .expect("the table");
    let lines: Vec<&str> = lines.lines().collect();
    for number in [0, 4] {
        let folder = Folder::new();
        let rows = folded.splits()[number].training.iter().map(|row| lines[row + 1]);
        let text: Vec<&str> = std::iter::once(lines[0]).chain(rows).collect();
        folder.write("part.csv", text.join("\n"));
        let own = TableOptions { target: Some("species".into()), ..TableOptions::default() };
        let part = Source::File(folder.path("part.csv"));
        let alone = prepare(&part, &own).expect("a table").training;
        assert_eq!(alone.preprocessing(), folds[number].training.preprocessing());
        let (network, options) = configure(&alone);
        let mut trainer = Trainer::new(&network, &alone, options).expect("a trainer");
        trainer.run(|_| ControlFlow::Continue(())).expect("it trains");
        let model = trainer.model().expect("a model");
        let fold = result.folds[number].model.as_ref().expect("it is wanted");
        assert!(model.members == fold.members, "fold {number}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_scores() {
    let folded = FoldedTable::read(&source("wine.csv"), &TableOptions::default()).expect("a table");
    let folds: Vec<_> = (0..5).map(|number| folded.fold(number).expect("a fold")).collect();
    let of = |threads| {
        let fit = FitOptions { threads: Some(threads), ..FitOptions::default() };
        let result = cross_validate(&folds, Metric::LogLoss, &fit, |fold| {
            let Recipe { network, options, .. } = Recipe::for_data(&fold.training);
            Ok((network, options))
        });
        let result = result.expect("it trains").expect("nothing interrupts it");
        result.folds.iter().map(|fold| fold.score.to_bits()).collect::<Vec<_>>()
    };
    let one = of(1);
    assert!([2, 3, 16].into_iter().all(|threads| of(threads) == one));
}

/// Rows of 12 patients, 10 each; a patient's level tells its target, a new patient's tells nothing.
fn patients() -> String {
    let mut text = String::from("patient,day,level,noise,y\n");
    for row in 0..120 {
        let patient = row % 12;
        let level = f64::from(patient * 7 % 12);
        let noise = f64::from(row * 37 % 100) / 100.0;
        let day = 1 + row / 12;
        text += &format!("p{patient},2026-03-{day:02},{level},{noise},{}\n", (patient * 5 % 3) - 1);
    }
    text
}

fn json(folder: &Folder, words: &str) -> Value {
    serde_json::from_str(&folder.good(words)).expect("it prints JSON")
}

#[test]
fn cv_prints_what_scripts_rely_on() {
    let folder = Folder::new();
    folder.write("t.csv", patients());
    let words = "cv t.csv --target y --drop patient,day --task multiclass --epochs 20 --json";
    let all = json(&folder, &format!("{words} --predictions held.csv"));
    let scores: Vec<f64> =
        all["folds"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    assert_eq!((scores.len(), &all["metric"]), (5, &Value::from("accuracy")));
    let mean = scores.iter().sum::<f64>() / 5.0;
    assert!((all["mean"].as_f64().expect("a mean") - mean).abs() < 1e-12);
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    let error = all["standard_error"].as_f64().expect("an error");
    assert!((error - (squares / 4.0 / 5.0).sqrt()).abs() < 1e-12);
    assert_eq!(all["epochs"], 20);
    assert_eq!(all, {
        let mut again = json(&folder, &format!("{words} --threads 1"));
        again["seconds"] = all["seconds"].clone();
        again
    });

    // The mean of the folds' accuracies is that of the predictions: all folds have 24 rows.
    let held = folder.read("held.csv");
    let mut lines = held.lines();
    assert_eq!(lines.next(), Some("row,fold,y,p_-1,p_0,p_1,class"));
    let fields: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(fields.len(), 120);
    let right = fields.iter().filter(|own| own[2] == own[6]).count();
    assert!((right as f64 / 120.0 - mean).abs() < 1e-12);
}

#[test]
fn folds_go_by_groups_time_and_columns() {
    let folder = Folder::new();
    folder.write("t.csv", patients());
    let cv = |words: &str| {
        let common = "cv t.csv --target y --task regression --epochs 5 --device cpu --json";
        json(&folder, &format!("{common} {words} --predictions held.csv"))
    };
    let held = || -> Vec<Vec<String>> {
        let text = folder.read("held.csv");
        text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let patient = |row: &str| row.parse::<usize>().expect("a row") % 12;

    cv("--group patient --drop day --folds 4");
    let mut folds = std::collections::HashMap::new();
    for own in held() {
        let fold = folds.entry(patient(&own[0])).or_insert(own[1].clone()).clone();
        assert_eq!(fold, own[1], "rows of one patient are in one fold");
    }
    assert_eq!(folds.len(), 12);

    let found = cv("--time-column day --drop patient --folds 3 --gap 6");
    assert_eq!(found["fold_rows"], serde_json::json!([30, 30, 30]));
    assert_eq!(held().len(), 90, "the first rows are only trained on");

    let found = cv("--fold-column day --drop patient");
    assert_eq!(found["folds"].as_array().map(Vec::len), Some(10));
    let found = cv("--folds 4 --repeats 3 --metric mae --drop patient,day");
    assert_eq!(found["folds"].as_array().map(Vec::len), Some(12));
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let folder = Folder::new();
    folder.write("t.csv", patients());
    folder.write("few.csv", "x,y\n1,a\n2,b\n3,a\n");
    folder.write("gap.csv", "g,x,y\na,1,2.5\n,2,3.5\nb,3,4.5\nb,4,1.5\n");
    for (words, told) in [
        ("few.csv", "3 rows are too few for 5 folds; use fewer --folds"),
        ("few.csv --folds 1", "1 folds leave nothing to compare"),
        (
            "t.csv --target y --drop day --task regression --group patient --folds 40",
            "12 groups are too few",
        ),
        ("t.csv --target y --task regression --group hospital", "hospital"),
        ("gap.csv --group g --folds 2", "row 2, column `g`: there is no value"),
        (
            "t.csv --target y --drop day --task regression --time-column patient",
            "`p0` is no such date",
        ),
        ("t.csv --target y --drop day --task regression --metric accuracy", "accuracy is no score"),
        ("t.csv --target y --task regression --metric precision", "precision"),
        ("t.csv --target y --validation 0.2", "leave out --validation"),
        ("t.csv --target y --fold-column y", "both the target and what folds go by"),
        ("xor", "give a table"),
    ] {
        let output = folder.refused(&format!("cv {words}"));
        assert!(output.contains(told), "{words}: {output}");
    }
    folder.write("one.csv", "x,y,f\n1,2.5,a\n2,3.5,a\n3,4.5,a\n");
    assert!(folder.refused("cv one.csv --target y --fold-column f").contains("1 folds leave"));
    // One row of class c: some folds cannot train on it, and it is said.
    let rows: String = (0..30).map(|row| format!("{row}.5,{}\n", ["a", "b"][row % 2])).collect();
    folder.write("rare.csv", format!("x,y\n{rows}99.5,c\n"));
    let output = folder.run("cv rare.csv --epochs 2");
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("class `c` has 1 row only"), "{told}");
}

/// The model of a table is the mean of a network for each fold, and says how good it is on new rows.
#[test]
fn a_table_is_trained_on_folds() {
    let folder = Folder::new();
    folder.write("t.csv", patients());
    let words =
        "train t.csv --target y --drop patient,day --task multiclass --output m.safetensors";
    let told = folder.good(&format!("{words} --device cpu"));
    assert!(told.contains("accuracy for new rows "), "{told}");
    assert!(told.contains("5 networks 2-100-3, whose mean is the model"), "{told}");
    assert!(!told.contains("no estimate"), "{told}");
    let bytes = folder.read_bytes("m.safetensors");
    folder.good(&format!("{words} --device cpu --threads 1 --quiet"));
    assert!(bytes == folder.read_bytes("m.safetensors"), "another number of threads");

    let model = Model::load(&folder.path("m.safetensors")).expect("it loads");
    assert_eq!(model.members.len(), 5);
    let rows = [0.5, -0.25, 1.0, 2.0];
    let each = model.predict_each_on(&DeviceChoice::Cpu, &rows).expect("two rows");
    let mean = model.predict(&rows).expect("two rows");
    for (at, found) in mean.iter().enumerate() {
        let expected = each.iter().map(|own| f64::from(own[at])).sum::<f64>() / 5.0;
        assert!((f64::from(*found) - expected).abs() < 1e-7);
    }
    let mut predictor = model.predictor(&DeviceChoice::Cpu).expect("a device");
    for _ in 0..2 {
        assert!(predictor.predict(&rows).expect("two rows") == mean, "it stays loaded");
    }
    assert_eq!(Model::mean_of(vec![model.clone()]).expect("one"), model);

    // As any model, it is applied, scored, shown and exported.
    let inspected = json(&folder, "inspect m.safetensors --json");
    assert_eq!(inspected["members"], 5);
    assert!(folder.good("inspect m.safetensors").contains("the mean of 5 networks"));
    assert_eq!(folder.good("predict m.safetensors t.csv").lines().count(), 121);
    assert!(json(&folder, "evaluate m.safetensors t.csv --json")["accuracy"].as_f64() > Some(0.34));
    folder.good("export m.safetensors m.onnx");
    folder.good("export m.safetensors m.py");
    assert!(folder.read("m.py").contains("net = Mean()"));
    let report =
        "train t.csv --target y --drop patient,day --task multiclass --epochs 5 --report r";
    folder.good(report);
    assert!(folder.read("r/index.html").contains("that have not seen them"));
    assert!(folder.read("r/loss.svg").contains("of 5 networks"));
}

/// Layers and units are those that are best on the folds, and are trained as if they had been typed.
#[test]
fn layers_are_chosen_by_the_folds() {
    let folder = Folder::new();
    // A ring around a disc, which one layer cannot part.
    let row = |row: i32| {
        let (turn, far) = (f64::from(row) * 2.4, row % 2 == 0);
        let radius = if far { 1.0 } else { 0.4 };
        format!(
            "{:.3},{:.3},{}\n",
            radius * turn.cos(),
            radius * turn.sin(),
            if far { "ring" } else { "disc" }
        )
    };
    folder.write("t.csv", format!("u,v,kind\n{}", (0..120).map(row).collect::<String>()));
    let words = "train t.csv --metric log-loss --device cpu --epochs 60";
    let told = folder.good(&format!("{words} --hidden auto --output auto.safetensors"));
    assert!(told.contains("layers and units by 5 stratified folds"), "{told}");
    assert!(told.contains("10 trials: 10 to the end"), "{told}");
    let model = Model::load(&folder.path("auto.safetensors")).expect("it loads");
    assert!(!model.network.hidden.is_empty(), "one layer is chosen");
    let hidden: Vec<String> = model.network.hidden.iter().map(ToString::to_string).collect();
    let typed = format!("{words} --hidden {} --output typed.safetensors", hidden.join(","));
    folder.good(&typed);
    assert!(folder.read_bytes("auto.safetensors") == folder.read_bytes("typed.safetensors"));
    for (command, told) in [
        ("train xor", "too few for --hidden auto"),
        ("train t.csv --folds none", "--hidden auto trains a network for each fold"),
        ("train t.csv --validation 0.2", "--validation is for one network"),
        ("cv t.csv", "by its folds"),
        ("plan t.csv", "by its folds"),
    ] {
        let error = folder.refused(&format!("{command} --hidden auto"));
        assert!(error.contains(told), "{command}: {error}");
    }
}

/// Each line names its network, and TensorBoard has a folder for each.
#[test]
fn what_happens_to_each_network_is_written_down() {
    let folder = Folder::new();
    folder.write("t.csv", patients());
    let words = "train t.csv --target y --drop patient,day --task multiclass --folds 3 --epochs 7 \
                 --patience 7 --log-every 4 --device cpu";
    folder.good(&format!("{words} --metrics m.jsonl --tensorboard board --output m"));
    let lines = folder.read("m.jsonl");
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let lines: Vec<Value> = lines.collect();
    for member in 0..3 {
        let of = |event: &str| {
            let own = |line: &&Value| line["event"] == event && line["member"] == member;
            lines.iter().filter(own).collect::<Vec<_>>()
        };
        let epochs: Vec<u64> =
            of("epoch").iter().filter_map(|line| line["epoch"].as_u64()).collect();
        assert_eq!(epochs, (0..7).collect::<Vec<_>>());
        // 80 rows are 3 batches of 32 at most.
        let steps: Vec<u64> = of("step").iter().filter_map(|line| line["step"].as_u64()).collect();
        assert_eq!(steps, [0, 4, 8, 12, 16, 20]);
        assert_eq!(of("end").len(), 1);
        let board = std::fs::read_dir(folder.path(&format!("board/member-{member}")));
        assert_eq!(board.expect("a folder for each").count(), 1);
    }
    assert!(lines.iter().all(|line| line["member"].as_u64().is_some_and(|own| own < 3)));
    // What is written down changes nothing.
    folder.good(&format!("{words} --output n").replace("--log-every 4 ", ""));
    assert!(folder.read_bytes("m") == folder.read_bytes("n"));
}

/// More networks for each fold: the first ones are those of a training with one for each, and their
/// spread is the deviation of their predictions.
#[test]
fn a_fold_may_have_several_members() {
    let folder = Folder::new();
    folder.write("t.csv", patients());
    let common = "train t.csv --target y --drop patient,day --device cpu --epochs 20 --folds 3";
    let load = |name: &str| Model::load(&folder.path(name)).expect("it loads");
    for task in ["multiclass", "regression"] {
        folder.good(&format!("{common} --task {task} --output one --quiet"));
        let told = folder.good(&format!("{common} --task {task} --members 2 --output two"));
        assert!(
            told.contains("3 stratified folds: 2 networks") || told.contains("3 folds: 2 networks"),
            "{told}"
        );
        let (one, two) = (load("one"), load("two"));
        assert_eq!((one.members.len(), two.members.len()), (3, 6));
        assert_eq!(one.members, two.members[..3]);
        assert!(two.members[3..].iter().all(|own| !one.members.contains(own)));

        let rows = [0.5, -0.25, 1.0, 2.0];
        let each = two.predict_each_on(&DeviceChoice::Cpu, &rows).expect("two rows");
        let (mean, spread) =
            two.predict_with_spread_on(&DeviceChoice::Cpu, &rows).expect("two rows");
        assert_eq!(mean, two.predict(&rows).expect("two rows"));
        for (at, found) in spread.iter().enumerate() {
            let of = || each.iter().map(|own| f64::from(own[at]));
            let mean = of().sum::<f64>() / 6.0;
            let expected = (of().map(|own| (own - mean).powi(2)).sum::<f64>() / 6.0).sqrt();
            assert!(
                (f64::from(*found) - expected).abs() < 1e-6 * expected,
                "{found} for {expected}"
            );
        }
        let plain = folder.good("predict two t.csv");
        let with_spread = folder.good("predict two t.csv --spread");
        for (line, (plain, longer)) in plain.lines().zip(with_spread.lines()).enumerate() {
            let last = longer.strip_prefix(plain).and_then(|rest| rest.strip_prefix(','));
            match line {
                0 => assert_eq!(last, Some("spread")),
                _ => {
                    assert!(last.and_then(|last| last.parse::<f32>().ok()) > Some(0.0), "{longer}")
                }
            }
        }
    }
    folder.good(
        &format!("{common} --task regression --folds none --output alone --quiet")
            .replace("--folds 3 ", ""),
    );
    assert!(folder.refused("predict alone t.csv --spread").contains("is one network"));
    let refused = folder.refused("train t.csv --target y --folds none --members 2");
    assert!(refused.contains("--members trains a network for each fold"), "{refused}");
}

#[test]
fn one_network_is_trained_where_an_option_is_about_one() {
    let folder = Folder::new();
    folder.write("t.csv", patients());
    let common =
        "train t.csv --target y --drop patient,day --task regression --epochs 3 --device cpu";
    for words in ["--validation 0.2", "--no-shuffle", "--steps 5", "--log-every 5"] {
        let common = if words.starts_with("--steps") {
            common.replace("--epochs 3", "")
        } else {
            common.into()
        };
        let output = folder.run(&format!("{common} {words}"));
        assert!(output.status.success(), "{words}");
        let told = String::from_utf8_lossy(&output.stderr);
        let flag = words.split(' ').next().unwrap_or_default();
        assert!(told.contains(&format!("one network is trained, since {flag} is given")), "{told}");
        let refused = folder.refused(&format!("{common} {words} --folds 3"));
        assert!(refused.contains("--folds trains a network for each fold"), "{refused}");
    }
    let output = folder.run(&format!("{common} --folds none"));
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stderr).contains("one network is trained"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("no estimate for new rows"));
    let output = folder.run("train xor --steps 10");
    assert!(output.stderr.is_empty(), "the classic has no folds");
    assert!(folder.refused("train xor --folds 2").contains("too few"));
}

/// Networks that are trained side by side on a device, in one dispatch graph, end where each ends by itself on
/// the CPU: with shapes, rates, penalties, dropout, clipping, rows, weights and preprocessing of their own.
#[test]
fn side_by_side_each_ends_where_it_ends_alone() {
    let by = FoldBy::Chance(KFold { folds: 3, repeats: 1, seed: 5 });
    let folded = FoldedTable::read(&source("penguins.csv"), &options("body_mass_g", by));
    let folded = folded.expect("a table");
    let folds: Vec<_> = (0..3).map(|number| folded.fold(number).expect("a fold")).collect();
    let mut jobs = Vec::new();
    for (hidden, dropout, seed) in [(vec![12, 6], 0.2, 1), (vec![20], 0.0, 2), (vec![], 0.0, 3)] {
        for fold in &folds {
            let Recipe { network, options, .. } = Recipe::for_data(&fold.training);
            let weights = (0..fold.training.rows()).map(|row| (row % 5) as f32).collect();
            let training = fold.training.clone().with_weights(weights).expect("sound weights");
            let data = TrainingData::from((&training, &fold.validation));
            let dropout = if hidden.is_empty() { Vec::new() } else { vec![dropout] };
            let clip = (seed > 1).then_some(Clip::Norm(0.3));
            let options = TrainOptions {
                seed,
                optimizer: options.optimizer.with_lr(0.01 * seed as f64),
                regularization: Regularization { dropout, clip, l2: 0.001, ..Default::default() },
                length: Length::Epochs(15),
                early_stopping: Some(EarlyStopping::after(5)),
                ..options
            };
            jobs.push(Job::new(Network { hidden: hidden.clone(), ..network }, data, options));
        }
    }
    let wanted = Wanted { predictions: true, models: true, ..Wanted::default() };
    let on = |device| FitOptions { device, wanted, ..FitOptions::default() };
    let plan = plan_all(&jobs, &on(DeviceChoice::Software)).expect("it is sound");
    let packed: Vec<usize> = plan.packs.iter().map(|(pack, _)| pack.len()).collect();
    assert_eq!(packed, [9], "in one graph");
    let heard = Mutex::new(vec![0; jobs.len()]);
    let mut listener = |job: usize, event: &Event| {
        if let Event::Epoch { .. } = event {
            heard.lock().expect("nobody panics")[job] += 1;
        }
    };
    let side_by_side =
        fit_each_told(&jobs, &on(DeviceChoice::Software), Some(&mut listener)).expect("it trains");
    let alone = fit_each_told(&jobs, &on(DeviceChoice::Cpu), None).expect("it trains");
    let (side_by_side, alone) = side_by_side.zip(alone).expect("nothing interrupts it");

    // A part at a time they end there, too.
    let device = software(ShaderChecks::Off);
    let mut session = FitSession::new(jobs.clone(), wanted);
    let mut parts = 0;
    while block_on(session.advance(device.as_ref(), Duration::from_millis(1))).expect("it trains")
        == Status::Running
    {
        assert!(session.done() <= 9.0);
        parts += 1;
    }
    assert!(parts > 1, "{parts}");
    assert_eq!(session.outcomes().count(), 9);
    for (outcome, fit) in session.outcomes().zip(&side_by_side) {
        assert!(outcome.fit().map(|own| &own.predictions) == Some(&fit.predictions));
    }

    let heard = heard.into_inner().expect("nobody panics");
    for (number, (own, other)) in side_by_side.iter().zip(&alone).enumerate() {
        assert_eq!((own.epochs, own.curve.len()), (other.epochs, other.curve.len()), "{number}");
        assert_eq!(heard[number], own.curve.len(), "{number}");
        let fold = &folds[number % 3];
        assert_eq!(own.predictions.len(), fold.rows.len());
        for (found, expected) in own.predictions.iter().zip(&other.predictions) {
            // Grams, of penguins that differ by some 800: two devices round in their own ways.
            assert!((found - expected).abs() < 2.0, "{number}: {found} for {expected}");
        }
        let [own, other] = [own, other].map(|fit| fit.model.as_ref().expect("it is wanted"));
        assert_eq!(own.preprocessing, other.preprocessing, "{number}");
        assert_eq!(own.targets, other.targets, "{number}");
        let [own, other] = [own, other].map(|model| model.provenance.clone().expect("it is new"));
        assert_eq!((own.seed, own.rows, own.batch), (other.seed, other.rows, other.batch));
        assert_eq!((own.optimizer, own.regularization), (other.optimizer, other.regularization));
    }
}

#[test]
fn what_differs_too_much_is_trained_apart() {
    let by = FoldBy::Chance(KFold { folds: 3, repeats: 1, seed: 5 });
    let folded = FoldedTable::read(&source("penguins.csv"), &options("species", by));
    let fold = folded.and_then(|own| own.fold(0)).expect("a table");
    let Recipe { network, options, .. } = Recipe::for_data(&fold.training);
    let network = Network { hidden: vec![8], ..network };
    let data = TrainingData::from((&fold.training, &fold.validation));
    let with = |options: &TrainOptions| Job::new(network.clone(), data.clone(), options.clone());
    let clip = Some(Clip::Norm(1.0));
    let weights = vec![2.0; fold.training.rows()];
    let training = fold.training.clone().with_weights(weights).expect("sound weights");
    let weighted = (&training, &fold.validation).into();
    let weighted = Job::new(network.clone(), weighted, options.clone());
    let jobs = [
        with(&options),
        with(&TrainOptions { seed: 3, ..options.clone() }),
        with(&TrainOptions { length: Length::Epochs(3), ..options.clone() }),
        with(&TrainOptions { optimizer: Optimizer::sgd(0.1), ..options.clone() }),
        with(&TrainOptions {
            regularization: Regularization { clip, ..Default::default() },
            ..options.clone()
        }),
        with(&TrainOptions { strategy: Strategy::Layered, ..options.clone() }),
        weighted,
        Job {
            network: network.clone().with_normalization(Normalization::LayerNorm),
            ..with(&options)
        },
        Job { network: network.clone().with_activation(Activation::Tanh), ..with(&options) },
        Job { network: Network { hidden: vec![2000], ..network.clone() }, ..with(&options) },
    ];
    let fit = FitOptions { device: DeviceChoice::Software, ..FitOptions::default() };
    let plan = plan_all(&jobs, &fit).expect("it is sound");
    let mut packs: Vec<Vec<usize>> = plan.packs.into_iter().map(|(pack, _)| pack).collect();
    packs.iter_mut().for_each(|pack| pack.sort_unstable());
    packs.sort();
    let apart = (2..10).filter(|number| *number != 4).map(|number| vec![number]);
    let expected: Vec<_> = std::iter::once(vec![0, 1, 4]).chain(apart).collect();
    assert_eq!(packs, expected);
}

#[test]
fn the_graphs_of_a_search_can_be_seen() {
    let folder = Folder::new();
    let table = std::fs::read(source_path("penguins.csv")).expect("it is there");
    folder.write("penguins.csv", table);
    let search = "sweep penguins.csv --target species --hidden 8|16,8 --lr 0.01|0.02 --folds 3";
    let [planned, same] = [
        folder.good(&format!("plan {search} --device software")),
        folder.good(&format!("{search} --device software --plan")),
    ];
    assert_eq!(planned, same);
    assert!(planned.contains("the first 4 trials are 12 networks, trained in 2 dispatch graphs"));
    // Of three folds one lacks a category, and with it an input.
    assert!(planned.contains("== 8 networks side by side"), "{planned}");
    assert!(planned.contains("steps of 4 networks"), "{planned}");
    let on_cpu = folder.good(&format!("plan {search} --device cpu"));
    assert!(on_cpu.contains("12 networks, trained in 12 dispatch graphs"), "{on_cpu}");
    assert!(!folder.path("sweep").exists(), "nothing is written");
}

/// What has no end of its own, alone on the CPU and side by side on a device: an hour would not be enough.
#[test]
fn what_has_not_ended_in_time_is_given_up() {
    let data = Dataset::xor();
    let options = TrainOptions { length: Length::Steps(4_000_000_000), ..TrainOptions::default() };
    let jobs = vec![Job::new(Network::new(2, &[2], 1), (&data).into(), options); 3];
    for device in [DeviceChoice::Cpu, DeviceChoice::Software] {
        for seconds in [0.0, 0.2] {
            let until = Some(Instant::now() + Duration::from_secs_f64(seconds));
            let fit = FitOptions { device: device.clone(), until, ..FitOptions::default() };
            let outcomes = fit_all(&jobs, &fit, |_, _| panic!("none has an end"));
            assert!(outcomes.expect("it trains").iter().all(Option::is_none));
        }
    }
}
