//! Writes event files for TensorBoard: scalars as protocol buffers in TFRecord framing.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use halfplane::train::Evaluation;
use halfplane::{Error, Event, Result};
use prost::Message;

/// The file is flushed at least this often, so that TensorBoard can follow it.
const FLUSH: Duration = Duration::from_secs(1);

/// A run's event file.
pub(super) struct TensorBoard {
    path: PathBuf,
    file: BufWriter<File>,
    steps_per_epoch: u64,
    flushed: Instant,
    failed: Option<std::io::Error>,
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
}

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
    /// Creates a new file in a folder, which is created if needed. Each run has a file of its own.
    pub(super) fn create(folder: &Path, steps_per_epoch: u64) -> Result<Self> {
        let failed = |source| failure(folder, source);
        fs::create_dir_all(folder).map_err(failed)?;
        let (now, process) = (wall_time(), std::process::id());
        let path = folder.join(format!("events.out.tfevents.{now:.0}.{process}.halfplane"));
        let file = File::create_new(&path).map_err(failed)?;
        let mut own = Self {
            path,
            file: BufWriter::new(file),
            steps_per_epoch,
            flushed: Instant::now(),
            failed: None,
        };
        own.record(&Record { file_version: Some("brain.Event:2".into()), ..Record::at(0) });
        Ok(own)
    }

    /// Appends an event. An error is reported at the end, so that it does not stop the training.
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Step { step, loss } => self.scalars(*step, &[("loss/batch", f64::from(*loss))]),
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
            Event::End(summary) => self.evaluation(summary.steps, "final", &summary.evaluation),
            _ => {}
        }
    }

    fn evaluation(&mut self, step: u64, kind: &str, found: &Evaluation) {
        let scores = [("loss", Some(found.loss)), ("accuracy", found.accuracy), ("r2", found.r2)];
        for (name, value) in scores {
            if let Some(value) = value {
                self.scalars(step, &[(&format!("{name}/{kind}"), value)]);
            }
        }
    }

    pub(super) fn finish(mut self) -> Result<()> {
        let written = match self.failed.take() {
            Some(error) => Err(error),
            None => self.file.flush(),
        };
        written.map_err(|source| failure(&self.path, source))
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
        if self.failed.is_some() {
            return;
        }
        let mut written = self.file.write_all(&framed(&record.encode_to_vec()));
        if written.is_ok() && self.flushed.elapsed() >= FLUSH {
            self.flushed = Instant::now();
            written = self.file.flush();
        }
        self.failed = written.err();
    }
}

impl Record {
    fn at(step: u64) -> Self {
        Self { wall_time: wall_time(), step: step as i64, file_version: None, summary: None }
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

fn failure(path: &Path, source: std::io::Error) -> Error {
    Error::File { verb: "write", path: path.into(), source }
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
}
