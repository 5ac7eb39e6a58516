//! Initial weights, by the functions of `torch.nn.init`.

use rand_mt::Mt;

use super::{Layer, LayerParameters, Network, Parameters, named};

/// The distribution of the initial weights, with I the inputs of a layer and O its outputs. All but
/// [`Self::Pytorch`] set the biases to 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initialization {
    /// The default of `torch.nn.Linear`: weights and biases uniform in ±1/√I.
    #[default]
    Pytorch,
    /// `xavier_uniform_` (Glorot & Bengio 2010): uniform in ±√(6/(I+O)), for sigmoid and tanh.
    XavierUniform,
    /// `xavier_normal_`: normal with the variance 2/(I+O).
    XavierNormal,
    /// `kaiming_uniform_` for ReLU (He et al. 2015): uniform in ±√(6/I).
    HeUniform,
    /// `kaiming_normal_` for ReLU: normal with the variance 2/I.
    HeNormal,
    /// `kaiming_uniform_` with `nonlinearity="linear"` (LeCun et al. 1998): uniform in ±√(3/I).
    LecunUniform,
    /// `kaiming_normal_` with `nonlinearity="linear"`: normal with the variance 1/I.
    LecunNormal,
    /// `orthogonal_` (Saxe et al. 2013): the rows are orthonormal, or the columns where O > I.
    Orthogonal,
    /// `zeros_`: only for networks without hidden layers, since the units of a hidden layer would
    /// stay equal.
    Zeros,
}

named!(Initialization, "initialization", {
    Pytorch => "pytorch",
    XavierUniform => "xavier-uniform",
    XavierNormal => "xavier-normal",
    HeUniform => "he-uniform",
    HeNormal => "he-normal",
    LecunUniform => "lecun-uniform",
    LecunNormal => "lecun-normal",
    Orthogonal => "orthogonal",
    Zeros => "zeros",
});

impl Parameters {
    /// The initial weights that PyTorch draws on the CPU after `torch.manual_seed(seed)`, when the
    /// function of `torch.nn.init` is applied to each layer's weight, first to last.
    ///
    /// Uniform weights equal PyTorch's bit by bit; normal and orthogonal ones differ by the
    /// rounding of logarithm and sine, about 10⁻⁶.
    pub fn initial(network: &Network, initialization: Initialization, seed: u64) -> Self {
        if initialization == Initialization::Pytorch {
            return Self::pytorch(network, seed);
        }
        let mut generator = TorchGenerator::new(seed);
        let of_layer = |layer: &Layer| LayerParameters {
            weight: initialization.weight(*layer, &mut generator),
            bias: vec![0.0; layer.outputs],
        };
        Self::with_norms(network, network.layers().iter().map(of_layer).collect())
    }
}

impl Initialization {
    /// W\[O,I\]
    fn weight(self, layer: Layer, generator: &mut TorchGenerator) -> Vec<f32> {
        let count = layer.inputs * layer.outputs;
        let (inputs, both) = (layer.inputs as f64, (layer.inputs + layer.outputs) as f64);
        // The products in PyTorch's order, since any other rounds differently.
        let root3 = 3f64.sqrt();
        match self {
            Self::Pytorch => generator.uniform(count, 1.0 / inputs.sqrt()),
            Self::XavierUniform => generator.uniform(count, root3 * (2.0 / both).sqrt()),
            Self::XavierNormal => generator.normal(count, (2.0 / both).sqrt()),
            Self::HeUniform => generator.uniform(count, root3 * (2f64.sqrt() / inputs.sqrt())),
            Self::HeNormal => generator.normal(count, 2f64.sqrt() / inputs.sqrt()),
            Self::LecunUniform => generator.uniform(count, root3 * (1.0 / inputs.sqrt())),
            Self::LecunNormal => generator.normal(count, 1.0 / inputs.sqrt()),
            Self::Orthogonal => orthogonal(layer, &generator.normal(count, 1.0)),
            Self::Zeros => vec![0.0; count],
        }
    }
}

/// PyTorch's generator on the CPU: the Mersenne Twister MT19937, seeded with the low 32 bits.
pub(super) struct TorchGenerator {
    generator: Mt,
    /// The second normal number of the last pair, until it is used.
    spare: Option<f64>,
}

impl TorchGenerator {
    pub(super) fn new(seed: u64) -> Self {
        Self { generator: Mt::new(seed as u32), spare: None }
    }

    /// `uniform_(-bound, bound)` in float32, from 24 random bits each, with a fused multiply-add as
    /// in PyTorch's CPU kernel.
    pub(super) fn uniform(&mut self, count: usize, bound: f64) -> Vec<f32> {
        let (low, high) = (-bound as f32, bound as f32);
        (0..count).map(|_| self.unit_uniform().mul_add(high - low, low)).collect()
    }

    /// A number in \[0, 1) of 24 random bits.
    fn unit_uniform(&mut self) -> f32 {
        (self.generator.next_u32() & 0x00FF_FFFF) as f32 / (1u32 << 24) as f32
    }

    /// `normal_(0, deviation)` by the Box-Muller transform. For 16 numbers or more, PyTorch first
    /// draws all uniform numbers, then transforms them in blocks of 16, in pairs (i, i + 8). An
    /// incomplete last block is replaced by the last 16 numbers, drawn again.
    fn normal(&mut self, count: usize, deviation: f64) -> Vec<f32> {
        if count < BLOCK {
            return (0..count).map(|_| (self.one_normal() * deviation) as f32).collect();
        }
        let mut numbers: Vec<f32> = (0..count).map(|_| self.unit_uniform()).collect();
        let (blocks, rest) = numbers.as_chunks_mut::<BLOCK>();
        blocks.iter_mut().for_each(|block| box_muller(block, deviation));
        let ragged = !rest.is_empty();
        if let Some(last) = numbers.last_chunk_mut::<BLOCK>()
            && ragged
        {
            last.fill_with(|| self.unit_uniform());
            box_muller(last, deviation);
        }
        numbers
    }

