//! Tables of every kind to data sets: what is read, what is inferred, what is said, what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use halfplane::data::{
    Bins, ClassWeight, DropReason, Encoding, FirstLine, Layout, MissingCategory, MissingNumber,
    Prepared, Preprocess, Source, TableOptions, TargetEncoding, UnknownCategory, Validation,
    Warning, prepare, read_features, read_labelled,
};
use halfplane::{Dataset, Result, Targets, Task};

use super::{encoding, text};

fn table(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn options(target: &str) -> TableOptions {
    TableOptions { target: Some(target.into()), ..TableOptions::default() }
}

fn read(name: &str, target: &str) -> Result<Prepared> {
    prepare(&table(name).into(), &options(target))
}

fn refused(result: Result<Prepared>) -> String {
    result.expect_err("it is refused").to_string()
}

#[test]
fn penguins_are_prepared_as_scikit_learn_does() {
    let data = read("penguins.csv", "species").expect("penguins").training;
    assert_eq!((data.rows(), data.task()), (344, Task::Multiclass));
    assert_eq!(data.classes(), ["Adelie", "Chinstrap", "Gentoo"]);
    let golden = fs::read_to_string(table("penguins-prepared.csv")).expect("it is there");
    let mut lines = golden.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    assert_eq!(data.feature_names(), names);
    let mut compared = 0;
    for (line, row) in lines.zip(data.features().chunks(names.len()).step_by(10)) {
        for ((expected, found), name) in line.split(',').zip(row).zip(&names) {
            let expected: f32 = expected.parse().expect("a number");
            // Means are rounded to float32: that of the year by 6e-5, at a deviation of 0.8.
            assert!((found - expected).abs() < 1e-4, "{name}: {found} for {expected}");
            compared += 1;
        }
    }
    assert_eq!(compared, 35 * names.len());
}

/// Numbers of larger tables have bins: of each the mean is 0 and the deviation 1. What is missing
/// counts as the mean.
#[test]
fn numbers_of_larger_tables_have_bins() {
    let row = |row: i32| {
        let x = row * 37 % 601;
        let gap = if row % 50 == 0 { String::new() } else { (x * x).to_string() };
        format!("{x},{gap},{},{}\n", row % 3, f64::from(x) / 7.0)
    };
    let rows: String = (0..600).map(row).collect();
    let rows = format!("even,squares,few,y\n{rows}");
    let of = |bins: &str| {
        let bins = bins.parse().expect("a number of bins");
        text(&rows, &TableOptions { bins, ..options("y") }).expect("a table").training
    };
    let data = of("auto");
    let names = "even|even bin 1|even bin 2|even bin 3|even bin 4|squares|squares bin 1|squares bin 2|\
                 squares bin 3|squares bin 4|squares missing|few";
    assert_eq!(data.feature_names().join("|"), names);
    for (input, name) in data.feature_names().iter().enumerate() {
        let all: Vec<f64> =
            data.features().iter().skip(input).step_by(12).map(|own| f64::from(*own)).collect();
        let mean = all.iter().sum::<f64>() / 600.0;
        let deviation = (all.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / 600.0).sqrt();
        match name.starts_with("even") {
            true => assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5, "{name}"),
            false => assert!(deviation > 0.1, "{name}"),
        }
    }
    let Encoding::Numeric { mean, bins, .. } = encoding(&data, "squares") else {
        panic!("squares are numbers")
    };
    let of_missing = &data.features()[5..11];
    let expected: Vec<f32> = bins.iter().map(|bin| bin.of(*mean)).collect();
    assert_eq!((of_missing[0], &of_missing[1..5], of_missing[5]), (0.0, &expected[..], 1.0));
    assert_eq!(of("none").inputs(), 4);
    assert_eq!(of("10").inputs(), 24);
    for bad in ["2", "257", "many"] {
        assert!(bad.parse::<Bins>().is_err());
    }
    let plain = TableOptions { bins: Bins::Most(4), preprocess: Preprocess::None, ..options("y") };
    assert!(refused(text(&rows, &plain)).contains("bins are part of"));
}

