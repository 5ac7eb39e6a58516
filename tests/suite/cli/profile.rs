//! What a device can do and what a step makes of it: `plan --profile`, `devices --measure`, and the
//! pipelines that are kept between runs.

use std::process::Command;

/// Runs the program and returns what it printed.
fn good(words: &str, cache: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_halfplane"))
        .args(words.split_whitespace())
        .env("HALFPLANE_CACHE", cache)
        .output()
        .expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "halfplane {words}: {error}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

#[test]
fn every_dispatch_of_a_step_is_timed() {
    for device in ["cpu", "software"] {
        let words = format!("xor --strategy layered --device {device}");
        let profile = good(&format!("plan {words} --profile"), "off");
        let plan = good(&format!("plan {words}"), "off");
        let step = plan.split("\n\n").find(|part| part.starts_with("step:")).expect("a step");
        for line in step.lines().skip(1) {
            let kernel = line.split_whitespace().next().expect("a kernel");
            let found = profile.lines().filter(|line| line.starts_with(kernel));
            assert!(found.count() >= 1, "no {kernel} in\n{profile}");
        }
        assert_eq!(profile.matches(" µs ").count(), step.lines().count() - 1, "{profile}");
        assert!(profile.contains("GFLOP/s in a matrix product"), "{profile}");
    }
}

#[test]
fn devices_are_measured() {
    let text = good("devices --measure", "off");
    let measured = text.lines().filter(|line| line.trim_start().starts_with("measured: "));
    assert!(measured.count() >= 2, "the CPU and the software adapter, at least:\n{text}");
}

#[test]
fn pipelines_are_kept_in_the_folder_that_was_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let train = "train xor --device software --strategy layered --steps 3";
    let first = good(train, kept.to_str().expect("UTF-8"));
    let files = || std::fs::read_dir(&kept).map_or(0, Iterator::count);
    assert_eq!(files(), 1, "one file for the adapter");
    // The same losses with the pipelines that were kept; the time is another.
    let losses = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains("loss")).map(str::to_owned).collect()
    };
    let second = good(train, kept.to_str().expect("UTF-8"));
    assert_eq!(losses(&first), losses(&second));
    // A file that is no cache is passed over.
    let file = std::fs::read_dir(&kept).expect("a folder").next().expect("a file").expect("it");
    std::fs::write(file.path(), b"nonsense").expect("written");
    assert_eq!(losses(&first), losses(&good(train, kept.to_str().expect("UTF-8"))));
}
