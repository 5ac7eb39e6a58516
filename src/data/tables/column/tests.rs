//! What columns turn out to be.

use super::*;
use crate::data::tables::na::NA_VALUES;
use crate::data::tables::table::{Strays, Values};

/// A column of such texts, and its cells.
fn built(read_as: ReadAs, texts: &[&str]) -> Result<(Values, Vec<u32>), FieldError> {
    built_with(Decimal::Point, read_as, texts)
}

fn built_with(
    decimal: Decimal,
    read_as: ReadAs,
    texts: &[&str],
) -> Result<(Values, Vec<u32>), FieldError> {
    let words: Vec<String> = NA_VALUES.iter().map(ToString::to_string).collect();
    let mut cells = Cells::new(2);
    let mut builder = ColumnBuilder::new("a".into(), read_as, &Rc::new(NaValues::new(&words)), 0);
    builder.decimal = decimal;
    for text in texts {
        builder.push(&mut cells, text.as_bytes(), || None)?;
    }
    let column = builder.finish(&mut cells).map_err(|(_, fault)| fault)?;
    Ok((column.values, cells.column(0, texts.len()).collect()))
}

fn words((values, cells): (Values, Vec<u32>)) -> Vec<String> {
    let Values::Text(0, words) = values else { panic!("no words: {values:?}") };
    let word = |code| match code {
        MISSING_CODE => "(missing)".to_owned(),
        crate::data::tables::table::UNKNOWN_CODE => "(unknown)".to_owned(),
        code => words.list[code as usize].clone(),
    };
    cells.into_iter().map(word).collect()
}

#[test]
fn numbers_stay_numbers() {
    let found = built(ReadAs::Infer, &["1", " 2.5 ", "NA", "", "-3e2"]);
    let Ok((Values::Numbers(0), cells)) = found else { panic!("{found:?}") };
    let found: Vec<f32> = cells.into_iter().map(f32::from_bits).collect();
    assert_eq!(found[..2], [1.0, 2.5]);
    assert!(found[2].is_nan() && found[3].is_nan());
    assert_eq!(found[4], -300.0);
}

#[test]
fn commas_may_stand_for_points() {
    let found = built_with(Decimal::Comma, ReadAs::Infer, &["1", " 2,5 ", "NA", "-3,25e2", ",5"]);
    let Ok((Values::Numbers(0), cells)) = found else { panic!("{found:?}") };
    let found: Vec<f32> = cells.into_iter().map(f32::from_bits).collect();
    assert!(found[2].is_nan());
    assert_eq!([&found[..2], &found[3..]].concat(), [1.0, 2.5, -325.0, 0.5]);
    // Categories for missing values may have commas of their own.
    let na = Rc::new(NaValues::new(&["k,A".into(), "-99.9".into()]));
    let mut builder = ColumnBuilder::new("a".into(), ReadAs::Infer, &na, 0);
    builder.decimal = Decimal::Comma;
    let mut cells = Cells::new(1);
    for text in ["1,5", "k,A", "-99,9"] {
        builder.push(&mut cells, text.as_bytes(), || None).expect("numbers");
    }
    let missing = cells.column(0, 3).map(|cell| f32::from_bits(cell).is_nan());
    assert!(missing.eq([false, true, true]));
    // Where thousands are set apart by points, 1.234 is not between one and two.
    for read_as in [ReadAs::Infer, ReadAs::Numbers] {
        let found = built_with(Decimal::Comma, read_as, &["1,5", "1.234"]);
        assert!(matches!(found, Err(FieldError::DecimalPoint(word)) if word == "1.234"));
    }
    for text in ["1,234,5", "1,5 m", ",", "31.12.2024"] {
        let found = built_with(Decimal::Comma, ReadAs::Numbers, &["1,5", text]);
        assert!(matches!(found, Err(FieldError::NotNumber(word)) if word == text), "{text}");
    }
    // So are thousands set apart where a comma follows them, in every kind of column.
    for (read_as, text) in [
        (ReadAs::Numbers, "1.234,5"),
        (ReadAs::Infer, "1.234,5"),
        (ReadAs::Infer, "1.234.567"),
        (ReadAs::Infer, "(1,25)"),
        (ReadAs::Infer, "1,5-"),
        (ReadAs::Infer, "1\u{a0}234,5"),
    ] {
        let found = built_with(Decimal::Comma, read_as, &["1,5", text, text, "2,5"]);
        assert!(matches!(found, Err(FieldError::FormattedNumber(word)) if word == text), "{text}");
    }
    // Texts keep their commas, and so do numbers in a column that turns out to hold texts.
    let texts = ["2,5", "a,b", "3", "2,5", "1.5", "c", "d"];
    for read_as in [ReadAs::Text, ReadAs::Infer] {
        let found = built_with(Decimal::Comma, read_as, &texts);
        assert_eq!(words(found.expect("words")), texts);
    }
    // Many texts among numbers are an error here, too.
    let numbers: Vec<String> = (0..30).map(|number| format!("{number},5")).collect();
    let texts: Vec<&str> = numbers.iter().map(String::as_str).chain(["hello"; 4]).collect();
    let found = built_with(Decimal::Comma, ReadAs::Infer, &texts);
    assert!(matches!(found, Err(FieldError::StrayText(word)) if word == "hello"));
    // With decimal points, which are the default, a decimal comma is an error of its own.
    for read_as in [ReadAs::Numbers, ReadAs::CompleteNumbers] {
        let found = built(read_as, &["1", "1,5"]);
        assert!(matches!(found, Err(FieldError::DecimalComma(word)) if word == "1,5"));
    }
}