#[test]
fn one_table_is_the_same_in_every_format() {
    let reference = read("formats/table.csv", "y").expect("a table").training;
    assert_eq!((reference.rows(), reference.inputs()), (12, 10));
    for name in [
        "table.tsv",
        "table.csv.gz",
        "table-none.parquet",
        "table-snappy.parquet",
        "table-gzip.parquet",
        "table-zstd.parquet",
        "table-v2.parquet",
        "table-split.parquet",
    ] {
        if name.ends_with("parquet") && !cfg!(feature = "parquet") {
            continue;
        }
        let found = read(&format!("formats/{name}"), "y").unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(found.training, reference, "{name}");
        // As bytes rather than as a file, too.
        let bytes = fs::read(table(&format!("formats/{name}"))).expect("it is there");
        let found = prepare(&Source::Memory(bytes), &options("y")).expect("the same table");
        assert_eq!(found.training, reference, "{name} in memory");
    }
}

#[test]
fn arrays_are_tables() {
    let plain = TableOptions { preprocess: Preprocess::None, ..TableOptions::default() };
    let of = |name: &str| {
        let read = prepare(&table(&format!("formats/{name}")).into(), &plain);
        read.unwrap_or_else(|error| panic!("{name}: {error}")).training
    };
    let reference = of("rows-f8.npy");
    assert_eq!((reference.rows(), reference.inputs(), reference.task()), (12, 2, Task::Binary));
    assert_eq!(reference.feature_names(), ["x1", "x2"]);
    assert_eq!(reference.features()[..4], [-5.0, -1.0, -2.0, -0.818_181_8]);
    for name in ["columns-f4.npy", "version-2.npy", "floats-idx2"] {
        assert_eq!(of(name), reference, "{name}");
    }
    let close = |data: &Dataset, tolerance: f32, factor: f32| {
        let pairs = data.features().iter().zip(reference.features());
        pairs.clone().all(|(a, b)| (a - factor * b).abs() <= tolerance)
    };
    // Half precision has 11 bits; the whole numbers are six times as large, and rounded.
    assert!(close(&of("half-f2.npy"), 2e-2, 1.0));
    assert!(close(&of("big-endian-i2.npy"), 0.5, 6.0));
    for name in ["arrays.npz", "packed.npz"] {
        let data = of(name);
        assert_eq!(data.feature_names(), ["X1", "X2", "whole"], "{name}");
        assert_eq!(data.target_name(), "y");
        assert_eq!(data.features()[..3], [-5.0, -1.0, -5.0]);
        assert_eq!(data.targets(), reference.targets());
    }
}

#[test]
#[cfg(feature = "parquet")]
fn parquets_kinds_of_numbers_are_numbers() {
    let plain = TableOptions { drop: vec!["dictionary".into()], ..options("y") };
    let kinds = || Source::from(table("formats/kinds.parquet"));
    let found = prepare(&kinds(), &plain).expect("numbers").training;
    assert_eq!(found.feature_names(), ["small", "unsigned", "half", "decimal", "decimal missing"]);
    let &Encoding::Numeric { mean, .. } = encoding(&found, "decimal") else {
        panic!("decimals are numbers");
    };
    assert_eq!(mean, (1.25 - 3.5) / 2.0);
    let &Encoding::Numeric { mean, .. } = encoding(&found, "unsigned") else {
        panic!("unsigned numbers are numbers");
    };
    assert!((mean - 4e9 / 3.0).abs() < 1e3, "{mean}");
    let words =
        prepare(&kinds(), &TableOptions { task: Some(Task::Multiclass), ..options("dictionary") });
    assert_eq!(words.expect("words").training.classes(), ["a", "b"]);
    let dates = || Source::from(table("formats/dates.parquet"));
    let error = refused(prepare(&dates(), &options("when")));
    assert!(error.contains("column `when`") && error.contains("dates or times"), "{error}");
    assert!(prepare(&dates(), &TableOptions { drop: vec!["when".into()], ..options("y") }).is_ok());
    assert!(
        prepare(&dates(), &TableOptions { numeric: vec!["when".into()], ..options("y") }).is_ok()
    );
    let error = refused(read("formats/lists.parquet", "y"));
    assert!(error.contains("lists") && error.contains("`drop = list"), "{error}");
}

