//! Threads, where there are such: a page in a browser has one.

use super::{MaybeSend, MaybeSync};

/// What a function makes of each item, in order: on all threads.
#[cfg(not(target_arch = "wasm32"))]
pub fn map<T: MaybeSend, U: MaybeSend>(
    items: impl IntoIterator<Item = T>,
    make: impl Fn(T) -> U + MaybeSend + MaybeSync,
) -> Vec<U> {
    use rayon::prelude::*;

    items.into_iter().collect::<Vec<T>>().into_par_iter().map(make).collect()
}

/// What a function makes of each item, in order.
#[cfg(target_arch = "wasm32")]
pub fn map<T: MaybeSend, U: MaybeSend>(
    items: impl IntoIterator<Item = T>,
    make: impl Fn(T) -> U + MaybeSend + MaybeSync,
) -> Vec<U> {
    items.into_iter().map(make).collect()
}
