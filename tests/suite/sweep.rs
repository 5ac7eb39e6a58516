//! Searches from outside: what they leave, that they go on to the same end, and what they refuse.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use halfplane::data::{Fold, KFold, Source, TableOptions, prepare};
use halfplane::low_level::backend::cpu::Cpu;
use halfplane::low_level::platform::block_on;
use halfplane::metrics::Metric;
use halfplane::selection::FitSession;
use halfplane::sweep::{
    Asked, Dimension, Ended, IntRange, Ranks, Record, Space, State, Sweep, SweepEvent, SweepOptions,
};
use halfplane::train::Status;
use halfplane::{Length, Model, Network, Recipe, TrainOptions};
use serde_json::Value;

use crate::support::folder::Folder;

fn table(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn sweep(folder: &Folder, words: &str) -> Value {
    let text = folder.good(&format!("sweep {words} --device cpu --json"));
    serde_json::from_str(&text).expect("it prints JSON")
}

/// The events of a journal, but for how long they took.
fn events(folder: &Folder, name: &str) -> Vec<Value> {
    let text = folder.read(name);
    let lines = text.lines().map(|line| {
        let mut event: Value = serde_json::from_str(line).expect("each line is JSON");
        if let Some(event) = event.as_object_mut() {
            event.remove("seconds");
            event.remove("arguments");
        }
        event
    });
    lines.collect()
}

#[test]
fn the_best_is_trained_on_all_rows_and_can_be_trained_again() {
    let folder = Folder::new();
    let data = table("iris.csv");
    let data = data.to_str().expect("the path is text");
    let space = "--hidden 2|8,4 --lr 0.003|0.03 --layer-norm=true|false --epochs 12 --refit all";
    let found = sweep(&folder, &format!("{data} --target species {space} --folds 3"));
    assert_eq!((&found["trials"], &found["ended"]), (&Value::from(8), &Value::from("exhausted")));
    assert_eq!(found["metric"], "accuracy");
    assert_eq!(found["folds"].as_array().map(Vec::len), Some(3));
    assert!(found["mean"].as_f64() > Some(0.9), "{found}");

    let events = events(&folder, "sweep/journal.jsonl");
    assert_eq!((events.len(), &events[0]["event"]), (9, &Value::from("sweep")));
    assert_eq!(events[0]["sampler"], "grid");
    for (number, event) in events[1..].iter().enumerate() {
        assert_eq!((&event["event"], &event["trial"]), (&"trial".into(), &number.into()));
        assert_eq!(event["scores"].as_array().map(Vec::len), Some(3));
        assert!(event["parameters"]["lr"].is_f64());
    }
    let best =
        &events[1 + usize::try_from(found["trial"].as_u64().expect("a number")).expect("small")];
    assert_eq!(best["parameters"], found["parameters"]);
    let numbers = |own: &Value| -> Vec<f64> {
        own.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    // The folds are trained as long once more. Accuracies after an epoch are float32.
    let gaps = numbers(&best["scores"]).into_iter().zip(numbers(&found["folds"]));
    assert!(gaps.clone().count() == 3 && gaps.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));

    // `train` ends where the search has ended.
    let words = format!("train {data} --config sweep/best.toml --device cpu --quiet");
    folder.good(&format!("{words} --output again.safetensors"));
    let own = Model::load(&folder.path("sweep/best.safetensors")).expect("it is a model");
    let again = Model::load(&folder.path("again.safetensors")).expect("it is a model");
    assert_eq!(own.network, again.network);
    assert!(own.members == again.members, "{}", folder.read("sweep/best.toml"));

    let held = folder.read("sweep/out-of-fold.csv");
    let lines: Vec<Vec<&str>> = held.lines().skip(1).map(|own| own.split(',').collect()).collect();
    let right = lines.iter().filter(|own| own[2] == own[own.len() - 1]).count();
    let mean = found["mean"].as_f64().expect("a mean");
    assert!((right as f64 / 150.0 - mean).abs() < 1e-9, "{} rows, {right} right", lines.len());

    // Nothing is left to do.
    let journal = folder.read("sweep/journal.jsonl");
    assert_eq!(sweep(&folder, "--resume sweep"), found);
    assert_eq!(folder.read("sweep/journal.jsonl"), journal);

    // The folds' networks are kept where they are wanted.
    assert!(!folder.path("sweep/ensemble.safetensors").exists());
    sweep(&folder, "--resume sweep --keep folds");
    let mean = Model::load(&folder.path("sweep/ensemble.safetensors")).expect("it is a model");
    assert_eq!((mean.members.len(), &mean.network), (3, &own.network));
    let scores = folder.good(&format!("evaluate sweep/ensemble.safetensors {data} --json"));
    let scores: Value = serde_json::from_str(&scores).expect("it prints JSON");
    assert!(scores["accuracy"].as_f64() > Some(0.9), "{scores}");

    let report = folder.good("sweep --report sweep");
    assert!(report.contains("8 trials: 8 to the end") && report.contains("8,4"), "{report}");
}

/// Without another word a search ends with the mean of networks for each fold, as `train` makes it; where
/// nobody has said what is searched, of the settings that `train` has by itself, unless a trial is better.
#[test]
fn a_search_ends_with_what_train_makes_of_its_settings() {
    let folder = Folder::new();
    let data = table("penguins.csv");
    let data = data.to_str().expect("the path is text");
    let same = |name: &str| {
        let words = format!("train {data} --config {name}/best.toml --device cpu");
        let told = folder.good(&format!("{words} --output again.safetensors"));
        let (own, again) = (
            folder.read_bytes(&format!("{name}/best.safetensors")),
            folder.read_bytes("again.safetensors"),
        );
        assert!(own == again, "{}", folder.read(&format!("{name}/best.toml")));
        told
    };
    let words = format!("{data} --target species --folds 3 --drop year");
    let found =
        sweep(&folder, &format!("{words} --hidden 4|8 --lr 0.003|0.03 --epochs 9 --output own"));
    assert_eq!((&found["refit"], &found["default"]), (&"folds".into(), &Value::Null));
    assert!(
        same("own").contains(&format!("3 networks {}", found["network"].as_str().unwrap_or("")))
    );
    assert_eq!(folder.read("own/out-of-fold.csv").lines().count(), 345);

    // Whichever is better on the folds.
    let found = sweep(&folder, &format!("{words} --trials 1 --seed 4 --output open"));
    let default = &found["default"];
    let is_default = default["chosen"].as_bool().expect("it was compared");
    let number = |own: &Value| own.as_f64().expect("a number");
    let gain = number(&found["mean"]) - number(&default["mean"]);
    assert!(
        if is_default { gain == 0.0 } else { gain > number(&default["standard_error"]) },
        "{found}"
    );
    same("open");
    let told =
        folder.good(&format!("sweep {words} --trials 1 --seed 4 --output text --device cpu"));
    assert_eq!(
        told.contains("than what `train` does by itself, which is the model"),
        is_default,
        "{told}"
    );
    // The smallest network is another question.
    let found = sweep(&folder, "--resume open --select 1se");
    assert_eq!(found["default"], Value::Null);
    // By groups, in the same folds.
    sweep(
        &folder,
        &format!("{data} --target species --group island --folds 3 --trials 2 --output by"),
    );
    same("by");
}

/// A search with halving and TPE, of words and missing values: by one thread or three, in one go or
/// after its journal was cut anywhere.
#[test]
fn an_interrupted_search_comes_to_the_same_end() {
    let folder = Folder::new();
    let data = table("penguins.csv");
    let data = data.to_str().expect("the path is text");
    let words = format!(
        "{data} --target species --hidden taper:1..2x4..16 --lr 1e-3..0.1 --dropout 0..0.3 \
         --optimizer adam|adamw --epochs 9 --folds 2 --trials 25 --seed 3"
    );
    let whole = sweep(&folder, &format!("{words} --output whole --threads 3"));
    assert_eq!(whole["trials"], 25);
    assert!(whole["pruned"].as_u64() > Some(0), "{whole}");
    let expected = events(&folder, "whole/journal.jsonl");
    let same = |found: &Value, name: &str| {
        for key in ["mean", "folds", "epochs", "trial", "parameters", "pruned"] {
            assert_eq!(found[key], whole[key], "{name}: {key}");
        }
        assert!(events(&folder, &format!("{name}/journal.jsonl")) == expected, "{name}");
        let (own, first) =
            (folder.read(&format!("{name}/best.toml")), folder.read("whole/best.toml"));
        assert_eq!(own, first);
    };
    same(&sweep(&folder, &format!("{words} --output one --threads 1")), "one");

    let text = folder.read("whole/journal.jsonl");
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    // Cut after the first line, within a batch, at its end and within a line.
    for (number, cut) in [ends[0], ends[4], ends[9], ends[19] + 30].into_iter().enumerate() {
        let name = format!("cut{number}");
        std::fs::create_dir(folder.path(&name)).expect("a folder can be made");
        folder.write(&format!("{name}/journal.jsonl"), &text[..cut]);
        same(&sweep(&folder, &format!("--resume {name}")), &name);
    }
    // More trials go on where the last batch began, in which now more are judged together.
    let more = sweep(&folder, "--resume cut0 --trials 27");
    assert_eq!(more["trials"], 27);
    let longer = events(&folder, "cut0/journal.jsonl");
    assert_eq!(longer[1..19], expected[1..19]);
    assert_eq!(longer[25]["parameters"], expected[25]["parameters"]);
}

/// One process, or three that each do a block, of which one was interrupted.
#[test]
fn blocks_that_are_joined_are_the_whole_search() {
    let folder = Folder::new();
    let data = table("penguins.csv");
    let data = data.to_str().expect("the path is text");
    for (name, space, trials) in [
        ("sobol", "--hidden 4|8,4 --lr 1e-3..0.1 --trials 23", 23_i64),
        ("random", "--hidden taper:1..2x4..8 --lr 1e-3..0.1 --trials 10", 10),
        ("grid", "--hidden 2|4 --lr 0.01|0.03", 4),
    ] {
        let words =
            format!("{data} --target species {space} --epochs 5 --folds 2 --sampler {name}");
        let whole = sweep(&folder, &format!("{words} --pruning off --output {name}"));
        let mut blocks = String::new();
        for block in 1..=3 {
            let own = format!("{name}-{block}");
            let found = sweep(&folder, &format!("{words} --block {block}/3 --output {own}"));
            let count = (trials - block).div_euclid(3) + 1;
            assert_eq!((&found["trials"], &found["complete"]), (&count.into(), &count.into()));
            assert!(!folder.path(&format!("{own}/best.safetensors")).exists());
            blocks += &format!(" {own}");
        }
        // A block that has not come to its end is gone on with.
        let journal = folder.read(&format!("{name}-2/journal.jsonl"));
        let first: String = journal.split_inclusive('\n').take(1).collect();
        folder.write(&format!("{name}-2/journal.jsonl"), first);
        let early = folder.refused(&format!("sweep --merge{blocks} --output {name}-all"));
        assert!(early.contains("trial 1 is missing"), "{early}");
        sweep(&folder, &format!("--resume {name}-2"));

        let all = format!("{name}-all");
        let mut joined = sweep(&folder, &format!("--merge{blocks} --output {all}"));
        joined["output"] = whole["output"].clone();
        assert_eq!(joined, whole);
        assert!(
            events(&folder, &format!("{all}/journal.jsonl"))
                == events(&folder, &format!("{name}/journal.jsonl"))
        );
        for file in ["best.toml", "out-of-fold.csv"] {
            let both = [name, &all].map(|own| folder.read(&format!("{own}/{file}")));
            assert_eq!(both[0], both[1], "{file}");
        }
        let models = [name, &all].map(|own| {
            Model::load(&folder.path(&format!("{own}/best.safetensors"))).expect("it is a model")
        });
        assert!(models[0].members == models[1].members);
        // What was joined is a search like any other.
        assert_eq!(sweep(&folder, &format!("--resume {all}"))["trials"], trials);
    }
    for (words, told) in [
        ("--sampler tpe", "--sampler sobol"),
        ("--pruning on", "--pruning off"),
        ("--time 5s", "--time"),
    ] {
        let command = format!("sweep {data} --target species --hidden 2|4 --block 1/2 {words}");
        let output = folder.refused(&command);
        assert!(output.contains(told), "{words}: {output}");
    }
}

/// Threads in place of processes.
struct Threads {
    rank: usize,
    said: Arc<Mutex<Vec<Vec<u8>>>>,
    all: Arc<Barrier>,
}

impl Ranks for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.said.lock().expect("nobody panics").len()
    }

    fn exchange(&mut self, own: &[u8]) -> halfplane::Result<Vec<Vec<u8>>> {
        self.said.lock().expect("nobody panics")[self.rank] = own.to_vec();
        self.all.wait();
        let said = self.said.lock().expect("nobody panics").clone();
        // Before anyone says more.
        self.all.wait();
        Ok(said)
    }
}

