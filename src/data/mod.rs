//! Tables in, [`Dataset`] out: readers, schema, preprocessing, splits, weights, the built-in
//! classics.
//!
//! A file goes `read` → `table` → `preprocess` → [`Dataset`]; `prepare` is the way in one piece.
//! Must not know: networks, devices.

mod cells;
mod classics;
mod column;
mod dataset;
mod na;
mod prepare;
mod preprocess;
mod read;
mod split;
mod table;
mod target;
mod warning;
mod weights;

pub use dataset::{Dataset, Targets, Task};
pub use na::NA;
pub use prepare::{
    Features, Prepared, Preprocess, Schema, TableOptions, Validation, prepare, read_features,
    read_labelled,
};
pub use preprocess::{
    Column, Dropped, Encoding, MissingNumber, MissingWord, OtherWord, Preprocessing, TargetEncoding,
};
pub use read::{FirstLine, Layout, Source};
pub use split::{Split, split};
pub use warning::Warning;
pub use weights::{ClassWeight, parse_list};
