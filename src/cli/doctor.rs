//! `halfplane doctor`

use halfplane::low_level::backend;
use halfplane::low_level::check::{Check, Progress, check_kernels};
use halfplane::low_level::plan::DeviceKind;
use halfplane::low_level::platform::block_on;
use halfplane::{Error, Result, ShaderChecks};

use super::arguments::DoctorArguments;
use crate::report;

pub(super) fn run(arguments: &DoctorArguments) -> Result<()> {
    let checks = if arguments.checked { ShaderChecks::On } else { ShaderChecks::Off };
    let (device, notice) = block_on(backend::open(&arguments.device, checks))?;
    let notice = notice.map(|text| format!(" ({text})")).unwrap_or_default();
    report::print(&format!(
        "{}{notice}: every kernel against its naive twin{}\n\
         errors in rounding steps of float32, 2⁻²³ of the terms that a number is made of\n\n",
        device.name(),
        // These checks compare the twins with themselves, so it is printed.
        if device.limits().kind == DeviceKind::Cpu {
            " (only the dense layers have a version of their own on the CPU)"
        } else {
            ""
        },
    ))?;
    let results = block_on(check_kernels(device.as_ref(), |progress| {
        let text = match progress {
            Progress::Begins { kernel, cases } => format!("{kernel:28} {cases:4} cases  "),
            Progress::Ended(checks) => ended(checks, arguments.verbose),
        };
        // Errors of the output are reported by the print below.
        let _ = report::print(&text);
    }))?;
    let failed = results.iter().filter(|check| !check.passed()).count();
    report::print(&format!("\n{} of {} checks passed\n", results.len() - failed, results.len()))?;
    match failed {
        0 => Ok(()),
        _ => Err(Error::Device {
            device: device.name().to_owned(),
            problem: format!("{failed} of {} kernel checks did not pass", results.len()),
        }),
    }
}

/// The line of a case.
fn line(check: &Check) -> String {
    let Check { kernel, case, worst, .. } = check;
    match &check.fault {
        None => format!("      ok    {kernel}: {case}: off by {worst:.2}\n"),
        Some(fault) => format!("      FAIL  {kernel}: {case}: {fault}\n"),
    }
}

/// What completes the line of a kernel, followed by its cases that failed, or all.
fn ended(checks: &[Check], all: bool) -> String {
    let worst = checks.iter().map(|check| check.worst).fold(0.0, f32::max);
    let state = if checks.iter().all(Check::passed) { "ok  " } else { "FAIL" };
    let tolerance = checks[0].tolerance;
    let mut text = format!("{state}  off by {worst:.2} of the {tolerance} allowed\n");
    for check in checks.iter().filter(|check| all || !check.passed()) {
        text.push_str(&line(check));
    }
    text
}
