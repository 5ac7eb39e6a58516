//! Choosing among networks: many are trained, each on rows of its own, and scored on rows that it
//! has not seen.
//!
//! Must not know: how candidates are proposed, files, who shows what comes of it.

mod cross_validate;
mod cross_validation_session;
mod curve;
#[cfg(not(target_arch = "wasm32"))]
mod ensemble;
#[cfg(not(target_arch = "wasm32"))]
mod fit;
mod job;
mod outcome;
mod pack;
mod session;
mod training;

pub use cross_validate::{CrossValidation, FoldScore, Held, mean_and_error, summarize};
#[cfg(not(target_arch = "wasm32"))]
pub use cross_validate::{cross_validate, cross_validate_in_turn};
pub(crate) use cross_validate::{scores_of, undefined};
pub use cross_validation_session::CrossValidationSession;
pub(crate) use curve::score_of;
pub use curve::{CurvePoint, MeanCurve};
#[cfg(not(target_arch = "wasm32"))]
pub use ensemble::{EnsembleOptions, train_folds};
#[cfg(not(target_arch = "wasm32"))]
pub use fit::{FitPlan, Listener, fit_all, fit_each, fit_each_told, plan_all};
pub use job::{FitOptions, Job, Wanted};
pub use outcome::{EpochScores, Fit, Outcome};
pub use session::FitSession;
