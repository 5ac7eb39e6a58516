//! CSV files: a header, then rows of numbers, with one column that is the target.
//!
//! Read in one pass. Every error names the file, the line and what was found there.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::{Dataset, Preprocessing, Targets, Task};
use crate::{Error, Result};

/// Past so many different values a column of numbers is not taken for classes.
const MOST_CLASSES: usize = 20;

/// Past so many different values a column of words is not taken for classes.
const MOST_WORDS: usize = 4096;

/// How a table becomes a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// The column to predict; the last where it is not named.
    pub target: Option<String>,
    /// The task; inferred from the target where it is not named.
    pub task: Option<Task>,
}

/// Reads a table to train on: every column but the target must hold finite numbers.
///
/// # Errors
/// [`Error::File`] where it cannot be read, [`Error::Data`] for everything wrong with its contents.
pub fn read_table(path: &Path, options: &TableOptions) -> Result<Dataset> {
    let mut table = Table::open(path)?;
    let target = match &options.target {
        Some(name) => table.column(name)?,
        None => table.columns.len() - 1,
    };
    if table.columns.len() < 2 {
        return Err(table.error(
            Some(1),
            "there is one column, and nothing to predict it from",
            "give at least one column beside the target (columns are parted by commas)",
        ));
    }
    let inputs = table.columns.len() - 1;
    let mut features = Vec::new();
    let mut labels = Labels::default();
    while table.next()? {
        for column in (0..table.columns.len()).filter(|&column| column != target) {
            features.push(table.number(column)?);
        }
        labels.push(&table, target)?;
    }
    let rows = labels.rows;
    if rows == 0 {
        return Err(table.error(None, "there are no rows after the header", "add some rows"));
    }
    let target_name = table.columns[target].clone();
    let (targets, classes) = labels.finish(&table, &target_name, options.task)?;
    let mut feature_names = table.columns;
    feature_names.remove(target);
    let preprocessing = Preprocessing::as_is(feature_names);
    Ok(Dataset { inputs, rows, features, targets, preprocessing, target_name, classes })
}

/// Reads the named columns of a table, in the order of `names`, for prediction: \[N, names\] row by
/// row. Other columns are passed over.
///
/// # Errors
/// As [`read_table`]; a column that is not there is named.
pub fn read_features(path: &Path, names: &[String]) -> Result<Vec<f32>> {
    let mut table = Table::open(path)?;
    let columns = names.iter().map(|name| table.column(name)).collect::<Result<Vec<_>>>()?;
    let mut features = Vec::new();
    while table.next()? {
        for &column in &columns {
            features.push(table.number(column)?);
        }
    }
    Ok(features)
}

/// A table that is being read, record by record.
struct Table<'a> {
    path: &'a Path,
    reader: csv::Reader<File>,
    record: ByteRecord,
    columns: Vec<String>,
}

