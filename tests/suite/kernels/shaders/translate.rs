//! naga's three writers, each with every kind of check on and off.

use naga::ShaderStage;
use naga::back::{hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};

use super::reflect::Specialized;

/// The shader in every target's language: what it was made for, and how long it came out.
pub(crate) fn to_every_target(shader: &Specialized) -> Vec<(String, usize)> {
    let mut written = Vec::new();
    for bounds in [BoundsCheckPolicy::Unchecked, BoundsCheckPolicy::Restrict] {
        for zeroed in [false, true] {
            let with = format!("indexing {bounds:?}, zeroed workgroup memory {zeroed}");
            written.push((format!("SPIR-V, {with}"), 4 * to_spirv(shader, bounds, zeroed).len()));
            written.push((format!("MSL, {with}"), to_msl(shader, bounds, zeroed)));
            for model in [hlsl::ShaderModel::V5_1, hlsl::ShaderModel::V6_0] {
                let bytes = to_hlsl(shader, model, bounds, zeroed);
                written.push((format!("HLSL {}, {with}", model.to_str()), bytes));
            }
        }
    }
    written
}

const fn everywhere(policy: BoundsCheckPolicy) -> BoundsCheckPolicies {
    BoundsCheckPolicies { index: policy, buffer: policy, image_load: policy, binding_array: policy }
}

/// As Vulkan's drivers get it.
pub(crate) fn to_spirv(shader: &Specialized, bounds: BoundsCheckPolicy, zeroed: bool) -> Vec<u32> {
    let options = spv::Options {
        lang_version: (1, 3),
        bounds_check_policies: everywhere(bounds),
        zero_initialize_workgroup_memory: match zeroed {
            true => spv::ZeroInitializeWorkgroupMemoryMode::Polyfill,
            false => spv::ZeroInitializeWorkgroupMemoryMode::None,
        },
        force_loop_bounding: bounds == BoundsCheckPolicy::Restrict,
        ..spv::Options::default()
    };
    let entry_point = spv::PipelineOptions {
        shader_stage: ShaderStage::Compute,
        entry_point: shader.entry.clone(),
    };
    spv::write_vec(&shader.module, &shader.info, &options, Some(&entry_point))
        .unwrap_or_else(|error| panic!("{} as SPIR-V: {error}", shader.name))
}

fn to_msl(shader: &Specialized, bounds: BoundsCheckPolicy, zeroed: bool) -> usize {
    let options = msl::Options {
        lang_version: (2, 4),
        fake_missing_bindings: true,
        bounds_check_policies: everywhere(bounds),
        zero_initialize_workgroup_memory: zeroed,
        force_loop_bounding: bounds == BoundsCheckPolicy::Restrict,
        ..msl::Options::default()
    };
    let entry_point = msl::PipelineOptions {
        entry_point: Some((ShaderStage::Compute, shader.entry.clone())),
        ..msl::PipelineOptions::default()
    };
    let (text, translation) =
        msl::write_string(&shader.module, &shader.info, &options, &entry_point)
            .unwrap_or_else(|error| panic!("{} as MSL: {error}", shader.name));
    for name in translation.entry_point_names {
        name.unwrap_or_else(|error| panic!("{} as MSL: {error}", shader.name));
    }
    text.len()
}

fn to_hlsl(
    shader: &Specialized,
    shader_model: hlsl::ShaderModel,
    bounds: BoundsCheckPolicy,
    zeroed: bool,
) -> usize {
    let options = hlsl::Options {
        shader_model,
        immediates_target: Some(hlsl::BindTarget { space: 1, ..hlsl::BindTarget::default() }),
        zero_initialize_workgroup_memory: zeroed,
        restrict_indexing: bounds == BoundsCheckPolicy::Restrict,
        force_loop_bounding: bounds == BoundsCheckPolicy::Restrict,
        ..hlsl::Options::default()
    };
    let entry_point =
        hlsl::PipelineOptions { entry_point: Some((ShaderStage::Compute, shader.entry.clone())) };
    let mut text = String::new();
    let reflection = hlsl::Writer::new(&mut text, &options, &entry_point)
        .write(&shader.module, &shader.info, None)
        .unwrap_or_else(|error| panic!("{} as HLSL: {error}", shader.name));
    for name in reflection.entry_point_names {
        name.unwrap_or_else(|error| panic!("{} as HLSL: {error}", shader.name));
    }
    text.len()
}
