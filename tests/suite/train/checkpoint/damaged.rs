//! Files that are not what they should be: an error each, never a panic, never a huge allocation.

use std::fs;

use halfplane::Result;
use halfplane::model::Integrity;
use halfplane::train::{Checkpoint, Checkpoints};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{names, written};
use crate::support::folder::Folder;

const KEY: &str = "halfplane-checkpoint";

/// The file with its metadata and its tensors' list changed.
fn spoiled(bytes: &[u8], spoil: impl Fn(String) -> String, keep: impl Fn(&str) -> bool) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).expect("the checkpoint is sound");
    let text = header.metadata().clone().expect("there is metadata")[KEY].clone();
    let tensors = SafeTensors::deserialize(bytes).expect("the checkpoint is sound");
    let list: Vec<(String, TensorView<'_>)> =
        tensors.tensors().into_iter().filter(|(name, _)| keep(name)).collect();
    let metadata = [(KEY.to_owned(), spoil(text))].into_iter().collect();
    safetensors::serialize(list, Some(metadata)).expect("it can be written")
}

#[test]
fn metadata_that_lies_is_an_error() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sound = fs::read(written(folder.path())?).expect("it was written");
    let path = folder.path().join("spoiled.safetensors");
    let refusal = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("it can be written");
        Checkpoint::load(&path).err().map(|error| error.to_string())
    };
    let replaced = |from: &str, to: &str| {
        let spoil = |text: String| {
            assert!(text.contains(from), "no `{from}` in {text}");
            text.replacen(from, to, 1)
        };
        refusal(&spoiled(&sound, spoil, |_| true))
    };
    assert_eq!(refusal(&spoiled(&sound, |text| text, |_| true)), None);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (from, to, words) in [
        ("\"version\":1", "\"version\":3", "newer halfplane"),
        ("\"version\":1", "\"version\":-1", "damaged"),
        ("\"version\":1", "\"version\":\"one\"", "damaged"),
        ("\"hidden\":[9,7]", "\"hidden\":[9,8]", "layers.1.weight"),
        ("\"hidden\":[9,7]", "\"hidden\":[9,7,7]", "layers.2.weight"),
        ("\"hidden\":[9,7]", "\"hidden\":[16000000,16000000]", "layers.0.weight"),
        ("\"hidden\":[9,7]", "\"hidden\":[99999999999]", "at most"),
        ("\"hidden\":[9,7]", "\"hidden\":[0]", "0 units"),
        ("\"memories\":2", "\"memories\":3", "optimizer.2.layers.0.weight"),
        ("\"memories\":2", "\"memories\":18446744073709551615", "optimizer"),
        ("\"memories\":2", "\"memories\":-1", "damaged"),
        ("\"notes\":{", &format!("\"notes\":{deep},\"x\":{{"), "damaged"),
        ("\"notes\":{", "\"surplus\":1,\"notes\":{", "surplus"),
        ("\"step\":12", "\"step\":13", "step 13 of 12"),
        ("\"goal\":12", "\"goal\":11", "step 12 of 11"),
        ("\"memories\":2,\"best\":", "\"memories\":2,\"best\":9", "best weights are of step 9"),
        ("\"step\":12", "\"step\":1e300", "damaged"),
        ("\"step\":12", "\"step\":", "damaged"),
    ] {
        let text = replaced(from, to).unwrap_or_default();
        assert!(text.contains(words), "{from} as {to:.60}: no `{words}` in: {text:.300}");
    }
    let text = refusal(&spoiled(&sound, |_| deep.clone(), |_| true)).unwrap_or_default();
    assert!(text.contains("damaged"), "{text:.300}");
    let text = refusal(&spoiled(&sound, |text| text, |name| name != "optimizer.1.layers.0.bias"));
    assert!(text.unwrap_or_default().contains("optimizer.1.layers.0.bias"));
    let text = refusal(&spoiled(&sound, |text| text, |name| !name.starts_with("best.")));
    assert!(text.is_some_and(|text| text.contains("best.layers.0")), "the best weights are there");
    let half = TensorView::new(Dtype::F16, vec![1], &[0, 0]).expect("two bytes");
    let plain = safetensors::serialize([("t", half)], None).expect("it can be written");
    assert!(refusal(&plain).unwrap_or_default().contains("no checkpoint's metadata"));
    Ok(())
}

