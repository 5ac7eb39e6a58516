//! From files to data sets.

mod tables;
