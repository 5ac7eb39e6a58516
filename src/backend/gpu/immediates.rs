//! How a dispatch's immediates reach its shader: as immediates, or in a uniform buffer where the
//! device has none. Browsers' devices have none, or too few bytes of them.
//!
//! The shaders are written for immediates. For a uniform buffer their one declaration is replaced,
//! and each member of the struct begins at a multiple of 16 bytes, as uniform buffers ask of the
//! structs among them.

use std::borrow::Cow;

use crate::kernels::Kernel;

/// Where shaders find the numbers that a dispatch is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImmediateStorage {
    /// In immediates where the device has them, else in a uniform buffer.
    #[default]
    Auto,
    /// In a uniform buffer, whatever the device has: for tests.
    UniformBuffer,
}

/// Bytes that the beginnings of a uniform buffer's members are multiples of.
const ALIGNMENT: usize = 16;

/// The declaration in the shaders.
const DECLARATION: &str = "var<immediate> p: Immediates;";

/// The declaration that takes its place; [`GROUP`] is its group.
const UNIFORM: &str = "@group(1) @binding(0) var<uniform> p: Immediates;";

/// The bind group of the uniform buffer.
pub(super) const GROUP: u32 = 1;

/// A shader that finds its immediates in a uniform buffer.
pub(super) fn in_uniform_buffer(source: &str) -> String {
    let mut inside = false;
    let lines = source.lines().map(|line| match line {
        "struct Immediates {" => {
            inside = true;
            Cow::from(line)
        }
        DECLARATION => UNIFORM.into(),
        "}" => {
            inside = false;
            line.into()
        }
        member if inside && member.contains(':') => {
            format!("@align({ALIGNMENT}) {}", member.trim_start()).into()
        }
        _ => line.into(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A kernel's immediates as such a shader reads them.
pub(super) fn uniform_bytes(kernel: &dyn Kernel) -> Vec<u8> {
    aligned(&kernel.immediate_fields(), kernel.immediates().as_chunks::<4>().0)
}

fn aligned(names: &[String], words: &[[u8; 4]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut member = String::new();
    for (name, word) in names.iter().zip(words) {
        // Words of a struct among the members are called `member.word`.
        let (own, _) = name.split_once('.').unwrap_or((name, ""));
        if own != member {
            own.clone_into(&mut member);
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        }
        bytes.extend_from_slice(word);
    }
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    bytes
}

#[cfg(all(test, feature = "check"))]
mod tests {
    use std::collections::HashSet;

    use naga::valid::{Capabilities, ShaderStages, SubgroupOperationSet};
    use naga::valid::{ValidationFlags, Validator};
    use naga::{AddressSpace, Handle, Module, Type, TypeInner};

    use super::*;
    use crate::check::cases;
    use crate::kernels::source;

    /// The names of a struct's words with the offsets of their bytes.
    fn words(module: &Module, ty: Handle<Type>, name: &str, offset: u32) -> Vec<(String, u32)> {
        let TypeInner::Struct { members, .. } = &module.types[ty].inner else {
            return vec![(name.to_owned(), offset)];
        };
        let of_member = |member: &naga::StructMember| {
            let own = member.name.clone().unwrap_or_default();
            let name = if name.is_empty() { own } else { format!("{name}.{own}") };
            words(module, member.ty, &name, offset + member.offset)
        };
        members.iter().flat_map(of_member).collect()
    }

    #[test]
    fn a_uniform_buffer_has_each_word_where_the_shader_reads_it() {
        let mut seen = HashSet::new();
        for case in cases() {
            let kernel = case.operation().kernel();
            let text = in_uniform_buffer(&source(kernel));
            if !seen.insert(text.clone()) {
                continue;
            }
            let name = case.name();
            let module = naga::front::wgsl::parse_str(&text)
                .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&text)));
            Validator::new(ValidationFlags::all(), Capabilities::SUBGROUP)
                .subgroup_stages(ShaderStages::COMPUTE)
                .subgroup_operations(SubgroupOperationSet::SHUFFLE)
                .validate(&module)
                .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&text)));
            let mut globals = module.global_variables.iter().map(|(_, global)| global);
            let uniform = globals.find(|global| global.space == AddressSpace::Uniform);
            let uniform = uniform.unwrap_or_else(|| panic!("{name} has no uniform buffer"));
            let names = kernel.immediate_fields();
            let numbers: Vec<[u8; 4]> = (1..).map(u32::to_le_bytes).take(names.len()).collect();
            let bytes = aligned(&names, &numbers);
            let expected = words(&module, uniform.ty, "", 0);
            assert_eq!(expected.len(), names.len(), "{name}");
            for ((word, offset), (own, number)) in expected.iter().zip(names.iter().zip(numbers)) {
                assert_eq!(word, own, "{name}");
                assert_eq!(bytes[*offset as usize..][..4], number, "{name}: {word}");
            }
        }
    }
}
