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

/// The same of all rows of the folds.
pub(super) fn of_data(folds: &[Fold]) -> String {
    let mut hash = Xxh3::new();
    for fold in folds {
        add(&mut hash, &fold.training);
        add(&mut hash, &fold.validation);
    }
    format!("{:032x}", hash.digest128())
}

/// What tells one division into folds from another.
pub(super) fn of_division(folds: &[Fold]) -> String {
    let mut hash = Xxh3::new();
    for fold in folds {
        hash.update(&(fold.rows.len() as u64).to_le_bytes());
        fold.rows.iter().for_each(|row| hash.update(&(*row as u64).to_le_bytes()));
    }
    format!("{:016x}", hash.digest())
}
