//! Which rooms of `src/` may import which: any other import fails, named by file and line.
//!
//! A room is a folder or a file at the top of `src/`. Paths are read from the source itself:
//! `crate::room`, `super::` as far as it leads out of a room, `halfplane::room` in the program, what
//! `low_level` passes on and the names that `lib.rs` exports at the root, each as its own room. Unit tests (modules named
//! `tests`) may import anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms that it may import: such as stand above it, so that there is no circle.
const ROOMS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("platform", &["error"]),
    ("spec", &["error"]),
    ("data", &["error", "platform", "spec"]),
    ("flags", &["error", "data"]),
    ("metrics", &["error", "spec", "data"]),
    ("kernels", &["error", "spec"]),
    ("plan", &["error", "spec", "kernels"]),
    ("backend", &["error", "platform", "spec", "kernels", "plan"]),
    ("check", &["error", "platform", "spec", "kernels", "plan", "backend"]),
    ("measure", &["error", "platform", "spec", "kernels", "plan", "backend"]),
    ("model", &["error", "platform", "spec", "data", "metrics", "kernels", "plan", "backend"]),
    (
        "train",
        &[
            "error", "platform", "spec", "data", "metrics", "kernels", "plan", "backend",
            "measure", "model",
        ],
    ),
    ("recipe", &["error", "spec", "data", "train"]),
    (
        "selection",
        &["error", "platform", "spec", "data", "metrics", "plan", "backend", "model", "train"],
    ),
    ("sweep", &["error", "platform", "spec", "data", "metrics", "model", "train", "selection"]),
    ("low_level", &["platform", "kernels", "plan", "backend", "check", "measure"]),
    ("export", &["error", "spec", "data", "kernels", "model"]),
    // The program: what it may know of the library.
    (
        "report",
        &[
            "error",
            "platform",
            "spec",
            "data",
            "metrics",
            "kernels",
            "plan",
            "measure",
            "model",
            "train",
            "selection",
            "sweep",
        ],
    ),
    (
        "cli",
        &[
            "error",
            "flags",
            "platform",
            "spec",
            "data",
            "metrics",
            "plan",
            "backend",
            "check",
            "measure",
            "model",
            "train",
            "recipe",
            "selection",
            "sweep",
            "export",
            "report",
        ],
    ),
    ("main", &["cli"]),
];

