//! Choosing and opening a device.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cpu::Cpu;
use super::{Device, gpu};
use crate::{Call, Error, Result, Setting};

/// Which device to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The best hardware adapter; with none, the CPU path.
    #[default]
    Auto,
    /// The best hardware adapter.
    Gpu,
    /// A software adapter: lavapipe, WARP, SwiftShader.
    Software,
    /// The CPU path; no graphics driver is touched.
    Cpu,
    /// The first adapter whose name contains this, in either case.
    Named(String),
}

impl DeviceChoice {
    /// Operations of a forward pass over a batch from which on a graphics processor is worth while.
    /// With less, one does not keep up with the CPU path, or hardly, and to open it takes long.
    pub const LARGE: u64 = 20_000_000;

    /// The same for work of so many operations in a batch: `auto` becomes the CPU path where they are
    /// few, and no graphics driver is touched.
    #[must_use]
    pub fn for_batch(self, operations: u64) -> Self {
        match self {
            Self::Auto if operations < Self::LARGE => Self::Cpu,
            choice => choice,
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word.to_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "software" => Ok(Self::Software),
            "cpu" => Ok(Self::Cpu),
            "" => Err(Error::invalid(
                "the device is empty",
                "use auto, gpu, software, cpu or a part of an adapter's name",
            )),
            _ => Ok(Self::Named(word.into())),
        }
    }
}

impl std::fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Software => "software",
            Self::Cpu => "cpu",
            Self::Named(part) => part,
        })
    }
}

/// Whether the driver's own bounds checks are compiled into the shaders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShaderChecks {
    /// No: our guards are enough, and tests show it. Twice as fast on a matrix product.
    #[default]
    Off,
    /// Yes: for tests, and to find out whether a fault is ours.
    On,
}

/// How a device is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Whether shaders get the driver's bounds checks.
    pub checks: ShaderChecks,
    /// Threads of the CPU path, at most; by default [`crate::low_level::platform::threads::available`].
    pub threads: Option<usize>,
}

impl OpenOptions {
    /// The CPU path so.
    pub(crate) fn cpu(self) -> Cpu {
        self.threads.map_or(Cpu::new(), Cpu::with_threads)
    }
}

impl From<ShaderChecks> for OpenOptions {
    fn from(checks: ShaderChecks) -> Self {
        Self { checks, ..Self::default() }
    }
}

/// An adapter of this machine, as `halfplane devices` shows it.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// The API: Vulkan, Metal, DX12, or WebGPU in a browser.
    pub backend: String,
    /// Discrete, integrated or virtual GPU, or software.
    pub kind: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it is hardware.
    pub hardware: bool,
    /// The tiles that matrix products are computed in.
    pub products: String,
    /// What it lacks, where it cannot be used.
    pub missing: Option<String>,
    /// Its limits, by name, for people.
    pub limits: Vec<(&'static str, String)>,
    /// Its features that matter here.
    pub features: Vec<&'static str>,
}

/// All adapters, best first: `auto` takes the first if it is hardware.
pub async fn adapters() -> Vec<Adapter> {
    gpu::adapters().await
}

/// Opens a device. The second value says why it was chosen, where it is not what was asked for.
///
/// # Errors
/// [`Error::NoDevice`] where there is none of that kind, [`Error::Device`] where it will not open.
pub async fn open(
    choice: &DeviceChoice,
    options: impl Into<OpenOptions>,
) -> Result<(Box<dyn Device>, Option<String>)> {
    let options = options.into();
    if *choice == DeviceChoice::Cpu {
        return Ok((Box::new(options.cpu()), None));
    }
    let found = gpu::select(choice).await;
    match (found, choice) {
        (Ok(adapter), _) => Ok((
            Box::new(gpu::Gpu::open(adapter, options.checks, gpu::ImmediateStorage::Auto).await?),
            None,
        )),
        (Err(reason), DeviceChoice::Auto) => {
            Ok((Box::new(options.cpu()), Some(format!("{reason}: taking the CPU path"))))
        }
        (Err(reason), DeviceChoice::Software) => Err(Error::NoDevice {
            problem: reason,
            remedy: (
                "install one (Debian and Ubuntu: mesa-vulkan-drivers), or use ",
                Setting::Device.to("cpu"),
            )
                .into(),
        }),
        (Err(reason), _) => Err(Error::NoDevice {
            problem: reason,
            remedy: ("see ", Call::Adapters, ", or use ", Setting::Device.to("cpu")).into(),
        }),
    }
}
