//! How a table's columns become a network's inputs, as plain data: fitted on the training rows,
//! saved with the model, applied before every prediction, and part of every export.

mod bins;
pub(super) mod dates;
mod describe;
#[cfg(feature = "export")]
pub(super) mod patterns;
#[cfg(any(feature = "tables", feature = "export"))]
pub(super) mod same;

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

pub use bins::Bin;
pub use dates::{DateFormat, DateInput, DatePart};

/// A model file whose preprocessing makes more inputs is rejected as damaged.
const MAX_OUTPUTS: usize = 1 << 24;

/// How a row of a table becomes the inputs of a network \[I\], and how its output becomes the
/// target's value again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// The table's columns without the target, in the order of the network's inputs.
    pub columns: Vec<Column>,
    /// How the target is scaled.
    #[serde(default)]
    pub target: TargetEncoding,
    /// Texts that mean a missing value (pandas' `na_values`); an empty field always does.
    #[serde(default)]
    pub na: Vec<String>,
    /// More of them, by the name of the column in which they do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub na_columns: BTreeMap<String, Vec<String>>,
}

/// A column of the table and its encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name in the table's header.
    pub name: String,
    /// How the column becomes inputs.
    pub encoding: Encoding,
}

/// How a column becomes inputs of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Encoding {
    /// One input: the number, unchanged. A missing number is an error.
    AsIs,
    /// Standardised: one input, (x − mean) / scale in float32; then one for each bin; then one that is 1
    /// where the number is missing, as `missing` says. A missing x is imputed with the mean.
    Numeric {
        /// The mean over the training rows.
        mean: f32,
        /// The standard deviation over the training rows; 1 where that is 0.
        scale: f32,
        /// Parts of its range with an input each, in order; often none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        bins: Vec<Bin>,
        /// Whether a missing indicator is the last input.
        missing: MissingNumber,
    },
    /// A date, a time of the day or both, as standardised numbers: one input for each part; then one that
    /// is 1 where the date is missing, as `missing` says. Where it is missing, all parts are imputed with
    /// their means.
    Date {
        /// How texts are read.
        format: DateFormat,
        /// The parts that differ between the training rows.
        parts: Vec<DateInput>,
        /// Whether a missing indicator is the last input.
        missing: MissingNumber,
    },
    /// One-hot: one input for each category; then one for [`UnknownCategory::Pooled`], then one for
    /// [`MissingCategory::Category`].
    Categorical {
        /// The categories that have an input, in alphabetical order.
        categories: Vec<String>,
        /// How any other value is encoded.
        other: UnknownCategory,
        /// How a missing value is encoded.
        missing: MissingCategory,
    },
    /// No input.
    Dropped(DropReason),
}

/// Whether a numeric column has a missing indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingNumber {
    /// No indicator: the training rows had no missing numbers.
    Mean,
    /// The last input is 1 where the number is missing and 0 elsewhere.
    MeanAndIndicator,
}

/// How a value that is none of the categories is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownCategory {
    /// All inputs of the column are 0: the training rows had no rare values to pool.
    Zeros,
    /// One input is shared by all values that were rare in the training rows and all unknown ones.
    Pooled,
}

/// How a missing value of a categorical column is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingCategory {
    /// As a value that is none of the categories: the training rows had no missing ones.
    Other,
    /// As a category with an input of its own.
    Category,
}

/// Why a column is not an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// Requested by the user.
    #[serde(rename = "asked")]
    Requested,
    /// All training rows have the same value.
    Constant,
    /// All training rows miss the value.
    Empty,
    /// Nearly every row has a different text, as in a column of names or keys.
    Identifier,
    /// It has many texts, all of them rare.
    RareTexts,
    /// It numbers the rows, as pandas' index does.
    Index,
    /// It has more different texts than are kept in memory.
    #[serde(rename = "many-words")]
    TooManyCategories,
}

