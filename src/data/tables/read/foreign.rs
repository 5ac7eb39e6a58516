//! Files of another kind than tables that are read here, told by their beginning, and what to do with them.

/// What a file is, and what to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) kind: &'static str,
    pub(super) remedy: &'static str,
}

/// The first bytes of formats that have some.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "decompress it first: unzstd FILE"),
    (b"BZh", "compressed with bzip2", "decompress it first: bunzip2 FILE"),
    (b"\xfd7zXZ\0", "compressed with xz", "decompress it first: unxz FILE"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook (.xls)",
        "save the sheet as CSV (File, Save As)",
    ),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV: sqlite3 -header -csv"),
    (
        b"ARROW1",
        "an Arrow or Feather file",
        "save it as Parquet: pandas.read_feather(…).to_parquet(…)",
    ),
    (b"FEA1", "a Feather file", "save it as Parquet: pandas.read_feather(…).to_parquet(…)"),
    (b"ORC", "an ORC file", "save it as Parquet: pandas.read_orc(…).to_parquet(…)"),
    (b"\x89HDF\r\n", "an HDF5 file", "save the table in it as Parquet or CSV"),
    (b"\x80\x02", "a Python pickle", "save the table in it as Parquet: to_parquet(…)"),
    (b"\x80\x03", "a Python pickle", "save the table in it as Parquet: to_parquet(…)"),
    (b"\x80\x04", "a Python pickle", "save the table in it as Parquet: to_parquet(…)"),
    (b"\x80\x05", "a Python pickle", "save the table in it as Parquet: to_parquet(…)"),
    (b"RDX", "a file of R's objects", "save the table in it as CSV: write.csv(…)"),
    (b"X\n\0\0\0", "a file of R's objects", "save the table in it as CSV: write.csv(…)"),
    (b"$FL2", "an SPSS file", "save it as CSV"),
    (b"<stata_dta>", "a Stata file", "save it as CSV: export delimited"),
    (b"%PDF", "a PDF document", "save the table in it as CSV"),
    (b"\x89PNG", "a picture", "save arrays of pixels as .npy, rows first"),
    (b"\xff\xd8\xff", "a picture", "save arrays of pixels as .npy, rows first"),
    (
        b"%%MatrixMarket",
        "a MatrixMarket file",
        "save it as .npy: numpy.save(…, scipy.io.mmread(…))",
    ),
];

/// What the first bytes of a file show that it is, if it is no table that is read here.
pub(super) fn recognised(head: &[u8]) -> Option<Foreign> {
    let begins = BEGINNINGS.iter().find(|(beginning, ..)| head.starts_with(beginning));
    if let Some((_, kind, remedy)) = begins
        && (!head.is_ascii() || !is_header_of_text(head))
    {
        return Some(Foreign { kind, remedy });
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let lower: Vec<u8> = text.iter().take(256).map(u8::to_ascii_lowercase).collect();
    let of = |kind, remedy| Some(Foreign { kind, remedy });
    if [&b"<!doctype html"[..], b"<html", b"<head", b"<body", b"<table"]
        .iter()
        .any(|tag| lower.starts_with(tag))
    {
        return of(
            "an HTML page",
            "download the table itself: a page instead of a file often means a wrong link or a login",
        );
    }
    if lower.starts_with(b"<?xml") || lower.starts_with(b"<!doctype") {
        return of("an XML document", "save the table in it as CSV");
    }
    let is_object =
        |line: &[u8]| line.starts_with(b"{") && line[1..].trim_ascii_start().starts_with(b"\"");
    let is_array = line
        .strip_prefix(b"[")
        .map(<[u8]>::trim_ascii_start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"{") || rest.starts_with(b"["));
    // pandas' to_json() puts objects into one, a column each, all in one line.
    let is_nested = line.windows(2).any(|two| two == b":{");
    if is_object(line) && line.ends_with(b"}") && !is_nested {
        return of(
            "JSON lines",
            "save them as CSV: pandas.read_json(FILE, lines=True).to_csv(…, index=False)",
        );
    }
    if is_object(line) || line == b"{" || is_array {
        return of("JSON", "save it as CSV: pandas.read_json(FILE).to_csv(…, index=False)");
    }
    if lower.starts_with(b"@relation") {
        return of("an ARFF file", "save it as CSV: scipy.io.arff.loadarff(FILE)");
    }
    if is_libsvm(text) {
        return of(
            "a libsvm file (label index:value …)",
            "save it as .npy or CSV: sklearn.datasets.load_svmlight_file(FILE)",
        );
    }
    None
}

/// Whether a file that begins with letters of a mark is text that merely begins so: `ORC_ID,a,b`.
fn is_header_of_text(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let separators = [b',', b'\t', b';', b'|'];
    !head.contains(&0) && line.iter().any(|byte| separators.contains(byte))
}

