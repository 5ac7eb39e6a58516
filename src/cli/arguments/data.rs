//! How data is read: the layout of a file, what its columns hold and what they are for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use halfplane::data::{
    Arrays, Bins, ClassWeight, DateFormat, Decimal, FirstLine, Layout, NA_VALUES, Preprocess,
    Source, TableOptions, TargetNames, Validation, parse_list,
};
use halfplane::{Error, Result, Task};

use super::values::{AutoOr, RecipeName, auto_or};

/// How a text file is laid out.
#[derive(Debug, Args)]
pub(crate) struct LayoutArguments {
    /// Field separator of a text file: a character, or tab
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = "Data")]
    delimiter: Option<u8>,
    /// The first line is a row, not the column names; columns are named x1, x2, …
    #[arg(long, help_heading = "Data")]
    no_header: bool,
    /// The first line names the columns, even if it looks like a row
    #[arg(long, help_heading = "Data", conflicts_with = "no_header")]
    header: bool,
    /// Decimal separator of a text file: . or ,
    #[arg(long, value_name = ".|,", value_parser = decimal, help_heading = "Data")]
    decimal: Option<Decimal>,
    /// Of an .npz file of several tables, take the arrays with this in their names, such as test
    #[arg(long, value_name = "KEY", help_heading = "Data")]
    key: Option<String>,
    /// Character that begins lines to be left out, such as '#'
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = "Data")]
    comment: Option<u8>,
    /// Order of dates such as 03/04/2024, where a column does not show it: dmy, mdy or ymd
    #[arg(long, value_name = "dmy|mdy|ymd", value_parser = date_order, help_heading = "Data")]
    date_order: Option<DateFormat>,
}

/// The table, and what becomes of its columns.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArguments {
    #[command(flatten)]
    layout: LayoutArguments,
    /// Column to predict; or several, COL,…, that all hold numbers or all have two values
    #[arg(long, value_name = "COL")]
    pub(crate) target: Option<String>,
    /// A separate file with the column to predict, such as the labels of images
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Kind of target: auto, binary, multiclass or regression
    #[arg(long, value_name = "NAME", value_parser = auto_or::<Task>)]
    pub(crate) task: Option<AutoOr<Task>>,
    /// default: what scores best on tables; plain: numbers are standardized and no more, and `train`
    /// trains one network on all rows, as scikit-learn and PyTorch do
    #[arg(long, value_name = "default|plain")]
    recipe: Option<RecipeName>,
    /// auto: standardize numbers, one-hot encode words, fill in missing values;
    /// none: use numbers unchanged
    #[arg(long, value_name = "auto|none")]
    preprocess: Option<Preprocess>,
    /// Bins into which the range of a number is divided, each an input of its own beside the
    /// standardised number: auto, none, or how many
    #[arg(long, value_name = "N|auto|none")]
    bins: Option<Bins>,
    /// Columns to take as categorical, even if they hold numbers
    #[arg(long, value_name = "COL,…")]
    categorical: Option<List>,
    /// Columns to take as numeric: a word in them is an error
    #[arg(long, value_name = "COL,…")]
    numeric: Option<List>,
    /// Columns to leave out
    #[arg(long, value_name = "COL,…")]
    drop: Option<List>,
    /// Words that mean a missing value, as an empty field does; +WORD,… adds to the default ones,
    /// COL=WORD,… to those of one column
    #[arg(long, value_name = "WORD,…", allow_hyphen_values = true)]
    na: Option<List>,
    /// Rows to validate on: a fraction of the table, stratified by class, or a separate file
    #[arg(long, value_name = "FRACTION|FILE")]
    validation: Option<String>,
    /// Validate on the arrays of the .npz file with this in their names, such as test, and train on
    /// the others
    #[arg(long, value_name = "KEY", conflicts_with_all = ["validation", "key"])]
    validation_key: Option<String>,
    /// A separate file with the target of the validation file
    #[arg(long, value_name = "FILE", requires = "validation")]
    validation_labels: Option<PathBuf>,
    /// Weight of each class in the loss: none, balanced, or class=weight,…
    #[arg(long, value_name = "balanced|CLASS=WEIGHT,…")]
    class_weight: Option<ClassWeight>,
    /// Column with the weight of each row in the loss; it is not an input
    #[arg(long, value_name = "COL")]
    sample_weight: Option<String>,
}

/// Names separated by commas; one that holds a comma stands in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List(Vec<String>);

impl std::str::FromStr for List {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(parse_list(text)))
    }
}

impl LayoutArguments {
    /// The table that a path names.
    pub(crate) fn source(&self, path: &Path) -> Source {
        match &self.key {
            Some(key) => Source::Arrays(source(path).into(), Arrays::With(key.clone())),
            None => source(path),
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            delimiter: self.delimiter,
            header: match (self.no_header, self.header) {
                (true, _) => FirstLine::Row,
                (_, true) => FirstLine::Names,
                _ => FirstLine::Infer,
            },
            decimal: self.decimal.unwrap_or_default(),
            comment: self.comment,
            date_order: self.date_order,
        }
    }
}

