//! How a table's columns become a network's inputs, as plain data: fitted on the training rows,
//! stored with the model, applied wherever the model is, and written out by the exports.

mod describe;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The most inputs that a preprocessing may make: past this a file is taken for damaged.
const MOST_OUTPUTS: usize = 1 << 24;

/// From a table's columns to the inputs of a network \[I\], and from its outputs to the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// The table's columns but the target, in the order of the network's inputs.
    pub columns: Vec<Column>,
    /// What was done to the target.
    #[serde(default)]
    pub target: TargetEncoding,
    /// Words that stand for a missing value; an empty field always does.
    #[serde(default)]
    pub na: Vec<String>,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub encoding: Encoding,
}

/// What becomes of a column: the inputs of the network that it is turned into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Encoding {
    /// One input: the number x as it stands. A missing one is an error.
    AsIs,
    /// One input, (x − mean) / scale in float32, and perhaps a second. A missing x counts as the
    /// mean.
    Numeric {
        /// The mean over the training rows.
        mean: f32,
        /// The standard deviation over the training rows; 1 where that is 0.
        scale: f32,
        /// Whether an input of its own says that x is missing.
        missing: MissingNumber,
    },
    /// One input for each category, 1 where the field is that word and 0 elsewhere; then one for
    /// [`OtherWord::Pooled`], then one for [`MissingWord::Category`].
    Categorical {
        /// The categories that have an input, by letter.
        categories: Vec<String>,
        /// Where words go that are none of them.
        other: OtherWord,
        /// Where a missing word goes.
        missing: MissingWord,
    },
    /// No input.
    Dropped(Dropped),
}

/// Whether a missing number shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingNumber {
    /// It does not: the training rows had none.
    Mean,
    /// A second input is 1 where it is missing and 0 elsewhere.
    MeanAndIndicator,
}

/// Where a word goes that is none of the categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherWord {
    /// Nowhere: all inputs of the column are 0. The training rows had no rare words to pool.
    Zeros,
    /// To an input that the training's rare words share.
    Pooled,
}

/// Where a missing word goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingWord {
    /// Where a word goes that is none of the categories: the training rows had none missing.
    Other,
    /// To an input of its own.
    Category,
}

/// Why a column is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dropped {
    /// The user said so.
    Asked,
    /// It holds one value only.
    Constant,
    /// It holds nothing.
    Empty,
    /// Nearly every row has a word of its own.
    Identifier,
    /// It has more different words than are kept.
    ManyWords,
}

/// What was done to the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TargetEncoding {
    /// Nothing.
    #[default]
    AsIs,
    /// The network learned (y − mean) / scale, so that its output z means y = z · scale + mean.
    Standardised {
        /// The mean over the training rows.
        mean: f32,
        /// The standard deviation over the training rows; 1 where that is 0.
        scale: f32,
    },
}

impl Preprocessing {
    /// The columns of such names, each a number taken as it stands.
    pub fn as_is<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        let column = |name: T| Column { name: name.into(), encoding: Encoding::AsIs };
        Self { columns: names.into_iter().map(column).collect(), ..Self::default() }
    }

    /// Inputs of the network, I.
    pub fn outputs(&self) -> usize {
        self.columns.iter().map(|column| column.encoding.outputs()).sum()
    }

    /// The names of the network's inputs: `mass`, `mass missing`, `island=Biscoe`, `island other`.
    pub fn output_names(&self) -> Vec<String> {
        self.columns.iter().flat_map(Column::output_names).collect()
    }

    /// The columns that a table must have.
    pub fn needed(&self) -> impl Iterator<Item = &Column> + Clone {
        self.columns.iter().filter(|column| column.encoding.outputs() > 0)
    }

    /// Checks what a file cannot be trusted with: numbers, names, sizes.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the column.
    pub fn check(&self) -> Result<()> {
        let refuse = |problem: String| Err(Error::invalid(problem, "train it again"));
        let mut names = HashSet::new();
        let mut outputs = 0;
        for Column { name, encoding } in &self.columns {
            if !names.insert(name) {
                return refuse(format!("its preprocessing names the column `{name}` twice"));
            }
            outputs += encoding.outputs();
            if let Some(fault) = encoding.fault() {
                return refuse(format!("its preprocessing of the column `{name}` has {fault}"));
            }
        }
        if outputs > MOST_OUTPUTS {
            return refuse(format!("its preprocessing makes {outputs} inputs"));
        }
        match self.target {
            TargetEncoding::Standardised { mean, scale } => match scale_fault(mean, scale) {
                Some(fault) => refuse(format!("its preprocessing of the target has {fault}")),
                None => Ok(()),
            },
            TargetEncoding::AsIs => Ok(()),
        }
    }
}

