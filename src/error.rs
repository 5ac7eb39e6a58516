//! Everything that can go wrong, each with its place and its remedy.

use std::path::{Path, PathBuf};

/// The result of what can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who can mend an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user: arguments, files, data.
    User,
    /// Nobody beforehand: it failed while running.
    Run,
}

/// An error: what is wrong, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that makes no sense.
    #[error("{problem}; {remedy}")]
    Invalid {
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// A data file that cannot be used, down to the line.
    #[error("{}{}: {problem}; {remedy}", .path.display(), .line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Data {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, where there is one to blame.
        line: Option<u64>,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// A file that cannot be read or written.
    #[error("cannot {verb} {}: {source}", .path.display())]
    File {
        /// What was tried: "read" or "write".
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A model file that is not one, or is damaged.
    #[error("{}: {problem}; {remedy}", .path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// A tensor of another shape than the network's.
    #[error(
        "tensor {tensor} has shape {found:?}, but the network needs {expected:?}; give the network the same layers, or take other weights"
    )]
    Shape {
        /// Its name.
        tensor: String,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it must have.
        expected: Vec<usize>,
    },
    /// A plan that the device cannot hold.
    #[error(
        "{what} needs {needed}, but {device} allows {allowed}, {factor:.1} times less; {remedy}"
    )]
    TooLarge {
        /// The buffer, or all of them.
        what: String,
        /// Bytes needed, for people.
        needed: String,
        /// Bytes allowed, for people.
        allowed: String,
        /// needed / allowed
        factor: f64,
        /// The device.
        device: String,
        /// What would fit.
        remedy: String,
    },
    /// No device of the kind that was asked for.
    #[error("{problem}; {remedy}")]
    NoDevice {
        /// What was looked for and what was found.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// The loss became NaN or infinite.
    #[error(
        "training diverged: the loss is {loss} at step {step}; try a smaller learning rate than {lr:?}, or scale the inputs to about ±1"
    )]
    Diverged {
        /// The step whose loss it was.
        step: u64,
        /// The loss.
        loss: f32,
        /// The learning rate that was used.
        lr: f64,
    },
    /// The device failed while running.
    #[error("{device} failed: {problem}; try again, or use the CPU path (--device cpu)")]
    Device {
        /// Which.
        device: String,
        /// What it said.
        problem: String,
    },
}

impl Error {
    /// Who can mend it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Diverged { .. } | Self::Device { .. } => ErrorKind::Run,
            Self::File { verb: "write", source, .. }
                if source.kind() == std::io::ErrorKind::StorageFull =>
            {
                ErrorKind::Run
            }
            _ => ErrorKind::User,
        }
    }

    pub(crate) fn invalid(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Invalid { problem: problem.into(), remedy: remedy.into() }
    }

    #[cfg(feature = "tables")]
    pub(crate) fn data(
        path: &Path,
        line: Option<u64>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Data { path: path.into(), line, problem: problem.into(), remedy: remedy.into() }
    }

    pub(crate) fn model(
        path: &Path,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Model { path: path.into(), problem: problem.into(), remedy: remedy.into() }
    }

    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::File { verb: "read", path: path.into(), source }
    }

    pub(crate) fn write(path: &Path, source: std::io::Error) -> Self {
        Self::File { verb: "write", path: path.into(), source }
    }

    pub(crate) fn device(device: &str, problem: impl std::fmt::Display) -> Self {
        Self::Device { device: device.into(), problem: problem.to_string() }
    }

    /// A name that is not on the list: suggests the nearest, or lists all.
    pub(crate) fn unknown<'a>(
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let remedy = match crate::spec::nearest(word, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        Self::invalid(format!("unknown {what} `{word}`"), remedy)
    }
}