/// A search with halving, of points that TPE proposes.
fn opened<'a>(space: &Space, folds: &'a [Fold], metric: Metric) -> Sweep<'a> {
    let options = SweepOptions { trials: 24, ..SweepOptions::new(metric) };
    Sweep::new(space, folds, options, |point, data| {
        let number =
            |name| point.get(name).and_then(halfplane::sweep::Value::number).unwrap_or(1.0);
        let Recipe { network, options, .. } = Recipe::for_data(data);
        let network = Network { hidden: vec![number("units") as usize], ..network };
        let optimizer = options.optimizer.with_lr(number("lr"));
        Ok((network, TrainOptions { optimizer, length: Length::Epochs(9), ..options }))
    })
    .expect("it is sound")
}

/// Searches as a page does: a network at a time, in the smallest parts that there are.
async fn ask_and_tell(sweep: &mut Sweep<'_>) -> halfplane::Result<Ended> {
    assert!(matches!(sweep.begin(), SweepEvent::Begin { trials: 24, pruned: true, .. }));
    let cpu = Cpu::new();
    loop {
        let mut observer = |_: &SweepEvent| ControlFlow::Continue(());
        let (jobs, wanted) = match sweep.ask(&mut observer)? {
            Asked::Fits { jobs, wanted, .. } => (jobs, wanted),
            Asked::Ended(ended) => return Ok(ended),
        };
        let mut fits = FitSession::new(jobs, wanted);
        while fits.advance(&cpu, Duration::ZERO).await? == Status::Running {
            assert!(fits.done() < fits.jobs() as f64);
        }
        // Asked again, it says the same until it is told.
        assert!(
            matches!(sweep.ask(&mut observer)?, Asked::Fits { jobs, .. } if jobs.len() == fits.jobs())
        );
        sweep.tell(fits.into_outcomes())?;
    }
}

