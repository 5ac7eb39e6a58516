//! The program, run as a user would run it.

mod bad_input;
mod evaluate;
#[cfg(unix)]
mod failures;
mod profile;
mod program;
mod recipe;
mod tables;
mod targets;
