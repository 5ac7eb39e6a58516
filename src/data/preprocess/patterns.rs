//! Which texts mean a category or a missing value, as regular expressions for the exports.

use std::collections::HashMap;

use super::same::{flag, shortest_decimal};

/// For each category, a regular expression of all texts that mean it; RE2 and Python read it alike.
/// Truth values equal one another however they are written, and so do decimal numbers that only one
/// category has.
pub(crate) fn patterns(categories: &[String]) -> Vec<String> {
    let flags: Option<Vec<bool>> = categories.iter().map(|text| flag(text)).collect();
    if let Some(flags) =
        flags.filter(|flags| matches!(flags[..], [_] | [true, false] | [false, true]))
    {
        let pattern = |value: bool| match value {
            true => r"(?:True|true|TRUE|1(?:\.0+)?)",
            false => r"(?:False|false|FALSE|0(?:\.0+)?)",
        };
        return flags.into_iter().map(|value| pattern(value).to_owned()).collect();
    }
    let mut counts = HashMap::new();
    for decimal in categories.iter().filter_map(|text| shortest_decimal(text)) {
        *counts.entry(decimal).or_insert(0) += 1;
    }
    let pattern = |text: &String| match shortest_decimal(text) {
        Some(decimal) if counts[decimal] == 1 => decimal_pattern(decimal),
        _ => escaped(text),
    };
    categories.iter().map(pattern).collect()
}

/// A regular expression of all texts that mean a missing value.
pub(crate) fn missing_pattern(na: &[String]) -> String {
    let pattern = |text: &String| match shortest_decimal(text) {
        Some(decimal) => decimal_pattern(decimal),
        None => escaped(text),
    };
    let words = na.iter().filter(|word| !word.is_empty()).map(pattern);
    let all: Vec<String> = std::iter::once(String::new()).chain(words).collect();
    format!("(?:{})", all.join("|"))
}

/// All spellings of a number that is written without needless zeros.
fn decimal_pattern(decimal: &str) -> String {
    let zeros = if decimal.contains('.') { "0*" } else { r"(?:\.0+)?" };
    escaped(decimal) + zeros
}

/// A text as a regular expression of itself.
fn escaped(text: &str) -> String {
    let special = |c: char| c.is_ascii_punctuation() && c != '_';
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_means_the_same() {
        let matches = |categories: &[&str], text: &str| {
            let categories: Vec<String> = categories.iter().map(ToString::to_string).collect();
            let all = patterns(&categories);
            let is = |pattern: &String| {
                let pattern = regex::Regex::new(&format!("^(?:{pattern})$")).expect("a pattern");
                pattern.is_match(text)
            };
            let found: Vec<usize> = (0..all.len()).filter(|at| is(&all[*at])).collect();
            assert!(found.len() < 2, "{text} is {found:?} of {categories:?}");
            found.first().copied()
        };
        for (text, category) in
            [("true", Some(1)), ("FALSE", Some(0)), ("1.0", Some(1)), ("0", Some(0)), ("yes", None)]
        {
            assert_eq!(matches(&["False", "True"], text), category, "{text}");
        }
        for (text, category) in [
            ("1", Some(0)),
            ("1.0", Some(0)),
            ("2.5", Some(1)),
            ("2.500", Some(1)),
            ("12.5", None),
            ("01", None),
            ("a.b", Some(2)),
            ("axb", None),
            ("(x) [y]*", Some(3)),
            ("é|", Some(4)),
            ("1.01", None),
            ("2x5", None),
        ] {
            assert_eq!(matches(&["1", "2.50", "a.b", "(x) [y]*", "é|"], text), category, "{text}");
        }
        assert_eq!(matches(&["1", "1.0"], "1.00"), None);
        assert_eq!(matches(&["1", "1.0"], "1.0"), Some(1));
        let missing = missing_pattern(&["NA".into(), "?".into(), "-999".into()]);
        let missing = regex::Regex::new(&format!("^{missing}$")).expect("a pattern");
        for text in ["", "NA", "?", "-999", "-999.0"] {
            assert!(missing.is_match(text), "{text}");
        }
        assert!(!missing.is_match("na") && !missing.is_match("999"));
    }
}
