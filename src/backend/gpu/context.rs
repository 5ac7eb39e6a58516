//! The device with its queue, and what goes wrong on it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::ShaderChecks;
use super::cache::Cache;
use crate::{Error, Result};

/// A device, its queue, and the first fault that it reported.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) name: String,
    pub(super) checks: ShaderChecks,
    pub(super) cache: Option<Cache>,
    fault: Arc<Mutex<Option<String>>>,
}

impl Context {
    pub(super) fn new(
        device: wgpu::Device,
        queue: wgpu::Queue,
        name: String,
        checks: ShaderChecks,
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
        Self { device, queue, name, checks, cache, fault }
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

    /// Waits for a submission; its map callbacks have run when this returns.
    pub(super) fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        let wait = wgpu::PollType::Wait { submission_index: submission, timeout: None };
        // wgpu panics in here when the device is lost during the wait.
        let waited = catch_unwind(AssertUnwindSafe(|| self.device.poll(wait)));
        self.check()?;
        match waited {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.error(error)),
            Err(_) => Err(self.error("the device was lost while it worked")),
        }
    }
}
