//! Every shader that an operation can ask for: valid, as its Rust contract says, within what every
//! device grants, and translatable for Vulkan, Metal and DX12. None of it needs a GPU.

mod radv;
mod reflect;
mod tint;
mod translate;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use halfplane::low_level::check::cases;
use halfplane::low_level::kernels::{FusedGradient, Kernel, Operation, Tiling, source};
use naga::proc::BoundsCheckPolicy;
use reflect::Shader;
use variants::{Variant, operations, tiling, variant};

/// What WebGPU promises everywhere.
const INVOCATIONS: u32 = 256;
const WORKGROUP_BYTES: u32 = 16 << 10;
const STORAGE_BUFFERS: usize = 8;

/// What every Vulkan and DX12 device has room for.
const IMMEDIATES: u32 = 128;

/// One operation for each distinct shader, override by override.
fn each_shader(mut visit: impl FnMut(&dyn Kernel, &Shader)) {
    let list = operations();
    assert!(list.len() > 70, "only {} shaders", list.len());
    for operation in &list {
        let kernel = operation.kernel();
        visit(kernel, &Shader::parse(kernel));
    }
}

#[test]
fn bindings_are_the_kernels_slots() {
    each_shader(|kernel, shader| {
        let bindings = shader.bindings();
        let slots = kernel.slots();
        assert_eq!(bindings.len(), slots.len(), "{}", shader.name);
        for (binding, slot) in bindings.iter().zip(&slots) {
            assert_eq!((binding.name, binding.access), (slot.name, slot.access), "{}", shader.name);
            let fits = binding.item.fits(slot);
            assert!(fits, "{}: {slot:?} is {:?}", shader.name, binding.item);
        }
    });
}

#[test]
fn immediates_are_the_kernels_words() {
    each_shader(|kernel, shader| {
        let (members, bytes) = shader.immediates();
        assert_eq!(members, kernel.immediate_fields(), "{}", shader.name);
        assert_eq!(bytes as usize, kernel.immediates().len(), "{}", shader.name);
        assert!(bytes <= IMMEDIATES, "{}: {bytes} bytes", shader.name);
    });
}

#[test]
fn the_control_is_the_same_in_both_languages() {
    each_shader(|_, shader| {
        assert_eq!(
            shader.control(),
            halfplane::low_level::kernels::Control::fields(),
            "{}",
            shader.name
        );
    });
}

#[test]
fn overrides_are_the_kernels_and_the_entry_point_is_its_stem() {
    each_shader(|kernel, shader| {
        let given: BTreeSet<_> = kernel.overrides().iter().map(|(name, _)| *name).collect();
        assert_eq!(given.len(), kernel.overrides().len(), "{}: one given twice", shader.name);
        assert_eq!(shader.overrides(), given, "{}", shader.name);
        assert_eq!(shader.entry_points(), [kernel.stem()]);
    });
}

#[test]
fn every_shader_fits_every_device() {
    for operation in operations() {
        let shader = Shader::parse(operation.kernel());
        let specialized = shader.specialize();
        let name = &shader.name;
        // The planner asks the device before it takes these tiles.
        let times = match &operation {
            Operation::FusedGradient(FusedGradient { tiling: Some(tiling), .. }) => {
                let told = tiling.workgroup_bytes();
                assert_eq!(u64::from(specialized.workgroup_bytes()), told, "{name}");
                3
            }
            _ if tiling(&operation) == Some(Tiling::HUGE_SHARED) => 2,
            _ => 1,
        };
        let invocations = specialized.invocations();
        let most = times * INVOCATIONS;
        assert!((1..=most).contains(&invocations), "{name}: {invocations} invocations");
        let bytes = specialized.workgroup_bytes();
        let most = times * WORKGROUP_BYTES;
        assert!(bytes <= most, "{name}: {bytes} bytes of workgroup memory");
        let buffers = shader.bindings().len();
        assert!(buffers <= STORAGE_BUFFERS, "{name}: {buffers} storage buffers");
    }
}

#[test]
fn every_shader_translates_for_every_target() {
    each_shader(|_, shader| {
        let specialized = shader.specialize();
        for (target, bytes) in translate::to_every_target(&specialized) {
            assert!(bytes > 500, "{} as {target}: only {bytes} bytes", shader.name);
        }
    });
}

/// Families of AMD's cards: the second generation of RDNA and the last of GCN.
const FAMILIES: [&str; 2] = ["NAVI21", "VEGA20"];

/// The ignored test below.
const PRETENDED: &str = "kernels::shaders::of_a_pretended_card::registers_do_not_spill";

/// What it prints, one or the other.
const COMPILED: &str = "shaders compiled";
const LEFT_OUT: &str = "left out: ";

