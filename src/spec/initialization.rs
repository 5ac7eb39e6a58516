//! Where the weights start: `torch.nn.init` by name.

use rand_mt::Mt;

use super::{Layer, LayerParameters, Network, Parameters, named};

/// How the first weights are drawn, I being a layer's inputs and O its outputs. All but
/// [`Self::Pytorch`] leave the biases at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initialization {
    /// `torch.nn.Linear`'s own: weights and biases uniform in ±1/√I.
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
    /// `orthogonal_` (Saxe et al. 2013): the rows, or where there are more of them the columns, are
    /// orthogonal and of length 1.
    Orthogonal,
    /// All weights zero: for layers that stand alone. The units of a hidden layer stay alike.
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
    /// The initial weights of a seed: what `torch.manual_seed(seed)` followed by the function of
    /// `torch.nn.init` on each layer's weight, first to last, gives on the CPU.
    ///
    /// Uniform weights equal PyTorch's to the bit, normal and orthogonal ones but for the rounding
    /// of a logarithm and a sine (a millionth).
    pub fn initial(network: &Network, initialization: Initialization, seed: u64) -> Self {
        if initialization == Initialization::Pytorch {
            return Self::pytorch(network, seed);
        }
        let mut draws = Draws::new(seed);
        let of_layer = |layer: &Layer| LayerParameters {
            weight: initialization.weight(*layer, &mut draws),
            bias: vec![0.0; layer.outputs],
        };
        Self::with_norms(network, network.layers().iter().map(of_layer).collect())
    }
}

impl Initialization {
    /// W\[O,I\]
    fn weight(self, layer: Layer, draws: &mut Draws) -> Vec<f32> {
        let count = layer.inputs * layer.outputs;
        let (inputs, both) = (layer.inputs as f64, (layer.inputs + layer.outputs) as f64);
        // The products are PyTorch's, factor by factor: another order rounds otherwise.
        let root3 = 3f64.sqrt();
        match self {
            Self::Pytorch => draws.uniform(count, 1.0 / inputs.sqrt()),
            Self::XavierUniform => draws.uniform(count, root3 * (2.0 / both).sqrt()),
            Self::XavierNormal => draws.normal(count, (2.0 / both).sqrt()),
            Self::HeUniform => draws.uniform(count, root3 * (2f64.sqrt() / inputs.sqrt())),
            Self::HeNormal => draws.normal(count, 2f64.sqrt() / inputs.sqrt()),
            Self::LecunUniform => draws.uniform(count, root3 * (1.0 / inputs.sqrt())),
            Self::LecunNormal => draws.normal(count, 1.0 / inputs.sqrt()),
            Self::Orthogonal => orthogonal(layer, &draws.normal(count, 1.0)),
            Self::Zeros => vec![0.0; count],
        }
    }
}

/// PyTorch's generator on the CPU: the Mersenne Twister MT19937 seeded with the low 32 bits.
pub(super) struct Draws {
    generator: Mt,
    /// The second number of the last pair of normal ones, where only the first was wanted.
    spare: Option<f64>,
}

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        Self { generator: Mt::new(seed as u32), spare: None }
    }

    /// `uniform_(-bound, bound)`: 24 random bits each, all arithmetic in float32, the last
    /// multiplication and addition fused as PyTorch's CPU kernel fuses them.
    pub(super) fn uniform(&mut self, count: usize, bound: f64) -> Vec<f32> {
        let (low, high) = (-bound as f32, bound as f32);
        (0..count).map(|_| self.share().mul_add(high - low, low)).collect()
    }

    /// 24 random bits, in \[0, 1).
    fn share(&mut self) -> f32 {
        (self.generator.next_u32() & 0x00FF_FFFF) as f32 / (1u32 << 24) as f32
    }

    /// `normal_(0, deviation)`: pairs by Box and Muller. From 16 numbers on, PyTorch first draws
    /// uniform ones for all places and then turns them in blocks of 16, each number with the one
    /// eight places on; a last block that is not full begins 16 from the end and is drawn anew.
    fn normal(&mut self, count: usize, deviation: f64) -> Vec<f32> {
        if count < BLOCK {
            return (0..count).map(|_| (self.one_normal() * deviation) as f32).collect();
        }
        let mut numbers: Vec<f32> = (0..count).map(|_| self.share()).collect();
        let (blocks, rest) = numbers.as_chunks_mut::<BLOCK>();
        blocks.iter_mut().for_each(|block| box_muller(block, deviation));
        let ragged = !rest.is_empty();
        if let Some(last) = numbers.last_chunk_mut::<BLOCK>()
            && ragged
        {
            last.fill_with(|| self.share());
            box_muller(last, deviation);
        }
        numbers
    }

    /// A few numbers are drawn in pairs from 53 random bits each; the second waits for the next
    /// call.
    fn one_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let mut share = || {
            let high = u64::from(self.generator.next_u32());
            let bits = high << 32 | u64::from(self.generator.next_u32());
            (bits & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
        };
        let angle = std::f64::consts::TAU * share();
        let radius = (-2.0 * (-share()).ln_1p()).sqrt();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

/// Numbers that are turned together.
const BLOCK: usize = 16;

/// Uniform numbers to normal ones.
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
/// with R's diagonal positive: by Gram and Schmidt in float64, each vector cleared twice.
fn orthogonal(layer: Layer, numbers: &[f32]) -> Vec<f32> {
    let Layer { inputs, outputs } = layer;
    // As many vectors as the smaller side has, each as long as the larger.
    let rows = outputs < inputs;
    let (count, length) = if rows { (outputs, inputs) } else { (inputs, outputs) };
    let place = |vector: usize, at: usize| match rows {
        true => vector * inputs + at,
        false => at * inputs + vector,
    };
    let mut vectors: Vec<Vec<f64>> = (0..count)
        .map(|vector| (0..length).map(|at| f64::from(numbers[place(vector, at)])).collect())
        .collect();
    for index in 0..count {
        let (done, rest) = vectors.split_at_mut(index);
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
            weight[place(vector, at)] = *value as f32;
        }
    }
    weight
}

/// The sum of the products, in eight lanes so that the compiler makes SIMD of it.
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

    /// Of 40,000 numbers the mean strays by 1/200 of the deviation, the deviation by 1/280 of
    /// itself; five times that passes.
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
