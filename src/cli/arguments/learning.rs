//! How a network learns, beyond network and optimizer: initial weights and settings of the loss,
//! regularization, the schedule of the learning rate.

use clap::Args;
use halfplane::spec::{Clip, Decay};
use halfplane::{Error, Initialization, Loss, Optimizer, Regularization, Result, Schedule};

/// Initial weights and settings of the loss.
#[derive(Debug, Args)]
pub(crate) struct LossArguments {
    /// How to draw the initial weights: pytorch, xavier-uniform, xavier-normal, he-uniform,
    /// he-normal, lecun-uniform, lecun-normal, orthogonal or zeros
    #[arg(long, value_name = "NAME", conflicts_with = "init_from", help_heading = "Network")]
    init: Option<Initialization>,
    /// Error at which the huber loss goes over from squared to absolute; smooth-l1's beta
    #[arg(long, value_name = "SIZE", help_heading = "Loss")]
    delta: Option<f64>,
    /// Focusing parameter of the focal loss: how much less it counts what is right already
    #[arg(long, value_name = "POWER", help_heading = "Loss")]
    gamma: Option<f64>,
    /// Weight of the positive class in the focal loss, that of the negative class being 1 − alpha
    #[arg(long, value_name = "SHARE", help_heading = "Loss")]
    alpha: Option<f64>,
}

/// Regularization.
#[derive(Debug, Args)]
#[command(next_help_heading = "Regularization")]
pub(crate) struct RegularizationArguments {
    /// Label smoothing, for bce and cross-entropy
    #[arg(long, value_name = "SHARE", help_heading = "Loss")]
    label_smoothing: Option<f64>,
    /// Dropout probability of the hidden layers: one for all, or one for each
    #[arg(long, value_name = "P[,P…]", value_delimiter = ',')]
    dropout: Vec<f64>,
    /// L1 penalty: adds the gradient of this times Σ|w|; the printed loss leaves it out
    #[arg(long, value_name = "RATE")]
    l1: Option<f64>,
    /// L2 penalty: adds the gradient of half of this times Σw²; the printed loss leaves it out
    #[arg(long, value_name = "RATE")]
    l2: Option<f64>,
    /// Clip each element of the gradients to ± this (torch.nn.utils.clip_grad_value_)
    #[arg(long, value_name = "MOST", conflicts_with = "clip_norm")]
    clip_value: Option<f64>,
    /// Clip the norm of all gradients together to this (torch.nn.utils.clip_grad_norm_)
    #[arg(long, value_name = "MOST")]
    clip_norm: Option<f64>,
}

/// The schedule of the learning rate.
#[derive(Debug, Args)]
#[command(next_help_heading = "Schedule")]
pub(crate) struct ScheduleArguments {
    /// Learning rate schedule: constant, step, exponential, cosine or one-cycle
    #[arg(long, value_name = "NAME")]
    schedule: Option<ScheduleName>,
    /// Increase the learning rate linearly over this many steps first
    #[arg(long, value_name = "STEPS")]
    warmup: Option<u64>,
    /// Steps between two drops, for the step schedule
    #[arg(long, value_name = "STEPS")]
    step_size: Option<u64>,
    /// Factor of the learning rate at each drop of the step schedule, or at each step of the
    /// exponential one
    #[arg(long, value_name = "FACTOR")]
    decay: Option<f64>,
    /// Learning rate at the end of the cosine schedule
    #[arg(long, value_name = "RATE")]
    final_lr: Option<f64>,
}

/// Which schedule; its settings are arguments of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ScheduleName {
    Constant,
    Step,
    Exponential,
    Cosine,
    OneCycle,
}

impl LossArguments {
    /// A loss with the settings that were typed.
    pub(crate) fn loss(&self, loss: Option<Loss>) -> Result<Option<Loss>> {
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
                    remedy: format!("add --loss {of}, or leave it out{l2}").into(),
                });
            }
        }
        Ok(loss)
    }

    /// How the initial weights are drawn.
    pub(crate) fn initialization(&self) -> Initialization {
        self.init.unwrap_or_default()
    }
}

impl RegularizationArguments {
    /// What was typed.
    pub(crate) fn regularization(&self) -> Regularization {
        let clip = self.clip_value.map(Clip::Value).or(self.clip_norm.map(Clip::Norm));
        let unset = Regularization::default();
        Regularization {
            label_smoothing: self.label_smoothing.unwrap_or(unset.label_smoothing),
            l1: self.l1.unwrap_or(unset.l1),
            l2: self.l2.unwrap_or(unset.l2),
            clip,
            dropout: self.dropout.clone(),
        }
    }
}

impl ScheduleArguments {
    /// The schedule with the settings that were typed.
    pub(crate) fn schedule(&self, optimizer: &Optimizer) -> Result<Schedule> {
        let name = self.schedule.unwrap_or(ScheduleName::Constant);
        let settings = [
            ("step-size", self.step_size.is_some(), "step", name == ScheduleName::Step),
            (
                "decay",
                self.decay.is_some(),
                "step or exponential",
                matches!(name, ScheduleName::Step | ScheduleName::Exponential),
            ),
            ("final-lr", self.final_lr.is_some(), "cosine", name == ScheduleName::Cosine),
        ];
        for (setting, typed, of, owned) in settings {
            if typed && !owned {
                return Err(Error::Invalid {
                    problem: format!("{setting} is a setting of the {of} schedule"),
                    remedy: format!("add --schedule {of}, or leave it out").into(),
                });
            }
        }
        let needs = |what: &str, example: &str| Error::Invalid {
            problem: format!("the schedule needs a {what}"),
            remedy: format!("add --{what}, such as {example}").into(),
        };
        let decay = match name {
            ScheduleName::Constant => Decay::Constant,
            ScheduleName::Step => {
                let every = self.step_size.ok_or_else(|| needs("step-size", "1000"))?;
                match (Decay::step(every), self.decay) {
                    (Decay::Step { every, .. }, Some(factor)) => Decay::Step { every, factor },
                    (unset, _) => unset,
                }
            }
            ScheduleName::Exponential => {
                let factor = self.decay.ok_or_else(|| needs("decay", "0.9999"))?;
                Decay::Exponential { factor }
            }
            ScheduleName::Cosine => {
                Decay::Cosine { floor: self.final_lr.map_or(0.0, |lr| lr / optimizer.lr()) }
            }
            ScheduleName::OneCycle => Decay::one_cycle(),
        };
        Ok(Schedule { warmup: self.warmup.unwrap_or(0), decay })
    }
}
