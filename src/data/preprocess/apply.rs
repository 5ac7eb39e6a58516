//! A table to the inputs of a network, by a preprocessing that is given.

use std::collections::HashMap;

use super::{Column, Encoding, MissingNumber, MissingWord, OtherWord, Preprocessing};
use crate::data::Warning;
use crate::data::column::Want;
use crate::data::segmented::SEGMENT;
use crate::data::table::{Header, MISSING, Table, UNKNOWN, Values, Words};
use crate::{Error, Result};

/// Rows of a network's inputs.
#[derive(Debug, Default)]
pub(in crate::data) struct Applied {
    /// \[N, I\] of the rows that were asked for, then of the others.
    pub(in crate::data) features: [Vec<f32>; 2],
    pub(in crate::data) warnings: Vec<Warning>,
}

impl Preprocessing {
    /// What it wants of the columns of a table.
    ///
    /// # Errors
    /// [`Error::Data`] names a column that the table has not got.
    pub(in crate::data) fn wants(&self, header: &Header) -> Result<Vec<Want>> {
        let mut wants = vec![Want::Skip; header.names.len()];
        for Column { name, encoding } in self.needed() {
            wants[header.column(name)?] = match encoding {
                Encoding::AsIs => Want::Complete,
                Encoding::Numeric { .. } => Want::Numbers,
                Encoding::Categorical { categories, .. } => Want::Known(categories.clone()),
                Encoding::Dropped(_) => Want::Skip,
            };
        }
        Ok(wants)
    }

    /// Turns a table into rows: those that `first` says yes to, and the others. The table is used
    /// up on the way, so that it does not stand in memory twice.
    ///
    /// # Errors
    /// [`Error::Data`] for columns that are missing or of another kind, and for numbers too far
    /// from their mean for float32.
    pub(in crate::data) fn apply(&self, mut table: Table, first: &[bool]) -> Result<Applied> {
        let inputs = self.outputs();
        let mut encoders = self.encoders(&table)?;
        let count = first.iter().filter(|own| **own).count();
        let mut features =
            [count, table.rows - count].map(|rows| Vec::with_capacity(rows.saturating_mul(inputs)));
        let mut block = Vec::new();
        for (piece, own) in first.chunks(SEGMENT).enumerate() {
            block.clear();
            block.resize(own.len() * inputs, 0.0);
            for encoder in &mut encoders {
                let values = &mut table.columns[encoder.column].values;
                encoder.encode(values, piece, &mut block, inputs);
            }
            if let Some(at) = block.iter().position(|value| !value.is_finite()) {
                let row = piece * SEGMENT + at / inputs;
                return Err(table.error(
                    format!(
                        "row {}, `{}`: too far from the mean",
                        row + 1,
                        self.output_names()[at % inputs]
                    ),
                    "remove or replace the number",
                ));
            }
            for (row, own) in block.chunks_exact(inputs).zip(own) {
                features[usize::from(!own)].extend_from_slice(row);
            }
        }
        let warnings = encoders.iter().flat_map(|encoder| encoder.warnings(&table)).collect();
        Ok(Applied { features, warnings })
    }

    fn encoders(&self, table: &Table) -> Result<Vec<Encoder>> {
        let places: HashMap<&str, usize> = table
            .columns
            .iter()
            .zip(0..)
            .map(|(column, place)| (column.name.as_str(), place))
            .collect();
        let mut offset = 0;
        let mut encoders = Vec::new();
        for Column { name, encoding } in &self.columns {
            let outputs = encoding.outputs();
            if outputs > 0 {
                let missing = || table.error(format!("there is no column `{name}`"), "add it");
                let column = *places.get(name.as_str()).ok_or_else(missing)?;
                let way = Way::of(encoding, &table.columns[column].values).ok_or_else(|| {
                    table.error(
                        format!("column `{name}` holds what the model does not expect there"),
                        "give it numbers or words as in the training",
                    )
                })?;
                encoders.push(Encoder { column, offset, way, unknown: 0, missing: 0 });
            }
            offset += outputs;
        }
        Ok(encoders)
    }
}

