//! Class weights, and lists as users type them.

use csv::{ReaderBuilder, StringRecord};

use crate::data::Dataset;
use crate::{Error, Result, Setting};

/// The weight of each class in the loss (scikit-learn's `class_weight`).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeight {
    /// 1 for every class.
    #[default]
    None,
    /// N / (classes · n) for a class of n rows, so that every class has the same total weight.
    Balanced,
    /// Weights by class name; 1 for the classes that are not named.
    Each(Vec<(String, f32)>),
}

impl std::str::FromStr for ClassWeight {
    type Err = Error;

    /// Parses `none`, `balanced`, or `class=weight,…`; a quoted item may contain a comma.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "none" => return Ok(Self::None),
            "balanced" => return Ok(Self::Balanced),
            _ => {}
        }
        let weight = |part: &str| {
            let (class, weight) = part.rsplit_once('=')?;
            let weight = weight.trim().parse().ok()?;
            (f32::is_finite(weight) && weight >= 0.0).then(|| (class.trim().to_owned(), weight))
        };
        let each: Option<Vec<_>> = parse_list(text).iter().map(|part| weight(part)).collect();
        match each {
            Some(each) if !each.is_empty() => Ok(Self::Each(each)),
            _ => Err(Error::invalid(
                format!("`{text}` is not a list of class weights"),
                "use balanced, none, or a list such as yes=5,no=1 (weights of at least 0)",
            )),
        }
    }
}

/// Splits a list as users type it: items separated by commas; an item in quotes may contain one.
pub fn parse_list(text: &str) -> Vec<String> {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // Reading UTF-8 from memory cannot fail.
    let _ = reader.read_record(&mut record);
    record.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Multiplies the sample weights of a data set by class weights.
///
/// # Errors
/// [`Error::Invalid`] for an unknown class, and for targets without classes.
pub(super) fn class_weights(data: Dataset, weight: &ClassWeight) -> Result<Dataset> {
    let (counts, classes) = (data.class_counts(), data.classes());
    let of_class: Vec<f32> = match weight {
        ClassWeight::None => return Ok(data),
        _ if data.target_columns().len() > 1 => {
            return Err(Error::invalid(
                "class weights are given, and there are several targets, each with classes of its own",
                ("leave out ", Setting::ClassWeight, ", or name one ", Setting::Target),
            ));
        }
        _ if counts.is_empty() => {
            return Err(Error::invalid(
                "class weights are given, but the target has no classes",
                (
                    "leave out ",
                    Setting::ClassWeight,
                    ", or choose a classification ",
                    Setting::Task,
                ),
            ));
        }
        ClassWeight::Balanced => {
            let share = data.rows() as f32 / counts.len() as f32;
            counts.iter().map(|&count| share / count.max(1) as f32).collect()
        }
        ClassWeight::Each(each) => {
            let mut weights = vec![1.0; classes.len()];
            for (class, weight) in each {
                let index = classes.iter().position(|own| own == class).ok_or_else(|| {
                    Error::unknown("class", class, classes.iter().map(String::as_str))
                })?;
                weights[index] = *weight;
            }
            weights
        }
    };
    let rows = data.targets().classes().into_iter().flatten();
    let weights: Vec<f32> = match data.weights() {
        Some(own) => rows.zip(own).map(|(class, own)| of_class[class] * own).collect(),
        None => rows.map(|class| of_class[class]).collect(),
    };
    data.with_weights(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    fn data() -> Dataset {
        let targets = Targets::Classes { values: vec![0, 0, 0, 0, 0, 0, 1, 1, 2, 0], count: 3 };
        Dataset::new(1, vec![0.5; 10], targets).expect("ten rows")
    }

    #[test]
    fn balanced_classes_count_alike() {
        let data = class_weights(data(), &ClassWeight::Balanced).expect("there are classes");
        let weights = data.weights().expect("there are weights");
        let sum = |rows: &[usize]| rows.iter().map(|row| weights[*row]).sum::<f32>();
        // scikit-learn's compute_class_weight: 10 / (3 · n).
        assert!((weights[0] - 10.0 / 21.0).abs() < 1e-6, "{weights:?}");
        let [a, b, c] = [sum(&[0, 1, 2, 3, 4, 5, 9]), sum(&[6, 7]), sum(&[8])];
        assert!((a - b).abs() < 1e-5 && (b - c).abs() < 1e-5, "{weights:?}");
        assert!(data.is_imbalanced());
    }

    #[test]
    fn weights_of_classes_and_rows_are_multiplied() {
        let rows: Vec<f32> = (0..10).map(|row| row as f32).collect();
        let data = data().with_weights(rows).expect("ten weights");
        let data = class_weights(data, &"2=3,1=0.5".parse().expect("a list")).expect("two classes");
        assert_eq!(data.weights().expect("weights")[5..], [5.0, 3.0, 3.5, 24.0, 9.0]);
    }

    #[test]
    fn weights_are_read_as_they_are_typed() {
        let read = |text: &str| text.parse::<ClassWeight>();
        assert_eq!(read("balanced").expect("a word"), ClassWeight::Balanced);
        let each = ClassWeight::Each(vec![("yes".into(), 5.0), ("a=b".into(), 0.5)]);
        assert_eq!(read("yes=5, a=b=0.5").expect("a list"), each);
        let quoted = ClassWeight::Each(vec![("green, dark".into(), 2.0)]);
        assert_eq!(read("\"green, dark=2\"").expect("a list"), quoted);
        for text in ["", "yes", "yes=", "yes=x", "yes=-1", "yes=inf", "balance"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(class_weights(data(), &read("3=1").expect("a list")).is_err());
        let numbers = Targets::Numbers { values: vec![0.5; 10], columns: 1 };
        let numbers = Dataset::new(1, vec![0.5; 10], numbers).expect("ten rows");
        assert!(class_weights(numbers, &ClassWeight::Balanced).is_err());
    }
}
