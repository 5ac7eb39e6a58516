//! Amounts of memory, as people type them.

use std::str::FromStr;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Bytes {
    type Err = String;

    /// `512MiB`, `2GB`, `1.5G`; K, M, G and T alone are the binary ones.
    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is no amount of memory; use one such as 512MiB or 2GB");
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text[number.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            "k" | "kib" => f64::from(1 << 10),
            "m" | "mib" => f64::from(1 << 20),
            "g" | "gib" => f64::from(1 << 30),
            "t" | "tib" => f64::from(1 << 20) * f64::from(1 << 20),
            _ => return Err(refuse()),
        };
        let number: f64 = number.trim().parse().map_err(|_| refuse())?;
        let bytes = number * unit;
        // Past 2^53 bytes nobody has memory, and a float no bytes.
        if (1.0..9e15).contains(&bytes) { Ok(Self(bytes as u64)) } else { Err(refuse()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units() {
        for (text, bytes) in [
            ("100", 100),
            ("512MiB", 512 << 20),
            ("512m", 512 << 20),
            ("1.5G", 3 << 29),
            ("2GB", 2_000_000_000),
            ("1 kib", 1024),
            ("1TiB", 1 << 40),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for text in ["", "MiB", "0", "-1G", "1x", "NaN", "inf", "1e30", "ten"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }
}
