//! What to train.

mod initial;
