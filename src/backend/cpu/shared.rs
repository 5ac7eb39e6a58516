//! Buffers that threads share, each range of them written by one thread at a time.

use std::marker::PhantomData;
use std::ops::Range;

use crate::kernels::{Control, floats, floats_mut};
use crate::plan::BufferId;

/// A slice that threads share: whoever reads or writes a range promises that no other thread is in
/// the way.
pub(super) struct SharedSlice<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it stands for a `&mut [T]`, which is Send and Sync where T is; that ranges are not
// written while others use them is the promise of whoever calls the unsafe methods.
unsafe impl<T: Send> Send for SharedSlice<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for SharedSlice<'_, T> {}

impl<'a, T> SharedSlice<'a, T> {
    /// Shares a slice for as long as it is borrowed.
    pub(super) const fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    /// A range to be read.
    ///
    /// # Safety
    /// No thread may write to the range while the result is used.
    pub(super) unsafe fn read(&self, range: Range<usize>) -> &[T] {
        assert!(range.start <= range.end && range.end <= self.len, "a range outside its slice");
        // SAFETY: the range lies inside the slice, which is borrowed for 'a, and by the caller's
        // promise nobody writes to it meanwhile.
        unsafe { std::slice::from_raw_parts(self.start.add(range.start), range.len()) }
    }

    /// A range to be written.
    ///
    /// # Safety
    /// Nothing else may read or write the range while the result is used.
    #[expect(clippy::mut_from_ref, reason = "that is what sharing between threads is")]
    pub(super) unsafe fn write(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "a range outside its slice");
        // SAFETY: the range lies inside the slice, which is borrowed mutably for 'a, and by the
        // caller's promise this is the only reference to it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

/// The buffers of a dispatch, in the order of its operation's slots.
pub(super) struct BoundBuffers<'a> {
    /// All buffers of the plan.
    pub(super) buffers: &'a [SharedSlice<'a, u32>],
    /// Those of the dispatch.
    pub(super) ids: &'a [BufferId],
}

impl<'a> BoundBuffers<'a> {
    fn buffer(&self, slot: usize) -> &'a SharedSlice<'a, u32> {
        &self.buffers[self.ids[slot].0]
    }

    /// The step counter, which is in slot 0.
    ///
    /// # Safety
    /// As [`SharedSlice::read`], of slot 0.
    pub(super) unsafe fn control(&self) -> Control {
        // SAFETY: the caller's promise.
        Control::from_words(unsafe { self.buffer(0).read(0..Control::WORDS) })
    }

    /// Words of a slot's buffer.
    ///
    /// # Safety
    /// As [`SharedSlice::read`].
    pub(super) unsafe fn words(&self, slot: usize, range: Range<usize>) -> &'a [u32] {
        // SAFETY: the caller's promise.
        unsafe { self.buffer(slot).read(range) }
    }

    /// Words of a slot's buffer, to be written.
    ///
    /// # Safety
    /// As [`SharedSlice::write`].
    pub(super) unsafe fn words_mut(&self, slot: usize, range: Range<usize>) -> &'a mut [u32] {
        // SAFETY: the caller's promise.
        unsafe { self.buffer(slot).write(range) }
    }

    /// Floats of a slot's buffer.
    ///
    /// # Safety
    /// As [`SharedSlice::read`].
    pub(super) unsafe fn read(&self, slot: usize, range: Range<usize>) -> &'a [f32] {
        // SAFETY: the caller's promise.
        floats(unsafe { self.words(slot, range) })
    }

    /// Floats of a slot's buffer, to be written.
    ///
    /// # Safety
    /// As [`SharedSlice::write`].
    pub(super) unsafe fn write(&self, slot: usize, range: Range<usize>) -> &'a mut [f32] {
        // SAFETY: the caller's promise.
        floats_mut(unsafe { self.words_mut(slot, range) })
    }

    /// All words of a slot's buffer, to be written.
    ///
    /// # Safety
    /// As [`SharedSlice::write`].
    pub(super) unsafe fn all(&self, slot: usize) -> &'a mut [u32] {
        // SAFETY: the caller's promise.
        unsafe { self.words_mut(slot, 0..self.buffer(slot).len) }
    }
}