/// Writes a column's inputs.
struct Encoder {
    /// The column of the table.
    column: usize,
    /// The first of its inputs.
    offset: usize,
    way: Way,
    /// Rows with words that are no category.
    unknown: usize,
    /// Rows with missing values, where the training had none.
    missing: usize,
}

enum Way {
    AsIs,
    Numeric { mean: f32, scale: f32, missing: MissingNumber },
    OneHot { slots: Vec<Option<usize>>, other: Option<usize>, missing: Option<usize> },
}

impl Way {
    fn of(encoding: &Encoding, values: &Values) -> Option<Self> {
        match (encoding, values) {
            (Encoding::AsIs, Values::Numbers(_)) => Some(Self::AsIs),
            (&Encoding::Numeric { mean, scale, missing }, Values::Numbers(_)) => {
                Some(Self::Numeric { mean, scale, missing })
            }
            (Encoding::Categorical { categories, other, missing }, Values::Words(words)) => {
                let other = (*other == OtherWord::Pooled).then_some(categories.len());
                let after = categories.len() + usize::from(other.is_some());
                let missing = (*missing == MissingWord::Category).then_some(after);
                Some(Self::OneHot { slots: slots(categories, words), other, missing })
            }
            _ => None,
        }
    }
}

/// The category of each word of a list.
fn slots(categories: &[String], words: &Words) -> Vec<Option<usize>> {
    let places: HashMap<&str, usize> = categories.iter().map(String::as_str).zip(0..).collect();
    words.list.iter().map(|word| places.get(word.as_str()).copied()).collect()
}

impl Encoder {
    /// Writes the inputs of a piece of the column into rows of so many inputs, which hold zeros.
    fn encode(&mut self, values: &mut Values, piece: usize, block: &mut [f32], inputs: usize) {
        let rows = block.chunks_exact_mut(inputs);
        let at = self.offset;
        match (&self.way, values) {
            (Way::AsIs, Values::Numbers(numbers)) => {
                for (row, number) in rows.zip(numbers.take(piece)) {
                    row[at] = number;
                }
            }
            (Way::Numeric { mean, scale, missing }, Values::Numbers(numbers)) => {
                for (row, number) in rows.zip(numbers.take(piece)) {
                    if !number.is_nan() {
                        row[at] = (number - mean) / scale;
                    } else if *missing == MissingNumber::MeanAndIndicator {
                        row[at + 1] = 1.0;
                    } else {
                        self.missing += 1;
                    }
                }
            }
            (Way::OneHot { slots, other, missing }, Values::Words(words)) => {
                for (row, code) in rows.zip(words.codes.take(piece)) {
                    let slot = match code {
                        MISSING if missing.is_some() => *missing,
                        MISSING => {
                            self.missing += 1;
                            *other
                        }
                        UNKNOWN => {
                            self.unknown += 1;
                            *other
                        }
                        code => slots[code as usize].or(*other),
                    };
                    if let Some(slot) = slot {
                        row[at + slot] = 1.0;
                    }
                }
            }
            _ => {}
        }
    }

    /// What should be said of it.
    fn warnings(&self, table: &Table) -> Vec<Warning> {
        let raw = &table.columns[self.column];
        let column = raw.name.clone();
        let mut warnings = Vec::new();
        if self.unknown > 0
            && let Values::Words(words) = &raw.values
        {
            let example = words.unknown.clone().unwrap_or_default();
            warnings.push(Warning::Unknown { column: column.clone(), rows: self.unknown, example });
        }
        if self.missing > 0 {
            let counts_as = match self.way {
                Way::OneHot { .. } => "other",
                Way::AsIs | Way::Numeric { .. } => "the mean",
            };
            warnings.push(Warning::Missing { column, rows: self.missing, counts_as });
        }
        warnings
    }
}

/// Refuses a table whose rows do not go with those of another.
pub(in crate::data) fn check_rows(table: &Table, labels: &Table) -> Result<()> {
    if table.rows == labels.rows {
        return Ok(());
    }
    Err(Error::data(
        &labels.path,
        None,
        format!("{} labels, but {} has {} rows", labels.rows, table.path.display(), table.rows),
        "give the labels of the same rows",
    ))
}
