//! `inspect` and `export` from outside. What other programs make of the exports is for
//! `tests/exports/check.py`; what the graphs compute, for the tests beside `src/export/`.

use crate::support::folder::Folder;
use serde_json::Value;

fn with_model() -> Folder {
    let folder = Folder::new();
    folder.good("train xor --hidden 3 --steps 5 --device cpu --quiet --output m.safetensors");
    folder
}

#[test]
fn inspect_tells_what_a_model_is() {
    let folder = with_model();
    let text = folder.good("inspect m.safetensors");
    for part in [
        "network 2-3-1: 13 parameters, 22 FLOPs per row forward",
        "layers.0",
        "sigmoid",
        "4 rows on the device",
        "2 columns to 2 inputs",
        "a number, unchanged",
        "target `y`: 0, 1",
        "loss            bce\n",
        "optimizer       sgd, lr 1",
        "length          5 steps in batches of 4 on 4 rows\n",
        "seed            777\n",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let json: Value =
        serde_json::from_str(&folder.good("inspect m.safetensors --json")).expect("JSON");
    assert_eq!(json["model"]["parameters"], 13);
    assert_eq!(json["model"]["layers"][0]["parameters"], 9);
    assert_eq!(json["model"]["flops_forward"], 2 * 6 + 3 + 2 * 3 + 1);
    assert_eq!(json["trained"]["steps"], 5);
    for size in ["train", "predict"] {
        // At least the weights, the optimizer has no state here.
        assert!(json["model"][size].as_u64().is_some_and(|bytes| bytes > 4 * 13), "{json}");
    }
}

#[test]
fn norms_are_a_part_of_what_a_model_is() {
    let folder = Folder::new();
    folder.good(
        "train xor --hidden 3 --layer-norm --steps 5 --device cpu --quiet --output m.safetensors",
    );
    let text = folder.good("inspect m.safetensors");
    let network = "network 2-3-1: 19 parameters, 46 FLOPs per row forward";
    for part in [network, "layer-norm and sigmoid", "15 parameters"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    folder.good("export m.safetensors m.py");
    assert!(folder.read("m.py").contains("        nn.Linear(2, 3),\n        nn.LayerNorm(3),\n"));
    folder.good("export m.safetensors m.onnx");
    let onnx = folder.read_bytes("m.onnx");
    assert!(onnx.windows(18).any(|word| word == b"LayerNormalization"));
    // What knows nothing of norms is told to stay away, and only from what has such.
    let header = |name: &str| String::from_utf8_lossy(&folder.read_bytes(name)).into_owned();
    assert!(header("m.safetensors").contains("\\\"version\\\":3"));
    folder.good("train xor --steps 5 --device cpu --quiet --output plain.safetensors");
    let plain = header("plain.safetensors");
    assert!(plain.contains("\\\"version\\\":2") && !plain.contains("normalization"), "{plain}");
}

#[test]
fn export_writes_what_the_name_says() {
    let folder = with_model();
    let said = folder.good("export m.safetensors m.onnx");
    assert_eq!(said, "onnx written to m.onnx\n");
    let bytes = folder.read_bytes("m.onnx");
    // ir_version is the first field, 9 its value.
    assert_eq!(bytes[..2], [8, 9]);
    folder.write("graph", "replaced");
    folder.good("export m.safetensors graph --format onnx");
    assert_eq!(folder.read_bytes("graph"), bytes);

    let said = folder.good("export m.safetensors m.py");
    assert_eq!(said, "pytorch written to m.py; it loads the weights from m.safetensors\n");
    assert!(folder.read("m.py").contains("Path(__file__).parent / \"m.safetensors\""));
    std::fs::create_dir(folder.path("elsewhere")).expect("a folder can be made");
    folder.good("export m.safetensors elsewhere/m.py");
    let whole = folder.path("m.safetensors").canonicalize().expect("it is there");
    let script = folder.read("elsewhere/m.py");
    assert!(script.contains(&format!("WEIGHTS = Path({:?})", whole.display().to_string())));
}

#[test]
fn bad_words_are_refused() {
    let folder = with_model();
    let before = folder.read_bytes("m.safetensors");
    for (words, part) in [
        ("export m.safetensors m.txt", "end the name in .onnx or .py"),
        ("export m.safetensors m.onnx --format tflite", "unknown format `tflite`"),
        ("export m.safetensors m.safetensors --format onnx", "the model and the export are both"),
        ("export m.safetensors nowhere/m.onnx", "cannot write nowhere/m.onnx"),
        ("export missing.safetensors m.onnx", "cannot read missing.safetensors"),
        ("inspect missing.safetensors", "cannot read missing.safetensors"),
        ("inspect m.safetensors --device zx81", "no adapter named `zx81`"),
    ] {
        let error = folder.refused(words);
        assert!(error.contains(part), "halfplane {words}: no `{part}` in: {error}");
        assert!(!folder.path("m.onnx").exists(), "halfplane {words} wrote a file");
    }
    assert_eq!(folder.read_bytes("m.safetensors"), before);
}

#[test]
fn shells_and_man_learn_every_command_and_flag() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.good(&format!("completions {shell}"));
        for word in ["train", "predict", "export", "inspect", "hidden", "batch-size"] {
            assert!(script.contains(word), "{shell} does not know `{word}`");
        }
    }
    assert!(folder.refused("completions tcsh").contains("tcsh"));
    let said = folder.good("man pages");
    assert!(said.ends_with(" pages written to pages\n"), "{said}");
    let page = folder.read("pages/halfplane-train.1");
    let example = ".SH EXAMPLES\n.nf\n  halfplane train penguins.csv \\-\\-target species";
    for part in [".TH", "\\-\\-hidden", "\\-\\-tensorboard", "A,B,", example] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    assert!(folder.read("pages/halfplane.1").contains("halfplane\\-train(1)"));
    folder.write("taken", "precious");
    assert!(folder.refused("man taken").contains("cannot write taken"));
}

#[test]
fn without_a_terminal_there_is_no_dashboard() {
    let folder = Folder::new();
    let output = folder.run("train xor --steps 300 --device cpu --live");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let note = "note: no dashboard, since standard output is not a terminal: plain lines instead\n";
    assert!(error.contains(note), "{error}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("step    200  loss"), "{said}");
    assert!(!said.contains('\u{1b}'), "no escape sequences: {said}");
    folder.write("t.csv", (0..60).map(|row| format!("{row},{}\n", row % 7)).collect::<String>());
    for words in
        ["train t.csv --no-header --epochs 3", "sweep t.csv --no-header --trials 2 --epochs 3"]
    {
        let output = folder.run(&format!("{words} --device cpu --live"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        assert!(error.contains("no dashboard, since standard output is not a terminal"), "{error}");
    }
}