#[test]
fn a_late_word_brings_back_every_text_before_it() {
    let texts = ["1", "007", "-0", "1.50", "0.1", "16777217", "+2", "", "7", "a", "7", "x y"];
    let expected =
        ["1", "007", "-0", "1.50", "0.1", "16777217", "+2", "(missing)", "7", "a", "7", "x y"];
    // More texts than numbers, so that none of them is an error.
    let more = ["b", "c", "d", "e", "f", "g", "h"];
    let found = built(ReadAs::Infer, &[&texts[..], &more].concat());
    assert_eq!(words(found.expect("words")), [&expected[..], &more].concat());
}

/// The numbers and the stray words of a column of such texts.
fn with_strays(texts: &[&str]) -> Result<(Vec<f32>, Option<Strays>), FieldError> {
    let mut cells = Cells::new(1);
    let na = Rc::new(NaValues::new(&["NA".to_owned()]));
    let mut builder = ColumnBuilder::new("a".into(), ReadAs::Infer, &na, 0);
    for text in texts {
        builder.push(&mut cells, text.as_bytes(), || None)?;
    }
    let column = builder.finish(&mut cells).map_err(|(_, fault)| fault)?;
    assert!(matches!(column.values, Values::Numbers(0)), "{:?}", column.values);
    Ok((cells.column(0, texts.len()).map(f32::from_bits).collect(), column.strays))
}

#[test]
fn a_few_words_among_many_numbers_are_missing() {
    // Early, and after more numbers than can be names, also where some of these are alike.
    let few: Vec<String> = (0..30).map(|number| format!("{number}.50")).collect();
    let many: Vec<String> = (0..=MAX_INEXACT).map(|row| format!("0.{row}1234567")).collect();
    let plain: Vec<String> = (0..2 * MAX_DISTINCT_TEXTS).map(|row| row.to_string()).collect();
    for numbers in [few, many, plain] {
        for at in [0, 7, numbers.len()] {
            let mut texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
            texts.splice(at..at, ["hello", "NA", "hello"]);
            let (found, strays) = with_strays(&texts).expect("numbers");
            let expected = Strays { rows: 2, words: vec!["hello".into()] };
            assert_eq!(strays, Some(expected), "{} numbers", numbers.len());
            for (found, text) in found.iter().zip(texts) {
                match text.parse::<f32>() {
                    Ok(number) => assert_eq!(*found, number),
                    Err(_) => assert!(found.is_nan(), "{text}"),
                }
            }
        }
    }
    // What is not finite is missing, and marks are, however many there are.
    let numbers: Vec<String> = (0..30).map(|number| format!("{number}.5")).collect();
    let numbers = numbers.iter().map(String::as_str);
    for (strays, rows) in [(vec!["inf", "-inf", "1e50"], 3), (vec!["."; 40], 40), (vec!["*"], 1)] {
        let texts: Vec<&str> = strays.into_iter().chain(numbers.clone()).collect();
        let (_, strays) = with_strays(&texts).expect("numbers");
        assert_eq!(strays.map(|own| own.rows), Some(rows));
    }
}

