//! From tables to models to predictions, as a user would: formats, pipes, what is said on the way.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::folder::Folder;

/// A folder with such tables of the repository.
fn with(names: &[&str]) -> Folder {
    let folder = Folder::new();
    for name in names {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
        let place = path.file_name().and_then(|name| name.to_str()).expect("a name");
        folder.write(place, fs::read(&path).expect("it is in the repository"));
    }
    folder
}

/// Runs the program with something on its standard input.
fn piped(folder: &Folder, words: &str, input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_halfplane"))
        .args(words.split_whitespace())
        .current_dir(folder.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A program that refuses early does not read to the end.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn stdout(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn accuracy(text: &str) -> f64 {
    let number = text.split("accuracy ").nth(1).and_then(|rest| rest.split([' ', ',']).next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no accuracy in {text}"))
}

#[test]
fn penguins_from_table_to_predictions() {
    let folder = with(&["penguins.csv"]);
    let text = folder.good(
        "train penguins.csv --target species --folds none --epochs 40 --device cpu --output penguins.safetensors",
    );
    for line in [
        "344 rows of 15 numbers, target `species`: 3 classes, Adelie, Chinstrap, Gentoo",
        "5 standardised: bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, year",
        "2 one-hot: island (3), sex (2 + missing)",
        "4 imputed with the mean, plus a missing indicator: bill_length_mm",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    assert!(accuracy(&text) > 0.99, "{text}");
    let table = folder.read("penguins.csv");
    let predictions = folder.good("predict penguins.safetensors penguins.csv");
    assert_eq!(predictions.lines().next(), Some("p_Adelie,p_Chinstrap,p_Gentoo,class"));
    let right = predictions
        .lines()
        .zip(table.lines())
        .skip(1)
        .filter(|(prediction, row)| prediction.rsplit(',').next() == row.split(',').next());
    assert!(right.count() > 340);
    // Standard input and output; and only the columns that are needed, in any order.
    let output = piped(&folder, "predict penguins.safetensors - --output -", table.as_bytes());
    assert_eq!(stdout(&output), predictions);
    folder.good("predict penguins.safetensors penguins.csv --output p.csv");
    assert_eq!(folder.read("p.csv"), predictions);
}

#[test]
fn what_a_model_has_not_seen_is_told_and_predicted_all_the_same() {
    let folder = with(&["penguins.csv"]);
    folder.good(
        "train penguins.csv --target species --drop year --epochs 2 --device cpu --quiet \
         --output m.safetensors",
    );
    let header = "bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,island";
    folder.write("new.csv", format!("{header}\n39,18,NA,,male,Elephant\n40,17,180,3500,,Dream\n"));
    let output = folder.run("predict m.safetensors new.csv");
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stdout(&output).lines().count(), 3);
    assert!(
        warnings.contains("warning: column `island` has values") && warnings.contains("`Elephant`"),
        "{warnings}"
    );
    // Missing numbers and missing words were there in the training.
    assert_eq!(warnings.matches("warning: ").count(), 1, "{warnings}");
}

#[test]
fn many_rows_come_in_larger_batches() {
    let folder = Folder::new();
    let table = |rows: usize| {
        let rows: String = (0..rows).map(|row| format!("{},{}\n", row % 7, row % 3)).collect();
        format!("a,y\n{rows}")
    };
    folder.write("few.csv", table(9_999));
    folder.write("many.csv", table(10_000));
    for (words, told) in [
        ("few.csv", "batches of 32"),
        ("many.csv", "batches of 128"),
        ("many.csv --batch-size 50", "batches of 50"),
    ] {
        let text = folder.good(&format!("train {words} --target y --epochs 1 --device cpu"));
        assert!(text.contains(told), "{words}: {text}");
    }
}

#[test]
fn a_model_of_one_format_predicts_from_every_other() {
    let mut names = vec!["formats/table.csv", "formats/table.tsv", "formats/table.csv.gz"];
    if cfg!(feature = "parquet") {
        names.extend(["formats/table-snappy.parquet", "formats/table-zstd.parquet"]);
    }
    let folder = with(&names);
    folder.good("train table.csv --epochs 5 --device cpu --quiet --output m.safetensors");
    let expected = folder.good("predict m.safetensors table.csv");
    for name in &names {
        let name = name.trim_start_matches("formats/");
        assert_eq!(folder.good(&format!("predict m.safetensors {name}")), expected, "{name}");
        let bytes = folder.read_bytes(name);
        let output = piped(&folder, "predict m.safetensors -", &bytes);
        assert_eq!(stdout(&output), expected, "{name} through a pipe");
    }
    // A table without a header has its columns in the order of x1, x2, …
    let table = folder.read("table.csv");
    let (_, body) = table.split_once('\n').expect("a header");
    folder.write("body.csv", body.replace(',', ":"));
    folder.good(
        "train body.csv --no-header --delimiter : --epochs 5 --device cpu --quiet --output n.safetensors",
    );
    let found = folder.good("predict n.safetensors body.csv --no-header --delimiter :");
    assert_eq!(found, expected);
    // As programs write it where the comma stands before fractions.
    folder.write("commas.csv", table.replace(',', ";").replace('.', ","));
    folder.good(
        "train commas.csv --decimal , --epochs 5 --device cpu --quiet --output c.safetensors",
    );
    assert_eq!(folder.read_bytes("c.safetensors"), folder.read_bytes("m.safetensors"));
    assert_eq!(folder.good("predict c.safetensors commas.csv --decimal ,"), expected);
}

#[test]
fn training_reads_standard_input() {
    let folder = with(&["iris.csv"]);
    let table = folder.read_bytes("iris.csv");
    let output = piped(&folder, "train - --epochs 3 --device cpu --output m.safetensors", &table);
    let text = stdout(&output);
    assert!(text.contains("150 rows of 4 numbers, target `species`: 3 classes"), "{text}");
    let same = folder.good("train iris.csv --epochs 3 --device cpu --output n.safetensors");
    assert_eq!(folder.read_bytes("m.safetensors"), folder.read_bytes("n.safetensors"), "{same}");
}

#[test]
fn pictures_with_labels_of_their_own() {
    let folder = with(&["digits-images-idx3-ubyte.gz", "digits-labels-idx1-ubyte.gz"]);
    let text = folder.good(
        "train digits-images-idx3-ubyte.gz --labels digits-labels-idx1-ubyte.gz --folds none --epochs 10 \
         --device cpu --output m.safetensors",
    );
    assert!(text.contains("1797 rows of 64 numbers, target `label`: 10 classes"), "{text}");
    assert!(accuracy(&text) > 0.97, "{text}");
    let predictions = folder.good("predict m.safetensors digits-images-idx3-ubyte.gz");
    let classes: Vec<&str> =
        predictions.lines().filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(classes[..4], ["class", "0", "1", "2"]);
}

#[test]
fn regression_is_predicted_in_the_targets_own_unit() {
    let folder = with(&["diabetes.csv"]);
    let text = folder
        .good("train diabetes.csv --folds none --epochs 20 --device cpu --output m.safetensors");
    assert!(text.contains("the target is standardised, by mean 152.1"), "{text}");
    let predictions = folder.good("predict m.safetensors diabetes.csv");
    let own: Vec<f64> =
        predictions.lines().skip(1).map(|line| line.parse().expect("a number")).collect();
    let mean = own.iter().sum::<f64>() / own.len() as f64;
    assert!((mean - 152.0).abs() < 20.0, "{mean}");
    // Few rows are shown one by one, in that unit too.
    folder.write("few.csv", "x,y\n1,1000\n2,2000\n3,3500\n4,4001.5\n");
    let text = folder.good("train few.csv --epochs 3 --task regression --device cpu");
    assert!(text.contains("4001.5"), "{text}");
}

#[test]
fn imbalance_is_said_aloud() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|row| format!("{row}.5,{}\n", u8::from(row > 35))).collect();
    folder.write("rare.csv", format!("x,y\n{rows}"));
    let text = folder.good("train rare.csv --epochs 1 --device cpu");
    let said = "imbalanced classes: `0` in 36 rows (90.0 %), `1` in 4 rows (10.0 %); \
                --class-weight balanced";
    assert!(text.contains(said), "{text}");
    let rows: String = (0..40).map(|row| format!("{row}.5,{}\n", row % 2)).collect();
    folder.write("even.csv", format!("x,y\n{rows}"));
    assert!(!folder.good("train even.csv --epochs 1 --device cpu").contains("imbalanced"));
}

#[test]
fn columns_are_chosen_by_flags_and_by_configuration_files() {
    let folder = Folder::new();
    let rows: String =
        (0..60).map(|row| format!("{row},{},{},{}\n", row % 3, -999, row % 2)).collect();
    folder.write("t.csv", format!("id,\"zip, code\",gap,y\n{rows}1,2,5,0\n1,2,6,1\n"));
    folder.write("c.toml", "drop = [\"id\"]\ncategorical = [\"zip, code\"]\nna = [\"-999\"]\n");
    let by_file = folder.good("train t.csv --config c.toml --epochs 1 --device cpu");
    for line in ["1 one-hot: zip, code (3)", "1 dropped: id", "plus a missing indicator: gap"] {
        assert!(by_file.contains(line), "no `{line}` in\n{by_file}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_halfplane"))
        .args(["train", "t.csv", "--drop", "id", "--categorical", "\"zip, code\"", "--na", "-999"])
        .args(["--epochs", "1", "--device", "cpu"])
        .current_dir(folder.path("."))
        .output()
        .expect("the program starts");
    let by_flags = stdout(&output);
    let schema = |text: &str| text.lines().take(6).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(schema(&by_file), schema(&by_flags));
    let plain = folder.good("train t.csv --preprocess none --epochs 1 --lr 1e-9 --device cpu");
    assert!(!plain.contains("standardised"), "{plain}");
    // A column that counts the rows is told of.
    let rows: String = (0..60).map(|row| format!("{row},{},{}\n", row * 7 % 13, row % 2)).collect();
    folder.write("counted.csv", format!("n,x,y\n{rows}"));
    let output = folder.run("train counted.csv --epochs 1 --device cpu");
    let warning = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(warning.contains("warning: column `n` counts the rows"), "{warning}");
}

#[test]
fn a_model_of_version_1_still_predicts() {
    let folder = with(&["../models/version-1.safetensors"]);
    folder.write("new.csv", "v,u\n3,0.5\n-0.5,-3\n");
    let text = folder.good("predict version-1.safetensors new.csv");
    let classes: Vec<&str> = text.lines().filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(classes, ["class", "blue", "red"]);
}

#[test]
fn a_word_where_numbers_were_counts_as_missing() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|row| format!("{row},{},{}\n", row * 7 % 40, row % 2)).collect();
    folder.write("t.csv", format!("a,b,y\n{rows}"));
    folder.good("train t.csv --epochs 2 --device cpu --quiet --output m.st");
    folder.write("new.csv", "a,b\n1,unknown\n2,n/k\n3,7\n4,\n");
    let output = folder.run("predict m.st new.csv");
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        warnings.contains("column `b` has words") && warnings.contains("in 2 rows"),
        "{warnings}"
    );
    assert!(warnings.contains("`unknown`"), "{warnings}");
    assert!(warnings.contains("column `b` has missing values, in 1 row,"), "{warnings}");
    folder.write("missing.csv", "a,b\n1,\n2,\n3,7\n4,\n");
    assert_eq!(stdout(&output), folder.good("predict m.st missing.csv"));
    // So does a column of words only; a number that cannot be read is no word.
    folder.write("words.csv", "a,b\n1,x\n2,\"two; or three\"\n4,\u{1b}[31m\n");
    let output = folder.run("predict m.st words.csv");
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(warnings.contains("`b` has words") && warnings.contains("in 3 rows"), "{warnings}");
    folder.write("missing.csv", "a,b\n1,\n2,\n4,\n");
    assert_eq!(stdout(&output), folder.good("predict m.st missing.csv"));
    folder.write("bad.csv", "a,b\n1,5\n2,$7\n");
    let error = folder.refused("predict m.st bad.csv");
    assert!(error.contains("`$7`") && error.contains("column `b`"), "{error}");
}

