//! Dispatches made ready: shader modules, pipelines and bind groups, each made once.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use wgpu::util::DeviceExt as _;

use super::super::ShaderChecks;
use super::cache::Cache;
use super::context::Context;
use super::immediates::{GROUP, in_uniform_buffer, uniform_bytes};
use crate::kernels::{Access, Kernel, ModuleKey, PipelineKey, Slot, fold, pipeline_key, source};
use crate::plan::{Dispatch, Plan};
use crate::platform::threads;

/// A dispatch, ready to be recorded any number of times.
pub(super) struct Ready {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    immediates: Immediates,
    workgroups: [u32; 3],
    repeats_itself: Option<u32>,
}

impl Ready {
    /// How many replays it does by itself, if it does.
    pub(super) fn repeats_itself(&self) -> Option<u32> {
        self.repeats_itself
    }

    /// Records the dispatch.
    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        match &self.immediates {
            Immediates::Bytes(bytes) if bytes.is_empty() => {}
            Immediates::Bytes(bytes) => pass.set_immediates(0, bytes),
            Immediates::Uniform(uniform) => pass.set_bind_group(GROUP, &uniform[0].bind_group, &[]),
        }
        let [x, y, z] = self.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }

    /// Records so many replays, in dispatches of `most`: all that is recorded before the next
    /// submission.
    pub(super) fn record_replays(
        &self,
        context: &Context,
        pass: &mut wgpu::ComputePass<'_>,
        replays: u64,
        most: u32,
    ) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        let (whole, rest) = (replays / u64::from(most), (replays % u64::from(most)) as u32);
        let counts = [(whole, most), (u64::from(rest > 0), rest)];
        let [x, y, z] = self.workgroups;
        for (index, (times, count)) in counts.into_iter().enumerate() {
            if times == 0 {
                continue;
            }
            let count = count.to_le_bytes();
            match &self.immediates {
                Immediates::Bytes(bytes) => {
                    pass.set_immediates(0, bytes);
                    pass.set_immediates(0, &count);
                }
                Immediates::Uniform(uniform) => {
                    let Uniform { buffer, bind_group } = &uniform[index];
                    // The queue writes it after what was submitted before, and before this.
                    context.queue.write_buffer(buffer, 0, &count);
                    pass.set_bind_group(GROUP, bind_group, &[]);
                }
            }
            for _ in 0..times {
                pass.dispatch_workgroups(x, y, z);
            }
        }
    }
}

/// A dispatch's immediates.
enum Immediates {
    Bytes(Vec<u8>),
    /// In a buffer; a second one where a dispatch that repeats itself is recorded with two counts.
    Uniform(Vec<Uniform>),
}

/// A uniform buffer.
struct Uniform {
    buffer: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

/// The modules and pipelines of a device, shared by all plans and dispatches that need the same.
#[derive(Debug, Default)]
pub(super) struct Pipelines {
    modules: HashMap<ModuleKey, wgpu::ShaderModule>,
    pipelines: HashMap<PipelineKey, Pipeline>,
}

/// A pipeline with the layouts of its bind groups.
#[derive(Clone, Debug)]
struct Pipeline {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    /// Of the uniform buffer, where immediates are in one.
    uniform: Option<wgpu::BindGroupLayout>,
}

impl Pipelines {
    fn of(context: &Context) -> MutexGuard<'_, Self> {
        // Every entry is whole, whoever panicked.
        context.pipelines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets them all: what is in use stays until its plan goes.
    pub(super) fn forget(context: &Context) {
        *Self::of(context) = Self::default();
    }

    /// Compiles what the dispatches need and the device does not have yet, on all threads: it takes
    /// longer than anything else before the first step. Returns the number of new pipelines.
    pub(super) fn compile(context: &Context, dispatches: &[Dispatch]) -> usize {
        let (mut modules, mut absent) = (HashMap::new(), HashMap::new());
        let mut missing = HashMap::new();
        {
            let own = Self::of(context);
            for Dispatch { operation, .. } in dispatches {
                let key = pipeline_key(operation.kernel());
                if own.pipelines.contains_key(&key) {
                    continue;
                }
                if let Some(module) = own.modules.get(&key.0) {
                    modules.insert(key.0.clone(), module.clone());
                } else {
                    absent.insert(key.0.clone(), operation);
                }
                missing.insert(key, operation);
            }
        }
        // Unlocked: a thread that waits for others here may begin to load another plan.
        modules.extend(threads::map(absent, |(key, operation)| {
            let module = module(context, operation.kernel());
            (key, module)
        }));
        let made = threads::map(missing, |(key, operation)| {
            let pipeline = pipeline(context, &modules[&key.0], operation.kernel());
            (key, pipeline)
        });
        let count = made.len();
        let mut own = Self::of(context);
        own.modules.extend(modules);
        own.pipelines.extend(made);
        count
    }

