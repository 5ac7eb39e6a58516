//! The preprocessing as nodes: the same float32 operations with the same constants, so that the
//! network gets the same bits.

use super::dates;
use super::graph::{Graph, Kind, int, string};
use super::proto::kind;
use crate::data::{
    Bin, Column, Encoding, MissingCategory, MissingNumber, Preprocessing, UnknownCategory,
    missing_pattern, patterns,
};
use crate::export::{missing_words, numbers_of};

/// Adds the inputs of the graph, and returns the network's inputs \[N, I\].
///
/// If all columns are numeric, there is one input \[N, columns\]; otherwise one \[N, 1\] for each
/// column. NaN is a missing number, the empty string a missing text; dates are moments in int64.
pub(super) fn inputs(graph: &mut Graph, preprocessing: &Preprocessing) -> String {
    let columns: Vec<&Column> = preprocessing.needed().collect();
    let na = |columns: &[&Column]| -> Vec<Vec<f32>> {
        columns.iter().map(|own| numbers_of(&missing_words(preprocessing, &own.name))).collect()
    };
    let is_number =
        |column: &&Column| matches!(column.encoding, Encoding::AsIs | Encoding::Numeric { .. });
    if columns.iter().all(is_number) {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let doc = format!("the columns {}", names.join(", "));
        let input = graph.input("input", Kind::Numbers(columns.len()), &doc);
        return numbers(graph, "input", &input, &columns, &na(&columns));
    }
    // The inputs first, so that they get the names of their columns.
    let inputs: Vec<String> = columns
        .iter()
        .map(|column| match column.encoding {
            Encoding::Categorical { .. } => graph.input(&column.name, Kind::Strings(1), "a word"),
            Encoding::Date { .. } => graph.input(&column.name, Kind::Integers(1), dates::DOC),
            _ => graph.input(&column.name, Kind::Numbers(1), "a number"),
        })
        .collect();
    let parts: Vec<String> = columns
        .iter()
        .zip(&inputs)
        .map(|(column, input)| match &column.encoding {
            Encoding::Categorical { categories, other, missing } => {
                let na = missing_words(preprocessing, &column.name);
                let column = Text { name: &column.name, categories, na: &na };
                column.encode(graph, input, *other, *missing)
            }
            Encoding::Date { parts, missing, .. } => {
                dates::encode(graph, &column.name, input, parts, *missing)
            }
            _ => numbers(graph, &column.name, input, &[column], &na(&[column])),
        })
        .collect();
    graph.concat("features", &parts)
}

/// Encodes numeric columns \[N, columns\]; `na` has the numbers of each that mean a missing value.
fn numbers(
    graph: &mut Graph,
    name: &str,
    input: &str,
    columns: &[&Column],
    na: &[Vec<f32>],
) -> String {
    if columns.iter().all(|column| column.encoding == Encoding::AsIs) {
        return input.to_owned();
    }
    // A column that is used unchanged has no imputation: NaN stays NaN.
    let setting = |column: &&Column| match column.encoding {
        Encoding::Numeric { mean, scale, .. } => [mean, mean, scale],
        _ => [f32::NAN, 0.0, 1.0],
    };
    let settings: Vec<[f32; 3]> = columns.iter().map(setting).collect();
    let mut constant = |what: &str, index: usize| {
        let values: Vec<f32> = settings.iter().map(|setting| setting[index]).collect();
        graph.floats(&format!("{name}/{what}"), &[1, columns.len()], &values)
    };
    let [fill, mean, scale] = [constant("fill", 0), constant("mean", 1), constant("scale", 2)];
    let mut missing = graph.node(&format!("{name}/missing"), "IsNaN", &[input], vec![]);
    // As many comparisons as the column with the most needs: nothing equals NaN.
    for place in 0..na.iter().map(Vec::len).max().unwrap_or_default() {
        let own: Vec<f32> =
            na.iter().map(|own| own.get(place).copied().unwrap_or(f32::NAN)).collect();
        let number = graph.floats(&format!("{name}/na"), &[1, columns.len()], &own);
        let is = graph.node(&format!("{name}/is na"), "Equal", &[input, &number], vec![]);
        missing = graph.node(&format!("{name}/missing"), "Or", &[&missing, &is], vec![]);
    }
    let filled = graph.node(&format!("{name}/filled"), "Where", &[&missing, &fill, input], vec![]);
    let centred = graph.node(&format!("{name}/centred"), "Sub", &[&filled, &mean], vec![]);
    let scaled = graph.node(&format!("{name}/standardised"), "Div", &[&centred, &scale], vec![]);
    let order = order(columns);
    if order.len() == columns.len() {
        return scaled;
    }
    let mut all = vec![scaled];
    all.extend(binned(graph, name, &filled, columns));
    all.push(cast(graph, &format!("{name}/indicators"), &missing));
    let all = graph.concat(&format!("{name}/all"), &all);
    let order = graph.ints(&format!("{name}/order"), &order);
    graph.node(&format!("{name}/features"), "Gather", &[&all, &order], vec![int("axis", 1)])
}

