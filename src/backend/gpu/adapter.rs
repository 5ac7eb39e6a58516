//! Adapters: which there are, which is best, which features and limits are requested.

use wgpu::{DeviceType, Features};

use super::super::{Adapter, DeviceChoice};
use crate::plan::{DeviceKind, Limits};
use crate::platform::host_memory;

/// Features that are used where the adapter has them. Nothing beyond plain WebGPU is needed.
const OPTIONAL: Features = Features::TIMESTAMP_QUERY
    .union(Features::PIPELINE_CACHE)
    .union(Features::SUBGROUP)
    .union(Features::IMMEDIATES);

/// Bytes of immediates that the largest kernel takes, with room to grow.
const IMMEDIATES: u32 = 128;

/// All adapters, best first: hardware before software, discrete before integrated. The
/// environment's `WGPU_BACKEND` and `WGPU_POWER_PREF` are respected.
pub(super) async fn all() -> Vec<wgpu::Adapter> {
    let descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    let backends = descriptor.backends;
    let instance = wgpu::Instance::new(descriptor);
    let mut found = instance.enumerate_adapters(backends).await;
    let low_power = wgpu::PowerPreference::from_env() == Some(wgpu::PowerPreference::LowPower);
    found.sort_by_key(|adapter| match adapter.get_info().device_type {
        DeviceType::IntegratedGpu if low_power => 0,
        DeviceType::DiscreteGpu => 1,
        DeviceType::IntegratedGpu => 2,
        DeviceType::VirtualGpu => 3,
        DeviceType::Other => 4,
        DeviceType::Cpu => 5,
    });
    found
}

/// The best adapter for a choice, or why there is none.
pub(super) async fn select(choice: &DeviceChoice) -> Result<wgpu::Adapter, String> {
    let mut adapters = all().await;
    let count = adapters.len();
    let names: Vec<String> = adapters.iter().map(|a| name(&a.get_info())).collect();
    let fits = |adapter: &wgpu::Adapter| match choice {
        DeviceChoice::Auto => hardware(adapter) && missing(adapter).is_none(),
        DeviceChoice::Gpu => hardware(adapter),
        DeviceChoice::Software => adapter.get_info().device_type == DeviceType::Cpu,
        DeviceChoice::Cpu => false,
        DeviceChoice::Named(part) => {
            name(&adapter.get_info()).to_lowercase().contains(&part.to_lowercase())
        }
    };
    match adapters.iter().position(fits) {
        Some(index) => Ok(adapters.swap_remove(index)),
        None => {
            let found = match count {
                0 => "no adapter at all".to_owned(),
                _ => names.join(", "),
            };
            Err(match choice {
                DeviceChoice::Software => format!("no software adapter (found: {found})"),
                DeviceChoice::Named(part) => format!("no adapter named `{part}` (found: {found})"),
                _ => format!("no hardware GPU adapter (found: {found})"),
            })
        }
    }
}

fn hardware(adapter: &wgpu::Adapter) -> bool {
    adapter.get_info().device_type != DeviceType::Cpu
}

/// The adapter's name with the API: `NVIDIA H100 (Vulkan)`. Browsers may keep the name to themselves.
pub(super) fn name(info: &wgpu::AdapterInfo) -> String {
    match info.name.as_str() {
        "" => format!("adapter ({:?})", info.backend),
        name => format!("{name} ({:?})", info.backend),
    }
}

/// What an adapter lacks, if anything.
pub(super) fn missing(adapter: &wgpu::Adapter) -> Option<String> {
    let limits = adapter.limits();
    if limits.max_compute_invocations_per_workgroup < 256 {
        Some("workgroups of 256 invocations".into())
    } else if limits.max_compute_workgroup_storage_size < 16 << 10 {
        Some("16 KiB of workgroup memory".into())
    } else {
        None
    }
}

/// Whether an adapter's shaders can take all immediates that a kernel has.
pub(super) fn has_immediates(adapter: &wgpu::Adapter) -> bool {
    adapter.features().contains(Features::IMMEDIATES)
        && adapter.limits().max_immediate_size >= IMMEDIATES
}

