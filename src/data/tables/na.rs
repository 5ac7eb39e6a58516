//! Which fields mean a missing value.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use crate::data::preprocess::same::shortest_decimal;

/// The texts that mean a missing value by default: those of pandas' `read_csv`, `NAN` and `?`.
pub const NA_VALUES: &[&str] = &[
    "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-NaN", "-nan", "null", "NULL", "None", "<NA>",
    "#N/A", "#N/A N/A", "#NA", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "?",
];

/// The texts that mean a missing value. An empty field always does.
#[derive(Debug, Default)]
pub(super) struct NaValues {
    texts: HashSet<Vec<u8>>,
    /// Those that are numbers, such as -999: they match by value, however a field writes them.
    numbers: Vec<f32>,
    /// Those of columns that have more.
    columns: HashMap<String, Rc<Self>>,
}

impl NaValues {
    /// These texts, and in some columns, by their names, more.
    pub(super) fn of(texts: &[String], columns: &BTreeMap<String, Vec<String>>) -> Self {
        let own = |(name, more): (&String, &Vec<String>)| {
            (name.clone(), Rc::new(Self::new(&[texts, more].concat())))
        };
        Self { columns: columns.iter().map(own).collect(), ..Self::new(texts) }
    }

    /// Those of a column.
    pub(super) fn in_column<'a>(self: &'a Rc<Self>, name: &str) -> &'a Rc<Self> {
        self.columns.get(name).unwrap_or(self)
    }

    pub(super) fn new(texts: &[String]) -> Self {
        let numbers = texts.iter().filter_map(|text| text.parse().ok());
        Self {
            texts: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
            numbers: numbers.filter(|number: &f32| number.is_finite()).collect(),
            columns: HashMap::new(),
        }
    }

    /// All texts but the empty one.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(Vec::as_slice)
    }

    /// Those that are decimal numbers, without needless zeros.
    pub(super) fn decimals(&self) -> Vec<String> {
        let texts = self.texts().filter_map(|text| std::str::from_utf8(text).ok());
        texts.filter_map(shortest_decimal).map(str::to_owned).collect()
    }

    /// Whether a field's text means a missing value.
    pub(super) fn contains(&self, text: &[u8]) -> bool {
        text.is_empty() || self.texts.contains(text)
    }

    /// Whether a finite number means a missing value.
    #[inline]
    pub(super) fn contains_number(&self, number: f32) -> bool {
        self.numbers.contains(&number)
    }
}
