//! A column of dates while it is read: its cells are indices of the moments that were met.

use super::dates::{Found, format_of, moment, text_of};
use super::{ColumnBuilder, FieldError, ReadAs, State, StoredType};
use crate::data::DateFormat;
use crate::data::tables::cells::Cells;
use crate::data::tables::table::MISSING_CODE;

impl ColumnBuilder {
    /// Appends a moment of a binary file, or that it is missing; `stored` is the number that stands for
    /// it there.
    pub(in crate::data::tables) fn push_moment(
        &mut self,
        cells: &mut Cells,
        moment: i64,
        stored: i64,
    ) -> Result<(), FieldError> {
        let StoredType::Dates(format) = self.stored else { return Ok(()) };
        match (self.state, &self.read_as) {
            (State::Dates, _) => self.push_known_moment(cells, moment),
            (State::Text, ReadAs::Text | ReadAs::Known(_)) => {
                self.push_text(cells, text_of(moment, format).as_bytes(), || None)?;
            }
            (State::Numbers, ReadAs::Numbers | ReadAs::KnownNumbers) => {
                cells.set(self.rows, self.cell, (stored as f32).to_bits());
            }
            (State::Unused, _) => {}
            _ => return Err(FieldError::Date(format!("`{}`", text_of(moment, format)))),
        }
        self.rows += 1;
        Ok(())
    }

    /// Appends a text of a column of dates.
    pub(super) fn push_date(
        &mut self,
        cells: &mut Cells,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), FieldError> {
        let Some((format, _)) = self.dates else { return Ok(()) };
        let format = match (format, self.date_order) {
            (DateFormat::Clock, _) | (_, None) => format,
            (_, Some(order)) => order,
        };
        match std::str::from_utf8(text).ok().and_then(|text| moment(text, format)) {
            Some(moment) => {
                self.push_known_moment(cells, moment);
                Ok(())
            }
            None => self.push_stray(cells, text, line),
        }
    }

    fn push_known_moment(&mut self, cells: &mut Cells, moment: i64) {
        if let Some((_, moments)) = &mut self.dates {
            // A day has many rows, one after the other.
            if moments.last() != Some(&moment) {
                moments.push(moment);
            }
            cells.set(self.rows, self.cell, moments.len() as u32 - 1);
        }
    }

    /// Makes a column of dates of one that held texts until now, if these are dates.
    ///
    /// # Errors
    /// [`FieldError::DateOrder`] where the texts do not decide the order of day and month.
    pub(super) fn switch_to_dates(&mut self, cells: &mut Cells) -> Result<bool, FieldError> {
        let Some(texts) = &self.texts else { return Ok(false) };
        #[cfg(any(feature = "parquet", test))]
        if self.stored == StoredType::Categories {
            return Ok(false);
        }
        let format = match format_of(&texts.list, self.date_order) {
            Found::Other => return Ok(false),
            Found::Undecided(text) => return Err(FieldError::DateOrder(text)),
            Found::Dates(format) => format,
        };
        let mut moments = Vec::with_capacity(texts.list.len());
        let codes: Vec<Result<u32, &String>> = texts
            .list
            .iter()
            .map(|text| {
                moments.push(moment(text, format).ok_or(text)?);
                Ok(moments.len() as u32 - 1)
            })
            .collect();
        for row in 0..self.rows {
            let code = match codes.get(cells.get(row, self.cell) as usize) {
                Some(Ok(code)) => *code,
                Some(Err(text)) => {
                    self.strays.push((*text).clone(), || None);
                    MISSING_CODE
                }
                // What is missing has no code of the list.
                None => MISSING_CODE,
            };
            cells.set(row, self.cell, code);
        }
        self.texts = None;
        self.dates = Some((format, moments));
        self.state = State::Dates;
        Ok(true)
    }
}