/// Whether all of the first lines are a number and then `index:value`, of increasing whole indices.
fn is_libsvm(text: &[u8]) -> bool {
    const LINES: usize = 5;
    let Ok(text) = std::str::from_utf8(&text[..text.len().min(1 << 14)]) else { return false };
    let mut lines = text.lines().take(LINES + 1).collect::<Vec<_>>();
    // The last one may be cut off.
    if lines.len() > 1 {
        lines.pop();
    }
    let is_row = |line: &&str| {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let label =
            words.next().is_some_and(|own| own.split(',').all(|own| own.parse::<f64>().is_ok()));
        let mut last = -1;
        let mut pairs = words.filter(|own| !own.starts_with("qid:")).peekable();
        label
            && pairs.peek().is_some()
            && pairs.all(|pair| {
                let Some((index, value)) = pair.split_once(':') else { return false };
                let Ok(index) = index.parse::<i64>() else { return false };
                std::mem::replace(&mut last, index) < index && value.parse::<f64>().is_ok()
            })
    };
    !lines.is_empty() && lines.iter().all(is_row)
}

/// What a zip archive is, by the names of its files.
#[cfg(feature = "npz")]
pub(super) fn archive<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<Foreign> {
    let has = |part: &str| names.clone().any(|name| name.starts_with(part));
    let ends = |part: &str| names.clone().any(|name| name.ends_with(part));
    let remedy = "save the sheet as CSV (File, Save As), or in pandas: read_excel(FILE).to_csv(…, index=False)";
    if has("xl/") {
        return Some(Foreign { kind: "an Excel workbook (.xlsx)", remedy });
    }
    if has("content.xml") {
        return Some(Foreign { kind: "an OpenDocument file", remedy });
    }
    let tables = [".csv", ".tsv", ".txt", ".parquet", ".json", ".data"];
    tables.iter().any(|end| ends(end)).then_some(Foreign {
        kind: "a zip archive of other files",
        remedy: "unpack it first: unzip FILE",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_another_kind_are_known() {
        for (head, kind) in [
            (&b"{\"a\": 1, \"y\": 2}\n{\"a\": 3}\n"[..], "JSON lines"),
            (b"[{\"a\": 1}]", "JSON"),
            (b"[\n  {\n", "JSON"),
            (b"{\n \"a\": 1\n}\n", "JSON"),
            (b"[[1, 2], [3, 4]]", "JSON"),
            (b"\xef\xbb\xbf {\"a\":[1,2]}", "JSON lines"),
            (b"{\"a\":{\"0\":1,\"1\":2},\"y\":{\"0\":0,\"1\":1}}", "JSON"),
            (b"<!DOCTYPE html>\n<html>", "HTML"),
            (b"\n\n<HTML><head>", "HTML"),
            (b"<table><tr>", "HTML"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"1 1:0.5 3:2\n-1 2:1\n1 1:3\n", "libsvm"),
            (b"+1 1:0.5 # a\n", "libsvm"),
            (b"3.5 qid:1 1:0.5 2:0\n2 qid:1 1:1\n", "libsvm"),
            (b"@RELATION iris\n", "ARFF"),
            (b"BZh91AY&SY\x00", "bzip2"),
            (b"\x28\xb5\x2f\xfd\x04", "zstd"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", ".xls"),
            (b"SQLite format 3\0\x10", "SQLite"),
            (b"ORC\x11\0\0", "ORC"),
        ] {
            let found = recognised(head);
            assert!(found.is_some_and(|own| own.kind.contains(kind)), "{kind}: {found:?}");
        }
        for head in [
            &b"a,b\n1,2\n"[..],
            b"",
            b"{a},b\n1,2\n",
            b"[x],[y]\n1,2\n",
            b"ORC,BZh\n1,2\n",
            b"time 1:30 2:30\n",
            b"1 9:30 8:15\n2 9:45 8:20\n",
            b"1 2 3\n4 5 6\n",
            b"<a,b\n1,2\n",
            b"\"{\"\"a\"\": 1}\",y\n",
        ] {
            assert_eq!(recognised(head), None, "{}", head.escape_ascii());
        }
    }

    #[test]
    #[cfg(feature = "npz")]
    fn archives_are_known_by_their_files() {
        let kind = |names: &[&str]| archive(names.iter().copied()).map(|own| own.kind);
        assert_eq!(
            kind(&["[Content_Types].xml", "xl/workbook.xml"]),
            Some("an Excel workbook (.xlsx)")
        );
        assert_eq!(kind(&["mimetype", "content.xml"]), Some("an OpenDocument file"));
        assert_eq!(kind(&["data/a.csv"]), Some("a zip archive of other files"));
        assert_eq!(kind(&["a.npy"]), None);
    }
}
