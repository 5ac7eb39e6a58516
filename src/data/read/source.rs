//! Where bytes come from, and what their first ones say that they are.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::damaged;
use crate::{Error, Result};

/// Bytes that are looked at before anything is decided.
const HEAD: usize = 1 << 16;

/// Bytes that are read at once.
const BUFFER: usize = 1 << 18;

/// Where a table comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or what looks like one.
    File(PathBuf),
    /// The process's standard input.
    StandardInput,
    /// Bytes in memory.
    Memory(Vec<u8>),
}

impl Source {
    /// Its name in errors.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::StandardInput => Path::new("standard input"),
            Self::Memory(_) => Path::new("memory"),
        }
    }
}

impl<T: Into<PathBuf>> From<T> for Source {
    fn from(path: T) -> Self {
        Self::File(path.into())
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Npy,
    Zip,
    Idx,
    Parquet,
}

/// An open source: its first bytes, then the rest. Gzip is undone.
pub(super) struct Input {
    head: Vec<u8>,
    /// How much of the head has been read.
    at: usize,
    rest: Box<dyn Read>,
    packed: Packed,
}

/// Whether the bytes are those of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packed {
    Plain,
    Gzip,
}

/// Bytes that can be read at any place.
pub(super) enum Seekable {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Input {
    /// Opens a source and looks at its first bytes.
    pub(super) fn open(source: &Source) -> Result<Self> {
        let path = source.path();
        let failed = |error| Error::read(path, error);
        let plain: Box<dyn Read> = match source {
            Source::File(path) => {
                let file = File::open(path).map_err(failed)?;
                if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
                    return Err(failed(std::io::ErrorKind::IsADirectory.into()));
                }
                Box::new(file)
            }
            Source::StandardInput => Box::new(std::io::stdin()),
            // A copy, so that a source can be read twice.
            Source::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        };
        let own = Self::look(plain, Packed::Plain).map_err(failed)?;
        if !own.head.starts_with(&[0x1f, 0x8b]) {
            return Ok(own);
        }
        let inner = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, own));
        Self::look(Box::new(inner), Packed::Gzip).map_err(|error| damaged(path, error))
    }

    fn look(mut rest: Box<dyn Read>, packed: Packed) -> std::io::Result<Self> {
        let mut head = Vec::new();
        rest.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        Ok(Self { head, at: 0, rest, packed })
    }

    /// The first bytes, however much of them has been read.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the head is all that there is.
    pub(super) fn is_short(&self) -> bool {
        self.head.len() < HEAD
    }

    /// Passes over the first bytes.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = self.head.len().min(self.at + bytes);
    }

    /// What its first bytes say that it is.
    pub(super) fn kind(&self) -> Kind {
        match &self.head[..] {
            head if head.starts_with(b"\x93NUMPY") => Kind::Npy,
            head if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => Kind::Zip,
            head if head.starts_with(b"PAR1") => Kind::Parquet,
            [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, axes, ..] if *axes > 0 => Kind::Idx,
            _ => Kind::Text,
        }
    }

    /// The bytes for reading at any place: the file itself, or a copy in memory.
    pub(super) fn into_seekable(mut self, source: &Source) -> Result<Seekable> {
        let failed = |error| damaged(source.path(), error);
        if let (Source::File(path), Packed::Plain) = (source, self.packed) {
            let mut file = File::open(path).map_err(failed)?;
            if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                return Ok(Seekable::File(file));
            }
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map_err(failed)?;
        Ok(Seekable::Memory(Cursor::new(bytes)))
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let head = &self.head[self.at..];
        if head.is_empty() {
            return self.rest.read(buffer);
        }
        let count = head.len().min(buffer.len());
        buffer[..count].copy_from_slice(&head[..count]);
        self.at += count;
        Ok(count)
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
    fn seek(&mut self, place: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::File(file) => file.seek(place),
            Self::Memory(bytes) => bytes.seek(place),
        }
    }
}
