//! The program, killed and interrupted: what is left loads, and goes on to the same model.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use halfplane::train::Checkpoints;
use serde_json::Value;

fn program(folder: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halfplane"));
    command.args(words.split_whitespace()).current_dir(folder);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(folder: &Path, words: &str) -> Child {
    program(folder, words).spawn().expect("the program starts")
}

fn good(folder: &Path, words: &str) -> Output {
    let output = program(folder, words).output().expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "halfplane {words}: {error}");
    output
}

/// A folder with a table that can be learnt.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let rows = (0..97).map(|row| {
        let [a, b] = [7, 11].map(|step| f64::from(row * step % 97) / 48.5 - 1.0);
        format!("{a},{b},{}\n", 2.0 * a - b * b)
    });
    let table = format!("a,b,y\n{}", rows.collect::<String>());
    fs::write(folder.path().join("table.csv"), table).expect("it can be written");
    folder
}

fn same(folder: &Path, one: &str, other: &str) {
    let [one, other] = [one, other].map(|name| fs::read(folder.join(name)).expect("it is there"));
    assert!(one == other, "the models differ");
}

/// `kill -9` at many moments of a run that does little but write checkpoints: there is always one
/// that loads, and the run that goes on in the end has the model of a run in one go.
#[test]
fn a_killed_training_leaves_a_checkpoint_that_loads() {
    const KILLS: u64 = 25;
    let folder = folder();
    let at = folder.path();
    let words = "train table.csv --device cpu --strategy layered --steps 4000 --hidden 9";
    good(at, &format!("{words} --output whole.safetensors"));
    let begin = format!("{words} --output parts.safetensors --checkpoint run --quiet");
    let mut words = begin + " --checkpoint-every 1step";
    let mut steps = Vec::new();
    for kill in 0..KILLS {
        let mut child = start(at, &words);
        // Moments that no clock repeats, spread by a fixed rule.
        sleep(Duration::from_micros(3_000 + kill * 7_919 % 61_000));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        match Checkpoints::of(&at.join("run")).latest() {
            Ok((_, checkpoint)) => {
                steps.push(checkpoint.step());
                words = "train --resume run --quiet".to_owned();
            }
            // It was killed before it wrote the first one.
            Err(error) => assert!(steps.is_empty(), "after {steps:?}: {error}"),
        }
    }
    assert!(steps.is_sorted(), "a checkpoint was lost: {steps:?}");
    assert!(steps.last() > steps.first(), "no run came any further: {steps:?}");
    words = format!("{words} --checkpoint-every 1000steps");
    good(at, &words);
    same(at, "whole.safetensors", "parts.safetensors");
    let left = super::names(&at.join("run"));
    assert_eq!(left.len(), 2, "{left:?}");
}

/// The same of a training on folds, whose networks write checkpoints each by itself: what had ended stays as
/// it is, what was on its way goes on, the rest begins; lines of events are there once each.
#[test]
fn networks_for_each_fold_go_on_each_by_itself() {
    const KILLS: u64 = 12;
    let folder = folder();
    let at = folder.path();
    let words = "train table.csv --device cpu --epochs 300 --patience 60 --hidden 9 --members 2";
    good(at, &format!("{words} --output whole.safetensors --metrics whole.jsonl"));
    let begin =
        format!("{words} --output parts.safetensors --metrics parts.jsonl --checkpoint run");
    let mut words = format!("{begin} --checkpoint-every 5epochs --quiet");
    let mut begun = 0;
    for kill in 0..KILLS {
        let mut child = start(at, &words);
        sleep(Duration::from_micros(5_000 + kill * 7_919 % 41_000));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let members = Checkpoints::of(&at.join("run")).members().expect("it can be read").len();
        assert!(members >= begun, "a network was lost");
        begun = members;
        if begun > 0 {
            words = "train --resume run --quiet".to_owned();
        }
    }
    good(at, &words);
    same(at, "whole.safetensors", "parts.safetensors");
    // Of each network the same lines in the same order.
    let lines = |name: &str| {
        let text = fs::read_to_string(at.join(name)).expect("the metrics were written");
        let value = |line: &str| serde_json::from_str::<Value>(line).expect("each line is JSON");
        let told = |own: &Value| own["event"] == "step" || own["event"] == "epoch";
        let mut all: Vec<Value> = text.lines().map(value).filter(told).collect();
        all.sort_by_key(|own| own["member"].as_u64());
        all
    };
    assert!(lines("whole.jsonl") == lines("parts.jsonl"));
    // Once more after its end.
    good(at, "train --resume run --output again.safetensors --metrics again.jsonl");
    same(at, "whole.safetensors", "again.safetensors");

    for (more, told) in [
        ("--folds none", "a network for each fold, and --folds none has none"),
        ("--folds 4", "the training data has changed"),
        ("--lr 0.5", "optimizer was"),
    ] {
        let output = program(at, &format!("train --resume run {more}")).output();
        let error = output.expect("the program starts").stderr;
        let error = String::from_utf8_lossy(&error);
        assert!(error.contains(told), "{more}: {error}");
    }
    let output = program(at, &begin).output().expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("there are checkpoints of a training in run"), "{error}");
    good(at, "train table.csv --device cpu --folds none --steps 9 --checkpoint one --quiet");
    let output = program(at, "train --resume one --members 2").output().expect("it starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("the checkpoints are of one network"), "{error}");
}