#[test]
fn pictures_are_scaled_as_one_and_have_labels_of_their_own() {
    let digits = TableOptions {
        labels: Some(table("digits-labels-idx1-ubyte.gz").into()),
        ..TableOptions::default()
    };
    let images = Source::from(table("digits-images-idx3-ubyte.gz"));
    let data = prepare(&images, &digits).expect("digits").training;
    assert_eq!((data.rows(), data.inputs(), data.classes().len()), (1797, 64, 10));
    assert_eq!((&*data.target_name(), data.task()), ("label", Task::Multiclass));
    // The first digit is a nought.
    assert!(matches!(data.targets(), Targets::Classes { values, .. } if values[..3] == [0, 1, 2]));
    // All pixels have one mean and one deviation, even those that never change.
    let mean = data.features().iter().map(|&v| f64::from(v)).sum::<f64>() / (1797.0 * 64.0);
    let square =
        data.features().iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / (1797.0 * 64.0);
    assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-5, "{mean} {square}");
    assert!(
        data.preprocessing().columns.windows(2).all(|pair| pair[0].encoding == pair[1].encoding)
    );
    let short = TableOptions { labels: Some(table("formats/rows-f8.npy").into()), ..digits };
    assert!(refused(prepare(&images, &short)).contains("3 columns of labels"));
    let short = TableOptions { target: Some("x1".into()), ..short };
    assert!(refused(prepare(&images, &short)).contains("12 labels, but"));
}

#[test]
fn delimiters_quotes_and_headers_are_found_out_or_said() {
    let rows = [[1.5, 2.0], [3.0, 4.5], [5.0, 6.0]];
    let plain = TableOptions { preprocess: Preprocess::None, ..TableOptions::default() };
    for mark in [',', ';', '\t', '|'] {
        let line =
            |row: &[f64; 2]| format!("{}{mark}\"{}\"{mark}{}\r\n", row[0], row[1], row[0] + 0.5);
        let body: String = rows.iter().map(line).collect();
        let own = format!("\u{feff}\"a\"{mark}\"b{mark}c\"{mark}y\n{body}");
        let data = text(&own, &plain).unwrap_or_else(|error| panic!("{mark:?}: {error}")).training;
        assert_eq!(data.feature_names(), ["a".to_owned(), format!("b{mark}c")]);
        assert_eq!(data.features(), rows.map(|row| row.map(|v| v as f32)).concat());
        let header = FirstLine::Row;
        let layout = Layout { header, ..Layout::default() };
        let data =
            text(&body, &TableOptions { layout, ..plain.clone() }).expect("no header").training;
        assert_eq!((data.rows(), data.feature_names()), (3, vec!["x1".into(), "x2".into()]));
        assert_eq!(data.target_name(), "x3");
    }
    // A delimiter that is said is not questioned.
    let layout = Layout { delimiter: Some(b':'), ..Layout::default() };
    let data = text("a:b,c:y\n1:2:3\n4:5:6\n", &TableOptions { layout, ..plain.clone() });
    assert_eq!(data.expect("a table").training.feature_names(), ["a", "b,c"]);
}

