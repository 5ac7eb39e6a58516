//! Damaged files: a flipped bit is an error, or the table is the same. Hostile ones end in an error,
//! with little memory.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use halfplane::data::{Preprocessing, Source, TableOptions, prepare};
use halfplane::{Result, Targets};

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::read(folder.join(name)).expect("it is there")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("it goes to memory");
    encoder.finish().expect("it goes to memory")
}

/// What is trained on.
type Contents = (Vec<f32>, Targets, Vec<String>, Preprocessing);

fn contents(bytes: &[u8]) -> Result<Contents> {
    let data = prepare(&Source::Memory(bytes.to_vec()), &TableOptions::default())?.training;
    Ok((
        data.features().to_vec(),
        data.targets().clone(),
        data.classes().to_vec(),
        data.preprocessing().clone(),
    ))
}

fn refusal(bytes: &[u8]) -> String {
    contents(bytes).map(drop).expect_err("it is refused").to_string()
}

/// Flips a bit of every byte (another one from byte to byte) and counts those that went unnoticed.
fn silent_flips(sound: &[u8]) -> Vec<usize> {
    let expected = contents(sound).expect("it is sound");
    let differs = |at: &usize| {
        let mut bytes = sound.to_vec();
        bytes[*at] ^= 1 << ((at * 5 + at / 8) % 8);
        contents(&bytes).is_ok_and(|found| found != expected)
    };
    (0..sound.len()).filter(differs).collect()
}

#[test]
fn a_flipped_bit_of_a_checked_file_is_noticed_or_means_nothing() {
    for (name, bytes) in [
        ("CSV", file("formats/table.csv.gz")),
        ("rows of npy", packed(&file("formats/rows-f8.npy"))),
        ("columns of npy", packed(&file("formats/columns-f4.npy"))),
        ("IDX", packed(&file("formats/floats-idx2"))),
        ("npz", file("formats/arrays.npz")),
        ("compressed npz", file("formats/packed.npz")),
        ("Parquet", file("formats/checksums-v1.parquet")),
        ("Parquet with pages of version 2", file("formats/checksums-v2.parquet")),
    ] {
        assert_eq!(silent_flips(&bytes), [0usize; 0], "bytes of {name}");
    }
}

#[test]
fn what_follows_the_end_is_damage_unless_it_is_padding() {
    let (csv, npy, idx) =
        (file("formats/table.csv"), file("formats/rows-f8.npy"), file("formats/floats-idx2"));
    for (name, plain) in [("CSV", &csv), ("npy", &npy), ("IDX", &idx)] {
        let sound = packed(plain);
        let expected = contents(&sound).expect("it is sound");
        let (half, rest) = plain.split_at(plain.len() / 2);
        // Several members are one stream, and zero bytes pad it.
        for same in [[&sound[..], &[0; 300]].concat(), [packed(half), packed(rest)].concat()] {
            assert_eq!(contents(&same).expect("it is the same"), expected, "{name}");
        }
        for tail in [&b"more"[..], b"\0\0more", b"\x1f\x8b", &sound[..20]] {
            let text = refusal(&[&sound[..], tail].concat());
            assert!(text.contains("damaged") && text.contains("get the file again"), "{text}");
        }
        for cut in 1..9 {
            let text = refusal(&sound[..sound.len() - cut]);
            assert!(text.contains("damaged"), "{name} without {cut} bytes: {text}");
        }
    }
    for sound in [&npy, &idx] {
        let text = refusal(&[&sound[..], b"\0"].concat());
        assert!(text.contains("goes on after the last value"), "{text}");
    }
}

/// An array of float64 with a shape as it is written.
fn npy(shape: &str, order: &str, values: &[u8]) -> Vec<u8> {
    let mut head = format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': ({shape}), }}");
    head += &" ".repeat(117 - head.len());
    let start = [&b"\x93NUMPY\x01\0"[..], &118u16.to_le_bytes(), head.as_bytes(), b"\n"].concat();
    [&start[..], values].concat()
}

/// Products that wrap around, and numbers of rows that no file has.
#[test]
fn shapes_that_lie_end_at_once() {
    let values = [0; 64];
    for shape in [
        "4611686018427387904, 4",
        "2305843009213693952, 8",
        "18446744073709551615, 3",
        "9223372036854775808, 2",
        "1000000000000, 4",
        "9, 2",
    ] {
        for order in ["False", "True"] {
            let text = refusal(&npy(shape, order, &values));
            assert!(text.contains("ends before the last value"), "{shape} {order}: {text}");
        }
    }
    for shape in
        ["2, 4611686018427387904, 4", "3, 0", "2, 300000", "0, 4", "99999999999999999999, 2"]
    {
        refusal(&npy(shape, "False", &values));
    }
    let idx = |kind: u8, sizes: &[u32]| {
        let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_be_bytes()).collect();
        [&[0, 0, kind, (sizes.len() / 4) as u8][..], &sizes, &values].concat()
    };
    for bytes in [
        idx(0x0e, &[u32::MAX, 4]),
        idx(0x0e, &[9]),
        idx(0x08, &[2, u32::MAX, u32::MAX, u32::MAX]),
        idx(0x08, &[u32::MAX, 1, 1, 1]),
        idx(0x0d, &[4, 1 << 31, 2]),
        idx(0x0d, &[4, 0]),
        idx(0x0d, &[0, 4]),
    ] {
        refusal(&bytes);
    }
}

/// A few bytes that become many.
#[test]
fn what_would_fill_the_memory_is_an_error() {
    for (start, line) in [("", "x"), ("", "1,"), ("1,\"open\n", "5,6\n"), ("\"", "a \"\"word\"\"")]
    {
        let table = ["a,b\n1,2\n", start, &line.repeat((80 << 20) / line.len())].concat();
        let text = refusal(table.as_bytes());
        assert!(text.contains("line 3: a row goes on for more than 64 MiB"), "{text}");
    }
    const BYTES: usize = 400 << 20;
    let zeros = npy("100000000, 4", "False", &vec![0; BYTES]);
    let line = format!("0.{},1\n", "0".repeat(100_000));
    let text = ["a,b\n", &line.repeat(BYTES / line.len())].concat().into_bytes();
    for bomb in [zeros, text].map(|bytes| packed(&bytes)) {
        assert!(bomb.len() < 2 << 20);
        let text = refusal(&bomb);
        assert!(text.contains("gunzip"), "{text}");
    }
}

/// Compressions that are not built in are named: the file is not damaged.
#[test]
fn codecs_that_are_not_built_in_are_named() {
    for (name, codec) in [("brotli", "brotli"), ("brotli-v2", "brotli"), ("lz4", "lz4")] {
        let text = refusal(&file(&format!("formats/{name}.parquet")));
        assert!(text.contains(codec) && text.contains("snappy, gzip or zstd"), "{text}");
        assert!(!text.contains("damaged"), "{text}");
    }
}
