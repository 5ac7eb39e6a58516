//! A file to data sets: read, split, fitted on the training rows, applied to all of them.

use std::rc::Rc;

use super::column::Want;
use super::na::{NA, Na};
use super::preprocess::{Applied, Fitted, Preprocessing, Said, TargetEncoding};
use super::preprocess::{check_rows, fit, fit_target};
use super::read::{Layout, Source, read};
use super::table::{Header, Label, RawColumn, Table, Values};
use super::target::{Target, target};
use super::weights::class_weights;
use super::{ClassWeight, Dataset, Targets, Task, Warning, split};
use crate::spec::named;
use crate::{Error, Result};

/// How a table becomes a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOptions {
    /// How a text file is laid out.
    pub layout: Layout,
    /// The column to predict; the last where it is not named.
    pub target: Option<String>,
    /// A file of its own for the target.
    pub labels: Option<Source>,
    /// The task; inferred from the target where it is not named.
    pub task: Option<Task>,
    /// What is done to the columns.
    pub preprocess: Preprocess,
    /// Columns that hold words, whatever they look like.
    pub categorical: Vec<String>,
    /// Columns that hold numbers: a word in them is an error.
    pub numeric: Vec<String>,
    /// Columns that are left out.
    pub drop: Vec<String>,
    /// Words that stand for a missing value, beside an empty field.
    pub na: Vec<String>,
    /// What to validate with.
    pub validation: Option<Validation>,
    /// How much the classes count.
    pub class_weight: ClassWeight,
    /// A column that says how much each row counts. It is no input.
    pub sample_weight: Option<String>,
    /// The seed of the split.
    pub seed: u64,
}

/// What is done to the columns of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preprocess {
    /// Numbers are standardised, words become one-hot, missing values are filled in.
    #[default]
    Auto,
    /// Nothing: all columns hold numbers, and they are taken as they stand.
    None,
}

named!(Preprocess, "way to preprocess", {
    Auto => "auto",
    None => "none",
});

/// What to validate with.
#[derive(Clone, Debug, PartialEq)]
pub enum Validation {
    /// A fraction of the rows.
    Fraction(f64),
    /// A table of its own, with the same columns.
    Table {
        /// The table.
        data: Source,
        /// A file of its own for its target.
        labels: Option<Source>,
    },
}

/// A table made ready.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The rows to train on.
    pub training: Dataset,
    /// The rows to validate with, if that was asked for.
    pub validation: Option<Dataset>,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

/// Rows of a network's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The inputs, \[N, I\] row by row.
    pub values: Vec<f32>,
    /// Rows, N.
    pub rows: usize,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

/// What a trained model knows of its table.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    /// How the columns become inputs.
    pub preprocessing: &'a Preprocessing,
    /// The column that it predicts.
    pub target: &'a str,
    /// The classes in the order of the outputs; none for regression.
    pub classes: &'a [String],
    /// The task.
    pub task: Task,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            target: None,
            labels: None,
            task: None,
            preprocess: Preprocess::Auto,
            categorical: Vec::new(),
            numeric: Vec::new(),
            drop: Vec::new(),
            na: NA.iter().map(ToString::to_string).collect(),
            validation: None,
            class_weight: ClassWeight::None,
            sample_weight: None,
            seed: 777,
        }
    }
}

/// Reads a table to train on. Everything is fitted on its training rows alone.
///
/// # Errors
/// [`Error::File`] where it cannot be read, [`Error::Data`] for everything wrong with its contents,
/// [`Error::Invalid`] for options that make no sense together.
pub fn prepare(source: &Source, options: &TableOptions) -> Result<Prepared> {
    options.check()?;
    let na = Rc::new(Na::new(&options.na));
    let mut table = read(source, options.layout, &na, &|header| options.wants(header))?;
    if let Some(labels) = &options.labels {
        add_labels(
            &mut table,
            labels,
            options.layout,
            &na,
            options.target.as_deref(),
            Want::Label,
        )?;
    }
    let (target_name, label) = take_target(&mut table)?;
    let Target { mut targets, classes } = target(&table, &target_name, label, options.task)?;
    let sample_weights = match &options.sample_weight {
        Some(name) => Some(take_weights(&mut table, name)?),
        None => None,
    };
    let (validation, training) = match options.validation {
        Some(Validation::Fraction(fraction)) => {
            let parts = split(&targets, fraction, options.seed)?;
            (Some(parts.validation), parts.training)
        }
        _ => (None, (0..table.rows).collect()),
    };
    let mut own = vec![false; table.rows];
    training.iter().for_each(|row| own[*row] = true);
    let said = Said {
        preprocess: options.preprocess,
        drop: &options.drop,
        categorical: &options.categorical,
    };
    let Fitted { columns, warnings } = fit(&table, &own, &said)?;
    let target = match options.preprocess {
        Preprocess::Auto => fit_target(&targets, &own),
        Preprocess::None => TargetEncoding::AsIs,
    };
    encode_target(&mut targets, &target);
    let preprocessing = Preprocessing { columns, target, na: options.na.clone() };
    let class_weights = class_weights(&targets.select(&training), &classes, &options.class_weight)?;
    let Applied { features: [first, others], .. } = preprocessing.apply(table, &own)?;
    let part = |rows: &[usize], features: Vec<f32>, class_weights: Option<Vec<f32>>| {
        let sample_weights = sample_weights.as_ref();
        let sample_weights = sample_weights.map(|all| rows.iter().map(|row| all[*row]).collect());
        let data = Dataset {
            inputs: preprocessing.outputs(),
            rows: rows.len(),
            features,
            targets: targets.select(rows),
            weights: None,
            preprocessing: preprocessing.clone(),
            target_name: target_name.clone(),
            classes: classes.clone(),
        };
        weighted(data, sample_weights, class_weights)
    };
    let mut prepared = Prepared {
        training: part(&training, first, class_weights)?,
        validation: validation.map(|rows| part(&rows, others, None)).transpose()?,
        warnings,
    };
    if let Some(Validation::Table { data, labels }) = &options.validation {
        let schema = prepared.training.schema();
        let weight = options.sample_weight.as_deref();
        let labels = labels.as_ref();
        let (validation, more) = read_labelled(data, labels, options.layout, &schema, weight)?;
        prepared.validation = Some(validation);
        prepared.warnings.extend(more);
    }
    Ok(prepared)
}

