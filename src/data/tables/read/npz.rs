//! `.npz`, NumPy's format for several arrays: a zip archive of `.npy` files.
//!
//! The arrays become the table's columns, side by side: an array of one axis is a column of its
//! name, one of more axes the columns `name1`, `name2`, …, one of records a column for each field.

use std::collections::HashSet;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use zip::ZipArchive;
use zip::result::ZipError;

use super::npy::Array;
use super::seekable::Seekable;
use super::source::Arrays;
use super::{
    ChooseColumns, Layout, TableBuilder, check_width, finish, foreign, refused, truncated,
};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, Table, free_name};
use crate::{Error, Result, Setting};

pub(super) fn read(
    input: Seekable,
    (path, part): (&Path, Option<&Arrays>),
    layout: Layout,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let bad = |error: ZipError| damaged(path, &error);
    let archive = ZipArchive::new(BufReader::new(input)).map_err(bad)?;
    let names = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned()));
    let names: Vec<String> = names.collect();
    if let Some(foreign) = foreign::archive(names.iter().map(String::as_str)) {
        return Err(refused(path, foreign));
    }
    let mut archive = check_entries(archive, path)?;
    let mut arrays = heads(&mut archive, path)?;
    if let Some(part) = part
        && !arrays.is_empty()
    {
        let all: Vec<String> = arrays.iter().map(|own| own.file.clone()).collect();
        arrays.retain_mut(|own| part.name(&own.file).map(|name| own.name = name).is_some());
        if arrays.is_empty() {
            let (Arrays::With(key) | Arrays::Without(key)) = part;
            return Err(Error::data(
                path,
                None,
                format!("`{key}` does not tell its arrays apart: {}", all.join(", ")),
                ("give a part of the names of some of them as ", Setting::Arrays),
            ));
        }
    }
    let Some(Member { array: first, .. }) = arrays.first() else {
        return Err(Error::data(
            path,
            None,
            "it is a zip archive without .npy arrays",
            "save arrays with numpy.savez, or the table as CSV",
        ));
    };
    let rows = first.rows;
    if arrays.iter().any(|own| own.array.rows != rows) {
        let size = |own: &Member| format!("{} {}", own.file, own.array.rows);
        let sizes: Vec<String> = arrays.iter().map(size).collect();
        return Err(Error::data(
            path,
            None,
            format!("its arrays have different numbers of rows: {}", sizes.join(", ")),
            (
                "of several tables in one file, name one by ",
                Setting::Arrays,
                ", a part of the names of its arrays; or save each by itself",
            ),
        ));
    }
    check_width(path, arrays.iter().map(|own| own.array.width).sum())?;
    let names = columns(&arrays);
    let header = Header::given(path, names);
    let mut first = 0;
    let mut pictures = Vec::new();
    for Member { array, .. } in &arrays {
        if array.is_pictures() {
            pictures.push(first..first + array.width);
        }
        first += array.width;
    }
    let mut table = TableBuilder::new(header, pictures, na, read_as)?;
    table.date_order(layout.date_order);
    let mut offset = 0;
    for Member { file: name, array, .. } in &arrays {
        let file = archive.by_name(&format!("{name}.npy")).map_err(bad)?;
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let array_again = Array::read(&mut reader, path, name)?;
        debug_assert_eq!(&array_again, array);
        let first = array.first_row(&mut reader, path)?;
        array.values(&mut reader, path, &first, &mut table, offset)?;
        // The archive's checksum is compared at the end of the stream.
        finish(&mut reader, path)?;
        offset += array.width;
    }
    table.finish(rows)
}

