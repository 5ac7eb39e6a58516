//! A search for hyper-parameters: the library's, whose networks Python describes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use halfplane::data::Fold;
use halfplane::metrics::Metric;
use halfplane::sweep::{
    Dimension, FloatRange, IntRange, Point, Pruning, SamplerName, Scale, Space, Sweep, SweepEvent,
    SweepOptions,
};
use halfplane::{Dataset, Error, Network, TrainOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::Rows;
use crate::device::chosen;
use crate::errors::raised;
use crate::model::{Model, written};
use crate::trainer::read;
use crate::weights::{Given, parameters};

/// Between two looks at Python's signals.
const SLICE: Duration = Duration::from_millis(20);

/// What one hyper-parameter can be: the number of alternatives, or a range.
#[derive(FromPyObject)]
pub(crate) enum Axis {
    Choices(i64),
    Integers(i64, i64, bool),
    Numbers(f64, f64, bool),
}

impl Axis {
    fn dimension(&self) -> Dimension {
        let scale = |log: bool| if log { Scale::Log } else { Scale::Linear };
        match *self {
            Self::Choices(count) => Dimension::choices((0..count).map(|number| number.to_string())),
            Self::Integers(from, to, log) => {
                Dimension::Int(IntRange { from, to, scale: scale(log) })
            }
            Self::Numbers(from, to, log) => {
                Dimension::Float(FloatRange { from, to, scale: scale(log) })
            }
        }
    }
}

/// How to search.
#[derive(FromPyObject)]
pub(crate) struct Options {
    metric: String,
    trials: u64,
    time: Option<f64>,
    sampler: Option<String>,
    pruning: String,
    seed: u64,
    device: String,
    threads: Option<usize>,
}

/// Network and options as JSON, and initial weights.
type Described<'py> = (String, String, Option<Given<'py>>);

/// The trials as JSON, the number of the one that is chosen, and its network, trained on all rows.
type Found = (Vec<String>, u64, Model);

/// Searches a space of named axes on folds, each with its training and validation rows, and trains the
/// chosen point on all rows.
///
/// `describe` makes a network of a point: it gets the point as JSON, the number of training rows, the
/// mean of their weights and the number of inputs. `observe` is told the number of trials done.
#[pyfunction]
pub(crate) fn search(
    py: Python<'_>,
    all: Rows<'_>,
    folds: Vec<(Rows<'_>, Rows<'_>)>,
    space: Vec<(String, Axis)>,
    options: Options,
    describe: Py<PyAny>,
    observe: Py<PyAny>,
) -> PyResult<Found> {
    let all = all.dataset()?;
    let fold = |(training, validation): &(Rows<'_>, Rows<'_>)| {
        let (training, validation) = (training.dataset()?, validation.dataset()?);
        let rows = (0..validation.rows()).collect();
        Ok(Fold { training, validation, rows })
    };
    let folds = folds.iter().map(fold).collect::<PyResult<Vec<_>>>()?;
    let mut axes = Space::new();
    for (name, axis) in &space {
        axes = axes.with(name, axis.dimension()).map_err(raised)?;
    }
    let interrupt = Arc::new(AtomicBool::new(false));
    let search = Search { axes, folds, all, options: options.of_sweep(&interrupt)? };
    let mut failed = None;
    let found = py.detach(|| {
        thread::scope(|scope| {
            let worker = scope.spawn(|| search.run(&describe, &observe));
            while !worker.is_finished() {
                thread::sleep(SLICE);
                if let Err(error) = Python::attach(|py| py.check_signals()) {
                    interrupt.store(true, Ordering::Relaxed);
                    failed.get_or_insert(error);
                }
            }
            worker.join()
        })
    });
    match (failed, found) {
        (Some(error), _) => Err(error),
        (None, Ok(found)) => found,
        (None, Err(panic)) => std::panic::resume_unwind(panic),
    }
}

impl Options {
    fn of_sweep(&self, interrupt: &Arc<AtomicBool>) -> PyResult<SweepOptions> {
        let metric: Metric = self.metric.parse().map_err(raised)?;
        let mut options = SweepOptions::new(metric);
        options.trials = self.trials;
        options.time = self.time.map(Duration::from_secs_f64);
        let sampler = self.sampler.as_deref().map(str::parse::<SamplerName>).transpose();
        options.sampler = sampler.map_err(raised)?;
        options.pruning = self.pruning.parse::<Pruning>().map_err(raised)?;
        options.seed = self.seed;
        // How large networks are shows later.
        options.fit.device = chosen(&self.device, u64::MAX).map_err(raised)?;
        options.fit.threads = self.threads;
        options.fit.interrupt = Some(Arc::clone(interrupt));
        Ok(options)
    }
}

/// A search, as it is run beside Python's main thread.
struct Search {
    axes: Space,
    folds: Vec<Fold>,
    all: Dataset,
    options: SweepOptions,
}

impl Search {
    fn run(&self, describe: &Py<PyAny>, observe: &Py<PyAny>) -> PyResult<Found> {
        let configure = |point: &Point, data: &Dataset| {
            described(describe, point, data).map_err(|error| Error::Invalid {
                problem: error.to_string(),
                remedy: "change the space, or the estimator".into(),
            })
        };
        let mut sweep =
            Sweep::new(&self.axes, &self.folds, self.options.clone(), configure).map_err(raised)?;
        let mut trials = 0u64;
        let mut broken = None;
        sweep
            .run(|event| {
                if let SweepEvent::Trial(_) = event {
                    trials += 1;
                    let told = Python::attach(|py| observe.call1(py, (trials,)).map(drop));
                    if let Err(error) = told {
                        broken = Some(error);
                        return std::ops::ControlFlow::Break(());
                    }
                }
                std::ops::ControlFlow::Continue(())
            })
            .map_err(raised)?;
        if let Some(error) = broken {
            return Err(error);
        }
        let chosen = sweep.finish(&self.all).map_err(raised)?;
        let Some(chosen) = chosen else {
            return Err(PyValueError::new_err("the search was interrupted"));
        };
        let records = sweep.records().iter().map(written).collect::<PyResult<_>>()?;
        Ok((records, chosen.record.trial, Model::of(chosen.model)))
    }
}

fn described(
    describe: &Py<PyAny>,
    point: &Point,
    data: &Dataset,
) -> PyResult<(Network, TrainOptions)> {
    let mean = |weights: &[f32]| {
        weights.iter().map(|weight| f64::from(*weight)).sum::<f64>() / weights.len() as f64
    };
    let weight = data.weights().map_or(1.0, mean);
    Python::attach(|py| {
        let arguments = (written(point)?, data.rows(), weight, data.inputs());
        let told = describe.call1(py, arguments)?;
        let (network, options, initial): Described<'_> = told.extract(py)?;
        let network = read(&network)?;
        let mut options: TrainOptions = read(&options)?;
        options.initial = initial.map(|own| parameters(&network, &own)).transpose()?;
        Ok((network, options))
    })
}
