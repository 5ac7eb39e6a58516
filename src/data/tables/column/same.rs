//! Texts that mean the same value in files of different programs: `True` and `true`, `1` and `1.0`.

/// The truth value that a text means in the files of pandas (`True`), polars, DuckDB (`true`) and R
/// (`TRUE`).
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "True" | "true" | "TRUE" => Some(true),
        "False" | "false" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The name of a truth value, as pandas writes it.
pub(in crate::data) fn boolean_name(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// A truth value, also written as 0 or 1.
pub(in crate::data) fn flag(text: &str) -> Option<bool> {
    boolean(text).or(match shortest_decimal(text) {
        Some("0") => Some(false),
        Some("1") => Some(true),
        _ => None,
    })
}

/// A decimal number without needless zeros at the end: `1` of `1.0`, `2.5` of `2.50`. A missing value
/// makes floats of a column's whole numbers. `None` for other texts, also where zeros lead: `01` is
/// a code.
pub(in crate::data) fn shortest_decimal(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.split('.').next().unwrap_or_default();
    let fraction = digits.get(whole.len() + 1..);
    let good = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !good(whole) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let Some(fraction) = fraction else { return Some(text) };
    good(fraction).then(|| text.trim_end_matches('0').trim_end_matches('.'))
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
    fn decimals_lose_needless_zeros_only() {
        for (text, short) in [
            ("1", "1"),
            ("1.0", "1"),
            ("2.50", "2.5"),
            ("0", "0"),
            ("0.00", "0"),
            ("-3.0", "-3"),
            ("100", "100"),
        ] {
            assert_eq!(shortest_decimal(text), Some(short), "{text}");
        }
        for text in ["01", "1.", ".5", "1e3", "a", "", "-", "1.2.3", "+1", "1,0"] {
            assert_eq!(shortest_decimal(text), None, "{text}");
        }
    }

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