#[test]
fn what_a_column_holds_is_inferred_and_can_be_overruled() {
    let rows: String = (0..200)
        .map(|row| {
            let (colour, rare) =
                (["red", "green", "blue"][row % 3], if row == 7 { "once" } else { "often" });
            let (gap, word) =
                (if row % 10 == 3 { "NA" } else { "2.5" }, ["x", "y", ""][row * 7 % 3]);
            let (id, class) = (format!("id-{row}"), row % 2);
            format!("{row},{colour},{rare},{gap},{word},{id},1,,{},{class}\n", row % 4)
        })
        .collect();
    let table = format!("count,colour,rare,gap,word,id,same,empty,code,y\n{rows}");
    let Prepared { training, warnings, .. } =
        text(&table, &TableOptions::default()).expect("a table");
    let categorical = |words: &[&str], other, missing| Encoding::Categorical {
        categories: words.iter().map(ToString::to_string).collect(),
        other,
        missing,
    };
    let of = |name| encoding(&training, name);
    assert!(matches!(of("count"), Encoding::Numeric { missing: MissingNumber::Mean, .. }));
    let zeros = UnknownCategory::Zeros;
    assert_eq!(
        *of("colour"),
        categorical(&["blue", "green", "red"], zeros, MissingCategory::Other)
    );
    assert_eq!(
        *of("rare"),
        categorical(&["often"], UnknownCategory::Pooled, MissingCategory::Other)
    );
    let missing = MissingNumber::MeanAndIndicator;
    assert_eq!(*of("gap"), Encoding::Numeric { mean: 2.5, scale: 1.0, bins: Vec::new(), missing });
    assert_eq!(*of("word"), categorical(&["x", "y"], zeros, MissingCategory::Category));
    assert_eq!(*of("id"), Encoding::Dropped(DropReason::Identifier));
    assert_eq!(*of("same"), Encoding::Dropped(DropReason::Constant));
    assert_eq!(*of("empty"), Encoding::Dropped(DropReason::Empty));
    assert!(matches!(of("code"), Encoding::Numeric { .. }));
    let row_numbers = Warning::RowNumbers { column: "count".into() };
    let identifier = Warning::Identifier { column: "id".into(), example: "id-0".into() };
    assert_eq!(warnings, [row_numbers, identifier]);
    let shown = training.preprocessing().to_string();
    for line in [
        "3 standardised: count, gap, code",
        "3 one-hot: colour (3), rare (1 + other), word (2 + missing)",
        "1 imputed with the mean, plus a missing indicator: gap",
        "same (one value only), empty (empty)",
    ] {
        assert!(shown.contains(line), "no `{line}` in\n{shown}");
    }

    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let overruled = TableOptions {
        categorical: names(&["code", "id"]),
        drop: names(&["count", "rare"]),
        na: names(&["blue", "1"]),
        ..TableOptions::default()
    };
    let error = refused(text(&table, &overruled));
    assert!(error.contains("target `y` has one class only, `0`"), "{error}");
    let overruled = TableOptions { na: names(&["blue", "NA"]), ..overruled };
    let data = text(&table, &overruled).expect("a table").training;
    let of = |name| encoding(&data, name);
    assert_eq!(*of("code"), categorical(&["0", "1", "2", "3"], zeros, MissingCategory::Other));
    assert_eq!(*of("colour"), categorical(&["green", "red"], zeros, MissingCategory::Category));
    assert_eq!(*of("count"), Encoding::Dropped(DropReason::Requested));
    assert!(
        matches!(of("id"), Encoding::Categorical { categories, .. } if categories.len() == 200)
    );
    let numeric = TableOptions { numeric: names(&["colour"]), ..TableOptions::default() };
    let error = refused(text(&table, &numeric));
    assert!(error.contains("line 2") && error.contains("`red` is not a number"), "{error}");
}

#[test]
fn at_most_so_many_categories_are_kept() {
    // 300 words of 20 rows each, and 300 of one row each.
    let rows: String = (0..6300)
        .map(|row| match row {
            ..6000 => format!("w{:03},{}\n", row % 300, row % 2),
            _ => format!("rare{row},{}\n", row % 2),
        })
        .collect();
    let data = text(&format!("w,y\n{rows}"), &TableOptions::default()).expect("a table").training;
    let Encoding::Categorical { categories, other, .. } = encoding(&data, "w") else {
        panic!("words are categories");
    };
    assert_eq!((categories.len(), *other), (256, UnknownCategory::Pooled));
    assert_eq!(categories[255], "w255");
    // Every row has exactly one 1.
    assert!(data.features().chunks(257).all(|row| row.iter().sum::<f32>() == 1.0));
}

