//! The command line, tried as a user would: what it prints, what it writes, how it refuses.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::folder::Folder;

/// Tables to try the program on.
impl Folder {
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
    folder.good(
        "train table.csv --folds none --batch-size 32 --epochs 5 --log-every 3 --device cpu --metrics m.jsonl \
         --quiet",
    );
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
#[cfg(target_os = "linux")]
fn adapters_print_nothing_where_there_is_no_desktop() {
    let output = Command::new(env!("CARGO_BIN_EXE_halfplane"))
        .args(["train", "xor", "--steps", "3", "--device", "software", "--quiet"])
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("NODEVICE_SELECT")
        .output()
        .expect("the program starts");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
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
    let text = folder.good(
        "train table.csv --folds none --epochs 300 --lr 0.01 --device cpu --output m.safetensors",
    );
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
    let text = folder.good(
        "train kinds.csv --folds none --hidden 8 --epochs 200 --device cpu --output m.safetensors",
    );
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
    let (header, lines) = predictions.split_once('\n').expect("a header");
    let p: Vec<(f32, &str)> = lines
        .lines()
        .map(|line| line.split_once(',').expect("a probability and a class"))
        .map(|(p, class)| (p.parse().expect("a number"), class))
        .collect();
    assert_eq!((header, p.len()), ("p,class", 40));
    assert!(p[0].0 < 0.2 && p[39].0 > 0.8, "{p:?}");
    assert!(p.iter().all(|(p, class)| *class == if *p > 0.5 { "yes" } else { "no" }), "{p:?}");
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
    folder.regression();
    let split =
        "table.csv --strategy layered --hidden 64,64 --batch-size 97 --memory 240KiB --device cpu";
    for command in [format!("plan {split}"), format!("train {split} --steps 3")] {
        let text = folder.good(&command);
        assert!(
            text.contains("a batch is too large at once: it goes through the layers in"),
            "{text}"
        );
    }
    let dot = folder.good("plan xor --dot --device cpu");
    assert!(dot.starts_with("digraph halfplane {") && dot.trim_end().ends_with('}'), "{dot}");
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
}

/// Mesa's drivers would miss a desktop aloud.
#[test]
#[cfg(target_os = "linux")]
fn nothing_is_said_of_a_desktop_that_is_not_there() {
    let mut devices = Command::new(env!("CARGO_BIN_EXE_halfplane"));
    devices.arg("devices").env_remove("XDG_RUNTIME_DIR").env_remove("NODEVICE_SELECT");
    let output = devices.output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
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
        assert!(line.contains(" cases  ok "), "{kernel}: {text}");
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
        .current_dir(folder.path("."))
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
