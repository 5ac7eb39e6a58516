//! `.npz`, NumPy's format for several arrays: a zip archive of `.npy` files.
//!
//! The arrays become the table's columns, side by side: an array of one axis is a column of its
//! name, one of more axes the columns `name1`, `name2`, …

use std::collections::HashSet;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::rc::Rc;

use zip::ZipArchive;
use zip::result::ZipError;

use super::npy::Array;
use super::seekable::Seekable;
use super::{ChooseColumns, TableBuilder, check_width, truncated};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, Table, free_name};
use crate::{Error, Result};

pub(super) fn read(
    input: Seekable,
    path: &Path,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let bad = |error| damaged(path, &error);
    let mut archive = ZipArchive::new(BufReader::new(input)).map_err(bad)?;
    let arrays = heads(&mut archive, path)?;
    let Some((_, first)) = arrays.first() else {
        return Err(Error::data(
            path,
            None,
            "it is a zip archive without .npy arrays",
            "save arrays with numpy.savez, or the table as CSV",
        ));
    };
    let rows = first.rows;
    if arrays.iter().any(|(_, array)| array.rows != rows) {
        let sizes: Vec<String> =
            arrays.iter().map(|(name, array)| format!("{name} {}", array.rows)).collect();
        return Err(Error::data(
            path,
            None,
            format!("its arrays have different numbers of rows: {}", sizes.join(", ")),
            "save only arrays of the same table in one file",
        ));
    }
    check_width(path, arrays.iter().map(|(_, array)| array.width).sum())?;
    let names = columns(&arrays);
    let header = Header::given(path, names);
    let mut first = 0;
    let mut pictures = Vec::new();
    for (_, array) in &arrays {
        if array.is_pictures() {
            pictures.push(first..first + array.width);
        }
        first += array.width;
    }
    let mut table = TableBuilder::new(header, pictures, na, read_as)?;
    let mut offset = 0;
    for (name, array) in &arrays {
        let file = archive.by_name(&format!("{name}.npy")).map_err(bad)?;
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let array_again = Array::read(&mut reader, path, name)?;
        debug_assert_eq!(&array_again, array);
        let first = array.first_row(&mut reader, path)?;
        array.values(&mut reader, path, &first, &mut table, offset)?;
        // The archive's checksum is compared at the end of the stream.
        reader.read_to_end(&mut Vec::new()).map_err(|error| truncated(path, error))?;
        offset += array.width;
    }
    table.finish(rows)
}

/// The names and headers of the arrays, in the archive's order.
fn heads(
    archive: &mut ZipArchive<BufReader<Seekable>>,
    path: &Path,
) -> Result<Vec<(String, Array)>> {
    let bad = |error| damaged(path, &error);
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(bad)?;
        let name = file.name().map_err(bad)?;
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let array = Array::read(&mut file, path, &name)?;
        arrays.push((name, array));
    }
    Ok(arrays)
}

fn damaged(path: &Path, error: &ZipError) -> Error {
    Error::data(path, None, format!("it is damaged ({error})"), "get the file again")
}

/// The names of the columns: that of an array with one, numbered ones of an array with several. A
/// made-up name is none that another array has.
fn columns(arrays: &[(String, Array)]) -> Vec<String> {
    let is_single = |array: &Array| array.axes() == 1 || array.width == 1;
    let mut taken: HashSet<String> =
        arrays.iter().filter(|(_, array)| is_single(array)).map(|(name, _)| name.clone()).collect();
    let mut names = Vec::new();
    for (name, array) in arrays {
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
