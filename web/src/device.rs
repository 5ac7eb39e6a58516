//! The device that computes: opened once, and kept from one session to the next.

use std::rc::Rc;

use halfplane::low_level::backend::{self, Device as Opened};
use halfplane::train::Session;
use halfplane::{DeviceChoice, Error};
use wasm_bindgen::prelude::*;

use crate::errors::{Result, thrown};

/// The CPU path, or WebGPU.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Device {
    pub(crate) opened: Rc<dyn Opened>,
    pub(crate) is_gpu: bool,
}

#[wasm_bindgen]
impl Device {
    /// The CPU path.
    pub fn cpu() -> Self {
        let opened: Rc<dyn Opened> = Rc::new(backend::cpu::Cpu::new());
        Self { opened, is_gpu: false }
    }

    /// The best adapter of WebGPU, be it software: that is still the browser's.
    ///
    /// # Errors
    /// Where the browser has none.
    pub async fn gpu() -> Result<Self> {
        let mut failed: Option<Error> = None;
        for choice in [DeviceChoice::Gpu, DeviceChoice::Software] {
            match backend::open(&choice, backend::ShaderChecks::Off).await {
                Ok((device, _)) => return Ok(Self { opened: Rc::from(device), is_gpu: true }),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.map_or_else(|| JsError::new("no adapter"), thrown))
    }

    /// The same device once more, for who takes it.
    pub fn share(&self) -> Self {
        self.clone()
    }

    /// Whether it is WebGPU.
    #[wasm_bindgen(getter)]
    pub fn is_gpu(&self) -> bool {
        self.is_gpu
    }
}

impl Device {
    /// A session that goes on with the CPU path where this is a device that may fail.
    pub(crate) fn with_fallback(&self, session: Session) -> Session {
        match self.is_gpu {
            true => session.with_fallback(|| Ok(Box::new(backend::cpu::Cpu::new()))),
            false => session,
        }
    }
}
