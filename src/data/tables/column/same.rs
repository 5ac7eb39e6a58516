//! The names of a column's texts, where some of them mean the same value.

use crate::data::preprocess::same::{boolean, shortest_decimal};

/// The name of a truth value, as pandas writes it.
pub(in crate::data) fn boolean_name(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// The names of a column's different texts, where some of them mean the same: those of truth values,
/// or of decimal numbers if `numbers` may be joined. `None` where each text is its own name.
pub(super) fn names(list: &[String], numbers: bool) -> Option<Vec<String>> {
    let all = |name: &dyn Fn(&String) -> Option<String>| list.iter().map(name).collect();
    let booleans = |text: &String| boolean(text).map(|value| boolean_name(value).to_owned());
    let decimals = |text: &String| shortest_decimal(text).map(str::to_owned);
    let names: Option<Vec<String>> = all(&booleans);
    let names = names.or_else(|| if numbers { all(&decimals) } else { None })?;
    (names != list).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_value_have_one_name() {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let of = |own: &[&str], numbers| names(&texts(own), numbers);
        assert_eq!(of(&["true", "FALSE", "True"], false), Some(texts(&["True", "False", "True"])));
        assert_eq!(of(&["1.0", "1", "2.50"], true), Some(texts(&["1", "1", "2.5"])));
        assert_eq!(of(&["1.0", "1"], false), None);
        for own in
            [&["true", "maybe"][..], &["True", "False"], &["1.0", "a"], &["1.0", "01"], &["yes"]]
        {
            assert_eq!(of(own, true), None, "{own:?}");
        }
    }
}
