//! What the values of columns and targets are taken for, and what is said about it: missing targets, words
//! among numbers, rare texts, keys, counts.

use std::collections::BTreeMap;

use halfplane::Task;
use halfplane::data::{
    DropReason, Encoding, Layout, Source, TableOptions, Validation, Warning, read_features,
    read_labelled,
};

use super::{encoding, names, plain, text};

#[test]
fn rows_without_a_target_are_left_out() {
    let rows: String = (0..20)
        .map(|row| format!("{row},{},{}\n", row % 3, ["no", "yes", "NA", "yes", ""][row % 5]))
        .collect();
    let table = format!("a,b,y\n{rows}");
    let left_out =
        |column: &str| Warning::MissingTargets { column: column.into(), rows: 8, of: 20 };
    let own = text(&table, &plain()).expect("twelve rows have one");
    assert_eq!((own.training.rows(), own.training.classes()), (12, &names(&["no", "yes"])[..]));
    assert_eq!(own.warnings, [left_out("y")]);
    assert_eq!(own.training.class_counts(), [4, 8]);
    // Only the rows that are left count for the preprocessing: 0, 1, 3, 5, 6, 8, …, 18.
    assert!(
        matches!(encoding(&own.training, "a"), Encoding::Numeric { mean, .. } if (*mean - 106.0 / 12.0).abs() < 1e-5)
    );
    // Of numbers, too; and in validation and test rows, and in files of labels.
    let numbers = table.replace("no", "1.5").replace("yes", "2.5").replace("2.5\n3", "7.5\n3");
    let own = text(&numbers, &TableOptions { task: Some(Task::Regression), ..plain() });
    assert_eq!(own.expect("numbers").training.rows(), 12);
    let schema_of = text(&table, &plain()).expect("a table").training;
    let source = Source::Memory(table.clone().into());
    let (data, warnings) =
        read_labelled(&source, None, Layout::default(), &schema_of.schema(), None).expect("rows");
    assert_eq!((data.rows(), warnings), (12, vec![left_out("y")]));
    assert_eq!(data.features(), schema_of.features());
    let validation = Some(Validation::Table { data: source, labels: None });
    let own = text(&table, &TableOptions { validation, ..plain() }).expect("two tables");
    assert_eq!(own.validation.map(|data| data.rows()), Some(12));
    let folder = tempfile::tempdir().expect("a folder");
    let labels = folder.path().join("labels.csv");
    let lines: String = table
        .lines()
        .map(|line| line.rsplit(',').next().unwrap_or_default().to_owned() + ",\n")
        .collect();
    std::fs::write(&labels, lines).expect("it is written");
    let own = TableOptions { labels: Some(labels.into()), drop: names(&["y"]), ..plain() };
    let own = text(&table, &own).expect("labels");
    assert_eq!(own.training.features(), schema_of.features());
    // A split does not see them, and errors name rows as the file counts them.
    let half = TableOptions { validation: Some(Validation::Fraction(0.5)), ..plain() };
    let own = text(&table, &half).expect("halves");
    assert_eq!(own.training.rows() + own.validation.map_or(0, |data| data.rows()), 12);
    let weighted =
        TableOptions { sample_weight: Some("w".into()), target: Some("y".into()), ..plain() };
    let error = text("a,w,y\n1,1,\n2,1,no\n3,-1,yes\n4,1,no\n", &weighted).expect_err("negative");
    assert!(error.to_string().contains("row 3, column `w`"), "{error}");
    // More than half, of few: the column is likely the wrong one.
    let error = text("a,y\n1,\n2,\n3,\n4,no\n5,yes\n", &plain()).expect_err("most are missing");
    assert!(error.to_string().contains("3 of 5 rows have no target"), "{error}");
    // Of many, the others are enough, unless the word for what is missing may be a class of its own.
    let table = |missing: &str, classes: [&str; 2]| -> String {
        let rows = (0..40).map(|row| match row % 4 {
            0 => format!("{row},{}\n", classes[row / 4 % 2]),
            _ => format!("{row},{missing}\n"),
        });
        format!("a,y\n{}", rows.collect::<String>())
    };
    for (missing, classes) in [("", ["no", "yes"]), ("", ["0", "1"]), ("NA", ["0.5", "1.5"])] {
        let own = text(&table(missing, classes), &plain()).expect("ten rows");
        let told = Warning::MissingTargets { column: "y".into(), rows: 30, of: 40 };
        assert!(own.training.rows() == 10 && own.warnings.contains(&told), "{:?}", own.warnings);
    }
    let error = text(&table("None", ["Gold", "Silver"]), &plain()).expect_err("a class, perhaps");
    assert!(error.to_string().contains("30 of 40 rows have no target"), "{error}");
}