/// How the target of a regression is scaled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TargetEncoding {
    /// Unchanged.
    #[default]
    AsIs,
    /// The network learns (y − mean) / scale; from its output z, y = z · scale + mean.
    Standardised {
        /// The mean over the training rows.
        mean: f32,
        /// The standard deviation over the training rows; 1 where that is 0.
        scale: f32,
    },
    /// The same of several targets, each by itself, in the order of the outputs.
    Each(Vec<TargetScale>),
}

/// How one of several targets is standardised.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetScale {
    /// The mean over the training rows.
    pub mean: f32,
    /// The standard deviation over the training rows; 1 where that is 0.
    pub scale: f32,
}

impl Preprocessing {
    /// Columns with these names, each a number that is used unchanged.
    pub fn as_is<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        let column = |name: T| Column { name: name.into(), encoding: Encoding::AsIs };
        Self { columns: names.into_iter().map(column).collect(), ..Self::default() }
    }

    /// The number of network inputs, I.
    pub fn outputs(&self) -> usize {
        self.columns.iter().map(|column| column.encoding.outputs()).sum()
    }

    /// The names of the I inputs, such as `mass`, `mass missing`, `island=Biscoe`, `island other`.
    pub fn output_names(&self) -> Vec<String> {
        self.columns.iter().flat_map(Column::output_names).collect()
    }

    /// The columns that a table must have, which are those that are not dropped.
    pub fn needed(&self) -> impl Iterator<Item = &Column> + Clone {
        self.columns.iter().filter(|column| column.encoding.outputs() > 0)
    }

    /// Checks the numbers, names and sizes of a preprocessing that was read from a file.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the column with a repeated name or category, no category, a mean or
    /// scale that is not finite, or a scale that is not positive.
    pub fn check(&self) -> Result<()> {
        let refuse = |problem: String| {
            Err(Error::invalid(problem, "the model file is damaged: train the model again"))
        };
        let mut names = HashSet::new();
        let mut outputs = 0;
        for Column { name, encoding } in &self.columns {
            if !names.insert(name) {
                return refuse(format!("the preprocessing names the column `{name}` twice"));
            }
            outputs += encoding.outputs();
            if let Some(problem) = encoding.problem() {
                return refuse(format!("the preprocessing of column `{name}` has {problem}"));
            }
        }
        if outputs > MAX_OUTPUTS {
            return refuse(format!(
                "the preprocessing makes {outputs} inputs; at most {MAX_OUTPUTS} are possible"
            ));
        }
        let problem = match &self.target {
            TargetEncoding::AsIs => None,
            TargetEncoding::Standardised { mean, scale } => scale_problem(*mean, *scale),
            TargetEncoding::Each(each) => {
                each.iter().find_map(|own| scale_problem(own.mean, own.scale))
            }
        };
        match problem {
            Some(problem) => refuse(format!("the preprocessing of the target has {problem}")),
            None => Ok(()),
        }
    }
}

impl Column {
    /// The names of the inputs that the column becomes.
    pub fn output_names(&self) -> Vec<String> {
        let name = &self.name;
        match &self.encoding {
            Encoding::AsIs => vec![name.clone()],
            Encoding::Numeric { bins, missing, .. } => {
                let mut names = vec![name.clone()];
                names.extend((1..=bins.len()).map(|bin| format!("{name} bin {bin}")));
                if *missing == MissingNumber::MeanAndIndicator {
                    names.push(format!("{name} missing"));
                }
                names
            }
            Encoding::Date { parts, missing, .. } => {
                let mut names: Vec<String> =
                    parts.iter().map(|own| format!("{name} {}", own.part)).collect();
                if *missing == MissingNumber::MeanAndIndicator {
                    names.push(format!("{name} missing"));
                }
                names
            }
            Encoding::Categorical { categories, other, missing } => {
                let mut names: Vec<String> =
                    categories.iter().map(|word| format!("{name}={word}")).collect();
                if *other == UnknownCategory::Pooled {
                    names.push(format!("{name} other"));
                }
                if *missing == MissingCategory::Category {
                    names.push(format!("{name} missing"));
                }
                names
            }
            Encoding::Dropped(_) => Vec::new(),
        }
    }
}

