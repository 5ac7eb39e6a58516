//! Decompresses gzip: member after member to the end of the stream, each held to its checksum.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

/// Bytes that are decompressed whatever they came from.
const FREE: u64 = 1 << 28;

/// What a byte may decompress to beyond that. Tables stay below 100; deflate cannot exceed 1032,
/// which a stream made to fill the memory comes close to.
const MOST: u64 = 250;

/// The decompressed bytes of a gzip stream of one member or more. What follows the last member must
/// be zero bytes, with which tapes and block devices pad.
pub(super) struct Gunzip<R> {
    state: State<R>,
    /// Bytes decompressed so far.
    out: u64,
}

enum State<R> {
    Member(Box<GzDecoder<Counted<R>>>),
    /// Behind a member.
    Between(Counted<R>),
    /// At the end, or behind an error.
    End,
}

impl<R: BufRead> Gunzip<R> {
    /// Of a stream that begins with a member.
    pub(super) fn new(inner: R) -> Self {
        let inner = Counted { inner, count: 0 };
        Self { state: State::Member(Box::new(GzDecoder::new(inner))), out: 0 }
    }

    /// The next member, or the end.
    fn next(mut inner: Counted<R>) -> Result<State<R>> {
        if inner.fill_buf()?.starts_with(&[0x1f]) {
            return Ok(State::Member(Box::new(GzDecoder::new(inner))));
        }
        loop {
            let bytes = inner.fill_buf()?;
            let count = bytes.len();
            if count == 0 {
                return Ok(State::End);
            }
            if bytes.iter().any(|byte| *byte != 0) {
                return Err(invalid("bytes that are not gzip follow its end"));
            }
            inner.consume(count);
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while !buffer.is_empty() {
            match std::mem::replace(&mut self.state, State::End) {
                State::Member(mut decoder) => {
                    let count = decoder.read(buffer)?;
                    self.out += count as u64;
                    if self.out > FREE.saturating_add(MOST * decoder.get_ref().count) {
                        return Err(Error::other(TooDense));
                    }
                    if count > 0 {
                        self.state = State::Member(decoder);
                        return Ok(count);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
                State::Between(inner) => self.state = Self::next(inner)?,
                State::End => break,
            }
        }
        Ok(0)
    }
}

fn invalid(problem: &str) -> Error {
    Error::new(ErrorKind::InvalidData, problem)
}

/// The stream decompresses to far more than a table of its size does.
#[derive(Debug)]
pub(super) struct TooDense;

impl std::fmt::Display for TooDense {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "each of its bytes decompresses to more than {MOST}")
    }
}

impl std::error::Error for TooDense {}

/// Counts the bytes that are taken from a reader.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.count += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("it goes to memory");
        encoder.finish().expect("it goes to memory")
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>> {
        // Pieces as small as can be meet every state at its edges.
        let mut all = Vec::new();
        Gunzip::new(std::io::BufReader::with_capacity(1, bytes)).read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn members_follow_each_other_and_zeros_pad() {
        let (one, two) = (packed(b"one,"), packed(b"two"));
        for (stream, expected) in [
            (one.clone(), "one,"),
            ([&one[..], &two].concat(), "one,two"),
            ([&one[..], &packed(b""), &two].concat(), "one,two"),
            ([&one[..], &two, &[0; 700]].concat(), "one,two"),
            ([&one[..], &[0]].concat(), "one,"),
        ] {
            assert_eq!(unpacked(&stream).expect("it is sound"), expected.as_bytes());
        }
    }

    #[test]
    fn anything_else_behind_a_member_is_damage() {
        let one = packed(b"one");
        for tail in
            [&b"x"[..], b"\0x", b"\0\x1f\x8b", b"\x1f", b"\x1f\x8b\x08", b"\x1fx", &one[..12]]
        {
            assert!(unpacked(&[&one, tail].concat()).is_err(), "{tail:?}");
        }
        for cut in 1..one.len() {
            assert!(unpacked(&one[..cut]).is_err(), "cut off after {cut} bytes");
        }
    }

    #[test]
    fn what_fills_the_memory_ends_early() {
        let bomb = packed(&vec![0; FREE as usize + (100 << 20)]);
        assert!(bomb.len() < 1 << 20);
        let mut stream = Gunzip::new(&bomb[..]);
        let error = std::io::copy(&mut stream, &mut std::io::sink()).expect_err("it is too much");
        assert!(error.to_string().contains("250"), "{error}");
        assert!(stream.out <= FREE + MOST * bomb.len() as u64 + (1 << 18));
    }
}
