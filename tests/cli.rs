//! The command line, tried as a user would: what it prints, what it writes, how it refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of its own for a test, gone afterwards.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, contents).expect("a temporary file can be written");
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the program wrote the file")
    }

    /// Runs the program in the folder, as `halfplane <words>`.
    fn run(&self, words: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_halfplane"))
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .expect("the program starts")
    }

    /// Runs it, expects success, and returns what it printed.
    fn good(&self, words: &str) -> String {
        let output = self.run(words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "halfplane {words}: {error}");
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    /// A table that three numbers explain: y = 2a − b + c².
    fn regression(&self) -> PathBuf {
        let rows = (0..97).map(|row| {
            let [a, b, c] = [7, 11, 13].map(|step| f64::from(row * step % 97) / 48.5 - 1.0);
            format!("{a},{b},{c},{}\n", 2.0 * a - b + c * c)
        });
        self.write("table.csv", format!("a,b,c,y\n{}", rows.collect::<String>()))
    }

    /// Three classes that lie apart, with a comma in one of their names.
    fn classes(&self) -> PathBuf {
        let rows = (0..90).map(|row| {
            let wobble = f64::from(row * 37 % 90) / 90.0;
            match row % 3 {
                0 => format!("{},{},blue\n", wobble, 3.0 + wobble),
                1 => format!("{},{},\"green, dark\"\n", 3.0 + wobble, wobble),
                _ => format!("{},{},red\n", -3.0 - wobble, -wobble),
            }
        });
        self.write("kinds.csv", format!("u,v,kind\n{}", rows.collect::<String>()))
    }
}

fn lines_of(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// The events of a metrics file that are of a kind.
fn events<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == kind).collect()
}

#[test]
fn the_classic_prints_its_losses_and_every_row() {
    let text = Folder::new().good("train xor --device cpu");
    for line in
        ["step      0  loss 0.74340", "step  10000  loss 0.001234", "loss 0.00123", "accuracy 1.0"]
    {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    assert_eq!(
        text.lines().filter(|line| line.starts_with("step ")).count(),
        101,
        "every hundredth step of 10,001"
    );
    for row in ["0 0    0.00106", "0 1    0.99889", "1 0    0.99889", "1 1    0.00165"] {
        assert!(text.contains(row), "no row `{row}` in\n{text}");
    }
}

#[test]
fn one_layer_says_why_it_cannot_learn_xor() {
    let text = Folder::new().good("train xor --hidden none --device cpu");
    assert!(text.contains("loss 0.6931"), "{text}");
    assert!(text.contains("accuracy 0.5"), "{text}");
    assert!(text.contains("one straight line"), "{text}");
    assert!(text.contains("--hidden 2"), "{text}");
    let wide = Folder::new().good("train xor --device cpu");
    assert!(!wide.contains("one straight line"), "{wide}");
}

#[test]
fn auto_says_which_device_it_takes() {
    let text = Folder::new().good("train xor --steps 5");
    assert_eq!(text.lines().filter(|line| line.starts_with("device ")).count(), 1, "{text}");
}

#[test]
fn runs_where_there_is_no_graphics_driver_at_all() {
    let output = Command::new(env!("CARGO_BIN_EXE_halfplane"))
        .args(["train", "xor", "--steps", "5"])
        // The loader then finds no driver, and wgpu no backend.
        .env("VK_DRIVER_FILES", "/nonexistent.json")
        .env("VK_ICD_FILENAMES", "/nonexistent.json")
        .env("WGPU_BACKEND", "vulkan")
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("device cpu (no hardware GPU adapter"), "{text}");
}

#[test]
fn metrics_hold_steps_epochs_and_the_end() {
    let folder = Folder::new();
    folder.regression();
    folder.good("train table.csv --batch-size 32 --epochs 5 --log-every 3 --device cpu --metrics m.jsonl --quiet");
    let lines = lines_of(&folder.read("m.jsonl"));
    let steps = events(&lines, "step");
    // 97 rows in batches of 32 are 4 steps an epoch, the last of one row.
    assert_eq!(
        steps.iter().map(|line| line["step"].as_u64()).collect::<Vec<_>>(),
        [0, 3, 6, 9, 12, 15, 18].map(Some)
    );
    let epochs = events(&lines, "epoch");
    assert_eq!(epochs.len(), 5);
    assert_eq!(epochs[4]["epoch"], 4);
    assert!(epochs[4]["train_loss"].as_f64() < epochs[0]["train_loss"].as_f64());
    let end = lines.last().expect("there are lines");
    assert_eq!(end["event"], "end");
    assert_eq!(end["steps"], 20);
    assert_eq!(end["device"], "cpu");
    assert_eq!(end["strategy"], "layered");
    assert!(end["loss"].is_number() && end["seconds"].is_number(), "{end}");
}

