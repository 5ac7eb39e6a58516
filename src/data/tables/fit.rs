//! What becomes of each column, by its values in the training rows.

use std::cmp::Reverse;

use super::column::{Fault, is_date, is_decimal_comma, is_dressed};
use super::table::{MISSING, Quantity, RawColumn, Table, UNKNOWN, Values, Words};
use super::{Preprocess, Warning};
use crate::Result;
use crate::data::{
    Column, Dropped, Encoding, MissingNumber, MissingWord, OtherWord, TargetEncoding, Targets,
};

/// A word that stands in fewer rows than this, or than one in a hundred, is rare.
const RARE: usize = 10;

/// The most categories of a column; the rarest of more are pooled.
const MOST_CATEGORIES: usize = 256;

/// So many different words tell whether a column holds dates.
const LOOKED_AT: usize = 1000;

/// How columns are encoded, and what should be said of it.
pub(super) struct Fitted {
    pub(super) columns: Vec<Column>,
    pub(super) warnings: Vec<Warning>,
}

/// What the user says about columns.
pub(super) struct Said<'a> {
    pub(super) preprocess: Preprocess,
    pub(super) drop: &'a [String],
    pub(super) categorical: &'a [String],
}

/// Fits the encoding of every column to the rows that `training` says yes to.
///
/// # Errors
/// [`Error::Data`] for columns of dates, for numbers written with commas, and where no column is
/// left.
pub(super) fn fit(table: &Table, training: &[bool], said: &Said<'_>) -> Result<Fitted> {
    let mut fitted = Fitted { columns: Vec::new(), warnings: Vec::new() };
    let moments = moments(table, training);
    let shared = (table.quantity == Quantity::One).then(|| shared_scale(&moments));
    for column in &table.columns {
        let RawColumn { name, values } = column;
        let encoding = match (values, said.preprocess, &shared) {
            _ if said.drop.contains(name) => Encoding::Dropped(Dropped::Asked),
            (_, Preprocess::None, _) => Encoding::AsIs,
            (Values::Numbers(_), _, Some(shared)) => shared.clone(),
            (Values::Numbers(cell), _, None) => {
                if counts_rows(table, *cell) {
                    fitted.warnings.push(Warning::RowNumbers { column: name.clone() });
                }
                fitted.warnings.extend(moments[*cell].coarse(name));
                moments[*cell].encoding()
            }
            (Values::Words(cell, words), ..) => {
                let categorical = said.categorical.contains(name);
                if !categorical {
                    check_words(table, name, &words.list)?;
                }
                let (counts, missing) = counted(table, *cell, words.list.len(), training);
                let encoding = one_hot(words, &counts, missing, categorical);
                if encoding == Encoding::Dropped(Dropped::Identifier) {
                    fitted.warnings.push(identifier(name, &words.list));
                }
                encoding
            }
            (Values::Many(examples), ..) => {
                check_words(table, name, examples)?;
                fitted.warnings.push(Warning::ManyWords { column: name.clone() });
                Encoding::Dropped(Dropped::ManyWords)
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
                crate::data::tables::table::shortened(dropped)
            ),
            "give columns that differ from row to row",
        ));
    }
    Ok(fitted)
}

/// Standardises numbers that are to be predicted, the column `name`.
pub(super) fn fit_target(
    name: &str,
    targets: &Targets,
    training: &[bool],
) -> (TargetEncoding, Option<Warning>) {
    match targets {
        Targets::Numbers { values, .. } => {
            let own = values.iter().zip(training).filter(|(_, own)| **own).map(|(y, _)| *y);
            let moments = Moments::of(own);
            let (mean, scale) = (moments.mean() as f32, moments.scale());
            (TargetEncoding::Standardised { mean, scale }, moments.coarse(name))
        }
        Targets::Binary { .. } | Targets::Classes { .. } => (TargetEncoding::AsIs, None),
    }
}

