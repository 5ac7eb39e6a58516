//! The pages of a Parquet column, checked before they are decoded.

use parquet::basic::{Encoding, EncodingMask, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;

/// A page reader that rejects what makes the decoder of the `parquet` crate panic: a reference to a
/// missing dictionary, and a page that ends within a text or a number.
pub(super) struct Pages {
    inner: Box<dyn PageReader>,
    dictionary: bool,
    texts: bool,
    /// Bytes per value, in a column of fixed width.
    width: Option<usize>,
    /// Bits per value, where all have as many.
    bits: Option<usize>,
    /// The greatest definition level: above 0 where values may be missing. Then definition levels,
    /// which mark them, precede the values.
    most: u16,
    /// The encodings that its pages have, as the footer says.
    encodings: EncodingMask,
}

/// The deprecated encoding of levels.
#[allow(deprecated, reason = "old files have it")]
const BIT_PACKED: Encoding = Encoding::BIT_PACKED;

/// The length prefix of a text that is longer than any page.
const OVERLONG_TEXT: [u8; 4] = u32::MAX.to_le_bytes();

impl Pages {
    /// The pages of a column in a row group. A negative offset or size is an error here; the reader
    /// would panic.
    pub(super) fn of(group: &dyn RowGroupReader, column: usize) -> Result<Self> {
        let metadata = group.metadata().column(column);
        let start = metadata.dictionary_page_offset().unwrap_or(metadata.data_page_offset());
        if start < 0 || metadata.compressed_size() < 0 {
            return Err(ParquetError::General("a column has a negative offset or size".into()));
        }
        let width = match metadata.column_type() {
            Type::INT32 | Type::FLOAT => Some(4),
            Type::INT64 | Type::DOUBLE => Some(8),
            Type::FIXED_LEN_BYTE_ARRAY => {
                usize::try_from(metadata.column_descr().type_length()).ok()
            }
            Type::BOOLEAN | Type::INT96 | Type::BYTE_ARRAY => None,
        };
        Ok(Self {
            inner: group.get_column_page_reader(column)?,
            dictionary: false,
            texts: metadata.column_type() == Type::BYTE_ARRAY,
            width: width.filter(|width| *width > 0),
            bits: match (metadata.column_type(), width) {
                (Type::BOOLEAN, _) => Some(1),
                (Type::INT96, _) => Some(96),
                (_, width) => width.map(|bytes| 8 * bytes),
            },
            most: metadata.column_descr().max_def_level().max(0) as u16,
            encodings: *metadata.encodings_mask(),
        })
    }

    fn checked(&mut self, page: Page) -> Result<Page> {
        // A page's header has no checksum. Some programs do not name the levels' encoding, but where it
        // is the deprecated one.
        let is_packed = match page {
            Page::DataPage { def_level_encoding, .. } => {
                self.most > 0 && def_level_encoding != Encoding::RLE
            }
            Page::DataPageV2 { .. } | Page::DictionaryPage { .. } => false,
        };
        let is_named = self.encodings.is_set(page.encoding())
            && (!is_packed || self.encodings.is_set(BIT_PACKED));
        if page.is_data_page() && !is_named {
            let problem = "a page is in an encoding that the footer does not name";
            return Err(ParquetError::General(problem.into()));
        }
        if page.is_dictionary_page() {
            self.dictionary = true;
            if self.texts && texts(page.buffer(), page.num_values()).0 < page.num_values() {
                return Err(ParquetError::EOF("a dictionary ends within a text".into()));
            }
        }
        self.check_levels(&page)?;
        match page.encoding() {
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY if !self.dictionary => {
                Err(ParquetError::General("a page refers to a dictionary that is not there".into()))
            }
            Encoding::PLAIN if self.texts && page.is_data_page() => self.end_marked(page),
            Encoding::BYTE_STREAM_SPLIT if page.is_data_page() => self.unsplit(page),
            _ => Ok(page),
        }
    }

    /// Refuses levels where there can be none, and other than as many as there are values: their sizes
    /// stand in headers, which have no checksum.
    fn check_levels(&self, page: &Page) -> Result<()> {
        let refuse = || Err(ParquetError::General("a page has other levels than values".into()));
        let bits = self.bits.filter(|_| page.encoding() == Encoding::PLAIN && self.most == 0);
        match page {
            Page::DataPage { buf, num_values, .. } => match bits {
                Some(bits) if buf.len() != (bits * *num_values as usize).div_ceil(8) => refuse(),
                _ => Ok(()),
            },
            Page::DataPageV2 {
                buf, num_values, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                let levels = buf.get(..*def_levels_byte_len as usize);
                let sound = match levels {
                    Some([]) => self.most == 0 || *num_values == 0,
                    Some(levels) => self.most > 0 && is_run_of(levels, self.most, *num_values),
                    None => false,
                };
                if sound && *rep_levels_byte_len == 0 { Ok(()) } else { refuse() }
            }
            Page::DictionaryPage { .. } => Ok(()),
        }
    }

    /// A page of texts with [`OVERLONG_TEXT`] after the last whole one: where the levels announce
    /// more texts, the decoder then reports an error instead of panicking.
    fn end_marked(&self, mut page: Page) -> Result<Page> {
        let count = page.num_values();
        let buffer = page.buffer();
        let first = self.first(&page)?;
        let end = first + texts(&buffer[first..], count).1;
        let closed = [&buffer[..end], &OVERLONG_TEXT].concat();
        if let Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } = &mut page {
            *buf = closed.into();
        }
        Ok(page)
    }

    /// A page in the encoding BYTE_STREAM_SPLIT, which stores the first bytes of all numbers, then
    /// the second ones, and so on, rewritten in PLAIN encoding, whose decoder checks the number of
    /// values.
    fn unsplit(&self, mut page: Page) -> Result<Page> {
        let width = self
            .width
            .ok_or_else(|| ParquetError::General("BYTE_STREAM_SPLIT without a width".into()))?;
        let first = self.first(&page)?;
        let (levels, split) = page.buffer().split_at(first);
        if !split.len().is_multiple_of(width) {
            return Err(ParquetError::EOF("a page ends within a number".into()));
        }
        let count = split.len() / width;
        let mut joined = levels.to_vec();
        joined.reserve(split.len());
        for number in 0..count {
            joined.extend((0..width).map(|byte| split[byte * count + number]));
        }
        if let Page::DataPage { buf, encoding, .. } | Page::DataPageV2 { buf, encoding, .. } =
            &mut page
        {
            *buf = joined.into();
            *encoding = Encoding::PLAIN;
        }
        Ok(page)
    }

    /// The offset of a page's values, after its levels.
    fn first(&self, page: &Page) -> Result<usize> {
        let first = self.levels(page).filter(|first| *first <= page.buffer().len());
        first.ok_or_else(|| ParquetError::EOF("a page ends within its levels".into()))
    }

    /// The size in bytes of the levels of a page, in a column that is not nested.
    fn levels(&self, page: &Page) -> Option<usize> {
        match page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                def_levels_byte_len.checked_add(*rep_levels_byte_len).map(|bytes| bytes as usize)
            }
            Page::DataPage { def_level_encoding: Encoding::RLE, buf, .. } if self.most > 0 => {
                let length = u32::from_le_bytes(*buf.first_chunk()?);
                (length as usize).checked_add(size_of::<u32>())
            }
            // The deprecated encoding BIT_PACKED: one bit per level.
            Page::DataPage { num_values, .. } if self.most > 0 => {
                Some(num_values.div_ceil(8) as usize)
            }
            Page::DataPage { .. } | Page::DictionaryPage { .. } => Some(0),
        }
    }
}

