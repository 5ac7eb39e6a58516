//! The cells of a table, row-major, in blocks that are freed one by one while the table is encoded,
//! so that the table and the network's inputs are not in memory at the same time.

/// Cells in a block, at most: 4 MiB, large enough that allocators return it to the system.
const BLOCK: usize = 1 << 20;

/// A matrix of cells, each the bits of a float32 or the code of a text.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    columns: usize,
    /// A block has 2^`shift` rows.
    shift: u32,
    blocks: Vec<Vec<u32>>,
}

impl Cells {
    pub(super) fn new(columns: usize) -> Self {
        let rows = (BLOCK / columns.max(1)).max(1);
        Self { columns, shift: rows.ilog2(), blocks: Vec::new() }
    }

    /// Writes a cell. A row may be written before an earlier one of the same block, but no block
    /// may be skipped.
    #[inline]
    pub(super) fn set(&mut self, row: usize, column: usize, cell: u32) {
        let block = row >> self.shift;
        if block == self.blocks.len() {
            self.blocks.push(vec![0; self.columns << self.shift]);
        }
        let index = (row & self.mask()) * self.columns + column;
        self.blocks[block][index] = cell;
    }

    /// Reads a cell that was written.
    #[inline]
    pub(super) fn get(&self, row: usize, column: usize) -> u32 {
        self.blocks[row >> self.shift][(row & self.mask()) * self.columns + column]
    }

    /// The first `count` rows.
    pub(super) fn rows(&self, count: usize) -> impl Iterator<Item = &[u32]> {
        self.blocks.iter().flat_map(|block| block.chunks_exact(self.columns.max(1))).take(count)
    }

    /// A column's cells in the first `rows` rows.
    pub(super) fn column(&self, column: usize, rows: usize) -> impl Iterator<Item = u32> + '_ {
        (0..rows).map(move |row| self.get(row, column))
    }

    /// The blocks in order, each of whole rows; the last may hold more rows than were written.
    pub(super) fn into_blocks(self) -> impl Iterator<Item = Vec<u32>> {
        self.blocks.into_iter()
    }

    /// Removes the rows, of the first `keep.len()` ones, that `keep` does not mark.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let kept = (0..keep.len()).filter(|row| keep[*row]);
        for (to, from) in kept.enumerate() {
            for column in 0..self.columns {
                let cell = self.get(from, column);
                self.set(to, column, cell);
            }
        }
    }

    /// Cells in a row.
    pub(super) fn width(&self) -> usize {
        self.columns
    }

    fn mask(&self) -> usize {
        (1 << self.shift) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn come_back_as_they_were_set() {
        for columns in [1, 3, 1000, BLOCK - 1, BLOCK, BLOCK + 1] {
            let rows = 5 * BLOCK / (2 * columns) + 2;
            let cell = |row: usize, column: usize| (row * 31 + column) as u32;
            let mut cells = Cells::new(columns);
            let some = [0, columns / 2, columns - 1];
            for row in 0..rows {
                some.iter().for_each(|&column| cells.set(row, column, cell(row, column)));
            }
            for column in some {
                let expected = (0..rows).map(|row| cell(row, column));
                assert!(cells.column(column, rows).eq(expected.clone()), "{columns} columns");
                assert!(cells.rows(rows).map(|row| row[column]).eq(expected));
            }
            let blocks: Vec<Vec<u32>> = cells.into_blocks().collect();
            assert_eq!(blocks.concat()[(rows - 1) * columns], cell(rows - 1, 0));
        }
    }
}
