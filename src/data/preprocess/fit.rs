//! What becomes of each column, by its values in the training rows.

use std::cmp::Reverse;

use super::{Column, Dropped, Encoding, MissingNumber, MissingWord, OtherWord, TargetEncoding};
use crate::Result;
use crate::data::column::{Fault, is_date, is_decimal_comma};
use crate::data::segmented::Segmented;
use crate::data::table::{MISSING, Quantity, RawColumn, Table, UNKNOWN, Values, Words};
use crate::data::{Preprocess, Targets, Warning};

/// A word that stands in fewer rows than this, or than one in a hundred, is rare.
const RARE: usize = 10;

/// The most categories of a column; the rarest of more are pooled.
const MOST_CATEGORIES: usize = 256;

/// So many different words tell whether a column holds dates.
const LOOKED_AT: usize = 1000;

/// How columns are encoded, and what should be said of it.
pub(in crate::data) struct Fitted {
    pub(in crate::data) columns: Vec<Column>,
    pub(in crate::data) warnings: Vec<Warning>,
}

/// What the user says about columns.
pub(in crate::data) struct Said<'a> {
    pub(in crate::data) preprocess: Preprocess,
    pub(in crate::data) drop: &'a [String],
    pub(in crate::data) categorical: &'a [String],
}

/// Fits the encoding of every column to the rows that `training` says yes to.
///
/// # Errors
/// [`Error::Data`] for columns of dates, for numbers written with commas, and where no column is
/// left.
pub(in crate::data) fn fit(table: &Table, training: &[bool], said: &Said<'_>) -> Result<Fitted> {
    let mut fitted = Fitted { columns: Vec::new(), warnings: Vec::new() };
    let shared = shared_scale(table, training);
    for column in &table.columns {
        let RawColumn { name, values } = column;
        let encoding = match (values, said.preprocess, &shared) {
            _ if said.drop.contains(name) => Encoding::Dropped(Dropped::Asked),
            (_, Preprocess::None, _) => Encoding::AsIs,
            (Values::Numbers(_), _, Some(shared)) => shared.clone(),
            (Values::Numbers(numbers), _, None) => {
                if counts_rows(numbers) {
                    fitted.warnings.push(Warning::RowNumbers { column: name.clone() });
                }
                numeric(numbers, training)
            }
            (Values::Words(words), ..) => {
                let categorical = said.categorical.contains(name);
                if !categorical {
                    check_words(table, name, &words.list)?;
                }
                let encoding = one_hot(words, training, categorical);
                if encoding == Encoding::Dropped(Dropped::Identifier) {
                    fitted.warnings.push(identifier(name, &words.list));
                }
                encoding
            }
            (Values::Many(examples), ..) => {
                check_words(table, name, examples)?;
                fitted.warnings.push(identifier(name, examples));
                Encoding::Dropped(Dropped::Identifier)
            }
            (Values::Label(_) | Values::Skipped, ..) => Encoding::Dropped(Dropped::Asked),
        };
        fitted.columns.push(Column { name: name.clone(), encoding });
    }
    if fitted.columns.iter().all(|column| column.encoding.outputs() == 0) {
        let dropped = fitted.columns.iter().map(|column| column.name.as_str());
        return Err(table.error(
            format!(
                "no column is left to predict from: {} dropped",
                crate::data::table::shortened(dropped)
            ),
            "give columns that differ from row to row",
        ));
    }
    Ok(fitted)
}

/// Standardises numbers that are to be predicted.
pub(in crate::data) fn fit_target(targets: &Targets, training: &[bool]) -> TargetEncoding {
    match targets {
        Targets::Numbers { values, .. } => {
            let own = values.iter().zip(training).filter(|(_, own)| **own);
            let Moments { mean, scale, .. } = Moments::of(|| own.clone().map(|(value, _)| *value));
            TargetEncoding::Standardised { mean, scale }
        }
        Targets::Binary { .. } | Targets::Classes { .. } => TargetEncoding::AsIs,
    }
}

fn identifier(column: &str, words: &[String]) -> Warning {
    let example = words.first().cloned().unwrap_or_default();
    Warning::Identifier { column: column.to_owned(), example }
}

/// Refuses words that hold something better.
fn check_words(table: &Table, name: &str, words: &[String]) -> Result<()> {
    let some = &words[..words.len().min(LOOKED_AT)];
    let Some(example) = some.first() else { return Ok(()) };
    if some.iter().all(|word| is_date(word)) {
        let (problem, remedy) = Fault::Date(format!("`{example}`")).told(name);
        return Err(table.error(problem, remedy));
    }
    let number = |word: &String| is_decimal_comma(word) || word.parse::<f32>().is_ok();
    if let Some(comma) = some.iter().find(|word| is_decimal_comma(word))
        && some.iter().all(number)
    {
        return Err(table.error(
            format!("column `{name}`: `{comma}` has a comma for its decimal point"),
            format!("write points; or --categorical {name}, if these are names"),
        ));
    }
    Ok(())
}

