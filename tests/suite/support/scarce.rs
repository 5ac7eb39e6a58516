//! Devices with less than they have or say.

use halfplane::low_level::backend::{Backend, Device, cpu::Cpu};
use halfplane::low_level::plan::{Limits, Plan};
use halfplane::low_level::platform::BoxFuture;
use halfplane::{Error, Result};

/// A device that says that it grants less than it does.
pub(crate) struct Limited<'a> {
    pub(crate) inner: &'a dyn Device,
    pub(crate) binding_bytes: u64,
}

impl Device for Limited<'_> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn limits(&self) -> Limits {
        Limits { binding_bytes: self.binding_bytes, ..self.inner.limits() }
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        self.inner.load(plan)
    }
}

/// A device with less room than it says.
pub(crate) struct Small {
    pub(crate) bytes: u64,
}

impl Device for Small {
    fn name(&self) -> &str {
        "small"
    }

    fn limits(&self) -> Limits {
        Cpu::new().limits()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        if plan.bytes() > self.bytes {
            let problem = format!("no room for {} bytes", plan.bytes());
            return Box::pin(async { Err(Error::Device { device: "small".into(), problem }) });
        }
        Box::pin(async move { Cpu::new().load(plan).await })
    }
}