#[test]
fn many_words_among_numbers_are_refused_or_categories() {
    let numbers: Vec<String> = (0..30).map(|number| format!("{number}.5")).collect();
    let numbers = || numbers.iter().map(String::as_str);
    let texts: Vec<&str> = numbers().chain(["hello"; 4]).collect();
    let found = built(ReadAs::Infer, &texts);
    assert!(matches!(found, Err(FieldError::StrayText(word)) if word == "hello"));
    let texts: Vec<&str> = ["inf"; 4].into_iter().chain(numbers()).collect();
    let found = built(ReadAs::Infer, &texts);
    assert!(matches!(found, Err(FieldError::NotFinite(word)) if word == "inf"));
    // A number as people write it is none that is missing.
    let texts: Vec<&str> = numbers().chain(["$1,234"]).collect();
    assert!(matches!(built(ReadAs::Infer, &texts), Err(FieldError::FormattedNumber(_))));
    // More different words than a model lists.
    let words: Vec<String> = (0..=100).map(|word| format!("word {word}")).collect();
    let many: Vec<String> = (0..2000).map(|number| format!("{number}.5")).collect();
    let texts: Vec<&str> = many.iter().chain(&words).map(String::as_str).collect();
    assert!(matches!(built(ReadAs::Infer, &texts), Err(FieldError::StrayText(_))));
    // Few values, each in many rows, are categories: years of experience, and none or some.
    for values in [&["0.5", "1", "2", "some", "none"][..], &["0.2cwt", "0.4cwt", "0.6cwt"]] {
        let texts: Vec<&str> = (0..5).flat_map(|_| values.iter().copied()).collect();
        assert_eq!(words_of(&texts), texts);
    }
}

fn words_of(texts: &[&str]) -> Vec<String> {
    words(built(ReadAs::Infer, texts).expect("categories"))
}