/// A device with the adapter's own limits and only the features that we use.
pub(super) fn request(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    wgpu::DeviceDescriptor {
        label: Some("halfplane"),
        required_features: adapter.features() & OPTIONAL,
        required_limits: adapter.limits(),
        ..Default::default()
    }
}

/// The adapter's limits, as the planner takes them.
pub(super) fn limits(adapter: &wgpu::Adapter) -> Limits {
    let (info, limits, kind) = (adapter.get_info(), adapter.limits(), kind(adapter));
    let even = info.subgroup_min_size == info.subgroup_max_size;
    let subgroups = adapter.features().contains(Features::SUBGROUP) && even;
    Limits {
        device: name(&info),
        binding_bytes: limits.max_storage_buffer_binding_size,
        buffer_bytes: limits.max_buffer_size,
        memory_bytes: memory(adapter),
        workgroup_bytes: u64::from(limits.max_compute_workgroup_storage_size),
        invocations: limits.max_compute_invocations_per_workgroup,
        registers: registers(kind, info.vendor),
        subgroup: subgroups.then_some(info.subgroup_min_size),
        loop_limit: (kind == DeviceKind::Software).then_some(60_000),
        kind,
    }
}

/// Registers of a thread: twice as many on processors of NVIDIA and AMD as on those of Intel and
/// Apple, and in a CPU's cache as many as are asked for.
fn registers(kind: DeviceKind, vendor: u32) -> u32 {
    const NVIDIA: u32 = 0x10DE;
    const AMD: u32 = 0x1002;
    match (kind, vendor) {
        (DeviceKind::Software, _) => u32::MAX,
        (_, NVIDIA | AMD) => 255,
        _ => 128,
    }
}

/// The memory that an adapter can use, where it is known: a software adapter uses the host's.
fn memory(adapter: &wgpu::Adapter) -> Option<u64> {
    match hardware(adapter) {
        true => None,
        false => host_memory(),
    }
}

/// What kind of machine an adapter is.
fn kind(adapter: &wgpu::Adapter) -> DeviceKind {
    if hardware(adapter) { DeviceKind::Gpu } else { DeviceKind::Software }
}

/// An adapter as people see it.
pub(super) fn describe(adapter: &wgpu::Adapter) -> Adapter {
    let info = adapter.get_info();
    let products = limits(adapter).explain_tiling().into();
    let limits = adapter.limits();
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let features = [
        ("f16", Features::SHADER_F16),
        ("subgroups", Features::SUBGROUP),
        ("cooperative matrices", Features::EXPERIMENTAL_COOPERATIVE_MATRIX),
        ("timestamps", Features::TIMESTAMP_QUERY),
        ("pipeline cache", Features::PIPELINE_CACHE),
        ("immediates", Features::IMMEDIATES),
    ];
    Adapter {
        name: info.name.clone(),
        backend: format!("{:?}", info.backend),
        kind: match info.device_type {
            DeviceType::DiscreteGpu => "discrete GPU",
            DeviceType::IntegratedGpu => "integrated GPU",
            DeviceType::VirtualGpu => "virtual GPU",
            DeviceType::Cpu => "software",
            DeviceType::Other => "other",
        }
        .into(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        hardware: hardware(adapter),
        products,
        missing: missing(adapter),
        limits: vec![
            ("storage binding", mib(limits.max_storage_buffer_binding_size)),
            ("buffer", mib(limits.max_buffer_size)),
            (
                "workgroup memory",
                format!("{} KiB", limits.max_compute_workgroup_storage_size >> 10),
            ),
            ("invocations a workgroup", limits.max_compute_invocations_per_workgroup.to_string()),
            ("storage buffers a stage", limits.max_storage_buffers_per_shader_stage.to_string()),
            ("subgroup size", subgroup_sizes(&info)),
        ],
        features: features
            .into_iter()
            .filter(|(_, feature)| adapter.features().contains(*feature))
            .map(|(name, _)| name)
            .collect(),
    }
}

fn subgroup_sizes(info: &wgpu::AdapterInfo) -> String {
    match (info.subgroup_min_size, info.subgroup_max_size) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    }
}