#[test]
fn metrics_of_the_classic_are_pytorchs() {
    let folder = Folder::new();
    folder.good("train xor --device cpu --metrics m.jsonl --quiet");
    let lines = lines_of(&folder.read("m.jsonl"));
    let steps = events(&lines, "step");
    assert_eq!(steps.len(), 101);
    for (step, expected) in [(0, 0.743_407_3), (100, 0.693_165_1), (300, 0.693_151_7)] {
        let line = steps.iter().find(|line| line["step"] == step).expect("the step is logged");
        let loss = line["loss"].as_f64().expect("a number");
        assert!((loss - expected).abs() < 1e-6, "step {step}: {loss}");
    }
    assert_eq!(events(&lines, "epoch").len(), 10_001);
}

#[test]
fn early_stopping_is_said_aloud() {
    let folder = Folder::new();
    let words = "train xor --hidden none --patience 7 --min-delta 1e-4 --device cpu";
    let text = folder.good(&format!("{words} --metrics m.jsonl"));
    assert!(text.contains("stopped early: the loss no longer improved"), "{text}");
    assert!(text.contains("kept the weights of epoch "), "{text}");
    let lines = lines_of(&folder.read("m.jsonl"));
    let end = lines.last().expect("there are lines");
    assert_eq!(end["ended"], "patience");
    let best = end["best"]["epoch"].as_u64().expect("a number");
    assert_eq!(end["steps"].as_u64(), Some(best + 1 + 7));
    let last = folder.good(&format!("{words} --keep last"));
    assert!(!last.contains("kept the weights"), "{last}");
}

#[test]
fn quiet_prints_nothing() {
    let folder = Folder::new();
    assert_eq!(folder.good("train xor --steps 50 --device cpu --quiet"), "");
}

#[test]
fn regression_from_table_to_predictions() {
    let folder = Folder::new();
    folder.regression();
    let text =
        folder.good("train table.csv --epochs 300 --lr 0.01 --device cpu --output m.safetensors");
    let r2 =
        text.split("R² ").nth(1).and_then(|rest| rest.split(' ').next()).expect("R² is printed");
    assert!(r2.parse::<f64>().expect("a number") > 0.97, "{text}");
    folder.good("predict m.safetensors table.csv --output p.csv");
    let predictions = folder.read("p.csv");
    let mut lines = predictions.lines();
    assert_eq!(lines.next(), Some("y"));
    assert_eq!(lines.clone().count(), 97);
    assert!(lines.all(|line| line.parse::<f32>().is_ok_and(f32::is_finite)));
    // The order of the columns and further ones do not matter.
    folder.write("mixed.csv", "other,c,b,a\nword,0.5,0.25,-0.5\n");
    folder.write("plain.csv", "a,b,c\n-0.5,0.25,0.5\n");
    assert_eq!(
        folder.good("predict m.safetensors mixed.csv"),
        folder.good("predict m.safetensors plain.csv")
    );
}

#[test]
fn classes_from_table_to_predictions() {
    let folder = Folder::new();
    folder.classes();
    let text =
        folder.good("train kinds.csv --hidden 8 --epochs 200 --device cpu --output m.safetensors");
    assert!(text.contains("3 classes, blue, green, dark, red"), "{text}");
    assert!(text.contains("accuracy 1.0"), "{text}");
    let predictions = folder.good("predict m.safetensors kinds.csv --output -");
    let mut reader = csv::Reader::from_reader(predictions.as_bytes());
    let header = reader.headers().expect("a header").clone();
    assert_eq!(header.iter().collect::<Vec<_>>(), ["p_blue", "p_green, dark", "p_red", "class"]);
    for (row, record) in reader.records().enumerate() {
        let record = record.expect("a row");
        assert_eq!(&record[3], ["blue", "green, dark", "red"][row % 3], "row {row}");
        let sum: f32 = (0..3).map(|class| record[class].parse::<f32>().expect("a number")).sum();
        assert!((sum - 1.0).abs() < 1e-5, "row {row}: {sum}");
    }
}

