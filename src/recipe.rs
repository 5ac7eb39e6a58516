//! Every default that depends on the data: a network, an optimizer, a batch size and a length that
//! are a good start for it. What does not depend on it stands in [`TrainOptions::default`].
//!
//! Must not know: who overrides it.

use crate::data::Dataset;
use crate::spec::{Activation, BatchSize, Length, Loss, Network, Optimizer};
use crate::train::{EarlyStopping, TrainOptions};

/// A network and options that are a good start for a data set, to be changed at will.
///
/// ```
/// use halfplane::{Dataset, Recipe, Trainer};
///
/// # fn main() -> halfplane::Result<()> {
/// let data = Dataset::xor();
/// let Recipe { network, options, .. } = Recipe::for_data(&data);
/// let mut trainer = Trainer::new(&network, &data, options)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The network: inputs, outputs and the output's function are those that the data needs.
    pub network: Network,
    /// How to train it.
    pub options: TrainOptions,
    /// Rows of the data.
    rows: usize,
    /// The learning rate of plain gradient descent.
    sgd_lr: f64,
}

impl Recipe {
    /// Units of the hidden layers, as scikit-learn's `MLPClassifier` has them.
    pub const HIDDEN: &'static [usize] = &[100];

    /// The learning rate where the optimizer is SGD.
    pub const SGD_LR: f64 = 0.01;

    /// From so many training rows on batches are larger: [`Recipe::MANY_ROWS_BATCH`].
    pub const MANY_ROWS: usize = 10_000;

    /// The batch size for many rows. Images learn better with it in the same number of epochs
    /// (Fashion-MNIST: 89.4 % instead of 88.5 % with batches of 32), in less than half the time.
    pub const MANY_ROWS_BATCH: BatchSize = BatchSize::Rows(128);

    /// What a search with an optimizer, by its name, tries where nothing else is said: layers and units,
    /// learning rate, decay and dropout, each as it would be typed.
    pub fn space(optimizer: &str) -> [(&'static str, &'static str); 4] {
        let rates = if optimizer == "sgd" { "3e-3..1" } else { "3e-4..3e-2" };
        [
            ("hidden", "taper:1..3x8..256"),
            ("lr", rates),
            ("weight-decay", "1e-5..1e-1"),
            ("dropout", "0..0.5"),
        ]
    }

    /// Folds that a table's rows are dealt out to: a network is trained for each.
    pub const FOLDS: usize = 5;

    /// Epochs without an improvement on the fold after which its network stops, or more where the rows
    /// are few.
    pub const PATIENCE: u64 = 40;

    /// The patience in steps, at least.
    pub const PATIENT_STEPS: u64 = 200;

    /// The learning rate of Adam for networks that are stopped early: they come sooner to where they
    /// stop, and the mean of several is no worse for it.
    pub const STOPPED_EARLY_LR: f64 = 0.003;

    /// How many times the epochs of a training without a validation set one may last that is stopped
    /// early.
    pub const LONGER: u64 = 4;

    /// Operations of a training from which on one network is trained, with a tenth of the rows set
    /// apart, instead of one for each fold: about ten seconds of two processor cores.
    pub const LONG: f64 = 1e12;

    /// The fraction of the rows that is then set apart.
    pub const SET_APART: f64 = 0.1;

    /// Few rows are trained on for more epochs, so that there are at least so many steps: after 50
    /// epochs of three batches each the weights have hardly begun to move.
    pub const LEAST_STEPS: u64 = 500;

    /// The recipe for a data set. A copy of [`Dataset::xor`] gets the network and settings of the
    /// classic demonstration: 2-2-1, sigmoid, full batches, SGD with learning rate 1.
    pub fn for_data(data: &Dataset) -> Self {
        let (rows, output) = (data.rows(), data.task().into());
        let network =
            |hidden| Network::new(data.inputs(), hidden, data.outputs()).with_output(output);
        let options = TrainOptions::default();
        if *data == Dataset::xor() {
            return Self {
                network: network(&[2]).with_activation(Activation::Sigmoid),
                options: TrainOptions {
                    optimizer: Optimizer::sgd(1.0),
                    batch_size: BatchSize::Full,
                    length: Length::Steps(10_001),
                    ..options
                },
                rows,
                sgd_lr: 1.0,
            };
        }
        let batch_size =
            if rows >= Self::MANY_ROWS { Self::MANY_ROWS_BATCH } else { options.batch_size };
        let network = network(Self::HIDDEN);
        Self { network, options, rows, sgd_lr: Self::SGD_LR }.with_batch_size(batch_size)
    }

