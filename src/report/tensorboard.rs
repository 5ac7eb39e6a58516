//! Writes event files for TensorBoard: scalars as protocol buffers in TFRecord framing.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use halfplane::low_level::files::{remove_abandoned, write_beside};
use halfplane::train::Evaluation;
use halfplane::{Event, Result};
use prost::Message;

use super::appended::Appended;
use super::{ResumePoint, failed};

/// The file is written at least this often, so that TensorBoard can follow it.
const EVERY: Duration = Duration::from_secs(1);

/// A run's event file.
pub(super) struct TensorBoard {
    file: Appended,
    steps_per_epoch: u64,
}

/// `Event` of TensorFlow's `event.proto`, with the fields that scalars need.
#[derive(Clone, PartialEq, Message)]
struct Record {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Scalars>,
    #[prost(message, optional, tag = "7")]
    session: Option<Session>,
}

/// `SessionLog`: one that has started makes TensorBoard forget events from its step on.
#[derive(Clone, PartialEq, Message)]
struct Session {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// `SessionLog.SessionStatus.START`
const STARTED: i32 = 1;

/// The tag of the losses of batches.
const BATCH: &str = "loss/batch";

/// The last part of the tags of what is told at the end.
const FINAL: &str = "final";

/// `Summary`
#[derive(Clone, PartialEq, Message)]
struct Scalars {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

/// `Summary.Value`
#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    /// A member of a `oneof`, which must be written even if it is 0.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

impl TensorBoard {
    /// Creates a new file in a folder, which is created if needed. Each process has a file of its own.
    /// Of a resumed run, events after its checkpoint are removed from the files that it has already.
    pub(super) fn open(
        folder: &Path,
        steps_per_epoch: u64,
        run: Option<&str>,
        resumed: Option<ResumePoint>,
    ) -> Result<Self> {
        let unwritable = |source| failed("write", folder, source);
        fs::create_dir_all(folder).map_err(unwritable)?;
        remove_abandoned(folder);
        if let (Some(run), Some(point)) = (run, resumed) {
            remove_after(folder, run, point.steps)?;
        }
        let file = new_file(folder, run).map_err(unwritable)?;
        let mut own = Self { file, steps_per_epoch };
        own.record(&Record { file_version: Some("brain.Event:2".into()), ..Record::at(0) });
        if let Some(point) = resumed {
            // A TensorBoard that has shown later events meanwhile forgets them.
            let started = Some(Session { status: STARTED });
            own.record(&Record { session: started, ..Record::at(point.steps + 1) });
        }
        own.file.sync();
        Ok(own)
    }

    /// Appends an event.
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Step { step, loss } => self.scalars(*step, &[(BATCH, f64::from(*loss))]),
            Event::Epoch { epoch, train_loss, validation } => {
                let step = (epoch + 1) * self.steps_per_epoch;
                self.scalars(step, &[("loss/train", *train_loss)]);
                if let Some(found) = validation {
                    self.evaluation(step, "validation", found);
                }
            }
            Event::Reduced { epoch, lr } => {
                self.scalars((epoch + 1) * self.steps_per_epoch, &[("lr", *lr)]);
            }
            Event::End(summary) => self.evaluation(summary.steps, FINAL, &summary.evaluation),
            _ => {}
        }
    }

    /// The file behind it.
    pub(super) fn file(&mut self) -> &mut Appended {
        &mut self.file
    }

    fn evaluation(&mut self, step: u64, kind: &str, found: &Evaluation) {
        let names = match found.columns {
            1 => ["accuracy", "r2"],
            // Of several targets together they are other numbers.
            _ => ["label_accuracy", "pooled_r2"],
        };
        let scores = [("loss", Some(found.loss)), (names[0], found.accuracy), (names[1], found.r2)];
        for (name, value) in scores {
            if let Some(value) = value {
                self.scalars(step, &[(&format!("{name}/{kind}"), value)]);
            }
        }
    }

    pub(super) fn finish(self) -> Result<()> {
        self.file.finish()
    }

    fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) {
        let scalar = |&(tag, value): &(&str, f64)| Scalar {
            tag: tag.into(),
            simple_value: Some(value as f32),
        };
        let summary = Some(Scalars { value: scalars.iter().map(scalar).collect() });
        self.record(&Record { summary, ..Record::at(step) });
    }

    fn record(&mut self, record: &Record) {
        self.file.push(&framed(&record.encode_to_vec()));
    }
}

/// A file for this process, with the run's name at its end. TensorBoard reads files in the order of
/// their names.
fn new_file(folder: &Path, run: Option<&str>) -> std::io::Result<Appended> {
    let (mut time, process) = (wall_time() as u64, std::process::id());
    let run = run.map(|run| format!(".{run}")).unwrap_or_default();
    loop {
        let name = format!("events.out.tfevents.{time}.{process}.halfplane{run}");
        match Appended::create_new(&folder.join(name), EVERY) {
            // In a container, a process may have the number of the one before it.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => time += 1,
            other => return other,
        }
    }
}

