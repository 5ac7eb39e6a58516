//! Checks a device: every kernel at ragged sizes, on the device and on its naive twin, compared.
//!
//! A check fills the kernel's buffers with random numbers, and everything that the kernel must
//! leave alone with a sentinel: read, it spoils a sum; written over, it is missed. Must not know:
//! data, training, how a device works.

mod case;
mod cases;
mod compare;
mod random;
mod run;
mod trial;

use crate::Result;
use crate::backend::Device;
use crate::kernels::{FusedGradient, Operation, pipeline_key};

pub use case::Case;
pub use cases::cases;

/// What came of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The kernel's stem.
    pub kernel: &'static str,
    /// Shape and variant, for people.
    pub case: String,
    /// The largest error, in rounding steps of float32 (2⁻²³) relative to the terms that the
    /// number was made of; infinite where it is not a number or where bits had to be equal.
    pub worst: f32,
    /// The largest error that is allowed, in the same unit.
    pub tolerance: f32,
    /// The worst of what is wrong, for people; nothing where the check passed.
    pub fault: Option<String>,
}

impl Check {
    /// Whether the device did as the twin does.
    pub fn passed(&self) -> bool {
        self.fault.is_none()
    }
}

/// What an observer of [`check_kernels`] is told.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// So many cases of a kernel are about to be run: what is printed now names the kernel, should the
    /// driver crash.
    Begins {
        /// The kernel's stem.
        kernel: &'static str,
        /// Its cases.
        cases: usize,
    },
    /// They have been run.
    Ended(&'a [Check]),
}

/// Pipelines that are there at once, about: some drivers take hundreds of megabytes for one.
const PIPELINES: usize = 4;

/// Runs every case on a device, kernel by kernel, but for tiles that need more than it grants.
///
/// # Errors
/// [`crate::Error::Device`] where the device fails outright; a wrong number is no error but a
/// [`Check`] that has not passed.
pub async fn check_kernels(
    device: &dyn Device,
    mut observer: impl FnMut(Progress<'_>),
) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    let limits = device.limits();
    let granted = |case: &Case| match case.operation() {
        Operation::FusedGradient(FusedGradient { tiling: Some(tiling), .. }) => {
            limits.runs_fused(*tiling)
        }
        operation => operation.tiling().is_none_or(|tiling| limits.runs(tiling)),
    };
    let cases: Vec<Case> = cases().into_iter().filter(granted).collect();
    for group in cases.chunk_by(|a, b| a.kernel() == b.kernel()) {
        observer(Progress::Begins { kernel: group[0].kernel(), cases: group.len() });
        let first = checks.len();
        for cases in by_pipelines(group) {
            checks.extend(run::check(device, cases).await?);
            device.release();
        }
        observer(Progress::Ended(&checks[first..]));
    }
    Ok(checks)
}

/// Cases in pieces, in order, each with a few pipelines.
fn by_pipelines(cases: &[Case]) -> Vec<&[Case]> {
    let (mut pieces, mut rest) = (Vec::new(), cases);
    while !rest.is_empty() {
        let mut pipelines = Vec::new();
        let fits = |case: &&Case| {
            let pipeline = pipeline_key(case.operation().kernel());
            if !pipelines.contains(&pipeline) {
                pipelines.push(pipeline);
            }
            pipelines.len() <= PIPELINES
        };
        let (piece, after) = rest.split_at(rest.iter().take_while(fits).count());
        pieces.push(piece);
        rest = after;
    }
    pieces
}
