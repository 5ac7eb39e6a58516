//! A table to the inputs of a network, by a preprocessing that is given.

use std::collections::HashMap;

use super::Warning;
use super::column::Want;
use super::table::{Header, MISSING, RawColumn, Table, UNKNOWN, Values, Words};
use crate::data::{Column, Encoding, MissingNumber, MissingWord, OtherWord, Preprocessing};
use crate::{Error, Result};

/// Rows of a network's inputs.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// \[N, I\] of the rows that were asked for, then of the others.
    pub(super) features: [Vec<f32>; 2],
    pub(super) warnings: Vec<Warning>,
}

impl Preprocessing {
    /// What it wants of the columns of a table.
    ///
    /// # Errors
    /// [`Error::Data`] names a column that the table has not got.
    pub(super) fn wants(&self, header: &Header) -> Result<Vec<Want>> {
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

    /// Turns a table into rows: those that `first` says yes to, and the others. Its cells are given
    /// back on the way.
    ///
    /// # Errors
    /// [`Error::Data`] for columns that are missing or of another kind, and for numbers too far
    /// from their mean for float32.
    pub(super) fn apply(&self, table: Table, first: &[bool]) -> Result<Applied> {
        let inputs = self.outputs();
        let mut encoders = self.encoders(&table)?;
        let Table { path, rows, columns, cells, .. } = table;
        let count = first.iter().filter(|own| **own).count();
        let mut features =
            [count, rows - count].map(|rows| Vec::with_capacity(rows.saturating_mul(inputs)));
        let width = cells.width().max(1);
        let mut sides = first.iter().enumerate();
        for block in cells.into_blocks() {
            for (row, (at, own)) in block.chunks_exact(width).zip(&mut sides) {
                let side = &mut features[usize::from(!own)];
                let start = side.len();
                side.resize(start + inputs, 0.0);
                for encoder in &mut encoders {
                    encoder.encode(row, &mut side[start..]).map_err(|number| {
                        let name = &columns[encoder.column].name;
                        let problem =
                            format!("row {}, column `{name}`: {number} is too large", at + 1);
                        Error::data(&path, None, problem, "remove or replace it")
                    })?;
                }
            }
        }
        let warnings = encoders.iter().flat_map(|own| own.warnings(&columns[own.column])).collect();
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
                let (cell, way) =
                    Way::of(encoding, &table.columns[column].values).ok_or_else(|| {
                        table.error(
                            format!("column `{name}` holds what the model does not expect there"),
                            "give it numbers or words as in the training",
                        )
                    })?;
                encoders.push(Encoder { column, cell, offset, way, unknown: 0, missing: 0 });
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
    /// Its cell in a row.
    cell: usize,
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
    /// The cell of a column that holds such values, and the way to encode it.
    fn of(encoding: &Encoding, values: &Values) -> Option<(usize, Self)> {
        match (encoding, values) {
            (Encoding::AsIs, Values::Numbers(cell)) => Some((*cell, Self::AsIs)),
            (&Encoding::Numeric { mean, scale, missing }, Values::Numbers(cell)) => {
                Some((*cell, Self::Numeric { mean, scale, missing }))
            }
            (Encoding::Categorical { categories, other, missing }, Values::Words(cell, words)) => {
                let other = (*other == OtherWord::Pooled).then_some(categories.len());
                let after = categories.len() + usize::from(other.is_some());
                let missing = (*missing == MissingWord::Category).then_some(after);
                Some((*cell, Self::OneHot { slots: slots(categories, words), other, missing }))
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
    /// Writes the inputs of a row, which hold zeros. The error is a number too far from the mean.
    #[inline]
    fn encode(&mut self, row: &[u32], inputs: &mut [f32]) -> Result<(), f32> {
        let (cell, at) = (row[self.cell], self.offset);
        match &self.way {
            Way::AsIs => inputs[at] = f32::from_bits(cell),
            Way::Numeric { mean, scale, missing } => {
                let number = f32::from_bits(cell);
                let distance = (number - mean) / scale;
                if distance.is_finite() {
                    inputs[at] = distance;
                } else if !number.is_nan() {
                    return Err(number);
                } else if *missing == MissingNumber::MeanAndIndicator {
                    inputs[at + 1] = 1.0;
                } else {
                    self.missing += 1;
                }
            }
            Way::OneHot { slots, other, missing } => {
                let slot = match cell {
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
                    inputs[at + slot] = 1.0;
                }
            }
        }
        Ok(())
    }

    /// What should be said of it.
    fn warnings(&self, raw: &RawColumn) -> Vec<Warning> {
        let column = raw.name.clone();
        let mut warnings = Vec::new();
        let counts_as = match self.way {
            Way::OneHot { other: Some(_), .. } => "other",
            Way::OneHot { other: None, .. } => "no category",
            Way::AsIs | Way::Numeric { .. } => "the mean",
        };
        if self.unknown > 0
            && let Values::Words(_, words) = &raw.values
        {
            let (column, example) = (column.clone(), words.unknown.clone().unwrap_or_default());
            warnings.push(Warning::Unknown { column, rows: self.unknown, example, counts_as });
        }
        if self.missing > 0 {
            warnings.push(Warning::Missing { column, rows: self.missing, counts_as });
        }
        warnings
    }
}