    /// The same with another batch size, and as many epochs as go with it.
    #[must_use]
    pub fn with_batch_size(mut self, batch_size: BatchSize) -> Self {
        self.options.batch_size = batch_size;
        if let (Length::Epochs(_), Length::Epochs(epochs)) =
            (self.options.length, TrainOptions::default().length)
        {
            let per_epoch = self.rows.div_ceil(batch_size.of(self.rows).max(1)).max(1) as u64;
            let least = Self::LEAST_STEPS.div_ceil(per_epoch);
            self.options.length = Length::Epochs(epochs.max(least));
        }
        self
    }

    /// The same for a training that is stopped early by rows set apart: it may last longer, and its
    /// steps are larger.
    #[must_use]
    pub fn stopped_early(mut self) -> Self {
        let batch = self.options.batch_size.of(self.rows).max(1);
        let per_epoch = self.rows.div_ceil(batch).max(1) as u64;
        let patience = Self::PATIENCE.max(Self::PATIENT_STEPS.div_ceil(per_epoch));
        self.options.early_stopping = Some(EarlyStopping::after(patience));
        if matches!(self.options.optimizer, Optimizer::Adam(_)) {
            self.options.optimizer = self.options.optimizer.with_lr(Self::STOPPED_EARLY_LR);
        }
        if let Length::Epochs(epochs) = self.options.length {
            self.options.length = Length::Epochs(epochs * Self::LONGER);
        }
        self
    }

    /// Whether training a network so for each fold would take long.
    pub fn is_long(network: &Network, options: &TrainOptions, rows: usize) -> bool {
        let batch = options.batch_size.of(rows).max(1);
        let steps = options.length.steps(rows.div_ceil(batch) as u64) as f64;
        // Twice the forward pass for the gradients.
        3.0 * steps * batch as f64 * network.flops_forward() as f64 > Self::LONG
    }

    /// SGD with the learning rate that goes with the data.
    pub const fn sgd(&self) -> Optimizer {
        Optimizer::sgd(self.sgd_lr)
    }

    /// Adam with its default learning rate.
    pub fn adam() -> Optimizer {
        Optimizer::adam(TrainOptions::default().optimizer.lr())
    }

    /// AdamW with its default learning rate.
    pub fn adamw() -> Optimizer {
        Optimizer::adamw(TrainOptions::default().optimizer.lr())
    }

    /// The loss: that of the options or, by default, the one that goes with the network's output.
    pub fn loss(&self) -> Loss {
        self.options.loss.unwrap_or(Loss::default_for(self.network.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Targets, Task};
    use crate::spec::Output;

    fn table(rows: usize) -> Dataset {
        let targets = Targets::Numbers { values: vec![0.5; rows], columns: 1 };
        Dataset::new(1, vec![0.0; rows], targets).expect("it is a table")
    }

    #[test]
    fn batch_and_length_follow_the_rows() {
        let of = |recipe: &Recipe| (recipe.options.batch_size, recipe.options.length);
        // 3 batches in an epoch: 167 epochs are 501 steps.
        let few = Recipe::for_data(&table(96));
        assert_eq!(of(&few), (BatchSize::Rows(32), Length::Epochs(167)));
        assert_eq!(of(&few.with_batch_size(BatchSize::Full)).1, Length::Epochs(500));
        let some = Recipe::for_data(&table(9_999));
        assert_eq!(of(&some), (BatchSize::Rows(32), Length::Epochs(50)));
        let many = Recipe::for_data(&table(10_000));
        assert_eq!(of(&many), (BatchSize::Rows(128), Length::Epochs(50)));
    }

    #[test]
    fn the_network_fits_the_data() {
        let Recipe { network, .. } = Recipe::for_data(&table(5));
        assert_eq!((network.widths(), network.output), (vec![1, 100, 1], Output::Identity));
        assert_eq!(network.activation, Activation::default());
        let classes = Targets::Classes { values: vec![0, 1, 2], count: 3 };
        let data = Dataset::new(2, vec![0.0; 6], classes).expect("it is a table");
        let recipe = Recipe::for_data(&data);
        assert_eq!(data.task(), Task::Multiclass);
        assert_eq!((recipe.network.outputs, recipe.loss()), (3, Loss::CrossEntropy));
    }

    #[test]
    fn xor_is_the_classic() {
        let recipe = Recipe::for_data(&Dataset::xor());
        assert_eq!(recipe.network.widths(), [2, 2, 1]);
        assert_eq!(recipe.options.optimizer, recipe.sgd());
        assert_eq!(
            recipe.with_batch_size(BatchSize::Rows(1)).options.length,
            Length::Steps(10_001)
        );
    }
}
