//! `halfplane plan`

use halfplane::train::plan_for;
use halfplane::{Result, ShaderChecks, backend};

use super::arguments::PlanArguments;
use super::settings::Settings;
use crate::report;

pub(super) fn run(arguments: &PlanArguments) -> Result<()> {
    let Settings { data, network, options } = Settings::new(&arguments.typed, None)?;
    let (device, _) = backend::open(&options.device, ShaderChecks::Off)?;
    let plan = plan_for(&network, &data, &options, &device.limits())?;
    if arguments.dot {
        report::print(&plan.to_dot())
    } else {
        report::print(&format!("{plan}; planned for {}\n", device.name()))
    }
}
