//! Each operation: its shader, its naive twin and its derivative.

mod gradients;
mod shaders;
mod spoiled;
mod twins;
