//! Everything that can go wrong, each with its place and its remedy.

mod remedy;

use std::path::{Path, PathBuf};

pub use remedy::{Call, Remedy, Setting};

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

/// Whether there is no room for what was to be written: on the disk, in a quota, or in what a file of
/// this process may hold.
pub(crate) fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};

    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

/// The candidate most similar to `word`, by Jaro-Winkler similarity; `None` below 0.7.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// An error: what is wrong, where, and what to do about it.
///
/// Its text is [`Error::problem`] and [`Error::remedy`] together; a front end that words remedies
/// itself takes them apart.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A setting that makes no sense.
    Invalid {
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: Remedy,
    },
    /// A data file that cannot be used, down to the line.
    Data {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1, where there is one to blame.
        line: Option<u64>,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: Remedy,
    },
    /// A file that cannot be read or written.
    File {
        /// What was tried: "read" or "write".
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A model file that is not one, or is damaged.
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: Remedy,
    },
    /// A tensor of another shape than the network's.
    Shape {
        /// Its name.
        tensor: String,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it must have.
        expected: Vec<usize>,
    },
    /// A plan that the device cannot hold.
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
        remedy: Remedy,
    },
    /// No device of the kind that was asked for.
    NoDevice {
        /// What was looked for and what was found.
        problem: String,
        /// What to do about it.
        remedy: Remedy,
    },
    /// The loss became NaN or infinite.
    Diverged {
        /// The step whose loss it was.
        step: u64,
        /// The loss.
        loss: f32,
        /// The learning rate that was used.
        lr: f64,
    },
    /// The device failed while running.
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
            Self::File { verb: "write", source, .. } if is_full(source) => ErrorKind::Run,
            _ => ErrorKind::User,
        }
    }

    /// What is wrong, with its place.
    pub fn problem(&self) -> String {
        match self {
            Self::Invalid { problem, .. } | Self::NoDevice { problem, .. } => problem.clone(),
            Self::Data { path, line: Some(line), problem, .. } => {
                format!("{}, line {line}: {problem}", path.display())
            }
            Self::Data { path, problem, .. } | Self::Model { path, problem, .. } => {
                format!("{}: {problem}", path.display())
            }
            Self::File { verb, path, source } => {
                format!("cannot {verb} {}: {source}", path.display())
            }
            Self::Shape { tensor, found, expected } => {
                format!("tensor {tensor} has shape {found:?}, but the network needs {expected:?}")
            }
            Self::TooLarge { what, needed, device, factor, .. } if !factor.is_finite() => {
                format!("{what} needs {needed}, and {device} has no memory left for it")
            }
            Self::TooLarge { what, needed, allowed, factor, device, .. } => format!(
                "{what} needs {needed}, but {device} allows {allowed}, {factor:.1} times less"
            ),
            Self::Diverged { step, loss, .. } => {
                format!("training diverged: the loss is {loss} at step {step}")
            }
            Self::Device { device, problem } => format!("{device} failed: {problem}"),
        }
    }

    /// What to do about it, where more can be said than the problem tells.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Invalid { remedy, .. }
            | Self::Data { remedy, .. }
            | Self::Model { remedy, .. }
            | Self::TooLarge { remedy, .. }
            | Self::NoDevice { remedy, .. } => Some(remedy.clone()),
            Self::File { .. } => None,
            Self::Shape { .. } => {
                Some("give the network the same layers, or take other weights".into())
            }
            Self::Diverged { lr, .. } => Some(
                format!("try a smaller learning rate than {lr:?}, or scale the inputs to about ±1")
                    .into(),
            ),
            Self::Device { .. } => {
                Some(("try again, or use the CPU path (", Setting::Device.to("cpu"), ")").into())
            }
        }
    }

    pub(crate) fn invalid(problem: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self::Invalid { problem: problem.into(), remedy: remedy.into() }
    }

    #[cfg(feature = "tables")]
    pub(crate) fn data(
        path: &Path,
        line: Option<u64>,
        problem: impl Into<String>,
        remedy: impl Into<Remedy>,
    ) -> Self {
        Self::Data { path: path.into(), line, problem: problem.into(), remedy: remedy.into() }
    }

    pub(crate) fn model(
        path: &Path,
        problem: impl Into<String>,
        remedy: impl Into<Remedy>,
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
        let remedy: String = match nearest(word, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        Self::invalid(format!("unknown {what} `{word}`"), remedy)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problem())?;
        self.remedy().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}