/// Packages that stay in some rooms: each with the folders that may name it.
const PACKAGES: &[(&str, &[&str])] = &[
    ("wgpu", &["backend/gpu"]),
    ("pulp", &["backend/cpu"]),
    ("parquet", &["data/tables"]),
    ("zip", &["data/tables"]),
    ("prost", &["export", "report"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("ctrlc", &["cli"]),
    ("signal_hook", &["cli"]),
    ("toml", &["cli"]),
    ("indicatif", &["cli", "report"]),
    ("ratatui", &["cli", "report"]),
];

#[test]
fn rooms_import_what_the_table_says() {
    let imports = imports();
    assert!(imports.len() > 300, "only {} imports were found", imports.len());
    let table: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let faults: BTreeSet<String> = imports
        .iter()
        .filter(|import| import.from != import.to)
        .filter_map(|Import { from, to, place }| match table.get(from.as_str()) {
            None => Some(format!("{place}: the room `{from}` is not in the table")),
            Some(allowed) if allowed.contains(&to.as_str()) => None,
            Some(_) => Some(format!("{place}: `{from}` must not import `{to}`")),
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let table: BTreeSet<_> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(table.len(), ROOMS.len(), "a room stands in the table twice");
    let found: BTreeSet<String> = files().iter().map(|file| room(&file.modules)).collect();
    assert_eq!(table, found, "the table on the left, `src/` on the right");
    for (index, (room, imports)) in ROOMS.iter().enumerate() {
        for import in *imports {
            let above = ROOMS[..index].iter().any(|(above, _)| above == import);
            assert!(above, "`{room}` may import `{import}`, which does not stand above it");
        }
    }
}

#[test]
fn packages_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for file in files() {
        let place = file.path.strip_prefix(source()).expect("it lies in `src/`");
        for path in paths(&file) {
            let allowed = PACKAGES.iter().find(|(package, _)| *package == path.segments[0]);
            let Some((package, rooms)) = allowed else { continue };
            if !path.in_tests && !rooms.iter().any(|room| place.starts_with(room)) {
                faults.push(format!("{}: {package}", file.place(path.line)));
            }
        }
    }
    assert!(faults.is_empty(), "packages named outside their rooms:\n{}", faults.join("\n"));
}

/// The reading itself: groups, inline modules, comments and texts.
#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let text = "
        use crate::{Error, data::{self, Table}, plan::Plan as Other};
        // crate::comment /* and */ /* crate::nested /* block */ comment */
        const TEXT: &str = \"crate::text \\\" crate::text\";
        const RAW: &str = r#\"crate::raw \" crate::raw\"#;
        fn life<'a>(c: char) -> bool { c == '\"' || super::super::kernels::x() }
        mod inner { use super::super::spec::Network; }
        mod tests { use crate::train::Trainer; }
    ";
    let modules = vec!["backend".to_owned(), "cpu".to_owned()];
    let file = SourceFile { path: "backend/cpu.rs".into(), modules, text: text.into() };
    let found: Vec<_> = paths(&file)
        .into_iter()
        .filter(|path| !path.in_tests)
        .filter_map(|path| Some((path.line, path.room()?)))
        .collect();
    let expected = [(2, "Error"), (2, "data"), (2, "data"), (2, "plan"), (6, "kernels")];
    let expected: Vec<_> =
        expected.iter().map(|(line, room)| (*line, (*room).to_owned())).collect();
    // `inner` lies one deeper: its `super::super` is the room itself.
    let own = (7, "backend".to_owned());
    assert_eq!(found, [expected, vec![own]].concat());
}

/// One room names another.
struct Import {
    from: String,
    to: String,
    place: String,
}

fn imports() -> Vec<Import> {
    let names = exported_names();
    let mut imports = Vec::new();
    for file in files() {
        // They only declare the rooms.
        if file.modules.is_empty() {
            continue;
        }
        for path in paths(&file).iter().filter(|path| !path.in_tests) {
            let Some(first) = path.room() else { continue };
            let to = names.get(&first).cloned().unwrap_or(first);
            let place = file.place(path.line);
            imports.push(Import { from: room(&file.modules), to, place });
        }
    }
    imports
}

/// The room of a module: the folder or file at the top of `src/`.
fn room(modules: &[String]) -> String {
    modules.first().cloned().unwrap_or_else(|| "main".to_owned())
}

/// What `lib.rs` exports at the root and `low_level` passes on, each name with its room.
fn exported_names() -> BTreeMap<String, String> {
    let text = fs::read_to_string(source().join("lib.rs")).expect("there is a library");
    let mut names = BTreeMap::new();
    for export in text.split("pub use ").skip(1) {
        let statement = export.split(';').next().unwrap_or_default();
        let (room, rest) = statement.split_once("::").expect("a path into a room");
        let words = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
        names.extend(words.map(|word| (word.to_owned(), room.trim().to_owned())));
    }
    let text = fs::read_to_string(source().join("low_level.rs")).expect("there is a facade");
    for module in text.split("pub mod ").skip(1) {
        let (name, rest) = module.split_once(" {").expect("an inline module");
        let (_, path) = rest.split_once("pub use crate::").expect("it passes on a room");
        let room = path.split("::").next().unwrap_or_default();
        names.insert(format!("low_level::{name}"), room.to_owned());
    }
    names
}

/// A file of `src/`, and the module that it is: empty for `lib.rs` and `main.rs`.
struct SourceFile {
    path: PathBuf,
    modules: Vec<String>,
    text: String,
}

impl SourceFile {
    fn place(&self, line: usize) -> String {
        let path = self.path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(&self.path);
        format!("{}:{line}", path.display())
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All modules but the unit tests that have a file of their own, in the order of their names.
fn files() -> Vec<SourceFile> {
    let (mut files, mut folders) = (Vec::new(), vec![source()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let own =
                    path.strip_prefix(source()).expect("it lies in `src/`").with_extension("");
                let mut modules: Vec<String> =
                    own.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                modules.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
                let text = fs::read_to_string(&path).expect("a readable file");
                files.push(SourceFile { path, modules, text });
            }
        }
    }
    files.retain(|file| file.modules.last().is_none_or(|last| last != "tests"));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// A path of at least two segments, as far as it leads to a room.
struct ImportPath {
    line: usize,
    /// The module that it stands in.
    module: Vec<String>,
    segments: Vec<String>,
    in_tests: bool,
}

impl ImportPath {
    /// The first segment below the crate's root; nothing for paths into other packages and for those
    /// that stay where they are.
    fn room(&self) -> Option<String> {
        let ups = self.segments.iter().take_while(|segment| *segment == "super").count();
        match self.segments[0].as_str() {
            "crate" | "halfplane" => match self.segments.get(1..)? {
                [facade, name, ..] if facade == "low_level" => Some(format!("low_level::{name}")),
                [first, ..] => Some(first.clone()),
                [] => None,
            },
            "super" => match self.module.len().checked_sub(ups)? {
                0 => self.segments.get(ups).cloned(),
                _ => self.module.first().cloned(),
            },
            _ => None,
        }
    }
}

/// Every path in a file, those of a group one by one.
fn paths(file: &SourceFile) -> Vec<ImportPath> {
    let tokens = tokens(&file.text);
    let mut paths = Vec::new();
    // Inline modules, each with the depth of braces that it stands at.
    let (mut inline, mut depth) = (Vec::<(String, usize)>::new(), 0);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let text = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text.as_str());
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inline.pop_if(|(_, outside)| *outside == depth);
            }
            "mod" if text(2) == "{" => inline.push((text(1).to_owned(), depth)),
            _ if token.is_word() && text(1) == "::" && (at == 0 || tokens[at - 1].text != "::") => {
                let names = inline.iter().map(|(name, _)| name.clone());
                let module: Vec<String> = file.modules.iter().cloned().chain(names).collect();
                let in_tests = inline.iter().any(|(name, _)| name == "tests");
                let mut found = Vec::new();
                expand(&tokens, &mut at.clone(), &[], &mut found);
                paths.extend(found.into_iter().map(|(line, segments)| {
                    let module = module.clone();
                    ImportPath { line, module, segments, in_tests }
                }));
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

/// Reads a path from `at` on, and goes into its groups; `before` is what it continues.
fn expand(
    tokens: &[Token],
    at: &mut usize,
    before: &[String],
    found: &mut Vec<(usize, Vec<String>)>,
) {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let (mut segments, mut line) = (before.to_vec(), 0);
    while let Some(token) = tokens.get(*at).filter(|token| token.is_word()) {
        line = token.line;
        segments.push(token.text.clone());
        *at += 1;
        if text(*at) != "::" {
            break;
        }
        *at += 1;
    }
    if text(*at) == "{" && text(*at - 1) == "::" {
        *at += 1;
        while !matches!(text(*at), "}" | "") {
            expand(tokens, at, &segments, found);
            // Past `as Other`, `*` and the like, to the next of the group.
            while !matches!(text(*at), "," | "}" | "") {
                *at += 1;
            }
            if text(*at) == "," {
                *at += 1;
            }
        }
        *at += 1;
    } else if line > 0 || !before.is_empty() {
        let line = if line > 0 { line } else { tokens.get(*at).map_or(0, |token| token.line) };
        found.push((line, segments));
    }
}

/// A word, `::` or another character of a source, with its line.
struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// A source without blanks, comments and literals of text.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(hashes) = raw_text(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = rest.find('"').expect("it begins") + 1;
            rest[body..].find(&end).map_or(rest.len(), |found| body + found + end.len())
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' {
            // A character, or else a lifetime.
            let mut after = rest.chars().skip(1);
            let escaped = after.next() == Some('\\');
            if escaped || after.next() == Some('\'') { quoted(rest, '\'') } else { 1 }
        } else if rest.starts_with("::") {
            tokens.push(Token { line, text: "::".to_owned() });
            2
        } else if word > 0 {
            tokens.push(Token { line, text: rest[..word].to_owned() });
            word
        } else {
            if !first.is_whitespace() {
                tokens.push(Token { line, text: first.to_string() });
            }
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// The bytes of a comment that may hold others.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text.as_bytes()[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text.as_bytes()[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// How many `#` a raw literal that begins here has, if one does.
fn raw_text(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let body = rest.trim_start_matches('#');
    body.starts_with('"').then(|| rest.len() - body.len())
}

/// The bytes of a literal between quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
