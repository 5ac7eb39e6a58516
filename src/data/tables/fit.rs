//! Fits the preprocessing: the encoding of each column, from its values in the training rows.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::table::{
    Categories, Dates, IndexColumn, MISSING_CODE, RawColumn, Strays, Table, UNKNOWN_CODE, Values,
};
use super::{Bins, Preprocess, Warning, bins};
use crate::Result;
use crate::data::{
    Bin, Column, DateInput, DatePart, DropReason, Encoding, MissingCategory, MissingNumber,
    TargetColumn, TargetEncoding, TargetScale, Targets, UnknownCategory, column_of,
};

/// A text is rare if it occurs in fewer rows than this and in fewer than one of a hundred.
const RARE: usize = 10;

/// That more than one row of so many has a pooled text is said aloud.
const POOLED_SHARE: usize = 20;

/// The most categories of a column that have an input each; the less frequent ones are pooled.
const MAX_CATEGORIES: usize = 256;

/// The fitted encodings.
pub(super) struct Fitted {
    pub(super) columns: Vec<Column>,
    pub(super) warnings: Vec<Warning>,
}

/// The user's choices for columns.
pub(super) struct ColumnOptions<'a> {
    pub(super) preprocess: Preprocess,
    pub(super) bins: Bins,
    pub(super) drop: &'a [String],
    pub(super) categorical: &'a [String],
    /// The columns that some option names: they are inputs even where they number the rows.
    pub(super) named: Vec<&'a str>,
}

/// Fits the encoding of every column to the rows that `training` \[N\] marks.
///
/// # Errors
/// [`Error::Data`](crate::Error::Data) where no column is left.
pub(super) fn fit(table: &Table, training: &[bool], options: &ColumnOptions<'_>) -> Result<Fitted> {
    let mut fitted = Fitted { columns: Vec::new(), warnings: Vec::new() };
    let moments = moments(table, training);
    let shared = shared_scales(table, &moments);
    let numbers = table.columns.iter().enumerate().filter(|(at, column)| {
        matches!(column.values, Values::Numbers(_)) && !shared.contains_key(at)
    });
    let bins = options.bins.of(table.rows, numbers.count());
    for (at, column) in table.columns.iter().enumerate() {
        let RawColumn { name, values, index, .. } = column;
        let encoding = match (values, options.preprocess, shared.get(&at)) {
            _ if options.drop.contains(name) => Encoding::Dropped(DropReason::Requested),
            _ if is_index(table, column) && !options.named.contains(&name.as_str()) => {
                let declared = *index == Some(IndexColumn::Declared);
                fitted.warnings.push(Warning::Index { column: name.clone(), declared });
                Encoding::Dropped(DropReason::Index)
            }
            (_, Preprocess::None, _) => Encoding::AsIs,
            (Values::Numbers(_), _, Some(shared)) => shared.clone(),
            (Values::Numbers(cell), _, None) => {
                if counts_rows(table, *cell) {
                    fitted.warnings.push(Warning::RowNumbers { column: name.clone() });
                } else if all_differ(table, *cell) {
                    fitted.warnings.push(Warning::Keys { column: name.clone() });
                }
                if let Some(Strays { rows, words }) = column.strays.clone() {
                    let column = name.clone();
                    fitted.warnings.push(Warning::StrayWords { column, rows, words });
                }
                fitted.warnings.extend(moments[*cell].low_precision(name));
                let bins = bins::fit(table, *cell, training, bins);
                moments[*cell].encoding(bins)
            }
            (Values::Text(cell, texts), ..) => {
                if !column.mixed.is_empty() {
                    let (column, examples) = (name.clone(), column.mixed.clone());
                    fitted.warnings.push(Warning::PartlyNumbers { column, examples });
                }
                let categorical = options.categorical.contains(name);
                let (counts, missing) = count_codes(table, *cell, texts.list.len(), training);
                let (encoding, warning) = one_hot(name, texts, &counts, missing, categorical);
                fitted.warnings.extend(warning);
                encoding
            }
            (Values::Dates(cell, dates), ..) => {
                if let Some(strays) = &column.strays {
                    let (column, rows, example) = (name.clone(), strays.rows, strays.example());
                    fitted.warnings.push(Warning::WordsAmongDates { column, rows, example });
                }
                date(table, *cell, dates, training)
            }
            (Values::TooManyCategories, ..) => {
                fitted.warnings.push(Warning::TooManyCategories { column: name.clone() });
                Encoding::Dropped(DropReason::TooManyCategories)
            }
            (Values::Target(_) | Values::Skipped, ..) => Encoding::Dropped(DropReason::Requested),
        };
        fitted.columns.push(Column { name: name.clone(), encoding });
    }
    let dates = fitted.columns.iter().filter(|own| matches!(own.encoding, Encoding::Date { .. }));
    let dates: Vec<String> = dates.map(|own| own.name.clone()).collect();
    if !dates.is_empty() {
        fitted.warnings.push(Warning::Dates { columns: dates });
    }
    if fitted.columns.iter().all(|column| column.encoding.outputs() == 0) {
        let dropped = fitted.columns.iter().map(|column| column.name.as_str());
        return Err(table.error(
            format!(
                "no column is left to predict from; dropped: {}",
                crate::data::tables::table::shortened(dropped)
            ),
            "give at least one column whose values differ from row to row",
        ));
    }
    Ok(fitted)
}