impl DataArguments {
    /// The options that were typed.
    pub(crate) fn options(&self, data: &Path, seed: u64) -> Result<TableOptions> {
        let names =
            |list: &Option<List>| list.as_ref().map(|list| list.0.clone()).unwrap_or_default();
        let (words, na_columns) = self.missing();
        Ok(TableOptions {
            layout: self.layout.layout(),
            target: self.target.clone().map(TargetNames::from),
            labels: self.labels.as_deref().map(source),
            task: AutoOr::chosen(self.task),
            preprocess: self.preprocess.unwrap_or_default(),
            bins: self.bins.unwrap_or(if self.is_plain() { Bins::None } else { Bins::Auto }),
            categorical: names(&self.categorical),
            numeric: names(&self.numeric),
            drop: names(&self.drop),
            na: missing_words(&words),
            na_columns,
            validation: self.validation(data)?,
            folds: None,
            class_weight: self.class_weight.clone().unwrap_or_default(),
            sample_weight: self.sample_weight.clone(),
            seed,
        })
    }

    /// The files that are read beside the data itself.
    pub(crate) fn files(&self) -> Vec<(&'static str, &Path)> {
        let validation = self.validation.as_ref().filter(|text| text.parse::<f64>().is_err());
        [
            ("--labels", self.labels.as_deref()),
            ("--validation", validation.map(Path::new)),
            ("--validation-labels", self.validation_labels.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, path)| Some((name, path?)))
        .collect()
    }

    /// Whether the plain recipe is asked for.
    pub(crate) fn is_plain(&self) -> bool {
        self.recipe == Some(RecipeName::Plain)
    }

    /// Whether there are rows to validate on.
    pub(crate) const fn has_validation(&self) -> bool {
        self.validation.is_some() || self.validation_key.is_some()
    }

    /// A flag that only a file can have, if one was typed.
    pub(crate) fn for_files_only(&self) -> Option<&'static str> {
        [
            ("--labels", self.labels.is_some()),
            ("--bins", self.bins.is_some()),
            ("--categorical", self.categorical.is_some()),
            ("--numeric", self.numeric.is_some()),
            ("--drop", self.drop.is_some()),
            ("--validation", self.validation.is_some()),
            ("--validation-key", self.validation_key.is_some()),
            ("--key", self.layout.key.is_some()),
            ("--class-weight", self.class_weight.is_some()),
            ("--sample-weight", self.sample_weight.is_some()),
        ]
        .into_iter()
        .find_map(|(name, typed)| typed.then_some(name))
    }

    /// The words for missing values, and those that are so in one column only.
    fn missing(&self) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut words = Vec::new();
        for word in self.na.iter().flat_map(|list| &list.0) {
            match word
                .split_once('=')
                .filter(|(column, word)| !column.is_empty() && !word.is_empty())
            {
                Some((column, word)) => {
                    columns.entry(column.to_owned()).or_default().push(word.to_owned());
                }
                None => words.push(word.clone()),
            }
        }
        if words.is_empty() && (self.na.is_none() || !columns.is_empty()) {
            words = default_missing_words();
        }
        (words, columns)
    }

    /// The table to train on, of those that a path names.
    pub(crate) fn source(&self, path: &Path) -> Source {
        match &self.validation_key {
            Some(key) => Source::Arrays(source(path).into(), Arrays::Without(key.clone())),
            None => self.layout.source(path),
        }
    }

    fn validation(&self, data: &Path) -> Result<Option<Validation>> {
        if let Some(key) = &self.validation_key {
            let data = Source::Arrays(source(data).into(), Arrays::With(key.clone()));
            return Ok(Some(Validation::Table { data, labels: None }));
        }
        let Some(text) = &self.validation else { return Ok(None) };
        let labels = self.validation_labels.as_deref().map(source);
        match text.parse() {
            Ok(_) if labels.is_some() => Err(Error::Invalid {
                problem: "--validation-labels belong to a validation file".into(),
                remedy: "leave them out, or name the file by --validation".into(),
            }),
            Ok(fraction) => Ok(Some(Validation::Fraction(fraction))),
            Err(_) => Ok(Some(Validation::Table { data: source(Path::new(text)), labels })),
        }
    }
}

/// The words for missing values: these; or the default ones, and these beside them where a + stands
/// before the first.
fn missing_words(words: &[String]) -> Vec<String> {
    let [first, rest @ ..] = words else { return Vec::new() };
    match first.strip_prefix('+').filter(|own| !own.is_empty()) {
        Some(first) => {
            let added = std::iter::once(first.to_owned()).chain(rest.iter().cloned());
            default_missing_words().into_iter().chain(added).collect()
        }
        None => words.to_vec(),
    }
}

fn default_missing_words() -> Vec<String> {
    NA_VALUES.iter().map(ToString::to_string).collect()
}

/// The source that a path names: - is standard input.
pub(crate) fn source(path: &Path) -> Source {
    if path.as_os_str() == "-" { Source::StandardInput } else { Source::File(path.into()) }
}

fn decimal(text: &str) -> Result<Decimal, String> {
    match text {
        "." => Ok(Decimal::Point),
        "," => Ok(Decimal::Comma),
        _ => Err("it must be . or ,".to_owned()),
    }
}

fn date_order(text: &str) -> Result<DateFormat, String> {
    match text.parse() {
        Ok(order @ (DateFormat::Ymd | DateFormat::Dmy | DateFormat::Mdy)) => Ok(order),
        _ => Err("it must be dmy, mdy or ymd".to_owned()),
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text == "tab" || text == "\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("it must be one ASCII character, or tab".to_owned()),
    }
}
