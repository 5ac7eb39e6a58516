//! Sources of bytes, and the format that their first bytes show.

use crate::platform::files::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::Frame;
use crate::{Error, Result};

/// The number of bytes that are examined to detect format and field separator.
const HEAD: usize = 1 << 16;

/// The source of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file or a pipe.
    File(PathBuf),
    /// The standard input of the process.
    StandardInput,
    /// The bytes of a file, in memory.
    Memory(Vec<u8>),
    /// A data frame, in memory.
    Frame(Frame),
    /// Some of the arrays of an `.npz` file, which holds several tables.
    Arrays(Box<Self>, Arrays),
}

/// Which arrays of an `.npz` file are a table, by a part of their names: of `x_train`, `y_train`, `x_test` and
/// `y_test` those with `test`, or those without it. The columns are named by what is left: `x` and `y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrays {
    /// Those whose names hold this.
    With(String),
    /// Those whose names do not hold this.
    Without(String),
}

impl Arrays {
    /// The name of an array's columns; `None` where it is left out.
    #[cfg(feature = "npz")]
    pub(super) fn name(&self, array: &str) -> Option<String> {
        let rest = match self {
            Self::With(key) if array.contains(key) => array.replacen(key, "", 1),
            Self::Without(key) if !array.contains(key) => {
                let word = ["training", "train"].into_iter().find(|word| array.contains(word));
                word.map_or_else(|| array.to_owned(), |word| array.replacen(word, "", 1))
            }
            _ => return None,
        };
        let rest = rest.trim_matches(['_', '-', '.', ' ']);
        Some(if rest.is_empty() { "x" } else { rest }.to_owned())
    }
}

impl Source {
    /// The name that errors give it.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::StandardInput => Path::new("standard input"),
            Self::Memory(_) => Path::new("memory"),
            Self::Frame(_) => Path::new("the data frame"),
            Self::Arrays(file, _) => file.path(),
        }
    }

    /// The file, and which of its arrays are read.
    pub(super) fn parts(&self) -> (&Self, Option<&Arrays>) {
        match self {
            Self::Arrays(file, arrays) => (file.parts().0, Some(arrays)),
            file => (file, None),
        }
    }
}

impl<T: Into<PathBuf>> From<T> for Source {
    fn from(path: T) -> Self {
        Self::File(path.into())
    }
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Npy,
    Zip,
    Idx,
    Parquet,
}

/// An open source. Gzip is decompressed; the first bytes can be examined before they are read.
pub(super) struct Input {
    head: Vec<u8>,
    /// How many bytes of the head have been read.
    at: usize,
    rest: Box<dyn Read>,
}

impl Input {
    /// Opens a source and reads its first bytes.
    pub(super) fn open(source: &Source) -> Result<Self> {
        let (path, (source, _)) = (source.path(), source.parts());
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
            // A copy, so that the source can be read again.
            Source::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
            // It has columns, and no bytes.
            Source::Frame(_) => Box::new(std::io::empty()),
            Source::Arrays(file, _) => return Self::open(file),
        };
        let own = Self::look(plain).map_err(failed)?;
        if own.head.starts_with(&[0x1f, 0x8b]) { own.unpacked(path) } else { Ok(own) }
    }

    /// Decompresses gzip.
    #[cfg(feature = "gzip")]
    fn unpacked(self, path: &Path) -> Result<Self> {
        /// Bytes that are read in one call.
        const BUFFER: usize = 1 << 18;
        let packed = std::io::BufReader::with_capacity(BUFFER, self);
        Self::look(Box::new(super::gunzip::Gunzip::new(packed)))
            .map_err(|error| super::damaged(path, error))
    }

    #[cfg(not(feature = "gzip"))]
    fn unpacked(self, path: &Path) -> Result<Self> {
        Err(super::left_out(path, "compressed by gzip", "gzip"))
    }

    fn look(mut rest: Box<dyn Read>) -> std::io::Result<Self> {
        let mut head = Vec::new();
        rest.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        Ok(Self { head, at: 0, rest })
    }

    /// The first bytes, whether or not they have been read.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the head is the whole input.
    pub(super) fn is_short(&self) -> bool {
        self.head.len() < HEAD
    }

    /// Skips unread bytes of the head.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = self.head.len().min(self.at + bytes);
    }

    /// The format that the first bytes show.
    pub(super) fn kind(&self) -> Kind {
        match &self.head[..] {
            head if head.starts_with(b"\x93NUMPY") => Kind::Npy,
            head if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => Kind::Zip,
            head if head.starts_with(b"PAR1") => Kind::Parquet,
            [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, axes, ..] if *axes > 0 => Kind::Idx,
            _ => Kind::Text,
        }
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
