//! What a plan holds, and what it promises to devices.

mod dispatches;
mod limits;
