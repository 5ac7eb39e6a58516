//! Cases to one plan, the plan to the device and to the twins, the answers to checks.

use super::compare::{TOLERANCE, Verdict, compare};
use super::trial::{Trial, trial};
use super::{Case, Check};
use crate::Result;
use crate::backend::{Device, reference::Reference};
use crate::kernels::Words;
use crate::plan::{BufferId, Dispatch, Limits, Outline, Phase, Plan, PlanBuilder, Role};
use crate::spec::{Network, Strategy};

/// Checks the cases together: one plan shares the pipelines, which take longest to make.
pub(super) async fn check(device: &dyn Device, cases: &[Case]) -> Result<Vec<Check>> {
    let trials: Vec<Trial> =
        cases.iter().enumerate().map(|(number, case)| trial(case, number as u32)).collect();
    let plan = plan(cases, &trials)?;
    let expected = answers(&Reference, &plan, &trials).await?;
    let found = answers(device, &plan, &trials).await?;
    let both = expected.iter().zip(&found);
    Ok(cases.iter().zip(&trials).zip(both).map(|((c, t), (e, f))| judge(c, t, e, f)).collect())
}

/// A phase of one dispatch for each case, each with buffers of its own.
fn plan(cases: &[Case], trials: &[Trial]) -> Result<Plan> {
    let limits = Limits::unlimited("a device that is checked");
    let mut builder = PlanBuilder::new(&limits, "");
    let mut list = Vec::new();
    for (case, trial) in cases.iter().zip(trials) {
        let mut bindings = Vec::new();
        for (slot, bound) in case.operation().kernel().slots().iter().zip(trial) {
            let shape = vec![bound.words.len()];
            bindings.push(builder.push(slot.name, slot.element, shape, Role::Bookkeeping));
        }
        let operation = case.operation().clone();
        list.push(Dispatch { label: case.name(), operation, bindings });
    }
    builder.phase(Phase::Step, list);
    // No case belongs to a network, but a device may size its scratch memory by the plan's: this one
    // has a layer with as many parameters as the largest buffer has words.
    let words = trials.iter().flatten().map(|bound| bound.words.len()).max().unwrap_or(1);
    let network = Network::new(words, &[], 1);
    builder.finish(Outline::new(vec![network], Strategy::Layered), |_, _| String::new())
}

/// The buffers of each case after its dispatch.
async fn answers(device: &dyn Device, plan: &Plan, trials: &[Trial]) -> Result<Vec<Vec<Words>>> {
    let mut backend = device.load(plan.clone()).await?;
    for (id, bound) in trials.iter().flatten().enumerate() {
        backend.write(BufferId(id), &bound.words).await?;
    }
    backend.replay(Phase::Step, 1).await?;
    let mut answers = Vec::with_capacity(trials.len());
    let mut id = 0;
    for trial in trials {
        let mut of_trial = Vec::with_capacity(trial.len());
        for bound in trial {
            of_trial.push(backend.read(BufferId(id), bound.words.len()).await?);
            id += 1;
        }
        answers.push(of_trial);
    }
    Ok(answers)
}

fn judge(case: &Case, trial: &Trial, expected: &[Words], found: &[Words]) -> Check {
    let mut verdict = Verdict::perfect();
    let slots = case.operation().kernel().slots();
    for (slot, (bound, (expected, found))) in
        slots.iter().zip(trial.iter().zip(expected.iter().zip(found)))
    {
        compare(slot, bound, expected, found, &mut verdict);
    }
    Check {
        kernel: case.kernel(),
        case: case.name(),
        worst: verdict.worst,
        tolerance: TOLERANCE,
        fault: verdict.fault,
    }
}
