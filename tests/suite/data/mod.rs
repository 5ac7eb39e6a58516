//! From files to data sets.

mod damaged;
mod dates;
mod found;
mod tables;
mod targets;
