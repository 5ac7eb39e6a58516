//! `.npy`, NumPy's format for one array: a header that is a Python dictionary, then the values.
//!
//! Rows are the first axis. All further axes together are the columns; those of records (a structured
//! dtype) are their fields.

use std::io::{BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use super::dtype::{Field, Item, Items, Kind};
use super::source::Input;
use super::{
    ChooseColumns, Layout, Location, TableBuilder, check_width, finish, truncated, usable_memory,
};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, Table};
use crate::{Error, Result};

/// A file with a longer header is rejected as damaged.
const MAX_HEADER_BYTES: usize = 1 << 16;

pub(super) fn read(
    input: Input,
    path: &Path,
    layout: Layout,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let mut reader = BufReader::with_capacity(1 << 18, input);
    let array = Array::read(&mut reader, path, "")?;
    let first = array.first_row(&mut reader, path)?;
    let header = match array.field_names() {
        Some(names) => Header::given(path, names),
        None => Header::numbered(path, array.width),
    };
    let pictures = array.is_pictures().then_some(0..array.width).into_iter().collect();
    let mut table = TableBuilder::new(header, pictures, na, read_as)?;
    table.date_order(layout.date_order);
    array.values(&mut reader, path, &first, &mut table, 0)?;
    finish(&mut reader, path)?;
    table.finish(array.rows)
}

/// A file with more bytes per row is rejected as damaged.
pub(super) const MAX_ROW_BYTES: usize = 1 << 26;

/// The header of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    items: Items,
    order: Order,
    pub(super) rows: usize,
    pub(super) width: usize,
    /// The sizes of all axes: the rows, and the columns' one or several.
    shape: Vec<usize>,
}

/// Which values are contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Those of a row (C order).
    Rows,
    /// Those of a column (Fortran order).
    Columns,
}

