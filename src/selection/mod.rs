//! Choosing among networks: many are trained, each on rows of its own, and scored on rows that it
//! has not seen.
//!
//! Must not know: how candidates are proposed, files, who shows what comes of it.

mod cross_validate;
mod curve;
mod ensemble;
mod fit;
mod outcome;

pub use cross_validate::{
    CrossValidation, FoldScore, Held, cross_validate, mean_and_error, summarize,
};
pub(crate) use cross_validate::{scores_of, undefined};
pub(crate) use curve::score_of;
pub use curve::{CurvePoint, MeanCurve};
pub use ensemble::{EnsembleOptions, train_folds};
pub use fit::{FitOptions, Job, Listener, Wanted, fit_all, fit_each, fit_each_told};
pub use outcome::{EpochScores, Fit, Outcome};
