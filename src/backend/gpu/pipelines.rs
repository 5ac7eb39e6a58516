//! Dispatches made ready: shader modules, pipelines and bind groups, each made once.

use std::collections::HashMap;

use rayon::prelude::*;

use super::super::ShaderChecks;
use super::cache::Cache;
use super::context::Context;
use crate::kernels::{Access, Kernel, Slot, fold, source};
use crate::plan::{Dispatch, Plan};

/// A dispatch, ready to be recorded any number of times.
pub(super) struct Ready {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    immediates: Vec<u8>,
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
        if !self.immediates.is_empty() {
            pass.set_immediates(0, &self.immediates);
        }
        let [x, y, z] = self.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }

    /// Records so many replays, in dispatches of `most`.
    pub(super) fn record_replays(&self, pass: &mut wgpu::ComputePass<'_>, replays: u64, most: u32) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bind_group, &[]);
        pass.set_immediates(0, &self.immediates);
        let [x, y, z] = self.workgroups;
        let mut left = replays;
        while left > 0 {
            let now = u64::from(most).min(left) as u32;
            pass.set_immediates(0, &now.to_le_bytes());
            pass.dispatch_workgroups(x, y, z);
            left -= u64::from(now);
        }
    }
}

/// Names of the pieces, and what was written out.
type ModuleKey = (Vec<&'static str>, String);
type PipelineKey = (ModuleKey, Vec<(&'static str, u64)>);

/// The modules and pipelines of a device, shared by the dispatches that need the same.
#[derive(Default)]
pub(super) struct Pipelines {
    modules: HashMap<ModuleKey, wgpu::ShaderModule>,
    pipelines: HashMap<PipelineKey, (wgpu::ComputePipeline, wgpu::BindGroupLayout)>,
}

impl Pipelines {
    /// Compiles what the dispatches need and is not there yet, on all threads: it takes longer than
    /// anything else before the first step.
    pub(super) fn compile(&mut self, context: &Context, dispatches: &[Dispatch]) {
        let (mut modules, mut pipelines) = (HashMap::new(), HashMap::new());
        for Dispatch { operation, .. } in dispatches {
            let key = key(operation.kernel());
            if !self.modules.contains_key(&key.0) {
                modules.insert(key.0.clone(), operation);
            }
            if !self.pipelines.contains_key(&key) {
                pipelines.insert(key, operation);
            }
        }
        let made = modules.into_par_iter().map(|(key, operation)| {
            let module = module(context, operation.kernel());
            (key, module)
        });
        self.modules.par_extend(made);
        let modules = &self.modules;
        let made = pipelines.into_par_iter().map(|(key, operation)| {
            let pipeline = pipeline(context, &modules[&key.0], operation.kernel());
            (key, pipeline)
        });
        self.pipelines.par_extend(made);
    }

    /// Makes a dispatch ready whose pipeline is compiled.
    pub(super) fn ready(
        &self,
        context: &Context,
        plan: &Plan,
        buffers: &[wgpu::Buffer],
        dispatch: &Dispatch,
    ) -> Ready {
        let kernel = dispatch.operation.kernel();
        let (pipeline, layout) = &self.pipelines[&key(kernel)];
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
            layout,
            entries: &entries,
        });
        Ready {
            pipeline: pipeline.clone(),
            bind_group,
            immediates: kernel.immediates(),
            workgroups: fold(kernel.workgroups()),
            repeats_itself: kernel.repeats_itself(),
        }
    }
}

fn key(kernel: &dyn Kernel) -> PipelineKey {
    let names = kernel.modules().iter().map(|module| module.name).collect();
    let overrides = kernel.overrides();
    let bits = overrides.iter().map(|(name, value)| (*name, value.to_bits())).collect();
    ((names, kernel.written()), bits)
}

fn pipeline(
    context: &Context,
    module: &wgpu::ShaderModule,
    kernel: &dyn Kernel,
) -> (wgpu::ComputePipeline, wgpu::BindGroupLayout) {
    let device = &context.device;
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(kernel.stem()),
        entries: &kernel.slots().iter().enumerate().map(layout_entry).collect::<Vec<_>>(),
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(kernel.stem()),
        bind_group_layouts: &[Some(&layout)],
        immediate_size: kernel.immediates().len() as u32,
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
    (pipeline, layout)
}

fn module(context: &Context, kernel: &dyn Kernel) -> wgpu::ShaderModule {
    let descriptor = wgpu::ShaderModuleDescriptor {
        label: Some(kernel.stem()),
        source: wgpu::ShaderSource::Wgsl(source(kernel).into()),
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
