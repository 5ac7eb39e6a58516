//! Tables in, [`Dataset`] out: readers, schema, preprocessing, splits, weights, the built-in
//! classics.
//!
//! What reads files lies in `tables`, behind the feature of that name.
//! Must not know: networks, devices.

mod classics;
mod dataset;
mod preprocess;
mod split;
#[cfg(feature = "tables")]
mod tables;

pub use dataset::{Dataset, Targets, Task};
pub use preprocess::{
    Column, Dropped, Encoding, MissingNumber, MissingWord, OtherWord, Preprocessing, TargetEncoding,
};
pub use split::{Split, split};
#[cfg(feature = "tables")]
pub use tables::{
    ClassWeight, Decimal, Features, FirstLine, Layout, NA, Prepared, Preprocess, Schema, Source,
    TableOptions, Validation, Warning, parse_list, prepare, read_features, read_labelled,
};
