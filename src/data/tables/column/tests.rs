//! What columns turn out to be.

use super::*;
use crate::data::tables::na::NA;

/// A column of such texts, and its cells.
fn built(want: Want, texts: &[&str]) -> Result<(Values, Vec<u32>), Fault> {
    built_with(Decimal::Point, want, texts)
}

fn built_with(decimal: Decimal, want: Want, texts: &[&str]) -> Result<(Values, Vec<u32>), Fault> {
    let words: Vec<String> = NA.iter().map(ToString::to_string).collect();
    let mut cells = Cells::new(2);
    let mut builder = Builder::new("a".into(), want, &Rc::new(Na::new(&words)), 0);
    builder.decimal = decimal;
    for text in texts {
        builder.push(&mut cells, text.as_bytes(), || None)?;
    }
    let column = builder.finish().map_err(|(_, fault)| fault)?;
    Ok((column.values, cells.column(0, texts.len()).collect()))
}

fn words((values, cells): (Values, Vec<u32>)) -> Vec<String> {
    let Values::Words(0, words) = values else { panic!("no words: {values:?}") };
    let word = |code| match code {
        MISSING => "(missing)".to_owned(),
        crate::data::tables::table::UNKNOWN => "(unknown)".to_owned(),
        code => words.list[code as usize].clone(),
    };
    cells.into_iter().map(word).collect()
}

#[test]
fn numbers_stay_numbers() {
    let found = built(Want::Infer, &["1", " 2.5 ", "NA", "", "-3e2"]);
    let Ok((Values::Numbers(0), cells)) = found else { panic!("{found:?}") };
    let found: Vec<f32> = cells.into_iter().map(f32::from_bits).collect();
    assert_eq!(found[..2], [1.0, 2.5]);
    assert!(found[2].is_nan() && found[3].is_nan());
    assert_eq!(found[4], -300.0);
}

#[test]
fn commas_may_stand_for_points() {
    let found = built_with(Decimal::Comma, Want::Infer, &["1", " 2,5 ", "NA", "-3,25e2", ",5"]);
    let Ok((Values::Numbers(0), cells)) = found else { panic!("{found:?}") };
    let found: Vec<f32> = cells.into_iter().map(f32::from_bits).collect();
    assert!(found[2].is_nan());
    assert_eq!([&found[..2], &found[3..]].concat(), [1.0, 2.5, -325.0, 0.5]);
    // Words for missing values may have commas of their own.
    let na = Rc::new(Na::new(&["k,A".into(), "-99.9".into()]));
    let mut builder = Builder::new("a".into(), Want::Infer, &na, 0);
    builder.decimal = Decimal::Comma;
    let mut cells = Cells::new(1);
    for text in ["1,5", "k,A", "-99,9"] {
        builder.push(&mut cells, text.as_bytes(), || None).expect("numbers");
    }
    let missing = cells.column(0, 3).map(|cell| f32::from_bits(cell).is_nan());
    assert!(missing.eq([false, true, true]));
    // Where thousands are set apart by points, 1.234 is not between one and two.
    for want in [Want::Infer, Want::Numbers] {
        let found = built_with(Decimal::Comma, want, &["1,5", "1.234"]);
        assert!(matches!(found, Err(Fault::DecimalPoint(word)) if word == "1.234"));
    }
    for text in ["1.234,5", "1,234,5", "1,5 m", ",", "31.12.2024"] {
        let found = built_with(Decimal::Comma, Want::Numbers, &["1,5", text]);
        assert!(matches!(found, Err(Fault::NotNumber(word)) if word == text), "{text}");
    }
    // Words stay as they are, and so do numbers that turn out to be words.
    let texts = ["2,5", "a,b", "3", "2,5", "1.5", "c", "d"];
    for want in [Want::Words, Want::Infer] {
        let found = built_with(Decimal::Comma, want, &texts);
        assert_eq!(words(found.expect("words")), texts);
    }
    // Many numbers and a word are a mistake here, too.
    let numbers: Vec<String> = (0..30).map(|number| format!("{number},5")).collect();
    let texts: Vec<&str> = numbers.iter().map(String::as_str).chain(["hello"]).collect();
    let found = built_with(Decimal::Comma, Want::Infer, &texts);
    assert!(matches!(found, Err(Fault::Stray(word)) if word == "hello"));
    // And where nobody has said how numbers are written, they are told of.
    for want in [Want::Numbers, Want::Complete] {
        let found = built(want, &["1", "1,5"]);
        assert!(matches!(found, Err(Fault::DecimalComma(word)) if word == "1,5"));
    }
}

