//! Tables as people have them: one table in the files of several programs, and small tables that a
//! reader may misunderstand.

use halfplane::data::{
    DropReason, Encoding, FirstLine, Layout, Prepared, Source, TableOptions, Warning, prepare,
    read_features, read_labelled,
};
use halfplane::{Result, Targets, Task};

use super::{categories, encoding, found, names, plain, text};

fn read(name: &str, options: &TableOptions) -> Result<Prepared> {
    prepare(&found(name).into(), options)
}

fn good(name: &str, options: &TableOptions) -> Prepared {
    read(name, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn refused(name: &str, options: &TableOptions) -> String {
    read(name, options).expect_err("it is refused").to_string()
}

/// The files of one table, as pandas, polars, DuckDB, R and NumPy write it.
fn same() -> Vec<&'static str> {
    let all = [
        "same-polars.csv",
        "same-duckdb.csv",
        "same-r.csv",
        "same-numpy.npz",
        "same-pandas.parquet",
        "same-polars.parquet",
        "same-duckdb.parquet",
    ];
    all.into_iter().filter(|name| cfg!(feature = "parquet") || !name.ends_with("parquet")).collect()
}

#[test]
fn one_table_is_one_in_the_files_of_every_program() {
    for options in [
        plain(),
        TableOptions { categorical: names(&["level"]), ..plain() },
        TableOptions { target: Some("level".into()), categorical: names(&["size"]), ..plain() },
        TableOptions { target: Some("word".into()), ..plain() },
    ] {
        let reference = good("same-pandas.csv", &options).training;
        assert_eq!(categories(&reference, "flag"), ["False", "True"]);
        for name in same() {
            let data = good(name, &options).training;
            assert_eq!(data.features(), reference.features(), "{name}");
            assert_eq!(data.targets(), reference.targets(), "{name}");
            // R's file and an array do not tell 1.0 from 1, and a class has the name that the file has.
            let is_bare = matches!(name, "same-r.csv" | "same-numpy.npz");
            let bare = |own: &String| own.trim_end_matches(".0").to_owned();
            let reference_classes: Vec<String> = match is_bare {
                true => reference.classes().iter().map(bare).collect(),
                false => reference.classes().to_vec(),
            };
            assert_eq!(data.classes(), reference_classes, "{name}");
            // R's row names are a column more, which is left out.
            assert_eq!(data.feature_names(), reference.feature_names(), "{name}");
        }
    }
    assert_eq!(good("same-pandas.csv", &plain()).training.classes(), ["False", "True"]);
}

#[test]
fn a_model_of_one_file_takes_every_other() {
    for options in [plain(), TableOptions { categorical: names(&["level"]), ..plain() }] {
        for own in same() {
            let data = good(own, &options).training;
            for other in same() {
                let source = Source::from(found(other));
                let features = read_features(&source, Layout::default(), data.preprocessing());
                let features = features.unwrap_or_else(|error| panic!("{own}, {other}: {error}"));
                assert_eq!(features.values, data.features(), "{own}, {other}");
                assert_eq!(features.warnings, [], "{own}, {other}");
                let labelled =
                    read_labelled(&source, None, Layout::default(), &data.schema(), None);
                let (labelled, _) =
                    labelled.unwrap_or_else(|error| panic!("{own}, {other}: {error}"));
                assert_eq!(labelled.targets(), data.targets(), "{own}, {other}");
            }
        }
    }
}

#[test]
#[cfg(feature = "parquet")]
fn truth_values_of_one_frame_are_the_same_from_csv_and_parquet() {
    let data = good("booleans.csv", &plain()).training;
    let other = good("booleans.parquet", &plain()).training;
    assert_eq!(data, other);
    let features = |name: &str| {
        read_features(&found(name).into(), Layout::default(), data.preprocessing()).expect("rows")
    };
    assert_eq!(features("booleans-new.csv"), features("booleans-new.parquet"));
    // What an older version has trained on such a file keeps its spelling.
    let mut old = data.preprocessing().clone();
    if let Encoding::Categorical { categories, .. } = &mut old.columns[0].encoding {
        *categories = names(&["false", "true"]);
    }
    for name in ["booleans-new.csv", "booleans-new.parquet"] {
        let rows = read_features(&found(name).into(), Layout::default(), &old).expect("rows");
        assert_eq!(rows, features("booleans-new.csv"));
    }
}

#[test]
#[cfg(feature = "parquet")]
fn a_type_that_a_file_tells_is_stronger_than_a_guess() {
    let data = good("string-codes.parquet", &plain()).training;
    assert_eq!((data.rows(), data.classes()), (60, &names(&["01", "1", "2"])[..]));
    assert_eq!(categories(&data, "zip")[0], "00501");
    let data = good("categories.parquet", &plain()).training;
    assert_eq!(categories(&data, "kind"), ["1", "2", "3"]);
    let data = good("decimals.parquet", &plain()).training;
    for width in ["d5", "d12", "d38", "d76"] {
        // numpy: np.arange(-6, 6) / 4, mean -0.125
        assert!(
            matches!(encoding(&data, width), Encoding::Numeric { mean, .. } if *mean == -0.125),
            "{width}"
        );
        let column =
            data.feature_names().iter().position(|name| name == width).expect("it is there");
        assert_eq!(data.features()[column], data.features()[0], "{width}");
    }
}

#[test]
#[cfg(feature = "parquet")]
fn an_index_is_neither_target_nor_input_unless_asked_for() {
    let Prepared { training, warnings, .. } = good("index.parquet", &plain());
    assert_eq!((&*training.target_name(), training.feature_names()), ("y", names(&["a", "b"])));
    let index = Warning::Index { column: "__index_level_0__".into(), declared: true };
    assert_eq!(warnings, [index]);
    for options in [
        TableOptions {
            numeric: names(&["__index_level_0__"]),
            target: Some("y".into()),
            ..plain()
        },
        TableOptions { target: Some("__index_level_0__".into()), ..plain() },
    ] {
        let kept = good("index.parquet", &options);
        assert_eq!(
            kept.warnings.iter().filter(|own| matches!(own, Warning::Index { .. })).count(),
            0
        );
        assert_eq!(kept.training.inputs(), if options.numeric.is_empty() { 4 } else { 3 });
    }
    // The same frame as CSV, and its other rows.
    let csv = good("index.csv", &plain());
    assert_eq!(csv.training.features(), training.features());
    let index = Warning::Index { column: "x1".into(), declared: false };
    assert_eq!(csv.warnings, [index]);
    let test = read_labelled(
        &found("index-test.csv").into(),
        None,
        Layout::default(),
        &training.schema(),
        None,
    );
    assert_eq!(test.expect("rows").0.inputs(), 2);
}

#[test]
fn a_nameless_column_that_numbers_rows_is_left_out() {
    let table = |name: &str, index: &dyn Fn(usize) -> String| {
        let rows: String =
            (0..30).map(|row| format!("{},{},{}\n", index(row), row * row % 7, row % 2)).collect();
        format!("{name},a,y\n{rows}")
    };
    for name in ["", "Unnamed: 0", "...1"] {
        let own = text(&table(name, &|row| (row * 7 % 30).to_string()), &plain()).expect("a table");
        assert_eq!(own.training.feature_names(), ["a"], "{name}");
        assert_eq!(own.warnings.len(), 1, "{name}");
        let shown = own.warnings[0].to_string();
        assert!(shown.contains("numbers the rows") && shown.contains("`numeric = "), "{shown}");
        let column = if name.is_empty() { "x1" } else { name };
        assert_eq!(*encoding(&own.training, column), Encoding::Dropped(DropReason::Index));
        let keep = TableOptions { numeric: names(&[column]), ..plain() };
        let kept = text(&table(name, &|row| (row * 7 % 30).to_string()), &keep).expect("a table");
        assert_eq!(kept.training.inputs(), 2, "{name}");
        // Other numbers are none.
        for other in [
            &|row: usize| (row / 2).to_string(),
            &(|row: usize| format!("{row}.5")) as &dyn Fn(usize) -> String,
        ] {
            let own = text(&table(name, other), &plain()).expect("a table");
            assert_eq!(own.training.inputs(), 2, "{name}");
        }
    }
    let named = text(&table("b", &|row| (row * 7 % 30).to_string()), &plain()).expect("a table");
    assert_eq!(named.training.inputs(), 2);
}

#[test]
fn targets_that_are_numbers_for_people_are_refused() {
    let error = refused("target-money.csv", &plain());
    assert!(error.contains("line 2") && error.contains("`$1,000`"), "{error}");
    assert!(error.contains("column `y`") && error.contains("`task = multiclass`"), "{error}");
    let error = refused("target-names.csv", &plain());
    assert!(error.contains("classes in 24 rows") && error.contains("`target`"), "{error}");
    let table = |value: &dyn Fn(usize) -> String| {
        let rows: String =
            (0..24).map(|row| format!("{},\"{}\"\n", row * 5 % 7, value(row))).collect();
        format!("a,y\n{rows}")
    };
    for (value, part) in [
        (&(|row: usize| format!("{row}%")) as &dyn Fn(usize) -> String, "`0%`"),
        (&|row| format!("2024-01-{:02}", row + 1), "dates"),
        (&|row| format!("{row}.5 kg"), "unit, `kg`"),
        (&|row| format!("1 {:03}", row), "`1 000`"),
        (&|row| format!("({row}.25)"), "`(0.25)`"),
        (&|row| format!("{row}.5-"), "`0.5-`"),
        (&|row| format!("{row},5"), "decimal point"),
        (&|row| if row == 7 { "n/k".into() } else { format!("{row}.5") }, "`n/k` is not a number"),
    ] {
        let error = text(&table(value), &plain()).expect_err("it is refused").to_string();
        assert!(error.contains(part) && error.contains("column `y`"), "{error}");
    }
    // A minus sign is one, whatever its character.
    let own = text(&table(&|row| format!("\u{2212}{row}.5")), &plain()).expect("numbers").training;
    assert_eq!(own.task(), Task::Regression);
    let Targets::Numbers { values, .. } = own.original_targets() else { panic!("numbers") };
    assert!((values[3] + 3.5).abs() < 1e-5, "{values:?}");
}

#[test]
fn a_first_line_that_is_a_row_is_noticed() {
    let error = refused("no-header.csv", &plain());
    assert!(
        error.contains("line 1") && error.contains("looks like a row: `20`, `Private`"),
        "{error}"
    );
    assert!(error.contains("`header = row`") && error.contains("`header = names`"), "{error}");
    let layout = Layout { header: FirstLine::Row, ..Layout::default() };
    let data = good("no-header.csv", &TableOptions { layout, ..plain() }).training;
    assert_eq!((data.rows(), data.classes()), (24, &names(&["<=50K", ">50K"])[..]));
    let layout = Layout { header: FirstLine::Names, ..Layout::default() };
    assert_eq!(good("no-header.csv", &TableOptions { layout, ..plain() }).training.rows(), 23);
}

#[test]
fn delimiters_that_are_as_good_are_asked_for() {
    let rows = "u;v,w\nx;y,z\n".repeat(6);
    let error = text(&format!("a;b,c\n{rows}"), &plain()).expect_err("two guesses").to_string();
    assert!(error.contains("commas or by semicolons") && error.contains("`delimiter`"), "{error}");
    for (delimiter, target) in [(b',', "c"), (b';', "b,c")] {
        let layout = Layout { delimiter: Some(delimiter), ..Layout::default() };
        let data = text(&format!("a;b,c\n{rows}"), &TableOptions { layout, ..plain() });
        assert_eq!(data.expect("it is said").training.target_name(), target);
    }
}

#[test]
fn a_delimiter_at_the_end_of_lines_makes_no_column() {
    let data = good("trailing-delimiter.csv", &plain()).training;
    assert_eq!((&*data.target_name(), data.classes()), ("y", &names(&["no", "yes"])[..]));
    let own = TableOptions { target: Some("y".into()), ..plain() };
    let rows =
        |mark: &str| (0..9).map(|row| format!("{row},{}{mark}\n", row % 2)).collect::<String>();
    for (head, mark) in [("a,y,", ","), ("a,y", ","), ("a,y, ", ", ")] {
        let data = text(&format!("{head}\n{}", rows(mark)), &own).expect("a table").training;
        assert_eq!((data.rows(), data.feature_names()), (9, names(&["a"])), "{head}");
    }
    // A field after it is none to be ignored.
    let error = text(&format!("a,y,\n{}3,1,7\n", rows(",")), &plain());
    assert!(error.is_err(), "the last column has a value");
    let error = text(&format!("a,y\n{}3,1,7\n", rows(",")), &plain()).expect_err("it is longer");
    assert!(error.to_string().contains("line 11"), "{error}");
}

#[test]
fn arrays_of_labels_have_names_that_clash_with_none() {
    let labelled = |data: &str, labels: &str, header| {
        let layout = Layout { header, ..Layout::default() };
        let labels = Some(Source::from(found(labels)));
        good(data, &TableOptions { layout, labels, ..plain() }).training
    };
    let arrays = labelled("rows.npy", "labels.npy", FirstLine::Infer);
    assert_eq!((arrays.rows(), &*arrays.target_name(), arrays.task()), (60, "y", Task::Binary));
    assert_eq!(arrays.feature_names(), ["x1", "x2", "x3"]);
    let texts = labelled("rows.csv", "labels.csv", FirstLine::Row);
    assert_eq!((texts.feature_names(), &*texts.target_name()), (arrays.feature_names(), "y"));
    // The remedy of a clash of names that files have themselves works.
    let folder = tempfile::tempdir().expect("a folder");
    let labels = folder.path().join("labels.csv");
    std::fs::write(&labels, "y\nno\nyes\nno\nyes\n").expect("it is written");
    let table = "y,a\n1,5\n2,6\n3,8\n4,6\n";
    let own = TableOptions { labels: Some(labels.into()), ..plain() };
    let error = text(table, &own).expect_err("a clash").to_string();
    assert!(error.contains("`drop = y`"), "{error}");
    for target in [None, Some("y".into())] {
        let own = TableOptions { drop: names(&["y"]), target, ..own.clone() };
        let data = text(table, &own).expect("it is dropped").training;
        assert_eq!((data.feature_names(), &*data.target_name()), (names(&["a"]), "y"));
    }
}

/// The fields of NumPy's records are columns, as in the CSV of the same frame.
#[test]
fn records_are_columns_by_name() {
    let reference = good("records.csv", &plain());
    let inputs = reference.training.feature_names();
    assert!(inputs.contains(&"when hour".into()) && inputs.contains(&"at2".into()), "{inputs:?}");
    for name in ["records.npy", "records.npz"] {
        if name.ends_with("npz") && !cfg!(feature = "npz") {
            continue;
        }
        let own = good(name, &plain());
        assert_eq!(own.training.features(), reference.training.features(), "{name}");
        assert_eq!(own.training.feature_names(), inputs, "{name}");
        assert_eq!(own.warnings, reference.warnings, "{name}");
    }
}

#[test]
fn made_up_names_clash_with_none() {
    let data = good("nameless-clash.csv", &plain()).training;
    let columns: Vec<&str> =
        data.preprocessing().columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["x2", "x2_2"]);
    let rows = "1,2,3,no\n3,5,4,yes\n6,1,2,no\n";
    let data = text(&format!("x2,,x2_2,y\n{rows}"), &plain()).expect("a table").training;
    assert_eq!(data.feature_names(), ["x2", "x2_3", "x2_2"]);
}