/// Removes from the files of a run the events after a checkpoint, which will be written again, and
/// what is incomplete at their ends.
fn remove_after(folder: &Path, run: &str, steps: u64) -> Result<()> {
    let unreadable = |source| failed("read", folder, source);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with("events.out.tfevents.") || !name.ends_with(&format!(".{run}")) {
            continue;
        }
        let path = entry.path();
        let bytes = fs::read(&path).map_err(|source| failed("read", &path, source))?;
        let stays = |data| Record::decode(data).is_ok_and(|record: Record| record.is_before(steps));
        let kept = frames(&bytes).filter(|(_, data)| stays(*data));
        let kept: Vec<u8> = kept.flat_map(|(frame, _)| frame).copied().collect();
        if kept.len() < bytes.len() {
            write_beside(&path, &kept)?;
        }
    }
    Ok(())
}

/// The frames of a file's records with the records' own bytes, up to the first that is incomplete or
/// damaged.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let length = u64::from_le_bytes(*bytes.first_chunk()?);
        let end = usize::try_from(length).ok()?.checked_add(12)?;
        let data = bytes.get(12..end)?;
        let sum = bytes.get(end..end + 4)?;
        if sum != masked(crc32c(data)).to_le_bytes() {
            return None;
        }
        let (frame, rest) = bytes.split_at(end + 4);
        bytes = rest;
        Some((frame, data))
    })
}

impl Record {
    fn at(step: u64) -> Self {
        let (file_version, summary, session) = (None, None, None);
        Self { wall_time: wall_time(), step: step as i64, file_version, summary, session }
    }

    /// Whether it belongs to the steps before a checkpoint. Losses of batches are told before their
    /// steps, everything else after them; what is told at the end is told again.
    fn is_before(&self, steps: u64) -> bool {
        let steps = steps as i64;
        let own = |scalar: &Scalar| match scalar.tag.rsplit_once('/') {
            Some((_, FINAL)) => false,
            _ if scalar.tag == BATCH => self.step < steps,
            _ => self.step <= steps,
        };
        self.summary.as_ref().is_none_or(|summary| summary.value.iter().all(own))
    }
}

/// A record in TFRecord framing: length, checksum of the length, data, checksum of the data.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut bytes = Vec::with_capacity(data.len() + 16);
    bytes.extend(length);
    bytes.extend(masked(crc32c(&length)).to_le_bytes());
    bytes.extend(data);
    bytes.extend(masked(crc32c(data)).to_le_bytes());
    bytes
}

/// TFRecord masks checksums, since a CRC of data that contains CRCs is weak.
fn masked(sum: u32) -> u32 {
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Castagnoli's cyclic redundancy check, bit by bit: records are short and few.
fn crc32c(data: &[u8]) -> u32 {
    let fold = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    };
    !data.iter().fold(u32::MAX, fold)
}

fn wall_time() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, B.4.
    #[test]
    fn the_check_sum_is_castagnolis() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_record_stands_between_its_sums() {
        let bytes = framed(b"abc");
        assert_eq!(bytes.len(), 8 + 4 + 3 + 4);
        assert_eq!(bytes[..8], 3u64.to_le_bytes());
        assert_eq!(bytes[15..], masked(crc32c(b"abc")).to_le_bytes());
    }

    #[test]
    fn only_what_comes_before_a_checkpoint_stays() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut board = TensorBoard::open(folder.path(), 5, Some("a"), None).expect("it opens");
        let other = TensorBoard::open(folder.path(), 5, Some("b"), None).expect("it opens");
        for step in 0..20 {
            board.event(&Event::Step { step, loss: 0.5 });
            if step % 5 == 4 {
                let epoch = step / 5;
                board.event(&Event::Epoch { epoch, train_loss: 0.5, validation: None });
                board.event(&Event::Reduced { epoch, lr: 0.1 });
            }
        }
        board.scalars(20, &[("accuracy/final", 1.0)]);
        for board in [board, other] {
            board.finish().expect("it can be written");
        }
        let path = |run: &str| {
            let entries = fs::read_dir(folder.path()).expect("it can be listed");
            let paths = entries.map(|entry| entry.expect("it can be read").path());
            paths.into_iter().find(|path| path.to_string_lossy().ends_with(run)).expect("its file")
        };
        let records = |run: &str| -> Vec<Record> {
            let bytes = fs::read(path(run)).expect("it can be read");
            frames(&bytes).map(|(_, data)| Record::decode(data).expect("it is one")).collect()
        };
        let (all, others) = (records(".a").len(), records(".b"));
        assert_eq!(all, 1 + 20 + 2 * 4 + 1);
        // Killed in the middle of a record.
        let mut bytes = fs::read(path(".a")).expect("it can be read");
        bytes.truncate(bytes.len() - 3);
        fs::write(path(".a"), bytes).expect("it can be written");
        for (steps, expected) in [(20, 1 + 20 + 8), (10, 1 + 10 + 4), (9, 1 + 9 + 2), (0, 1)] {
            remove_after(folder.path(), "a", steps).expect("it can be tidied");
            assert_eq!(records(".a").len(), expected, "after {steps} steps");
        }
        assert!(records(".b") == others, "another run's file is left alone");
    }
}
