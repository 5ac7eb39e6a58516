//! What to do about an error, as data that each front end words for its users.

use std::fmt;

/// What to do about an error.
///
/// The settings and functions that it names are data, so that a front end words them as its users
/// type them: the command line `--batch-size 64`, a Python module `batch_size=64`. Its `Display` has
/// the library's own names: `` `batch_size = 64` ``.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Plain advice, which names no setting.
    Text(String),
    /// A setting, to be given, changed or left out as the text around it says.
    Setting(Setting),
    /// A setting with the value that it should have.
    Set(Setting, String),
    /// Something else that halfplane does.
    Call(Call),
    /// Parts of a sentence, in order.
    Sentence(Vec<Self>),
}

/// A setting that a remedy may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setting {
    /// Which arrays of a file of several are read.
    Arrays,
    /// Rows in a batch.
    BatchSize,
    /// The part of a search's trials that is done.
    Block,
    /// Columns whose values are words.
    Categorical,
    /// Where checkpoints go.
    Checkpoints,
    /// How much each class counts.
    ClassWeight,
    /// The character that begins lines of a text file which are comments.
    Comment,
    /// Which of day, month and year comes first in the dates of a text file.
    DateOrder,
    /// What stands before a number's fraction in a text file: `.` or `,`.
    Decimal,
    /// What separates the fields of a text file.
    Delimiter,
    /// The device.
    Device,
    /// Columns that are left out.
    Drop,
    /// How many folds there are.
    Folds,
    /// What a model is exported as.
    Format,
    /// Whether the first line of a text file names the columns.
    Header,
    /// The units of the hidden layers.
    Hidden,
    /// Weights to start from.
    Initial,
    /// A file of its own for the target.
    Labels,
    /// Words that stand for a missing value.
    Na,
    /// What normalizes the hidden layers.
    Normalization,
    /// Columns whose values are numbers.
    Numeric,
    /// What is done to the columns of a table.
    Preprocess,
    /// Whether trials that fall behind are stopped early.
    Pruning,
    /// Bins of numbers.
    Bins,
    /// A folder of checkpoints from which a training goes on.
    Resume,
    /// The column that says how much each row counts.
    SampleWeight,
    /// What proposes the points of a search.
    Sampler,
    /// How a training step is lowered to dispatches.
    Strategy,
    /// The column to predict.
    Target,
    /// The kind of target.
    Task,
    /// The rows to validate with.
    Validation,
}

impl Setting {
    /// Every setting.
    pub const ALL: &'static [Self] = &[
        Self::Arrays,
        Self::BatchSize,
        Self::Block,
        Self::Categorical,
        Self::Checkpoints,
        Self::ClassWeight,
        Self::Comment,
        Self::DateOrder,
        Self::Decimal,
        Self::Delimiter,
        Self::Device,
        Self::Drop,
        Self::Folds,
        Self::Format,
        Self::Header,
        Self::Hidden,
        Self::Initial,
        Self::Labels,
        Self::Na,
        Self::Normalization,
        Self::Numeric,
        Self::Preprocess,
        Self::Pruning,
        Self::Bins,
        Self::Resume,
        Self::SampleWeight,
        Self::Sampler,
        Self::Strategy,
        Self::Target,
        Self::Task,
        Self::Validation,
    ];

    /// The name of the library's field or function.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arrays => "arrays",
            Self::BatchSize => "batch_size",
            Self::Block => "block",
            Self::Categorical => "categorical",
            Self::Checkpoints => "checkpoints",
            Self::ClassWeight => "class_weight",
            Self::Comment => "comment",
            Self::DateOrder => "date_order",
            Self::Decimal => "decimal",
            Self::Delimiter => "delimiter",
            Self::Device => "device",
            Self::Drop => "drop",
            Self::Folds => "folds",
            Self::Format => "format",
            Self::Header => "header",
            Self::Hidden => "hidden",
            Self::Initial => "initial",
            Self::Labels => "labels",
            Self::Na => "na",
            Self::Normalization => "normalization",
            Self::Numeric => "numeric",
            Self::Preprocess => "preprocess",
            Self::Pruning => "pruning",
            Self::Bins => "bins",
            Self::Resume => "resume",
            Self::SampleWeight => "sample_weight",
            Self::Sampler => "sampler",
            Self::Strategy => "strategy",
            Self::Target => "target",
            Self::Task => "task",
            Self::Validation => "validation",
        }
    }

    /// The setting with the value that it should have.
    pub(crate) fn to(self, value: impl fmt::Display) -> Remedy {
        Remedy::Set(self, value.to_string())
    }
}

/// Something that halfplane does, other than what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// List the adapters that there are.
    Adapters,
    /// Train a model and save it.
    SaveModel,
    /// Measure how long each dispatch takes.
    Profile,
}

impl Call {
    /// Everything that a remedy may name.
    pub const ALL: &'static [Self] = &[Self::Adapters, Self::SaveModel, Self::Profile];

    /// The name of the library's function.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adapters => "adapters",
            Self::SaveModel => "Model::save",
            Self::Profile => "Trainer::profile",
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Setting(setting) => write!(f, "`{}`", setting.name()),
            Self::Set(setting, value) => write!(f, "`{} = {value}`", setting.name()),
            Self::Call(call) => write!(f, "`{}`", call.name()),
            Self::Sentence(parts) => parts.iter().try_for_each(|part| part.fmt(f)),
        }
    }
}

impl From<&str> for Remedy {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Setting> for Remedy {
    fn from(setting: Setting) -> Self {
        Self::Setting(setting)
    }
}

impl From<Call> for Remedy {
    fn from(call: Call) -> Self {
        Self::Call(call)
    }
}

/// Sentences from tuples of their parts: `("use ", Setting::Device.to("cpu"))`.
macro_rules! sentence {
    ($($part:ident),+) => {
        impl<$($part: Into<Remedy>),+> From<($($part,)+)> for Remedy {
            #[allow(non_snake_case, reason = "parts are named as their types")]
            fn from(($($part,)+): ($($part,)+)) -> Self {
                Self::Sentence(vec![$($part.into()),+])
            }
        }
    };
}
sentence!(A, B);
sentence!(A, B, C);
sentence!(A, B, C, D);
sentence!(A, B, C, D, E);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_words_settings_by_its_own_names() {
        let remedy: Remedy =
            ("see ", Call::Adapters, ", or use ", Setting::Device.to("cpu")).into();
        assert_eq!(remedy.to_string(), "see `adapters`, or use `device = cpu`");
        let nested: Remedy = (remedy, "; leave out ", Setting::Strategy).into();
        assert!(nested.to_string().ends_with("cpu`; leave out `strategy`"));
    }
}
