//! Applies a fitted preprocessing to a table: its rows become inputs of a network.

use std::collections::HashMap;

use super::Warning;
use super::column::ReadAs;
use super::read::usable_memory;
use super::table::{
    Categories, Dates, Header, MISSING_CODE, RawColumn, Table, UNKNOWN_CODE, Values,
};
use crate::data::{
    Bin, Column, DateInput, Encoding, MissingCategory, MissingNumber, Preprocessing,
    UnknownCategory,
};
use crate::error::Remedy;
use crate::{Error, Result, Setting};

/// Rows as inputs of a network.
#[derive(Debug, Default)]
pub(super) struct Encoded {
    /// The inputs \[N, I\] of the selected rows, then those of the other rows.
    pub(super) features: [Vec<f32>; 2],
    pub(super) warnings: Vec<Warning>,
}

impl Preprocessing {
    /// How each column of a table with this header must be read.
    ///
    /// # Errors
    /// [`Error::Data`] names a column that the table lacks.
    pub(super) fn read_as(&self, header: &Header) -> Result<Vec<ReadAs>> {
        let mut read_as = vec![ReadAs::Skip; header.names.len()];
        for Column { name, encoding } in self.needed() {
            read_as[header.column(name)?] = match encoding {
                Encoding::AsIs => ReadAs::CompleteNumbers,
                Encoding::Numeric { .. } => ReadAs::KnownNumbers,
                Encoding::Date { format, .. } => ReadAs::KnownDates(*format),
                Encoding::Categorical { categories, .. } => ReadAs::Known(categories.clone()),
                Encoding::Dropped(_) => ReadAs::Skip,
            };
        }
        Ok(read_as)
    }

    /// Encodes the rows of a table, separately those that `selected` \[N\] marks and the others.
    /// The table's cells are freed meanwhile, block by block.
    ///
    /// # Errors
    /// [`Error::Data`] where a column is missing or of another kind, and where a number's distance
    /// from the mean overflows float32.
    pub(super) fn apply(&self, table: Table, selected: &[bool]) -> Result<Encoded> {
        let inputs = self.outputs();
        let mut encoders = self.encoders(&table)?;
        self.check_room(&table, inputs)?;
        let number_of = table.row_numbers();
        let Table { path, rows, columns, cells, .. } = table;
        let count = selected.iter().filter(|own| **own).count();
        let mut features =
            [count, rows - count].map(|rows| Vec::with_capacity(rows.saturating_mul(inputs)));
        let width = cells.width().max(1);
        let mut rows = selected.iter().enumerate();
        for block in cells.into_blocks() {
            for (row, (index, selected)) in block.chunks_exact(width).zip(&mut rows) {
                let encoded = &mut features[usize::from(!selected)];
                let start = encoded.len();
                encoded.resize(start + inputs, 0.0);
                for encoder in &mut encoders {
                    encoder.encode(row, &mut encoded[start..]).map_err(|number| {
                        let name = &columns[encoder.column].name;
                        let problem = format!(
                            "row {}, column `{name}`: {number} is too large",
                            number_of(index)
                        );
                        Error::data(&path, None, problem, "remove or replace it")
                    })?;
                }
            }
        }
        let warnings = encoders.iter().flat_map(|own| own.warnings(&columns[own.column])).collect();
        Ok(Encoded { features, warnings })
    }

    /// Refuses more inputs of all rows than the memory has room for.
    fn check_room(&self, table: &Table, inputs: usize) -> Result<()> {
        let bytes = 4 * (table.rows as u64).saturating_mul(inputs as u64);
        let room = usable_memory();
        if bytes <= room {
            return Ok(());
        }
        let text = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        let problem = format!(
            "its {} rows of {inputs} inputs take {}, and the memory has room for {}",
            table.rows,
            text(bytes),
            text(room),
        );
        let is_binned = self.columns.iter().any(
            |column| matches!(&column.encoding, Encoding::Numeric { bins, .. } if !bins.is_empty()),
        );
        let remedy: Remedy = match is_binned {
            true => ("use fewer rows, or train with ", Setting::Bins.to("none")).into(),
            false => "use fewer rows or columns".into(),
        };
        Err(Error::data(&table.path, None, problem, remedy))
    }

    fn encoders(&self, table: &Table) -> Result<Vec<Encoder>> {
        let indices: HashMap<&str, usize> = table
            .columns
            .iter()
            .zip(0..)
            .map(|(column, index)| (column.name.as_str(), index))
            .collect();
        let mut offset = 0;
        let mut encoders = Vec::new();
        for Column { name, encoding } in &self.columns {
            let outputs = encoding.outputs();
            if outputs > 0 {
                let missing = || table.error(format!("there is no column `{name}`"), "add it");
                let column = *indices.get(name.as_str()).ok_or_else(missing)?;
                let (cell, kind) = EncoderKind::of(encoding, &table.columns[column].values)
                    .ok_or_else(|| {
                        table.error(
                            format!("column `{name}` holds other values than in training"),
                            "use numbers where the training data had numbers, and text where it \
                             had text",
                        )
                    })?;
                encoders.push(Encoder { column, cell, offset, kind, unknown: 0, missing: 0 });
            }
            offset += outputs;
        }
        Ok(encoders)
    }
}

/// Encodes one column.
struct Encoder {
    /// The index of the column in the table.
    column: usize,
    /// The index of its cell in a row.
    cell: usize,
    /// The index of the first input that it writes.
    offset: usize,
    kind: EncoderKind,
    /// Rows so far whose text is none of the categories.
    unknown: usize,
    /// Rows so far with a missing value where the training rows had none.
    missing: usize,
}

