//! Slices aligned to cache lines. Elsewhere a vector as long as a line lies in two lines, and takes two
//! loads, which slows down products of few columns.

use std::ops::{Deref, DerefMut};

use bytemuck::Pod;

/// Bytes of a cache line.
const LINE: usize = 64;

/// A slice that it owns, aligned to a cache line. A type longer than a line must be aligned to one.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    memory: Vec<T>,
    first: usize,
    length: usize,
}

impl<T: Pod> Aligned<T> {
    /// A slice of zeros. The allocator gets large zeroed memory from the system, page by page when it is
    /// used, but only with its default alignment: so an aligned element is looked for within such memory.
    /// (`align_offset` may fail, by its documentation: then the slice is not aligned.)
    pub(crate) fn zeros(length: usize) -> Self {
        let memory = vec![T::zeroed(); length + LINE / size_of::<T>()];
        let first = memory.as_ptr().align_offset(LINE).min(memory.len() - length);
        Self { memory, first, length }
    }

    /// Grows to at least this length; if it was shorter, what it held is lost.
    pub(crate) fn grow_to(&mut self, length: usize) {
        if self.length < length {
            *self = Self::zeros(length);
        }
    }
}

impl<T> Default for Aligned<T> {
    fn default() -> Self {
        Self { memory: Vec::new(), first: 0, length: 0 }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory[self.first..self.first + self.length]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.first..self.first + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_aligned() {
        let mut numbers = Aligned::<f32>::default();
        assert!(numbers.is_empty());
        for length in [1, 100, 40, 1 << 20] {
            numbers.grow_to(length);
            assert!(numbers.len() >= length);
            assert!(numbers.as_ptr().addr().is_multiple_of(LINE));
        }
        assert!(numbers.iter().all(|number| *number == 0.0));
    }
}
