//! An operation's buffers by their names.
//!
//! One declaration beside each contract, [`bindings!`], lists the buffers in the shader's order. It
//! gives `Bindings<F>`, a struct with a field for each, whose types follow from the [`Family`]:
//! buffer numbers where a planner fills it, slices where a twin reads it, what threads share on the
//! CPU. A test compares names, order, access and element types with the WGSL.

use bytemuck::Pod;

use super::Control;

/// What a dispatch does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only reads it.
    Read,
    /// Writes it, and may read what it holds.
    ReadWrite,
}

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// float32
    F32,
    /// Whole numbers of 32 bits, and records that mix them with float32: [`Control`], a network's
    /// description in a grid, targets that may be classes.
    U32,
}

impl Element {
    /// Bytes of one.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 | Self::U32 => 4,
        }
    }
}

/// A binding of an operation, in the shader's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The variable's name in WGSL.
    pub name: &'static str,
    /// What the shader does with it.
    pub access: Access,
    /// What its elements are.
    pub element: Element,
    /// Elements that belong together: 1, or 2 of loss and score, or all of a [`Control`].
    pub components: usize,
}

/// What a buffer can be read as, item after item.
pub trait Item: Pod {
    /// What it is made of.
    const ELEMENT: Element;
    /// How many of these.
    const COMPONENTS: usize = size_of::<Self>() / Self::ELEMENT.bytes();
}

impl Item for f32 {
    const ELEMENT: Element = Element::F32;
}

impl Item for u32 {
    const ELEMENT: Element = Element::U32;
}

/// Loss and score of a row or a step.
impl Item for [f32; 2] {
    const ELEMENT: Element = Element::F32;
}

impl Item for Control {
    const ELEMENT: Element = Element::U32;
}

/// What stands for a buffer in `Bindings<F>`: one type for those that are only read, one for those
/// that are written.
pub trait Family {
    /// A buffer that is only read.
    type Read<T: Item>;
    /// A buffer that is written.
    type Write<T: Item>;
}

/// The same type for each buffer, however it is used: its number, or what a check expects of it.
#[derive(Debug)]
pub struct Each<I>(std::marker::PhantomData<I>);

impl<I> Family for Each<I> {
    type Read<T: Item> = I;
    type Write<T: Item> = I;
}

/// Slices of the buffers, for the twins.
#[derive(Debug)]
pub struct Views<'a>(std::marker::PhantomData<&'a ()>);

impl<'a> Family for Views<'a> {
    type Read<T: Item> = &'a [T];
    type Write<T: Item> = &'a mut [T];
}

