//! The pages of a Parquet column, looked at before they are decoded.

use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;

/// Pages, of which none refers to a dictionary before there is one: the decoder would panic.
pub(super) struct Pages {
    inner: Box<dyn PageReader>,
    dictionary: bool,
    texts: bool,
}

impl Pages {
    /// The pages of a column in a group of rows, which must lie somewhere in the file: the reader
    /// would panic.
    pub(super) fn of(group: &dyn RowGroupReader, column: usize) -> Result<Self> {
        let place = group.metadata().column(column);
        let start = place.dictionary_page_offset().unwrap_or(place.data_page_offset());
        if start < 0 || place.compressed_size() < 0 {
            return Err(ParquetError::General("a column lies before the file".into()));
        }
        let texts = place.column_type() == Type::BYTE_ARRAY;
        Ok(Self { inner: group.get_column_page_reader(column)?, dictionary: false, texts })
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        if page.is_dictionary_page() {
            self.dictionary = true;
            if self.texts && !holds(page.buffer(), page.num_values()) {
                return Err(ParquetError::EOF("a dictionary ends within a text".into()));
            }
        }
        match page.encoding() {
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY if !self.dictionary => {
                Err(ParquetError::General("a page refers to a dictionary that is not there".into()))
            }
            _ => Ok(()),
        }
    }
}

/// Whether so many texts, each after its length, are there: the decoder would panic.
fn holds(mut bytes: &[u8], texts: u32) -> bool {
    (0..texts).all(|_| {
        let Some((length, rest)) = bytes.split_first_chunk() else { return false };
        let rest = rest.get(u32::from_le_bytes(*length) as usize..);
        bytes = rest.unwrap_or_default();
        rest.is_some()
    })
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.iter().try_for_each(|page| self.check(page))?;
        Ok(page)
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