#[test]
fn arrays_are_read_as_numpy_sees_them() {
    let own = TableOptions { preprocess: halfplane::data::Preprocess::None, ..plain() };
    let own = TableOptions { task: Some(Task::Regression), ..own };
    let cube = good("cube-c.npy", &own).training;
    assert_eq!(cube.features()[..5], [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(good("cube-fortran.npy", &own).training, cube);
    // Bytes of two axes are rows of numbers, not pictures: each column has a scale of its own.
    let data = good("bytes.npy", &plain()).training;
    let mean = |name: &str| match encoding(&data, name) {
        Encoding::Numeric { mean, .. } => *mean,
        other => panic!("{other:?}"),
    };
    assert_eq!((mean("x1"), mean("x2")), (2.5, 175.0));
}

#[test]
fn thousands_set_apart_are_told_of_by_line() {
    let layout = Layout { decimal: halfplane::data::Decimal::Comma, ..Layout::default() };
    let error = refused("german-thousands.csv", &TableOptions { layout, ..plain() });
    assert!(error.contains("line 2: column `a`: `1.234,5`"), "{error}");
    assert!(error.contains("sets thousands apart"), "{error}");
    for word in ["1 234", "(1.25)", "1.5-", "$5", "0x1F", "7 %"] {
        let rows: String = (0..30).map(|row| format!("{row}.5,{}\n", row % 2)).collect();
        let error = text(&format!("a,y\n{rows}{word},1\n"), &plain()).expect_err("it is refused");
        let error = error.to_string();
        assert!(error.contains("line 32") && error.contains(&format!("`{word}`")), "{error}");
    }
}

#[test]
fn years_and_counted_columns_are_names() {
    for (header, row) in [
        ("land,1998,1999,2000,2001", "A,#,2.5,3,#"),
        ("0,1,2,3,4", "5.5,#,1,4,#"),
        ("id,2020,2021,2022,2023,y", "b,1,#,3,4,#"),
    ] {
        let rows = (0..20).map(|at| format!("{row}\n").replace('#', ["0", "1"][at % 2]));
        let rows: String = rows.collect();
        let own = text(&format!("{header}\n{rows}"), &plain()).expect("a header");
        assert_eq!(own.training.rows(), 20, "{header}");
    }
    for (first, row) in [("1,2,3,4,5", "5,4,3,2,1"), ("2000,2001,2003,2004", "1,2,3,4")] {
        let rows = format!("{row}\n").repeat(20);
        let error = text(&format!("{first}\n{rows}"), &plain()).expect_err("a row");
        assert!(error.to_string().contains("holds numbers"), "{error}");
    }
}
