//! From files to data sets.

mod damaged;
mod found;
mod tables;
