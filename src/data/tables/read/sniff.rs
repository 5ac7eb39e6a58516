//! Detects the field separator of a text file from its first lines.

use csv::{ByteRecord, ReaderBuilder};

use crate::data::tables::column::Decimal;

/// Possible field separators, likelier ones first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// The same for files with decimal commas.
const WITH_DECIMAL_COMMA: [u8; 3] = [b';', b'\t', b'|'];

/// The number of lines that are examined.
const LINES: usize = 32;

/// The separator that splits every line into the same number of fields, two or more; without such,
/// the one that splits the first line into the most. `whole` says that `head` is the whole file.
pub(super) fn delimiter(head: &[u8], whole: bool, decimal: Decimal) -> u8 {
    let likely = match decimal {
        Decimal::Point => &DELIMITERS[..],
        Decimal::Comma => &WITH_DECIMAL_COMMA[..],
    };
    let counts: Vec<Vec<usize>> =
        likely.iter().map(|delimiter| fields(head, *delimiter, whole)).collect();
    let first = |counts: &Vec<usize>| counts.first().copied().unwrap_or(0);
    let even = |counts: &&Vec<usize>| first(counts) > 1 && counts.iter().all(|&n| n == counts[0]);
    let most = |counts: &[&Vec<usize>]| {
        counts.iter().map(|counts| first(counts)).max().filter(|most| *most > 1)
    };
    let evens: Vec<&Vec<usize>> = counts.iter().filter(even).collect();
    let all: Vec<&Vec<usize>> = counts.iter().collect();
    let Some(best) = most(&evens).or_else(|| most(&all)) else { return likely[0] };
    let fits = |counts: &Vec<usize>| first(counts) == best && (evens.is_empty() || even(&counts));
    likely.iter().zip(&counts).find(|(_, counts)| fits(counts)).map_or(likely[0], |(own, _)| *own)
}

/// The number of fields of each of the first lines. The last line is left out where it may be
/// incomplete.
fn fields(head: &[u8], delimiter: u8, whole: bool) -> Vec<usize> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(head);
    let mut record = ByteRecord::new();
    let mut counts = Vec::new();
    while counts.len() <= LINES && reader.read_byte_record(&mut record).unwrap_or(false) {
        counts.push(record.len());
    }
    if counts.len() > 1 && (!whole || counts.len() > LINES) {
        counts.pop();
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_the_separator() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2,5;3\n", b';'),
            ("a\tb\n1,5\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("a\n1\n", b','),
            ("", b','),
            ("\"a;b\",c\n\"1;2\",3\n", b','),
            // Rows of different lengths are an error of the reader, not of the detection.
            ("a,b,c\n1,2\n", b','),
            ("a;b;c\n1;2\n", b';'),
            ("text,kind\n\"one; two\",x\nthree; four,y\n", b','),
        ] {
            let found = delimiter(text.as_bytes(), true, Decimal::Point);
            assert_eq!(found as char, expected as char, "{text}");
        }
        // A head that ends within a row.
        assert_eq!(delimiter(b"a;b\n1;2\n3", false, Decimal::Point), b';');
        for (text, expected) in
            [("1,5;2,5;3,5\n4,5;5,5;6,5\n", b';'), ("1,5\t2,5\n", b'\t'), ("y\n1,5\n2,5\n", b';')]
        {
            let found = delimiter(text.as_bytes(), true, Decimal::Comma);
            assert_eq!(found as char, expected as char, "{text}");
        }
    }
}
