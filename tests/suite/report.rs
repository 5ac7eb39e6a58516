//! `--report` and `--tensorboard` from outside: which files there are, and what is drawn in them.

use crate::support::folder::Folder;

/// A table that two numbers part into three classes.
fn classes(folder: &Folder) {
    let row = |row: i32| {
        let wobble = f64::from(row * 37 % 90) / 90.0;
        match row % 3 {
            0 => format!("{},{},blue\n", wobble, 3.0 + wobble),
            1 => format!("{},{},\"green & <dark>\"\n", 3.0 + wobble, wobble),
            _ => format!("{},{},red\n", -3.0 - wobble, -wobble),
        }
    };
    let rows: String = (0..90).map(row).collect();
    folder.write("kinds.csv", format!("u,v,kind\n{rows}"));
}

fn files(folder: &Folder, name: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path(name)).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every tag that is opened is closed, in order, and no text holds what would open another.
fn well_formed(text: &str, name: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("{name}: <{part}"));
        let word = tag.split([' ', '/']).next().unwrap_or_default();
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{name}"),
            None if tag.ends_with('/') || tag.starts_with('!') || word == "meta" => {}
            None => open.push(word),
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} stay open");
}

#[test]
fn a_report_shows_what_the_task_has() {
    let folder = Folder::new();
    classes(&folder);
    let said = folder
        .good("train kinds.csv --folds none --hidden 5 --epochs 9 --device cpu --report run/a");
    assert!(said.ends_with("pictures written to run/a/index.html\n"), "{said}");
    let all = [
        "calibration.svg",
        "confusion.svg",
        "index.html",
        "loss.svg",
        "precision-recall.svg",
        "regions.svg",
        "roc.svg",
    ];
    assert_eq!(files(&folder, "run/a"), all);
    let page = folder.read("run/a/index.html");
    well_formed(&page, "index.html");
    assert!(page.contains("green &amp; &lt;dark&gt;"), "names are escaped");
    assert!(page.contains("<h1>kind from u and v</h1>"), "{page}");
    for name in all.iter().filter(|name| name.ends_with(".svg")) {
        let text = folder.read(&format!("run/a/{name}"));
        well_formed(&text, name);
        assert!(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{name}");
        assert!(text.contains("prefers-color-scheme:dark"), "{name} has both papers");
        let body = text.split_once("</style>").map(|(_, body)| body).expect("it has a style");
        assert!(page.contains(body.trim_end()), "{name} is a part of the page");
    }
    let regions = folder.read("run/a/regions.svg");
    assert_eq!(regions.matches("class=\"point\"").count(), 90, "a dot for each row");
    assert_eq!(regions.matches(" = 0</title>").count(), 5, "a line for each neuron");
    assert_eq!(folder.read("run/a/roc.svg").matches("<polyline class=\"curve\"").count(), 6);
}

#[test]
fn a_report_of_numbers_shows_what_is_left_over() {
    let folder = Folder::new();
    let rows: String = (0..97)
        .map(|row| format!("{},{},{}\n", row % 7, row % 11, row % 7 * 2 - row % 11))
        .collect();
    folder.write("table.csv", format!("a,b,y\n{rows}"));
    folder.good("train table.csv --folds none --epochs 3 --device cpu --quiet --report run --task regression");
    let all = ["index.html", "loss.svg", "predictions.svg", "regions.svg", "residuals.svg"];
    assert_eq!(files(&folder, "run"), all);
    let residuals = folder.read("run/residuals.svg");
    assert_eq!(residuals.matches("class=\"point\"").count(), 97);
    well_formed(&residuals, "residuals.svg");
}

#[test]
fn normalized_neurons_have_no_lines_and_the_picture_says_so() {
    let folder = Folder::new();
    classes(&folder);
    folder.good("train kinds.csv --folds none --hidden 5 --layer-norm --epochs 9 --device cpu --report run/a");
    let regions = folder.read("run/a/regions.svg");
    well_formed(&regions, "regions.svg");
    assert_eq!(regions.matches("class=\"point\"").count(), 90, "a dot for each row");
    assert!(!regions.contains(" = 0</title>"), "{regions}");
    assert!(regions.contains("no lines of neurons: with layer-norm"), "{regions}");
    assert!(folder.read("run/a/index.html").contains("layer-norm and relu"));
}

#[test]
fn regions_are_drawn_where_numbers_have_bins_and_networks_are_several() {
    let folder = Folder::new();
    classes(&folder);
    for (options, why) in [
        ("--bins 5 --folds none", "where numbers have bins they are bent"),
        ("--bins none --folds 3", "those of several networks are too many"),
    ] {
        folder.good(&format!("train kinds.csv --epochs 9 --device cpu --report run {options}"));
        let regions = folder.read("run/regions.svg");
        well_formed(&regions, "regions.svg");
        assert_eq!(regions.matches("class=\"point\"").count(), 90, "{options}");
        assert!(regions.contains(&format!("no lines of neurons: {why}")), "{options}: {regions}");
    }
}

#[test]
fn more_columns_have_no_plane() {
    let folder = Folder::new();
    folder.write("t.csv", "a,b,c,y\n1,2,3,0\n2,1,4,1\n3,3,1,0\n0,2,2,1\n");
    folder.good("train t.csv --epochs 3 --device cpu --quiet --report run");
    assert!(!files(&folder, "run").contains(&"regions.svg".to_owned()));
}

#[test]
fn a_search_has_a_page_with_what_it_found() {
    let folder = Folder::new();
    classes(&folder);
    let words = "kinds.csv --hidden 'none|3|5,3' --lr 1e-3..0.1 --epochs 4 --folds 2 --trials 7";
    let words = words.replace('\'', "");
    let said = folder.good(&format!("sweep {words} --device cpu"));
    assert!(said.contains("sweep/index.html"), "{said}");
    let page = folder.read("sweep/index.html");
    well_formed(&page, "index.html");
    for told in [
        "What was found when",
        "All hyper-parameters",
        "Score against hidden",
        "Score against lr",
        "Score against units",
        "Score against hidden layers",
        "How they learned",
        "The chosen: trial",
        "In the middle: trial",
        "The worst: trial",
        "(chosen)",
        "green &amp; &lt;dark&gt;",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("http://") || !page.contains("src="), "it needs nothing from elsewhere");
    // The page of a search that has ended stays; of one on its way there is what its journal tells.
    folder.good("sweep --report sweep");
    assert_eq!(folder.read("sweep/index.html"), page);
    std::fs::remove_file(folder.path("sweep/best.safetensors")).expect("it was written");
    folder.good("sweep --report sweep");
    let page = folder.read("sweep/index.html");
    well_formed(&page, "index.html");
    assert!(page.contains("best so far") && !page.contains("The chosen"));

    // Of more columns there are no regions, and of one size no comparison of sizes.
    let rows: String =
        (0..40).map(|row| format!("{row},{},{},{}\n", row % 7, row % 3, row * 2)).collect();
    folder.write("more.csv", format!("a,b,c,y\n{rows}"));
    folder.good("sweep more.csv --hidden 3 --lr 0.01|0.02 --epochs 3 --folds 2 --metric mae --output more --quiet");
    let page = folder.read("more/index.html");
    well_formed(&page, "more/index.html");
    assert!(!page.contains("The worst") && !page.contains("against units"), "{page}");
}

#[test]
fn each_run_has_event_files_of_its_own() {
    let folder = Folder::new();
    for runs in 1..3 {
        folder.good("train xor --steps 300 --device cpu --quiet --tensorboard board");
        assert_eq!(files(&folder, "board").len(), runs);
    }
    for name in files(&folder, "board") {
        assert!(name.starts_with("events.out.tfevents."), "{name}");
        let bytes = folder.read_bytes(&format!("board/{name}"));
        // The first record's length, then (after a check sum) the time, then the version.
        assert_eq!(bytes[..8], 24u64.to_le_bytes());
        assert_eq!(&bytes[23..36], b"brain.Event:2");
        let count = |tag: &[u8]| bytes.windows(tag.len()).filter(|part| *part == tag).count();
        assert_eq!([count(b"loss/batch"), count(b"loss/train")], [3, 300]);
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_told_before_the_training() {
    let folder = Folder::new();
    folder.write("taken", "precious");
    for flag in ["--report", "--tensorboard"] {
        let error = folder.refused(&format!("train xor --device cpu {flag} taken"));
        assert!(error.contains("cannot write taken"), "{error}");
        let error = folder.refused(&format!("train xor --device cpu {flag} taken/below"));
        assert!(error.contains("cannot write taken/below"), "{error}");
    }
    assert_eq!(folder.read("taken"), "precious");
}