    /// One normal number, as PyTorch draws fewer than 16: pairs from 53 random bits each, the
    /// second kept for the next call.
    fn one_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let mut uniform = || {
            let high = u64::from(self.generator.next_u32());
            let bits = high << 32 | u64::from(self.generator.next_u32());
            (bits & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
        };
        let angle = std::f64::consts::TAU * uniform();
        let radius = (-2.0 * (-uniform()).ln_1p()).sqrt();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

/// Numbers that PyTorch transforms together.
const BLOCK: usize = 16;

/// Turns uniform numbers into normal ones, in pairs (i, i + 8).
fn box_muller(block: &mut [f32; BLOCK], deviation: f64) {
    for first in 0..BLOCK / 2 {
        let (u, v) = (f64::from(block[first]), f64::from(block[first + BLOCK / 2]));
        let radius = (-2.0 * (1.0 - u).ln()).sqrt() * deviation;
        let angle = std::f64::consts::TAU * v;
        block[first] = (radius * angle.cos()) as f32;
        block[first + BLOCK / 2] = (radius * angle.sin()) as f32;
    }
}

/// Q of the QR decomposition of normal numbers \[O,I\], or of their transpose where I is larger,
/// with a positive diagonal of R: by the Gram-Schmidt process in float64, each projection removed
/// twice for accuracy.
fn orthogonal(layer: Layer, numbers: &[f32]) -> Vec<f32> {
    let Layer { inputs, outputs } = layer;
    // As many vectors as the smaller side has, each as long as the larger.
    let rows = outputs < inputs;
    let (count, length) = if rows { (outputs, inputs) } else { (inputs, outputs) };
    let index = |vector: usize, at: usize| match rows {
        true => vector * inputs + at,
        false => at * inputs + vector,
    };
    let mut vectors: Vec<Vec<f64>> = (0..count)
        .map(|vector| (0..length).map(|at| f64::from(numbers[index(vector, at)])).collect())
        .collect();
    for next in 0..count {
        let (done, rest) = vectors.split_at_mut(next);
        let own = &mut rest[0];
        for _ in 0..2 {
            for other in done.iter() {
                let overlap = dot(own, other);
                own.iter_mut().zip(other).for_each(|(own, other)| *own -= overlap * other);
            }
        }
        let size = dot(own, own).sqrt();
        own.iter_mut().for_each(|number| *number /= size);
    }
    let mut weight = vec![0.0; numbers.len()];
    for (vector, values) in vectors.iter().enumerate() {
        for (at, value) in values.iter().enumerate() {
            weight[index(vector, at)] = *value as f32;
        }
    }
    weight
}

/// The dot product, in eight partial sums so that the compiler vectorizes it.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_pytorchs() {
        let network = Network::new(3, &[4], 2);
        let initial = Parameters::initial(&network, Initialization::default(), 5);
        assert_eq!(initial, Parameters::pytorch(&network, 5));
    }

    /// The standard errors of 40,000 numbers are 1/200 of the deviation for the mean and about
    /// 1/280 for the deviation itself; five standard errors pass.
    #[test]
    fn draws_have_the_deviations_that_they_promise() {
        let network = Network::new(100, &[], 400);
        let expected = [
            (Initialization::XavierUniform, (2.0 / 500.0f64).sqrt()),
            (Initialization::XavierNormal, (2.0 / 500.0f64).sqrt()),
            (Initialization::HeUniform, (2.0 / 100.0f64).sqrt()),
            (Initialization::HeNormal, (2.0 / 100.0f64).sqrt()),
            (Initialization::LecunUniform, (1.0 / 100.0f64).sqrt()),
            (Initialization::LecunNormal, (1.0 / 100.0f64).sqrt()),
        ];
        for (initialization, deviation) in expected {
            let layer = &Parameters::initial(&network, initialization, 3).layers[0];
            let count = layer.weight.len() as f64;
            let mean = layer.weight.iter().map(|w| f64::from(*w)).sum::<f64>() / count;
            let square = layer.weight.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>() / count;
            assert!(mean.abs() < deviation / 40.0, "{initialization}: mean {mean}");
            let ratio = square.sqrt() / deviation;
            assert!((ratio - 1.0).abs() < 1.0 / 56.0, "{initialization}: {ratio}");
            assert!(layer.bias.iter().all(|bias| *bias == 0.0));
        }
    }

    #[test]
    fn orthogonal_rows_and_columns_are() {
        for (inputs, outputs) in [(7, 3), (3, 7), (40, 40), (1, 5), (5, 1)] {
            let network = Network::new(inputs, &[], outputs);
            let weight =
                &Parameters::initial(&network, Initialization::Orthogonal, 8).layers[0].weight;
            let (count, length) = (inputs.min(outputs), inputs.max(outputs));
            let of = |vector: usize, at: usize| {
                let at = if outputs < inputs { vector * inputs + at } else { at * inputs + vector };
                f64::from(weight[at])
            };
            for a in 0..count {
                for b in 0..count {
                    let product: f64 = (0..length).map(|at| of(a, at) * of(b, at)).sum();
                    let expected = f64::from(u8::from(a == b));
                    assert!((product - expected).abs() < 1e-6, "{inputs}-{outputs}: {product}");
                }
            }
        }
    }
}
