//! The flags of a recipe as a user types them: what is refused, and what becomes of a run.

use std::process::{Command, Output};

fn halfplane(words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_halfplane"))
        .args(words.split_whitespace())
        .output()
        .expect("the program runs")
}

/// What is typed after `train xor --device cpu`, and what the error must say.
const BAD: &[(&str, &[&str])] = &[
    ("--loss hubber", &["unknown loss `hubber`", "huber"]),
    ("--loss huber", &["huber is not defined for a binary target", "bce or mse or focal"]),
    ("--delta 2", &["delta is a setting of the huber loss", "--loss huber"]),
    ("--loss mse --gamma 2", &["gamma is a setting of the focal loss"]),
    ("--loss focal --gamma -1", &["gamma is -1", "0 or a positive number"]),
    ("--loss focal --alpha 1.5", &["alpha is 1.5", "between 0 and 1"]),
    ("--label-smoothing 1", &["label smoothing is 1", "below 1"]),
    ("--label-smoothing 0.1 --loss mse", &["not defined for the loss mse", "cross-entropy"]),
    ("--init hee-normal", &["unknown initialization `hee-normal`", "he-normal"]),
    ("--init zeros --init-from w.safetensors", &["--init", "cannot be used with"]),
    ("--dropout 1", &["dropout is 1", "below 1"]),
    ("--dropout half", &["half", "--dropout"]),
    ("--dropout 0.1,0.2", &["2 dropouts for 1 hidden layers", "one for each"]),
    ("--dropout 0.1 --hidden none", &["no hidden layer"]),
    ("--dropout 0.1 --strategy fused", &["fused strategy has no dropout", "--strategy layered"]),
    ("--layer-norm --hidden none", &["layer-norm is for hidden layers", "give the network"]),
    (
        "--layer-norm --strategy resident",
        &["resident strategy has no layer-norm", "--strategy layered"],
    ),
    ("--layer-norm --strategy fused", &["fused strategy has no layer-norm", "--strategy layered"]),
    ("--layer-norm=yes", &["'yes'", "--layer-norm"]),
    ("--batch-norm", &["unexpected argument '--batch-norm'", "'--layer-norm'"]),
    ("--early-stopping", &["unexpected argument '--early-stopping'", "'--patience'"]),
    ("--max-iter 100", &["unexpected argument '--max-iter'", "'--epochs'"]),
    ("--random-state 1", &["unexpected argument '--random-state'", "'--seed'"]),
    ("--alpha 0.1", &["alpha is a setting of the focal loss", "--l2"]),
    ("--l1 -0.1", &["l1 is -0.1", "0 or a positive number"]),
    ("--l2 inf", &["l2 is inf"]),
    ("--clip-norm 0", &["gradient clipping is 0", "positive"]),
    ("--clip-norm 1 --clip-value 1", &["cannot be used with"]),
    ("--clip-norm 1 --strategy fused", &["fused strategy has no clipping", "--strategy layered"]),
    ("--schedule cosin", &["cosin", "cosine"]),
    ("--schedule step", &["needs a step-size", "--step-size"]),
    ("--schedule step --step-size 0", &["step size is 0", "at least 1"]),
    ("--schedule exponential", &["needs a decay", "--decay"]),
    ("--schedule exponential --decay 0", &["decay is 0", "positive"]),
    ("--step-size 5", &["step-size is a setting of the step schedule"]),
    ("--final-lr 0.1", &["final-lr is a setting of the cosine schedule"]),
    (
        "--schedule cosine --final-lr 2",
        &["smallest learning rate is 2", "at most the learning rate"],
    ),
    ("--warmup 10001", &["10001 steps of 10001", "shorter than the run"]),
    ("--schedule one-cycle --warmup 5", &["warms up by itself", "cosine"]),
];

#[test]
fn bad_recipes_get_one_error_with_what_to_do() {
    for (words, expected) in BAD {
        let output = halfplane(&format!("train xor --device cpu {words}"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words}: {error}");
        assert_eq!(error.matches("error: ").count(), 1, "{words}: {error}");
        for part in *expected {
            assert!(error.contains(part), "{words}: no `{part}` in: {error}");
        }
    }
}

/// Each of them on one network, with `auto` left to find a way.
#[test]
fn good_recipes_train() {
    for words in [
        "--loss focal --gamma 1 --alpha 0.4",
        "--label-smoothing 0.05",
        "--init xavier-normal --l1 1e-5 --l2 1e-5",
        "--dropout 0.1 --hidden 16,8 --clip-norm 5",
        "--layer-norm --hidden 16,8 --dropout 0.1 --activation gelu --l2 1e-5",
        "--clip-value 1 --schedule step --step-size 50 --decay 0.9",
        "--warmup 20 --schedule cosine --final-lr 0.1",
        "--schedule one-cycle",
        "--warmup 10 --schedule exponential --decay 0.999",
    ] {
        let output = halfplane(&format!("train xor --device cpu --steps 300 {words}"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words}: {error}");
    }
}

/// The keys of a file are the flags' names; one of a pair that excludes each other wins over the
/// file's.
#[test]
fn a_file_holds_a_recipe() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("run.toml");
    let text = "hidden = [16, 8]\ndropout = [0.1, 0.2]\nschedule = \"cosine\"\nwarmup = 5\n\
                clip-norm = 1.0\nl2 = 1e-4\nlayer-norm = true\n";
    std::fs::write(&path, text).expect("a file");
    let run = |words: &str| {
        let words = format!("plan xor --device cpu --config {} {words}", path.display());
        let output = halfplane(&words);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, plan) = run("");
    assert_eq!(code, Some(0), "{plan}");
    for kernel in
        ["dropout", "layer_norm", "learning_rate", "square_sum", "clip_norm", "apply_gradient"]
    {
        assert!(plan.contains(kernel), "no {kernel} in: {plan}");
    }
    let (code, plan) = run("--clip-value 1 --dropout 0.5");
    assert_eq!(code, Some(0), "{plan}");
    assert!(!plan.contains("clip_norm") && plan.contains("without 0.5 of its units"), "{plan}");
}
