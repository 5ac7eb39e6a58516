//! `.npy`, NumPy's format for one array: a header that is a Python dictionary, then the values.
//!
//! Rows are the first axis. All further axes together are the columns.

use std::io::{BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use half::f16;

use super::source::Input;
use super::{ChooseColumns, Location, TableBuilder, check_width, finish, truncated, usable_memory};
use crate::data::tables::column::{FieldError, StoredType};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, Table};
use crate::{Error, Result};

/// A file with a longer header is rejected as damaged.
const MAX_HEADER_BYTES: usize = 1 << 16;

pub(super) fn read(
    input: Input,
    path: &Path,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let mut reader = BufReader::with_capacity(1 << 18, input);
    let array = Array::read(&mut reader, path, "")?;
    let first = array.first_row(&mut reader, path)?;
    let header = Header::numbered(path, array.width);
    let pictures = array.is_pictures().then_some(0..array.width).into_iter().collect();
    let mut table = TableBuilder::new(header, pictures, na, read_as)?;
    array.values(&mut reader, path, &first, &mut table, 0)?;
    finish(&mut reader, path)?;
    table.finish(array.rows)
}

/// A file with more bytes per row is rejected as damaged.
const MAX_ROW_BYTES: usize = 1 << 26;

/// The header of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    item: Item,
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