/// Cut off anywhere, or with any byte of its head another: an error, or a file as good as before.
#[test]
fn damaged_files_are_errors() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sound = fs::read(written(folder.path())?).expect("it was written");
    let path = folder.path().join("spoiled.safetensors");
    let load = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("it can be written");
        Checkpoint::load(&path)
    };
    let expected = load(&sound)?;
    for length in (0..sound.len()).step_by(97) {
        assert!(load(&sound[..length]).is_err(), "cut off after {length} bytes");
    }
    assert!(load(&[&sound[..], b"\0"].concat()).is_err(), "a byte too many");
    let head = 8 + u64::from_le_bytes(*sound.first_chunk().expect("8 bytes")) as usize;
    for at in 0..head {
        for flip in [0x01, 0x02, 0x10] {
            let mut bytes = sound.clone();
            bytes[at] ^= flip;
            if let Ok(found) = load(&bytes) {
                assert!(found == expected, "byte {at} with {flip:#x}");
            }
        }
    }
    for at in (head..sound.len()).step_by(7) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        let text = load(&bytes).expect_err("a weight is another").to_string();
        assert!(text.contains("checksum") && text.contains("the one before"), "{text}");
    }
    for length in [u64::MAX, 1 << 60, 1 << 40, head as u64 + 1, sound.len() as u64] {
        let mut bytes = sound.clone();
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        assert!(load(&bytes).is_err(), "a header of {length} bytes");
    }
    Ok(())
}

/// As of a file without a checksum.
#[test]
fn weights_that_are_not_finite_are_damage() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sound = fs::read(written(folder.path())?).expect("it was written");
    let path = folder.path().join("spoiled.safetensors");
    let bare = spoiled(&sound, |text| text, |_| true);
    let first = |bytes: &[u8], name: &str| {
        let (head, header) = SafeTensors::read_metadata(bytes).expect("it is sound");
        8 + head + header.info(name).expect("the tensor is there").data_offsets.0
    };
    for (name, refused) in [
        ("layers.0.weight", true),
        ("layers.2.bias", true),
        ("best.layers.1.weight", true),
        ("optimizer.1.layers.0.weight", false),
    ] {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut bytes = bare.clone();
            let at = first(&bytes, name);
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            fs::write(&path, &bytes).expect("it can be written");
            let found = Checkpoint::load(&path);
            assert_eq!(found.is_err(), refused, "{value} in {name}");
            let text = found.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!refused || text.contains("not finite"), "{text}");
        }
    }
    Ok(())
}

/// What the newest cannot tell is said, and the file is set aside once there is a newer one.
#[test]
fn a_damaged_newest_checkpoint_falls_back_aloud() -> Result<()> {
    let folder = Folder::new();
    let rows = "0,0,0\n0,1,1\n1,0,1\n1,1,0\n".repeat(8);
    folder.write("table.csv", format!("a,b,y\n{rows}"));
    folder.good(
        "train table.csv --device cpu --steps 30 --checkpoint run --checkpoint-every 10steps",
    );
    let [older, newest] = ["run/step-0000000020.safetensors", "run/step-0000000030.safetensors"];
    let sound = folder.read_bytes(newest);
    for at in [3, sound.len() / 2, sound.len() - 1] {
        let mut bytes = sound.clone();
        bytes[at] ^= 4;
        folder.write(newest, bytes);
        let latest = Checkpoints::of(&folder.path("run")).latest_checked()?;
        assert_eq!((latest.path, latest.integrity), (folder.path(older), Integrity::Verified));
        assert_eq!(latest.unread.len(), 1);
    }
    let output = folder.run("train --resume run --steps 40 --output m.safetensors");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for words in [newest, "damaged", "goes on from the checkpoint before", older] {
        assert!(said.contains(words), "no `{words}` in: {said}");
    }
    let left = names(&folder.path("run"));
    assert!(left.iter().any(|name| name.ends_with("0030.safetensors.unread")), "{left:?}");
    folder.good("train table.csv --device cpu --steps 40 --output whole.safetensors");
    assert!(folder.read_bytes("m.safetensors") == folder.read_bytes("whole.safetensors"));
    Ok(())
}

/// Should the newest be lost, there is one before it; what was half-written is no checkpoint.
#[test]
fn the_newest_that_can_be_read_is_the_latest() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = written(folder.path())?;
    let newer = folder.path().join("step-0000000013.safetensors");
    fs::write(&newer, b"not much").expect("it can be written");
    for other in [".halfplane-abc", "step-99.safetensors", "model.safetensors"] {
        fs::write(folder.path().join(other), b"nothing").expect("it can be written");
    }
    let checkpoints = Checkpoints::of(folder.path());
    assert_eq!(checkpoints.latest()?.0, path);
    drop(checkpoints.lock()?);
    assert_eq!(names(folder.path()).len(), 4, "only the half-written file goes");
    fs::remove_file(path).expect("it is ours");
    let text = checkpoints.latest().expect_err("none can be read").to_string();
    assert!(text.contains("step-0000000013.safetensors"), "{text}");
    let empty = Checkpoints::of(&folder.path().join("nowhere"));
    let text = empty.latest().expect_err("there is none").to_string();
    assert!(text.contains("no checkpoint in") && text.contains("nowhere"), "{text}");
    Ok(())
}