/// Tables to train on and to validate on may be arrays of one file.
#[test]
fn arrays_of_one_file_may_be_two_tables() {
    let folder = with(&["found/split.npz"]);
    let apart = folder
        .good("train split.npz --folds none --key train --epochs 2 --device cpu --output a.st");
    let text =
        folder.good("train split.npz --validation-key test --epochs 2 --device cpu --output m.st");
    assert!(
        apart.contains("40 rows") && text.contains("40 rows") && text.contains("validation"),
        "{text}"
    );
    assert!(folder.read_bytes("a.st") == folder.read_bytes("m.st"));
    let scores = folder.good("evaluate m.st split.npz --key test");
    assert!(scores.contains("20 rows of split.npz"), "{scores}");
    assert_eq!(folder.good("predict m.st split.npz --key test").lines().count(), 21);
    folder.good("cv split.npz --key train --epochs 2 --folds 2 --device cpu");
    folder.good("sweep split.npz --key train --hidden 2|4 --epochs 2 --folds 2 --quiet --output s");
    let error = folder.refused("train split.npz --validation-key test --validation 0.2");
    assert!(error.contains("--validation-key"), "{error}");
}

#[test]
fn a_file_commands_no_terminal() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|row| format!("{row},{},{}\n", row * 7 % 9, row % 2)).collect();
    folder.write("t.csv", format!("a,\u{1b}]0;b\u{7},y\n{rows}"));
    folder.good("train t.csv --epochs 2 --device cpu --quiet --output m.st");
    for (name, text) in [
        ("word.csv", "a,\u{1b}]0;b\u{7}\n1,x\u{1b}[2J\n"),
        ("column.csv", "a,c\u{9b}31m\n1,2\n"),
        ("money.csv", "a,\u{1b}]0;b\u{7}\n1,$5\n"),
    ] {
        folder.write(name, text);
        let output = folder.run(&format!("predict m.st {name}"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("\\u{1b}"), "{name}: {said}");
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{name}: {said}");
    }
}

