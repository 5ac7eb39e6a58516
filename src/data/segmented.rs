//! A column that grows without being copied and is given back piece by piece: a table of many
//! columns becomes rows without standing in memory twice.

/// Elements in a piece.
pub(super) const SEGMENT: usize = 1024;

/// Elements in pieces of [`SEGMENT`]; only the last may be shorter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segmented<T> {
    full: Vec<Vec<T>>,
    last: Vec<T>,
}

impl<T> Default for Segmented<T> {
    fn default() -> Self {
        Self { full: Vec::new(), last: Vec::new() }
    }
}

impl<T: Copy> Segmented<T> {
    /// Appends an element.
    #[inline]
    pub(super) fn push(&mut self, element: T) {
        if self.last.len() == SEGMENT {
            self.full.push(std::mem::replace(&mut self.last, Vec::with_capacity(SEGMENT)));
        }
        self.last.push(element);
    }

    /// How many elements there are.
    pub(super) fn len(&self) -> usize {
        self.full.len() * SEGMENT + self.last.len()
    }

    /// The elements in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.full.iter().chain([&self.last]).flatten().copied()
    }

    /// Takes a piece out. It must not be used afterwards, nor the length relied on.
    pub(super) fn take(&mut self, piece: usize) -> Vec<T> {
        let place = self.full.get_mut(piece).unwrap_or(&mut self.last);
        std::mem::take(place)
    }
}

impl<T: Copy> FromIterator<T> for Segmented<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut own = Self::default();
        elements.into_iter().for_each(|element| own.push(element));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_in_order_and_in_pieces() {
        for count in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT + 7] {
            let mut column: Segmented<usize> = (0..count).collect();
            assert_eq!(column.len(), count);
            assert!(column.iter().eq(0..count));
            let pieces = count.div_ceil(SEGMENT).max(1);
            let all: Vec<usize> = (0..pieces).flat_map(|piece| column.take(piece)).collect();
            assert!(all.into_iter().eq(0..count));
        }
    }
}