impl<'a> Table<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::read(path, source))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            let source = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(Error::read(path, source));
        }
        let mut reader =
            ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(file);
        let header = reader.headers().map_err(|error| csv_error(path, &error))?;
        let columns: Vec<String> = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let table = Self { path, reader, record: ByteRecord::new(), columns };
        if table.columns.is_empty() {
            return Err(table.error(None, "the file is empty", "give it a header and some rows"));
        }
        if let [only] = &table.columns[..]
            && let Some(other) = [';', '\t', '|'].into_iter().find(|mark| only.contains(*mark))
        {
            return Err(table.error(
                Some(1),
                format!("there is one column, `{only}`: its parts are parted by {other:?}"),
                "part the columns by commas",
            ));
        }
        if table.columns.iter().all(|name| name.parse::<f64>().is_ok()) {
            return Err(table.error(
                Some(1),
                "the first line must name the columns, but it holds numbers",
                "add a header line, such as x1,x2,y",
            ));
        }
        for (index, name) in table.columns.iter().enumerate() {
            if table.columns[..index].contains(name) {
                return Err(table.error(
                    Some(1),
                    format!("two columns are named `{name}`"),
                    "rename one of them",
                ));
            }
        }
        Ok(table)
    }

    fn error(
        &self,
        line: Option<u64>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Error {
        Error::data(self.path, line, problem, remedy)
    }

    /// The column of a name.
    fn column(&self, name: &str) -> Result<usize> {
        self.columns.iter().position(|column| column == name).ok_or_else(|| {
            let known = self.columns.iter().map(String::as_str);
            let remedy = match crate::spec::nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its columns are {}", shortened(known)),
            };
            self.error(None, format!("there is no column `{name}`"), remedy)
        })
    }

    /// Reads the next record; false at the end.
    fn next(&mut self) -> Result<bool> {
        let more = self
            .reader
            .read_byte_record(&mut self.record)
            .map_err(|error| csv_error(self.path, &error))?;
        if more && self.record.len() != self.columns.len() {
            return Err(self.error(
                self.line(),
                format!("{} fields, but the header has {}", self.record.len(), self.columns.len()),
                "every row must have a field for each column",
            ));
        }
        Ok(more)
    }

    /// The record's line. The reader's own count stops short of a `\n` after `\r` and of blank
    /// lines, so they are counted anew: an error comes once.
    fn line(&self) -> Option<u64> {
        let position = self.record.position()?;
        Some(line_at(self.path, position.byte()).unwrap_or(position.line()))
    }

    fn text(&self, column: usize) -> Result<&str> {
        let bytes = self.record[column].trim_ascii();
        std::str::from_utf8(bytes).map_err(|_| {
            self.error(
                self.line(),
                format!("column `{}` is not UTF-8 text", self.columns[column]),
                "save the file as UTF-8",
            )
        })
    }

    /// The finite number in a column of the record.
    fn number(&self, column: usize) -> Result<f32> {
        let text = self.text(column)?;
        match text.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => Err(self.wrong(
                column,
                format!("`{text}` is not a finite number in float32"),
                "remove or replace it",
            )),
            Err(_) if text.is_empty() => {
                Err(self.wrong(column, "the field is empty", "fill it in, or remove the row"))
            }
            Err(_) => Err(self.wrong(
                column,
                format!("`{text}` is not a number"),
                "use numbers only, or remove the column",
            )),
        }
    }

    fn wrong(&self, column: usize, problem: impl std::fmt::Display, remedy: &str) -> Error {
        self.error(self.line(), format!("column `{}`: {problem}", self.columns[column]), remedy)
    }
}

/// The line, counted from 1, of the first thing that is no line end at or after a byte of a file.
fn line_at(path: &Path, byte: u64) -> std::io::Result<u64> {
    let mut line = 1;
    let file = std::io::BufReader::new(File::open(path)?);
    for (at, next) in (0u64..).zip(file.bytes()) {
        let next = next?;
        if at >= byte && next != b'\n' && next != b'\r' {
            break;
        }
        line += u64::from(next == b'\n');
    }
    Ok(line)
}

/// At most eight names.
fn shortened<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let count = names.clone().count();
    let shown: Vec<&str> = names.take(8).collect();
    let more = if count > 8 { format!(", … ({count} in all)") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// What the csv crate says, in our words.
fn csv_error(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Io(source) => {
            Error::read(path, std::io::Error::new(source.kind(), source.to_string()))
        }
        csv::ErrorKind::Utf8 { .. } => {
            Error::data(path, line.or(Some(1)), "the text is not UTF-8", "save the file as UTF-8")
        }
        _ => Error::data(path, line, error.to_string(), "mend the file"),
    }
}

/// The target column while it is not yet known what it is.
#[derive(Default)]
struct Labels {
    rows: usize,
    /// As numbers, while every field has been one.
    numbers: Option<Vec<f32>>,
    /// As words: each row's, by its number in `words`; given up when there are too many.
    words: Option<(Vec<u32>, HashMap<String, u32>)>,
    /// The first field that was no number.
    word: Option<(Option<u64>, String)>,
}

impl Labels {
    fn push(&mut self, table: &Table<'_>, column: usize) -> Result<()> {
        let text = table.text(column)?;
        if text.is_empty() {
            return Err(table.wrong(
                column,
                "the target is empty",
                "fill it in, or remove the row",
            ));
        }
        if self.rows == 0 {
            self.numbers = Some(Vec::new());
            self.words = Some((Vec::new(), HashMap::new()));
        }
        self.rows += 1;
        match text.parse::<f32>() {
            Ok(number) => {
                if !number.is_finite() {
                    let problem = format!("`{text}` is not a finite number in float32");
                    return Err(table.wrong(column, problem, "remove or replace it"));
                }
                if let Some(numbers) = &mut self.numbers {
                    numbers.push(number);
                }
            }
            Err(_) => {
                if self.word.is_none() {
                    self.word = Some((table.line(), text.to_owned()));
                }
                self.numbers = None;
            }
        }
        if let Some((rows, words)) = &mut self.words {
            let next = words.len() as u32;
            let number = match words.get(text) {
                Some(&number) => number,
                None => *words.entry(text.to_owned()).or_insert(next),
            };
            rows.push(number);
            if words.len() > MOST_WORDS {
                self.words = None;
            }
        }
        if self.numbers.is_none() && self.words.is_none() {
            return Err(self.not_numbers(table, column));
        }
        Ok(())
    }

