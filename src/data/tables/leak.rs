//! Columns that alone tell the target. Often such a column was written down after the target was known, or
//! is the target in other words: then the score of a model is of no use for new rows.

use super::table::{MISSING_CODE, RawColumn, Table, Values};
use crate::data::{Column, Targets};

/// Of fewer rows nothing is suspected: a column may tell their target by chance.
const LEAST_ROWS: usize = 20;

/// The same of each class: that one of 30 columns parts 5 of 20 rows from the others by chance happens
/// in one table of 250.
const LEAST_OF_CLASS: usize = 5;

/// A correlation that only rounding keeps from 1.
const CORRELATION: f64 = 0.999_999;

/// The names of columns that alone tell the target in every row, of those that are inputs.
pub(super) fn suspects(table: &Table, targets: &Targets, fitted: &[Column]) -> Vec<String> {
    if table.rows < LEAST_ROWS {
        return Vec::new();
    }
    let tells: Box<dyn Fn(&Values) -> bool> = match targets {
        Targets::Numbers { values, columns: 1 } => Box::new(
            |column| matches!(column, Values::Numbers(cell) if follow(table.numbers(*cell), values)),
        ),
        targets => {
            let Some(classes) = targets.classes() else { return Vec::new() };
            let classes: Vec<usize> = classes.collect();
            let mut rows = vec![0; classes.iter().max().map_or(0, |most| most + 1)];
            classes.iter().for_each(|class| rows[*class] += 1);
            if rows.iter().any(|rows| (1..LEAST_OF_CLASS).contains(rows)) {
                return Vec::new();
            }
            Box::new(move |column| match column {
                Values::Numbers(cell) => numbers_tell(table.numbers(*cell), &classes, rows.len()),
                Values::Text(cell, texts) => {
                    words_tell(table.codes(*cell), texts.list.len(), &classes)
                }
                _ => false,
            })
        }
    };
    // A pixel tells nothing.
    let is_input = |(own, fitted): &(&RawColumn, &Column)| {
        own.pictures.is_none() && fitted.encoding.outputs() > 0
    };
    let inputs = table.columns.iter().zip(fitted).filter(is_input);
    inputs.filter(|(own, _)| tells(&own.values)).map(|(own, _)| own.name.clone()).collect()
}

/// Rows after which it is mostly clear that a column tells nothing of the kind.
const FIRST: usize = 64;

/// Whether a target is a line of a column.
fn follow(column: impl Iterator<Item = f32>, target: &[f32]) -> bool {
    let mut pairs = column.zip(target).map(|(own, target)| [f64::from(own), f64::from(*target)]);
    let mut seen: Vec<[f64; 2]> = pairs.by_ref().take(FIRST).collect();
    if correlation(&seen) <= CORRELATION {
        return false;
    }
    seen.extend(pairs);
    correlation(&seen) > CORRELATION
}

/// The size of the correlation of pairs of numbers: NaN where one is missing, or all are the same.
fn correlation(pairs: &[[f64; 2]]) -> f64 {
    let count = pairs.len() as f64;
    let mean = |of: usize| pairs.iter().map(|pair| pair[of]).sum::<f64>() / count;
    let means = [mean(0), mean(1)];
    let product = |a: usize, b: usize| {
        pairs.iter().map(|pair| (pair[a] - means[a]) * (pair[b] - means[b])).sum::<f64>()
    };
    product(0, 1).abs() / (product(0, 0) * product(1, 1)).sqrt()
}

/// Whether the numbers of each class lie apart from those of all others, and those that are missing are
/// of one class.
fn numbers_tell(column: impl Iterator<Item = f32>, classes: &[usize], count: usize) -> bool {
    let mut ranges = vec![[f32::INFINITY, f32::NEG_INFINITY]; count];
    let mut missing = None;
    for (row, (number, class)) in column.zip(classes).enumerate() {
        if row == FIRST && !lie_apart(&ranges) {
            return false;
        }
        if number.is_nan() {
            if *missing.get_or_insert(*class) != *class {
                return false;
            }
            continue;
        }
        let [low, high] = &mut ranges[*class];
        (*low, *high) = (low.min(number), high.max(number));
    }
    lie_apart(&ranges)
}

/// Whether no two ranges have a number in common.
fn lie_apart(ranges: &[[f32; 2]]) -> bool {
    let mut ranges: Vec<[f32; 2]> =
        ranges.iter().copied().filter(|[low, high]| low <= high).collect();
    ranges.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    ranges.windows(2).all(|pair| pair[0][1] < pair[1][0])
}

/// Whether all rows with the same word are of the same class, and several rows have each.
fn words_tell(codes: impl Iterator<Item = u32>, words: usize, classes: &[usize]) -> bool {
    // Missing ones have a place of their own.
    let mut class_of_word = vec![None; words + 1];
    for (code, class) in codes.zip(classes) {
        let word = if code == MISSING_CODE { words } else { code as usize };
        let Some(known) = class_of_word.get_mut(word) else { return false };
        if *known.get_or_insert(*class) != *class {
            return false;
        }
    }
    class_of_word.iter().flatten().count() * LEAST_OF_CLASS <= classes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_tell_classes_that_lie_apart() {
        let classes = [0, 0, 1, 1, 2, 2];
        let tell = |numbers: [f32; 6]| numbers_tell(numbers.into_iter(), &classes, 3);
        assert!(tell([5.0, 6.0, 1.0, 2.0, 3.0, 4.0]));
        assert!(!tell([5.0, 3.5, 1.0, 2.0, 3.0, 4.0]));
        assert!(!tell([5.0, 4.0, 1.0, 2.0, 3.0, 4.0]), "a number of two classes");
        assert!(tell([f32::NAN, f32::NAN, 1.0, 2.0, 3.0, 4.0]));
        assert!(!tell([f32::NAN, 5.0, f32::NAN, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn words_tell_classes_where_each_has_several_rows() {
        let classes: Vec<usize> = (0..20).map(|row| row % 2).collect();
        let tell = |word: &dyn Fn(u32) -> u32| words_tell((0..20).map(word), 20, &classes);
        assert!(tell(&|row| row % 4));
        assert!(!tell(&|row| row % 3));
        assert!(!tell(&|row| row), "a word for each row");
        assert!(tell(&|row| if row % 2 == 0 { MISSING_CODE } else { 3 }));
    }

    #[test]
    fn a_line_follows() {
        let target: Vec<f32> = (0..90).map(|row| (row * row) as f32).collect();
        let of =
            |column: &dyn Fn(f32) -> f32| follow(target.iter().map(|own| column(*own)), &target);
        assert!(of(&|own| 1.8 * own + 32.0) && of(&|own| -own));
        assert!(!of(&|own| own.sqrt()) && !of(&|_| 3.0));
        assert!(!of(&|own| if own == 4.0 { f32::NAN } else { own }));
    }
}
