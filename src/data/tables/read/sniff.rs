//! Detects the field separator of a text file, and a first line that is a row, from its first lines:
//! the guess under which lines have the same number of fields, and columns one type.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::io::Read as _;

use csv::{ByteRecord, ReaderBuilder};

use crate::data::tables::column::{Decimal, is_date, is_number_of_any_kind, value};
use crate::data::tables::na::NA_VALUES;
use crate::{Remedy, Setting};

/// Possible field separators, likelier ones first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// The same for files with decimal commas.
const WITH_DECIMAL_COMMA: [u8; 3] = [b';', b'\t', b'|'];

/// The number of lines that are examined.
const LINES: usize = 500;

/// A separator as an error names it.
pub(super) fn name(delimiter: u8) -> &'static str {
    match delimiter {
        b'\t' => "tabs",
        b';' => "semicolons",
        b'|' => "bars (|)",
        _ => "commas",
    }
}

/// The separator of a file's fields.
///
/// It splits the lines into the same number of fields, two or more; of several that do, it is the one
/// whose columns each have one type, then the one with the most columns of numbers, then the one with the
/// most fields. Where none does, it is
/// the one that splits the first line into the most.
///
/// # Errors
/// Two separators that are as good as one another.
pub(super) fn delimiter(head: &[u8], dialect: Dialect, decimal: Decimal) -> Result<u8, [u8; 2]> {
    let likely = match decimal {
        Decimal::Point => &DELIMITERS[..],
        Decimal::Comma => &WITH_DECIMAL_COMMA[..],
    };
    let mut guesses: Vec<Guess> =
        likely.iter().map(|delimiter| Guess::of(*delimiter, head, dialect, likely)).collect();
    guesses.retain(|guess| guess.fields > 1);
    // The sort is stable: likelier ones stay first.
    guesses.sort_by(Guess::order);
    match &guesses[..] {
        [first, second, ..] if first.even && second.even && first.order(second).is_eq() => {
            Err([first.delimiter, second.delimiter])
        }
        [first, ..] => Ok(first.delimiter),
        [] => Ok(likely[0]),
    }
}

/// What is known of a file beside its first bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// Whether these are the whole file.
    pub(super) whole: bool,
    /// The character that begins comments.
    pub(super) comment: Option<u8>,
}

/// The separator that a first line `sep=;` names, as Excel reads and writes it; with the bytes of that line.
pub(super) fn said(head: &[u8]) -> Option<(usize, u8)> {
    let end = head.iter().position(|byte| *byte == b'\n')? + 1;
    let line = head[..end].trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|own| own.strip_suffix(b"\"")).unwrap_or(line);
    let value =
        line.get(..4).filter(|own| own.eq_ignore_ascii_case(b"sep=")).map(|_| &line[4..])?;
    match value {
        [delimiter] if delimiter.is_ascii_punctuation() && *delimiter != b'"' => {
            Some((end, *delimiter))
        }
        // A tab was trimmed off.
        [] if head[..end].contains(&b'\t') => Some((end, b'\t')),
        _ => None,
    }
}

/// What to do where blanks seem to separate the fields: all lines have as many words, two or more.
pub(super) fn blanks(head: &[u8], dialect: Dialect) -> Option<Remedy> {
    let lines: Vec<Vec<String>> = {
        let sample = Sample::of(head, 0x1f, dialect);
        let rows = std::iter::once(&sample.first).chain(&sample.rows);
        rows.map(|row| row.iter().map(|field| field.trim().to_owned()).collect()).collect()
    };
    let words = |line: &Vec<String>| line.first().map_or(0, |own| own.split_whitespace().count());
    let (first, rest) = lines.split_first()?;
    if words(first) < 2 || rest.is_empty() || rest.iter().any(|line| words(line) != words(first)) {
        return None;
    }
    let even = lines.iter().flatten().all(|line| !line.contains("  ") && !line.contains('\t'));
    Some(match even {
        true => ("say so with ", Setting::Delimiter.to(" ")).into(),
        false => "put one comma, or one tab, where several blanks stand between fields now".into(),
    })
}

/// What a separator makes of the first lines.
struct Guess {
    delimiter: u8,
    /// The fields of the first line.
    fields: usize,
    /// Whether all lines have as many.
    even: bool,
    /// The share of columns whose values have one type and hold no other separator.
    pure: f64,
    /// The number of columns of numbers.
    numeric: usize,
}

