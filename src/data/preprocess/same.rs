//! Texts that mean the same value in files of different programs: `True` and `true`, `1` and `1.0`.
//!
//! One rule for the reader of tables and for the exports, which get it as patterns.

/// The truth value that a text means in the files of pandas (`True`), polars, DuckDB (`true`) and R
/// (`TRUE`).
pub(in crate::data) fn boolean(text: &str) -> Option<bool> {
    match text {
        "True" | "true" | "TRUE" => Some(true),
        "False" | "false" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A truth value, also written as 0 or 1.
pub(crate) fn flag(text: &str) -> Option<bool> {
    boolean(text).or(match shortest_decimal(text) {
        Some("0") => Some(false),
        Some("1") => Some(true),
        _ => None,
    })
}

/// A decimal number without needless zeros at the end: `1` of `1.0`, `2.5` of `2.50`. A missing value
/// makes floats of a column's whole numbers. `None` for other texts, also where zeros lead: `01` is
/// a code.
pub(crate) fn shortest_decimal(text: &str) -> Option<&str> {
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
}
