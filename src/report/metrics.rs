//! Writes events as JSON lines.

use std::path::Path;
use std::time::Duration;

use halfplane::{Event, Result};

use serde::Serialize;

use super::ResumePoint;
use super::appended::Appended;

/// The file is written at least this often, so that it can be followed.
const EVERY: Duration = Duration::from_millis(100);

/// A metrics file.
pub(super) struct Metrics(Appended);

impl Metrics {
    pub(super) fn create(path: &Path) -> Result<Self> {
        Ok(Self(Appended::create(path, EVERY)?))
    }

    /// Opens the file of a resumed run to append to it. Lines after the checkpoint, which will be
    /// written again, and an incomplete last line are removed: those of each `member` after its own.
    pub(super) fn resume(path: &Path, points: &[ResumePoint]) -> Result<Self> {
        let kept = |old: &[u8]| {
            let lines = old.split_inclusive(|byte| *byte == b'\n');
            lines.filter(|line| stays(line, points)).flatten().copied().collect()
        };
        Ok(Self(Appended::resume(path, EVERY, kept)?))
    }

    /// Appends a line.
    pub(super) fn event(&mut self, event: &Event) {
        self.line(event);
    }

    /// Appends a line of a network among several.
    pub(super) fn of_member(&mut self, member: usize, event: &Event) {
        self.line(&OfMember { event, member });
    }

    fn line(&mut self, event: &impl Serialize) {
        // Other events have no line.
        if let Ok(mut line) = serde_json::to_vec(event) {
            line.push(b'\n');
            self.0.push(&line);
        }
    }

    /// The file behind it.
    pub(super) fn file(&mut self) -> &mut Appended {
        &mut self.0
    }

    pub(super) fn finish(self) -> Result<()> {
        self.0.finish()
    }
}

/// An event with the number of its network, from 0.
#[derive(Serialize)]
struct OfMember<'a> {
    #[serde(flatten)]
    event: &'a Event,
    member: usize,
}

/// Whether a line belongs to the steps before its network's checkpoint, and is whole. The only network has no
/// number.
fn stays(line: &[u8], points: &[ResumePoint]) -> bool {
    let Some(line) = line.strip_suffix(b"\n") else { return false };
    let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) else { return false };
    let member = line["member"].as_u64().unwrap_or(0);
    let Some(point) = usize::try_from(member).ok().and_then(|own| points.get(own)) else {
        return false;
    };
    let below = |field: &str, bound: u64| line[field].as_u64().is_some_and(|own| own < bound);
    match line["event"].as_str() {
        Some("step") => below("step", point.steps),
        Some("epoch" | "reduced") => below("epoch", point.epochs),
        // A resumed run begins with a checkpoint of its own at that step.
        Some("checkpoint" | "checkpoint-failed") => below("step", point.steps),
        Some("recovered") => below("step", point.steps + 1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_after_the_checkpoint_go() {
        let point = ResumePoint { steps: 20, epochs: 4 };
        for (line, expected) in [
            (r#"{"event":"step","step":19,"loss":1.0}"#, true),
            (r#"{"event":"step","step":20,"loss":1.0}"#, false),
            (r#"{"event":"epoch","epoch":3,"train_loss":1.0}"#, true),
            (r#"{"event":"epoch","epoch":4,"train_loss":1.0}"#, false),
            (r#"{"event":"reduced","epoch":3,"lr":1.0}"#, true),
            (r#"{"event":"checkpoint","step":10,"path":"é"}"#, true),
            (r#"{"event":"checkpoint","step":20,"path":"é"}"#, false),
            (r#"{"event":"end","steps":20,"loss":1.0}"#, false),
            (r#"{"event":"step","step":1"#, false),
            ("\0\0\0\0", false),
            ("", false),
        ] {
            assert_eq!(stays(format!("{line}\n").as_bytes(), &[point]), expected, "{line}");
            assert!(!stays(line.as_bytes(), &[point]), "{line}: without its end");
        }
        assert!(!stays(b"{\"event\":\"checkpoint\",\"step\":1,\"path\":\"\xc3\n", &[point]));
        for (member, expected) in [(0, true), (1, false), (2, false)] {
            let line =
                format!("{{\"event\":\"step\",\"step\":5,\"loss\":1.0,\"member\":{member}}}\n");
            let points = [point, ResumePoint { steps: 5, epochs: 1 }];
            assert_eq!(stays(line.as_bytes(), &points), expected, "{line}");
        }
    }
}
