//! Tables in memory, column by column: data frames of another language.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::{ChooseColumns, Layout, Location, TableBuilder, check_width};
use crate::data::DateFormat;
use crate::data::tables::column::{FieldError, ReadAs, StoredType};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, Table};
use crate::{Error, Result};

/// A data frame: columns with names. Clones share the values.
#[derive(Clone, Debug)]
pub struct Frame(Arc<Vec<FrameColumn>>);

/// A column of a data frame.
#[derive(Clone, Debug)]
pub struct FrameColumn {
    /// Its name.
    pub name: String,
    /// Its values \[N\].
    pub values: FrameValues,
}

/// The values of a column \[N\].
#[derive(Clone, Debug)]
pub enum FrameValues {
    /// Numbers; NaN where one is missing.
    Numbers(Vec<f64>),
    /// Truth values.
    Booleans(Vec<Option<bool>>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Categories, also where their names are numbers.
    Categories {
        /// For each row an index into the names; -1 where it is missing.
        codes: Vec<i64>,
        /// The names.
        names: Vec<String>,
    },
    /// Dates with times, in seconds since the beginning of 1970.
    Moments(Vec<Option<i64>>),
}

impl Frame {
    /// A data frame of these columns.
    ///
    /// # Errors
    /// [`Error::Invalid`] where they differ in length, or a code is none of a category.
    pub fn new(columns: Vec<FrameColumn>) -> Result<Self> {
        let rows = columns.first().map_or(0, |first| first.values.rows());
        for FrameColumn { name, values } in &columns {
            if values.rows() != rows {
                return Err(Error::invalid(
                    format!("column `{name}` has {} rows, the first one {rows}", values.rows()),
                    "give all columns as many",
                ));
            }
            if let FrameValues::Categories { codes, names } = values
                && let Some(code) = codes.iter().find(|code| **code >= names.len() as i64)
            {
                return Err(Error::invalid(
                    format!("column `{name}` has the code {code} for {} categories", names.len()),
                    "number categories from 0",
                ));
            }
        }
        Ok(Self(Arc::new(columns)))
    }

    fn rows(&self) -> usize {
        self.0.first().map_or(0, |first| first.values.rows())
    }
}

impl PartialEq for Frame {
    /// Whether it is the same one.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Frame {}

impl FrameValues {
    fn rows(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Booleans(values) => values.len(),
            Self::Texts(values) => values.len(),
            Self::Categories { codes, .. } => codes.len(),
            Self::Moments(values) => values.len(),
        }
    }

    /// What a file would say of such a column.
    fn stored(&self) -> StoredType {
        match self {
            Self::Numbers(_) => StoredType::Inferred,
            Self::Booleans(_) => StoredType::Boolean,
            Self::Texts(_) => StoredType::Text,
            Self::Categories { .. } => StoredType::Categories,
            Self::Moments(_) => StoredType::Dates(DateFormat::Ymd),
        }
    }
}

pub(super) fn read(
    frame: &Frame,
    path: &Path,
    layout: Layout,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let Frame(columns) = frame;
    check_width(path, columns.len())?;
    let names = columns.iter().map(|column| column.name.clone()).collect();
    let mut table = TableBuilder::new(Header::given(path, names), Vec::new(), na, read_as)?;
    table.date_order(layout.date_order);
    table.check_room(frame.rows())?;
    for (index, FrameColumn { values, .. }) in columns.iter().enumerate() {
        table.store(index, values.stored());
        if *table.builders[index].read_as() == ReadAs::Skip {
            continue;
        }
        for row in 0..frame.rows() {
            push(&mut table, index, values, row)
                .map_err(|fault| table.error(index, Location::Row(row), &fault))?;
        }
    }
    table.finish(frame.rows())
}

fn push(
    table: &mut TableBuilder,
    column: usize,
    values: &FrameValues,
    row: usize,
) -> Result<(), FieldError> {
    let mut text = |text: Option<&str>| match text {
        Some(text) => table.push(column, text.as_bytes(), || None),
        None => table.push_absent(column),
    };
    match values {
        FrameValues::Texts(values) => text(values[row].as_deref()),
        FrameValues::Categories { codes, names } => {
            text(usize::try_from(codes[row]).ok().map(|code| names[code].as_str()))
        }
        FrameValues::Numbers(values) => {
            table.push_number(column, values[row] as f32, || values[row].to_string())
        }
        FrameValues::Booleans(values) => match values[row] {
            Some(value) => table.push_boolean(column, value),
            None => table.push_absent(column),
        },
        FrameValues::Moments(values) => match values[row] {
            Some(moment) => table.push_moment(column, moment, moment),
            None => table.push_absent(column),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Source, TableOptions, fit_features, read_features};

    fn column(name: &str, values: FrameValues) -> FrameColumn {
        FrameColumn { name: name.into(), values }
    }

    /// Of each kind one, as a frame and as text.
    fn both() -> (Source, Source) {
        let text = "n,b,t,c,d\n1,true,red,7,2026-01-31\n,false,blue,8,2026-02-01\n\
                    3,,red,7,\n4.5,true,,8,2026-02-01\n";
        let texts = ["red", "blue", "red", ""].map(|text| (!text.is_empty()).then(|| text.into()));
        let day = 86_400;
        let days = [Some(20_484 * day), Some(20_485 * day), None, Some(20_485 * day)];
        let categories = FrameValues::Categories {
            codes: vec![0, 1, 0, 1],
            names: vec!["7".into(), "8".into()],
        };
        let frame = Frame::new(vec![
            column("n", FrameValues::Numbers(vec![1.0, f64::NAN, 3.0, 4.5])),
            column("b", FrameValues::Booleans(vec![Some(true), Some(false), None, Some(true)])),
            column("t", FrameValues::Texts(texts.to_vec())),
            column("c", categories),
            column("d", FrameValues::Moments(days.to_vec())),
        ]);
        let frame = Source::Frame(frame.expect("all columns have four rows"));
        (frame, Source::Memory(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_frame_is_read_as_its_text() -> Result<()> {
        let (frame, text) = both();
        let options = TableOptions { categorical: vec!["c".into()], ..TableOptions::default() };
        let (fitted, features) = fit_features(&frame, &options)?;
        let (of_text, features_of_text) = fit_features(&text, &options)?;
        // The names of truth values are the text's own there.
        let plain = |name: &str| name != "b";
        let columns = fitted.columns.iter().zip(&of_text.columns);
        assert!(columns.filter(|(own, _)| plain(&own.name)).all(|(own, other)| own == other));
        assert_eq!((features.rows, features.values.len()), (4, 4 * fitted.outputs()));
        assert_eq!(features.values.len(), features_of_text.values.len());
        let again = read_features(&frame, Layout::default(), &fitted)?;
        assert_eq!(again.values, features.values);
        Ok(())
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let numbers = |count| FrameValues::Numbers(vec![0.0; count]);
        assert!(Frame::new(vec![column("a", numbers(2)), column("b", numbers(3))]).is_err());
        let codes = FrameValues::Categories { codes: vec![-1, 1], names: vec!["one".into()] };
        assert!(Frame::new(vec![column("a", codes)]).is_err());
    }
}
