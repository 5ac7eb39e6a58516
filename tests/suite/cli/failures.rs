//! What goes wrong beside a training: signals, full disks, folders that vanish, a second training in
//! the same folder. None of it may cost the run.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use halfplane::Model;
use halfplane::train::{Checkpoint, Checkpoints};

use crate::support::folder::Folder;

/// A folder with a table that can be learnt.
fn folder() -> Folder {
    let folder = Folder::new();
    let rows = (0..97).map(|row| {
        let [a, b] = [7, 11].map(|step| f64::from(row * step % 97) / 48.5 - 1.0);
        format!("{a},{b},{}\n", 2.0 * a - b * b)
    });
    folder.write("table.csv", format!("a,b,y\n{}", rows.collect::<String>()));
    folder
}

/// A training that ends only when it is told to.
const ENDLESS: &str =
    "train table.csv --device cpu --hidden 9 --epochs 99999999 --folds none --quiet";

fn command(folder: &Folder, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_halfplane"));
    command.args(words.split_whitespace()).current_dir(folder.path(""));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::piped());
    let unignore = || {
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
            // SAFETY: the call is one of those allowed between fork and exec, and sets no handler.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // What the tests were started with, such as `nohup`, may ignore signals, and programs inherit that.
    // SAFETY: the closure allocates nothing and takes no lock.
    unsafe { command.pre_exec(unignore) };
    command
}

/// Starts the program, and waits until something is so.
fn started(folder: &Folder, words: &str, ready: impl Fn() -> bool) -> Child {
    let mut child = command(folder, words).spawn().expect("the program starts");
    while !ready() {
        assert!(child.try_wait().expect("it can be asked").is_none(), "it ended: {words}");
        sleep(Duration::from_millis(2));
    }
    child
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "{signal} cannot be sent");
}

/// The exit code and what was said on standard error.
fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn latest(folder: &Folder, name: &str) -> Checkpoint {
    Checkpoints::of(&folder.path(name)).latest().expect("there is one").1
}

/// Files that were on their way to their places.
fn unfinished(folder: &Folder, name: &str) -> usize {
    let entries = fs::read_dir(folder.path(name)).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    names.filter(|name| name.to_string_lossy().starts_with(".halfplane-")).count()
}

/// Whether the training has written a checkpoint. The first one may be gone already.
fn has_checkpoint(folder: &Folder) -> bool {
    Checkpoints::of(&folder.path("run")).newest().is_ok_and(|newest| newest.is_some())
}

/// Each signal, once or in a row as those send it who close terminals and stop services.
#[test]
fn signals_do_what_ctrl_c_does() {
    for (signals, code) in [
        (&["-INT"][..], &[130][..]),
        (&["-TERM"], &[143]),
        (&["-HUP"], &[129]),
        // The system may deliver signals that wait together in another order.
        (&["-TERM", "-TERM", "-HUP"], &[143, 129]),
        (&["-HUP", "-HUP", "-TERM"], &[143, 129]),
    ] {
        let folder = folder();
        let child =
            started(&folder, &format!("{ENDLESS} --checkpoint run"), || has_checkpoint(&folder));
        signals.iter().for_each(|signal| send(signal, &child));
        let (found, said) = ended(child);
        assert!(found.is_some_and(|found| code.contains(&found)), "{signals:?}: {found:?}, {said}");
        let step = latest(&folder, "run").step();
        assert!(said.contains(&format!("interrupted after {step} steps")), "{said}");
        assert!(said.contains("`halfplane train --resume run`"), "{said}");
        assert!(!folder.path("run/.lock").exists() && unfinished(&folder, "run") == 0);
        let steps = step + 100;
        folder.good(&format!("train --resume run --steps {steps} --output parts.safetensors"));
        folder.good(&format!(
            "train table.csv --device cpu --hidden 9 --steps {steps} --output whole.safetensors"
        ));
        let same = folder.read_bytes("whole.safetensors") == folder.read_bytes("parts.safetensors");
        assert!(same, "{signals:?}: the models differ");
    }
}