#[test]
fn amds_compiler_has_room_for_every_shader() {
    let compile = |family| std::thread::spawn(move || radv::pretending(family, PRETENDED));
    let started = FAMILIES.map(compile);
    for (family, said) in FAMILIES.into_iter().zip(started) {
        let said = said.join().expect("it does not panic");
        let said = said.unwrap_or_else(|said| panic!("{family}: {said}"));
        let told = |line: &&str| line.contains(COMPILED) || line.starts_with(LEFT_OUT);
        let line = said.lines().find(told);
        println!("{family}: {}", line.unwrap_or_else(|| panic!("{family} told nothing: {said}")));
    }
}

mod of_a_pretended_card {
    use super::*;

    #[test]
    #[ignore = "the test above runs it where a driver pretends to have a card"]
    fn registers_do_not_spill() {
        let Some(radv) = radv::Radv::open().expect("what there is of RADV works") else {
            println!("{LEFT_OUT}there is no RADV here to compile for it");
            return;
        };
        let (mut count, mut most) = (0, 0);
        for operation in operations() {
            // Only a software adapter takes these tiles.
            if let Some(Tiling::Lanes { .. }) = tiling(&operation) {
                continue;
            }
            let kernel = operation.kernel();
            let shader = Shader::parse(kernel);
            let specialized = shader.specialize();
            let words = translate::to_spirv(&specialized, BoundsCheckPolicy::Unchecked, false);
            let immediates = kernel.immediates().len() as u32;
            let statistics = radv
                .compile(&specialized, &words, kernel.slots().len(), immediates)
                .unwrap_or_else(|error| panic!("{}: {error}", shader.name));
            let of = |name: &str| {
                let found = statistics.iter().find(|(own, _)| own == name);
                found.unwrap_or_else(|| panic!("no `{name}` among {statistics:?}")).1
            };
            for spilled in ["Spilled VGPRs", "Spilled SGPRs", "Scratch size"] {
                assert_eq!(of(spilled), 0, "{}: {spilled}", shader.name);
            }
            (count, most) = (count + 1, most.max(of("VGPRs")));
        }
        println!("{count} {COMPILED}, the largest with {most} registers a thread");
    }
}

#[test]
fn every_file_is_used_under_its_name() -> io::Result<()> {
    let files = files()?;
    let mut used = BTreeSet::new();
    each_shader(|kernel, _| {
        let modules = kernel.modules();
        assert!(modules.iter().any(|module| module.name == kernel.stem()), "{}", kernel.stem());
        for module in modules {
            assert_eq!(files[module.name], module.source, "{}", module.name);
            used.insert(module.name.to_owned());
        }
    });
    assert_eq!(used, files.into_keys().collect());
    Ok(())
}

/// Entry points stand at the top of `shaders/`, under their operation's name; what they share stands
/// in folders.
#[test]
fn entry_points_stand_beside_each_other() -> io::Result<()> {
    for (name, text) in files()? {
        assert_eq!(text.contains("@compute"), !name.contains('/'), "{name}");
    }
    Ok(())
}

/// The texts in `shaders/`, each by its path there without its ending.
fn files() -> io::Result<BTreeMap<String, String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut files = BTreeMap::new();
    let mut folders = vec![(String::new(), folder)];
    while let Some((prefix, folder)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let name = prefix.clone() + &stem.unwrap_or_default();
            if path.is_dir() {
                folders.push((name + "/", path));
            } else {
                files.insert(name, fs::read_to_string(path)?);
            }
        }
    }
    Ok(files)
}

#[test]
fn every_shader_is_checked_on_devices() {
    let checked: BTreeSet<Variant> = cases().iter().map(|case| variant(case.operation())).collect();
    for operation in operations() {
        let variant = variant(&operation);
        assert!(checked.contains(&variant), "no case has {variant:?}");
    }
}

/// naga does not mind a barrier that not all threads reach; tint does.
#[test]
fn barriers_stand_in_uniform_control_flow() -> io::Result<()> {
    let Some(tint) = tint::Tint::find() else {
        eprintln!("left out: there is no `tint` here to look for barriers that some threads miss");
        return Ok(());
    };
    let missed = "
        var<workgroup> shared_words: array<u32, 64>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) local: u32) {
            if (local < 7u) { workgroupBarrier(); }
            shared_words[local] = local;
        }";
    assert!(tint.refuses(missed)?.is_some(), "this tint lets a missed barrier pass");
    let sources: BTreeMap<String, String> = operations()
        .iter()
        .map(|operation| (reflect::modules(operation.kernel()), source(operation.kernel())))
        .collect();
    for (name, text) in sources {
        if let Some(said) = tint.refuses(&text)? {
            panic!("tint refuses {name}:\n{said}");
        }
    }
    Ok(())
}
