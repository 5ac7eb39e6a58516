//! `halfplane doctor` for the browser that one sits in front of: every kernel against its twin.

use halfplane::low_level::check::{Check, Progress, check_kernels};
use js_sys::{Function, Object};
use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::device::Device;
use crate::errors::{Result, thrown};

/// Checks a device, and tells of each kernel as JSON: first how many cases it has, then what came of them.
///
/// # Errors
/// A device that fails outright. A wrong number is no error: it is told.
#[wasm_bindgen]
pub async fn doctor(device: Device, told: Function) -> Result<()> {
    let tell = |text: String| {
        // A page that does not listen any more is no fault of the device.
        let _ = told.call1(&Object::new(), &JsValue::from_str(&text));
    };
    let observer = |progress: Progress<'_>| match progress {
        Progress::Begins { kernel, cases } => {
            tell(json!({ "kernel": kernel, "cases": cases }).to_string());
        }
        Progress::Ended(checks) => tell(summary(checks).to_string()),
    };
    check_kernels(device.opened.as_ref(), observer).await.map_err(thrown)?;
    Ok(())
}

/// Of a kernel: how many cases passed, the worst error in units of what is allowed, and the faults.
fn summary(checks: &[Check]) -> serde_json::Value {
    let faults: Vec<_> = checks
        .iter()
        .filter_map(|own| Some(format!("{}: {}", own.case, own.fault.as_ref()?)))
        .collect();
    let worst = checks.iter().map(|own| own.worst / own.tolerance).fold(0.0, f32::max);
    json!({
        "kernel": checks.first().map(|own| own.kernel),
        "passed": checks.iter().filter(|own| own.passed()).count(),
        "failed": faults.len(),
        "worst": if worst.is_finite() { Some(worst) } else { None },
        "faults": faults,
    })
}
