//! Several targets of a table: which columns they are, what they are, and what is refused.

use halfplane::data::{
    ClassWeight, FoldedTable, KFold, Prepared, Preprocess, Source, TableOptions, TargetColumn,
    TargetEncoding, TargetNames, TargetScale, Validation, Warning, prepare, read_evaluated,
};
use halfplane::{Dataset, Targets, Task};

use super::text;

/// Two inputs, three numbers, labels of digits, words and truth values, and a word of three.
const TABLE: &str = "\
x,w,a,b,c,u,v,t,k
1,5,10,0.1,7,yes,0,True,r
2,3,20,0.2,7,no,1,False,g
3,8,30,0.6,7,yes,1,True,b
4,1,40,0.3,7,no,0,True,r
5,9,60,0.4,7,no,1,False,g
6,2,50,0.8,7,yes,1,False,b
";

fn options(target: impl Into<TargetNames>) -> TableOptions {
    TableOptions { target: Some(target.into()), ..TableOptions::default() }
}

fn read(target: &str) -> Dataset {
    text(TABLE, &options(target)).expect("it is a table").training
}

fn refused(target: &str) -> String {
    text(TABLE, &options(target)).expect_err("it is refused").to_string()
}

fn names(data: &Dataset) -> Vec<&str> {
    data.target_columns().iter().map(|own| own.name.as_str()).collect()
}

#[test]
fn numbers_are_outputs_in_the_order_of_their_names() {
    let data = read("b,a");
    assert_eq!((data.task(), data.outputs(), names(&data)), (Task::Regression, 2, vec!["b", "a"]));
    let Targets::Numbers { values, columns: 2 } = data.original_targets() else {
        panic!("they are numbers");
    };
    for (found, expected) in values.iter().zip([0.1, 10.0, 0.2, 20.0, 0.6, 30.0]) {
        assert!((found - expected).abs() < 1e-5 * expected.max(1.0), "{values:?}");
    }
    assert!(!data.feature_names().iter().any(|own| own == "a" || own == "b"));
    assert_eq!((&*data.target_name(), data.classes().len()), ("b, a", 0));
}

#[test]
fn each_number_has_the_scale_that_it_has_alone() {
    let TargetEncoding::Each(each) = read("a,b").preprocessing().target.clone() else {
        panic!("each has a scale");
    };
    for (own, name) in each.iter().zip(["a", "b"]) {
        let alone = TableOptions { task: Some(Task::Regression), ..options(name) };
        let alone = text(TABLE, &alone).expect("numbers").training;
        let TargetEncoding::Standardised { mean, scale } = alone.preprocessing().target else {
            panic!("it is standardised");
        };
        assert_eq!(*own, TargetScale { mean, scale }, "{name}");
    }
    let plain = TableOptions {
        preprocess: Preprocess::None,
        drop: ["u", "t", "k"].map(str::to_owned).to_vec(),
        ..options("a,b")
    };
    let data = text(TABLE, &plain).expect("numbers").training;
    assert_eq!(data.preprocessing().target, TargetEncoding::AsIs);
}