/// Layers that were chosen by the folds are not chosen again.
#[test]
fn what_was_chosen_stays_when_it_goes_on() {
    let folder = folder();
    let at = folder.path();
    let words = "train table.csv --device cpu --epochs 20 --hidden auto --quiet";
    good(at, &format!("{words} --checkpoint run --output first.safetensors"));
    let said = good(at, "train --resume run --output second.safetensors").stdout;
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains("layers and units by"), "{said}");
    same(at, "first.safetensors", "second.safetensors");
}

#[cfg(unix)]
mod interrupted {
    use super::*;

    /// Sends Ctrl-C to a training as soon as `ready` is there, and returns what it said at its end.
    fn interrupt(folder: &Path, words: &str, ready: &str) -> String {
        let mut child = start(folder, words);
        while !folder.join(ready).exists() {
            assert!(child.try_wait().expect("it can be asked").is_none(), "it ended: {words}");
            sleep(Duration::from_millis(2));
        }
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        let output = child.wait_with_output().expect("it ends");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(130), "{error}");
        error
    }

    fn lines(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).expect("the metrics were written");
        let told = |line: &&str| {
            let value: Value = serde_json::from_str(line).expect("each line is JSON");
            value["event"] == "step" || value["event"] == "epoch"
        };
        text.lines().filter(told).map(str::to_owned).collect()
    }

    #[test]
    fn an_interrupted_training_says_how_it_goes_on() {
        let folder = folder();
        let at = folder.path();
        let words = "train table.csv --device cpu --folds none --hidden 9 --log-every 7 \
                     --patience 100000000";
        let said = interrupt(
            at,
            &format!("{words} --epochs 99999999 --checkpoint run --metrics parts.jsonl"),
            "run/step-0000000000.safetensors",
        );
        assert!(said.contains("go on with `halfplane train --resume run`"), "{said}");
        let (_, checkpoint) = Checkpoints::of(&at.join("run")).latest().expect("one was written");
        assert!(said.contains(&format!("interrupted after {} steps", checkpoint.step())), "{said}");
        // As if the process had been killed while it wrote a line of a step that is lost.
        let mut metrics = fs::read_to_string(at.join("parts.jsonl")).expect("they were written");
        metrics += "{\"event\":\"step\",\"step\":99999999,\"loss\":1.0}\n{\"event\":\"st";
        fs::write(at.join("parts.jsonl"), metrics).expect("it can be written");

        let steps = checkpoint.step() + 500;
        let output =
            good(at, &format!("train --resume run --steps {steps} --output parts.safetensors"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&format!("going on from step {}\n", checkpoint.step())), "{said}");
        assert!(said.contains("--patience watches the training loss"), "{said}");
        let whole = format!("{words} --steps {steps} --metrics whole.jsonl");
        good(at, &format!("{whole} --output whole.safetensors"));
        same(at, "whole.safetensors", "parts.safetensors");
        assert!(lines(&at.join("parts.jsonl")) == lines(&at.join("whole.jsonl")));

        // From anywhere, and once more after its end.
        let other = tempfile::tempdir().expect("a folder can be made");
        fs::remove_file(at.join("parts.safetensors")).expect("it is ours");
        let run = at.join("run");
        good(other.path(), &format!("train --resume {} --steps {steps}", run.display()));
        assert!(fs::read_dir(other.path()).expect("it is there").next().is_none());
    }

    #[test]
    fn without_checkpoints_the_model_so_far_is_saved() {
        let folder = folder();
        let words = "train table.csv --device cpu --steps 99999999 --output m.safetensors";
        let said = interrupt(folder.path(), &format!("{words} --metrics m.jsonl"), "m.jsonl");
        assert!(said.contains("the model so far is in m.safetensors"), "{said}");
        good(folder.path(), "predict m.safetensors table.csv");
    }
}

#[test]
fn a_resumed_training_must_be_the_same() {
    let folder = folder();
    let at = folder.path();
    good(at, "train table.csv --device cpu --steps 20 --checkpoint run --quiet");
    let refusal = |words: &str| {
        let output = program(at, words).output().expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "halfplane {words}: {error}");
        error
    };
    for (words, expected) in [
        ("train table.csv --checkpoint run", "go on with it (--resume run)"),
        ("train --resume nowhere", "no checkpoint in nowhere"),
        ("train --resume run --lr 0.5", "optimizer was"),
        ("train --resume run --hidden 3", "2-100-1"),
        ("train --resume run --checkpoint-every 3", "no interval"),
        ("train xor --checkpoint-every 30s", "--checkpoint DIR"),
        ("train --resume table.csv", "cannot read table.csv"),
    ] {
        let error = refusal(words);
        assert!(error.contains(expected), "halfplane {words}: no `{expected}` in: {error}");
    }
    let table = fs::read_to_string(at.join("table.csv")).expect("it is there");
    fs::write(at.join("table.csv"), table + "0.5,0.5,0.75\n").expect("it can be written");
    let error = refusal("train --resume run");
    assert!(error.contains("training data has changed"), "{error}");
    assert!(error.contains("97 rows then, 98 now"), "{error}");
}