impl Guess {
    fn of(delimiter: u8, head: &[u8], dialect: Dialect, others: &[u8]) -> Self {
        let sample = Sample::of(head, delimiter, dialect);
        let fields = sample.first.len();
        let even = sample.rows.iter().all(|row| row.len() == fields);
        let (mut pure, mut numeric) = (0, 0);
        for column in 0..fields {
            let own = sample.rows.iter().filter_map(|row| row.get(column));
            let own: Vec<&String> = own.filter(|field| !is_missing(field)).collect();
            let numbers = own.iter().filter(|field| is_number_of_any_kind(field)).count();
            // In an unquoted field, another separator is likely one.
            let split = |field: &&String| others.iter().any(|mark| field.as_bytes().contains(mark));
            let is_numeric = numbers > 0 && numbers == own.len();
            numeric += usize::from(is_numeric);
            pure += usize::from(is_numeric || numbers == 0 && !own.iter().any(split));
        }
        let pure = pure as f64 / fields.max(1) as f64;
        Self { delimiter, fields, even, pure, numeric }
    }

    /// Better guesses first.
    fn order(&self, other: &Self) -> Ordering {
        let types = match self.even && other.even {
            true => other.pure.total_cmp(&self.pure).then(other.numeric.cmp(&self.numeric)),
            false => Ordering::Equal,
        };
        other.even.cmp(&self.even).then(types).then(other.fields.cmp(&self.fields))
    }
}

/// The first lines of a file, as texts.
pub(super) struct Sample {
    first: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sample {
    /// The last line is left out where it may be incomplete.
    pub(super) fn of(head: &[u8], delimiter: u8, dialect: Dialect) -> Self {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .comment(dialect.comment)
            // A comment at the end must not look like a record.
            .from_reader(head.chain(&b"\n"[..]));
        let mut record = ByteRecord::new();
        let mut rows = Vec::new();
        while rows.len() <= LINES && reader.read_byte_record(&mut record).unwrap_or(false) {
            let text = |field: &[u8]| String::from_utf8_lossy(field.trim_ascii()).into_owned();
            rows.push(record.iter().map(text).collect::<Vec<String>>());
        }
        if rows.len() > 1 && (!dialect.whole || rows.len() > LINES) {
            rows.pop();
        }
        if rows.is_empty() {
            return Self { first: Vec::new(), rows };
        }
        Self { first: rows.remove(0), rows }
    }

    /// Whether the first line has one field.
    pub(super) fn is_single(&self) -> bool {
        self.first.len() == 1
    }

    /// The beginning of the first line, where that is a comment though nobody has said what begins one:
    /// it has another number of fields than all lines after it.
    pub(super) fn leading_comment(&self, said: Option<u8>) -> Option<String> {
        const SHOWN: usize = 30;
        let first = self.first.first().filter(|_| said.is_none())?;
        let mark = ["#", "%", "//"].into_iter().find(|mark| first.starts_with(mark))?;
        let mut rows = self.rows.iter().filter(|row| !row[0].starts_with(mark)).map(Vec::len);
        let fields = rows.next()?;
        let is_other = self.first.len() != fields && rows.all(|own| own == fields);
        is_other.then(|| first.chars().take(SHOWN).collect())
    }

    /// Whether every line, of `fields` fields or one less, ends with an empty one.
    pub(super) fn ends_empty(&self, fields: usize) -> bool {
        let empty = |row: &Vec<String>| row.len() < fields || row[fields - 1].is_empty();
        std::iter::once(&self.first).chain(&self.rows).all(empty)
    }

    /// Some values of the first line that show that it is a row; nothing where it may well name the
    /// columns.
    ///
    /// A number within the range of its column, or a text that is a value of its column, speaks for a
    /// row; a text over numbers, or over texts of which none is equal, speaks for names.
    pub(super) fn first_line_is_data(&self) -> Option<Vec<String>> {
        /// In fewer rows, equal texts may be chance.
        const MIN_ROWS: usize = 3;
        if self.rows.len() < MIN_ROWS {
            return None;
        }
        let mut values = Vec::new();
        let mut names = 0;
        for (column, first) in self.first.iter().enumerate().filter(|(_, own)| !is_missing(own)) {
            let own = self.rows.iter().filter_map(|row| row.get(column));
            let own: HashSet<&str> =
                own.map(String::as_str).filter(|field| !is_missing(field)).collect();
            let numbers: Vec<f64> = own.iter().filter_map(|field| value(field)).collect();
            let numeric = !own.is_empty() && numbers.len() == own.len();
            match value(first) {
                Some(number) if numeric => {
                    let (low, high) = numbers
                        .iter()
                        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
                            (low.min(*number), high.max(*number))
                        });
                    let slack = high - low;
                    if (low - slack..=high + slack).contains(&number) {
                        values.push(format!("`{first}`"));
                    }
                }
                // A text over numbers is a name for certain.
                None if numeric => return None,
                // A date over dates is one of them.
                None if is_date(first) && own.iter().all(|text| is_date(text)) => {
                    values.push(format!("`{first}`"));
                }
                _ if own.contains(first.as_str()) => values.push(format!("`{first}`")),
                _ if !own.is_empty() => names += 1,
                _ => {}
            }
        }
        values.truncate(if values.len() > names { 4 } else { 0 });
        (!values.is_empty()).then_some(values)
    }
}