#[test]
fn a_signal_that_is_ignored_from_the_beginning_stays_so() {
    let folder = folder();
    let program = env!("CARGO_BIN_EXE_halfplane");
    let line = format!("trap '' HUP; exec {program} {ENDLESS} --checkpoint run");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(folder.path("")).stderr(Stdio::piped());
    let child = shell.spawn().expect("a shell starts");
    while !has_checkpoint(&folder) {
        sleep(Duration::from_millis(2));
    }
    for _ in 0..3 {
        send("-HUP", &child);
    }
    send("-TERM", &child);
    let (code, said) = ended(child);
    assert_eq!(code, Some(143), "{said}");
}

/// Commands that do not train end at once, and leave nothing behind.
#[test]
fn other_commands_end_at_once() {
    let folder = folder();
    folder
        .good("train table.csv --device cpu --hidden 3 --epochs 1 --output m.safetensors --quiet");
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        // It waits for rows that do not come.
        let child = command(&folder, "predict m.safetensors - --output p.csv").spawn();
        let mut child = child.expect("the program starts");
        let rows = child.stdin.take();
        sleep(Duration::from_millis(300));
        send(signal, &child);
        // Before it catches signals, they end it as they do by default.
        let status = child.wait_with_output().expect("it ends").status;
        let found = status.code().or(status.signal().map(|signal| 128 + signal));
        drop(rows);
        assert_eq!(found, Some(code), "{signal}");
        assert!(unfinished(&folder, "") == 0 && !folder.path("p.csv").exists());
    }
}

#[test]
fn a_second_training_is_refused_and_the_first_is_unharmed() {
    let folder = folder();
    let words = format!("{ENDLESS} --log-every 1 --checkpoint run --metrics parts.jsonl");
    let child = started(&folder, &words, || has_checkpoint(&folder));
    for words in [
        "train --resume run",
        "train --resume run --quiet --steps 5",
        "train --resume run --checkpoint run --metrics other.jsonl",
    ] {
        let error = folder.refused(words);
        assert!(error.contains("another training (process"), "{words}: {error}");
        assert!(error.contains("writes its checkpoints into"), "{words}: {error}");
    }
    folder.refused("train table.csv --device cpu --checkpoint run");
    assert!(!folder.path("other.jsonl").exists(), "nothing of the second one was made");
    send("-TERM", &child);
    assert_eq!(ended(child).0, Some(143));
    let steps = latest(&folder, "run").step();
    let lines = folder.read("parts.jsonl");
    let told = lines.lines().filter(|line| line.contains("\"event\":\"step\"")).count();
    assert_eq!(told as u64, steps, "a line for each step");
}

/// Both at the same moment: one of them trains, whole and undisturbed.
#[test]
fn of_two_that_start_together_one_trains() {
    let folder = folder();
    for round in 0..4 {
        let words = format!(
            "train table.csv --device cpu --hidden 9 --steps 2000 --log-every 1 --quiet \
             --checkpoint run{round} --metrics m{round}.jsonl"
        );
        let both = [0, 1].map(|_| command(&folder, &words).spawn().expect("the program starts"));
        let mut codes = both.map(|child| ended(child).0.unwrap_or(-1));
        codes.sort_unstable();
        assert_eq!(codes, [0, 2], "round {round}");
        let lines = folder.read(&format!("m{round}.jsonl"));
        let told = lines.lines().filter(|line| line.contains("\"event\":\"step\"")).count();
        assert_eq!(told, 2000, "round {round}");
        assert_eq!(latest(&folder, &format!("run{round}")).step(), 2000);
    }
}

/// The folder of the checkpoints goes away, and comes back.
#[test]
fn a_checkpoint_that_cannot_be_written_is_tried_again() {
    let folder = folder();
    let words = format!("{ENDLESS} --checkpoint run --checkpoint-every 50steps");
    let mut child = started(&folder, &words, || has_checkpoint(&folder));
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let mut said = |what: &str| -> String {
        let mut before = Vec::new();
        for line in lines.by_ref() {
            let line = line.expect("it is text");
            if line.contains(what) {
                return line;
            }
            before.push(line);
        }
        panic!("it ended without saying: {what}, but: {before:?}");
    };
    for round in 0..3 {
        // A file of that name keeps the folder from being made again. The training may have made one
        // by then: it writes a checkpoint every few milliseconds.
        for again in 0.. {
            let away = folder.path(&format!("away{round}-{again}"));
            fs::rename(folder.path("run"), away).expect("it is ours");
            if fs::File::create_new(folder.path("run")).is_ok() {
                break;
            }
        }
        let warning = said("warning: no checkpoint");
        assert!(warning.contains("tries again"), "{warning}");
        fs::remove_file(folder.path("run")).expect("it is ours");
        said("a checkpoint is written again");
    }
    send("-TERM", &child);
    assert!(said("interrupted after").contains("--resume run"));
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    let step = latest(&folder, "run").step();
    folder.good(&format!("train --resume run --steps {}", step + 10));
}

