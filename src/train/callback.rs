//! Who is told what happens while networks are trained.

use std::ops::ControlFlow;

use super::Event;
use crate::platform::MaybeSend;

/// Observes the runs of a session.
///
/// A closure `FnMut(&Event) -> ControlFlow<()>` is one, for a session of one network.
pub trait Callback: MaybeSend {
    /// Something happened to a network, given by its number: 0 where there is one. A break ends its
    /// run. What concerns the whole session (checkpoints, recoveries) is told once, of the first
    /// network that is still trained.
    fn on_event(&mut self, network: usize, event: &Event) -> ControlFlow<()>;

    /// Whether anything is to be told: many tiny networks are trained faster where nothing is.
    fn observes(&self) -> bool {
        true
    }
}

impl<F: FnMut(&Event) -> ControlFlow<()> + MaybeSend> Callback for F {
    fn on_event(&mut self, _: usize, event: &Event) -> ControlFlow<()> {
        self(event)
    }
}

/// The callback that wants to know nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Callback for Silent {
    fn on_event(&mut self, _: usize, _: &Event) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn observes(&self) -> bool {
        false
    }
}

/// A callback made of a closure that takes the network's number, too.
#[cfg(not(target_arch = "wasm32"))]
pub(super) struct OfMany<F>(pub(super) F);

#[cfg(not(target_arch = "wasm32"))]
impl<F: FnMut(usize, &Event) -> ControlFlow<()> + MaybeSend> Callback for OfMany<F> {
    fn on_event(&mut self, network: usize, event: &Event) -> ControlFlow<()> {
        (self.0)(network, event)
    }
}
