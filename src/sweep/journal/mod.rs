//! The journal of a search: a file that grows by a JSON line for each event, the first of which says
//! what is searched. Whatever is in it survives the process; a search goes on from it.

mod header;
mod record;

use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use header::Header;
pub(super) use record::tell_batch;
pub use record::{Curve, Record, Rung, State};

use crate::platform::files::{self, File, FolderLock, Locked};
use crate::{Error, Result, Setting};

/// A line.
#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Sweep(Header),
    Trial(Record),
}

/// A journal that is written to.
///
/// ```
/// use halfplane::sweep::{Dimension, Header, Journal, Space};
///
/// # fn main() -> halfplane::Result<()> {
/// # let folder = tempfile::tempdir().expect("a folder can be made");
/// # let path = folder.path().join("journal.jsonl");
/// let space = Space::new().with("lr", Dimension::log(1e-4, 0.1))?;
/// let header = Header::new(&space, "iris", "5 folds", 777, "sobol");
/// let journal = Journal::create(&path, &header)?;
/// drop(journal);
/// let (journal, records) = Journal::resume(&path, &header)?;
/// assert!(records.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes up to the end of each whole line.
    ends: Vec<u64>,
    _lock: FolderLock,
}

impl Journal {
    /// Begins a journal, in a folder that is made where it is missing. The folder is locked as long as
    /// the journal is open.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is one already or another search has the folder; [`Error::File`].
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        let folder = folder_of(path);
        files::create_dir_all(folder).map_err(|source| Error::write(folder, source))?;
        let lock = lock(folder)?;
        // Of one that ends before its first trial nothing is lost.
        let trials = |old: Vec<u8>| old.iter().filter(|byte| **byte == b'\n').count() > 1;
        if files::read(path).is_ok_and(trials) {
            return Err(Error::invalid(
                format!("there is a search in {} already", folder.display()),
                ("go on with it by ", Setting::Resume, ", or give another folder"),
            ));
        }
        let file = File::create(path).map_err(|source| Error::write(path, source))?;
        let mut own = Self { path: path.to_path_buf(), file, ends: Vec::new(), _lock: lock };
        own.write(&[Line::Sweep(header.clone())])?;
        Ok(own)
    }

    /// Goes on with a journal. A line that was cut at its end is dropped, and overwritten.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it is that of another search (what differs is named) or another process
    /// has it; as [`read`].
    pub fn resume(path: &Path, header: &Header) -> Result<(Self, Vec<Record>)> {
        let lock = lock(folder_of(path))?;
        let Read { header: then, records, ends } = read_whole(path)?;
        if let Some(difference) = header.difference(&then) {
            return Err(Error::invalid(
                format!("{} is the journal of another search: {difference}", path.display()),
                "search what it did, or begin a new one in another folder",
            ));
        }
        let file = File::options().write(true).open(path);
        let file = file.map_err(|source| Error::write(path, source))?;
        let mut own = Self { path: path.to_path_buf(), file, ends, _lock: lock };
        own.keep(records.len())?;
        Ok((own, records))
    }

    /// Keeps the first records, and drops those after them.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn keep(&mut self, records: usize) -> Result<()> {
        // The header is a line, too.
        self.ends.truncate(records + 1);
        self.rewind().map_err(|source| Error::write(&self.path, source))
    }

    /// Goes to the end of the last whole line, and drops what comes after it.
    fn rewind(&mut self) -> std::io::Result<()> {
        let length = self.ends.last().copied().unwrap_or(0);
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length)).map(drop)
    }

    /// Appends records, and brings them to the disk.
    ///
    /// # Errors
    /// [`Error::File`]: where the disk is full, none of them is in the journal, which can be resumed.
    pub fn append(&mut self, records: &[Record]) -> Result<()> {
        let lines: Vec<Line> = records.iter().cloned().map(Line::Trial).collect();
        self.write(&lines)
    }

    fn write(&mut self, lines: &[Line]) -> Result<()> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let start = self.ends.last().copied().unwrap_or(0);
        for line in lines {
            serde_json::to_writer(&mut bytes, line).map_err(|error| {
                Error::invalid(format!("an event cannot be written: {error}"), "use finite numbers")
            })?;
            bytes.push(b'\n');
            ends.push(start + bytes.len() as u64);
        }
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // What came of it is dropped; where that fails, too, the next one who reads does it.
            let _ = self.rewind();
            return Err(Error::write(&self.path, source));
        }
        self.ends.extend(ends);
        Ok(())
    }
}

/// Reads a journal. A line that was cut at its end is left out.
///
/// # Errors
/// [`Error::File`]; [`Error::Data`] names the line that cannot be understood.
pub fn read(path: &Path) -> Result<(Header, Vec<Record>)> {
    read_whole(path).map(|Read { header, records, .. }| (header, records))
}