#[test]
fn lines_beside_the_table_are_left_out() {
    let folder = Folder::new();
    let rows = |mark: char| -> String {
        (0..40).map(|row| format!("{row}{mark}{}{mark}{}\n", row * 7 % 9, row % 2)).collect()
    };
    let train = |name: &str, options: &str| {
        let words = format!("train {name} --epochs 2 --device cpu --output m.st {options}");
        let text = folder.good(&words);
        text.lines().take(5).map(str::to_owned).collect::<Vec<_>>()[1..].join("\n")
    };
    folder.write("t.csv", format!("a,b,y\n{}", rows(',')));
    let plain = train("t.csv", "");
    let rest = rows(',').replace("\n7,", "\n#, within\n7,");
    folder.write("c.csv", format!("# from a sensor\n#\na,b,y\n# units, m\n{rest}#"));
    assert_eq!(train("c.csv", "--comment #"), plain);
    for mark in [';', ',', '|', '\t'] {
        folder.write("e.csv", format!("sep={mark}\r\na{mark}b{mark}y\n{}", rows(mark)));
        assert_eq!(train("e.csv", ""), plain, "{mark}");
    }
    // Lines are counted as an editor counts them.
    folder.write("c.csv", format!("# one\na,b,y\n{}# two\n7,$5,1\n", rows(',')));
    let error = folder.refused("train c.csv --comment #");
    assert!(error.contains("c.csv, line 44:"), "{error}");
    folder.write("e.csv", format!("sep=;\na;b;y\n{}7;$5;1\n", rows(';')));
    let error = folder.refused("train e.csv");
    assert!(error.contains("e.csv, line 43:"), "{error}");
}