impl Encoding {
    /// The number of inputs that the column becomes.
    pub fn outputs(&self) -> usize {
        match self {
            Self::AsIs => 1,
            Self::Numeric { bins, missing, .. } => {
                1 + bins.len() + usize::from(*missing == MissingNumber::MeanAndIndicator)
            }
            Self::Date { parts, missing, .. } => {
                parts.len() + usize::from(*missing == MissingNumber::MeanAndIndicator)
            }
            Self::Categorical { categories, other, missing } => {
                categories.len()
                    + usize::from(*other == UnknownCategory::Pooled)
                    + usize::from(*missing == MissingCategory::Category)
            }
            Self::Dropped(_) => 0,
        }
    }

    fn problem(&self) -> Option<String> {
        match self {
            Self::Numeric { mean, scale, bins, .. } => {
                scale_problem(*mean, *scale).or_else(|| bins::problem(bins))
            }
            Self::Date { parts, .. } => {
                let mut seen = HashSet::new();
                let twice = parts.iter().find(|own| !seen.insert(own.part));
                match twice {
                    Some(own) => Some(format!("the part `{}` of its dates twice", own.part)),
                    None if self.outputs() == 0 => Some("no part of its dates".to_owned()),
                    None => parts.iter().find_map(|own| scale_problem(own.mean, own.scale)),
                }
            }
            Self::Categorical { categories, .. } => {
                let mut seen = HashSet::new();
                match categories.iter().find(|category| !seen.insert(*category)) {
                    Some(twice) => Some(format!("the category `{twice}` twice")),
                    None if self.outputs() == 0 => Some("no category".to_owned()),
                    None => None,
                }
            }
            Self::AsIs | Self::Dropped(_) => None,
        }
    }
}

impl TargetEncoding {
    /// Scales targets \[N, O\] in place to what the network learns.
    pub fn apply(&self, targets: &mut [f32]) {
        self.each(targets, |target, own| (target - own.mean) / own.scale);
    }

    /// Scales the network's outputs \[N, O\] in place back to the target's unit.
    pub fn restore(&self, outputs: &mut [f32]) {
        self.each(outputs, |output, own| output * own.scale + own.mean);
    }

    /// Replaces each value of rows \[N, O\] by what `scaled` makes of it and of its scale.
    fn each(&self, values: &mut [f32], scaled: impl Fn(f32, TargetScale) -> f32) {
        let one;
        let scales = match self {
            Self::AsIs => return,
            Self::Standardised { mean, scale } => {
                one = [TargetScale { mean: *mean, scale: *scale }];
                &one[..]
            }
            Self::Each(each) => each,
        };
        for (value, own) in values.iter_mut().zip(scales.iter().cycle()) {
            *value = scaled(*value, *own);
        }
    }
}

