//! What tells data sets apart, and divisions into folds.

use xxhash_rust::xxh3::Xxh3;

use crate::data::{Dataset, Fold};

/// What tells one data set from another.
pub fn fingerprint(data: &Dataset) -> String {
    let mut hash = Xxh3::new();
    add(&mut hash, data);
    format!("{:032x}", hash.digest128())
}

fn add(hash: &mut Xxh3, data: &Dataset) {
    hash.update(bytemuck::cast_slice(data.features()));
    hash.update(bytemuck::cast_slice(data.targets().words()));
    hash.update(bytemuck::cast_slice(data.weights().unwrap_or_default()));
}

/// The fingerprint of all rows of the folds, and that of how they are dealt out.
pub(super) fn fingerprints(folds: &[Fold]) -> (String, String) {
    let (mut data, mut rows) = (Xxh3::new(), Xxh3::new());
    for fold in folds {
        add(&mut data, &fold.training);
        add(&mut data, &fold.validation);
        rows.update(&(fold.rows.len() as u64).to_le_bytes());
        fold.rows.iter().for_each(|row| rows.update(&(*row as u64).to_le_bytes()));
    }
    (format!("{:032x}", data.digest128()), format!("{:016x}", rows.digest()))
}
