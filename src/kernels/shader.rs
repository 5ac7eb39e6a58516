//! The WGSL texts, compiled into the program, and how they are put together.
//!
//! WGSL lets declarations stand in any order, so a shader is simply its pieces one after another:
//! what it imports, then itself. Variants choose another piece (`update_sgd` for `update_adam`) or
//! set an override; the text itself is never edited. One
//! kernel adds a text of its own for each shape: see `thread_per_network.rs`.

use super::Kernel;

/// A piece of WGSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Module {
    /// The file's stem in `shaders/`.
    pub name: &'static str,
    /// Its text.
    pub source: &'static str,
}

/// The shader that a kernel's pieces make, for reading and for compiling.
pub fn source(kernel: &dyn Kernel) -> String {
    let pieces: Vec<&str> = kernel.modules().iter().map(|module| module.source).collect();
    pieces.join("\n") + &kernel.written()
}

macro_rules! modules {
    ($($constant:ident = $stem:literal;)+) => {
        $(
            #[doc = concat!("`shaders/", $stem, ".wgsl`")]
            pub(super) const $constant: Module = Module {
                name: $stem,
                source: include_str!(concat!("../../shaders/", $stem, ".wgsl")),
            };
        )+
    };
}

modules! {
    ACTIVATE = "activate";
    ACTIVATION_ELU = "activation_elu";
    ACTIVATION_GELU = "activation_gelu";
    ACTIVATION_IDENTITY = "activation_identity";
    ACTIVATION_LEAKY_RELU = "activation_leaky_relu";
    ACTIVATION_QUAD = "activation_quad";
    ACTIVATION_RELU = "activation_relu";
    ACTIVATION_SIGMOID = "activation_sigmoid";
    ACTIVATION_SILU = "activation_silu";
    ACTIVATION_SOFTPLUS = "activation_softplus";
    ACTIVATION_TANH = "activation_tanh";
    APPLY_GRADIENT = "apply_gradient";
    BLOCKS = "blocks";
    CLIP_NORM = "clip_norm";
    CONTROL = "control";
    DENSE_BACKWARD_INPUT = "dense_backward_input";
    DENSE_BACKWARD_INPUT_QUADS = "dense_backward_input_quads";
    DENSE_BACKWARD_INPUT_WORDS = "dense_backward_input_words";
    DENSE_BACKWARD_WEIGHT = "dense_backward_weight";
    DENSE_FORWARD = "dense_forward";
    DENSE_FORWARD_QUADS = "dense_forward_quads";
    DENSE_FORWARD_WORDS = "dense_forward_words";
    DENSE_JOIN_WEIGHT = "dense_join_weight";
    DENSE_SPLIT_WEIGHT = "dense_split_weight";
    DROPOUT = "dropout";
    D_Z_QUAD = "d_z_quad";
    FOLD = "fold";
    FUSED_GRADIENT = "fused_gradient";
    FUSED_UPDATE = "fused_update";
    GATHER = "gather";
    GATHER_QUADS = "gather_quads";
    GATHER_WORDS = "gather_words";
    GRID = "grid";
    LAYER_NORM = "layer_norm";
    LAYER_NORM_BACKWARD_INPUT = "layer_norm_backward_input";
    LAYER_NORM_BACKWARD_WEIGHT = "layer_norm_backward_weight";
    LOSS_BCE = "loss_bce";
    LOSS_CROSS_ENTROPY = "loss_cross_entropy";
    LOSS_FOCAL = "loss_focal";
    LOSS_FOCAL_CLASSES = "loss_focal_classes";
    LOSS_GRADIENT = "loss_gradient";
    LOSS_HUBER = "loss_huber";
    LOSS_MAE = "loss_mae";
    LOSS_MSE = "loss_mse";
    MATH = "math";
    MATMUL = "matmul";
    MATMUL_LANES = "matmul_lanes";
    METRICS = "metrics";
    MICRO_BATCH = "micro_batch";
    OPTIMIZER = "optimizer";
    ORDERED_SUM = "ordered_sum";
    PERMUTATION = "permutation";
    PLAIN_SUMS = "plain_sums";
    RANDOM = "random";
    RATE = "rate";
    RESIDENT = "resident";
    SCHEDULE = "schedule";
    SHARED_SUMS = "shared_sums";
    SOFTMAX = "softmax";
    THREAD_PER_NETWORK = "thread_per_network";
    SQUARE_SUM = "square_sum";
    STORE_WORDS = "store_words";
    TILES = "tiles";
    UPDATE = "update";
    UPDATE_ADAM = "update_adam";
    UPDATE_GRADIENT = "update_gradient";
    UPDATE_MOMENTUM = "update_momentum";
    UPDATE_SGD = "update_sgd";
    WEIGH = "weigh";
    WEIGHT_PRODUCT = "weight_product";
    WEIGHT_QUAD = "weight_quad";
    WEIGHTS_NONE = "weights_none";
    WEIGHTS_ROWS = "weights_rows";
    WIDTHS = "widths";
    X_QUAD = "x_quad";
}