/// Reads rows to predict for. Only the columns that the preprocessing needs must be there, in any
/// order.
///
/// # Errors
/// As [`prepare`].
pub fn read_features(
    source: &Source,
    layout: Layout,
    preprocessing: &Preprocessing,
) -> Result<Features> {
    let na = Rc::new(Na::new(&preprocessing.na));
    let table = read(source, layout, &na, &|header| preprocessing.wants(header))?;
    let rows = table.rows;
    let Applied { features: [values, _], warnings } =
        preprocessing.apply(table, &vec![true; rows])?;
    Ok(Features { values, rows, warnings })
}

/// Reads rows with their target, for a model that is trained already: to evaluate it, or to
/// validate with.
///
/// # Errors
/// As [`prepare`]; a class that the model does not know is one.
pub fn read_labelled(
    source: &Source,
    labels: Option<&Source>,
    layout: Layout,
    schema: &Schema<'_>,
    sample_weight: Option<&str>,
) -> Result<(Dataset, Vec<Warning>)> {
    let Schema { preprocessing, target, classes, task } = *schema;
    let na = Rc::new(Na::new(&preprocessing.na));
    let wanted = match task {
        Task::Regression => Want::Complete,
        Task::Binary | Task::Multiclass => Want::Classes(classes.to_vec()),
    };
    let mut table = read(source, layout, &na, &|header| {
        let mut wants = preprocessing.wants(header)?;
        if labels.is_none() {
            wants[header.column(target)?] = wanted.clone();
        }
        if let Some(name) = sample_weight {
            wants[header.column(name)?] = Want::Complete;
        }
        Ok(wants)
    })?;
    if let Some(labels) = labels {
        add_labels(&mut table, labels, layout, &na, Some(target), wanted)?;
    }
    let mut targets = match table.remove(target).map(|column| column.values) {
        Some(Values::Numbers(numbers)) => {
            Targets::Numbers { values: numbers.iter().collect(), columns: 1 }
        }
        Some(Values::Words(words)) if task == Task::Binary => {
            let values = words.codes.iter().map(|code| code as f32).collect();
            Targets::Binary { values, columns: 1 }
        }
        Some(Values::Words(words)) => {
            Targets::Classes { values: words.codes.iter().collect(), count: classes.len() }
        }
        _ => return Err(table.error(format!("there is no column `{target}`"), "add the target")),
    };
    encode_target(&mut targets, &preprocessing.target);
    let weights = sample_weight.map(|name| take_weights(&mut table, name)).transpose()?;
    let rows = table.rows;
    let Applied { features: [features, _], warnings } =
        preprocessing.apply(table, &vec![true; rows])?;
    let data = Dataset {
        inputs: preprocessing.outputs(),
        rows,
        features,
        targets,
        weights: None,
        preprocessing: preprocessing.clone(),
        target_name: target.to_owned(),
        classes: classes.to_vec(),
    };
    Ok((weighted(data, weights, None)?, warnings))
}

impl Dataset {
    /// What a model that is trained on this data knows of its table.
    pub fn schema(&self) -> Schema<'_> {
        Schema {
            preprocessing: &self.preprocessing,
            target: &self.target_name,
            classes: &self.classes,
            task: self.task(),
        }
    }
}

impl TableOptions {
    /// Checks what can be checked without the table.
    fn check(&self) -> Result<()> {
        let lists = [
            ("--categorical", &self.categorical),
            ("--numeric", &self.numeric),
            ("--drop", &self.drop),
        ];
        for (place, (own, names)) in lists.iter().enumerate() {
            for (other, others) in &lists[..place] {
                if let Some(name) = names.iter().find(|name| others.contains(name)) {
                    return Err(Error::invalid(
                        format!("column `{name}` stands in {other} and in {own}"),
                        "leave it in one of them",
                    ));
                }
            }
            if let Some(name) = names.iter().find(|name| self.target.as_ref() == Some(name)) {
                return Err(Error::invalid(
                    format!("column `{name}` is the target and stands in {own}"),
                    "say by --task what kind of target it is",
                ));
            }
        }
        if self.preprocess == Preprocess::None && !self.categorical.is_empty() {
            return Err(Error::invalid(
                "categories without preprocessing: networks take numbers",
                "leave out --preprocess none, or --categorical",
            ));
        }
        Ok(())
    }

