//! Finds the line number of a byte of a stream that was read recently, and ends what never ends.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

use super::damaged;
use crate::Error;

/// The most bytes of one record. A line that never ends, or a quote that is never closed, would
/// otherwise be read into memory as a whole.
const MAX_RECORD: u64 = 1 << 26;

/// The number of pieces that are kept: the latest one and those before it.
const KEPT: usize = 4;

/// A reader that keeps the last pieces that it has read.
pub(super) struct Lines<R> {
    inner: R,
    pieces: VecDeque<Piece>,
    /// Bytes read so far.
    offset: u64,
    /// Line ends read so far.
    lines: u64,
    /// The first byte of the record that is being read.
    record: u64,
    /// The line that it was in.
    record_line: Option<u64>,
    /// The character that begins lines which are no part of a record.
    comment: Option<u8>,
    /// Quotes read so far.
    quotes: u64,
    /// The last byte.
    last: u8,
    /// Whether the stream has ended.
    ended: bool,
}

/// The bytes of one call of `read`.
struct Piece {
    /// The number of bytes before it.
    offset: u64,
    /// The number of line ends before it.
    lines: u64,
    bytes: Vec<u8>,
}

impl<R> Lines<R> {
    /// A reader of a stream of which `lines` lines were read before.
    pub(super) fn after(lines: u64, inner: R, comment: Option<u8>) -> Self {
        let pieces = VecDeque::new();
        Self {
            inner,
            pieces,
            offset: 0,
            lines,
            record: 0,
            record_line: None,
            comment,
            quotes: 0,
            last: b'\n',
            ended: false,
        }
    }

    /// Whether the stream has ended with an odd number of quotes, as where one was not closed.
    pub(super) fn ended_in_quotes(&self) -> bool {
        self.ended && self.quotes % 2 == 1
    }

    /// Takes note that a record begins at a byte.
    #[inline]
    pub(super) fn begin_record(&mut self, byte: u64) {
        self.record = byte;
        self.record_line = None;
    }

    /// The line, counted from 1, of the first byte at or after `byte` that is not a line end or in a
    /// comment; `None` where its piece is no longer kept.
    pub(super) fn line_at(&self, byte: u64) -> Option<u64> {
        let first = self.pieces.iter().position(|piece| {
            (piece.offset..piece.offset + piece.bytes.len() as u64).contains(&byte)
        })?;
        let mut line = self.pieces[first].lines + 1;
        let offset = self.pieces[first].offset;
        let bytes = self.pieces.iter().skip(first).flat_map(|piece| &piece.bytes);
        // The byte of a record is that of its first line, comments before it included.
        let (mut begins, mut in_comment) = (true, false);
        for (at, next) in (offset..).zip(bytes) {
            let ends = matches!(next, b'\n' | b'\r');
            if at >= byte && !ends {
                in_comment |= begins && Some(*next) == self.comment;
                if !in_comment {
                    break;
                }
            }
            begins = ends;
            in_comment &= !ends;
            line += u64::from(*next == b'\n');
        }
        Some(line)
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.offset - self.record > MAX_RECORD {
            return Err(std::io::Error::other(EndlessRecord { line: self.record_line }));
        }
        // Of a long record, whose beginning is soon no longer kept.
        let oldest = self.pieces.front().filter(|_| self.pieces.len() == KEPT);
        if oldest.is_some_and(|piece| piece.offset + piece.bytes.len() as u64 > self.record) {
            self.record_line = self.record_line.or_else(|| self.line_at(self.record));
        }
        let count = self.inner.read(buffer)?;
        let count = match count {
            // A comment at the end of the file must not look like a record.
            0 if self.comment.is_some() && self.last != b'\n' && !buffer.is_empty() => {
                buffer[0] = b'\n';
                1
            }
            count => count,
        };
        self.ended |= count == 0 && !buffer.is_empty();
        self.last = buffer[..count].last().copied().unwrap_or(self.last);
        let read = &buffer[..count];
        // The newest piece reuses the memory of the oldest.
        let mut bytes = match self.pieces.len() {
            KEPT => self.pieces.pop_front().map(|piece| piece.bytes).unwrap_or_default(),
            _ => Vec::new(),
        };
        bytes.clear();
        bytes.extend_from_slice(read);
        self.pieces.push_back(Piece { offset: self.offset, lines: self.lines, bytes });
        self.offset += count as u64;
        self.lines += memchr::memchr_iter(b'\n', read).count() as u64;
        self.quotes += memchr::memchr_iter(b'"', read).count() as u64;
        Ok(count)
    }
}

/// A record has no end.
#[derive(Debug)]
struct EndlessRecord {
    line: Option<u64>,
}

impl std::fmt::Display for EndlessRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a row goes on for more than {} MiB", MAX_RECORD >> 20)
    }
}

impl std::error::Error for EndlessRecord {}

/// The error for a stream that fails while its lines are read.
pub(super) fn error(path: &Path, error: std::io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<EndlessRecord>()) {
        Some(endless) => {
            let remedy = "close the quote that is open there, or end the line";
            Error::data(path, endless.line, endless.to_string(), remedy)
        }
        None => damaged(path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_lines_of_what_it_has_read_last() {
        let text: String = (1..=1000).map(|line| format!("line {line}\r\n\n")).collect();
        let mut lines = Lines::after(0, text.as_bytes(), None);
        let mut buffer = [0; 64];
        for _ in 0..20 {
            assert_eq!(lines.read(&mut buffer).expect("it is in memory"), 64);
        }
        assert_eq!(lines.line_at(0), None);
        for at in 1100..1250 {
            let own = &text[at..];
            let next = at + own.len() - own.trim_start_matches(['\r', '\n']).len();
            let expected = text[..next].matches('\n').count() as u64 + 1;
            assert_eq!(lines.line_at(at as u64), Some(expected), "byte {at}");
        }
    }
}
