//! Buffers that threads share, each range of them written by one thread at a time.

use std::marker::PhantomData;
use std::ops::Range;

use crate::kernels::{Bind, Binder, Control, Each, Family, Item};
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

    /// How long it is.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// A range to be read.
    ///
    /// # Safety
    /// No thread may write to the range while the result is used.
    pub(super) unsafe fn read(&self, range: Range<usize>) -> &'a [T] {
        assert!(range.start <= range.end && range.end <= self.len, "a range outside its slice");
        // SAFETY: the range lies inside the slice, which is borrowed for 'a, and by the caller's
        // promise nobody writes to it meanwhile.
        unsafe { std::slice::from_raw_parts(self.start.add(range.start), range.len()) }
    }

    /// A range to be written.
    ///
    /// # Safety
    /// Nothing else may read or write the range while the result is used.
    pub(super) unsafe fn write(&self, range: Range<usize>) -> &'a mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "a range outside its slice");
        // SAFETY: the range lies inside the slice, which is borrowed mutably for 'a, and by the
        // caller's promise this is the only reference to it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

impl<'a> SharedSlice<'a, u32> {
    /// The same memory as items of another type.
    const fn items<T: Item>(&self) -> SharedSlice<'a, T> {
        // An item is so many words, and no bits of them are invalid: it is `Pod`.
        assert!(size_of::<T>() == 4 * T::COMPONENTS && align_of::<T>() <= align_of::<u32>());
        let (start, len) = (self.start.cast(), self.len / T::COMPONENTS);
        SharedSlice { start, len, slice: PhantomData }
    }
}

/// A shared slice that is only read.
pub(super) struct SharedRead<'a, T>(SharedSlice<'a, T>);

impl<'a, T> SharedRead<'a, T> {
    /// How long it is.
    pub(super) const fn len(&self) -> usize {
        self.0.len
    }

    /// A range to be read.
    ///
    /// # Safety
    /// As [`SharedSlice::read`].
    pub(super) unsafe fn read(&self, range: Range<usize>) -> &'a [T] {
        // SAFETY: the caller's promise.
        unsafe { self.0.read(range) }
    }
}

impl SharedRead<'_, Control> {
    /// The control.
    ///
    /// # Safety
    /// As [`SharedSlice::read`].
    pub(super) unsafe fn get(&self) -> Control {
        // SAFETY: the caller's promise.
        unsafe { self.read(0..1)[0] }
    }
}

/// An operation's buffers as threads share them.
pub(super) struct Shared<'a>(PhantomData<&'a ()>);

impl<'a> Family for Shared<'a> {
    type Read<T: Item> = SharedRead<'a, T>;
    type Write<T: Item> = SharedSlice<'a, T>;
}

/// The buffers of a dispatch, in the order of its operation's slots.
#[derive(Clone, Copy)]
pub(super) struct BoundBuffers<'a> {
    /// All buffers of the plan.
    pub(super) buffers: &'a [SharedSlice<'a, u32>],
    /// Those of the dispatch.
    pub(super) ids: &'a [BufferId],
}

impl<'a> BoundBuffers<'a> {
    /// The buffers by their names.
    pub(super) fn of<B: Bind>(&self, operation: &B) -> B::Bindings<Shared<'a>> {
        operation.bind(&mut InOrder { buffers: self.buffers, ids: self.ids.iter() })
    }

    /// The buffers' numbers by the same names.
    pub(super) fn ids_of<B: Bind>(&self, operation: &B) -> B::Bindings<Each<BufferId>> {
        operation.named(self.ids.iter().copied())
    }

    /// All words of a slot's buffer, to be written.
    ///
    /// # Safety
    /// As [`SharedSlice::write`].
    pub(super) unsafe fn words_mut(&self, slot: usize) -> &'a mut [u32] {
        let buffer = &self.buffers[self.ids[slot].0];
        // SAFETY: the caller's promise.
        unsafe { buffer.write(0..buffer.len) }
    }
}

/// Binds one buffer after the other.
struct InOrder<'a> {
    buffers: &'a [SharedSlice<'a, u32>],
    ids: std::slice::Iter<'a, BufferId>,
}

impl<'a> InOrder<'a> {
    /// The planner binds exactly the slots that the contract names; anything else is our own bug.
    fn next<T: Item>(&mut self, name: &str) -> SharedSlice<'a, T> {
        match self.ids.next() {
            Some(id) => self.buffers[id.0].items(),
            None => panic!("no buffer is bound to `{name}`"),
        }
    }
}

impl<'a> Binder<Shared<'a>> for InOrder<'a> {
    fn read<T: Item>(&mut self, name: &'static str) -> SharedRead<'a, T> {
        SharedRead(self.next(name))
    }

    fn write<T: Item>(&mut self, name: &'static str) -> SharedSlice<'a, T> {
        self.next(name)
    }
}