/// TPE and halving look at all trials; whoever trains them, the same ones follow.
#[test]
fn processes_that_search_together_find_what_one_finds() {
    let source = Source::File(table("iris.csv"));
    let options = TableOptions { target: Some("species".into()), ..TableOptions::default() };
    let data = prepare(&source, &options).expect("a table").training;
    let splits = KFold::new(2).split(data.targets()).expect("there are rows enough");
    let folds = data.folds(&splits);
    let space = Space::new()
        .with("units", Dimension::Int(IntRange::log(2, 12)))
        .and_then(|own| own.with("lr", Dimension::log(1e-3, 0.3)))
        .expect("it is sound");
    let untimed = |sweep: &Sweep| -> Vec<Record> {
        let own = |own: &Record| Record { seconds: 0.0, ..own.clone() };
        sweep.records().iter().map(own).collect()
    };
    let search = |ranks: Option<&mut dyn Ranks>, metric| {
        let mut sweep = opened(&space, &folds, metric);
        if let Some(ranks) = ranks {
            sweep = sweep.with_ranks(ranks);
        }
        sweep.run(|_| ControlFlow::Continue(())).expect("it runs");
        untimed(&sweep)
    };
    for (metric, size) in [(Metric::Accuracy, 3), (Metric::LogLoss, 2)] {
        let alone = search(None, metric);
        assert!(alone.iter().any(|own| own.state == State::Pruned));
        let mut asked = opened(&space, &folds, metric);
        assert_eq!(block_on(ask_and_tell(&mut asked)).expect("it searches"), Ended::Trials);
        assert!(untimed(&asked) == alone, "{metric}: asked and told");
        let (said, all) =
            (Arc::new(Mutex::new(vec![Vec::new(); size])), Arc::new(Barrier::new(size)));
        std::thread::scope(|scope| {
            let each = (0..size).map(|rank| {
                let (said, all) = (Arc::clone(&said), Arc::clone(&all));
                let search = &search;
                scope.spawn(move || search(Some(&mut Threads { rank, said, all }), metric))
            });
            for together in each.collect::<Vec<_>>() {
                assert!(together.join().expect("it does not panic") == alone, "{metric}");
            }
        });
    }
}