/// Fits the scaling of each target to the training rows.
pub(super) fn fit_targets(
    columns: &[TargetColumn],
    targets: &Targets,
    training: &[bool],
) -> (TargetEncoding, Vec<Warning>) {
    let Targets::Numbers { values, columns: count } = targets else {
        return (TargetEncoding::AsIs, Vec::new());
    };
    let mut warnings = Vec::new();
    let scales = columns.iter().enumerate().map(|(place, TargetColumn { name, .. })| {
        let own = column_of(values, place, *count).zip(training);
        let moments = Moments::of(own.filter(|(_, own)| **own).map(|(y, _)| y));
        let constant = (moments.count > 1 && moments.min == moments.max)
            .then(|| Warning::ConstantTarget { column: name.clone(), value: moments.min });
        // A large number may be one only because float32 rounds.
        warnings.extend(moments.low_precision(name).or(constant));
        TargetScale { mean: moments.mean() as f32, scale: moments.scale() }
    });
    let scales: Vec<TargetScale> = scales.collect();
    let encoding = match scales[..] {
        [TargetScale { mean, scale }] => TargetEncoding::Standardised { mean, scale },
        _ => TargetEncoding::Each(scales),
    };
    (encoding, warnings)
}

/// Warnings about targets whose differences float32 cannot hold.
pub(super) fn target_precision(columns: &[TargetColumn], targets: &Targets) -> Vec<Warning> {
    let Targets::Numbers { values, columns: count } = targets else { return Vec::new() };
    let warning = |(place, own): (usize, &TargetColumn)| {
        Moments::of(column_of(values, place, *count)).low_precision(&own.name)
    };
    columns.iter().enumerate().filter_map(warning).collect()
}

/// Mean, variance and range of a column's numbers, summed in f64. NaN counts as missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    count: usize,
    missing: usize,
    sum: f64,
    /// The sum of squared deviations from the mean.
    squares: f64,
    min: f32,
    max: f32,
}

impl Default for Moments {
    fn default() -> Self {
        let (min, max) = (f32::INFINITY, f32::NEG_INFINITY);
        Self { count: 0, missing: 0, sum: 0.0, squares: 0.0, min, max }
    }
}

impl Moments {
    pub(super) fn of(numbers: impl Iterator<Item = f32> + Clone) -> Self {
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
        self.min = self.min.min(number);
        self.max = self.max.max(number);
    }

    /// Second pass, after `add` has seen all numbers.
    #[inline]
    fn add_square(&mut self, number: f32) {
        if !number.is_nan() {
            self.squares += (f64::from(number) - self.mean()).powi(2);
        }
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    fn deviation(&self) -> f64 {
        (self.squares / self.count.max(1) as f64).sqrt()
    }

    /// The standard deviation; 1 where that is 0.
    pub(super) fn scale(&self) -> f32 {
        let deviation = self.deviation() as f32;
        if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 }
    }

    /// The warning where float32 has too few numbers between the smallest and the largest one:
    /// values that differ in the file may be equal here.
    fn low_precision(&self, column: &str) -> Option<Warning> {
        /// Float32 steps that a standard deviation should span.
        const MIN_STEPS: f64 = 1000.0;
        /// From here on float32 cannot represent every integer.
        const MAX_EXACT_INTEGER: f32 = (1 << 24) as f32;
        let largest = self.min.abs().max(self.max.abs());
        let step = largest.next_up() - largest;
        let low_precision = match self.min == self.max {
            // The file may truly hold one value only.
            true => largest >= MAX_EXACT_INTEGER,
            false => self.deviation() < MIN_STEPS * f64::from(step),
        };
        (self.count > 1 && low_precision).then(|| Warning::LowPrecision {
            column: column.to_owned(),
            mean: self.mean() as f32,
            step,
        })
    }

