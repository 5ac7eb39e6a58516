//! Rows without a target: the preprocessing is fitted to all of them.

use std::rc::Rc;

use super::{Features, TableOptions};
use crate::Result;
use crate::data::tables::apply::Encoded;
use crate::data::tables::fit::fit;
use crate::data::tables::na::NaValues;
use crate::data::tables::read::{Source, read};
use crate::data::{Preprocessing, TargetEncoding};

/// Reads rows whose target is known otherwise, and fits the preprocessing of all columns to them. Of
/// the options those count that say how columns are read.
///
/// # Errors
/// As [`prepare`](super::prepare).
pub fn fit_features(source: &Source, options: &TableOptions) -> Result<(Preprocessing, Features)> {
    options.check()?;
    let na = Rc::new(NaValues::of(&options.na, &options.na_columns));
    let table = read(source, options.layout, &na, &|header| options.read_inputs_as(header))?;
    let (rows, all) = (table.rows, vec![true; table.rows]);
    let fitted = fit(&table, &all, &options.columns())?;
    let preprocessing = Preprocessing {
        columns: fitted.columns,
        target: TargetEncoding::AsIs,
        na: options.na.clone(),
        na_columns: table.na_columns(&options.na_columns),
    };
    let Encoded { features: [values, _], warnings } = preprocessing.apply(table, &all)?;
    let warnings = fitted.warnings.into_iter().chain(warnings).collect();
    Ok((preprocessing, Features { values, rows, warnings }))
}
