//! A shader as naga sees it: what it declares, and what it becomes once its overrides are known.

use std::collections::BTreeSet;

use halfplane::low_level::kernels::{Access, Control, Element, Kernel, Slot, source};
use naga::back::pipeline_constants::process_overrides;
use naga::valid::{
    Capabilities, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator,
};
use naga::{
    AddressSpace, Handle, Module, ScalarKind, ShaderStage, StorageAccess, StructMember, Type,
    TypeInner,
};

/// The files that a kernel's shader is made of, as one name.
pub(crate) fn modules(kernel: &dyn Kernel) -> String {
    kernel.modules().iter().map(|module| module.name).collect::<Vec<_>>().join("+")
}

/// A binding as the shader declares it.
pub(crate) struct Binding<'a> {
    pub(crate) name: &'a str,
    pub(crate) access: Access,
    pub(crate) item: Declared,
}

/// What a binding holds one of, or many.
#[derive(Debug)]
pub(crate) enum Declared {
    /// So many numbers of 32 bits.
    Numbers { kind: ScalarKind, count: usize },
    /// A struct.
    Record(String),
}

impl Declared {
    /// Whether it is what the contract says. Shaders may take single numbers four at a time.
    pub(crate) fn fits(&self, slot: &Slot) -> bool {
        match self {
            Self::Numbers { kind, count } => {
                let kinds = match slot.element {
                    Element::F32 => ScalarKind::Float,
                    Element::U32 => ScalarKind::Uint,
                };
                let quads = slot.components == 1 && *count == 4;
                *kind == kinds && (*count == slot.components || quads)
            }
            Self::Record(name) => name == "Control" && slot.components == Control::WORDS,
        }
    }
}

