//! The headers of a Parquet file, read before the `parquet` crate reads them.
//!
//! Its pages may have checksums, its headers have none. But they say some things twice, which the
//! crate does not compare: each row group repeats every column's type and name, and the pages of a
//! column have as many values as the footer says. And a list of truth values, which no header has,
//! keeps the crate busy for hours without a byte of it.
//!
//! Headers are structs in Thrift's compact protocol:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::SchemaDescriptor;

/// The most bytes of a page's header: it may hold a long text, as the least or the greatest.
const MAX_HEADER: u64 = 1 << 24;

/// The columns of all row groups, from a file's footer, which is checked before the crate reads it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn chunks(footer: &[u8]) -> Result<Vec<Chunk<'_>>> {
    let mut chunks = Vec::new();
    let sound = Compact(footer).file(&mut chunks);
    sound.map(|()| chunks).ok_or_else(|| damaged("its footer ends too early"))
}

/// Checks that types and names of the columns in each row group are those of the schema.
///
/// # Errors
/// What is wrong with the footer.
pub(super) fn check_columns(chunks: &[Chunk<'_>], schema: &SchemaDescriptor) -> Result<()> {
    let columns = schema.columns();
    // Some programs leave the names out.
    let named = chunks.iter().any(|chunk| !chunk.path.is_empty());
    let agrees = chunks.iter().zip(columns.iter().cycle()).all(|(chunk, column)| {
        let path = column.path().parts().iter().map(String::as_bytes);
        let same_kind = chunk.kind == Some(column.physical_type() as i64);
        same_kind && (!named || chunk.path.iter().copied().eq(path))
    });
    match agrees {
        true => Ok(()),
        false => Err(damaged("a row group has other columns than the schema")),
    }
}

/// Checks the headers of a column's pages in a row group.
///
/// # Errors
/// What is wrong with them.
pub(super) fn check_pages<R: ChunkReader>(source: &R, column: &ColumnChunkMetaData) -> Result<()> {
    let mut at = [column.dictionary_page_offset(), Some(column.data_page_offset())]
        .into_iter()
        .flatten()
        .filter_map(|offset| u64::try_from(offset).ok())
        .filter(|offset| *offset > 0)
        .min()
        .ok_or_else(|| damaged("a column has no pages"))?;
    let mut values = 0u64;
    while (values as i64) < column.num_values() {
        let (header, size) = page(source, at)?;
        let bytes = u64::try_from(header.bytes).map_err(|_| damaged("a page has no size"))?;
        at = at.saturating_add(size).saturating_add(bytes);
        values = values.saturating_add(header.values.max(0) as u64);
        if header.values < 0 {
            return Err(damaged("a page has no number of values"));
        }
    }
    match values as i64 == column.num_values() {
        true => Ok(()),
        false => Err(damaged("the pages of a column have more values than its row group")),
    }
}

/// The header of the page at an offset, and its size.
fn page<R: ChunkReader>(source: &R, at: u64) -> Result<(Page, u64)> {
    let left = source.len().saturating_sub(at);
    // Most headers are short.
    for most in [256, MAX_HEADER] {
        let bytes = source.get_bytes(at, left.min(most) as usize)?;
        let (mut header, mut page) = (Compact(&bytes), Page::default());
        if header.page(&mut page).is_some() {
            return Ok((page, (bytes.len() - header.0.len()) as u64));
        }
    }
    Err(damaged("a page has no header"))
}

fn damaged(problem: &str) -> ParquetError {
    ParquetError::General(problem.into())
}

/// What is read of a page's header.
#[derive(Debug, Default)]
struct Page {
    /// The size of what follows.
    bytes: i64,
    /// The values of a page of data; none of others.
    values: i64,
}

/// A column in a row group.
#[derive(Default)]
pub(super) struct Chunk<'f> {
    kind: Option<i64>,
    path: Vec<&'f [u8]>,
}