    fn encoding(&self, bins: Vec<Bin>) -> Encoding {
        let missing = match (self.count, self.missing) {
            (0, _) => return Encoding::Dropped(DropReason::Empty),
            (_, 0) if self.min == self.max => return Encoding::Dropped(DropReason::Constant),
            (_, 0) => MissingNumber::Mean,
            _ => MissingNumber::MeanAndIndicator,
        };
        Encoding::Numeric { mean: self.mean() as f32, scale: self.scale(), bins, missing }
    }
}

/// The moments of each cell over the training rows, by cell index; unused for cells of texts.
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

/// The encoding of the columns of pixels, by their index: each array of pictures has one mean and one
/// deviation.
fn shared_scales(table: &Table, moments: &[Moments]) -> HashMap<usize, Encoding> {
    let mut shared = HashMap::new();
    let arrays: BTreeSet<usize> = table.columns.iter().filter_map(|own| own.pictures).collect();
    for array in arrays {
        let own = table.columns.iter().enumerate().filter_map(|(at, column)| match column.values {
            Values::Numbers(cell) if column.pictures == Some(array) => Some((at, &moments[cell])),
            _ => None,
        });
        let scale = shared_scale(own.clone().map(|(_, own)| own));
        shared.extend(own.map(|(at, _)| (at, scale.clone())));
    }
    shared
}

/// The common mean and deviation of some columns.
fn shared_scale<'a>(columns: impl Iterator<Item = &'a Moments> + Clone) -> Encoding {
    let columns = columns.filter(|own| own.count > 0);
    let mut all = Moments::default();
    for own in columns.clone() {
        all.count += own.count;
        all.sum += own.sum;
    }
    // Squares about the common mean: those within each column and those between the columns.
    let mean = all.mean();
    let squares = |own: &Moments| own.squares + own.count as f64 * (own.mean() - mean).powi(2);
    all.squares = columns.map(squares).sum();
    let (mean, scale, bins) = (mean as f32, all.scale(), Vec::new());
    Encoding::Numeric { mean, scale, bins, missing: MissingNumber::Mean }
}

/// The encoding of dates: the parts that differ between the training rows.
fn date(table: &Table, cell: usize, dates: &Dates, training: &[bool]) -> Encoding {
    let moments = || table.moments(cell, dates).zip(training).filter(|(_, own)| **own);
    let moments = || moments().map(|(moment, _)| moment);
    let missing = moments().filter(Option::is_none).count();
    if moments().flatten().next().is_none() {
        return Encoding::Dropped(DropReason::Empty);
    }
    // Where there are whole hours only, the minute of the day says nothing more.
    let has_minutes = moments().flatten().any(|moment| moment % 3600 != 0);
    let differing = |part: &DatePart| {
        let numbers = moments().map(|moment| moment.map_or(f32::NAN, |moment| part.of(moment)));
        let own = Moments::of(numbers);
        let input = DateInput { part: *part, mean: own.mean() as f32, scale: own.scale() };
        (own.min < own.max).then_some(input)
    };
    let parts: Vec<DateInput> = DatePart::ALL
        .iter()
        .filter(|part| **part != DatePart::Minute || has_minutes)
        .filter_map(differing)
        .collect();
    match (parts.is_empty(), missing) {
        (true, 0) => Encoding::Dropped(DropReason::Constant),
        (_, 0) => Encoding::Date { format: dates.format, parts, missing: MissingNumber::Mean },
        _ => {
            let missing = MissingNumber::MeanAndIndicator;
            Encoding::Date { format: dates.format, parts, missing }
        }
    }
}

