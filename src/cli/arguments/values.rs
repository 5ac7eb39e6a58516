//! Values that can be typed, and that no type of the library parses.

use halfplane::Result;

/// A named choice, or `auto`, which leaves it to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AutoOr<T> {
    Auto,
    This(T),
}

impl<T: Copy> AutoOr<T> {
    /// The choice, if one was made.
    pub(crate) fn chosen(this: Option<Self>) -> Option<T> {
        match this {
            Some(Self::This(value)) => Some(value),
            Some(Self::Auto) | None => None,
        }
    }
}

pub(super) fn auto_or<T: std::str::FromStr<Err = halfplane::Error>>(
    word: &str,
) -> Result<AutoOr<T>> {
    match word {
        "auto" => Ok(AutoOr::Auto),
        _ => word.parse().map(AutoOr::This),
    }
}

/// The units of the hidden layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    Units(Vec<usize>),
    /// Whatever is best on the folds.
    Auto,
}

impl Hidden {
    /// The units of each layer, where they were named.
    pub(crate) fn units(&self) -> Option<&[usize]> {
        match self {
            Self::Units(units) => Some(units),
            Self::Auto => None,
        }
    }
}

impl std::str::FromStr for Hidden {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "none" => return Ok(Self::Units(Vec::new())),
            "auto" => return Ok(Self::Auto),
            _ => {}
        }
        word.split(',')
            .map(|part| match part.trim().parse() {
                Ok(0) => {
                    Err("a layer of 0 units; give it at least one, or `none` for no hidden layer"
                        .to_owned())
                }
                Ok(units) => Ok(units),
                Err(_) => Err(format!(
                    "`{part}` is no number of units; use a list such as 64,32, or none, or auto"
                )),
            })
            .collect::<Result<_, _>>()
            .map(Self::Units)
    }
}

/// Which defaults hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RecipeName {
    Default,
    Plain,
}

/// Which optimizer; its settings are arguments of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OptimizerName {
    Sgd,
    Adam,
    Adamw,
}
