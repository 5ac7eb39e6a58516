//! The losses of a run on disk, beside its checkpoints, so that the curve of a resumed run begins
//! where the run began: a JSON array a line.
//!
//! `["steps",400,1.25,0.5]` is a loss that is kept: its kind, how many of the kind came before it, its
//! position and its value. `["at",1000,10,3,0]` is written before a checkpoint: its step, and how many
//! losses of each kind there were.

use std::path::Path;
use std::time::Duration;

use halfplane::{Event, Result};

use super::appended::Appended;
use super::history::{Entry, History, Kind};

/// The file in the folder of the checkpoints.
const NAME: &str = "curve.jsonl";

/// What is lost by a crash is told again after the checkpoint: this is not often.
const EVERY: Duration = Duration::from_secs(10);

/// A history that is kept on disk.
pub(super) struct Curve(Appended);

impl Curve {
    pub(super) fn create(folder: &Path) -> Result<Self> {
        Ok(Self(Appended::create(&folder.join(NAME), EVERY)?))
    }

    /// Opens the curve of a resumed run, whose earlier checkpoints may be in another folder, and
    /// takes up what was kept before the checkpoint; nothing where that is not known any more.
    pub(super) fn resume(
        folder: &Path,
        earlier: &Path,
        step: u64,
        history: &mut History,
    ) -> Result<Self> {
        let earlier = std::fs::read(earlier.join(NAME)).unwrap_or_default();
        let kept = read(&earlier, step, history).unwrap_or_default();
        let mut own = Self(Appended::resume(&folder.join(NAME), EVERY, |old| {
            if old.starts_with(kept) { kept.to_vec() } else { Vec::new() }
        })?);
        if folder.join(NAME).metadata().is_ok_and(|file| file.len() == 0) {
            own.0.push(kept);
        }
        Ok(own)
    }

    /// Records an event in the history, and writes what is kept of it.
    pub(super) fn event(&mut self, event: &Event, history: &mut History) {
        history.record(event, |Entry { kind, index, point: [position, loss] }| {
            self.line(&serde_json::json!([name(kind), index, position, loss]));
        });
        if let Event::CheckpointBegins { step } = event {
            let [steps, training, validation] = history.seen();
            self.line(&serde_json::json!([MARK, step, steps, training, validation]));
        }
    }

    /// The file behind it.
    pub(super) fn file(&mut self) -> &mut Appended {
        &mut self.0
    }

    fn line(&mut self, value: &serde_json::Value) {
        self.0.push(format!("{value}\n").as_bytes());
    }
}

/// The first word of the lines before checkpoints.
const MARK: &str = "at";

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Steps => "steps",
        Kind::Training => "training",
        Kind::Validation => "validation",
    }
}

/// Reads a file into a history, up to the last line before a checkpoint of that step; the bytes up to
/// it. Nothing, and the history stays as it is, where there is none.
fn read<'f>(file: &'f [u8], step: u64, history: &mut History) -> Option<&'f [u8]> {
    let (mut found, mut own, mut end) = (None, history.clone(), 0);
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if let Ok((word, at, a, b, c)) = serde_json::from_slice::<(&str, u64, _, _, _)>(line) {
            own.set_seen([a, b, c]);
            if word == MARK && at == step {
                found = Some((end, own.clone()));
            }
        } else if let Ok((word, index, position, loss)) =
            serde_json::from_slice::<(&str, usize, f64, Option<f64>)>(line)
        {
            // JSON has no word for what is not finite.
            let loss = loss.unwrap_or(f64::NAN);
            let kind = Kind::ALL.into_iter().find(|kind| name(*kind) == word)?;
            own.take_up(Entry { kind, index, point: [position, loss] });
        } else {
            // The end of what a killed run has written, or damage: nothing behind it counts.
            break;
        }
    }
    let (end, own) = found?;
    *history = own;
    Some(&file[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(step: u64) -> [Event; 2] {
        let loss = 1.0 / (step + 1) as f32;
        let train_loss = f64::from(loss) / 3.0;
        [Event::Step { step, loss }, Event::Epoch { epoch: step, train_loss, validation: None }]
    }

    /// Written in parts, each torn off behind its checkpoint, it is the history of one run.
    #[test]
    fn a_curve_goes_on_where_its_checkpoint_was() {
        const STEPS: u64 = 9_000;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut whole = History::new(1);
        (0..STEPS).flat_map(event).for_each(|event| whole.event(&event));
        let mut history = History::new(1);
        let mut curve = Curve::create(folder.path()).expect("it can be made");
        let mut from = 0;
        for checkpoint in [0, 1, 777, 4_099, 4_100, 8_500] {
            let steps = (from..checkpoint).flat_map(event);
            steps.for_each(|event| curve.event(&event, &mut history));
            curve.event(&Event::CheckpointBegins { step: checkpoint }, &mut history);
            // These are lost.
            let steps = (checkpoint..checkpoint + 100).flat_map(event);
            steps.for_each(|event| curve.event(&event, &mut history));
            curve.0.push(b"[\"steps\",1");
            drop(curve);
            history = History::new(1);
            let at = folder.path();
            curve = Curve::resume(at, at, checkpoint, &mut history).expect("it opens");
            from = checkpoint;
        }
        (from..STEPS).flat_map(event).for_each(|event| curve.event(&event, &mut history));
        assert!(history == whole);
        // Into another folder.
        let other = tempfile::tempdir().expect("a folder can be made");
        let mut again = History::new(1);
        drop(curve);
        drop(Curve::resume(other.path(), folder.path(), 8_500, &mut again).expect("it opens"));
        let mut last = History::new(1);
        drop(Curve::resume(other.path(), other.path(), 8_500, &mut last).expect("it opens"));
        assert!(again == last && again.seen() == [8_500, 8_500, 0]);
    }

    #[test]
    fn what_is_no_curve_is_none() {
        for text in ["", "[\"at\",7,1,1,1]\n", "[\"else\",1,1.0,1.0]\n[\"at\",5,1,1,1]\n", "\0\0"] {
            let mut history = History::new(1);
            assert!(read(text.as_bytes(), 5, &mut history).is_none(), "{text}");
            assert!(history == History::new(1));
        }
    }
}