#[test]
fn decimal_commas_are_refused_with_a_hint() {
    let commas = "a;y\n1,5;0\n2,5;1\n3;0\n4,25;1\n";
    let error = refused(text(commas, &TableOptions::default()));
    assert!(error.contains("`1,5` has a comma for its decimal point"), "{error}");
    let names = TableOptions { categorical: vec!["a".into()], ..TableOptions::default() };
    assert!(text(commas, &names).is_ok());
    // Among many whole numbers, too, a comma is no reason to take a number for a missing one.
    let rows: String = (0..60).map(|row| format!("{row};{}\n", row % 2)).collect();
    let error = refused(text(&format!("a;y\n{rows}5,5;1\n"), &TableOptions::default()));
    assert!(error.contains("line 62") && error.contains("`5,5` has a comma"), "{error}");
    assert!(!error.contains("`na"), "{error}");
}

#[test]
fn numbers_that_are_dressed_up_are_refused_with_a_hint() {
    for fields in [["1,234,567", "941,715"], ["$13.97", "-$5"], ["7.3%", "12%"], ["1 234", "17"]] {
        let rows: String =
            (0..40).map(|row| format!("\"{}\",{},{}\n", fields[row % 2], row, row % 2)).collect();
        let error = refused(text(&format!("a,x,y\n{rows}"), &TableOptions::default()));
        assert!(error.contains(&format!("`{}` is a number with more", fields[0])), "{error}");
        assert!(error.contains("`categorical = a`"), "{error}");
    }
    assert!(text("a,y\n5% off,0\nfull,1\n5% off,1\nfull,0\n", &TableOptions::default()).is_ok());
}

/// What float32 rounds away is told of, of inputs and of targets.
#[test]
fn numbers_too_near_for_float32_are_told_of() {
    let told = |number: &dyn Fn(usize) -> String, target: &str| {
        let rows: String =
            (0..50).map(|row| format!("{},{},{}.5\n", number(row), row * 7 % 13, row)).collect();
        let prepared = text(&format!("a,b,c\n{rows}"), &options(target)).expect("it is a table");
        let coarse = |warning: &Warning| match warning {
            Warning::LowPrecision { column, step, .. } => Some((column.clone(), *step)),
            _ => None,
        };
        prepared.warnings.iter().filter_map(coarse).collect::<Vec<_>>()
    };
    let near = |row: usize| format!("{}", 1_000_000_000 + row);
    assert_eq!(told(&near, "c"), [("a".to_owned(), 64.0)]);
    assert_eq!(told(&near, "a"), [("a".to_owned(), 64.0)]);
    let same = |row: usize| format!("{}", 1_700_000_000 + row % 2);
    assert_eq!(told(&same, "c"), [("a".to_owned(), 128.0)], "one number is left of two");
    for fine in [1.0, 1e4, 1e9, 1e-9] {
        assert_eq!(told(&|row| format!("{}", fine * (1.0 + row as f64)), "c"), []);
    }
    assert_eq!(told(&|row| format!("{}", 2000 + row), "c"), []);
    assert_eq!(told(&|_| "7".into(), "c"), []);
}

#[test]
fn a_first_line_of_measurements_is_no_header_and_a_nameless_column_has_its_place_for_a_name() {
    let error = refused(text("0.94,-1.4,no\n0.5,1,yes\n0.1,2,no\n", &TableOptions::default()));
    assert!(error.contains("`header = row`"), "{error}");
    assert!(text("country,2000,2001\na,1,2\nb,3,4.5\na,2,1\n", &options("2001")).is_ok());
    let index = text(",a,y\n0,3,1\n1,5,0\n2,4,1\n", &options("y")).expect("it is a table");
    let names: Vec<_> =
        index.training.preprocessing().columns.iter().map(|own| &own.name).collect();
    assert_eq!(names, ["x1", "a"]);
    assert_eq!(index.training.feature_names(), ["a"], "it numbers the rows");
}

