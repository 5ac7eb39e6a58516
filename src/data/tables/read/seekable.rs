//! Input with random access, for the formats that keep their index at the end of the file.

use crate::platform::files::File;
use std::io::{Cursor, Read, Seek, SeekFrom};

use super::source::{Input, Source};
use super::{damaged, usable_memory};
use crate::{Error, Result};

pub(super) enum Seekable {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Seekable {
    /// The file itself where the source is a file that is not compressed; else a copy in memory.
    pub(super) fn of(mut input: Input, source: &Source) -> Result<Self> {
        let failed = |error| damaged(source.path(), error);
        if let Source::File(path) = source.parts().0 {
            let mut file = File::open(path).map_err(failed)?;
            if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
                let mut first = Vec::new();
                file.by_ref().take(4).read_to_end(&mut first).map_err(failed)?;
                // They differ where the input is decompressed.
                if input.head().starts_with(&first) {
                    file.seek(SeekFrom::Start(0)).map_err(failed)?;
                    return Ok(Self::File(file));
                }
            }
        }
        let mut bytes = Vec::new();
        let most = usable_memory();
        input.by_ref().take(most).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 == most {
            return Err(Error::data(
                source.path(),
                None,
                format!("it has {most} bytes or more, which the memory has no room for"),
                "give it as a file that is not compressed",
            ));
        }
        Ok(Self::Memory(Cursor::new(bytes)))
    }
}

impl Read for Seekable {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Seekable {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::File(file) => file.seek(position),
            Self::Memory(bytes) => bytes.seek(position),
        }
    }
}