struct Read {
    header: Header,
    records: Vec<Record>,
    /// Bytes up to the end of each whole line.
    ends: Vec<u64>,
}

fn read_whole(path: &Path) -> Result<Read> {
    let bytes = match files::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::invalid(
                format!("there is no journal of a search at {}", path.display()),
                "give the folder that the search was begun with",
            ));
        }
        other => other.map_err(|source| Error::read(path, source))?,
    };
    let (mut header, mut records, mut ends) = (None, Vec::<Record>::new(), Vec::new());
    let whole = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    for (number, line) in (1u64..).zip(whole) {
        let bad = |problem: String| Error::Data {
            path: path.into(),
            line: Some(number),
            problem,
            remedy: "it is damaged: begin a new search in another folder".into(),
        };
        ends.push(ends.last().copied().unwrap_or(0) + line.len() as u64);
        if number == 1 {
            check_format(path, line)?;
        }
        match serde_json::from_slice(line).map_err(|error| bad(format!("no event: {error}")))? {
            Line::Sweep(own) if number == 1 => header = Some(own),
            Line::Sweep(_) => return Err(bad("a second search begins".to_owned())),
            Line::Trial(_) if header.is_none() => {
                return Err(bad("a trial comes before the search begins".to_owned()));
            }
            Line::Trial(own) => {
                if records.last().is_some_and(|last| own.trial <= last.trial) {
                    return Err(bad(format!("trial {} comes out of order", own.trial)));
                }
                records.push(own);
            }
        }
    }
    let header = header.ok_or_else(|| {
        Error::invalid(
            format!("the journal {} has no whole line", path.display()),
            "begin the search anew",
        )
    })?;
    Ok(Read { header, records, ends })
}

/// Checks the format's version before the line is understood, which has other fields in another one.
fn check_format(path: &Path, line: &[u8]) -> Result<()> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
        halfplane: String,
    }

    match serde_json::from_slice::<Format>(line) {
        Ok(Format { format, halfplane }) if format != Header::FORMAT => Err(Error::invalid(
            format!(
                "{} is a journal of format {format}, and this version knows format {}",
                path.display(),
                Header::FORMAT,
            ),
            format!("go on with halfplane {halfplane}, which wrote it"),
        )),
        _ => Ok(()),
    }
}