#[test]
fn words_may_be_missing_in_one_column() {
    let folder = Folder::new();
    let rows: String = (0..60)
        .map(|row| {
            let class = ["first", "second", "none"][row % 3];
            format!("{},{},{class},{}\n", row % 10, row % 10, row % 2)
        })
        .collect();
    folder.write("t.csv", format!("a,b,class,y\n{rows}"));
    let train = "train t.csv --epochs 2 --device cpu --output m.st --na";
    let text = folder.good(&format!("{train} a=9,a=8,class=none"));
    assert!(text.contains("plus a missing indicator: a\n"), "{text}");
    assert!(text.contains("class (2 + missing)"), "{text}");
    folder.write("new.csv", "a,b,class\n9,9,none\n8.0,9,first\n");
    let one = folder.good("predict m.st new.csv");
    folder.write("new.csv", "a,b,class\n,9,\nNA,9,first\n");
    assert_eq!(folder.good("predict m.st new.csv"), one);
    // The words of all columns stand beside them.
    let text = folder.good(&format!("{train} a=9,+none"));
    assert!(text.contains("class (2 + missing)"), "{text}");
    assert!(
        folder.good("inspect m.st --device cpu --json").contains(r#""na_columns":{"a":["9"]}"#)
    );
}

/// A file's name may be any bytes on Unix; a checkpoint alone cannot hold it.
#[test]
#[cfg(target_os = "linux")]
fn outputs_may_have_names_that_are_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let folder = Folder::new();
    let name = |bytes: &[u8]| folder.path(".").join(OsStr::from_bytes(bytes));
    let run = |words: &[&OsStr]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_halfplane"));
        command.current_dir(folder.path(".")).args(words).output().expect("the program starts")
    };
    let model = name(b"m\xff.safetensors");
    let words = ["train", "xor", "--device", "cpu", "--steps", "10", "--quiet"].map(OsStr::new);
    let flag = OsStr::new("--output");
    let trained = run(&[&words[..], &[flag, model.as_os_str()]].concat());
    assert!(trained.status.success() && model.is_file(), "{trained:?}");
    let rows = name(b"rows\xfe.csv");
    std::fs::write(&rows, "x1,x2,y\n0,1,1\n1,1,0\n").expect("it is written");
    let answers = name(b"p\xfd.csv");
    let predict =
        [OsStr::new("predict"), model.as_os_str(), rows.as_os_str(), flag, answers.as_os_str()];
    assert!(run(&predict).status.success() && answers.is_file());
    let evaluate =
        [OsStr::new("evaluate"), model.as_os_str(), rows.as_os_str(), OsStr::new("--json")];
    assert!(run(&evaluate).status.success());
    let kept = [OsStr::new("--checkpoint"), OsStr::new("c"), flag, model.as_os_str()];
    let refused = run(&[&words[..], &kept].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("is not Unicode text"), "{said}");
}