#[test]
fn two_values_are_labels_with_classes_of_their_own() {
    let data = read("u,v,t");
    assert_eq!((data.task(), data.outputs()), (Task::Binary, 3));
    let classes = |own: &[&str]| own.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = [("u", ["no", "yes"]), ("v", ["0", "1"]), ("t", ["False", "True"])];
    let expected = expected.map(|(name, own)| TargetColumn::new(name, classes(&own)));
    assert_eq!(data.target_columns(), expected);
    let Targets::Binary { values, columns: 3 } = data.targets() else { panic!("labels") };
    assert_eq!(values[..6], [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    assert!(data.class_counts().is_empty() && !data.is_imbalanced());
}

/// A single target of a few whole numbers is classes; of several it can only be numbers.
#[test]
fn a_few_whole_numbers_among_several_are_numbers() {
    let table = "x,a,n\n1,0.5,1\n2,0.7,2\n3,0.1,3\n4,0.2,1\n5,0.9,2\n6,0.3,3\n";
    let several = text(table, &options("a,n")).expect("numbers").training;
    assert_eq!((several.task(), several.outputs()), (Task::Regression, 2));
    let single = text(table, &options("n")).expect("classes").training;
    assert_eq!(single.task(), Task::Multiclass);
}

#[test]
fn a_name_with_a_comma_is_one_column() {
    let table = "x,\"a,b\",a,b\n1,5,7,0.5\n2,6,8,0.7\n3,9,3,0.1\n4,1,2,0.2\n";
    let of = |target: TargetNames| {
        let data = text(table, &options(target)).expect("it is a table").training;
        names(&data).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let regression = |target: &str| of(target.into());
    assert_eq!(regression("a,b"), ["a,b"]);
    assert_eq!(regression("b,a"), ["b", "a"]);
    assert_eq!(regression("\"a,b\",b"), ["a,b", "b"]);
    assert_eq!(of(vec!["a".to_owned(), "b".to_owned()].into()), ["a", "b"]);
}

#[test]
fn rows_that_lack_a_target_are_left_out() {
    let table = "x,a,b\n1,0.5,1.5\n2,,2\n3,0.1,NA\n4,,\n5,0.9,2\n6,0.3,3\n7,1,1\n8,2,5\n9,4,4\n";
    let Prepared { training, warnings, .. } = text(table, &options("a,b")).expect("numbers");
    assert_eq!(training.rows(), 6);
    let missing = |column: &str| Warning::MissingTargets { column: column.into(), rows: 2, of: 9 };
    assert_eq!(warnings[..2], [missing("a"), missing("b")]);
    // Each column has most of its values, and yet few rows have both.
    let table = "x,a,b\n1,1,\n2,2,\n3,,1.5\n4,,2.5\n5,3,5\n";
    let error = text(table, &options("a,b")).expect_err("4 of 5").to_string();
    assert!(error.contains("columns `a`, `b`: 4 of 5 rows have no target"), "{error}");
}

#[test]
fn a_constant_among_several_is_told() {
    let own = TableOptions { task: Some(Task::Regression), ..options("a,c") };
    let Prepared { warnings, training, .. } = text(TABLE, &own).expect("numbers");
    let constant = Warning::ConstantTarget { column: "c".into(), value: 7.0 };
    assert!(warnings.contains(&constant), "{warnings:?}");
    let TargetEncoding::Each(each) = &training.preprocessing().target else { panic!("two") };
    assert_eq!(each[1], TargetScale { mean: 7.0, scale: 1.0 });
    let error = refused("a,c");
    assert!(error.contains("`c` has one class only, `7`"), "{error}");
}

#[test]
fn what_cannot_be_learned_together_is_refused() {
    let mixed = refused("a,u");
    for part in ["`a` holds numbers", "`u` has two values", "train a model for each kind"] {
        assert!(mixed.contains(part), "{mixed}");
    }
    let digits = refused("a,b,v");
    assert!(digits.contains("`a`, `b` hold numbers, `v` has two values"), "{digits}");
    assert!(digits.contains("`task = regression`"), "{digits}");
    let all = TableOptions { task: Some(Task::Regression), ..options("a,b,v") };
    assert_eq!(text(TABLE, &all).expect("numbers").training.outputs(), 3);
    let classes = refused("u,k");
    assert!(classes.contains("`k` has more classes"), "{classes}");
    let multiclass = TableOptions { task: Some(Task::Multiclass), ..options("u,v") };
    let error = text(TABLE, &multiclass).expect_err("two").to_string();
    assert!(error.contains("there are 2 targets"), "{error}");
    let words = TableOptions { task: Some(Task::Regression), ..options("a,u") };
    let error = text(TABLE, &words).expect_err("words").to_string();
    assert!(error.contains("column `u`: `yes` is not a number"), "{error}");
}

#[test]
fn columns_with_another_purpose_are_refused() {
    let error = |own: TableOptions| text(TABLE, &own).expect_err("it is refused").to_string();
    assert!(refused("a,nothing").contains("no column `nothing`"));
    assert!(refused("a,b,a").contains("the target `a` is named twice"));
    let two = || options("a,b");
    let one = || vec!["b".to_owned()];
    let listed = "column `b` is the target, but it is listed among other columns";
    assert!(error(TableOptions { drop: one(), ..two() }).contains(listed));
    assert!(error(TableOptions { categorical: one(), ..two() }).contains(listed));
    assert!(error(TableOptions { numeric: one(), ..two() }).contains(listed));
    let weight = error(TableOptions { sample_weight: Some("b".into()), ..two() });
    assert!(weight.contains("`b` is both the target and the weight"), "{weight}");
    let balanced = TableOptions { class_weight: ClassWeight::Balanced, ..options("u,v") };
    assert!(error(balanced).contains("several targets"));
    let all = text("a,b\n1,2\n3,4\n", &two()).expect_err("no input").to_string();
    assert!(all.contains("every column is a target"), "{all}");
}

#[test]
fn a_file_of_labels_may_have_several() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        Some(Source::from(path))
    };
    let table = "x,z\n1,5\n2,6\n3,8\n4,6\n";
    let labels = write("labels.csv", "a,b,c\n0.5,7,1\n0.1,8,2\n0.2,5,3\n0.9,1,4\n");
    let own = TableOptions { labels: labels.clone(), ..options("c,a") };
    assert_eq!(names(&text(table, &own).expect("two of three").training), ["c", "a"]);
    let unnamed = TableOptions { labels, ..TableOptions::default() };
    let error = text(table, &unnamed).expect_err("which?").to_string();
    assert!(error.contains("there are 3 columns of labels"), "{error}");
    // A single column is the target whatever it is called, but it is not two.
    let single = write("single.csv", "q\n0.5\n0.1\n0.2\n0.9\n");
    let of = |target: &str| TableOptions { labels: single.clone(), ..options(target) };
    assert_eq!(names(&text(table, &of("y")).expect("one").training), ["y"]);
    let error = text(table, &of("y,z")).expect_err("one is not two").to_string();
    assert!(error.contains("no column `y`"), "{error}");
}

#[test]
fn folds_and_validation_rows_have_all_targets() {
    let rows: String = (0..40)
        .map(|row| format!("{row},{},{},{}\n", row * row % 7, row % 2, row / 3 % 2))
        .collect();
    let table = Source::Memory(format!("x,z,u,v\n{rows}").into());
    let folded = FoldedTable::read(&table, &options("u,v")).expect("forty rows");
    assert_eq!((folded.splits().len(), folded.rows()), (5, 40));
    let fold = folded.fold(2).expect("a fold");
    assert_eq!((fold.training.outputs(), fold.validation.rows()), (2, 8));
    // Rows are drawn, not strata: of several labels there is no one class of a row.
    let alike = Targets::Numbers { values: vec![0.0; 40], columns: 1 };
    let plain = KFold::new(5).split(&alike).expect("five folds");
    assert_eq!(folded.splits(), plain);
    let own = TableOptions { validation: Some(Validation::Fraction(0.25)), ..options("u,v") };
    let held = prepare(&table, &own).expect("forty rows").validation.expect("ten of them");
    assert_eq!((held.rows(), held.outputs()), (10, 2));
}

#[test]
fn rows_with_a_class_that_the_model_lacks_are_counted_apart() {
    let data = read("u,v");
    let other = "x,w,a,b,c,t,k,v,u\n1,5,1,1,7,True,r,0,yes\n2,3,1,1,7,True,r,1,maybe\n\
                 3,3,1,1,7,True,r,2,no\n4,3,1,1,7,True,r,2,perhaps\n5,1,1,1,7,True,r,1,no\n";
    let (source, schema) = (Source::Memory(other.into()), data.schema());
    let read = read_evaluated(&source, None, TableOptions::default().layout, &schema, None)
        .expect("two rows are known");
    assert_eq!((read.data.rows(), read.unknown_rows), (2, 3));
    assert_eq!(
        read.data.targets(),
        &Targets::Binary { values: vec![1.0, 0.0, 0.0, 1.0], columns: 2 }
    );
    let counted = |column: &str| {
        read.warnings.iter().find_map(|own| match own {
            Warning::UnknownClasses { column: own, rows, .. } if own == column => Some(*rows),
            _ => None,
        })
    };
    assert_eq!((counted("u"), counted("v")), (Some(2), Some(2)));
}

#[test]
fn a_column_that_tells_one_of_several_is_told() {
    let rows: String = (0..40)
        .map(|row| {
            let (a, b) = (row * 7 % 23, row * 5 % 19);
            format!("{},{},{a},{b}\n", row * 11 % 17, 2 * b + 1)
        })
        .collect();
    let table = format!("x,double,a,b\n{rows}");
    let warnings = text(&table, &options("a,b")).expect("numbers").warnings;
    let (column, target) = ("double".to_owned(), Some("b".to_owned()));
    assert!(warnings.contains(&Warning::TellsTarget { column, target }), "{warnings:?}");
    let told = warnings.iter().map(ToString::to_string).find(|own| own.contains("double"));
    assert!(told.is_some_and(|own| own.contains("`double` alone tells the target `b`")));
}

#[test]
fn a_column_of_several_targets_is_targets_of_its_own() {
    let several = Targets::Numbers { values: vec![1.0, 2.0, 3.0, 4.0], columns: 2 };
    assert_eq!(several.column(1), Targets::Numbers { values: vec![2.0, 4.0], columns: 1 });
    let labels = Targets::Binary { values: vec![1.0, 0.0, 0.0, 1.0], columns: 2 };
    assert_eq!(labels.column(0), Targets::Binary { values: vec![1.0, 0.0], columns: 1 });
    assert_eq!(labels.column(1).classes().map(Iterator::collect), Some(vec![0, 1]));
}
