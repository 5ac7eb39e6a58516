//! Samples of points in the plane, drawn as the text of a table: from then on they are what any other
//! file is, and can be taken along as one.

use std::f64::consts::{PI, TAU};
use std::fmt::Write as _;

/// A data set that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A disc within a ring.
    Circles,
    /// Two half circles that interlock.
    Moons,
    /// Two arms that wind around each other.
    Spiral,
    /// Three clouds.
    Gaussians,
    /// The squares of a chess board.
    Board,
    /// A surface of hills and valleys: numbers to be predicted, not classes.
    Hills,
}

/// The column of a sample that is predicted.
pub(crate) const TARGET: &str = "y";

impl Sample {
    /// The rows as comma-separated text with a header, the same for the same seed.
    pub(crate) fn text(self, points: usize, noise: f64, seed: u64) -> String {
        let mut random = Random(seed ^ 0x9e37_79b9_7f4a_7c15);
        let mut text = format!("x1,x2,{TARGET}\n");
        for number in 0..points {
            let ([x, y], target) = self.point(number, points, &mut random);
            let (dx, dy) = (random.normal(), random.normal());
            let strays = 0.5 * noise;
            let (x, y) = ((x + strays * dx) as f32, (y + strays * dy) as f32);
            let _ = writeln!(text, "{x},{y},{target}");
        }
        text
    }

    /// A point before it strays, in about ±1, and its class or number.
    fn point(self, number: usize, points: usize, random: &mut Random) -> ([f64; 2], f32) {
        let class = number % 2;
        let share = (number / 2) as f64 / (points / 2).max(1) as f64;
        match self {
            Self::Circles => {
                let radius = if class == 1 {
                    0.5 * random.unit().sqrt()
                } else {
                    0.75 + 0.2 * random.unit()
                };
                let angle = TAU * random.unit();
                ([radius * angle.cos(), radius * angle.sin()], class as f32)
            }
            Self::Moons => {
                let angle = PI * share;
                let [x, y] = match class {
                    0 => [angle.cos() - 0.5, angle.sin() - 0.25],
                    _ => [0.5 - angle.cos(), 0.25 - angle.sin()],
                };
                ([0.65 * x, 0.65 * y], class as f32)
            }
            Self::Spiral => {
                let angle = 1.75 * TAU * share.sqrt() + PI * class as f64;
                let radius = 0.05 + 0.95 * share.sqrt();
                ([radius * angle.cos(), radius * angle.sin()], class as f32)
            }
            Self::Gaussians => {
                let class = number % 3;
                let angle = TAU * class as f64 / 3.0 + PI / 2.0;
                let [x, y] = [random.normal(), random.normal()];
                ([0.6 * angle.cos() + 0.16 * x, 0.6 * angle.sin() + 0.16 * y], class as f32)
            }
            Self::Board => {
                let [x, y] = [2.0 * random.unit() - 1.0, 2.0 * random.unit() - 1.0];
                let square = |value: f64| (2.0 * (value + 1.0)) as i32;
                ([x, y], ((square(x) + square(y)) % 2) as f32)
            }
            Self::Hills => {
                let [x, y] = [2.0 * random.unit() - 1.0, 2.0 * random.unit() - 1.0];
                let height = (3.0 * x).sin() * (2.5 * y).cos() + 0.5 * x * y;
                ([x, y], height as f32)
            }
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// With mean 0 and deviation 1 (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }
}