/// Each outer fold has a search of its own, which ends where a search of the other rows alone ends.
#[test]
fn outer_folds_score_the_whole_choice() {
    let folder = Folder::new();
    let data = table("penguins.csv");
    let data = data.to_str().expect("the path is text");
    let space = "--target species --hidden 2|8,4 --lr 0.003|0.03 --epochs 8 --folds 2";
    let found = sweep(&folder, &format!("{data} {space} --outer 3 --output o"));
    let outer = &found["outer"];
    assert_eq!(outer["folds"].as_array().map(Vec::len), Some(3));
    assert!(outer["mean"].as_f64() > Some(0.9), "{found}");
    assert!(outer["standard_error"].as_f64() > Some(0.0) && outer["parameters"][2]["lr"].is_f64());
    for number in 1..=3 {
        assert_eq!(events(&folder, &format!("o/outer-{number}-of-3/journal.jsonl")).len(), 5);
    }
    // Gone on with, nothing is trained twice.
    let journal = folder.read("o/outer-2-of-3/journal.jsonl");
    let cut: String = journal.split_inclusive('\n').take(1).collect();
    folder.write("o/outer-2-of-3/journal.jsonl", cut);
    let first = folder.read("o/outer-1-of-3/journal.jsonl");
    assert_eq!(sweep(&folder, "--resume o"), found);
    assert_eq!(folder.read("o/outer-1-of-3/journal.jsonl"), first);

    // By groups and in time the outer folds are dealt out like the others.
    let rows = |row: i32| format!("{},{},{},{}\n", row % 9, row, f64::from(row % 9) * 0.1, row % 2);
    folder.write("t.csv", format!("group,day,x,y\n{}", (0..90).map(rows).collect::<String>()));
    for (number, by) in
        ["--group group --drop day", "--time-column day --drop group"].into_iter().enumerate()
    {
        let words =
            format!("t.csv {by} --hidden 2|3 --epochs 2 --folds 2 --outer 3 --output by{number}");
        assert_eq!(sweep(&folder, &words)["outer"]["folds"].as_array().map(Vec::len), Some(3));
    }
    let named = "sweep t.csv --fold-column group --hidden 2|3 --epochs 2 --outer 3 --output named";
    let error = folder.refused(&format!("{named} --device cpu"));
    assert!(error.contains("`group` names the folds"), "{error}");
}

