//! Every initialisation against `torch.nn.init`'s own weights; `tests/golden/initial/make.py`
//! made the file.

use std::collections::BTreeSet;

use halfplane::spec::Initialization;
use halfplane::{Network, Parameters};
use serde::Deserialize;

use crate::support::Gap;

/// The weights of a network's layers.
#[derive(Deserialize)]
struct Golden {
    initialization: Initialization,
    widths: Vec<usize>,
    seed: u64,
    layers: Vec<Vec<f32>>,
}

/// PyTorch's own logarithm, sine and cosine in float32 are good to a few 2⁻²⁴, over numbers of at
/// most five deviations; its QR decomposition adds as much again.
const ROUNDING: f64 = 2e-6;

#[test]
fn weights_are_pytorchs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/initial/weights.json");
    let text = std::fs::read_to_string(path).expect("the golden file is in the repository");
    let cases: Vec<Golden> = serde_json::from_str(&text).expect("a golden file");
    for case in &cases {
        let [inputs, hidden @ .., outputs] = &case.widths[..] else { panic!("too few widths") };
        let network = Network::new(*inputs, hidden, *outputs);
        let found = Parameters::initial(&network, case.initialization, case.seed);
        let place = format!("{} {network}", case.initialization);
        assert_eq!(found.layers.len(), case.layers.len(), "{place}");
        for (own, expected) in found.layers.iter().zip(&case.layers) {
            assert_eq!(own.weight.len(), expected.len(), "{place}");
            assert!(own.bias.iter().all(|bias| *bias == 0.0), "{place}");
            let name = case.initialization.name();
            if name.ends_with("-uniform") || name == "zeros" {
                assert_eq!(own.weight, *expected, "{place}");
            } else {
                let gap = Gap::over_largest(&own.weight, expected);
                assert!(gap.error < ROUNDING, "{place}: {gap:?}");
            }
        }
    }
    // PyTorch's default is in every other golden file.
    let seen: BTreeSet<&str> = cases.iter().map(|case| case.initialization.name()).collect();
    assert_eq!(seen.len(), Initialization::ALL.len() - 1, "{seen:?}");
}