#[test]
fn a_few_words_among_numbers_are_missing_in_later_rows_too() {
    let rain = |row: usize| match row % 13 {
        0 => "T".to_owned(),
        5 => String::new(),
        _ => format!("{}", row as f32 / 4.0),
    };
    let table = |rows: usize| {
        let rows = (0..rows).map(|row| format!("{},{row},{}\n", rain(row), row % 2));
        format!("rain,a,y\n{}", rows.collect::<String>())
    };
    let own = text(&table(60), &plain()).expect("numbers");
    let told = Warning::StrayWords { column: "rain".into(), rows: 5, words: names(&["T"]) };
    assert!(own.warnings.contains(&told), "{:?}", own.warnings);
    // As an empty field, and as if the user had said so.
    let data = own.training;
    let empty = text(&table(60).replace('T', ""), &plain()).expect("numbers").training;
    assert_eq!(data.features(), empty.features());
    let said = BTreeMap::from([("rain".to_owned(), names(&["T"]))]);
    let said = TableOptions { na_columns: said, ..plain() };
    let said = text(&table(60), &said).expect("numbers");
    assert_eq!(data, said.training);
    assert!(!said.warnings.contains(&told));
    // What a model of it reads.
    let read = |rows: &str| {
        read_features(&Source::Memory(rows.into()), Layout::default(), data.preprocessing())
    };
    let rows = read("rain,a\n1,1\nT,1\n,1\n").expect("rows");
    assert!(rows.warnings.is_empty(), "{:?}", rows.warnings);
    let width = data.inputs();
    assert_eq!(rows.values[width..2 * width], rows.values[2 * width..]);
    let rows = read("rain,a\n1,1\nmist,1\n").expect("rows");
    assert!(matches!(&rows.warnings[..], [Warning::WordsAmongNumbers { rows: 1, .. }]));
}

/// 142 texts of 8 rows each are categories; of texts that are rare, only the frequent ones are.
/// A column that was written down after the target was known makes any score useless.
#[test]
fn columns_that_alone_tell_the_target_are_told_of() {
    let rows = |row: &dyn Fn(usize) -> String| {
        let rows: String = (0..60).map(|own| format!("{},{}\n", own * 7 % 13, row(own))).collect();
        let read = text(&format!("a,b,y\n{rows}"), &plain()).expect("a table");
        let is_told =
            |own: &&Warning| matches!(own, Warning::TellsTarget { column, .. } if column == "b");
        read.warnings.iter().filter(is_told).count()
    };
    let class = |row: usize| row / 4 % 2;
    let number = |row: usize| 2.5 * row as f64 + 0.25;
    for (told, row) in [
        // The same in other words, after the fact, as a limit, as a missing value.
        (1, &|row| format!("{},{}", ["no", "yes"][class(row)], class(row)) as String),
        (1, &|row| {
            format!("{},{}", ["home", "ward", "away"][class(row) * (1 + row % 2)], class(row))
        }),
        (1, &|row| format!("{},{}", 100 * class(row) + row, class(row))),
        (1, &|row| format!("{},{}", ["", "3"][class(row)], class(row))),
        (1, &|row| format!("{},{}", 9.0 * number(row) + 32.0, number(row))),
        (0, &|row| format!("{},{}", ["no", "yes"][usize::from(row == 9) ^ class(row)], class(row))),
        (0, &|row| format!("{},{}", 50 * class(row) + row, class(row))),
        (0, &|row| format!("{},{}", number(row).sqrt(), number(row))),
    ] as [(usize, &dyn Fn(usize) -> String); 8]
    {
        assert_eq!(rows(row), told, "{}", row(17));
    }
}