fn is_missing(field: &str) -> bool {
    field.is_empty() || NA_VALUES.contains(&field)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Dialect = Dialect { whole: true, comment: None };

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
            // Both split every line into as many fields: the one whose columns have one type.
            ("1,5;2,5;x\n3,5;4,5;y\n5,5;6,5;x\n", b';'),
            ("a,b;c\n1.5,u;x\n2.5,v;y\n3.5,w;z\n", b','),
            ("name;first, last\n1;Doe, Jo\n2;Roe, Al\n3;Poe, Ed\n", b';'),
        ] {
            let found = delimiter(text.as_bytes(), WHOLE, Decimal::Point);
            assert_eq!(found.map(char::from), Ok(expected as char), "{text}");
        }
        // A head that ends within a row.
        assert_eq!(
            delimiter(b"a;b\n1;2\n3", Dialect { whole: false, ..WHOLE }, Decimal::Point),
            Ok(b';')
        );
        for (text, expected) in
            [("1,5;2,5;3,5\n4,5;5,5;6,5\n", b';'), ("1,5\t2,5\n", b'\t'), ("y\n1,5\n2,5\n", b';')]
        {
            let found = delimiter(text.as_bytes(), WHOLE, Decimal::Comma);
            assert_eq!(found.map(char::from), Ok(expected as char), "{text}");
        }
    }

    #[test]
    fn a_first_line_may_say_the_separator() {
        for (text, expected) in [
            ("sep=;\na;b\n", Some((6, b';'))),
            ("SEP=,\r\na\n", Some((7, b','))),
            ("\"sep=|\"\na\n", Some((8, b'|'))),
            ("sep=\t\na\n", Some((6, b'\t'))),
            ("sep,b\n1,2\n", None),
            ("sep=ab\n", None),
            ("sep=;", None),
            ("", None),
        ] {
            assert_eq!(said(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn blanks_that_separate_are_noticed() {
        let of = |text: &str| blanks(text.as_bytes(), WHOLE).map(|own| own.to_string());
        assert!(of("a b c\n1 2 3\n4 5 6\n").is_some_and(|own| own.contains("delimiter")));
        assert!(of("a  b\n 1   2\n10  4\n").is_some_and(|own| own.contains("one comma")));
        for text in ["a b\n1\n", "a\n1\n", "a b\n", "New York\nLos Angeles County\n", ""] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_comment_in_the_first_line_is_noticed() {
        let of = |text: &str| Sample::of(text.as_bytes(), b',', WHOLE).leading_comment(None);
        for text in ["# by me\na,b\n1,2\n", "%x\n%y\n1,2\n3,4\n", "// a, b, c\na,b\n1,2\n"] {
            assert!(of(text).is_some(), "{text}");
        }
        for text in ["#id,y\n1,2\n", "#a\n1\n2\n", "# a,b\n1,2\n3\n", "# by me\n", "a\n1,2\n"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn guesses_that_are_as_good_are_refused() {
        for (text, two) in [
            ("a;b,c\nx;y,z\nu;v,w\n", [b',', b';']),
            ("a|b\tc\nx|y\tz\n", [b'\t', b'|']),
            ("a,b|c\nx,y|z\n", [b',', b'|']),
        ] {
            assert_eq!(delimiter(text.as_bytes(), WHOLE, Decimal::Point), Err(two), "{text}");
        }
    }

    #[test]
    fn a_row_in_the_first_line_is_told_from_names() {
        let data =
            |text: &str| Sample::of(text.as_bytes(), b',', WHOLE).first_line_is_data().is_some();
        for row in [
            "20, Private, HS, <=50K\n27, Self, BS, <=50K\n34, Private, HS, >50K\n41, Self, HS, >50K\n",
            "p,x,s\ne,x,y\np,b,s\ne,x,w\n",
            "5.1,setosa\n4.9,virginica\n6.1,setosa\n5.5,setosa\n",
        ] {
            assert!(data(row), "{row}");
        }
        for names in [
            "age,work\n20,Private\n27,Self\n34,Self\n",
            "country,2000,2001\na,1,2\nb,3,4.5\na,2,1\n",
            "colour,shape,class\nred,round,yes\ngreen,flat,no\nred,flat,yes\n",
            // A name may be a value, too.
            "other,kind,class\nred,round,yes\nother,flat,no\nred,flat,yes\n",
            "a,b\na,b\n",
            "",
        ] {
            assert!(!data(names), "{names}");
        }
    }
}
