//! IDX, the format of MNIST: a magic number with the type, sizes in big-endian order, the values.

use std::io::{BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use super::source::Input;
use super::{ChooseColumns, Location, TableBuilder, check_width, finish, truncated};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, Table};
use crate::{Error, Result};

/// The type of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl Type {
    /// By the third byte of the file.
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0b => Self::I16,
            0x0c => Self::I32,
            0x0d => Self::F32,
            0x0e => Self::F64,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The number in the bytes of one value.
    #[inline]
    fn value(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Self::I8, [byte]) => f64::from(*byte as i8),
            (Self::I16, &[a, b]) => f64::from(i16::from_be_bytes([a, b])),
            (Self::I32, &[a, b, c, d]) => f64::from(i32::from_be_bytes([a, b, c, d])),
            (Self::F32, &[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
            (Self::F64, bytes) => bytes.try_into().map_or(f64::NAN, f64::from_be_bytes),
            (_, bytes) => bytes.first().map_or(f64::NAN, |byte| f64::from(*byte)),
        }
    }
}

pub(super) fn read(
    input: Input,
    path: &Path,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let mut reader = BufReader::with_capacity(1 << 18, input);
    let cut = |error| truncated(path, error);
    let mut word = [0; 4];
    reader.read_exact(&mut word).map_err(cut)?;
    let refuse = |problem: String| Err(Error::data(path, None, problem, "get the file again"));
    let Some(kind) = Type::of(word[2]) else {
        return refuse(format!("its values are of an unknown type, {:#04x}", word[2]));
    };
    let mut sizes = Vec::new();
    for _ in 0..word[3] {
        reader.read_exact(&mut word).map_err(cut)?;
        sizes.push(u32::from_be_bytes(word) as usize);
    }
    let rows = sizes[0];
    let width = sizes[1..].iter().try_fold(1usize, |all, &size| all.checked_mul(size));
    let Some(width) = width.filter(|width| *width > 0) else {
        return refuse(format!("its sizes {sizes:?} do not make a table"));
    };
    check_width(path, width)?;
    // The first row is read before memory for all rows is allocated: a damaged header may announce
    // any number.
    let mut row = vec![0; width * kind.bytes()];
    if rows > 0 {
        reader.read_exact(&mut row).map_err(cut)?;
    }
    // One axis: a list of labels. More axes: images, or other rows of numbers.
    let header = match sizes.len() {
        1 => Header::given(path, vec!["label".into()]),
        _ => Header::numbered(path, width),
    };
    let is_pictures = kind == Type::U8 && sizes.len() > 2;
    let pictures = is_pictures.then_some(0..width).into_iter().collect();
    let mut table = TableBuilder::new(header, pictures, na, read_as)?;
    for index in 0..rows {
        if index > 0 {
            reader.read_exact(&mut row).map_err(cut)?;
        }
        table.check_room(index + 1)?;
        for (column, bytes) in row.chunks_exact(kind.bytes()).enumerate() {
            let value = kind.value(bytes);
            table
                .push_number(column, value as f32, || value.to_string())
                .map_err(|fault| table.error(column, Location::Row(index), &fault))?;
        }
    }
    finish(&mut reader, path)?;
    table.finish(rows)
}