/// The type of a value (NumPy's dtype).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Item {
    kind: Kind,
    bytes: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// Bytes of ASCII.
    Ascii,
    /// Code points of four bytes.
    Unicode,
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
        let item = Item::of(kind).ok_or_else(|| {
            refuse(
                format!("its values are of the type {kind}"),
                "save numbers, booleans or plain strings (numpy.asarray(…, dtype=float))",
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
        check_width(path, width)?;
        if width.saturating_mul(item.bytes) > MAX_ROW_BYTES {
            return Err(refuse(
                format!("one row has {} bytes", width * item.bytes),
                "get the file again",
            ));
        }
        // For one row both orders are the same.
        let order = if *rows == 1 { Order::Rows } else { order };
        let rows = *rows;
        Ok(Self { item, order, rows, width, shape })
    }

    /// The number of axes.
    pub(super) fn axes(&self) -> usize {
        self.shape.len()
    }

    /// Whether these are pictures, whose pixels have one scale: bytes of rows, lines and columns.
    pub(super) fn is_pictures(&self) -> bool {
        matches!((self.item.kind, self.item.bytes, self.axes()), (Kind::Unsigned, 1, 3..))
    }

    /// What the file says that its columns hold.
    pub(super) fn stored(&self) -> StoredType {
        match self.item.kind {
            Kind::Bool => StoredType::Boolean,
            Kind::Ascii | Kind::Unicode => StoredType::Text,
            Kind::Signed | Kind::Unsigned | Kind::Float => StoredType::Inferred,
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
            Order::Rows if self.rows > 0 => self.width,
            Order::Rows | Order::Columns => 0,
        };
        let mut bytes = vec![0; count * self.item.bytes];
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
        let size = self.item.bytes;
        for column in offset..offset + self.width {
            table.store(column, self.stored());
        }
        match self.order {
            Order::Rows => {
                let mut bytes = first.to_vec();
                for row in 0..self.rows {
                    if row > 0 {
                        reader.read_exact(&mut bytes).map_err(cut)?;
                    }
                    table.check_room(row + 1)?;
                    for (column, value) in bytes.chunks_exact(size).enumerate() {
                        self.push(table, offset + column, row, value)?;
                    }
                }
            }
            Order::Columns => {
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
                        self.push(table, offset + column, row, value)?;
                    }
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn push(
        &self,
        table: &mut TableBuilder,
        column: usize,
        row: usize,
        value: &[u8],
    ) -> Result<()> {
        self.item
            .push(table, column, value)
            .map_err(|fault| table.error(column, Location::Row(row), &fault))
    }
}

impl Item {
    /// By NumPy's name, such as `'<f8'`.
    fn of(name: &str) -> Option<Self> {
        let name = name.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
        let (mark, rest) = name.split_at_checked(1)?;
        let big_endian = match mark {
            "<" | "|" => false,
            ">" => true,
            _ => return None,
        };
        let (kind, size) = rest.split_at_checked(1)?;
        let size: usize = size.parse().ok()?;
        let (kind, bytes) = match (kind, size) {
            ("b", 1) => (Kind::Bool, 1),
            ("i", 1 | 2 | 4 | 8) => (Kind::Signed, size),
            ("u", 1 | 2 | 4 | 8) => (Kind::Unsigned, size),
            ("f", 2 | 4 | 8) => (Kind::Float, size),
            ("S", 1..=4096) => (Kind::Ascii, size),
            ("U", 1..=4096) => (Kind::Unicode, 4 * size),
            _ => return None,
        };
        Some(Self { kind, bytes, big_endian })
    }

    fn push(self, table: &mut TableBuilder, column: usize, value: &[u8]) -> Result<(), FieldError> {
        match self.kind {
            Kind::Float => {
                let bits = self.bits(value);
                match self.bytes {
                    2 => {
                        let number = f16::from_bits(bits as u16).to_f32();
                        table.push_number(column, number, || number.to_string())
                    }
                    4 => {
                        let number = f32::from_bits(bits as u32);
                        table.push_number(column, number, || number.to_string())
                    }
                    _ => {
                        let number = f64::from_bits(bits);
                        table.push_number(column, number as f32, || number.to_string())
                    }
                }
            }
            Kind::Bool => table.push_boolean(column, value.first().is_some_and(|byte| *byte != 0)),
            Kind::Unsigned => {
                let number = self.bits(value);
                table.push_number(column, number as f32, || number.to_string())
            }
            Kind::Signed => {
                let unused = 64 - 8 * self.bytes as u32;
                let number = (self.bits(value) as i64) << unused >> unused;
                table.push_number(column, number as f32, || number.to_string())
            }
            Kind::Ascii => {
                let end = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                table.push(column, &value[..end], || None)
            }
            Kind::Unicode => {
                let points = value.as_chunks::<4>().0.iter().map(|bytes| match self.big_endian {
                    true => u32::from_be_bytes(*bytes),
                    false => u32::from_le_bytes(*bytes),
                });
                let text: Option<String> = points.map(char::from_u32).collect();
                let text = text.ok_or(FieldError::NotUtf8)?;
                table.push(column, text.trim_end_matches('\0').as_bytes(), || None)
            }
        }
    }

    /// Up to eight bytes as an integer.
    #[inline]
    fn bits(self, value: &[u8]) -> u64 {
        let add = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        match self.big_endian {
            true => value.iter().fold(0, add),
            false => value.iter().rev().fold(0, add),
        }
    }
}

/// The value of a key in the header's dictionary.
fn field<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    let after = [format!("'{key}'"), format!("\"{key}\"")]
        .iter()
        .find_map(|quoted| head.split_once(quoted.as_str()).map(|(_, after)| after))?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let end = match value.chars().next()? {
        '(' => value.find(')')? + 1,
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
        assert_eq!((array.rows, array.width, array.item.bytes), (3, 4, 8));
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
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<f3', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<U99999999', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '', 'fortran_order': False, 'shape': (3,), }",
        ] {
            assert!(head(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_become_the_numbers_that_they_were() {
        let item = |name| Item::of(name).expect("a type");
        let bits = |name, bytes: &[u8]| item(name).bits(bytes);
        assert_eq!(bits("'<i4'", &[1, 2, 0, 0]), 0x201);
        assert_eq!(bits("'>i4'", &[0, 0, 2, 1]), 0x201);
        assert_eq!(f64::from_bits(bits("'<f8'", &(-1.5f64).to_le_bytes())), -1.5);
    }
}
