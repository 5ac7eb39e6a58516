//! The WGSL texts, compiled into the program, and how they are put together.
//!
//! WGSL lets declarations stand in any order, so a shader is simply its pieces one after another:
//! what it imports, then itself. Variants choose another piece (`update/sgd` for `update/adam`) or
//! set an override; the text itself is never edited, but that a page has it without comments. An
//! operation's own text, the entry point, stands at the top of `shaders/` under the operation's name;
//! pieces that several share stand in folders. One kernel adds a text of its own for each shape: see
//! `thread_per_network.rs`.

use super::Kernel;

/// A piece of WGSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Module {
    /// The file in `shaders/`, without its ending.
    pub name: &'static str,
    /// Its text.
    pub source: &'static str,
}

/// The shader that a kernel's pieces make, for reading and for compiling.
pub fn source(kernel: &dyn Kernel) -> String {
    let pieces: Vec<&str> = kernel.modules().iter().map(|module| module.source).collect();
    pieces.join("\n") + &kernel.written()
}

/// What tells a shader from others: the names of its pieces, and what was written out.
pub(crate) type ModuleKey = (Vec<&'static str>, String);

/// What tells a pipeline from others: its shader, and the overrides by their bits.
pub(crate) type PipelineKey = (ModuleKey, Vec<(&'static str, u64)>);

/// The key of a kernel's pipeline.
pub(crate) fn pipeline_key(kernel: &dyn Kernel) -> PipelineKey {
    let names = kernel.modules().iter().map(|module| module.name).collect();
    let overrides = kernel.overrides();
    let bits = overrides.iter().map(|(name, value)| (*name, value.to_bits())).collect();
    ((names, kernel.written()), bits)
}

/// The piece in a file of `shaders/`. A page downloads the texts: there they have no comments.
macro_rules! piece {
    ($($name:literal),+) => {{
        const TEXT: &str = include_str!(concat!("../../shaders/", $($name,)+ ".wgsl"));
        #[cfg(not(target_arch = "wasm32"))]
        const SOURCE: &str = TEXT;
        #[cfg(target_arch = "wasm32")]
        const SOURCE: &str = {
            use $crate::kernels::shader::bare;
            const BARE: [u8; bare::<0>(TEXT).1] = bare(TEXT).0;
            match std::str::from_utf8(&BARE) {
                Ok(text) => text,
                Err(_) => panic!("whole characters are left out"),
            }
        };
        $crate::kernels::shader::Module { name: concat!($($name),+), source: SOURCE }
    }};
}
pub(super) use piece;

/// A text without comments and without the blanks that lines begin with, as far as N bytes hold it, and
/// how many it takes.
#[cfg(target_arch = "wasm32")]
pub(super) const fn bare<const N: usize>(text: &str) -> ([u8; N], usize) {
    let (bytes, mut kept, mut length) = (text.as_bytes(), [0; N], 0);
    let (mut at, mut begins, mut comment) = (0, true, false);
    while at < bytes.len() {
        let byte = bytes[at];
        comment |= byte == b'/' && at + 1 < bytes.len() && bytes[at + 1] == b'/';
        if byte == b'\n' {
            (begins, comment) = (true, false);
        }
        let skipped = comment || (begins && byte == b' ');
        if !skipped {
            if length < N {
                kept[length] = byte;
            }
            length += 1;
            begins = byte == b'\n';
        }
        at += 1;
    }
    (kept, length)
}

/// Where a batch stands.
pub(super) const CONTROL: Module = piece!("batch/control");
/// From one batch to the next.
pub(super) const ADVANCE: Module = piece!("batch/advance");
/// The order of rows.
pub(super) const ORDER: Module = piece!("batch/order");
/// Workgroups in two dimensions.
pub(super) const FOLD: Module = piece!("common/fold");
/// Functions that WGSL lacks.
pub(super) const MATH: Module = piece!("common/math");
/// Sums that threads share.
pub(super) const SHARED_SUMS: Module = piece!("common/shared_sums");
/// Sums of terms in their order.
pub(super) const ORDERED_SUM: Module = piece!("common/ordered_sum");
/// The widths of layers.
pub(super) const WIDTHS: Module = piece!("network/widths");
/// The optimizers' formulas.
pub(super) const OPTIMIZER: Module = piece!("update/optimizer");
/// The schedules' formulas.
pub(super) const RATE: Module = piece!("update/rate");
/// Four activations at once.
pub(super) const ACTIVATION_FOUR: Module = piece!("activation/four");
/// Blocks of 4 × 4 sums.
pub(super) const BLOCKS: Module = piece!("matmul/blocks");
/// Four elements of an operand of a product.
pub(super) const QUAD: Module = piece!("matmul/quad");
/// Products whose sums start from zero.
pub(super) const PLAIN_SUMS: Module = piece!("matmul/plain_sums");
/// Products that are stored one by one.
pub(super) const STORE_WORDS: Module = piece!("matmul/store_words");
/// The gradient of weights as a product.
pub(super) const WEIGHT_PRODUCT: Module = piece!("matmul/weight_product");