#[test]
fn everything_is_fitted_on_the_training_rows_alone() {
    let half = TableOptions { validation: Some(Validation::Fraction(0.5)), ..options("species") };
    let source = Source::from(table("penguins.csv"));
    let Prepared { training, validation, .. } = prepare(&source, &half).expect("penguins");
    let validation = validation.expect("it was asked for");
    assert_eq!((training.rows(), validation.rows()), (172, 172));
    assert_eq!(training.class_counts(), [76, 34, 62]);
    assert_eq!(validation.class_counts(), [76, 34, 62]);
    let column = training.feature_names().iter().position(|name| name == "body_mass_g");
    let column = column.expect("it is a number");
    let mean = |data: &Dataset| {
        let own = data.features().chunks(data.inputs()).map(|row| f64::from(row[column]));
        own.sum::<f64>() / data.rows() as f64
    };
    assert!(mean(&training).abs() < 1e-6, "{}", mean(&training));
    assert!(mean(&validation).abs() > 1e-4, "{}", mean(&validation));
    // The same seed, the same rows; another one, others.
    assert_eq!(prepare(&source, &half).expect("penguins").training, training);
    let other = TableOptions { seed: 1, ..half };
    assert_ne!(prepare(&source, &other).expect("penguins").training, training);
}

#[test]
fn a_validation_table_is_prepared_as_the_training_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("validation.csv");
    // Another order of columns, one more, words and gaps that the training had not.
    fs::write(&path, "extra,y,word,a\n?,yes,red,1\n?,no,violet,\n").expect("it is written");
    let source = Source::from(path);
    let own = TableOptions {
        validation: Some(Validation::Table { data: source, labels: None }),
        ..TableOptions::default()
    };
    let rows = "1,red,no\n3,blue,yes\n".repeat(5);
    let Prepared { training, validation, warnings } =
        text(&format!("a,word,y\n{rows}"), &own).expect("two tables");
    let validation = validation.expect("it was asked for");
    assert_eq!(validation.feature_names(), training.feature_names());
    assert_eq!(validation.features(), [-1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(validation.targets(), &Targets::Binary { values: vec![1.0, 0.0], columns: 1 });
    let (rows, example) = (1, "violet".into());
    let counts_as = "no category";
    let unknown = Warning::UnknownCategories { column: "word".into(), rows, example, counts_as };
    let counts_as = "the mean";
    let missing = Warning::MissingValues { column: "a".into(), rows: 1, counts_as };
    assert_eq!(warnings, [missing, unknown]);
}

#[test]
fn the_task_is_inferred_from_the_target() {
    let of = |values: &[&str]| {
        let rows: String =
            values.iter().enumerate().map(|(row, y)| format!("{},{y}\n", row * row)).collect();
        let plain = TableOptions { preprocess: Preprocess::None, ..TableOptions::default() };
        text(&format!("a,y\n{rows}"), &plain).map(|prepared| prepared.training)
    };
    let task = |values: &[&str]| of(values).expect("a target").task();
    assert_eq!(task(&["0", "1", "1.0", "0"]), Task::Binary);
    assert_eq!(of(&["0", "1", "1.0", "0"]).expect("a target").classes(), ["0", "1"]);
    assert_eq!(task(&["no", "yes", "no"]), Task::Binary);
    assert_eq!(task(&["3", "1", "2"]), Task::Multiclass);
    assert_eq!(task(&["a", "b", "c"]), Task::Multiclass);
    assert_eq!(task(&["1.5", "2", "3"]), Task::Regression);
    let many: Vec<String> = (0..21).map(|value| value.to_string()).collect();
    assert_eq!(task(&many.iter().map(String::as_str).collect::<Vec<_>>()), Task::Regression);
    // Codes that float32 cannot tell apart are classes by their text.
    let codes = of(&["20240101", "20240102", "20240103"]).expect("a target");
    assert_eq!(codes.classes(), ["20240101", "20240102", "20240103"]);
}

#[test]
fn regression_targets_are_standardised_and_come_back() {
    let data = read("diabetes.csv", "progression").expect("diabetes").training;
    let Targets::Numbers { values, .. } = data.targets() else { panic!("progression is a number") };
    let TargetEncoding::Standardised { mean, scale } = data.preprocessing().target else {
        panic!("it is standardised");
    };
    // numpy: y.mean(), y.std()
    assert!((mean - 152.133_48).abs() < 1e-3 && (scale - 77.005_75).abs() < 1e-3, "{mean} {scale}");
    let mut restored = values.clone();
    data.preprocessing().target.restore(&mut restored);
    assert!((restored[0] - 151.0).abs() < 1e-3 && (restored[1] - 75.0).abs() < 1e-3);
    let plain = TableOptions { preprocess: Preprocess::None, ..options("progression") };
    let data = prepare(&table("diabetes.csv").into(), &plain).expect("diabetes").training;
    assert!(matches!(data.targets(), Targets::Numbers { values, .. } if values[0] == 151.0));
}

#[test]
fn classes_and_rows_are_weighed() {
    let rows = "1,a,2\n2,a,1\n3,a,0.5\n4,b,4\n";
    let own = TableOptions {
        target: Some("y".into()),
        class_weight: ClassWeight::Balanced,
        sample_weight: Some("w".into()),
        ..TableOptions::default()
    };
    let data = text(&format!("x,y,w\n{rows}"), &own).expect("a table").training;
    assert_eq!(data.feature_names(), ["x"]);
    let expected = [4.0 / 3.0, 2.0 / 3.0, 1.0 / 3.0, 8.0];
    for (found, expected) in data.weights().expect("weights").iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
    }
    let error = refused(text(&format!("x,y,w\n{rows}5,b,-1\n"), &own));
    assert!(error.contains("row 5, column `w`") && error.contains("negative"), "{error}");
}