impl Array {
    /// Reads the header. `name` is the array's name in a file of several.
    pub(super) fn read(reader: &mut impl Read, path: &Path, name: &str) -> Result<Self> {
        let cut = |error| truncated(path, error);
        let of = if name.is_empty() { String::new() } else { format!("array `{name}`: ") };
        let refuse = |problem: String, remedy: &str| {
            Error::data(path, None, format!("{of}{problem}"), remedy)
        };
        let mut start = [0; 8];
        reader.read_exact(&mut start).map_err(cut)?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(refuse("it is not a .npy array".into(), "save it with numpy.save"));
        }
        let mut size = [0; 4];
        let known = if start[6] == 1 { 2 } else { 4 };
        reader.read_exact(&mut size[..known]).map_err(cut)?;
        let size = u32::from_le_bytes(size) as usize;
        if size > MAX_HEADER_BYTES {
            return Err(refuse(format!("its header has {size} bytes"), "get the file again"));
        }
        let mut head = vec![0; size];
        reader.read_exact(&mut head).map_err(cut)?;
        let head = String::from_utf8_lossy(&head);
        let bad =
            || refuse(format!("its header is invalid: {}", head.trim()), "get the file again");
        let kind = field(&head, "descr").ok_or_else(bad)?;
        let items = Items::of(kind).ok_or_else(|| {
            refuse(
                format!("its values are of the type {kind}"),
                "save numbers, booleans, dates or plain strings (numpy.asarray(…, dtype=float))",
            )
        })?;
        let order = match field(&head, "fortran_order").ok_or_else(bad)? {
            "True" => Order::Columns,
            "False" => Order::Rows,
            _ => return Err(bad()),
        };
        let shape = shape(&head).ok_or_else(bad)?;
        let [rows, rest @ ..] = &shape[..] else {
            return Err(refuse("it has one value only".into(), "save an array of rows"));
        };
        let width = rest.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
        let Some(width) = width.filter(|width| *width > 0) else { return Err(bad()) };
        let (width, row_bytes) = match &items {
            Items::Same(item) => (width, width.saturating_mul(item.bytes)),
            Items::Record(fields, bytes) if rest.is_empty() => (fields.len(), *bytes),
            Items::Record(..) => {
                let problem = format!("its records stand in {} axes", shape.len());
                return Err(refuse(problem, "save an array of records with one axis: .ravel()"));
            }
        };
        check_width(path, width)?;
        if row_bytes > MAX_ROW_BYTES {
            return Err(refuse(format!("one row has {row_bytes} bytes"), "get the file again"));
        }
        // For one row both orders are the same.
        let is_record = matches!(items, Items::Record(..));
        let order = if *rows == 1 || is_record { Order::Rows } else { order };
        let rows = *rows;
        Ok(Self { items, order, rows, width, shape })
    }

    /// The number of axes.
    pub(super) fn axes(&self) -> usize {
        self.shape.len()
    }

    /// Whether these are pictures, whose pixels have one scale: bytes of rows, lines and columns.
    pub(super) fn is_pictures(&self) -> bool {
        match self.items {
            Items::Same(Item { kind: Kind::Unsigned, bytes: 1, .. }) => self.axes() > 2,
            _ => false,
        }
    }

    /// The names of the fields, if its rows are records.
    pub(super) fn field_names(&self) -> Option<Vec<String>> {
        match &self.items {
            Items::Same(_) => None,
            Items::Record(fields, _) => Some(fields.iter().map(|own| own.name.clone()).collect()),
        }
    }

    /// The column, in NumPy's order (of which the last axis runs fastest), of the one at this place
    /// in Fortran's order (of which the first axis does).
    fn column_of(&self, place: usize) -> usize {
        let (mut rest, mut column, mut stride) = (place, 0, self.width);
        for size in &self.shape[1..] {
            stride /= size;
            column += rest % size * stride;
            rest /= size;
        }
        column
    }

    /// Reads the bytes of the first row (none in Fortran order), before memory for all rows is
    /// allocated: a damaged header may announce any number.
    pub(super) fn first_row(&self, reader: &mut impl Read, path: &Path) -> Result<Vec<u8>> {
        let count = match self.order {
            Order::Rows if self.rows > 0 => self.row_bytes(),
            Order::Rows | Order::Columns => 0,
        };
        let mut bytes = vec![0; count];
        reader.read_exact(&mut bytes).map_err(|error| truncated(path, error))?;
        Ok(bytes)
    }

    /// Reads the values after those of the first row into the columns from `offset` on.
    pub(super) fn values(
        &self,
        reader: &mut impl Read,
        path: &Path,
        first: &[u8],
        table: &mut TableBuilder,
        offset: usize,
    ) -> Result<()> {
        let cut = |error| truncated(path, error);
        for column in 0..self.width {
            table.store(offset + column, self.item(column).stored());
        }
        match self.order {
            Order::Rows => {
                let mut bytes = first.to_vec();
                for row in 0..self.rows {
                    if row > 0 {
                        reader.read_exact(&mut bytes).map_err(cut)?;
                    }
                    table.check_room(row + 1)?;
                    match &self.items {
                        Items::Same(item) => {
                            for (column, value) in bytes.chunks_exact(item.bytes).enumerate() {
                                push(*item, table, offset + column, row, value)?;
                            }
                        }
                        Items::Record(fields, _) => {
                            for (column, Field { item, offset: at, .. }) in
                                fields.iter().enumerate()
                            {
                                push(
                                    *item,
                                    table,
                                    offset + column,
                                    row,
                                    &bytes[*at..][..item.bytes],
                                )?;
                            }
                        }
                    }
                }
            }
            Order::Columns => {
                let (item, size) = (self.item(0), self.item(0).bytes);
                // All are read before memory for the rows is allocated: the first column alone may
                // announce any number of them.
                let total = size.checked_mul(self.rows).and_then(|own| own.checked_mul(self.width));
                let total = total.ok_or_else(|| cut(std::io::ErrorKind::UnexpectedEof.into()))?;
                let mut bytes = Vec::new();
                let most = usable_memory();
                let all = reader.by_ref().take(most.min(total as u64)).read_to_end(&mut bytes);
                match all.map_err(cut)? {
                    count if count == total => {}
                    count if count as u64 == most => return Err(table.no_room(self.rows)),
                    _ => return Err(cut(std::io::ErrorKind::UnexpectedEof.into())),
                }
                table.check_room(self.rows)?;
                for (place, own) in bytes.chunks_exact(size * self.rows.max(1)).enumerate() {
                    let column = self.column_of(place);
                    for (row, value) in own.chunks_exact(size).enumerate() {
                        push(item, table, offset + column, row, value)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The type of a column.
    fn item(&self, column: usize) -> Item {
        match &self.items {
            Items::Same(item) => *item,
            Items::Record(fields, _) => fields[column].item,
        }
    }

    fn row_bytes(&self) -> usize {
        match &self.items {
            Items::Same(item) => item.bytes * self.width,
            Items::Record(_, bytes) => *bytes,
        }
    }
}

#[inline]
fn push(
    item: Item,
    table: &mut TableBuilder,
    column: usize,
    row: usize,
    value: &[u8],
) -> Result<()> {
    item.push(table, column, value).map_err(|fault| table.error(column, Location::Row(row), &fault))
}

/// The value of a key in the header's dictionary.
fn field<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    let after = [format!("'{key}'"), format!("\"{key}\"")]
        .iter()
        .find_map(|quoted| head.split_once(quoted.as_str()).map(|(_, after)| after))?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let end = match value.chars().next()? {
        '(' => value.find(')')? + 1,
        // A list of fields ends before the next key.
        '[' => value.find("],")? + 1,
        mark @ ('\'' | '"') => value[1..].find(mark)? + 2,
        _ => value.find([',', '}'])?,
    };
    Some(value[..end].trim_end())
}

/// The sizes of the axes.
fn shape(head: &str) -> Option<Vec<usize>> {
    let inside = field(head, "shape")?.strip_prefix('(')?.strip_suffix(')')?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.trim_end_matches('L').parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Array> {
        let size = (text.len() as u16).to_le_bytes();
        let bytes = [b"\x93NUMPY\x01\x00", &size[..], text.as_bytes()].concat();
        Array::read(&mut &bytes[..], Path::new("a.npy"), "")
    }

    #[test]
    fn reads_heads_as_numpy_writes_them() {
        let array = head("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n");
        let array = array.expect("a head");
        assert_eq!((array.rows, array.width, array.row_bytes()), (3, 4, 32));
        let array =
            head("{'descr': '>i2', 'fortran_order': True, 'shape': (7,), }").expect("a head");
        assert_eq!((array.rows, array.width, array.axes(), array.order), (7, 1, 1, Order::Columns));
        let pictures = |kind: &str, shape: &str| {
            let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
            head(&text).expect("a head").is_pictures()
        };
        assert!(pictures("|u1", "(2, 28, 28)") && pictures("|u1", "(2, 8, 8, 3)"));
        // Rows of small numbers are none, and neither are other numbers.
        assert!(!pictures("|u1", "(2, 784)") && !pictures("<f4", "(2, 28, 28)"));
    }

    #[test]
    fn columns_in_fortrans_order_get_their_place_in_numpys() {
        let text = "{'descr': '<f8', 'fortran_order': True, 'shape': (5, 2, 3, 2), }";
        let array = head(text).expect("a head");
        // numpy: np.arange(12).reshape(2, 3, 2).ravel("F")
        let expected = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
        assert!((0..12).map(|place| array.column_of(place)).eq(expected));
    }

    #[test]
    fn refuses_heads_that_make_no_sense() {
        for text in [
            "",
            "{}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 99999999999), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 9999999999, 9999999999999), }",
            "{'descr': '<f8', 'fortran_order': Maybe, 'shape': (3, 4), }",
            "{'descr': '|O', 'fortran_order': False, 'shape': (3, 4), }",
            "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3, 2), }",
            "{'descr': [('a', [('b', '<f8')])], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': [('a', '<f8', (99999999999,))], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<M8', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<M8[fs]', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': [], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f3', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<U99999999', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '', 'fortran_order': False, 'shape': (3,), }",
        ] {
            assert!(head(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_of_records_have_their_names_and_places() {
        let fields = |descr: &str| match Items::of(descr) {
            Some(Items::Record(fields, bytes)) => {
                let own = fields.iter().map(|own| (own.name.clone(), own.offset));
                (own.collect::<Vec<_>>(), bytes)
            }
            other => panic!("{descr}: {other:?}"),
        };
        let own = |names: &[(&str, usize)], bytes| {
            (names.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect::<Vec<_>>(), bytes)
        };
        for (descr, expected) in [
            ("[('a', '<f8'), ('b', '|b1')]", own(&[("a", 0), ("b", 8)], 9)),
            (
                "[('x', '<i2', (3,)), ('s', '<U2')]",
                own(&[("x1", 0), ("x2", 2), ("x3", 4), ("s", 6)], 14),
            ),
            ("[('a', '|u1'), ('', '|V3'), ('b', '<f4')]", own(&[("a", 0), ("b", 4)], 8)),
            ("[(('title', 'a'), '<f8'), (\"b c\", '<M8[ns]')]", own(&[("a", 0), ("b c", 8)], 16)),
        ] {
            assert_eq!(fields(descr), expected, "{descr}");
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (5,), }}");
            let array = head(&text).expect("a head");
            assert_eq!((array.rows, array.width), (5, expected.0.len()));
        }
    }
}
