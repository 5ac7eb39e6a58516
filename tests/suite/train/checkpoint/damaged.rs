//! Files that are not what they should be: an error each, never a panic, never a huge allocation.

use std::fs;

use halfplane::Result;
use halfplane::train::{Checkpoint, Checkpoints};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{names, written};

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
        ("\"notes\":{}", &format!("\"notes\":{deep}"), "damaged"),
        ("\"notes\":{}", "\"notes\":{},\"surplus\":1", "surplus"),
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
    for length in (0..sound.len()).step_by(97) {
        assert!(load(&sound[..length]).is_err(), "cut off after {length} bytes");
    }
    let head = 8 + u64::from_le_bytes(*sound.first_chunk().expect("8 bytes")) as usize;
    for at in (0..head).step_by(13) {
        for flip in [0x01, 0x80] {
            let mut bytes = sound.clone();
            bytes[at] ^= flip;
            // Some letters are but names: what matters is that nothing panics.
            let _ = load(&bytes);
        }
    }
    for length in [u64::MAX, 1 << 60, 1 << 40, head as u64 + 1, sound.len() as u64] {
        let mut bytes = sound.clone();
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        assert!(load(&bytes).is_err(), "a header of {length} bytes");
    }
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
