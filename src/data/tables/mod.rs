//! Tables from files: a file goes `read` → `table` → `fit`, `apply` → [`Dataset`](super::Dataset);
//! `prepare` is the way in one piece.

mod apply;
mod cells;
mod column;
mod fit;
mod na;
mod prepare;
mod read;
mod table;
mod target;
mod warning;
mod weights;

pub use column::Decimal;
pub use na::NA;
pub use prepare::{
    Features, Prepared, Preprocess, Schema, TableOptions, Validation, prepare, read_features,
    read_labelled,
};
pub use read::{FirstLine, Layout, Source};
pub use warning::Warning;
pub use weights::{ClassWeight, parse_list};
