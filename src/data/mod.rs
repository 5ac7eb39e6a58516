//! Tables in, [`Dataset`] out: readers, schema, preprocessing, splits, weights, built-in data sets.
//!
//! `tables`, behind the feature of that name, reads files.
//! Must not know: networks, devices.

mod classics;
mod dataset;
mod preprocess;
mod rows;
mod split;
#[cfg(feature = "tables")]
mod tables;
mod target_column;

#[cfg(feature = "export")]
pub(crate) use preprocess::patterns::{missing_pattern, patterns};
pub(crate) use rows::{Rows, Together};
pub(crate) use target_column::{classes_of, column_of, name_of};

pub use dataset::{Dataset, Targets, Task};
pub use preprocess::{
    Bin, Column, DateFormat, DateInput, DatePart, DropReason, Encoding, MissingCategory,
    MissingNumber, Preprocessing, TargetEncoding, TargetScale, UnknownCategory,
};
pub use split::{Fold, GroupKFold, KFold, PredefinedSplit, Split, TimeSeriesSplit, split};
#[cfg(feature = "tables")]
pub use tables::{
    Arrays, Bins, ClassWeight, Decimal, Features, FirstLine, FoldBy, FoldedTable, Frame,
    FrameColumn, FrameValues, Labelled, Layout, NA_VALUES, Prepared, Preprocess, Schema, Source,
    TableOptions, TargetNames, Validation, Warning, fit_features, parse_list, prepare,
    read_evaluated, read_features, read_labelled,
};
pub use target_column::TargetColumn;