    /// What is wanted of each column.
    fn wants(&self, header: &Header) -> Result<Vec<Want>> {
        let names = &header.names;
        let every = if self.preprocess == Preprocess::None { Want::Complete } else { Want::Infer };
        let mut wants = vec![every; names.len()];
        for (list, want) in [
            (&self.categorical, Want::Words),
            (&self.drop, Want::Skip),
            (&self.numeric, Want::Numbers),
        ] {
            for name in list {
                let complete = want == Want::Numbers && self.preprocess == Preprocess::None;
                wants[header.column(name)?] = if complete { Want::Complete } else { want.clone() };
            }
        }
        if let Some(name) = &self.sample_weight {
            wants[header.column(name)?] = Want::Complete;
        }
        if self.labels.is_some() {
            return Ok(wants);
        }
        let free =
            |name: &String| !self.drop.contains(name) && self.sample_weight.as_ref() != Some(name);
        let target = match &self.target {
            Some(name) => header.column(name)?,
            None => names.iter().rposition(free).unwrap_or(names.len() - 1),
        };
        if names.len() < 2 {
            return Err(Error::data(
                &header.path,
                header.line,
                "there is one column, and nothing to predict it from",
                "give at least one column beside the target, and part them by commas, tabs, \
                 semicolons or |; or give the target in a file of its own, by --labels",
            ));
        }
        if self.sample_weight.as_ref() == Some(&names[target]) {
            return Err(Error::invalid(
                format!("column `{}` is both the target and the weight", names[target]),
                "choose another --target",
            ));
        }
        wants[target] = Want::Label;
        Ok(wants)
    }
}

/// Reads a file of labels and puts them beside a table, under the name of the target.
fn add_labels(
    table: &mut Table,
    source: &Source,
    layout: Layout,
    na: &Rc<Na>,
    target: Option<&str>,
    want: Want,
) -> Result<()> {
    let mut labels = read(source, layout, na, &|header| {
        let place = match (&header.names[..], target) {
            ([_], _) => 0,
            (_, Some(name)) => header.column(name)?,
            (names, None) => {
                return Err(Error::data(
                    &header.path,
                    header.line,
                    format!("there are {} columns of labels", names.len()),
                    "say by --target which to take",
                ));
            }
        };
        let mut wants = vec![Want::Skip; header.names.len()];
        wants[place] = want.clone();
        Ok(wants)
    })?;
    check_rows(table, &labels)?;
    let taken = labels.columns.iter().position(|own| !matches!(own.values, Values::Skipped));
    let Some(place) = taken else { return Err(labels.error("there are no labels", "add them")) };
    let mut column = labels.columns.swap_remove(place);
    if let Some(name) = target {
        column.name = name.to_owned();
    }
    if table.column(&column.name).is_some() {
        return Err(table.error(
            format!("there is a column `{}` beside the labels of that name", column.name),
            "drop it, or give the labels another name by --target",
        ));
    }
    table.columns.push(column);
    Ok(())
}

/// Takes out the one column that was read as a target.
fn take_target(table: &mut Table) -> Result<(String, Label)> {
    let place = table.columns.iter().position(|own| matches!(own.values, Values::Label(_)));
    match place.map(|place| table.columns.remove(place)) {
        Some(RawColumn { name, values: Values::Label(label) }) => Ok((name, label)),
        _ => Err(table.error("there is no column to predict", "name one by --target")),
    }
}

fn take_weights(table: &mut Table, name: &str) -> Result<Vec<f32>> {
    let Some(Values::Numbers(numbers)) = table.remove(name).map(|column| column.values) else {
        return Err(table.error(format!("there is no column `{name}`"), "mend --sample-weight"));
    };
    match numbers.iter().position(|weight| weight < 0.0) {
        Some(row) => Err(table.error(
            format!("row {}, column `{name}`: a negative weight", row + 1),
            "weights are numbers of at least 0",
        )),
        None => Ok(numbers.iter().collect()),
    }
}

fn encode_target(targets: &mut Targets, encoding: &TargetEncoding) {
    if let Targets::Numbers { values, .. } = targets {
        encoding.apply(values);
    }
}

/// Data with the products of such weights, where there are any.
fn weighted(
    data: Dataset,
    sample_weights: Option<Vec<f32>>,
    class_weights: Option<Vec<f32>>,
) -> Result<Dataset> {
    let weights = match (sample_weights, class_weights) {
        (Some(a), Some(b)) => a.iter().zip(&b).map(|(a, b)| a * b).collect(),
        (Some(weights), None) | (None, Some(weights)) => weights,
        (None, None) => return Ok(data),
    };
    data.with_weights(weights)
}