#[test]
fn a_late_word_brings_back_every_text_before_it() {
    let texts = ["1", "007", "-0", "1.50", "0.1", "16777217", "+2", "", "7", "a", "7", "x y"];
    let expected =
        ["1", "007", "-0", "1.50", "0.1", "16777217", "+2", "(missing)", "7", "a", "7", "x y"];
    // More words than numbers, so that none of them is stray.
    let more = ["b", "c", "d", "e", "f", "g", "h"];
    let found = built(Want::Infer, &[&texts[..], &more].concat());
    assert_eq!(words(found.expect("words")), [&expected[..], &more].concat());
}

#[test]
fn a_word_among_many_numbers_is_stray() {
    let numbers: Vec<String> = (0..30).map(|number| format!("{number}.5")).collect();
    let mut texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
    texts.insert(7, "hello");
    assert!(matches!(built(Want::Infer, &texts), Err(Fault::Stray(word)) if word == "hello"));
    // After more numbers than can be names it is one at once.
    let numbers: Vec<String> = (0..=MOST_ODD).map(|row| format!("0.{row}1234567")).collect();
    let mut texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
    texts.push("hello");
    assert!(matches!(built(Want::Infer, &texts), Err(Fault::LateWord(word)) if word == "hello"));
}

#[test]
fn words_past_all_measure_are_not_kept() {
    let texts: Vec<String> = (0..=MOST_WORDS).map(|row| format!("word {row}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = built(Want::Infer, &texts);
    assert!(matches!(found, Ok((Values::Many(examples), _)) if examples[0] == "word 0"));
    assert!(matches!(built(Want::Words, &texts), Err(Fault::ManyWords(_))));
}

#[test]
fn known_words_are_told_from_others_and_classes_by_their_value() {
    let known = |list: &[&str]| Want::Known(list.iter().map(ToString::to_string).collect());
    let found = built(known(&["a", "b"]), &["b", "c", "NA", "a"]);
    assert_eq!(words(found.expect("words")), ["b", "(unknown)", "(missing)", "a"]);
    // A rare spelling of a number was pooled in the training, and is none of the categories here.
    let found = built(known(&["1", "2.0"]), &["1.0", "2.0"]);
    assert_eq!(words(found.expect("words")), ["(unknown)", "2.0"]);
    let classes = Want::Classes(["1", "2.0"].map(String::from).to_vec());
    let found = built(classes, &["1.0", "2", "1"]);
    assert_eq!(words(found.expect("words")), ["1", "2.0", "1"]);
    let classes = Want::Classes(vec!["yes".into()]);
    assert!(matches!(built(classes.clone(), &["no"]), Err(Fault::UnknownClass(..))));
    assert!(matches!(built(classes, &[""]), Err(Fault::NoTarget(_))));
}

#[test]
fn what_must_be_numbers_says_what_is_none() {
    assert!(matches!(built(Want::Numbers, &["1", "x"]), Err(Fault::NotNumber(_))));
    assert!(matches!(built(Want::Numbers, &["1e39"]), Err(Fault::Infinite(_))));
    assert!(matches!(built(Want::Complete, &["NaN"]), Err(Fault::Missing(_))));
    assert!(matches!(built(Want::Infer, &["inf"]), Err(Fault::Infinite(_))));
    let mut builder = Builder::new("a".into(), Want::Infer, &Rc::default(), 0);
    let pushed = builder.push(&mut Cells::new(1), b"\xff", || None);
    assert!(matches!(pushed, Err(Fault::NotUtf8)));
}

#[test]
fn numbers_may_stand_for_missing_ones() {
    let na = Rc::new(Na::new(&["-999".into()]));
    let mut cells = Cells::new(1);
    let mut builder = Builder::new("a".into(), Want::Infer, &na, 0);
    for text in ["1", "-999.0", "2"] {
        builder.push(&mut cells, text.as_bytes(), || None).expect("numbers");
    }
    let missing = cells.column(0, 3).map(|cell| f32::from_bits(cell).is_nan());
    assert!(missing.eq([false, true, false]));
}