fn lock(folder: &Path) -> Result<FolderLock> {
    files::lock(&folder.join(LOCK)).map_err(|failure| match failure {
        Locked::Failed(source) => Error::write(folder, source),
        Locked::Taken(holder) => Error::invalid(
            format!(
                "another search{} writes into {}",
                holder.map(|id| format!(" (process {id})")).unwrap_or_default(),
                folder.display(),
            ),
            "wait until it has ended, or give another folder",
        ),
    })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The file that a search locks as long as it writes into the folder.
const LOCK: &str = ".lock";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::sweep::{Dimension, Point, Space, Value};

    fn header() -> Header {
        let space = Space::new()
            .with("lr", Dimension::log(1e-4, 0.1))
            .and_then(|own| own.with("hidden", Dimension::choices(["8", "16,8"])))
            .expect("it is sound");
        let mut own = Header::new(&space, "data", "folds", 5, "tpe");
        own.settings.insert("metric".into(), "accuracy".into());
        own
    }

    fn record(trial: u64) -> Record {
        Record {
            trial,
            parameters: Point::new([("lr", Value::Float(0.01)), ("hidden", Value::Int(8))]),
            state: State::Complete,
            scores: vec![0.25, 0.1 + 0.2, 1.0],
            epochs: 7,
            trained: 10,
            size: 99,
            training: Some(0.875),
            curve: Curve { epochs: vec![3, 10], train_loss: vec![0.5, 0.1], loss: vec![0.75, 0.7] },
            rungs: vec![Rung { rung: 1, epochs: 1, value: 0.5 }],
            same_as: None,
            more: 0,
            seconds: 0.125,
        }
    }

    #[test]
    fn goes_on_after_a_cut_line() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("sweep/journal.jsonl");
        let text = || std::fs::read_to_string(&path).expect("it is there");
        let mut journal = Journal::create(&path, &header()).expect("there is none");
        let records = [record(0), record(1), record(2)];
        journal.append(&records).expect("there is room");
        drop(journal);
        let whole = text();
        let last = whole.trim_end().rfind('\n').expect("there are lines") + 1;
        assert!(whole[last..].starts_with(r#"{"event":"trial","trial":2,"parameters":{"lr":0.01"#));
        // Cut at every byte of the last line, but for its end.
        for cut in [last, last + 1, last + 20, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).expect("it can be cut");
            assert_eq!(read(&path).expect("it can be read").1, records[..2]);
            let (mut journal, read) = Journal::resume(&path, &header()).expect("it goes on");
            assert_eq!(read, records[..2]);
            journal.append(&records[2..]).expect("there is room");
            assert_eq!(text(), whole, "cut at {cut}");
        }
        let (mut journal, _) = Journal::resume(&path, &header()).expect("it goes on");
        journal.keep(1).expect("it can be cut");
        assert_eq!(read(&path).expect("it can be read").1, records[..1]);
        journal.append(&records[1..]).expect("there is room");
        assert_eq!(text(), whole);
    }

    #[test]
    fn diverged_scores_come_back() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::create(&path, &header()).expect("there is none");
        let state = State::Diverged;
        let rungs = vec![Rung { rung: 0, epochs: 1, value: f64::NAN }];
        let diverged = Record { scores: vec![0.5, f64::NAN], state, rungs, ..record(3) };
        journal.append(&[diverged]).expect("there is room");
        let (_, records) = read(&path).expect("it can be read");
        assert!(records[0].scores[1].is_nan() && records[0].state == State::Diverged);
        assert!(records[0].rungs[0].value.is_nan());
    }

    #[test]
    fn another_search_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("journal.jsonl");
        drop(Journal::create(&path, &header()).expect("there is none"));
        let mut journal = Journal::create(&path, &header()).expect("it has no trial");
        journal.append(&[record(0)]).expect("there is room");
        drop(journal);
        let again = Journal::create(&path, &header()).expect_err("there is one").to_string();
        assert!(again.contains("already") && again.contains("`resume`"), "{again}");
        let other = |change: &dyn Fn(&mut Header)| {
            let mut own = header();
            change(&mut own);
            let error = Journal::resume(&path, &own).expect_err("it is another").to_string();
            assert!(error.contains("journal of another search"), "{error}");
            error
        };
        for (change, part) in [
            (
                &(|own: &mut Header| own.halfplane = "9.0.0".into()) as &dyn Fn(&mut Header),
                "9.0.0 now",
            ),
            (&|own| own.data = "other".into(), "another data set"),
            (&|own| own.folds = "other".into(), "division into folds"),
            (&|own| own.seed = 6, "the seed: 5 then, 6 now"),
            (&|own| own.sampler = "grid".into(), "the sampler: tpe then, grid now"),
            (&|own| own.settings.clear(), "`metric`: \"accuracy\" then, unset now"),
            (
                &|own| {
                    let with = |space: &Space| space.clone().with("l2", Dimension::log(0.1, 1.0));
                    own.space = with(&own.space).expect("it is sound");
                },
                "`l2`: not searched then",
            ),
            (
                &|own| {
                    own.space = serde_json::from_str(r#"{"hidden":[8,"16,8"],"lr":"1e-4..0.1"}"#)
                        .expect("sound")
                },
                "another order",
            ),
        ] {
            let error = other(change);
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn one_process_has_it_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("journal.jsonl");
        let held = Journal::create(&path, &header()).expect("there is none");
        let error = Journal::resume(&path, &header()).expect_err("it is held").to_string();
        assert!(error.contains("another search") && error.contains("writes into"), "{error}");
        drop(held);
        Journal::resume(&path, &header()).expect("it is free");
    }

    #[test]
    fn damage_is_named_by_its_line() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("journal.jsonl");
        let missing = read(&path).expect_err("there is none").to_string();
        assert!(missing.contains("no journal"), "{missing}");
        let line = |event: &Line| serde_json::to_string(event).expect("it can be written");
        let first = line(&Line::Sweep(header()));
        let trial = |number| line(&Line::Trial(record(number)));
        for (text, part) in [
            (String::new(), "no whole line"),
            (first[..9].to_owned(), "no whole line"),
            (format!("{first}\nnonsense\n"), "line 2: no event"),
            (
                format!("{first}\n{}\n{}\n", trial(1), trial(1)),
                "line 3: trial 1 comes out of order",
            ),
            (format!("{first}\n{first}\n"), "line 2: a second search"),
            (format!("{}\n", trial(0)), "line 1: a trial comes before"),
            (format!("{}\n", first.replace("\"format\":1", "\"format\":7")), "of format 7"),
        ] {
            std::fs::write(&path, text).expect("it can be written");
            let error = read(&path).expect_err("it is damaged").to_string();
            assert!(error.contains(part), "{error}");
        }
        // Nothing is lost where not even the first line was whole.
        std::fs::write(&path, &first[..9]).expect("it can be written");
        drop(Journal::create(&path, &header()).expect("it begins anew"));
        assert!(read(&path).expect("it is whole").1.is_empty());
    }

    /// The device that is always full.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_no_fault_of_the_user() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::create(&path, &header()).expect("there is none");
        journal.file = File::options().write(true).open("/dev/full").expect("it opens");
        let error = journal.append(&[record(0)]).expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::Run);
        assert!(error.to_string().contains("journal.jsonl"), "{error}");
        drop(journal);
        Journal::resume(&path, &header()).expect("it goes on");
    }
}
