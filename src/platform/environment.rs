//! Environment variables. A page in a browser has none.

use std::ffi::OsString;

/// A variable's value, where it is set and not empty.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