/// What should be said of targets, the column `name`.
pub(super) fn coarse_target(name: &str, targets: &Targets) -> Option<Warning> {
    match targets {
        Targets::Numbers { values, .. } => Moments::of(values.iter().copied()).coarse(name),
        Targets::Binary { .. } | Targets::Classes { .. } => None,
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
    let number =
        |word: &String| word.parse::<f32>().is_ok() || is_decimal_comma(word) || is_dressed(word);
    if !some.iter().all(number) {
        return Ok(());
    }
    // Three digits behind one comma may be either: the others tell.
    let dressed = some.iter().find(|word| is_dressed(word) && !is_decimal_comma(word));
    let comma = || some.iter().find(|word| is_decimal_comma(word));
    let fault = match dressed {
        Some(word) => Some(Fault::Dressed(word.clone())),
        None => comma().map(|word| Fault::DecimalComma(word.clone())),
    };
    match fault.map(|fault| fault.told(name)) {
        Some((problem, remedy)) => {
            Err(table
                .error(problem, format!("{remedy}; or --categorical {name}, if these are names")))
        }
        None => Ok(()),
    }
}

/// Sums over numbers, in f64; NaN stands for a missing one.
#[derive(Clone, Copy, Debug)]
struct Moments {
    count: usize,
    missing: usize,
    sum: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
    least: f32,
    most: f32,
}

impl Default for Moments {
    fn default() -> Self {
        let (least, most) = (f32::INFINITY, f32::NEG_INFINITY);
        Self { count: 0, missing: 0, sum: 0.0, squares: 0.0, least, most }
    }
}

impl Moments {
    fn of(numbers: impl Iterator<Item = f32> + Clone) -> Self {
        let mut moments = Self::default();
        numbers.clone().for_each(|number| moments.add(number));
        numbers.for_each(|number| moments.add_square(number));
        moments
    }

    #[inline]
    fn add(&mut self, number: f32) {
        if number.is_nan() {
            self.missing += 1;
            return;
        }
        self.count += 1;
        self.sum += f64::from(number);
        self.least = self.least.min(number);
        self.most = self.most.max(number);
    }

    /// After all numbers were added once.
    #[inline]
    fn add_square(&mut self, number: f32) {
        if !number.is_nan() {
            self.squares += (f64::from(number) - self.mean()).powi(2);
        }
    }

    fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    fn deviation(&self) -> f64 {
        (self.squares / self.count.max(1) as f64).sqrt()
    }

    /// The standard deviation; 1 where that is 0.
    fn scale(&self) -> f32 {
        let deviation = self.deviation() as f32;
        if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 }
    }

    /// Whether float32 has too few numbers between the least and the largest one: what differed in
    /// the file may be the same here.
    fn coarse(&self, column: &str) -> Option<Warning> {
        /// Steps that a deviation should have.
        const FINE: f64 = 1000.0;
        /// Whole numbers from which on float32 leaves some out.
        const WHOLE: f32 = (1 << 24) as f32;
        let largest = self.least.abs().max(self.most.abs());
        let step = largest.next_up() - largest;
        let coarse = match self.least == self.most {
            // There may be one value only in the file, too.
            true => largest >= WHOLE,
            false => self.deviation() < FINE * f64::from(step),
        };
        (self.count > 1 && coarse).then(|| Warning::Coarse {
            column: column.to_owned(),
            near: self.mean() as f32,
            step,
        })
    }

    fn encoding(&self) -> Encoding {
        let missing = match (self.count, self.missing) {
            (0, _) => return Encoding::Dropped(Dropped::Empty),
            (_, 0) if self.least == self.most => return Encoding::Dropped(Dropped::Constant),
            (_, 0) => MissingNumber::Mean,
            _ => MissingNumber::MeanAndIndicator,
        };
        Encoding::Numeric { mean: self.mean() as f32, scale: self.scale(), missing }
    }
}

/// The sums over every cell of the training rows; those of cells that hold no numbers mean nothing.
fn moments(table: &Table, training: &[bool]) -> Vec<Moments> {
    let numeric = |column: &RawColumn| match column.values {
        Values::Numbers(cell) => Some(cell),
        _ => None,
    };
    let cells: Vec<usize> = table.columns.iter().filter_map(numeric).collect();
    let rows = || table.cells.rows(table.rows).zip(training).filter(|(_, own)| **own);
    let mut moments = vec![Moments::default(); table.cells.width()];
    for (row, _) in rows() {
        cells.iter().for_each(|&cell| moments[cell].add(f32::from_bits(row[cell])));
    }
    let means: Vec<f64> = moments.iter().map(Moments::mean).collect();
    for (row, _) in rows() {
        for &cell in &cells {
            let number = f32::from_bits(row[cell]);
            if !number.is_nan() {
                moments[cell].squares += (f64::from(number) - means[cell]).powi(2);
            }
        }
    }
    moments
}

/// One mean and one deviation for all columns, where all are of one kind.
fn shared_scale(moments: &[Moments]) -> Encoding {
    let mut all = Moments::default();
    for own in moments.iter().filter(|own| own.count > 0) {
        all.count += own.count;
        all.sum += own.sum;
    }
    // The squares about the common mean are those about each mean, and the means' own.
    let mean = all.mean();
    let squares = |own: &Moments| own.squares + own.count as f64 * (own.mean() - mean).powi(2);
    all.squares = moments.iter().filter(|own| own.count > 0).map(squares).sum();
    Encoding::Numeric { mean: mean as f32, scale: all.scale(), missing: MissingNumber::Mean }
}

/// Categories for words that stand in so many rows, beside so many rows without one.
fn one_hot(words: &Words, counts: &[usize], missing: usize, categorical: bool) -> Encoding {
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

/// How often each word of a list stands in the training rows, and how many are missing.
fn counted(table: &Table, cell: usize, words: usize, training: &[bool]) -> (Vec<usize>, usize) {
    let mut counts = vec![0; words];
    let mut missing = 0;
    for (code, _) in table.codes(cell).zip(training).filter(|(_, own)| **own) {
        match code {
            MISSING | UNKNOWN => missing += 1,
            code => counts[code as usize] += 1,
        }
    }
    (counts, missing)
}

/// Whether a column counts the rows one by one.
fn counts_rows(table: &Table, cell: usize) -> bool {
    /// Fewer numbers may well follow one another by chance.
    const FEW: usize = 20;
    let next = table.numbers(cell).skip(1);
    table.rows >= FEW && table.numbers(cell).zip(next).all(|(a, b)| b - a == 1.0)
}