/// Whether bytes are so many levels up to `most` as runs (Parquet's RLE and bit-packed hybrid), and
/// no more than these.
fn is_run_of(mut bytes: &[u8], most: u16, count: u32) -> bool {
    let width = (u16::BITS - most.leading_zeros()) as usize;
    let mut found = 0usize;
    while found < count as usize {
        let mut head = 0usize;
        let Some(end) = bytes.iter().take(5).position(|byte| byte & 0x80 == 0) else {
            return false;
        };
        for (index, byte) in bytes[..=end].iter().enumerate() {
            head |= usize::from(byte & 0x7f) << (7 * index);
        }
        // Groups of eight, or one value so many times.
        let (values, size) = match head & 1 {
            1 => (8 * (head >> 1), width * (head >> 1)),
            _ => (head >> 1, width.div_ceil(8)),
        };
        let Some(rest) = bytes.get(end + 1 + size..).filter(|_| values > 0) else { return false };
        found = found.saturating_add(values);
        bytes = rest;
    }
    bytes.is_empty()
}

/// The number of whole texts, each preceded by its length, up to `max`, and their size in bytes.
fn texts(bytes: &[u8], max: u32) -> (u32, usize) {
    let mut end = 0;
    for count in 0..max {
        let Some(length) = bytes[end..].first_chunk() else { return (count, end) };
        let after = (u32::from_le_bytes(*length) as usize).checked_add(end + length.len());
        match after {
            Some(after) if after <= bytes.len() => end = after,
            _ => return (count, end),
        }
    }
    (max, end)
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.map(|page| self.checked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.inner.at_record_boundary()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
