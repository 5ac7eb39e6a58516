//! Dates and times of the day as inputs: the same from every program's files, and read only where their
//! order is clear.

use std::fs;

use halfplane::data::{
    DateFormat, DatePart, DropReason, Encoding, Layout, MissingNumber, Preprocess, Source,
    TableOptions, Warning, prepare, read_features,
};
use halfplane::{Dataset, Task};

use super::{encoding, found, names, plain, text};

/// A table of one column of texts, a number, and a target.
fn table(column: &str, texts: &dyn Fn(usize) -> String, rows: usize) -> String {
    let row = |row: usize| format!("\"{}\",{},{}\n", texts(row), row * 5 % 7, row % 2);
    format!("{column},a,y\n{}", (0..rows).map(row).collect::<String>())
}

/// The parts of a column of dates, with the format of its texts.
fn parts(data: &Dataset, name: &str) -> (DateFormat, Vec<DatePart>) {
    match encoding(data, name) {
        Encoding::Date { format, parts, .. } => {
            (*format, parts.iter().map(|own| own.part).collect())
        }
        other => panic!("`{name}` is {other:?}"),
    }
}

fn same() -> impl Iterator<Item = &'static str> {
    [
        "dates-polars.csv",
        "dates-duckdb.csv",
        "dates-people.csv",
        "dates-numpy.npz",
        "dates-pandas.parquet",
        "dates-millis.parquet",
        "dates-nanos.parquet",
        "dates-int96.parquet",
        "dates-polars.parquet",
        "dates-duckdb.parquet",
    ]
    .into_iter()
    .filter(|name| cfg!(feature = "parquet") || !name.ends_with("parquet"))
}

#[test]
fn dates_of_one_table_are_one_in_the_files_of_every_program() {
    let reference = prepare(&found("dates-pandas.csv").into(), &plain()).expect("a table");
    let told = names(&["when", "zoned", "day"]);
    assert_eq!(reference.warnings, [Warning::Dates { columns: told.clone() }]);
    let reference = reference.training;
    assert_eq!(reference.inputs(), 6 + 1 + 6 + 4 + 1);
    for name in same() {
        let data = prepare(&found(name).into(), &plain());
        let data = data.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(data.training.features(), reference.features(), "{name}");
        assert_eq!(data.training.feature_names(), reference.feature_names(), "{name}");
        assert_eq!(data.warnings, [Warning::Dates { columns: told.clone() }], "{name}");
        // A model of this file takes every other, if the files say where day and month stand.
        for other in same().filter(|own| *own != "dates-people.csv" || name == *own) {
            let source = Source::from(found(other));
            let rows = read_features(&source, Layout::default(), data.training.preprocessing());
            let rows = rows.unwrap_or_else(|error| panic!("{name}, {other}: {error}"));
            assert_eq!(rows.values, reference.features(), "{name}, {other}");
            assert_eq!(rows.warnings, [], "{name}, {other}");
        }
    }
}