/// The inputs of all bins of numeric columns \[N, columns\], side by side: \[N, bins\]; none where no
/// column has bins.
fn binned(graph: &mut Graph, name: &str, numbers: &str, columns: &[&Column]) -> Option<String> {
    let all: Vec<(i64, &Bin)> = columns
        .iter()
        .zip(0..)
        .flat_map(|(own, column)| bins_of(own).iter().map(move |bin| (column, bin)))
        .collect();
    if all.is_empty() {
        return None;
    }
    let mut constant = |what: &str, value: &dyn Fn(&Bin) -> f32| {
        let values: Vec<f32> = all.iter().map(|(_, bin)| value(bin)).collect();
        graph.floats(&format!("{name}/bin {what}"), &[1, all.len()], &values)
    };
    let [from, to] = [constant("from", &|bin| bin.ends()[0]), constant("to", &|bin| bin.ends()[1])];
    let [mean, scale] = [constant("mean", &|bin| bin.mean), constant("scale", &|bin| bin.scale)];
    let columns: Vec<i64> = all.iter().map(|(column, _)| *column).collect();
    let columns = graph.ints(&format!("{name}/bin column"), &columns);
    let axis = vec![int("axis", 1)];
    let mut value = graph.node(&format!("{name}/each bin"), "Gather", &[numbers, &columns], axis);
    for (what, operator, other) in
        [("from", "Max", from), ("to", "Min", to), ("centred", "Sub", mean), ("bins", "Div", scale)]
    {
        value = graph.node(&format!("{name}/{what}"), operator, &[&value, &other], vec![]);
    }
    Some(value)
}

fn bins_of(column: &Column) -> &[Bin] {
    match &column.encoding {
        Encoding::Numeric { bins, .. } => bins,
        _ => &[],
    }
}

/// For each input of the network, its index in the concatenation of all numbers, all bins and all
/// indicators.
fn order(columns: &[&Column]) -> Vec<i64> {
    let mut bin = columns.len();
    let first_indicator = bin + columns.iter().map(|own| bins_of(own).len()).sum::<usize>();
    let mut order = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        order.push(index as i64);
        let bins = bins_of(column).len();
        order.extend((bin..bin + bins).map(|bin| bin as i64));
        bin += bins;
        if matches!(
            column.encoding,
            Encoding::Numeric { missing: MissingNumber::MeanAndIndicator, .. }
        ) {
            order.push((first_indicator + index) as i64);
        }
    }
    order
}

/// The blanks that are no part of a text in a table.
const BLANKS: &str = r"[ \t\n\r\f]*";

/// A categorical column.
struct Text<'a> {
    name: &'a str,
    categories: &'a [String],
    na: &'a [String],
}

impl Text<'_> {
    fn encode(
        &self,
        graph: &mut Graph,
        input: &str,
        other: UnknownCategory,
        missing: MissingCategory,
    ) -> String {
        let mut parts = Vec::new();
        if !self.categories.is_empty() {
            parts.push(self.matches(graph, input, "one-hot", &patterns(self.categories)));
        }
        let absent = (missing == MissingCategory::Category)
            .then(|| self.matches(graph, input, "missing", &[missing_pattern(self.na)]));
        if other == UnknownCategory::Pooled {
            // 1 − the sum of all other inputs.
            let known: Vec<String> = parts.iter().chain(&absent).cloned().collect();
            parts.push(self.none_of(graph, input, &known));
        }
        parts.extend(absent);
        graph.concat(&self.label("features"), &parts)
    }

    /// For each pattern, 1 where the input matches it but for blanks around it, else 0: \[N, patterns\].
    fn matches(&self, graph: &mut Graph, input: &str, what: &str, patterns: &[String]) -> String {
        let each: Vec<String> = patterns
            .iter()
            .map(|own| {
                let pattern = string("pattern", &format!("{BLANKS}{own}{BLANKS}"));
                graph.node(&self.label("is"), "RegexFullMatch", &[input], vec![pattern])
            })
            .collect();
        let all = graph.concat(&self.label("are"), &each);
        cast(graph, &self.label(what), &all)
    }

    /// The sum of each row: \[N, 1\].
    fn count(&self, graph: &mut Graph, values: &str, what: &str) -> String {
        let axis = graph.ints(&self.label("axis"), &[1]);
        let keep = vec![int("keepdims", 1)];
        graph.node(&self.label(what), "ReduceSum", &[values, &axis], keep)
    }

    /// 1 where all others are 0; 1 everywhere if there are no others.
    fn none_of(&self, graph: &mut Graph, input: &str, others: &[String]) -> String {
        let one = graph.floats(&self.label("one"), &[1, 1], &[1.0]);
        if others.is_empty() {
            let equal = graph.node(&self.label("any"), "Equal", &[input, input], vec![]);
            return cast(graph, &self.label("other"), &equal);
        }
        let others = graph.concat(&self.label("known words"), others);
        let known = self.count(graph, &others, "known");
        graph.node(&self.label("other"), "Sub", &[&one, &known], vec![])
    }

    fn label(&self, what: &str) -> String {
        format!("{}/{what}", self.name)
    }
}

/// Casts booleans to 1 and 0.
pub(super) fn cast(graph: &mut Graph, name: &str, value: &str) -> String {
    graph.node(name, "Cast", &[value], vec![int("to", kind::FLOAT.into())])
}
