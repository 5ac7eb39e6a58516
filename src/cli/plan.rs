//! `halfplane plan`

use halfplane::low_level::backend::{self, Device};
use halfplane::low_level::measure;
use halfplane::low_level::platform::block_on;
use halfplane::train::plan_for;
use halfplane::{Network, Result, ShaderChecks, TrainOptions, Trainer, TrainingData};

use super::arguments::PlanArguments;
use super::settings::Settings;
use crate::report;

pub(super) fn run(arguments: &PlanArguments) -> Result<()> {
    let Settings { data, validation, network, options, .. } =
        Settings::new(&arguments.training, None)?;
    let data = TrainingData::from((data, validation));
    let (device, _) = block_on(backend::open(&options.device, ShaderChecks::Off))?;
    let plan = plan_for(&network, data.clone(), &options, &device.limits())?;
    if arguments.profile {
        return profile(device.as_ref(), &network, data, options);
    }
    if arguments.dot {
        report::print(&plan.to_dot())
    } else {
        report::print(&format!("{plan}; planned for {}\n", device.name()))
    }
}

/// Each dispatch of a step with its time, its speed, and its share of what the device can do.
fn profile(
    device: &dyn Device,
    network: &Network,
    data: TrainingData,
    options: TrainOptions,
) -> Result<()> {
    let roofline = block_on(measure::roofline(device))?;
    let list = Trainer::on(device, network, data, options)?.profile()?;
    report::print(&report::profile(device.name(), &roofline, &list))
}