#[test]
fn a_metric_that_is_not_known_after_each_epoch_is_that_of_the_chosen_epochs() {
    let folder = Folder::new();
    let data = table("diabetes.csv");
    let data = data.to_str().expect("the path is text");
    let words = format!(
        "{data} --hidden 4|16 --lr 0.003|0.1 --epochs 30 --folds 3 --metric mae --pruning on \
         --refit all"
    );
    let found = sweep(&folder, &words);
    let events = events(&folder, "sweep/journal.jsonl");
    let trial = usize::try_from(found["trial"].as_u64().expect("a number")).expect("small");
    assert_eq!(events[1 + trial]["scores"], found["folds"]);
    assert!(found["mean"].as_f64().is_some_and(|mean| mean > 20.0 && mean < 80.0), "{found}");
}

#[test]
fn a_time_ends_it_after_a_trial_at_the_earliest() {
    let folder = Folder::new();
    let data = table("iris.csv");
    let data = data.to_str().expect("the path is text");
    let words = "--hidden 2..8 --lr 1e-3..1e-1 --epochs 3 --folds 2 --time 0.001s";
    let found = sweep(&folder, &format!("{data} --target species {words}"));
    assert_eq!((&found["ended"], &found["trials"]), (&Value::from("time"), &Value::from(1)));
    // With more time it goes on, and trains nothing again.
    let first = folder.read("sweep/journal.jsonl");
    let found = sweep(&folder, "--resume sweep --time 100h --trials 4");
    assert_eq!((&found["ended"], &found["trials"]), (&Value::from("trials"), &Value::from(4)));
    assert!(folder.read("sweep/journal.jsonl").starts_with(&first));
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|row| format!("{row}.5,{}\n", ["a", "b"][row % 2])).collect();
    folder.write("t.csv", format!("x,y\n{rows}"));
    for (words, told) in [
        ("t.csv --lr 1..0.1", "`lr` is a range from 1 to 0.1, which is empty"),
        ("t.csv --l2 0..0.1", "0 has no logarithm"),
        ("t.csv --hidden taper:4", "taper:1..4x16..256"),
        ("t.csv --lr 0.1 --hidden 4 --weight-decay 0 --dropout 0", "there is nothing to search"),
        ("t.csv --activation relu|sulu", "sulu"),
        ("t.csv --units 4|8", "--units"),
        ("t.csv --lr 0.1|0.1", "twice"),
        ("t.csv --lr 0.1|0.2 --sampler gird", "did you mean `grid`?"),
        ("t.csv --lr 0.1..0.2 --sampler grid", "a grid has no end over `lr`"),
        ("t.csv --lr 0.1|0.2 --trials 0", "0 trials"),
        ("t.csv --lr 0.1|0.2 --time 5", "90s"),
        ("t.csv --lr 0.1|0.2 --metric r2", "r2 is no score"),
        ("t.csv --hidden 2|4 --momentum 0.5|0.9 --optimizer adam --epochs 1", "settings of sgd"),
        ("t.csv --hidden 2|4 --steps 9", "the length is in steps"),
        ("t.csv --hidden 2|4 --folds none", "without folds there is nothing to compare by"),
        ("--resume nowhere", "there is no journal"),
        ("--report nowhere", "there is no journal"),
        ("", "required"),
    ] {
        let output = folder.refused(&format!("sweep {words}"));
        assert!(output.contains(told), "{words}: {output}");
    }
    let config = "hidden = [[4], [8, 4]]\nlr = { from = 0.01, to = 0.1, scale = \"lag\" }\n";
    folder.write("space.toml", config);
    let output = folder.refused("sweep t.csv --config space.toml");
    assert!(output.contains("space.toml") && output.contains("unknown scale `lag`"), "{output}");
}

