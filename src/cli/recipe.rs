//! How a network learns, beyond network and optimizer: initial weights, the settings of a loss, what
//! is done against overfitting, the learning rate's course.

use clap::Args;
use halfplane::spec::{Clip, Decay};
use halfplane::{Error, Initialization, Loss, Optimizer, Regularization, Result, Schedule};

/// What can be typed of it.
#[derive(Debug, Args)]
pub(crate) struct Recipe {
    /// How the first weights are drawn: pytorch, xavier-uniform, xavier-normal, he-uniform,
    /// he-normal, lecun-uniform, lecun-normal, orthogonal or zeros [default: pytorch]
    #[arg(long, value_name = "NAME", conflicts_with = "init_from", help_heading = "Network")]
    init: Option<Initialization>,
    /// Where the huber loss turns from a parabola into lines; smooth-l1's beta [default: 1]
    #[arg(long, value_name = "SIZE", help_heading = "Loss")]
    delta: Option<f64>,
    /// How much less the focal loss counts what is right already [default: 2]
    #[arg(long, value_name = "POWER", help_heading = "Loss")]
    gamma: Option<f64>,
    /// The focal loss's weight of "yes", the rest being that of "no" [default: both weigh 1]
    #[arg(long, value_name = "SHARE", help_heading = "Loss")]
    alpha: Option<f64>,
    /// Spread this share of the truth evenly over all answers, for bce and cross-entropy
    /// [default: 0]
    #[arg(long, value_name = "SHARE", help_heading = "Loss")]
    label_smoothing: Option<f64>,

    /// Leave out this share of the hidden units in each step: one for all layers, or one for each
    /// [default: 0]
    #[arg(long, value_name = "P[,P…]", value_delimiter = ',', help_heading = "Regularization")]
    dropout: Vec<f64>,
    /// Add the slope of this times Σ|w| to the weights' gradients [default: 0]
    #[arg(long, value_name = "RATE", help_heading = "Regularization")]
    l1: Option<f64>,
    /// Add the slope of half of this times Σw² to the weights' gradients [default: 0]
    #[arg(long, value_name = "RATE", help_heading = "Regularization")]
    l2: Option<f64>,
    /// Keep every number of the gradients within ± this
    #[arg(
        long,
        value_name = "MOST",
        conflicts_with = "clip_norm",
        help_heading = "Regularization"
    )]
    clip_value: Option<f64>,
    /// Keep the norm of all gradients together at this or below
    #[arg(long, value_name = "MOST", help_heading = "Regularization")]
    clip_norm: Option<f64>,

    /// The learning rate's course: constant, step, exponential, cosine or one-cycle
    /// [default: constant]
    #[arg(long, value_name = "NAME", help_heading = "Schedule")]
    schedule: Option<Course>,
    /// Let the learning rate grow evenly over so many steps first [default: 0]
    #[arg(long, value_name = "STEPS", help_heading = "Schedule")]
    warmup: Option<u64>,
    /// Steps between two drops, for the step schedule
    #[arg(long, value_name = "STEPS", help_heading = "Schedule")]
    step_size: Option<u64>,
    /// What a drop leaves of the learning rate [default: 0.1], or a step of the exponential schedule
    #[arg(long, value_name = "FACTOR", help_heading = "Schedule")]
    decay: Option<f64>,
    /// The learning rate at the end of the cosine schedule [default: 0]
    #[arg(long, value_name = "RATE", help_heading = "Schedule")]
    final_lr: Option<f64>,
}

/// The courses of a learning rate; their settings come apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Course {
    Constant,
    Step,
    Exponential,
    Cosine,
    OneCycle,
}

impl Recipe {
    /// A loss with the settings that were typed.
    pub(super) fn loss(&self, loss: Option<Loss>) -> Result<Option<Loss>> {
        let settings = [
            ("delta", self.delta.is_some(), "huber"),
            ("gamma", self.gamma.is_some(), "focal"),
            ("alpha", self.alpha.is_some(), "focal"),
        ];
        let loss = match loss {
            Some(Loss::Huber { delta }) => Some(Loss::Huber { delta: self.delta.unwrap_or(delta) }),
            Some(Loss::SmoothL1 { beta }) => {
                Some(Loss::SmoothL1 { beta: self.delta.unwrap_or(beta) })
            }
            Some(Loss::Focal { gamma, alpha }) => Some(Loss::Focal {
                gamma: self.gamma.unwrap_or(gamma),
                alpha: self.alpha.or(alpha),
            }),
            other => other,
        };
        for (name, typed, of) in settings {
            let owner = match loss {
                Some(Loss::Huber { .. } | Loss::SmoothL1 { .. }) => "huber",
                Some(Loss::Focal { .. }) => "focal",
                _ => "",
            };
            if typed && owner != of {
                // scikit-learn's alpha is another one.
                let l2 = if name == "alpha" { "; for a penalty on weights, --l2" } else { "" };
                return Err(Error::Invalid {
                    problem: format!("{name} is a setting of the {of} loss"),
                    remedy: format!("add --loss {of}, or leave it out{l2}"),
                });
            }
        }
        Ok(loss)
    }

    /// How the first weights are drawn.
    pub(super) fn initialization(&self) -> Initialization {
        self.init.unwrap_or_default()
    }

    /// What is done against overfitting.
    pub(super) fn regularization(&self) -> Regularization {
        let clip = self.clip_value.map(Clip::Value).or(self.clip_norm.map(Clip::Norm));
        Regularization {
            label_smoothing: self.label_smoothing.unwrap_or(0.0),
            l1: self.l1.unwrap_or(0.0),
            l2: self.l2.unwrap_or(0.0),
            clip,
            dropout: self.dropout.clone(),
        }
    }

    /// The learning rate's course.
    pub(super) fn schedule(&self, optimizer: &Optimizer) -> Result<Schedule> {
        let course = self.schedule.unwrap_or(Course::Constant);
        let settings = [
            ("step-size", self.step_size.is_some(), "step", course == Course::Step),
            (
                "decay",
                self.decay.is_some(),
                "step or exponential",
                matches!(course, Course::Step | Course::Exponential),
            ),
            ("final-lr", self.final_lr.is_some(), "cosine", course == Course::Cosine),
        ];
        for (name, typed, of, owned) in settings {
            if typed && !owned {
                return Err(Error::Invalid {
                    problem: format!("{name} is a setting of the {of} schedule"),
                    remedy: format!("add --schedule {of}, or leave it out"),
                });
            }
        }
        let needs = |what: &str, example: &str| Error::Invalid {
            problem: format!("the schedule needs a {what}"),
            remedy: format!("add --{what}, such as {example}"),
        };
        let decay = match course {
            Course::Constant => Decay::Constant,
            Course::Step => {
                let every = self.step_size.ok_or_else(|| needs("step-size", "1000"))?;
                Decay::Step { every, factor: self.decay.unwrap_or(0.1) }
            }
            Course::Exponential => {
                let factor = self.decay.ok_or_else(|| needs("decay", "0.9999"))?;
                Decay::Exponential { factor }
            }
            Course::Cosine => {
                Decay::Cosine { floor: self.final_lr.map_or(0.0, |lr| lr / optimizer.lr()) }
            }
            Course::OneCycle => Decay::one_cycle(),
        };
        Ok(Schedule { warmup: self.warmup.unwrap_or(0), decay })
    }
}
