//! The guide keeps its word: its commands run, and its links lead somewhere.
//!
//! Of every page (`README.md` and `docs/*.md`) the blocks marked `sh` run one after another in a
//! temporary folder that holds the tables of `tests/data`, and so do those marked `python` where
//! Python has the packages that they import. A block marked `sh,ignore` or `python,ignore` does not
//! run. Rust blocks are doctests (`src/lib.rs`). The programs of `examples/` run, too.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fenced block of a page.
struct Block {
    language: String,
    line: usize,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder whose names end in `.md`.
fn pages_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

fn guide() -> Vec<PathBuf> {
    let mut pages = pages_of(&root().join("docs"));
    pages.push(root().join("README.md"));
    pages
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(page.lines()) {
        match (&mut open, text.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language: language.into(), line, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.extend([text, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block stays open");
    blocks
}

/// The command that runs a block, if one can here.
fn command(block: &Block) -> Option<Command> {
    match block.language.as_str() {
        "sh" => {
            let mut shell = Command::new("bash");
            shell.args(["-euo", "pipefail", "-c", &block.text]);
            Some(shell)
        }
        "python" => {
            let python = std::env::var("PYTHON").unwrap_or("python3".into());
            let import = |line: &&str| line.starts_with("import ") || line.starts_with("from ");
            let imports: Vec<&str> = block.text.lines().filter(import).collect();
            let found = Command::new(&python).args(["-c", &imports.join("\n")]).output();
            found.is_ok_and(|output| output.status.success()).then(|| {
                let mut python = Command::new(&python);
                python.args(["-c", &block.text]);
                python
            })
        }
        _ => None,
    }
}

/// A folder with the tables of `tests/data`.
fn tables() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for entry in fs::read_dir(root().join("tests/data")).expect("the tables are there") {
        let entry = entry.expect("a readable folder");
        symlink(entry.path(), folder.path().join(entry.file_name())).expect("a link can be made");
    }
    folder
}

fn run(page: &Path) {
    let folder = tables();
    let program = Path::new(env!("CARGO_BIN_EXE_halfplane"));
    let programs = program.parent().expect("the program lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    for block in blocks(&read(page)) {
        let at = format!("{}:{}", page.display(), block.line);
        let Some(mut command) = command(&block) else { continue };
        let output = command
            .current_dir(&folder)
            .env("PATH", format!("{}:{path}", programs.display()))
            .output()
            .unwrap_or_else(|error| panic!("{at}: {error}"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{at}: {}: {error}\n{}", output.status, block.text);
    }
}

#[test]
fn every_command_of_the_guide_runs() {
    std::thread::scope(|scope| {
        for page in guide() {
            scope.spawn(move || run(&page));
        }
    });
}

#[test]
fn every_example_runs() {
    // `cargo test` has built them already, unless it was asked for this program alone.
    let this = std::env::current_exe().expect("a test is a file");
    let profile = this.ancestors().nth(2).expect("it lies in target/release/deps");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--examples", "--target-dir"]);
    build.arg(profile.parent().expect("the profile's folder lies in target"));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let built = build.current_dir(root()).status().expect("cargo starts");
    assert!(built.success(), "cargo build --examples: {built}");
    for entry in fs::read_dir(root().join("examples")).expect("the folder is there") {
        let name = entry.expect("a readable folder").path().with_extension("");
        let name = name.file_name().expect("a file has a name");
        let output = Command::new(profile.join("examples").join(name)).output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", name.display()));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}: {error}", name.display(), output.status);
    }
}

#[test]
fn every_block_says_what_it_is() {
    let known = ["sh", "sh,ignore", "python", "python,ignore", "rust", "toml", "yaml", "text"];
    for page in guide() {
        for block in blocks(&read(&page)) {
            let language = block.language.as_str();
            let place = format!("{}:{}", page.display(), block.line);
            assert!(known.contains(&language), "{place}: ```{language}; choose one of {known:?}");
        }
    }
}

/// Links to files of the repository, and to headings of the same page.
#[test]
fn every_link_leads_somewhere() {
    let mut pages = guide();
    pages.extend(pages_of(root()));
    pages.extend(["benches/peers", "tests/data"].iter().flat_map(|at| pages_of(&root().join(at))));
    for page in pages {
        let text = read(&page);
        let heading = |line: &str| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = |char: &char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_');
            title.chars().filter(kept).collect::<String>().replace(' ', "-")
        };
        let headings: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let target = page.parent().unwrap_or(root()).join(file);
            assert!(file.is_empty() || target.exists(), "{}: {link}", page.display());
            let known = || headings.iter().any(|line| heading(line) == section);
            assert!(!file.is_empty() || known(), "{}: {link}", page.display());
        }
    }
}