#[test]
fn binary_words_become_one_probability() {
    let folder = Folder::new();
    let rows: String =
        (0..40).map(|row| format!("{},{}\n", row, if row < 20 { "no" } else { "yes" })).collect();
    folder.write("b.csv", format!("x,answer\n{rows}"));
    let text = folder.good(
        "train b.csv --target answer --hidden 4 --activation tanh --lr 0.05 --epochs 200 --device cpu --output m.safetensors",
    );
    assert!(text.contains("binary, no or yes (p is for yes)"), "{text}");
    let predictions = folder.good("predict m.safetensors b.csv");
    let p: Vec<f32> =
        predictions.lines().skip(1).map(|line| line.parse().expect("a number")).collect();
    assert_eq!((predictions.lines().next(), p.len()), (Some("p"), 40));
    assert!(p[0] < 0.2 && p[39] > 0.8, "{p:?}");
}

#[test]
fn a_saved_model_is_the_start_of_the_next_training() {
    let folder = Folder::new();
    folder.good("train xor --steps 400 --device cpu --quiet --output half.safetensors");
    folder.good(
        "train xor --steps 1 --device cpu --quiet --init-from half.safetensors --metrics b.jsonl",
    );
    folder.good("train xor --steps 401 --log-every 1 --device cpu --quiet --metrics a.jsonl");
    let whole = lines_of(&folder.read("a.jsonl"));
    let continued = lines_of(&folder.read("b.jsonl"));
    assert_eq!(events(&whole, "step")[400]["loss"], events(&continued, "step")[0]["loss"]);
}