impl Column {
    /// The names of its inputs.
    pub fn output_names(&self) -> Vec<String> {
        let name = &self.name;
        match &self.encoding {
            Encoding::AsIs | Encoding::Numeric { missing: MissingNumber::Mean, .. } => {
                vec![name.clone()]
            }
            Encoding::Numeric { .. } => vec![name.clone(), format!("{name} missing")],
            Encoding::Categorical { categories, other, missing } => {
                let mut names: Vec<String> =
                    categories.iter().map(|word| format!("{name}={word}")).collect();
                if *other == OtherWord::Pooled {
                    names.push(format!("{name} other"));
                }
                if *missing == MissingWord::Category {
                    names.push(format!("{name} missing"));
                }
                names
            }
            Encoding::Dropped(_) => Vec::new(),
        }
    }
}

impl Encoding {
    /// How many inputs it makes.
    pub fn outputs(&self) -> usize {
        match self {
            Self::AsIs | Self::Numeric { missing: MissingNumber::Mean, .. } => 1,
            Self::Numeric { .. } => 2,
            Self::Categorical { categories, other, missing } => {
                categories.len()
                    + usize::from(*other == OtherWord::Pooled)
                    + usize::from(*missing == MissingWord::Category)
            }
            Self::Dropped(_) => 0,
        }
    }

    /// What is wrong with it.
    fn fault(&self) -> Option<String> {
        match self {
            Self::Numeric { mean, scale, .. } => scale_fault(*mean, *scale),
            Self::Categorical { categories, .. } => {
                let mut words = HashSet::new();
                match categories.iter().find(|word| !words.insert(*word)) {
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
    /// The target as the network learns it.
    pub fn apply(&self, targets: &mut [f32]) {
        if let Self::Standardised { mean, scale } = self {
            for target in targets {
                *target = (*target - mean) / scale;
            }
        }
    }

    /// The network's outputs in the target's own unit.
    pub fn restore(&self, outputs: &mut [f32]) {
        if let Self::Standardised { mean, scale } = self {
            for output in outputs {
                *output = *output * scale + mean;
            }
        }
    }
}

fn scale_fault(mean: f32, scale: f32) -> Option<String> {
    let good = mean.is_finite() && scale.is_finite() && scale > 0.0;
    (!good).then(|| format!("a mean of {mean} and a scale of {scale}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn penguins() -> Preprocessing {
        let column = |name: &str, encoding| Column { name: name.into(), encoding };
        let missing = MissingNumber::MeanAndIndicator;
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Preprocessing {
            columns: vec![
                column("mass", Encoding::Numeric { mean: 4.2, scale: 0.8, missing }),
                column("id", Encoding::Dropped(Dropped::Identifier)),
                column(
                    "island",
                    Encoding::Categorical {
                        categories: words(&["Biscoe", "Dream"]),
                        other: OtherWord::Pooled,
                        missing: MissingWord::Category,
                    },
                ),
                column("year", Encoding::AsIs),
            ],
            target: TargetEncoding::Standardised { mean: 3.0, scale: 2.0 },
            na: vec!["NA".into()],
        }
    }

    #[test]
    fn names_an_input_for_each_output() {
        let names = [
            "mass",
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
                Encoding::Numeric { mean, scale, missing: MissingNumber::Mean };
            own.check().is_err()
        };
        assert!(numeric(f32::NAN, 1.0) && numeric(0.0, 0.0) && numeric(0.0, f32::INFINITY));
        assert!(numeric(0.0, -1.0) && !numeric(0.0, 1.0));
        assert!(spoiled(|own| own.columns[3].name = "id".into()).contains("`id` twice"));
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
}
