//! Which jobs are trained side by side, in one dispatch graph on one device.

use std::collections::BTreeMap;

use super::Job;
use crate::plan::{DeviceKind, Limits};
use crate::train::Trainee;
use crate::{Error, Result};

impl Job {
    /// As the training room takes it.
    pub(super) fn trainee(&self) -> Trainee<'_> {
        Trainee { network: &self.network, data: &self.data, options: &self.options }
    }

    /// What it must have in common with jobs that it is trained beside; `None` for what goes on from a
    /// checkpoint or has what only a network alone can have.
    fn common(&self, limits: &Limits) -> Option<String> {
        if self.resumed.is_some() { None } else { self.trainee().common(limits) }
    }
}

/// The two parts in which a pack is tried that cannot be planned as a whole.
///
/// # Errors
/// The one that was met, where it is not about too many networks together.
pub(super) fn halves(pack: &[usize], error: Error) -> Result<[Vec<usize>; 2]> {
    match error {
        Error::TooLarge { .. } | Error::Invalid { .. } if pack.len() > 1 => {
            let (first, rest) = pack.split_at(pack.len() / 2);
            Ok([first.to_vec(), rest.to_vec()])
        }
        error => Err(error),
    }
}

/// Packs the jobs with these numbers, in their order: those that are sooner done side by side go together, each
/// other one alone. On the CPU path all are alone.
pub(super) fn packs(jobs: &[Job], order: &[usize], limits: &Limits) -> Vec<Vec<usize>> {
    if limits.kind == DeviceKind::Cpu {
        return order.iter().map(|&own| vec![own]).collect();
    }
    let common: Vec<Option<String>> = order.iter().map(|&own| jobs[own].common(limits)).collect();
    let mut counts = BTreeMap::<&str, usize>::new();
    for own in common.iter().flatten() {
        *counts.entry(own).or_default() += 1;
    }
    let mut place = BTreeMap::<&str, usize>::new();
    let mut packs: Vec<Vec<usize>> = Vec::new();
    for (&number, common) in order.iter().zip(&common) {
        let common =
            common.as_deref().filter(|own| jobs[number].trainee().pays(counts[own], limits));
        match common.and_then(|own| place.get(own)) {
            Some(&place) => packs[place].push(number),
            None => {
                if let Some(own) = common {
                    place.insert(own, packs.len());
                }
                packs.push(vec![number]);
            }
        }
    }
    packs
}