    /// Makes a dispatch ready whose pipeline is compiled.
    pub(super) fn ready(
        context: &Context,
        plan: &Plan,
        buffers: &[wgpu::Buffer],
        dispatch: &Dispatch,
    ) -> Ready {
        let kernel = dispatch.operation.kernel();
        let Pipeline { pipeline, layout, uniform } =
            Self::of(context).pipelines[&pipeline_key(kernel)].clone();
        let entries: Vec<wgpu::BindGroupEntry<'_>> = dispatch
            .bindings
            .iter()
            .enumerate()
            .map(|(binding, id)| wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: buffers[id.0].as_entire_binding(),
            })
            .collect();
        let names: Vec<&str> =
            dispatch.bindings.iter().map(|id| plan.buffer(*id).name.as_str()).collect();
        let label = format!("{} {} ({})", dispatch.label, kernel.stem(), names.join(", "));
        let bind_group = context.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(&label),
            layout: &layout,
            entries: &entries,
        });
        Ready {
            pipeline,
            bind_group,
            immediates: match uniform {
                Some(layout) => uniforms(context, &layout, kernel, &label),
                None => Immediates::Bytes(kernel.immediates()),
            },
            workgroups: fold(kernel.workgroups()),
            repeats_itself: kernel.repeats_itself(),
        }
    }
}

fn pipeline(context: &Context, module: &wgpu::ShaderModule, kernel: &dyn Kernel) -> Pipeline {
    let device = &context.device;
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(kernel.stem()),
        entries: &kernel.slots().iter().enumerate().map(layout_entry).collect::<Vec<_>>(),
    });
    let immediates = kernel.immediates().len() as u32;
    let uniform = (!context.immediates && immediates > 0).then(|| uniform_layout(device));
    let groups: &[_] = match &uniform {
        Some(uniform) => &[Some(&layout), Some(uniform)],
        None => &[Some(&layout)],
    };
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(kernel.stem()),
        bind_group_layouts: groups,
        immediate_size: if uniform.is_some() { 0 } else { immediates },
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(kernel.stem()),
        layout: Some(&pipeline_layout),
        module,
        entry_point: Some(kernel.stem()),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants: &kernel.overrides(),
            zero_initialize_workgroup_memory: context.checks == ShaderChecks::On,
        },
        cache: context.cache.as_ref().map(Cache::pipelines),
    });
    Pipeline { pipeline, layout, uniform }
}

fn uniform_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("immediates"),
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        }],
    })
}

/// The uniform buffers of a dispatch.
fn uniforms(
    context: &Context,
    layout: &wgpu::BindGroupLayout,
    kernel: &dyn Kernel,
    label: &str,
) -> Immediates {
    let bytes = uniform_bytes(kernel);
    let uniform = |_| {
        let buffer = context.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some(label),
            contents: &bytes,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        });
        let bind_group = context.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(label),
            layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
        });
        Uniform { buffer, bind_group }
    };
    let count = if kernel.repeats_itself().is_some() { 2 } else { 1 };
    Immediates::Uniform((0..count).map(uniform).collect())
}

fn module(context: &Context, kernel: &dyn Kernel) -> wgpu::ShaderModule {
    let text = match context.immediates {
        true => source(kernel),
        false => in_uniform_buffer(&source(kernel)),
    };
    let descriptor = wgpu::ShaderModuleDescriptor {
        label: Some(kernel.stem()),
        source: wgpu::ShaderSource::Wgsl(text.into()),
    };
    let checks = match context.checks {
        ShaderChecks::On => wgpu::ShaderRuntimeChecks::checked(),
        ShaderChecks::Off => wgpu::ShaderRuntimeChecks::unchecked(),
    };
    // SAFETY: unchecked shaders must stay in bounds and terminate by themselves. Every index that
    // ours use is guarded by `index < count` with counts that the planner sized the buffer by;
    // rows are at most `Control::rows`, which the host, `metrics` and `micro_batch` keep at or below
    // the capacity that the buffers were made for; every loop counts up to such a number, and the walk of
    // `permute` ends because a permutation's cycle leads back inside. The kernel tests run all
    // shaders with checks on and off, and compare.
    unsafe { context.device.create_shader_module_trusted(descriptor, checks) }
}

fn layout_entry((binding, slot): (usize, &Slot)) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only: slot.access == Access::Read },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}