/// Files may not grow beyond some blocks: as on a full disk, every write fails.
#[test]
fn a_full_disk_does_not_end_a_training() {
    let folder = folder();
    let program = env!("CARGO_BIN_EXE_halfplane");
    for (more, warning) in [
        ("--checkpoint run --checkpoint-every 100steps", "warning: no checkpoint of step 0"),
        ("--metrics m.jsonl --log-every 1", "m.jsonl"),
        ("--tensorboard board --log-every 1", "board"),
    ] {
        let words = "train table.csv --device cpu --hidden 64,64 --steps 3000 --quiet";
        let line = format!("ulimit -f 8; exec {program} {words} {more}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(folder.path(""));
        let output = shell.output().expect("a shell starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(warning), "{more}: {said}");
        assert_eq!(said.matches("tries again").count(), 1, "{more}: {said}");
        // Lines that are lost in the end are an error, but not before the model is there.
        let expected = if more.starts_with("--checkpoint") { 0 } else { 1 };
        assert_eq!(output.status.code(), Some(expected), "{more}: {said}");
        assert_eq!(unfinished(&folder, ""), 0, "{more}");
    }
    assert_eq!(unfinished(&folder, "run"), 0);
}

/// What cannot be written at its place at the end is written elsewhere.
#[test]
fn a_model_is_saved_somewhere() {
    let place = |said: &str| {
        let place =
            said.split("the model is in ").nth(1).and_then(|rest| rest.split(" instead").next());
        place.unwrap_or_else(|| panic!("no place is said: {said}")).to_owned()
    };
    // A device without room, once with a name that is taken.
    let folder = folder();
    for name in ["full.safetensors", "full-1.safetensors"] {
        let output = folder.run("train xor --device cpu --steps 10 --output /dev/full");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(place(&said).ends_with(name), "{said}");
        Model::load(&folder.path(name)).expect("it is whole");
    }
    // A folder that is gone.
    fs::create_dir(folder.path("out")).expect("it can be made");
    let words = format!("{ENDLESS} --output out/m.safetensors --metrics m.jsonl");
    let child = started(&folder, &words, || folder.path("m.jsonl").exists());
    fs::remove_dir_all(folder.path("out")).expect("it is ours");
    send("-TERM", &child);
    let (code, said) = ended(child);
    assert_eq!(code, Some(143), "{said}");
    Model::load(std::path::Path::new(&place(&said))).expect("it is whole");
}

/// Kills at many moments: in the end, metrics, TensorBoard's files and the curve of the report are
/// those of a run in one go.
#[test]
fn nothing_that_a_checkpoint_counts_is_lost_by_a_kill() {
    let folder = folder();
    let words = "train table.csv --device cpu --hidden 9 --steps 3000 --log-every 1 --quiet";
    folder
        .good(&format!("{words} --metrics whole.jsonl --tensorboard whole --report whole-report"));
    let begin = format!("{words} --metrics parts.jsonl --tensorboard parts --report parts-report");
    let mut words = format!("{begin} --checkpoint run --checkpoint-every 9steps");
    let steps = |name: &str| -> Vec<String> {
        let text = folder.read(name);
        let own = |line: &&str| {
            ["step", "epoch"]
                .iter()
                .any(|kind| line.starts_with(&format!("{{\"event\":\"{kind}\"")))
        };
        text.lines().filter(own).map(str::to_owned).collect()
    };
    let whole = steps("whole.jsonl");
    for kill in 0..15 {
        let mut child = command(&folder, &words).spawn().expect("the program starts");
        // Moments that no clock repeats, spread by a fixed rule.
        sleep(Duration::from_millis(4 + kill * 37 % 90));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let Ok((_, checkpoint)) = Checkpoints::of(&folder.path("run")).latest() else { continue };
        words = "train --resume run --quiet".to_owned();
        let counted = checkpoint.step() as usize;
        let told = steps("parts.jsonl");
        let told = told.iter().filter(|line| line.starts_with("{\"event\":\"step\"")).take(counted);
        assert_eq!(told.count(), counted, "lines that the checkpoint counts as told");
    }
    folder.good(&words);
    assert!(steps("parts.jsonl") == whole, "the metrics differ");
    let count = |folder_name: &str, tag: &[u8]| -> usize {
        let entries = fs::read_dir(folder.path(folder_name)).expect("it is there");
        let files = entries.map(|entry| fs::read(entry.expect("it is listed").path()));
        let count = |bytes: Vec<u8>| bytes.windows(tag.len()).filter(|part| *part == tag).count();
        files.map(|bytes| count(bytes.expect("it can be read"))).sum()
    };
    for tag in [&b"loss/batch"[..], b"loss/train", b"loss/final"] {
        assert_eq!(count("parts", tag), count("whole", tag), "{}", String::from_utf8_lossy(tag));
    }
    assert_eq!(folder.read("parts-report/loss.svg"), folder.read("whole-report/loss.svg"));
}

/// The loss runs away until it is no number: what was best until then is the model.
#[test]
fn a_run_that_diverges_keeps_its_best_weights() {
    let folder = folder();
    for how in ["--keep best", "--patience 50", "--keep best --validation 0.2"] {
        let words = format!(
            "train table.csv --device cpu --hidden 9 --optimizer sgd --lr 100 --warmup 1000 \
             --epochs 500 --quiet --folds none --output best.safetensors {how}"
        );
        let output = folder.run(&words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("training diverged after step"), "{how}: {said}");
        assert!(said.contains("The weights are those of epoch"), "{how}: {said}");
        folder.good("predict best.safetensors table.csv");
        fs::remove_file(folder.path("best.safetensors")).expect("it was written");
    }
    let output = folder.run(
        "train table.csv --device cpu --hidden 9 --optimizer sgd --lr 100 --warmup 1000 \
         --epochs 500 --quiet --folds none --output last.safetensors",
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path("last.safetensors").exists());
}

/// The loss runs away to huge numbers: no success, and not in silence.
#[test]
fn a_run_that_diverges_to_numbers_is_no_success() {
    let folder = folder();
    let rows: String = (0..97).map(|row| format!("{row},{}\n", 2 * row)).collect();
    folder.write("raw.csv", format!("a,y\n{rows}"));
    for (lr, folds) in [("0.7", "none"), ("0.9", "none"), ("1.5", "none"), ("1.5", "4")] {
        let output = folder.run(&format!(
            "train raw.csv --device cpu --hidden 9 --preprocess none --optimizer sgd --lr {lr} \
             --epochs 1 --quiet --folds {folds}"
        ));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{lr}: {said}");
        assert!(said.contains("training diverged: the loss"), "{lr}: {said}");
    }
    let output = folder.run("train raw.csv --device cpu --hidden none --preprocess none --steps 1");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "it has hardly begun: {said}");
    assert!(said.contains("worse than the mean of the target"), "{said}");
}

/// Arguments mean later what they meant then, from whatever folder.
#[test]
fn a_checkpoint_knows_what_its_arguments_meant() {
    let folder = folder();
    folder.write("0.5", "a,b,y\n1,2,3\n");
    fs::copy(folder.path("table.csv"), folder.path("check.csv")).expect("it can be copied");
    let elsewhere = Folder::new();
    for (validation, output) in [("0.5", "xor"), ("check.csv", "deep/../m"), ("./check.csv", "m")] {
        let _ = fs::create_dir(folder.path("deep"));
        let _ = fs::remove_dir_all(folder.path("run"));
        folder.good(&format!(
            "train table.csv --validation {validation} --hidden 3 --steps 20 --quiet \
             --checkpoint run --output {output}"
        ));
        fs::remove_file(folder.path(output)).expect("it was written");
        let notes = latest(&folder, "run").notes().clone();
        assert!(notes["device"][0] != "auto", "{notes:?}");
        for name in ["seed", "log_every", "na"] {
            assert!(notes.contains_key(name), "{name}: {notes:?}");
        }
        let run = folder.path("run");
        elsewhere.good(&format!("train --resume {} --steps 30 --quiet", run.display()));
        assert!(folder.path(output).exists(), "{output}");
        assert!(!elsewhere.path(output).exists(), "{output}");
    }
}