#[test]
fn words_past_all_measure_are_not_kept() {
    let texts: Vec<String> = (0..=MAX_DISTINCT_TEXTS).map(|row| format!("word {row}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = built(ReadAs::Infer, &texts);
    assert!(matches!(found, Ok((Values::TooManyCategories, _))));
    assert!(matches!(built(ReadAs::Text, &texts), Err(FieldError::TooManyCategories(_))));
}

#[test]
fn known_words_are_told_from_others_and_classes_by_their_value() {
    let known = |list: &[&str]| ReadAs::Known(list.iter().map(ToString::to_string).collect());
    let found = built(known(&["a", "b"]), &["b", "c", "NA", "a"]);
    assert_eq!(words(found.expect("words")), ["b", "(unknown)", "(missing)", "a"]);
    // A missing value makes floats of whole numbers, and each program writes truth values its way.
    let found = built(known(&["1", "2"]), &["1.0", "2", "2.0", "01", "3.0"]);
    assert_eq!(words(found.expect("words")), ["1", "2", "2", "(unknown)", "(unknown)"]);
    let found = built(known(&["False", "True"]), &["true", "FALSE", "1", "0.0", "yes"]);
    assert_eq!(words(found.expect("words")), ["True", "False", "True", "False", "(unknown)"]);
    let found = built(known(&["1", "1.0"]), &["1.0", "1", "1.00"]);
    assert_eq!(words(found.expect("words")), ["1.0", "1", "(unknown)"]);
    let classes = ReadAs::Classes(["1", "2.0"].map(String::from).to_vec(), OtherClasses::Refused);
    let found = built(classes, &["1.0", "2", "1"]);
    assert_eq!(words(found.expect("words")), ["1", "2.0", "1"]);
    let classes = ReadAs::Classes(vec!["yes".into()], OtherClasses::Refused);
    assert!(matches!(built(classes.clone(), &["no"]), Err(FieldError::UnknownClass(..))));
    assert_eq!(words(built(classes, &["", "yes"]).expect("one is missing")), ["(missing)", "yes"]);
    let classes = ReadAs::Classes(vec!["a".into(), "b".into()], OtherClasses::Unknown);
    assert_eq!(words(built(classes, &["c", "b"]).expect("one is unknown")), ["(unknown)", "b"]);
}

#[test]
fn what_must_be_numbers_says_what_is_none() {
    assert!(matches!(built(ReadAs::Numbers, &["1", "x"]), Err(FieldError::NotNumber(_))));
    assert!(matches!(built(ReadAs::Numbers, &["1e39"]), Err(FieldError::NotFinite(_))));
    assert!(matches!(built(ReadAs::CompleteNumbers, &["NaN"]), Err(FieldError::Missing(_))));
    assert!(matches!(built(ReadAs::Infer, &["inf"]), Err(FieldError::NotFinite(_))));
    let mut builder = ColumnBuilder::new("a".into(), ReadAs::Infer, &Rc::default(), 0);
    let pushed = builder.push(&mut Cells::new(1), b"\xff", || None);
    assert!(matches!(pushed, Err(FieldError::NotUtf8)));
}

#[test]
fn numbers_may_stand_for_missing_ones() {
    let na = Rc::new(NaValues::new(&["-999".into()]));
    let mut cells = Cells::new(1);
    let mut builder = ColumnBuilder::new("a".into(), ReadAs::Infer, &na, 0);
    for text in ["1", "-999.0", "2"] {
        builder.push(&mut cells, text.as_bytes(), || None).expect("numbers");
    }
    let missing = cells.column(0, 3).map(|cell| f32::from_bits(cell).is_nan());
    assert!(missing.eq([false, true, false]));
}

/// Texts that mean the same are one category where a column holds nothing else.
#[test]
fn texts_of_one_value_are_joined() {
    let found = built(ReadAs::Text, &["1", "2.0", "1.0", "NA", "2"]);
    assert_eq!(words(found.expect("words")), ["1", "2", "1", "(missing)", "2"]);
    for read_as in [ReadAs::Text, ReadAs::Infer] {
        let found = built(read_as, &["true", "FALSE", "", "True", "false"]);
        assert_eq!(words(found.expect("words")), ["True", "False", "(missing)", "True", "False"]);
    }
    // Codes and texts beside others are what they are.
    for texts in [&["01", "1.0", "1"], &["true", "maybe", "True"], &["1.0", "1", "x"]] {
        assert_eq!(words(built(ReadAs::Text, texts).expect("words")), texts);
    }
}

/// A type that the file tells is not questioned.
#[test]
fn stored_texts_are_words_whatever_they_look_like() {
    let stored = |read_as, stored, texts: &[&str]| {
        let mut builder = ColumnBuilder::new("a".into(), read_as, &Rc::default(), 0);
        builder.store(stored);
        let mut cells = Cells::new(2);
        for text in texts {
            builder.push(&mut cells, text.as_bytes(), || None).expect("a text");
        }
        builder
            .finish(&mut cells)
            .map(|column| (column.values, cells.column(0, texts.len()).collect()))
    };
    let zips = ["02134", "90210", "1.0", "1", "10001.5"];
    let found = stored(ReadAs::Infer, StoredType::Text, &zips);
    assert_eq!(words(found.expect("words")), zips);
    let found = stored(ReadAs::Infer, StoredType::Categories, &["1", "2", "1.0"]);
    assert_eq!(words(found.expect("words")), ["1", "2", "1"]);
    // What is asked for is stronger, and money is none even as text.
    assert!(matches!(
        stored(ReadAs::Numbers, StoredType::Text, &["1"]),
        Ok((Values::Numbers(0), _))
    ));
    let found = stored(ReadAs::Infer, StoredType::Text, &["$1,200", "$3"]);
    assert!(matches!(found, Err((_, FieldError::FormattedNumber(_)))));
}

#[test]
fn truth_values_fit_every_kind_of_column() {
    let stored = |read_as: ReadAs| {
        let mut builder = ColumnBuilder::new("a".into(), read_as, &Rc::default(), 0);
        builder.store(StoredType::Boolean);
        let mut cells = Cells::new(2);
        for value in [true, false] {
            builder.push_boolean(&mut cells, value).expect("a truth value");
        }
        let values = builder.finish(&mut cells).expect("a column").values;
        (values, cells.column(0, 2).collect::<Vec<u32>>())
    };
    for read_as in [ReadAs::Infer, ReadAs::Text] {
        assert_eq!(words(stored(read_as)), ["True", "False"]);
    }
    let known = |list: [&str; 2]| ReadAs::Known(list.map(String::from).to_vec());
    assert_eq!(words(stored(known(["false", "true"]))), ["true", "false"]);
    assert_eq!(words(stored(known(["0", "1"]))), ["1", "0"]);
    let (Values::Numbers(0), cells) = stored(ReadAs::Numbers) else { panic!("no numbers") };
    assert_eq!(cells.into_iter().map(f32::from_bits).collect::<Vec<_>>(), [1.0, 0.0]);
}

/// pandas' words for missing values, each in every kind of column.
#[test]
fn missing_values_have_many_words() {
    for word in NA_VALUES.iter().copied().chain([""]) {
        let found = built(ReadAs::Infer, &["1.5", word, "2"]);
        let Ok((Values::Numbers(0), cells)) = found else { panic!("{word}: {found:?}") };
        assert!(f32::from_bits(cells[1]).is_nan(), "{word}");
        for texts in [["a", word, "b"], ["True", word, "False"]] {
            let found = words(built(ReadAs::Infer, &texts).expect("words"));
            assert_eq!(found, [texts[0], "(missing)", texts[2]], "{word}");
        }
    }
}

#[test]
fn minus_signs_and_spaces_of_other_kinds_are_read() {
    let texts = ["\u{2212}1.5", "2\u{a0}", "\u{202f}3", "\u{2013}4", "5"];
    let found = built(ReadAs::Infer, &texts);
    let Ok((Values::Numbers(0), cells)) = found else { panic!("{found:?}") };
    let numbers: Vec<f32> = cells.into_iter().map(f32::from_bits).collect();
    assert_eq!(numbers, [-1.5, 2.0, 3.0, -4.0, 5.0]);
    let found = built_with(Decimal::Comma, ReadAs::Numbers, &["\u{2212}1,5"]);
    let Ok((Values::Numbers(0), cells)) = found else { panic!("{found:?}") };
    assert_eq!(f32::from_bits(cells[0]), -1.5);
}
