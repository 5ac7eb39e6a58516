//! Tables in, [`Dataset`] out: readers, the task, the built-in classics.
//!
//! Must not know: networks, devices.

mod classics;
mod dataset;
mod preprocess;
mod table;

pub use dataset::{Dataset, Targets, Task};
pub use preprocess::{
    Column, Dropped, Encoding, MissingNumber, MissingWord, OtherWord, Preprocessing, TargetEncoding,
};
pub use table::{TableOptions, read_features, read_table};
