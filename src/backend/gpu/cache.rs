//! Compiled pipelines, kept on disk between runs where the backend can hand them out (Vulkan).
//!
//! The user's cache folder has a file for each adapter and version of halfplane; a driver discards
//! what another driver has made. `HALFPLANE_CACHE` names another folder, or turns this
//! `off`. Nothing depends on it: a file that cannot be read or written is ignored.

use std::path::PathBuf;

use crate::platform::environment::variable;
use crate::platform::files;

/// A pipeline cache and its file.
#[derive(Debug)]
pub(super) struct Cache {
    pipelines: wgpu::PipelineCache,
    file: PathBuf,
}

impl Cache {
    /// The cache of an adapter, where there can be one.
    pub(super) fn open(device: &wgpu::Device, info: &wgpu::AdapterInfo) -> Option<Self> {
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let name = wgpu::util::pipeline_cache_key(info)?;
        let file = folder()?.join(format!("{name}_{}.bin", env!("CARGO_PKG_VERSION")));
        let data = files::read(&file).ok();
        // SAFETY: the data must be what `get_data` gave before: the file is ours, in the user's own
        // cache folder, and appears only whole (it is renamed into place). wgpu checks its header
        // against adapter and driver, and the driver its own.
        let pipelines = unsafe {
            device.create_pipeline_cache(&wgpu::PipelineCacheDescriptor {
                label: Some("halfplane"),
                data: data.as_deref(),
                fallback: true,
            })
        };
        Some(Self { pipelines, file })
    }

    pub(super) const fn pipelines(&self) -> &wgpu::PipelineCache {
        &self.pipelines
    }

    /// Writes it to its file; that this may fail is no error.
    pub(super) fn save(&self) {
        if let Some(data) = self.pipelines.get_data()
            && let Some(folder) = self.file.parent()
            && files::create_dir_all(folder).is_ok()
        {
            let _ = files::write_beside(&self.file, &data);
        }
    }
}

/// The folder for what can be made again.
pub(super) fn folder() -> Option<PathBuf> {
    if let Some(chosen) = variable("HALFPLANE_CACHE") {
        return (chosen != "off").then(|| PathBuf::from(chosen));
    }
    let parent = if cfg!(windows) {
        PathBuf::from(variable("LOCALAPPDATA")?)
    } else if cfg!(target_os = "macos") {
        PathBuf::from(variable("HOME")?).join("Library/Caches")
    } else {
        match variable("XDG_CACHE_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(variable("HOME")?).join(".cache"),
        }
    };
    Some(parent.join("halfplane"))
}
