//! Thousands of damaged files of every format, for `tests/soak.sh damage`: each is refused, or is as
//! if it had not been damaged. `DAMAGED` is how many of each format, `SEED` which ones.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use halfplane::data::{Source, TableOptions, prepare};
use halfplane::train::{Checkpoint, CheckpointOptions, Checkpoints};
use halfplane::{DeviceChoice, Length, Model, Recipe, Result, TrainOptions, Trainer};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use crate::support::quiet;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|word| word.parse().ok()).unwrap_or(otherwise)
}

/// Changes some bytes, as disks, cables and interrupted copies do.
fn damaged(sound: &[u8], random: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    let at = random.random_range(0..bytes.len());
    let until = (at + random.random_range(1..600)).min(bytes.len());
    match random.random_range(0..8) {
        0..3 => bytes[at] ^= 1 << random.random_range(0..8),
        3 => bytes[at] = random.random(),
        4 => bytes.truncate(at),
        5 => bytes[at..until].fill(0),
        6 => bytes.extend((0..until - at).map(|_| random.random::<u8>())),
        _ => drop(bytes.drain(at..until)),
    }
    bytes
}

/// Damages a file so often, and asks each time whether it is refused (`None`) or the same.
fn damage(name: &str, sound: &[u8], is_same: impl Fn(&[u8]) -> Option<bool>) {
    static AT: AtomicU64 = AtomicU64::new(0);
    let (count, seed) = (number("DAMAGED", 50), number("SEED", 1));
    assert_eq!(is_same(sound), Some(true), "{name} is sound");
    let (mut refused, mut different) = (0, Vec::new());
    for index in 0..count {
        let mut random =
            Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(index));
        let bytes = damaged(sound, &mut random);
        // What hangs ends the process, and says which file it was.
        let before = AT.fetch_add(1, Ordering::Relaxed) + 1;
        let (done, watched) = std::sync::mpsc::channel::<()>();
        let told = format!("{name} {index} of seed {seed} hangs");
        let watch = std::thread::spawn(move || {
            let ended = watched.recv_timeout(Duration::from_secs(60));
            if ended == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
                && AT.load(Ordering::Relaxed) == before
            {
                eprintln!("{told}");
                std::process::abort();
            }
        });
        match is_same(&bytes) {
            Some(same) if same || bytes == sound => {}
            Some(_) => different.push((index, bytes)),
            None => refused += 1,
        }
        drop(done);
        watch.join().expect("it ends");
    }
    // They are kept, to be looked at.
    let told = different.into_iter().map(|(index, bytes)| {
        let path = std::env::temp_dir().join(format!("damaged-{seed}-{index}"));
        fs::write(&path, bytes).expect("it can be written");
        path.display().to_string()
    });
    let told: Vec<String> = told.collect();
    assert!(told.is_empty(), "another than {name}, silently: {}", told.join(", "));
    println!("{name}: {count} damaged files, {refused} refused, the others the same");
}

/// What is trained on, of the bytes of a table.
fn contents(bytes: &[u8]) -> Option<impl PartialEq + use<>> {
    let source = Source::Memory(bytes.to_vec());
    let data = prepare(&source, &TableOptions::default()).ok()?.training;
    Some((
        data.features().to_vec(),
        data.targets().clone(),
        data.classes().to_vec(),
        data.preprocessing().clone(),
    ))
}

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::read(folder.join(name)).expect("it is there")
}

#[test]
#[ignore = "for tests/soak.sh"]
fn tables_with_checksums() {
    for name in [
        "formats/table.csv.gz",
        "formats/arrays.npz",
        "formats/packed.npz",
        "formats/checksums-v1.parquet",
        "formats/checksums-v2.parquet",
        "digits-images-idx3-ubyte.gz",
    ] {
        let sound = file(name);
        let expected = contents(&sound);
        damage(name, &sound, |bytes| contents(bytes).map(|found| Some(found) == expected));
    }
    for name in ["formats/rows-f8.npy", "formats/columns-f4.npy", "formats/floats-idx2"] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&file(name)).expect("it goes to memory");
        let sound = encoder.finish().expect("it goes to memory");
        let expected = contents(&sound);
        damage(name, &sound, |bytes| contents(bytes).map(|found| Some(found) == expected));
    }
}

/// Whatever can be read is another table, which nothing tells: only that it ends, without a panic.
#[test]
#[ignore = "for tests/soak.sh"]
fn tables_without_checksums() {
    for name in [
        "penguins.csv",
        "formats/table.tsv",
        "formats/rows-f8.npy",
        "formats/columns-f4.npy",
        "formats/floats-idx2",
        "formats/table-snappy.parquet",
        "formats/table-gzip.parquet",
        "formats/table-split.parquet",
        "formats/table-v2.parquet",
        "formats/kinds.parquet",
    ] {
        damage(name, &file(name), |bytes| contents(bytes).map(|_| true));
    }
}

#[test]
#[ignore = "for tests/soak.sh"]
fn models_and_checkpoints() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/penguins.csv");
    let data = prepare(&table.into(), &TableOptions::default())?.training;
    let Recipe { network, options, .. } = Recipe::for_data(&data);
    let checkpoints = Some(CheckpointOptions::new(folder.path()));
    let (device, length) = (DeviceChoice::Cpu, Length::Epochs(5));
    let options = TrainOptions { device, length, checkpoints, ..options };
    let mut trainer = Trainer::new(&network, &data, options)?;
    trainer.run(quiet)?;

    let (model, path) = (trainer.model()?, folder.path().join("m.safetensors"));
    model.save(&path)?;
    let sound = fs::read(&path).expect("it was written");
    damage("model", &sound, |bytes| Model::from_bytes(bytes).ok().map(|found| found == model));
    let (path, checkpoint) = Checkpoints::of(folder.path()).latest()?;
    let sound = fs::read(path).expect("it was written");
    let spoiled = folder.path().join("spoiled");
    damage("checkpoint", &sound, |bytes| {
        fs::write(&spoiled, bytes).expect("it can be written");
        Checkpoint::load(&spoiled).ok().map(|found| found == checkpoint)
    });
    Ok(())
}