#[test]
fn weights_of_others_are_taken_without_metadata() {
    use safetensors::tensor::{Dtype, TensorView};
    let folder = Folder::new();
    let zeros = [0u8; 4 * 4];
    let view = |shape: &[usize]| {
        let bytes = &zeros[..4 * shape.iter().product::<usize>()];
        TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("the sizes agree")
    };
    let tensors = [
        ("layers.0.weight", view(&[2, 2])),
        ("layers.0.bias", view(&[2])),
        ("layers.1.weight", view(&[1, 2])),
        ("layers.1.bias", view(&[1])),
    ];
    let bytes = safetensors::serialize(tensors, None).expect("the tensors fit");
    folder.write("zeros.safetensors", bytes);
    folder.good(
        "train xor --steps 1 --device cpu --quiet --init-from zeros.safetensors --metrics m.jsonl",
    );
    let lines = lines_of(&folder.read("m.jsonl"));
    let loss = events(&lines, "step")[0]["loss"].as_f64().expect("a number");
    assert!((loss - std::f64::consts::LN_2).abs() < 1e-7, "{loss}");
    let refused = folder.run("predict zeros.safetensors zeros.safetensors");
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn configuration_files_say_the_same_as_flags_and_flags_win() {
    let folder = Folder::new();
    folder.regression();
    folder.write(
        "c.toml",
        "hidden = [5, 3]\nactivation = \"tanh\"\noptimizer = \"sgd\"\nlr = 0.05\nmomentum = 0.9\n\
         nesterov = true\nbatch-size = \"full\"\nsteps = 30\nlog-every = 1\nquiet = true\n\
         output = \"from-config.safetensors\"\n",
    );
    let common = "train table.csv --device cpu";
    folder.good(&format!("{common} --config c.toml"));
    let flags = "--hidden 5,3 --activation tanh --optimizer sgd --lr 0.05 --momentum 0.9 --nesterov \
                 --batch-size full --quiet --output from-flags.safetensors";
    folder.good(&format!("{common} --steps 30 {flags}"));
    let read = |name: &str| fs::read(folder.path(name)).expect("the model was written");
    assert_eq!(read("from-config.safetensors"), read("from-flags.safetensors"));
    folder.good(&format!("{common} --config c.toml --epochs 7 --metrics m.jsonl"));
    let lines = lines_of(&folder.read("m.jsonl"));
    assert_eq!(lines.last().expect("there are lines")["steps"], 7);
    // A plan of the same training takes the same file.
    assert!(folder.good("plan table.csv --device cpu --config c.toml").contains("network 3-5-3-1"));
}

#[test]
fn plan_prints_the_dispatch_graph() {
    let folder = Folder::new();
    let text = folder.good("plan xor --hidden 10,10,10 --strategy layered --device cpu");
    for part in [
        "step: 13 dispatches",
        "dense_forward",
        "dense_backward_weight",
        "metrics",
        "layers.3.parameters",
        "memory: ",
        "261 parameters",
        "workgroup",
        "FLOPs",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let text = folder.good("plan xor --hidden 10,10,10 --device cpu");
    for part in ["strategy resident", "step: 1 dispatch,", "steps of a network"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let dot = folder.good("plan xor --dot --device cpu");
    assert!(dot.starts_with("digraph halfplane {") && dot.trim_end().ends_with('}'), "{dot}");
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
}

#[test]
fn devices_lists_the_cpu_and_says_what_auto_takes() {
    let text = Folder::new().good("devices");
    assert!(text.contains("cpu\n"), "{text}");
    assert_eq!(text.matches("auto takes ").count(), 1, "{text}");
}

#[test]
fn doctor_checks_every_kernel() {
    let text = Folder::new().good("doctor --device cpu");
    for kernel in ["gather", "dense_forward", "dense_backward_weight", "metrics"] {
        let line = text.lines().find(|line| line.contains(kernel)).unwrap_or_default();
        assert!(line.starts_with("ok "), "{kernel}: {text}");
    }
    let last = text.trim_end().lines().last().unwrap_or_default();
    let counts: Vec<&str> = last.split(' ').collect();
    assert_eq!(counts.get(1..), Some(&["of", counts[0], "checks", "passed"][..]), "{text}");
}

#[test]
fn divergence_shows_behind_every_loss_and_activation() {
    let folder = Folder::new();
    let rows: String = (0..60).map(|row| format!("{},{}\n", 900 * row, row % 2)).collect();
    folder.write("large.csv", format!("x,y\n{rows}"));
    folder.write("m.safetensors", "old");
    for activation in ["gelu", "leaky-relu", "silu"] {
        let output = folder.run(&format!(
            "train large.csv --task binary --activation {activation} --hidden 16,16 --optimizer sgd \
             --lr 1e9 --device cpu --output m.safetensors"
        ));
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{activation}: {error}");
        assert!(error.contains("diverged"), "{activation}: {error}");
        assert_eq!(folder.read("m.safetensors"), "old");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_costs_the_metrics_but_not_the_model() {
    let folder = Folder::new();
    let output = folder
        .run("train xor --steps 20000 --device cpu --metrics /dev/full --output m.safetensors");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("cannot write /dev/full"), "{error}");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    folder.write("x.csv", "x1,x2\n0,1\n");
    let output = Command::new(env!("CARGO_BIN_EXE_halfplane"))
        .args(["predict", "m.safetensors", "x.csv"])
        .current_dir(folder.0.path())
        .stdout(full)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "predictions that nobody got are no success");
}

#[test]
#[cfg(unix)]
fn links_are_followed_and_permissions_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::new();
    let target = folder.write("target", "old");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).expect("it is ours");
    symlink("target", folder.path("link")).expect("links can be made");
    folder.good("train xor --steps 5 --device cpu --quiet --output link");
    assert!(fs::symlink_metadata(folder.path("link")).is_ok_and(|link| link.is_symlink()));
    assert_ne!(fs::read(&target).expect("it is still there"), b"old");
    let mode = fs::metadata(&target).map(|file| file.permissions().mode() & 0o777);
    assert_eq!(mode.expect("it is still there"), 0o640);
}

/// What a user can get wrong, and the words that must be in the one line of the answer.
const BAD: &[(&str, &[&str])] = &[
    ("train missing.csv", &["cannot read missing.csv"]),
    ("train empty.csv", &["empty.csv", "empty"]),
    ("train header.csv", &["header.csv", "no rows after the header"]),
    ("train ragged.csv", &["ragged.csv, line 3", "2 fields", "3"]),
    ("train long.csv", &["long.csv, line 3", "4 fields", "3"]),
    ("train word.csv", &["word.csv, line 3", "column `b`", "`hello`"]),
    ("train hole.csv", &["hole.csv, line 2", "column `a`", "empty"]),
    ("train nan.csv", &["nan.csv, line 2", "column `b`", "`NaN`"]),
    ("train inf.csv", &["inf.csv, line 2", "column `b`", "`-inf`"]),
    ("train huge.csv", &["huge.csv, line 2", "column `b`", "`1e39`"]),
    ("train nan-target.csv", &["nan-target.csv, line 3", "column `y`", "`nan`"]),
    ("train numbers.csv", &["numbers.csv, line 1", "name the columns"]),
    ("train twice.csv", &["twice.csv, line 1", "two columns are named `a`"]),
    ("train single.csv", &["single.csv", "one column"]),
    ("train one-class.csv", &["one-class.csv", "one class only", "`1`"]),
    ("train latin.csv", &["latin.csv", "UTF-8"]),
    ("train .", &["cannot read ."]),
    (
        "train good.csv --target weihgt",
        &["good.csv", "no column `weihgt`", "did you mean `weight`"],
    ),
    ("train good.csv --task binary", &["binary needs two"]),
    ("train words.csv --task regression", &["words.csv, line 2", "`cat`", "regression"]),
    ("train good.csv --loss bce", &["bce", "regression", "mse"]),
    ("train xor --loss cross-entropy", &["cross-entropy", "bce"]),
    ("train xor --target z", &["xor", "`z`"]),
    ("train xor --hidden 0", &["0 units"]),
    ("train xor --hidden 4,0,4", &["0 units"]),
    ("train xor --hidden 5,x", &["`x`"]),
    ("train xor --hidden 99999999999", &["99999999999", "at most 16777216"]),
    (
        "train xor --hidden 1000000,1000000 --device cpu",
        &["layers.1.parameters", "3.64 TiB", "times less", "fits"],
    ),
    ("train xor --batch-size 0", &["batch size", "`0`"]),
    ("train xor --batch-size -3", &["batch"]),
    ("train xor --lr 0", &["learning rate is 0", "positive"]),
    ("train xor --lr -0.5", &["learning rate is -0.5"]),
    ("train xor --lr nan", &["learning rate is NaN"]),
    ("train xor --lr inf", &["learning rate is inf"]),
    ("train xor --lr fast", &["'fast'", "--lr"]),
    ("train xor --momentum 1", &["momentum is 1", "below 1"]),
    ("train xor --nesterov", &["needs a momentum"]),
    ("train xor --optimizer adam --momentum 0.9", &["momentum", "sgd"]),
    ("train xor --weight-decay -1", &["weight decay is -1"]),
    ("train xor --steps 0", &["0 steps"]),
    ("train xor --epochs 0", &["0 epochs"]),
    ("train xor --steps 5 --epochs 5", &["--steps", "--epochs"]),
    ("train xor --log-every 0", &["log-every is 0"]),
    ("train xor --memory lots", &["`lots`", "512MiB"]),
    ("train xor --memory 1000", &["the plan", "1000 B", "times less"]),
    ("train xor --patience 0", &["the patience is 0", "at least 1"]),
    ("train xor --patience 3 --min-delta -1", &["min-delta is -1", "positive"]),
    ("train xor --min-delta 1", &["--patience"]),
    ("train xor --reduce-on-plateau 1.5,3", &["factor", "1.5", "between 0 and 1"]),
    ("train xor --reduce-on-plateau slow", &["`slow`", "0.1,10"]),
    ("train xor --reduce-on-plateau 0.5,3 --min-lr -1", &["min-lr is -1"]),
    ("train xor --min-lr 1e-4", &["--reduce-on-plateau"]),
    ("train xor --keep beast", &["`beast`", "did you mean `best`"]),
    ("train xor --validate-every 0", &["validate-every is 0"]),
    ("train xor --activation rleu", &["`rleu`", "did you mean `relu`"]),
    ("train xor --optimizer addam", &["addam", "adam"]),
    ("train xor --loss hinge", &["`hinge`", "bce"]),
    ("train xor --task clustering", &["`clustering`"]),
    ("train xor --strategy rseident", &["`rseident`"]),
    ("train xor --preprocess standardize", &["none"]),
    ("train xor --hiden 3", &["--hiden", "--hidden"]),
    ("tran xor", &["tran", "train"]),
    ("train", &["<DATA>"]),
    ("train xor --config missing.toml", &["cannot read missing.toml"]),
    (
        "train xor --config typo.toml",
        &["typo.toml", "unknown key `hiden`", "did you mean `hidden`"],
    ),
    ("train xor --config value.toml", &["value.toml", "'fast'", "`lr`"]),
    ("train xor --config kind.toml", &["kind.toml", "`nesterov`", "true or false"]),
    ("train xor --config syntax.toml", &["syntax.toml, line 2"]),
    ("train xor --init-from missing.safetensors", &["cannot read missing.safetensors"]),
    ("train xor --init-from xor.safetensors --hidden 3", &["layers.0.weight", "[2, 2]", "[3, 2]"]),
    (
        "train xor --init-from xor.safetensors --hidden 2,2",
        &["layers.1.weight", "[1, 2]", "[2, 2]"],
    ),
    (
        "train xor --init-from xor.safetensors --hidden none",
        &["layers.0.weight", "[2, 2]", "[1, 2]"],
    ),
    ("train xor --init-from good.csv", &["good.csv", "not a safetensors file"]),
    ("predict missing.safetensors good.csv", &["cannot read missing.safetensors"]),
    ("predict truncated.safetensors good.csv", &["truncated.safetensors", "damaged"]),
    ("predict short.safetensors good.csv", &["short.safetensors", "damaged"]),
    ("predict hostile.safetensors good.csv", &["hostile.safetensors", "damaged"]),
    ("predict good.csv good.csv", &["good.csv", "not a safetensors file"]),
    ("predict xor.safetensors good.csv", &["good.csv", "no column `x1`"]),
    ("predict xor.safetensors missing.csv", &["cannot read missing.csv"]),
    ("predict xor.safetensors x-word.csv", &["x-word.csv, line 2", "`one`"]),
    ("predict xor.safetensors x.csv --output nowhere/p.csv", &["cannot write nowhere/p.csv"]),
    ("train xor --output nowhere/m.safetensors", &["cannot write nowhere/m.safetensors"]),
    ("train xor --output .", &["cannot write ."]),
    ("train xor --metrics nowhere/m.jsonl", &["cannot write nowhere/m.jsonl"]),
    ("train xor --metrics same --output same", &["--output and --metrics are both same"]),
    ("train xor --metrics ./same --output same", &["--output and --metrics are both ./same"]),
    ("train good.csv --output good.csv", &["the data and --output are both good.csv"]),
    ("train xor --config typo.toml --metrics typo.toml", &["typo.toml"]),
    ("predict xor.safetensors x.csv --output x.csv", &["the data and --output are both x.csv"]),
    ("predict xor.safetensors x.csv --output xor.safetensors", &["the model and --output"]),
    (
        "predict nameless.safetensors x.csv",
        &["nameless.safetensors", "0 classes are named for the 2"],
    ),
    ("train semicolons.csv --target y", &["semicolons.csv, line 1", "';'", "commas"]),
    ("predict xor.safetensors semicolons.csv", &["semicolons.csv, line 1", "';'"]),
    ("train stray.csv", &["stray.csv, line 3", "column `y`", "`NA`", "--task multiclass"]),
    ("train xor --config twofold.toml", &["twofold.toml", "`steps` and `epochs`"]),
    ("train xor --config list.toml", &["list.toml", "`lr`"]),
    ("train crlf.csv", &["crlf.csv, line 4", "`oops`"]),
    ("train blank.csv", &["blank.csv, line 6", "`oops`"]),
    ("train xor --lr 1e39", &["learning rate is", "positive"]),
    ("train xor --batch-size 1 --epochs 4000000000", &["16000000000 steps"]),
    ("train xor --device zx81", &["no adapter named `zx81`", "devices"]),
];

#[test]
fn bad_input_gets_one_error_with_place_and_remedy_and_writes_nothing() {
    let folder = Folder::new();
    spoil(&folder);
    let before = contents(folder.0.path());
    for (words, expected) in BAD {
        let output = folder.run(words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "halfplane {words}: {error}");
        assert_eq!(
            error.matches("error: ").count() - error.matches("XDG_RUNTIME_DIR").count(),
            1,
            "halfplane {words}: {error}"
        );
        assert!(!error.contains("panicked"), "halfplane {words}: {error}");
        assert!(!error.contains(".halfplane-"), "halfplane {words}: {error}");
        for part in *expected {
            assert!(error.contains(part), "halfplane {words}: no `{part}` in: {error}");
        }
        assert_eq!(contents(folder.0.path()), before, "halfplane {words} changed a file");
    }
}

/// Every file that the bad inputs name.
fn spoil(folder: &Folder) {
    for (name, text) in [
        ("good.csv", "height,weight\n1.5,50\n1.7,70.5\n1.9,91\n2.0,99\n"),
        ("empty.csv", ""),
        ("header.csv", "a,b,y\n"),
        ("ragged.csv", "a,b,y\n1,2,0\n3,4\n"),
        ("long.csv", "a,b,y\n1,2,0\n3,4,1,9\n"),
        ("word.csv", "a,b,y\n1,2,0\n3,hello,1\n"),
        ("hole.csv", "a,b,y\n,2,0\n3,4,1\n"),
        ("nan.csv", "a,b,y\n1,NaN,0\n3,4,1\n"),
        ("inf.csv", "a,b,y\n1,-inf,0\n3,4,1\n"),
        ("huge.csv", "a,b,y\n1,1e39,0\n3,4,1\n"),
        ("nan-target.csv", "a,b,y\n1,2,0\n3,4,nan\n"),
        ("numbers.csv", "1,2,0\n3,4,1\n"),
        ("twice.csv", "a,a,y\n1,2,0\n3,4,1\n"),
        ("single.csv", "y\n1\n2\n"),
        ("one-class.csv", "a,b,y\n1,2,1\n3,4,1\n"),
        ("words.csv", "a,kind\n1,cat\n2,dog\n3,emu\n"),
        ("x.csv", "x1,x2\n0,1\n"),
        ("x-word.csv", "x1,x2\none,1\n"),
        ("typo.toml", "lr = 0.1\nhiden = [3]\n"),
        ("value.toml", "lr = \"fast\"\n"),
        ("kind.toml", "nesterov = 3\n"),
        ("syntax.toml", "lr = 0.1\nhidden = = 3\n"),
        ("same", "precious"),
        ("semicolons.csv", "a;b;y\n1;2;0\n3;4;1\n"),
        ("stray.csv", "a,y\n1,3.5\n2,NA\n3,4.5\n4,5.5\n"),
        ("twofold.toml", "steps = 5\nepochs = 5\n"),
        ("list.toml", "lr = [1]\n"),
        ("crlf.csv", "a,b,y\r\n1,2,0\r\n3,4,1\r\n5,oops,1\r\n"),
        ("blank.csv", "a,b,y\n1,2,0\n\n\n3,4,1\n5,oops,1\n"),
    ] {
        folder.write(name, text);
    }
    folder.write("latin.csv", b"a,b\xe9,y\n1,2,0\n3,4,1\n");
    folder.good("train xor --steps 1 --device cpu --quiet --output xor.safetensors");
    let model = fs::read(folder.path("xor.safetensors")).expect("the model was written");
    // Spaces keep the header as long as it was.
    let mut nameless = model.clone();
    let needle = br#"classes\":["#;
    let at = model.windows(needle.len()).position(|window| window == needle);
    let at = at.expect("the classes are named") + needle.len();
    let end = at + model[at..].iter().position(|byte| *byte == b']').expect("the list ends");
    nameless[at..end].fill(b' ');
    folder.write("nameless.safetensors", nameless);
    folder.write("truncated.safetensors", &model[..model.len() - 5]);
    folder.write("short.safetensors", &model[..6]);
    // A header that claims to be 2^60 bytes long.
    folder.write("hostile.safetensors", [&(1u64 << 60).to_le_bytes()[..], b"{}"].concat());
}

/// Every file of a folder with its contents.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("its entries can be read").path())
        .map(|path| (path.clone(), fs::read(&path).unwrap_or_default()))
        .collect();
    all.sort();
    all
}

#[test]
fn divergence_stops_says_where_and_keeps_the_old_model() {
    let folder = Folder::new();
    folder.regression();
    folder.write("m.safetensors", "old");
    let output =
        folder.run("train table.csv --optimizer sgd --lr 1e20 --device cpu --output m.safetensors");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("diverged")
            && error.contains("at step ")
            && error.contains("smaller learning rate"),
        "{error}"
    );
    assert_eq!(folder.read("m.safetensors"), "old");
}