#[test]
fn a_configuration_holds_a_space() {
    let folder = Folder::new();
    let data = table("iris.csv");
    let data = data.to_str().expect("the path is text");
    folder.write(
        "space.toml",
        "target = \"species\"\nhidden = [[4], [8, 4]]\nlr = [0.01, 0.03]\nlayer-norm = [true, false]\n\
         weight-decay = { from = 1e-4, to = 1e-2 }\nepochs = 4\nfolds = 2\ntrials = 9\n",
    );
    let found = sweep(&folder, &format!("{data} --config space.toml --lr 0.02"));
    assert_eq!(found["trials"], 9);
    let events = events(&folder, "sweep/journal.jsonl");
    let space = &events[0]["space"];
    assert_eq!(space["hidden"], serde_json::json!([4, "8,4"]));
    assert_eq!((&space["lr"], &space["weight-decay"]["scale"]), (&Value::Null, &"log".into()));
}

#[test]
fn a_journal_of_another_search_is_refused_by_what_differs() {
    let folder = Folder::new();
    let rows = |shift: usize| -> String {
        let rows = (0..40).map(|row| format!("{row}.5,{}\n", ["a", "b"][(row + shift) % 2]));
        format!("x,y\n{}", rows.collect::<String>())
    };
    folder.write("t.csv", rows(0));
    sweep(&folder, "t.csv --hidden 2|3 --epochs 2 --folds 2");
    let again = folder.refused("sweep t.csv --hidden 2|3 --epochs 2 --folds 2");
    assert!(again.contains("already") && again.contains("--resume"), "{again}");
    for (words, told) in [
        ("--hidden 2|4", "`hidden`: [2,3] then, [2,4] now"),
        ("--epochs 3", "`fixed`"),
        ("--seed 5", "the seed: 777 then, 5 now"),
        ("--folds 3", "another division into folds"),
        ("--sampler sobol", "the sampler: grid then, sobol now"),
        ("--metric log_loss", "`metric`"),
    ] {
        let output = folder.refused(&format!("sweep --resume sweep {words}"));
        assert!(output.contains(told), "{words}: {output}");
    }
    folder.write("t.csv", rows(1));
    let output = folder.refused("sweep --resume sweep");
    assert!(output.contains("another data set"), "{output}");
}

#[test]
fn where_all_diverge_it_says_what_to_change() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|row| format!("{row}.5,{}.25\n", row * row)).collect();
    folder.write("t.csv", format!("x,y\n{rows}"));
    let words = "t.csv --optimizer sgd --hidden 4 --lr 1e20|1e25 --epochs 3 --folds 2";
    let output = folder.refused(&format!("sweep {words} --device cpu"));
    assert!(output.contains("2 of 2 trials diverged"), "{output}");
    assert!(output.contains("learning rate begin below 1e20"), "{output}");
    // A trial that diverges does not end the others.
    let found =
        sweep(&folder, &words.replace("1e25", "0.01").replace("t.csv", "t.csv --output two"));
    assert_eq!((&found["diverged"], &found["complete"]), (&Value::from(1), &Value::from(1)));
}