#[test]
fn parts_are_those_of_pandas() {
    let data = prepare(&found("dates-pandas.csv").into(), &plain()).expect("a table").training;
    let golden = fs::read_to_string(found("dates-parts.csv")).expect("it is there");
    let mut lines = golden.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("names");
    let rows: Vec<Vec<&str>> = lines.collect();
    let mut compared = 0;
    for (input, name) in data.feature_names().iter().enumerate() {
        let Some(at) = header.iter().position(|own| own == name) else { continue };
        let numbers = rows.iter().map(|row| row[at].parse::<f64>().ok());
        let known: Vec<f64> = numbers.clone().flatten().collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let squares = known.iter().map(|own| (own - mean).powi(2)).sum::<f64>();
        let scale = (squares / known.len() as f64).sqrt();
        for (row, expected) in data.features().chunks(data.inputs()).zip(numbers) {
            let expected = expected.map_or(0.0, |own| (own - mean) / scale);
            assert!((f64::from(row[input]) - expected).abs() < 1e-4, "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 16 * 60);
}

#[test]
fn parts_that_say_nothing_are_left_out() {
    use DatePart::{Days, Hour, Minute, Month, Weekday, Year};

    let of = |texts: &dyn Fn(usize) -> String| {
        parts(&text(&table("when", texts, 48), &plain()).expect("dates").training, "when")
    };
    let day = |row: usize| format!("2024-03-{:02}", row % 28 + 1);
    assert_eq!(of(&day), (DateFormat::Ymd, vec![Days, Weekday]));
    assert_eq!(of(&|row| day(row) + " 00:00:00"), (DateFormat::Ymd, vec![Days, Weekday]));
    // Of whole hours, the minute of the day says no more than the hour.
    let hours = |row: usize| format!("{} {:02}:00", day(row), row % 24);
    assert_eq!(of(&hours), (DateFormat::Ymd, vec![Days, Weekday, Hour]));
    let minutes = |row: usize| format!("{} {:02}:{:02}", day(row), row % 24, row);
    assert_eq!(of(&minutes), (DateFormat::Ymd, vec![Days, Weekday, Hour, Minute]));
    let clock = |row: usize| format!("{}{}{:02}", row % 24, if row == 5 { "." } else { ":" }, row);
    assert_eq!(of(&clock), (DateFormat::Clock, vec![Hour, Minute]));
    let years = |row: usize| format!("1.1.{}", 1950 + row);
    assert_eq!(of(&years), (DateFormat::Dmy, vec![Days, Year, Weekday]));
    let months = |row: usize| format!("{}/{}/1999", row % 12 + 1, row % 28 + 1);
    assert_eq!(of(&months), (DateFormat::Mdy, vec![Days, Month, Weekday]));
    // One date only, and none at all, are as in other columns.
    let constant = text(&table("when", &|_| "2024-03-01".into(), 20), &plain()).expect("a table");
    assert_eq!(*encoding(&constant.training, "when"), Encoding::Dropped(DropReason::Constant));
    assert_eq!(constant.warnings, []);
    let some = |row: usize| if row.is_multiple_of(3) { "2024-03-01".into() } else { String::new() };
    let some = text(&table("when", &some, 20), &plain()).expect("a table").training;
    assert_eq!(some.feature_names(), ["when missing", "a"]);
}

#[test]
fn missing_dates_and_other_words_are_told_of() {
    let gone = |row: usize| match row {
        3 | 4 => String::new(),
        5 => "unknown".into(),
        _ => format!("2024-{:02}-{:02}", row % 12 + 1, row % 28 + 1),
    };
    let own = text(&table("when", &gone, 60), &plain()).expect("dates");
    let told =
        Warning::WordsAmongDates { column: "when".into(), rows: 1, example: "unknown".into() };
    assert_eq!(own.warnings, [told.clone(), Warning::Dates { columns: names(&["when"]) }]);
    let data = own.training;
    let at = data.feature_names().iter().position(|name| name == "when missing").expect("an input");
    let missing: Vec<f32> = data.features().chunks(data.inputs()).map(|row| row[at]).collect();
    assert!((0..60).all(|row| missing[row] == if (3..6).contains(&row) { 1.0 } else { 0.0 }));
    let read = |rows: &str, data: &Dataset| {
        read_features(&Source::Memory(rows.into()), Layout::default(), data.preprocessing())
    };
    let rows = read("when,a\n2024-02-01,1\n2/3/2024,1\n17,2\n,3\n", &data).expect("rows");
    let told =
        Warning::WordsAmongDates { column: "when".into(), rows: 2, example: "2/3/2024".into() };
    assert_eq!(rows.warnings, [told]);
    assert_eq!((rows.values[at], rows.values[at + data.inputs()]), (0.0, 1.0));
    // Where the training rows missed none, that is said, too.
    let all = |row: usize| format!("2024-{:02}-{:02}", row % 12 + 1, row % 28 + 1);
    let data = text(&table("when", &all, 60), &plain()).expect("dates").training;
    assert!(matches!(encoding(&data, "when"), Encoding::Date { missing: MissingNumber::Mean, .. }));
    let rows = read("when,a\n2024-02-01,1\n,3\n", &data).expect("rows");
    let told = Warning::MissingValues { column: "when".into(), rows: 1, counts_as: "the mean" };
    assert_eq!(rows.warnings, [told]);
    // A time of the day is no date.
    let rows = read("when,a\n2024-02-01,1\n14:05,3\n", &data).expect("rows");
    assert!(matches!(&rows.warnings[..], [Warning::WordsAmongDates { rows: 1, .. }]));
}

#[test]
fn an_order_that_no_date_shows_is_asked_for() {
    let of = |texts: &dyn Fn(usize) -> String, order| {
        let layout = Layout { date_order: order, ..Layout::default() };
        text(&table("when", texts, 40), &TableOptions { layout, ..plain() })
    };
    for texts in [
        &(|row: usize| format!("{}/{}/2024", row % 12 + 1, row * 5 % 12 + 1))
            as &dyn Fn(usize) -> String,
        &|row| format!("0{}-0{}-202{} 10:{:02}", row % 9 + 1, row * 5 % 7 + 1, row % 5, row),
        &|row| format!("{}/{}/{}", row % 12 + 1, row * 7 % 12 + 1, 90 + row % 10),
    ] {
        let error = of(texts, None).expect_err("both are possible").to_string();
        assert!(error.contains("line 2") && error.contains("column `when`"), "{error}");
        assert!(error.contains("`date_order = dmy`") && error.contains("`drop = when`"), "{error}");
        for order in [DateFormat::Dmy, DateFormat::Mdy] {
            let data = of(texts, Some(order)).expect("it is said").training;
            assert_eq!(parts(&data, "when").0, order);
        }
        let options = TableOptions { categorical: names(&["when"]), ..plain() };
        assert!(text(&table("when", texts, 40), &options).is_ok());
    }
    // One text shows it, and points do; what is clear is not overruled.
    let one = |row: usize| match row {
        33 => "31/12/2024".into(),
        _ => format!("{}/{}/2024", row % 12 + 1, row * 5 % 12 + 1),
    };
    for order in [None, Some(DateFormat::Mdy)] {
        let found = of(&one, order).expect("dates").training;
        assert_eq!(
            parts(&found, "when").0,
            if order.is_none() { DateFormat::Dmy } else { DateFormat::Mdy }
        );
    }
    let points = |row: usize| format!("{}.{}.2024", row % 12 + 1, row * 5 % 12 + 1);
    assert_eq!(parts(&of(&points, None).expect("dates").training, "when").0, DateFormat::Dmy);
}

#[test]
fn options_overrule_dates() {
    let day = |row: usize| format!("2024-03-{:02}", row % 3 + 1);
    let of = |options: &TableOptions| text(&table("when", &day, 60), options);
    let categorical = TableOptions { categorical: names(&["when"]), ..plain() };
    let data = of(&categorical).expect("words").training;
    assert_eq!(data.feature_names()[..2], ["when=2024-03-01", "when=2024-03-02"]);
    let dropped = of(&TableOptions { drop: names(&["when"]), ..plain() }).expect("a table");
    assert_eq!((dropped.training.inputs(), dropped.warnings.len()), (1, 0));
    let error = of(&TableOptions { numeric: names(&["when"]), ..plain() }).expect_err("words");
    assert!(error.to_string().contains("`2024-03-01` is not a number"), "{error}");
    let error = of(&TableOptions { preprocess: Preprocess::None, ..plain() }).expect_err("words");
    assert!(error.to_string().contains("is not a number"), "{error}");
    let error = of(&TableOptions { target: Some("when".into()), ..plain() }).expect_err("dates");
    assert!(error.to_string().contains("dates or times"), "{error}");
    let classes =
        TableOptions { target: Some("when".into()), task: Some(Task::Multiclass), ..plain() };
    assert_eq!(of(&classes).expect("three classes").training.classes().len(), 3);
}

#[test]
#[cfg(feature = "parquet")]
fn options_overrule_dates_that_a_file_types() {
    let of = |name: &str, options: &TableOptions| prepare(&found(name).into(), options);
    let categorical = TableOptions { categorical: names(&["day"]), ..plain() };
    for name in ["dates-pandas.csv", "dates-pandas.parquet", "dates-numpy.npz"] {
        let data = of(name, &categorical).expect("words").training;
        assert!(
            matches!(encoding(&data, "day"), Encoding::Categorical { categories, .. }
            if categories.iter().all(|own| own.len() == 10)),
            "{name}"
        );
    }
    // The integers that the file stores.
    let numeric = TableOptions { numeric: names(&["day"]), ..plain() };
    for name in ["dates-pandas.parquet", "dates-numpy.npz"] {
        let data = of(name, &numeric).expect("numbers").training;
        assert!(matches!(encoding(&data, "day"), Encoding::Numeric { mean, .. } if *mean > 0.0));
        let rows = read_features(&found(name).into(), Layout::default(), data.preprocessing());
        assert_eq!(rows.expect("rows").values, data.features(), "{name}");
    }
}

/// More different moments than a column of words may have: they are told by the first of them.
#[test]
fn any_number_of_dates_is_read() {
    let minute = |row: usize| {
        let (day, minute) = (row / 1440, row % 1440);
        format!(
            "2024-{:02}-{:02} {:02}:{:02}",
            day / 28 + 1,
            day % 28 + 1,
            minute / 60,
            minute % 60
        )
    };
    let data = text(&table("when", &minute, 70_000), &plain()).expect("dates").training;
    assert_eq!(parts(&data, "when").1.len(), 5);
    let inputs = data.inputs();
    let last = &data.features()[69_999 * inputs..];
    let rows = format!("when,a\n{},3\n", minute(69_999));
    let rows = read_features(&Source::Memory(rows.into()), Layout::default(), data.preprocessing());
    assert_eq!(rows.expect("rows").values[..5], last[..5]);
}
