//! A column after its last field: what it turned out to hold.

use std::collections::HashMap;

use super::dictionary::Dictionary;
use super::same::names;
use super::strays::fault;
use super::{
    ColumnBuilder, FieldError, ReadAs, State, StoredType, evidence, mostly_numbers, value,
};
use crate::data::tables::cells::Cells;
use crate::data::tables::table::{Categories, Dates, RawColumn, RawTarget, TextField, Values};

impl ColumnBuilder {
    /// The finished column.
    ///
    /// # Errors
    /// A text in a column of numbers, numbers that cannot be read as they stand, and dates whose order
    /// is not clear, with the field that shows it.
    pub(in crate::data::tables) fn finish(
        mut self,
        cells: &mut Cells,
    ) -> Result<RawColumn, (TextField, FieldError)> {
        if self.read_as == ReadAs::Infer && self.state == State::Text {
            let first = self.first_text.clone().unwrap_or_default();
            self.switch_to_dates(cells).map_err(|fault| (first, fault))?;
        }
        if self.read_as == ReadAs::Infer && self.state != State::Dates {
            self.settle(cells)?;
        }
        if matches!(self.read_as, ReadAs::Infer | ReadAs::Text | ReadAs::Target)
            && self.state == State::Text
        {
            self.join(cells);
        }
        let texts = |own: Dictionary| Categories { list: own.list, unknown: own.unknown };
        let values = match (self.read_as, self.state, self.texts, self.too_many, self.dates) {
            (_, State::Dates, _, _, Some((format, moments))) => {
                Values::Dates(self.cell, Dates { format, moments: moments.into() })
            }
            (ReadAs::Target, state, own, ..) => Values::Target(RawTarget {
                numbers: (state == State::Numbers).then_some(self.cell),
                texts: own.map(|own| (self.cell + 1, texts(own))),
                first_text: self.first_text,
                first_dressed: self.first_dressed,
                na_words: self.na_words,
            }),
            (_, State::Numbers, ..) => Values::Numbers(self.cell),
            (_, State::Text, Some(own), ..) => Values::Text(self.cell, texts(own)),
            (_, _, _, Some(_), _) => Values::TooManyCategories,
            _ => Values::Skipped,
        };
        let (strays, mixed) = (self.strays.take(), self.mixed);
        Ok(RawColumn { name: self.name, values, index: None, pictures: None, strays, mixed })
    }

    /// Decides whether a column of texts holds numbers and some words, or categories.
    ///
    /// # Errors
    /// Numbers that cannot be read as they stand, and more words among numbers than strays are.
    fn settle(&mut self, cells: &mut Cells) -> Result<(), (TextField, FieldError)> {
        let (list, numeric) = match (&self.texts, &self.too_many) {
            (Some(texts), _) => {
                // What is not finite is no name.
                let all = texts.list.iter().all(|text| value(text).is_some());
                (&texts.list, all || mostly_numbers(&texts.list))
            }
            (None, Some(too_many)) => (&too_many.examples, too_many.mostly_numbers),
            (None, None) => return self.check_strays(cells),
        };
        if let Some(fault) = evidence(list) {
            let at = match &fault {
                // The file says that dates are categories.
                FieldError::Date(_) => return Ok(()),
                FieldError::FormattedNumber(_) | FieldError::DecimalComma(_) => &self.first_dressed,
                _ => &self.first_text,
            };
            let at = at.clone().unwrap_or_default();
            let has_unit = matches!(fault, FieldError::Unit(..));
            return if has_unit && self.switch_to_mixed(cells) { Ok(()) } else { Err((at, fault)) };
        }
        if !numeric || self.stored != StoredType::Inferred {
            return Ok(());
        }
        if self.first_dressed.is_none() {
            if self.words_are_few(cells) {
                self.switch_to_numbers(cells);
                return self.check_strays(cells);
            }
            if self.switch_to_mixed(cells) {
                return Ok(());
            }
        }
        match self.first_dressed.as_ref().or(self.first_text.as_ref()) {
            Some(field) => Err((field.clone(), fault(&field.text))),
            None => Ok(()),
        }
    }

    /// Joins texts that mean the same value.
    fn join(&mut self, cells: &mut Cells) {
        let Some(texts) = &mut self.texts else { return };
        // A text that a file stores as such is one of its own: class `01` is not class `1`.
        let Some(names) = names(&texts.list, self.stored != StoredType::Text) else { return };
        let mut list: Vec<String> = Vec::new();
        let mut codes = HashMap::new();
        let mut joined = Vec::with_capacity(names.len());
        for name in names {
            let code = *codes.entry(name).or_insert_with_key(|name| {
                list.push(name.clone());
                list.len() as u32 - 1
            });
            joined.push(code);
        }
        if list.len() < joined.len() {
            let cell = self.cell + usize::from(self.read_as == ReadAs::Target);
            for row in 0..self.rows {
                // What is missing has no code of the list.
                if let Some(code) = joined.get(cells.get(row, cell) as usize) {
                    cells.set(row, cell, *code);
                }
            }
        }
        texts.list = list;
    }
}