/// Checks an archive's index against what stands before each file. Names and sizes have no checksum,
/// but stand in both places: a changed one would otherwise be another column, or one column less.
fn check_entries(
    mut archive: ZipArchive<BufReader<Seekable>>,
    path: &Path,
) -> Result<ZipArchive<BufReader<Seekable>>> {
    let bad = |error: ZipError| damaged(path, &error);
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(bad)?;
        entries.push(Entry {
            start: entry.header_start(),
            index: entry.central_header_start(),
            bytes: entry.compressed_size(),
            name: entry.name_raw().to_vec(),
        });
    }
    entries.sort_unstable_by_key(|entry| entry.start);
    let (mut end, last) = (archive.offset(), archive.central_directory_start());
    let mut reader = archive.into_inner();
    for entry in &entries {
        // A file begins where the one before it ends.
        end = entry
            .end(&mut reader, end)
            .map_err(|error| truncated(path, error))?
            .ok_or_else(|| damaged(path, &NOT_THE_INDEX))?;
    }
    if !(end..=end.saturating_add(DESCRIPTOR)).contains(&last) {
        return Err(damaged(path, &NOT_THE_INDEX));
    }
    ZipArchive::new(reader).map_err(bad)
}

const NOT_THE_INDEX: &str = "the archive's index does not tell what is in it";

/// What may follow a file's bytes: its checksum and sizes, where they were not known before.
const DESCRIPTOR: u64 = 24;

/// A file, as the archive's index tells of it.
struct Entry {
    /// Where it begins, with a header.
    start: u64,
    /// Where the index tells of it.
    index: u64,
    /// Its size as it is stored.
    bytes: u64,
    name: Vec<u8>,
}

impl Entry {
    /// Where it ends; `None` where its header says otherwise than the index, or where it does not
    /// begin behind the file before it.
    fn end(&self, reader: &mut BufReader<Seekable>, before: u64) -> std::io::Result<Option<u64>> {
        // The headers' fixed fields: APPNOTE.TXT of PKWARE, 4.3.7 and 4.3.12.
        let (mut local, mut central) = ([0; 30], [0; 46]);
        reader.seek(SeekFrom::Start(self.index))?;
        reader.read_exact(&mut central)?;
        reader.seek(SeekFrom::Start(self.start))?;
        reader.read_exact(&mut local)?;
        let short = |at: usize| u16::from_le_bytes([local[at], local[at + 1]]);
        let mut name = vec![0; short(26).into()];
        reader.read_exact(&mut name)?;
        let follows = (before..=before.saturating_add(DESCRIPTOR)).contains(&self.start);
        // Whether the name is UTF-8, and the compression.
        let same = local[7] & 8 == central[9] & 8 && local[8..10] == central[10..12];
        let head = 30 + u64::from(short(26)) + u64::from(short(28));
        let end = self.start.saturating_add(head).checked_add(self.bytes);
        Ok(end.filter(|_| follows && same && name == self.name))
    }
}

/// An array of the archive.
struct Member {
    /// Its name in the archive.
    file: String,
    /// The name of its columns.
    name: String,
    array: Array,
}

/// The names and headers of the arrays, in the archive's order.
fn heads(archive: &mut ZipArchive<BufReader<Seekable>>, path: &Path) -> Result<Vec<Member>> {
    let bad = |error: ZipError| damaged(path, &error);
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(bad)?;
        let name = file.name().map_err(bad)?;
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let array = Array::read(&mut file, path, &name)?;
        arrays.push(Member { file: name.clone(), name, array });
    }
    Ok(arrays)
}

fn damaged(path: &Path, error: &impl std::fmt::Display) -> Error {
    Error::data(path, None, format!("it is damaged ({error})"), "get the file again")
}

/// The names of the columns: that of an array with one, numbered ones of an array with several. A
/// made-up name is none that another array has.
fn columns(arrays: &[Member]) -> Vec<String> {
    let is_single =
        |array: &Array| array.field_names().is_none() && (array.axes() == 1 || array.width == 1);
    let mut taken: HashSet<String> =
        arrays.iter().filter(|own| is_single(&own.array)).map(|own| own.name.clone()).collect();
    let mut names = Vec::new();
    for Member { name, array, .. } in arrays {
        if let Some(fields) = array.field_names() {
            for field in fields {
                let own = free_name(&field, &taken);
                taken.insert(own.clone());
                names.push(own);
            }
            continue;
        }
        if is_single(array) {
            names.push(name.clone());
            continue;
        }
        for column in 1..=array.width {
            let own = free_name(&format!("{name}{column}"), &taken);
            taken.insert(own.clone());
            names.push(own);
        }
    }
    names
}
