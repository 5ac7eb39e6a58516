//! Runs a plan through wgpu: buffers, pipelines and bind groups made once, then replayed, many
//! steps a submission. The only room that names wgpu.

mod adapter;
mod cache;
mod context;
mod immediates;
mod loaded;
mod pace;
mod pipelines;
mod profile;
mod submission;

use std::sync::Arc;

use super::{Adapter, Backend, Device, DeviceChoice, ShaderChecks};
use crate::plan::{Limits, Plan};
use crate::platform::BoxFuture;
use crate::{Error, Result, Setting};

use cache::Cache;
use context::Context;
use pipelines::Pipelines;

pub use immediates::ImmediateStorage;

/// A wgpu device.
#[derive(Debug)]
pub struct Gpu {
    context: Arc<Context>,
    limits: Limits,
}

/// An adapter that was chosen, not yet opened.
#[derive(Debug)]
pub struct Selected(wgpu::Adapter);

/// All adapters, best first.
pub async fn adapters() -> Vec<Adapter> {
    adapter::all().await.iter().map(adapter::describe).collect()
}

/// Opens an adapter, with the shaders' numbers stored so.
///
/// # Errors
/// [`Error::NoDevice`] where there is none of that kind, [`Error::Device`] where it will not open.
pub async fn open(
    choice: &DeviceChoice,
    checks: ShaderChecks,
    immediates: ImmediateStorage,
) -> Result<Gpu> {
    match select(choice).await {
        Ok(adapter) => Gpu::open(adapter, checks, immediates).await,
        Err(problem) => Err(Error::NoDevice { problem, remedy: "take another device".into() }),
    }
}

/// The adapter for a choice, or why there is none.
pub(super) async fn select(choice: &DeviceChoice) -> Result<Selected, String> {
    adapter::select(choice).await.map(Selected)
}

impl Gpu {
    /// Opens an adapter with all that it grants.
    pub(super) async fn open(
        Selected(adapter): Selected,
        checks: ShaderChecks,
        immediates: ImmediateStorage,
    ) -> Result<Self> {
        let name = adapter::name(&adapter.get_info());
        let limits = adapter::limits(&adapter);
        if let Some(missing) = adapter::missing(&adapter) {
            return Err(Error::NoDevice {
                problem: format!("{name} lacks {missing}"),
                remedy: ("update its driver, or use ", Setting::Device.to("cpu")).into(),
            });
        }
        let (device, queue) = adapter
            .request_device(&adapter::request(&adapter))
            .await
            .map_err(|error| Error::device(&name, error))?;
        let immediates = immediates == ImmediateStorage::Auto && adapter::has_immediates(&adapter);
        let cache = Cache::open(&device, &adapter.get_info());
        let context = Context::new(device, queue, name, checks, immediates, cache);
        #[cfg_attr(
            target_arch = "wasm32",
            expect(clippy::arc_with_non_send_sync, reason = "a page has one thread")
        )]
        let context = Arc::new(context);
        Ok(Self { context, limits })
    }
}

impl Device for Gpu {
    fn name(&self) -> &str {
        &self.context.name
    }

    fn limits(&self) -> Limits {
        self.limits.clone()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        loaded::load(Arc::clone(&self.context), plan)
    }

    fn release(&self) {
        Pipelines::forget(&self.context);
    }
}
