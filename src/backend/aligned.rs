//! Numbers that begin where a line of the cache does. A vector as long as a line lies in two lines
//! elsewhere, and takes two loads: products of 64 columns lose an eighth.

use std::ops::{Deref, DerefMut};

use bytemuck::Pod;

/// Bytes of a line.
const LINE: usize = 64;

/// A slice of memory of its own. What is longer than a line must have a type that begins where one does.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    memory: Vec<T>,
    first: usize,
    length: usize,
}

impl<T: Pod> Aligned<T> {
    /// So many zeros. Large memory comes as zeros from the system, page by page when it is used: so
    /// the place of the first one is chosen within plain memory, for which the system is asked so. (It
    /// need not be found, says the documentation: then it is any.)
    pub(crate) fn zeros(length: usize) -> Self {
        let memory = vec![T::zeroed(); length + LINE / size_of::<T>()];
        let first = memory.as_ptr().align_offset(LINE).min(memory.len() - length);
        Self { memory, first, length }
    }

    /// Is at least so long; what it held is lost if it was not.
    pub(crate) fn hold(&mut self, length: usize) {
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
    fn numbers_begin_where_a_line_does() {
        let mut numbers = Aligned::<f32>::default();
        assert!(numbers.is_empty());
        for length in [1, 100, 40, 1 << 20] {
            numbers.hold(length);
            assert!(numbers.len() >= length);
            assert!(numbers.as_ptr().addr().is_multiple_of(LINE));
        }
        assert!(numbers.iter().all(|number| *number == 0.0));
    }
}
