//! What the file of an operation states, and what follows from it for whoever plans, dispatches or
//! checks operations of any kind.

use super::bindings::{Bind, InOrder, Slot, Views, slots};
use super::immediates::Fields;
use super::shader::Module;

/// What one dispatch costs at full batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Floating-point operations.
    pub flops: u64,
    /// Bytes that must at least be read and written.
    pub bytes: u64,
}

/// What the file of an operation states. [`Kernel`] follows.
pub(crate) trait Contract: Bind {
    /// The few words that travel with a dispatch, as the shader has them.
    type Immediates: Fields;

    /// See [`Kernel::stem`].
    fn stem(&self) -> &'static str;
    /// See [`Kernel::modules`].
    fn modules(&self) -> Vec<Module>;
    /// See [`Kernel::written`].
    fn written(&self) -> String {
        String::new()
    }
    /// See [`Kernel::overrides`].
    fn overrides(&self) -> Vec<(&'static str, f64)>;
    /// The immediates' values.
    fn immediates(&self) -> Self::Immediates;
    /// See [`Kernel::repeats_itself`].
    fn repeats_itself(&self) -> Option<u32> {
        None
    }
    /// See [`Kernel::workgroups`].
    fn workgroups(&self) -> u64;
    /// See [`Kernel::describe`].
    fn describe(&self) -> String;
    /// See [`Kernel::cost`].
    fn cost(&self) -> Cost;
    /// The naive twin: what the shader computes, in plain Rust.
    fn twin(&self, bound: Self::Bindings<Views<'_>>);
}

/// An operation of any kind: the contract between a shader, its twin and whoever dispatches it.
pub trait Kernel {
    /// The one name: of the shader file, its entry point, the twin and the labels.
    fn stem(&self) -> &'static str;
    /// The WGSL that makes up the shader, in order.
    fn modules(&self) -> Vec<Module>;
    /// WGSL that is written out for the operation, where loops would cost too much.
    fn written(&self) -> String;
    /// The bindings of group 0, in order.
    fn slots(&self) -> Vec<Slot>;
    /// The pipeline-overridable constants.
    fn overrides(&self) -> Vec<(&'static str, f64)>;
    /// The immediates' fields, each one word, in order.
    fn immediate_fields(&self) -> Vec<String>;
    /// The immediates' bytes.
    fn immediates(&self) -> Vec<u8>;
    /// How many replays one dispatch can do, where it does them by itself: the first immediate is
    /// then their number.
    fn repeats_itself(&self) -> Option<u32>;
    /// Workgroups at full batch, before [`super::fold`].
    fn workgroups(&self) -> u64;
    /// What it computes, with shapes, for people.
    fn describe(&self) -> String;
    /// Operations and bytes.
    fn cost(&self) -> Cost;
    /// Runs the naive twin on one buffer for each slot. It is in no table of functions, so that a program has
    /// no twin that it does not run.
    fn twin(&self, bound: &mut [&mut [u32]])
    where
        Self: Sized;
}

impl<C: Contract> Kernel for C {
    fn stem(&self) -> &'static str {
        Contract::stem(self)
    }

    fn modules(&self) -> Vec<Module> {
        Contract::modules(self)
    }

    fn written(&self) -> String {
        Contract::written(self)
    }

    fn slots(&self) -> Vec<Slot> {
        slots(self)
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        Contract::overrides(self)
    }

    fn immediate_fields(&self) -> Vec<String> {
        C::Immediates::names("")
    }

    fn immediates(&self) -> Vec<u8> {
        bytemuck::bytes_of(&Contract::immediates(self)).to_vec()
    }

    fn repeats_itself(&self) -> Option<u32> {
        Contract::repeats_itself(self)
    }

    fn workgroups(&self) -> u64 {
        Contract::workgroups(self)
    }

    fn describe(&self) -> String {
        Contract::describe(self)
    }

    fn cost(&self) -> Cost {
        Contract::cost(self)
    }

    fn twin(&self, bound: &mut [&mut [u32]]) {
        Contract::twin(self, self.bind(&mut InOrder(bound.iter_mut())));
    }
}

/// Lists all operations: one line each, and [`Operation`](super::Operation) and `on_operation!` have
/// it. The first argument is a dollar sign, which a macro cannot write into another.
macro_rules! operations {
    ($dollar:tt $($(#[$meta:meta])* $module:ident::$kernel:ident,)+) => {
        $(pub use $module::$kernel;)+

        /// Does the same with an operation of any kind, whose own type the expression knows: what
        /// an operation lacks for it does not compile.
        macro_rules! on_operation {
            ($dollar operation:expr, $dollar kernel:ident => $dollar body:expr) => {
                match $dollar operation {
                    $($crate::kernels::Operation::$kernel($dollar kernel) => $dollar body,)+
                }
            };
        }
        pub(crate) use on_operation;

        /// Any operation, as plain data.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Operation {
            $($(#[$meta])* $kernel($kernel),)+
        }

        impl Operation {
            /// Its contract.
            pub fn kernel(&self) -> &dyn Kernel {
                on_operation!(self, kernel => kernel)
            }

            /// Runs its naive twin: see [`Kernel::twin`].
            pub fn twin(&self, bound: &mut [&mut [u32]]) {
                on_operation!(self, kernel => Kernel::twin(kernel, bound));
            }
        }

        $(
            impl From<$kernel> for Operation {
                fn from(kernel: $kernel) -> Self {
                    Self::$kernel(kernel)
                }
            }
        )+
    };
}
pub(super) use operations;