/// Mean and deviation of numbers, in f64; NaN stands for a missing one.
struct Moments {
    count: usize,
    missing: usize,
    mean: f32,
    /// The standard deviation; 1 where that is 0.
    scale: f32,
    least: f32,
    most: f32,
}

impl Moments {
    /// Goes through the numbers twice.
    fn of<I: Iterator<Item = f32>>(numbers: impl Fn() -> I) -> Self {
        let (mut count, mut missing, mut sum) = (0, 0, 0.0);
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        for number in numbers() {
            if number.is_nan() {
                missing += 1;
            } else {
                count += 1;
                sum += f64::from(number);
                least = least.min(number);
                most = most.max(number);
            }
        }
        let mean = sum / f64::from(count.max(1));
        let squares: f64 = numbers()
            .filter(|number| !number.is_nan())
            .map(|number| (f64::from(number) - mean).powi(2))
            .sum();
        let deviation = (squares / f64::from(count.max(1))).sqrt() as f32;
        let scale = if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 };
        Self { count: count as usize, missing, mean: mean as f32, scale, least, most }
    }
}

fn numeric(numbers: &Segmented<f32>, training: &[bool]) -> Encoding {
    let own = || numbers.iter().zip(training).filter(|(_, own)| **own).map(|(number, _)| number);
    let moments = Moments::of(own);
    match (moments.count, moments.missing) {
        (0, _) => Encoding::Dropped(Dropped::Empty),
        (_, 0) if moments.least == moments.most => Encoding::Dropped(Dropped::Constant),
        (_, missing) => Encoding::Numeric {
            mean: moments.mean,
            scale: moments.scale,
            missing: match missing {
                0 => MissingNumber::Mean,
                _ => MissingNumber::MeanAndIndicator,
            },
        },
    }
}

/// One mean and one deviation for all columns, where all are of one kind.
fn shared_scale(table: &Table, training: &[bool]) -> Option<Encoding> {
    if table.quantity == Quantity::Many {
        return None;
    }
    let columns = || {
        table.columns.iter().filter_map(|column| match &column.values {
            Values::Numbers(numbers) => Some(numbers),
            _ => None,
        })
    };
    let own = || {
        columns().flat_map(|numbers| {
            numbers.iter().zip(training).filter(|(_, own)| **own).map(|(number, _)| number)
        })
    };
    let Moments { mean, scale, .. } = Moments::of(own);
    Some(Encoding::Numeric { mean, scale, missing: MissingNumber::Mean })
}

fn one_hot(words: &Words, training: &[bool], categorical: bool) -> Encoding {
    let (counts, missing) = counted(words, training);
    let rows = missing + counts.iter().sum::<usize>();
    let present = counts.iter().filter(|count| **count > 0).count();
    match (present, missing) {
        (0, _) => return Encoding::Dropped(Dropped::Empty),
        (1, 0) => return Encoding::Dropped(Dropped::Constant),
        _ => {}
    }
    let rare = RARE.min(rows.div_ceil(100));
    let mut kept: Vec<usize> =
        (0..counts.len()).filter(|code| counts[*code] >= rare.max(1)).collect();
    let all_differ = present > 2 && 10 * present > 9 * (rows - missing);
    if !categorical && (kept.is_empty() || all_differ) {
        return Encoding::Dropped(Dropped::Identifier);
    }
    if kept.is_empty() {
        kept = (0..counts.len()).filter(|code| counts[*code] > 0).collect();
    }
    kept.sort_by_key(|code| (Reverse(counts[*code]), &words.list[*code]));
    kept.truncate(MOST_CATEGORIES);
    let other = if kept.len() < present { OtherWord::Pooled } else { OtherWord::Zeros };
    let mut categories: Vec<String> = kept.iter().map(|code| words.list[*code].clone()).collect();
    categories.sort();
    let missing = if missing > 0 { MissingWord::Category } else { MissingWord::Other };
    Encoding::Categorical { categories, other, missing }
}

/// How often each word of the list stands in the training rows, and how many are missing.
fn counted(words: &Words, training: &[bool]) -> (Vec<usize>, usize) {
    let mut counts = vec![0; words.list.len()];
    let mut missing = 0;
    for (code, _) in words.codes.iter().zip(training).filter(|(_, own)| **own) {
        match code {
            MISSING | UNKNOWN => missing += 1,
            code => counts[code as usize] += 1,
        }
    }
    (counts, missing)
}

/// Whether a column counts the rows one by one.
fn counts_rows(numbers: &Segmented<f32>) -> bool {
    /// Fewer numbers may well follow one another by chance.
    const FEW: usize = 20;
    numbers.len() >= FEW && numbers.iter().zip(numbers.iter().skip(1)).all(|(a, b)| b - a == 1.0)
}
