//! What columns turn out to be.

use super::*;
use crate::data::tables::na::NA_VALUES;

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
    let column = builder.finish().map_err(|(_, fault)| fault)?;
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
    for text in ["1.234,5", "1,234,5", "1,5 m", ",", "31.12.2024"] {
        let found = built_with(Decimal::Comma, ReadAs::Numbers, &["1,5", text]);
        assert!(matches!(found, Err(FieldError::NotNumber(word)) if word == text), "{text}");
    }
    // Texts keep their commas, and so do numbers in a column that turns out to hold texts.
    let texts = ["2,5", "a,b", "3", "2,5", "1.5", "c", "d"];
    for read_as in [ReadAs::Text, ReadAs::Infer] {
        let found = built_with(Decimal::Comma, read_as, &texts);
        assert_eq!(words(found.expect("words")), texts);
    }
    // A text among many numbers is an error here, too.
    let numbers: Vec<String> = (0..30).map(|number| format!("{number},5")).collect();
    let texts: Vec<&str> = numbers.iter().map(String::as_str).chain(["hello"]).collect();
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

#[test]
fn a_word_among_many_numbers_is_stray() {
    let numbers: Vec<String> = (0..30).map(|number| format!("{number}.5")).collect();
    let mut texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
    texts.insert(7, "hello");
    assert!(
        matches!(built(ReadAs::Infer, &texts), Err(FieldError::StrayText(word)) if word == "hello")
    );
    // After more numbers than can be names it is one at once.
    let numbers: Vec<String> = (0..=MAX_INEXACT).map(|row| format!("0.{row}1234567")).collect();
    let mut texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
    texts.push("hello");
    assert!(
        matches!(built(ReadAs::Infer, &texts), Err(FieldError::TextAfterNumbers(word)) if word == "hello")
    );
}

#[test]
fn words_past_all_measure_are_not_kept() {
    let texts: Vec<String> = (0..=MAX_DISTINCT_TEXTS).map(|row| format!("word {row}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = built(ReadAs::Infer, &texts);
    assert!(
        matches!(found, Ok((Values::TooManyCategories(examples), _)) if examples[0] == "word 0")
    );
    assert!(matches!(built(ReadAs::Text, &texts), Err(FieldError::TooManyCategories(_))));
}

#[test]
fn known_words_are_told_from_others_and_classes_by_their_value() {
    let known = |list: &[&str]| ReadAs::Known(list.iter().map(ToString::to_string).collect());
    let found = built(known(&["a", "b"]), &["b", "c", "NA", "a"]);
    assert_eq!(words(found.expect("words")), ["b", "(unknown)", "(missing)", "a"]);
    // A rare spelling of a number was pooled in the training, and is none of the categories here.
    let found = built(known(&["1", "2.0"]), &["1.0", "2.0"]);
    assert_eq!(words(found.expect("words")), ["(unknown)", "2.0"]);
    let classes = ReadAs::Classes(["1", "2.0"].map(String::from).to_vec());
    let found = built(classes, &["1.0", "2", "1"]);
    assert_eq!(words(found.expect("words")), ["1", "2.0", "1"]);
    let classes = ReadAs::Classes(vec!["yes".into()]);
    assert!(matches!(built(classes.clone(), &["no"]), Err(FieldError::UnknownClass(..))));
    assert!(matches!(built(classes, &[""]), Err(FieldError::MissingTarget(_))));
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
