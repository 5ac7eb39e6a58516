//! From files to data sets.

mod found;
mod tables;