    /// Neither numbers nor few enough words to be classes.
    fn not_numbers(&self, table: &Table<'_>, column: usize) -> Error {
        let (line, word) = self.word.clone().unwrap_or_default();
        table.error(
            line,
            format!(
                "column `{}`: `{word}` is not a number, and with over {MOST_WORDS} different values \
                 it is no class either",
                table.columns[column],
            ),
            "choose another --target",
        )
    }

    fn finish(
        self,
        table: &Table<'_>,
        target: &str,
        task: Option<Task>,
    ) -> Result<(Targets, Vec<String>)> {
        let classes = self.words.map(|(rows, words)| classes(rows, words, self.numbers.is_some()));
        if task.is_none()
            && let (None, Some((_, names)), Some((line, word))) =
                (&self.numbers, &classes, &self.word)
            && stray(names)
        {
            return Err(table.error(
                *line,
                format!("column `{target}`: `{word}` is not a number, as most of its values are"),
                "remove or replace it; or use --task multiclass, if these are names",
            ));
        }
        let task = match task {
            Some(task) => task,
            None => infer(classes.as_ref().map(|(_, names)| &names[..]), self.numbers.is_some()),
        };
        let refuse = |problem: String, remedy: &str| Err(table.error(None, problem, remedy));
        if task == Task::Regression {
            return match self.numbers {
                Some(values) => Ok((Targets::Numbers { values, columns: 1 }, Vec::new())),
                None => {
                    let (line, word) = self.word.unwrap_or_default();
                    Err(table.error(
                        line,
                        format!("column `{target}`: `{word}` is not a number"),
                        "regression needs numbers; use another --task or --target",
                    ))
                }
            };
        }
        let Some((rows, names)) = classes else {
            return refuse(
                format!("the target `{target}` has over {MOST_WORDS} different values"),
                "use --task regression, or another --target",
            );
        };
        match (task, names.len()) {
            (_, 1) => refuse(
                format!("the target `{target}` has one class only, `{}`", names[0]),
                "there is nothing to tell apart: choose another --target",
            ),
            (Task::Binary, 2) => {
                let values = rows.iter().map(|&class| class as f32).collect();
                Ok((Targets::Binary { values, columns: 1 }, names))
            }
            (Task::Binary, count) => refuse(
                format!("the target `{target}` has {count} classes, and binary needs two"),
                "use --task multiclass or regression",
            ),
            (_, count) => Ok((Targets::Classes { values: rows, count }, names)),
        }
    }
}

/// Puts the classes in order, numbers by size and words by letter, and renumbers the rows.
fn classes(rows: Vec<u32>, words: HashMap<String, u32>, numeric: bool) -> (Vec<u32>, Vec<String>) {
    let mut order: Vec<(String, u32)> = words.into_iter().collect();
    if numeric {
        let value = |word: &str| word.parse::<f64>().unwrap_or(f64::NAN);
        order.sort_by(|a, b| value(&a.0).total_cmp(&value(&b.0)).then_with(|| a.0.cmp(&b.0)));
    } else {
        order.sort();
    }
    // `1` and `1.0` are one class: numbers that are equal share the place of the first.
    let mut place = vec![0; order.len()];
    let mut names: Vec<String> = Vec::new();
    for (word, number) in order {
        let same = |last: &String| numeric && last.parse::<f64>() == word.parse::<f64>();
        if !names.last().is_some_and(same) {
            names.push(word);
        }
        place[number as usize] = names.len() as u32 - 1;
    }
    (rows.into_iter().map(|number| place[number as usize]).collect(), names)
}

/// Whether most of a target's different values are numbers that are no classes' names: too many, or
/// not whole.
fn stray(names: &[String]) -> bool {
    let numbers: Vec<f64> = names.iter().filter_map(|name| name.parse().ok()).collect();
    2 * numbers.len() > names.len()
        && (numbers.len() > MOST_CLASSES || numbers.iter().any(|number| number.fract() != 0.0))
}

/// The task that a target looks like.
fn infer(classes: Option<&[String]>, numeric: bool) -> Task {
    let Some(names) = classes else { return Task::Regression };
    let whole = |name: &String| name.parse::<f32>().is_ok_and(|number| number.fract() == 0.0);
    match names.len() {
        ..=2 => Task::Binary,
        count if numeric && (count > MOST_CLASSES || !names.iter().all(whole)) => Task::Regression,
        _ => Task::Multiclass,
    }
}