fn scale_problem(mean: f32, scale: f32) -> Option<String> {
    let good = mean.is_finite() && scale.is_finite() && scale > 0.0;
    (!good).then(|| format!("a mean of {mean} and a scale of {scale}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn penguins() -> Preprocessing {
        let column = |name: &str, encoding| Column { name: name.into(), encoding };
        let missing = MissingNumber::MeanAndIndicator;
        let bin = |from, to| Bin { from, to, mean: 4.0, scale: 0.5 };
        let bins = vec![bin(None, Some(4.0)), bin(Some(4.0), None)];
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Preprocessing {
            columns: vec![
                column("mass", Encoding::Numeric { mean: 4.2, scale: 0.8, bins, missing }),
                column("id", Encoding::Dropped(DropReason::Identifier)),
                column(
                    "island",
                    Encoding::Categorical {
                        categories: words(&["Biscoe", "Dream"]),
                        other: UnknownCategory::Pooled,
                        missing: MissingCategory::Category,
                    },
                ),
                column("year", Encoding::AsIs),
            ],
            target: TargetEncoding::Standardised { mean: 3.0, scale: 2.0 },
            na: vec!["NA".into()],
            na_columns: BTreeMap::from([("mass".into(), vec!["-1".into()])]),
        }
    }

    #[test]
    fn names_an_input_for_each_output() {
        let names = [
            "mass",
            "mass bin 1",
            "mass bin 2",
            "mass missing",
            "island=Biscoe",
            "island=Dream",
            "island other",
            "island missing",
            "year",
        ];
        assert_eq!(penguins().output_names(), names);
        assert_eq!(penguins().outputs(), names.len());
        assert_eq!(penguins().needed().count(), 3);
    }

    #[test]
    fn goes_through_a_file_and_refuses_unknown_keys() {
        let text = serde_json::to_string(&penguins()).expect("plain data");
        assert_eq!(serde_json::from_str::<Preprocessing>(&text).expect("the same"), penguins());
        let read = |text: &str| serde_json::from_str::<Preprocessing>(text);
        assert!(read(r#"{"columns":[],"colour":1}"#).is_err());
        assert!(read(r#"{"columns":[{"name":"a","encoding":{"numeric":{"mean":0}}}]}"#).is_err());
    }

    #[test]
    fn check_finds_what_a_file_cannot_be_trusted_with() {
        assert!(penguins().check().is_ok());
        let spoiled = |spoil: fn(&mut Preprocessing)| {
            let mut own = penguins();
            spoil(&mut own);
            own.check().expect_err("it is spoiled").to_string()
        };
        let numeric = |mean, scale| {
            let mut own = penguins();
            own.columns[0].encoding =
                Encoding::Numeric { mean, scale, bins: Vec::new(), missing: MissingNumber::Mean };
            own.check().is_err()
        };
        assert!(numeric(f32::NAN, 1.0) && numeric(0.0, 0.0) && numeric(0.0, f32::INFINITY));
        assert!(numeric(0.0, -1.0) && !numeric(0.0, 1.0));
        assert!(spoiled(|own| own.columns[3].name = "id".into()).contains("`id` twice"));
        let bins = spoiled(|own| {
            if let Encoding::Numeric { bins, .. } = &mut own.columns[0].encoding {
                bins.reverse();
            }
        });
        assert!(bins.contains("bins that do not follow one another"), "{bins}");
        let twice = spoiled(|own| {
            if let Encoding::Categorical { categories, .. } = &mut own.columns[2].encoding {
                categories[1] = "Biscoe".into();
            }
        });
        assert!(twice.contains("`Biscoe` twice"), "{twice}");
        let target = TargetEncoding::Standardised { mean: 0.0, scale: f32::NAN };
        assert!(Preprocessing { target, ..penguins() }.check().is_err());
    }

    #[test]
    fn a_standardised_target_comes_back() {
        let mut outputs = [-1.5, 0.0, 1.0];
        penguins().target.restore(&mut outputs);
        assert_eq!(outputs, [0.0, 3.0, 5.0]);
    }

    #[test]
    fn each_of_several_targets_has_a_scale_of_its_own() {
        let scale = |mean, scale| TargetScale { mean, scale };
        let each = TargetEncoding::Each(vec![scale(3.0, 2.0), scale(-1.0, 0.5)]);
        let mut rows = [3.0, -1.0, 7.0, 0.0];
        each.apply(&mut rows);
        assert_eq!(rows, [0.0, 0.0, 2.0, 2.0]);
        each.restore(&mut rows);
        assert_eq!(rows, [3.0, -1.0, 7.0, 0.0]);
        let text = serde_json::to_string(&each).expect("plain data");
        assert_eq!(text, r#"{"each":[{"mean":3.0,"scale":2.0},{"mean":-1.0,"scale":0.5}]}"#);
        assert_eq!(serde_json::from_str::<TargetEncoding>(&text).expect("the same"), each);
        let spoiled = TargetEncoding::Each(vec![scale(0.0, 1.0), scale(0.0, 0.0)]);
        assert!(Preprocessing { target: spoiled, ..penguins() }.check().is_err());
    }
}
