//! `halfplane devices`

use std::fmt::Write as _;

use halfplane::low_level::backend::{self, Adapter, adapters};
use halfplane::low_level::measure::roofline;
use halfplane::low_level::platform::block_on;
use halfplane::{Result, ShaderChecks};

use super::arguments::DevicesArguments;
use crate::report;

pub(super) fn run(arguments: &DevicesArguments) -> Result<()> {
    let found = block_on(adapters());
    let mut text = String::new();
    for adapter in &found {
        text.push_str(&describe(adapter));
        if arguments.measure && adapter.missing.is_none() {
            text.push_str(&measured(&adapter.name)?);
        }
        text.push('\n');
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "cpu\n  Rust with SIMD, {threads} threads; always there");
    if arguments.measure {
        text.push_str(&measured("cpu")?);
    }
    text.push('\n');
    text.push_str(&choice(&found));
    report::print(&text)
}

fn describe(adapter: &Adapter) -> String {
    let limits: Vec<String> =
        adapter.limits.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let missing = match &adapter.missing {
        Some(missing) => format!("  cannot be used: it lacks {missing}\n"),
        None => String::new(),
    };
    format!(
        "{}\n  {} through {}; driver {}\n  limits: {}\n  features: {}\n  matrix products: {}\n{missing}",
        adapter.name,
        adapter.kind,
        adapter.backend,
        adapter.driver,
        limits.join(", "),
        adapter.features.join(", "),
        adapter.products,
    )
}

/// A device's measured peak: FLOP/s and bytes per second.
fn measured(name: &str) -> Result<String> {
    let (device, _) = block_on(backend::open(&name.parse()?, ShaderChecks::Off))?;
    let roofline = block_on(roofline(device.as_ref()))?;
    Ok(format!("  measured: {}\n", report::roofline(&roofline)))
}

/// What `auto` takes, and why.
fn choice(found: &[Adapter]) -> String {
    let usable = |adapter: &&Adapter| adapter.hardware && adapter.missing.is_none();
    match found.iter().find(usable) {
        Some(best) => format!(
            "auto takes {} ({}): hardware first, discrete before integrated\n",
            best.name, best.kind,
        ),
        None if found.is_empty() => "auto takes cpu: no graphics driver was found\n".to_owned(),
        None => "auto takes cpu: no usable hardware adapter was found, and a software adapter is \
                 slower than the CPU path (ask for it with --device software)\n"
            .to_owned(),
    }
}
