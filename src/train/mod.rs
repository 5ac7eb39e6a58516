//! The training loop: a session trains one network or many, the run of each going through batches
//! and epochs to its end.
//!
//! Works on any [`crate::backend::Backend`]. Must not know: which one it has.

mod batch_sampler;
mod callback;
mod checkpoint;
mod early_stopping;
mod epoch_losses;
mod event;
mod event_emitter;
mod executor;
mod fallback;
#[cfg(not(target_arch = "wasm32"))]
mod grid;
mod interval;
mod members;
mod options;
mod plateau;
mod prepare;
mod run;
mod session;
mod side_by_side;
mod snapshot;
mod stream;
#[cfg(not(target_arch = "wasm32"))]
mod trainer;
mod transfer;

pub use callback::{Callback, Silent};
pub use checkpoint::{Checkpoint, CheckpointOptions, Checkpoints, Latest, Notes};
pub use early_stopping::{EarlyStopping, Keep};
pub use event::{Best, Ended, Evaluation, Event, Summary};
#[cfg(not(target_arch = "wasm32"))]
pub use grid::{Grid, Trained};
pub use interval::Interval;
pub use members::Candidate;
pub use options::TrainOptions;
pub use plateau::ReduceOnPlateau;
pub use prepare::{TrainingData, plan_for};
pub use session::{Budget, OptimizerState, Session, Status};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use side_by_side::plan_of_all;
pub(crate) use side_by_side::{Trainee, candidates};
#[cfg(not(target_arch = "wasm32"))]
pub use trainer::Trainer;