/// A valid shader, its overrides still open.
pub(crate) struct Shader {
    /// What it is made of, and the overrides' values.
    pub(crate) name: String,
    module: Module,
    info: ModuleInfo,
    constants: Vec<(&'static str, f64)>,
}

impl Shader {
    pub(crate) fn parse(kernel: &dyn Kernel) -> Self {
        let constants = kernel.overrides();
        let name = format!("{} {constants:?}", modules(kernel));
        let text = source(kernel);
        let module = naga::front::wgsl::parse_str(&text)
            .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&text)));
        let capabilities = Capabilities::IMMEDIATES | Capabilities::SUBGROUP;
        let info = Validator::new(ValidationFlags::all(), capabilities)
            .subgroup_stages(ShaderStages::COMPUTE)
            .subgroup_operations(SubgroupOperationSet::SHUFFLE)
            .validate(&module)
            .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&text)));
        Self { name, module, info, constants }
    }

    /// The bindings of group 0, in order.
    pub(crate) fn bindings(&self) -> Vec<Binding<'_>> {
        let globals = self.module.global_variables.iter();
        let mut found: Vec<(u32, Binding<'_>)> = globals
            .filter_map(|(_, global)| {
                let binding = global.binding?;
                assert_eq!(binding.group, 0, "{}", self.name);
                let (name, access) = (named(&global.name), self.access(global.space));
                Some((binding.binding, Binding { name, access, item: self.item(global.ty) }))
            })
            .collect();
        found.sort_by_key(|(number, _)| *number);
        let numbers: Vec<u32> = found.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..found.len() as u32).collect::<Vec<_>>(), "{}", self.name);
        found.into_iter().map(|(_, binding)| binding).collect()
    }

    /// What a binding holds one of, or many.
    fn item(&self, ty: Handle<Type>) -> Declared {
        match &self.module.types[ty].inner {
            TypeInner::Array { base, .. } => self.item(*base),
            TypeInner::Scalar(scalar) => Declared::Numbers { kind: scalar.kind, count: 1 },
            TypeInner::Vector { size, scalar } => {
                Declared::Numbers { kind: scalar.kind, count: *size as usize }
            }
            TypeInner::Struct { .. } => {
                Declared::Record(self.module.types[ty].name.clone().unwrap_or_default())
            }
            other => panic!("{}: a binding of {other:?}", self.name),
        }
    }

    fn access(&self, space: AddressSpace) -> Access {
        let AddressSpace::Storage { access } = space else {
            panic!("{}: a binding in {space:?}", self.name)
        };
        match access == StorageAccess::LOAD {
            true => Access::Read,
            false => {
                assert_eq!(access, StorageAccess::LOAD | StorageAccess::STORE, "{}", self.name);
                Access::ReadWrite
            }
        }
    }

    /// The names of the immediates' words, and their size in bytes.
    pub(crate) fn immediates(&self) -> (Vec<String>, u32) {
        let mut globals = self.module.global_variables.iter();
        let (_, global) = globals
            .find(|(_, global)| global.space == AddressSpace::Immediate)
            .unwrap_or_else(|| panic!("{} has no immediates", self.name));
        let TypeInner::Struct { members, span } = &self.module.types[global.ty].inner else {
            panic!("{}: the immediates are no struct", self.name)
        };
        (self.words(members, &[ScalarKind::Uint, ScalarKind::Float]), *span)
    }

    /// The names of the control's words.
    pub(crate) fn control(&self) -> Vec<String> {
        let mut types = self.module.types.iter();
        let (_, control) = types
            .find(|(_, ty)| ty.name.as_deref() == Some("Control"))
            .unwrap_or_else(|| panic!("{} has no control", self.name));
        let TypeInner::Struct { members, span } = &control.inner else {
            panic!("{}: the control is no struct", self.name)
        };
        assert_eq!(
            *span as usize,
            4 * halfplane::low_level::kernels::Control::WORDS,
            "{}",
            self.name
        );
        self.words(members, &[ScalarKind::Uint, ScalarKind::Float])
    }

    /// The members' names, those of a struct within after its own, after a look that they are
    /// words of such kinds without gaps.
    fn words(&self, members: &[StructMember], kinds: &[ScalarKind]) -> Vec<String> {
        let mut words = Vec::new();
        for member in members {
            let name = named(&member.name);
            assert_eq!(member.offset as usize, 4 * words.len(), "{}: {name}", self.name);
            match &self.module.types[member.ty].inner {
                TypeInner::Scalar(scalar) => {
                    let word = kinds.contains(&scalar.kind) && scalar.width == 4;
                    assert!(word, "{}: {name}", self.name);
                    words.push(name.to_owned());
                }
                TypeInner::Struct { members, .. } => {
                    let inner = self.words(members, kinds);
                    words.extend(inner.into_iter().map(|inner| format!("{name}.{inner}")));
                }
                other => panic!("{}: {name} is {other:?}", self.name),
            }
        }
        words
    }

    pub(crate) fn overrides(&self) -> BTreeSet<&str> {
        let overrides = self.module.overrides.iter();
        overrides.map(|(_, found)| named(&found.name)).collect()
    }

    pub(crate) fn entry_points(&self) -> Vec<&str> {
        self.module.entry_points.iter().map(|entry| entry.name.as_str()).collect()
    }

    /// With the kernel's values for the overrides, as a driver gets it.
    pub(crate) fn specialize(&self) -> Specialized {
        let constants =
            self.constants.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let entry = self.module.entry_points[0].name.clone();
        let entry_point = Some((ShaderStage::Compute, entry.as_str()));
        let (module, info) = process_overrides(&self.module, &self.info, entry_point, &constants)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let (module, info) = (module.into_owned(), info.into_owned());
        Specialized { name: self.name.clone(), entry, module, info }
    }
}

/// WGSL has no nameless declarations.
fn named(name: &Option<String>) -> &str {
    name.as_deref().expect("all that WGSL declares has a name")
}

/// A shader whose overrides are known.
pub(crate) struct Specialized {
    pub(crate) name: String,
    pub(crate) entry: String,
    pub(crate) module: Module,
    pub(crate) info: ModuleInfo,
}

impl Specialized {
    /// Threads in a workgroup.
    pub(crate) fn invocations(&self) -> u32 {
        self.module.entry_points[0].workgroup_size.iter().product()
    }

    /// Workgroup memory.
    pub(crate) fn workgroup_bytes(&self) -> u32 {
        let globals = self.module.global_variables.iter();
        globals
            .filter(|(_, global)| global.space == AddressSpace::WorkGroup)
            .map(|(_, global)| self.module.types[global.ty].inner.size(self.module.to_ctx()))
            .sum()
    }
}
