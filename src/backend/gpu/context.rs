//! The device with its queue, and the errors that it reports.

use std::sync::{Arc, Mutex, PoisonError};

use super::super::ShaderChecks;
use super::cache::Cache;
use super::pipelines::Pipelines;
use crate::{Error, Result};

/// A device, its queue, what was compiled for it, and the first fault that it reported.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) name: String,
    pub(super) checks: ShaderChecks,
    /// Whether shaders take immediates as such: else from a uniform buffer.
    pub(super) immediates: bool,
    pub(super) cache: Option<Cache>,
    /// Those of all plans that were loaded.
    pub(super) pipelines: Mutex<Pipelines>,
    fault: Arc<Mutex<Option<String>>>,
}

impl Context {
    pub(super) fn new(
        device: wgpu::Device,
        queue: wgpu::Queue,
        name: String,
        checks: ShaderChecks,
        immediates: bool,
        cache: Option<Cache>,
    ) -> Self {
        let fault = Arc::new(Mutex::new(None));
        let note = |fault: &Mutex<Option<String>>, text: String| {
            // A poisoned lock still holds the first fault, which is what we want.
            fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(text);
        };
        let errors = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error| note(&errors, error.to_string())));
        let losses = Arc::clone(&fault);
        device.set_device_lost_callback(move |reason, text| {
            // Dropping the device is reported too, and is no fault.
            if reason != wgpu::DeviceLostReason::Destroyed {
                note(&losses, format!("the device was lost: {text}"));
            }
        });
        Self { device, queue, name, checks, immediates, cache, pipelines: Mutex::default(), fault }
    }

    /// An error that names this device.
    pub(super) fn error(&self, problem: impl std::fmt::Display) -> Error {
        Error::device(&self.name, problem)
    }

    /// The first fault that was reported since the device was opened.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.fault.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(fault) => Err(self.error(fault)),
            None => Ok(()),
        }
    }

    /// Submits what was recorded.
    pub(super) fn submit(
        &self,
        commands: impl IntoIterator<Item = wgpu::CommandBuffer>,
    ) -> Submitted {
        let index = self.queue.submit(commands);
        Submitted::new(index, &self.queue)
    }

    /// Waits for a submission; what was to be mapped after it is mapped then.
    ///
    /// Outside of browsers wgpu moves on only in a call that blocks, so this future blocks whoever
    /// polls it, for as long as a submission takes.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) async fn wait(&self, Submitted(index): Submitted) -> Result<()> {
        use std::panic::{AssertUnwindSafe, catch_unwind};

        let wait = wgpu::PollType::Wait { submission_index: Some(index), timeout: None };
        // wgpu panics in here when the device is lost during the wait.
        let waited = catch_unwind(AssertUnwindSafe(|| self.device.poll(wait)));
        self.check()?;
        match waited {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.error(error)),
            Err(_) => Err(self.error("the device was lost while it worked")),
        }
    }

    /// Waits for a submission.
    #[cfg(target_arch = "wasm32")]
    pub(super) async fn wait(&self, Submitted(done): Submitted) -> Result<()> {
        done.receive().await;
        self.check()
    }
}

/// A submission that can be waited for.
#[cfg(not(target_arch = "wasm32"))]
pub(super) struct Submitted(wgpu::SubmissionIndex);
/// A submission that can be waited for.
#[cfg(target_arch = "wasm32")]
pub(super) struct Submitted(futures_intrusive::channel::shared::OneshotReceiver<()>);

impl Submitted {
    #[cfg(not(target_arch = "wasm32"))]
    fn new(index: wgpu::SubmissionIndex, _: &wgpu::Queue) -> Self {
        Self(index)
    }

    #[cfg(target_arch = "wasm32")]
    fn new(_: wgpu::SubmissionIndex, queue: &wgpu::Queue) -> Self {
        let (sender, done) = futures_intrusive::channel::shared::oneshot_channel();
        queue.on_submitted_work_done(move || {
            // The receiver is gone where nobody waits.
            let _ = sender.send(());
        });
        Self(done)
    }
}