/// The encoding of texts that occur in `counts` training rows each, and are missing in `missing`; and
/// what is to be said about it.
fn one_hot(
    name: &str,
    texts: &Categories,
    counts: &[usize],
    missing: usize,
    categorical: bool,
) -> (Encoding, Option<Warning>) {
    let filled = counts.iter().sum::<usize>();
    let present = counts.iter().filter(|count| **count > 0).count();
    match (present, missing) {
        (0, _) => return (Encoding::Dropped(DropReason::Empty), None),
        (1, 0) => return (Encoding::Dropped(DropReason::Constant), None),
        _ => {}
    }
    if !categorical && present > 2 && 10 * present > 9 * filled {
        let example = texts.list.first().cloned().unwrap_or_default();
        let warning = Warning::Identifier { column: name.to_owned(), example };
        return (Encoding::Dropped(DropReason::Identifier), Some(warning));
    }
    let is_rare = rarity(present, filled, missing);
    let mut kept: Vec<usize> =
        (0..counts.len()).filter(|code| counts[*code] > 0 && !is_rare(counts[*code])).collect();
    if kept.is_empty() && !categorical {
        let warning = Warning::RareTexts { column: name.to_owned(), texts: present, rows: filled };
        return (Encoding::Dropped(DropReason::RareTexts), Some(warning));
    }
    if kept.is_empty() {
        kept = (0..counts.len()).filter(|code| counts[*code] > 0).collect();
    }
    kept.sort_unstable_by_key(|code| (Reverse(counts[*code]), &texts.list[*code]));
    kept.truncate(MAX_CATEGORIES);
    let pooled = filled - kept.iter().map(|code| counts[*code]).sum::<usize>();
    let warning = (POOLED_SHARE * pooled > filled).then(|| Warning::PooledTexts {
        column: name.to_owned(),
        texts: present,
        kept: kept.len(),
        rows: pooled,
    });
    let other = if kept.len() < present { UnknownCategory::Pooled } else { UnknownCategory::Zeros };
    let mut categories: Vec<String> = kept.iter().map(|code| texts.list[*code].clone()).collect();
    categories.sort_unstable();
    let missing = if missing > 0 { MissingCategory::Category } else { MissingCategory::Other };
    (Encoding::Categorical { categories, other, missing }, warning)
}

/// Which numbers of rows make a text rare: fewer than [`RARE`] and than one row of a hundred. Where the
/// column has few texts, or most occur in several rows, a text must also be far rarer than the others:
/// 142 countries of 8 rows each are 142 categories.
fn rarity(present: usize, filled: usize, missing: usize) -> impl Fn(usize) -> bool {
    /// A column of more texts, of which each has fewer rows on average, has many rare ones.
    const MANY_TEXTS: usize = 20;
    const FEW_ROWS: usize = 5;
    let limit = RARE.min((filled + missing).div_ceil(100));
    let many_are_rare = present > MANY_TEXTS && filled < FEW_ROWS * present;
    move |count| count < limit && (many_are_rare || 2 * count * present < filled)
}

/// The number of training rows with each of `texts` codes, and with none.
fn count_codes(table: &Table, cell: usize, texts: usize, training: &[bool]) -> (Vec<usize>, usize) {
    let mut counts = vec![0; texts];
    let mut missing = 0;
    for (code, _) in table.codes(cell).zip(training).filter(|(_, own)| **own) {
        match code {
            MISSING_CODE | UNKNOWN_CODE => missing += 1,
            code => counts[code as usize] += 1,
        }
    }
    (counts, missing)
}

/// Whether a column is an index: the file says so, or its name suggests it and it holds different
/// whole numbers.
fn is_index(table: &Table, column: &RawColumn) -> bool {
    match (column.index, &column.values) {
        (Some(IndexColumn::Declared), _) => true,
        (Some(IndexColumn::Suspected), Values::Numbers(cell)) => {
            let mut seen = HashSet::new();
            let own = |number: f32| number.fract() == 0.0 && seen.insert(number.to_bits());
            table.numbers(*cell).all(own)
        }
        _ => false,
    }
}

/// Whether a column has a different whole number in nearly every row, as shuffled row numbers and keys
/// have.
fn all_differ(table: &Table, cell: usize) -> bool {
    /// In fewer rows this may be chance.
    const MIN_ROWS: usize = 50;
    let (mut seen, mut repeated) = (HashSet::new(), 0);
    let own = |number: f32| {
        repeated += usize::from(!seen.insert(number.to_bits()));
        // Most columns have shown after some rows that they are none.
        number.fract() == 0.0 && 100 * repeated < table.rows
    };
    table.rows >= MIN_ROWS && table.numbers(cell).all(own)
}

/// Whether a column's numbers increase by 1 from row to row.
fn counts_rows(table: &Table, cell: usize) -> bool {
    /// In fewer rows this may be chance.
    const MIN_ROWS: usize = 20;
    let next = table.numbers(cell).skip(1);
    table.rows >= MIN_ROWS && table.numbers(cell).zip(next).all(|(a, b)| b - a == 1.0)
}