/// Gives what stands for each buffer, in the shader's order.
pub trait Binder<F: Family> {
    /// The next buffer, which is only read.
    fn read<T: Item>(&mut self, name: &'static str) -> F::Read<T>;
    /// The next buffer, which is written.
    fn write<T: Item>(&mut self, name: &'static str) -> F::Write<T>;
}

/// An operation whose buffers have names.
pub trait Bind {
    /// The buffers.
    type Bindings<F: Family>;
    /// The buffers as `binder` gives them.
    fn bind<F: Family>(&self, binder: &mut impl Binder<F>) -> Self::Bindings<F>;
    /// What stands for the buffers, in the shader's order.
    fn list<I>(bindings: Self::Bindings<Each<I>>) -> Vec<I>;

    /// The same by their names.
    fn named<I>(&self, list: impl IntoIterator<Item = I>) -> Self::Bindings<Each<I>> {
        self.bind(&mut InOrder(list.into_iter()))
    }
}

/// What each of the buffers is.
pub(super) fn slots(operation: &impl Bind) -> Vec<Slot> {
    struct Slots(Vec<Slot>);
    impl Slots {
        fn push<T: Item>(&mut self, name: &'static str, access: Access) {
            let (element, components) = (T::ELEMENT, T::COMPONENTS);
            self.0.push(Slot { name, access, element, components });
        }
    }
    impl Binder<Each<()>> for Slots {
        fn read<T: Item>(&mut self, name: &'static str) {
            self.push::<T>(name, Access::Read);
        }
        fn write<T: Item>(&mut self, name: &'static str) {
            self.push::<T>(name, Access::ReadWrite);
        }
    }
    let mut slots = Slots(Vec::new());
    operation.bind(&mut slots);
    slots.0
}

/// Binds what an iterator gives, one after the other.
pub(crate) struct InOrder<I>(pub(crate) I);

impl<I: Iterator> InOrder<I> {
    /// The planner binds exactly the slots that the kernel names; anything else is our own bug.
    fn next(&mut self, name: &'static str) -> I::Item {
        match self.0.next() {
            Some(buffer) => buffer,
            None => panic!("no buffer is bound to `{name}`"),
        }
    }
}

impl<I: Iterator> Binder<Each<I::Item>> for InOrder<I> {
    fn read<T: Item>(&mut self, name: &'static str) -> I::Item {
        self.next(name)
    }

    fn write<T: Item>(&mut self, name: &'static str) -> I::Item {
        self.next(name)
    }
}

impl<'a> Binder<Views<'a>> for InOrder<std::slice::IterMut<'a, &mut [u32]>> {
    fn read<T: Item>(&mut self, name: &'static str) -> &'a [T] {
        let words: &[u32] = self.next(name);
        bytemuck::cast_slice(&words[..whole::<T>(words.len())])
    }

    fn write<T: Item>(&mut self, name: &'static str) -> &'a mut [T] {
        let words: &mut [u32] = self.next(name);
        let whole = whole::<T>(words.len());
        bytemuck::cast_slice_mut(&mut words[..whole])
    }
}

/// Words of whole items among so many.
const fn whole<T: Item>(words: usize) -> usize {
    words - words % T::COMPONENTS
}

/// Declares an operation's buffers in the shader's order: how each is used, its name in WGSL, the
/// type of its items and its shape. After them, where there are such, one that is bound on a
/// condition, and the tensors that an [`super::Update`] writes.
macro_rules! bindings {
    ($kernel:ident $(as $this:ident)? {
        $($access:ident $name:ident: $item:ty [$($shape:tt)*]),+ $(,)?
        $(; when($when:expr) $access_if:ident $name_if:ident: $item_if:ty [$($shape_if:tt)*])?
        $(; updated($update:expr))?
    }) => {
        #[doc = concat!("The buffers of a [`", stringify!($kernel), "`], in the shader's order.")]
        #[allow(missing_debug_implementations, reason = "it is what its fields are")]
        pub struct Bindings<F: $crate::kernels::Family> {
            $(
                #[doc = concat!("`[", stringify!($($shape)*), "]`")]
                pub $name: $crate::kernels::bindings::bindings!(@type F $access $item),
            )+
            $(
                #[doc = concat!("`[", stringify!($($shape_if)*), "]`, where it is used")]
                pub $name_if:
                    Option<$crate::kernels::bindings::bindings!(@type F $access_if $item_if)>,
            )?
            $(
                #[doc = concat!("What the update writes: ", stringify!($update))]
                pub updated: $crate::kernels::Updated<F>,
            )?
        }

        impl $crate::kernels::Bind for $kernel {
            type Bindings<F: $crate::kernels::Family> = Bindings<F>;

            fn bind<F: $crate::kernels::Family>(
                &self,
                binder: &mut impl $crate::kernels::Binder<F>,
            ) -> Bindings<F> {
                $(let $this = self;)?
                Bindings {
                    $($name: binder.$access::<$item>(stringify!($name)),)+
                    $($name_if: $when.then(|| binder.$access_if::<$item_if>(stringify!($name_if))),)?
                    $(updated: $crate::kernels::Updated::bind($update, binder),)?
                }
            }

            fn list<I>(bindings: Bindings<$crate::kernels::Each<I>>) -> Vec<I> {
                #[allow(unused_mut, reason = "some kernels bind no more than these")]
                let mut list = vec![$(bindings.$name),+];
                $(list.extend(bindings.$name_if);)?
                $(
                    let _ = stringify!($update);
                    list.extend(bindings.updated.list());
                )?
                list
            }
        }
    };
    (@type $family:ident read $item:ty) => { $family::Read<$item> };
    (@type $family:ident write $item:ty) => { $family::Write<$item> };
}
pub(crate) use bindings;