enum EncoderKind {
    AsIs,
    Numeric {
        mean: f32,
        scale: f32,
        bins: Vec<Bin>,
        missing: MissingNumber,
    },
    Date {
        dates: Dates,
        parts: Vec<DateInput>,
        missing: MissingNumber,
    },
    /// Which input is 1, as an offset from the column's first: by code, for unknown texts, and for
    /// missing values.
    OneHot {
        by_code: Vec<Option<usize>>,
        other: Option<usize>,
        missing: Option<usize>,
    },
}

impl EncoderKind {
    /// The cell of a column with these values and how to encode it; `None` where the encoding does
    /// not match the values.
    fn of(encoding: &Encoding, values: &Values) -> Option<(usize, Self)> {
        match (encoding, values) {
            (Encoding::AsIs, Values::Numbers(cell)) => Some((*cell, Self::AsIs)),
            (Encoding::Numeric { mean, scale, bins, missing }, Values::Numbers(cell)) => {
                let (mean, scale, missing) = (*mean, *scale, *missing);
                Some((*cell, Self::Numeric { mean, scale, bins: bins.clone(), missing }))
            }
            (Encoding::Date { parts, missing, .. }, Values::Dates(cell, dates)) => {
                let (dates, parts) = (dates.clone(), parts.clone());
                Some((*cell, Self::Date { dates, parts, missing: *missing }))
            }
            (Encoding::Categorical { categories, other, missing }, Values::Text(cell, texts)) => {
                let other = (*other == UnknownCategory::Pooled).then_some(categories.len());
                let after = categories.len() + usize::from(other.is_some());
                let missing = (*missing == MissingCategory::Category).then_some(after);
                let by_code = input_by_code(categories, texts);
                Some((*cell, Self::OneHot { by_code, other, missing }))
            }
            _ => None,
        }
    }
}

/// For each code of a column, the index of its text in the model's categories.
fn input_by_code(model: &[String], column: &Categories) -> Vec<Option<usize>> {
    let indices: HashMap<&str, usize> = model.iter().map(String::as_str).zip(0..).collect();
    column.list.iter().map(|text| indices.get(text.as_str()).copied()).collect()
}

impl Encoder {
    /// Writes the inputs of a row, which are 0 so far.
    ///
    /// # Errors
    /// The number whose distance from the mean overflows.
    #[inline]
    fn encode(&mut self, row: &[u32], inputs: &mut [f32]) -> Result<(), f32> {
        let (cell, first) = (row[self.cell], self.offset);
        match &self.kind {
            EncoderKind::AsIs => inputs[first] = f32::from_bits(cell),
            EncoderKind::Numeric { mean, scale, bins, missing } => {
                let mut number = f32::from_bits(cell);
                if number.is_nan() {
                    number = *mean;
                    if *missing == MissingNumber::MeanAndIndicator {
                        inputs[first + 1 + bins.len()] = 1.0;
                    } else {
                        self.missing += 1;
                    }
                }
                inputs[first] = (number - mean) / scale;
                for (input, bin) in inputs[first + 1..].iter_mut().zip(bins) {
                    *input = bin.of(number);
                }
                if !inputs[first..=first + bins.len()].iter().all(|own| own.is_finite()) {
                    return Err(number);
                }
            }
            EncoderKind::Date { dates, parts, missing } => {
                let indicator = *missing == MissingNumber::MeanAndIndicator;
                match dates.moments.get(cell as usize) {
                    Some(moment) => {
                        for (own, input) in parts.iter().zip(&mut inputs[first..]) {
                            let number = own.part.of(*moment);
                            let distance = (number - own.mean) / own.scale;
                            if !distance.is_finite() {
                                return Err(number);
                            }
                            *input = distance;
                        }
                    }
                    None if indicator => inputs[first + parts.len()] = 1.0,
                    None => self.missing += 1,
                }
            }
            EncoderKind::OneHot { by_code, other, missing } => {
                let input = match cell {
                    MISSING_CODE if missing.is_some() => *missing,
                    MISSING_CODE => {
                        self.missing += 1;
                        *other
                    }
                    UNKNOWN_CODE => {
                        self.unknown += 1;
                        *other
                    }
                    code => by_code[code as usize].or(*other),
                };
                if let Some(input) = input {
                    inputs[first + input] = 1.0;
                }
            }
        }
        Ok(())
    }

    fn warnings(&self, raw: &RawColumn) -> Vec<Warning> {
        let column = raw.name.clone();
        let mut warnings = Vec::new();
        let counts_as = match self.kind {
            EncoderKind::OneHot { other: Some(_), .. } => "other",
            EncoderKind::OneHot { other: None, .. } => "no category",
            EncoderKind::AsIs | EncoderKind::Numeric { .. } | EncoderKind::Date { .. } => {
                "the mean"
            }
        };
        if self.unknown > 0
            && let Values::Text(_, texts) = &raw.values
        {
            let (column, example) = (column.clone(), texts.unknown.clone().unwrap_or_default());
            warnings.push(Warning::UnknownCategories {
                column,
                rows: self.unknown,
                example,
                counts_as,
            });
        }
        let mut missing = self.missing;
        if let Some(strays) = &raw.strays {
            let (column, rows, example) = (column.clone(), strays.rows, strays.example());
            missing = missing.saturating_sub(rows);
            warnings.push(match raw.values {
                Values::Dates(..) => Warning::WordsAmongDates { column, rows, example },
                _ => Warning::WordsAmongNumbers { column, rows, example },
            });
        }
        if missing > 0 {
            warnings.push(Warning::MissingValues { column, rows: missing, counts_as });
        }
        warnings
    }
}