#[test]
fn a_schedule_that_had_ended_and_goes_on_is_told_of() {
    let folder = Folder::new();
    for (schedule, jumps) in
        [("cosine", true), ("one-cycle", true), ("exponential --decay 0.99", false)]
    {
        let name = schedule.split(' ').next().unwrap_or_default();
        let train =
            format!("train xor --device cpu --steps 40 --schedule {schedule} --checkpoint {name}");
        folder.good(&train);
        let more = folder.run(&format!("train --resume {name} --steps 80"));
        let said = String::from_utf8_lossy(&more.stderr).into_owned();
        assert!(more.status.success(), "{said}");
        assert_eq!(said.contains("had ended at step 40, and with 80 steps"), jumps, "{said}");
    }
}

#[test]
fn words_for_missing_values_are_replaced_or_added() {
    let folder = Folder::new();
    let rows: String = (0..40)
        .map(|row| format!("{},{}\n", ["1.5", "NA", "gone", "2.5"][row % 4], row % 2))
        .collect();
    folder.write("t.csv", format!("a,y\n{rows}"));
    let train = "train t.csv --epochs 1 --device cpu";
    let told = |line: &str| {
        let output = folder.run(line);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let text = told(train);
    let expected = "column `a` has texts that are numbers in part (`1.5`, `gone`): they are taken as categories";
    assert!(text.contains(expected) && text.contains("--na 'a=gone'"), "{text}");
    assert!(told(&format!("{train} --na gone")).contains("in part (`1.5`, `NA`)"));
    for words in ["+gone", "NA,gone", "+gone,-999"] {
        let text = folder.good(&format!("{train} --na {words}"));
        assert!(text.contains("missing indicator: a"), "{text}");
    }
}