#[test]
fn texts_are_pooled_only_where_many_are_rare() {
    let of = |texts: &dyn Fn(usize) -> String, rows: usize| {
        let rows: String =
            (0..rows).map(|row| format!("{},{},{}\n", texts(row), row % 7, row / 5 % 2)).collect();
        let own = text(&format!("w,a,y\n{rows}"), &plain()).expect("a table");
        (encoding(&own.training, "w").clone(), own.warnings)
    };
    let count = |encoding: &Encoding| match encoding {
        Encoding::Categorical { categories, other, .. } => {
            (categories.len(), *other == halfplane::data::UnknownCategory::Pooled)
        }
        other => panic!("{other:?}"),
    };
    let (countries, warnings) = of(&|row| format!("country {}", row % 142), 142 * 8);
    assert_eq!((count(&countries), warnings), ((142, false), vec![]));
    // Four words in ten of 600 rows.
    let (few, warnings) = of(
        &|row| {
            if row % 60 == 0 { ["a", "b", "c", "d"][row / 60 % 4].into() } else { String::new() }
        },
        600,
    );
    assert_eq!((count(&few), warnings), ((4, false), vec![]));
    // A long tail: names of 300 rows, and as many that occur twice.
    let tail =
        |row: usize| if row < 300 { format!("n{}", row % 6) } else { format!("t{}", row / 2) };
    let (tail, warnings) = of(&tail, 600);
    assert_eq!(count(&tail), (6, true));
    let pooled = Warning::PooledTexts { column: "w".into(), texts: 156, kept: 6, rows: 300 };
    assert_eq!(warnings, [pooled]);
    // Nothing but rare ones are told as that, and not as a text of its own in every row.
    let (rare, warnings) = of(&|row| format!("t{}", row / 3), 600);
    assert_eq!(rare, Encoding::Dropped(DropReason::RareTexts));
    assert_eq!(warnings, [Warning::RareTexts { column: "w".into(), texts: 200, rows: 600 }]);
    let shown = warnings[0].to_string();
    assert!(
        shown.contains("200 different texts in 600 rows") && !shown.contains("nearly every"),
        "{shown}"
    );
}

#[test]
fn shuffled_keys_are_told_of() {
    let keys = |key: &dyn Fn(usize) -> String| {
        let rows: String =
            (0..100).map(|row| format!("{},{},{}\n", key(row), row % 7, row % 2)).collect();
        text(&format!("id,a,y\n{rows}"), &plain()).expect("a table").warnings
    };
    let told = [Warning::Keys { column: "id".into() }];
    assert_eq!(keys(&|row| (row * 37 % 100).to_string()), told);
    assert_eq!(keys(&|row| (10_000 + row * 37 % 100 * 13).to_string()), told);
    assert_eq!(keys(&|row| row.to_string()), [Warning::RowNumbers { column: "id".into() }]);
    for other in [&(|row: usize| (row % 50).to_string()) as &dyn Fn(usize) -> String, &|row| {
        format!("{}.5", row * 37 % 100)
    }] {
        assert_eq!(keys(other), []);
    }
}

#[test]
fn counts_that_are_taken_for_classes_are_told_of() {
    let target = |y: &dyn Fn(usize) -> usize, task| {
        let rows: String = (0..300).map(|row| format!("{},{}\n", row % 7, y(row))).collect();
        text(&format!("a,y\n{rows}"), &TableOptions { task, ..plain() }).expect("a table")
    };
    // Children: most have none, and few have many.
    let children = |row: usize| (row % 300).checked_ilog2().map_or(0, |log| 8 - log as usize);
    let own = target(&children, None);
    assert_eq!(own.training.task(), Task::Multiclass);
    let told = Warning::OrderedClasses { column: "y".into(), first: "0".into(), last: "8".into() };
    assert_eq!(own.warnings, [told]);
    assert!(own.warnings[0].to_string().contains("`task = regression`"));
    // Kinds of about as many rows each, few of them, and a task that is said.
    assert_eq!(target(&|row| row % 10, None).warnings, []);
    assert_eq!(target(&|row| children(row).min(3), None).warnings, []);
    assert_eq!(target(&children, Some(Task::Multiclass)).warnings, []);
}

#[test]
fn a_target_of_one_number_is_told_of() {
    let told = |y: &dyn Fn(usize) -> String| {
        let rows: String = (0..30).map(|row| format!("{},{}\n", row % 7, y(row))).collect();
        let own = TableOptions { task: Some(Task::Regression), ..plain() };
        text(&format!("a,y\n{rows}"), &own).expect("a table").warnings
    };
    let constant = |value| Warning::ConstantTarget { column: "y".into(), value };
    assert_eq!(told(&|_| "2.5".into()), [constant(2.5)]);
    assert_eq!(told(&|_| "0".into()), [constant(0.0)]);
    assert_eq!(
        told(&|row| if row == 3 { "NA".into() } else { "-1".into() })[1..],
        [constant(-1.0)]
    );
    assert_eq!(told(&|row| (row % 2).to_string()), []);
}