/// Bytes in the compact protocol that are still to be read.
struct Compact<'f>(&'f [u8]);

// The types of fields and elements.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// Structs in structs, at most: those of the format have fewer.
const DEPTH: usize = 16;

impl<'f> Compact<'f> {
    /// FileMetaData: the row groups are field 4.
    fn file(&mut self, chunks: &mut Vec<Chunk<'f>>) -> Option<()> {
        self.fields(|own, id, kind| match (id, kind) {
            (4, LIST) => own.list(|own| own.group(chunks)),
            _ => own.skip(kind, DEPTH),
        })
    }

    /// RowGroup: the columns are field 1.
    fn group(&mut self, chunks: &mut Vec<Chunk<'f>>) -> Option<()> {
        self.fields(|own, id, kind| match (id, kind) {
            (1, LIST) => own.list(|own| {
                let mut chunk = Chunk::default();
                own.chunk(&mut chunk)?;
                chunks.push(chunk);
                Some(())
            }),
            _ => own.skip(kind, DEPTH),
        })
    }

    /// ColumnChunk: its ColumnMetaData is field 3, whose type is field 1 and whose path field 3.
    fn chunk(&mut self, chunk: &mut Chunk<'f>) -> Option<()> {
        self.fields(|own, id, kind| match (id, kind) {
            (3, STRUCT) => own.fields(|own, id, kind| match (id, kind) {
                (1, I16..=I64) => {
                    chunk.kind = Some(own.integer()?);
                    Some(())
                }
                (3, LIST) => own.list(|own| {
                    chunk.path.push(own.binary()?);
                    Some(())
                }),
                _ => own.skip(kind, DEPTH),
            }),
            _ => own.skip(kind, DEPTH),
        })
    }

    /// PageHeader: the size of the page is field 3; those of data have a header of their own as field
    /// 5 or, in version 2, 8, whose field 1 is the number of values.
    fn page(&mut self, page: &mut Page) -> Option<()> {
        self.fields(|own, id, kind| match (id, kind) {
            (3, I16..=I64) => {
                page.bytes = own.integer()?;
                Some(())
            }
            (5 | 8, STRUCT) => own.fields(|own, id, kind| match (id, kind) {
                (1, I16..=I64) => {
                    page.values = own.integer()?;
                    Some(())
                }
                _ => own.skip(kind, DEPTH),
            }),
            _ => own.skip(kind, DEPTH),
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// An integer of seven bits a byte, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A signed integer: 0, −1, 1, −2 as 0, 1, 2, 3.
    fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn binary(&mut self) -> Option<&'f [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (first, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(first)
    }

    /// Calls for each field of a struct with its number and type.
    fn fields(&mut self, mut each: impl FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.integer()?,
                delta => id.checked_add(delta.into())?,
            };
            each(self, id, head & 0xf)?;
        }
    }

    /// The number and the type of a list's elements.
    fn elements(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Some((count, head & 0xf))
    }

    /// Calls for each element of a list of structs or texts.
    fn list(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let (count, _) = self.elements()?;
        (0..count).try_for_each(|_| each(self))
    }

    /// Skips an element of a list or a map. Truth values, which no header lists, are refused.
    fn element(&mut self, kind: u8, depth: usize) -> Option<()> {
        if kind == TRUE || kind == FALSE { None } else { self.skip(kind, depth) }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.byte().map(drop),
            I16..=I64 => self.varint().map(drop),
            DOUBLE => (0..8).try_for_each(|_| self.byte().map(drop)),
            BINARY => self.binary().map(drop),
            LIST | SET => {
                let (count, kind) = self.elements()?;
                (0..count).try_for_each(|_| self.element(kind, depth))
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.element(kinds >> 4, depth)?;
                    self.element(kinds & 0xf, depth)
                })
            }
            STRUCT => self.fields(|own, _, kind| own.skip(kind, depth)),
            _ => None,
        }
    }
}