#[test]
fn predictions_take_the_columns_by_name_and_classes_are_checked() {
    let training = read("formats/table.csv", "y").expect("a table").training;
    let preprocessing = training.preprocessing();
    let features =
        read_features(&table("formats/table.tsv").into(), Layout::default(), preprocessing);
    let features = features.expect("the same table");
    assert_eq!((features.rows, &features.values[..]), (12, training.features()));
    assert_eq!(features.warnings, []);
    let schema = training.schema();
    let labelled = |text: &str| {
        read_labelled(&Source::Memory(text.into()), None, Layout::default(), &schema, None)
    };
    let own = "y,flag,word,gap,real,whole\n1.0,true,red,,0.5,3\n";
    let (data, _) = labelled(own).expect("one row");
    assert_eq!(data.targets(), &Targets::Binary { values: vec![1.0], columns: 1 });
    let error = labelled(&own.replace("1.0,", "7,")).expect_err("no such class").to_string();
    assert!(error.contains("line 2") && error.contains("no class `7`"), "{error}");
    let error = labelled(&own.replace("word", "wrod")).expect_err("no such column").to_string();
    assert!(error.contains("no column `word`") && error.contains("did you mean `wrod`"), "{error}");
}

#[test]
fn numbers_survive_every_detour() {
    // A word in the last row makes words of all numbers before it, as they were written.
    let texts = ["1", "2.50", "007", "1e3", "-0", "16777217", "0.1", "NA", "3"];
    let rows: String =
        texts.iter().cycle().take(900).map(|x| format!("{x},{}\n", x.len() % 2)).collect();
    let table = format!("x,y\n{rows}{}", "word,1\n".repeat(100));
    let own = TableOptions { categorical: vec!["x".into()], ..TableOptions::default() };
    let data = text(&table, &own).expect("categories").training;
    let Encoding::Categorical { categories, .. } = encoding(&data, "x") else { panic!("words") };
    assert_eq!(categories, &["-0", "0.1", "007", "1", "16777217", "1e3", "2.50", "3", "word"]);
    // Where the user has not said so, it is said what they are taken for.
    let own = text(&table, &TableOptions::default()).expect("categories");
    assert_eq!(own.training, data);
    let examples = vec!["1".to_owned(), "word".to_owned()];
    assert!(own.warnings.contains(&Warning::PartlyNumbers { column: "x".into(), examples }));
    let whole = table.replace("2.50", "2").replace("0.1", "5").replace("1e3", "8");
    let data = text(&whole, &TableOptions::default()).expect("categories").training;
    let Encoding::Categorical { categories, .. } = encoding(&data, "x") else { panic!("words") };
    assert_eq!(categories, &["-0", "007", "1", "16777217", "2", "3", "5", "8", "word"]);
}
