//! One thing to check: an operation of a certain size, and where training stands.

use crate::kernels::{Control, Operation};

/// An operation with the control that it finds: its rows may be fewer than the operation's.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    operation: Operation,
    control: Control,
    variant: String,
}

impl Case {
    /// A case; `variant` says what the shapes do not.
    pub(super) fn new(operation: Operation, control: Control, variant: impl Into<String>) -> Self {
        Self { operation, control, variant: variant.into() }
    }

    /// What is dispatched.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Where training stands.
    pub fn control(&self) -> Control {
        self.control
    }

    /// The kernel's stem.
    pub fn kernel(&self) -> &'static str {
        self.operation.kernel().stem()
    }

    /// Shape and variant, for people.
    pub fn name(&self) -> String {
        let shape = self.operation.kernel().describe();
        let rows = self.control.rows;
        match &*self.variant {
            "" => format!("{shape}, batch of {rows}"),
            variant => format!("{shape}, {variant}, batch of {rows}"),
        }
    }
}
