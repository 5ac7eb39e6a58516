//! Tables from files. `read` makes a `table` of a file, `fit` derives the preprocessing from its
//! training rows, and `apply` makes a [`Dataset`](super::Dataset) of it; `prepare` does all three.

mod apply;
mod bins;
mod cells;
mod column;
mod fit;
mod leak;
mod na;
mod prepare;
mod read;
mod table;
mod target;
mod targets;
mod warning;
mod weights;

pub use column::Decimal;
pub use na::NA_VALUES;
pub use prepare::{
    Bins, Features, FoldBy, FoldedTable, Labelled, Prepared, Preprocess, Schema, TableOptions,
    TargetNames, Validation, fit_features, prepare, read_evaluated, read_features, read_labelled,
};
pub use read::{Arrays, FirstLine, Frame, FrameColumn, FrameValues, Layout, Source};
pub use warning::Warning;
pub use weights::{ClassWeight, parse_list};
