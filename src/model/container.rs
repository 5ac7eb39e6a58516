//! Safetensors files with a checksum: the metadata has the XXH3-128 of all tensors and of the other
//! metadata, under [`KEY`]. Files of other programs, and of older versions, have none.

use std::io::Read as _;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, SafeTensorError, SafeTensors, TensorView};
use xxhash_rust::xxh3::Xxh3;

use crate::platform::files::File;
use crate::{Error, Result};

/// The key of the checksum in the file's metadata.
const KEY: &str = "xxh3";

/// The most bytes of the header, as the format sets them.
const MAX_HEADER: u64 = 100_000_000;

/// Whether damage to a file can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// It has a checksum, which is that of its contents.
    Verified,
    /// It has no checksum: an older halfplane or another program has written it.
    Unknown,
}

/// The bytes of a file with float32 tensors (name, shape, values), with one entry of metadata beside
/// the checksum.
pub(crate) fn serialize<'t>(
    tensors: impl IntoIterator<Item = (String, Vec<usize>, &'t [f32])>,
    (key, text): (&str, String),
) -> Result<Vec<u8>, SafeTensorError> {
    let view = |(name, shape, values): (String, Vec<usize>, &'t [f32])| {
        Ok((name, TensorView::new(Dtype::F32, shape, bytemuck::cast_slice(values))?))
    };
    let views = tensors.into_iter().map(view).collect::<Result<Vec<_>, SafeTensorError>>()?;
    let mut list: Vec<Listed<'_>> = views.iter().map(listed).collect();
    let sum = checksum(&mut [(key, text.as_str())], &mut list);
    let metadata = [(key.to_owned(), text)].into_iter().collect();
    let plain = safetensors::serialize(views, Some(metadata))?;
    // Put in here: of several entries, the crate would write another one first in each process, and
    // equal models would not be equal files.
    let (size, rest) = plain.split_at(8);
    let size = u64::from_le_bytes(size.try_into().expect("eight bytes")) as usize;
    let (header, data) = rest.split_at(size);
    let entries =
        header.strip_prefix(METADATA).expect("the metadata stands first").trim_ascii_end();
    let mut header = [METADATA, format!("\"{KEY}\":\"{sum}\",").as_bytes(), entries].concat();
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok([&(header.len() as u64).to_le_bytes(), &header[..], data].concat())
}

/// How the header begins.
const METADATA: &[u8] = b"{\"__metadata__\":{";

/// Reads a file to its end. Its header tells how long it is, so that what never ends is not read
/// into memory.
///
/// # Errors
/// [`Error::File`]
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = |source| Error::read(path, source);
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.by_ref().take(8).read_to_end(&mut bytes).map_err(failed)?;
    let header = bytes.first_chunk().map_or(0, |size| u64::from_le_bytes(*size));
    file.by_ref().take(header.min(MAX_HEADER)).read_to_end(&mut bytes).map_err(failed)?;
    let data = data_bytes(&bytes[bytes.len().min(8)..]);
    // One more, if there is one: a file that goes on is damaged.
    file.take(data.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The bytes of data that a header announces: none where it is none.
fn data_bytes(header: &[u8]) -> u64 {
    let metadata: Option<Metadata> = serde_json::from_slice(header).ok();
    metadata.map_or(0, |metadata| metadata.data_len() as u64)
}

/// Compares a file with its checksum.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn verify(bytes: &[u8]) -> Result<Integrity, String> {
    let told = |error: SafeTensorError| error.to_string();
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(told)?;
    let Some(metadata) = header.metadata() else { return Ok(Integrity::Unknown) };
    let Some(expected) = metadata.get(KEY) else { return Ok(Integrity::Unknown) };
    let tensors = SafeTensors::deserialize(bytes).map_err(told)?.tensors();
    let mut list: Vec<Listed<'_>> = tensors.iter().map(listed).collect();
    let others = metadata.iter().filter(|(key, _)| *key != KEY);
    let mut others: Vec<(&str, &str)> = others.map(|(a, b)| (a.as_str(), b.as_str())).collect();
    match checksum(&mut others, &mut list) == *expected {
        true => Ok(Integrity::Verified),
        false => Err(format!(
            "its checksum is not that of its contents; a program that has changed \
            them on purpose leaves out `{KEY}` of the metadata"
        )),
    }
}

/// A tensor's name, type, shape and bytes.
type Listed<'t> = (&'t str, Dtype, &'t [usize], &'t [u8]);

fn listed<'t>((name, view): &'t (String, TensorView<'t>)) -> Listed<'t> {
    (name, view.dtype(), view.shape(), view.data())
}

/// The XXH3-128, in hexadecimal digits, of what a file says in whatever order: each entry of the
/// metadata as key and value, each tensor as name, type, shape and bytes, sorted by their names. A
/// text or a list is preceded by its length, all numbers are of 64 bits in little-endian order.
fn checksum(metadata: &mut [(&str, &str)], tensors: &mut [Listed<'_>]) -> String {
    let mut hash = Xxh3::new();
    let text = |hash: &mut Xxh3, bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    metadata.sort_unstable();
    tensors.sort_unstable_by_key(|(name, ..)| *name);
    for (key, value) in metadata {
        text(&mut hash, key.as_bytes());
        text(&mut hash, value.as_bytes());
    }
    for (name, dtype, shape, bytes) in tensors {
        text(&mut hash, name.as_bytes());
        text(&mut hash, dtype.to_string().as_bytes());
        hash.update(&(shape.len() as u64).to_le_bytes());
        shape.iter().for_each(|size| hash.update(&(*size as u64).to_le_bytes()));
        text(&mut hash, bytes);
    }
    format!("{:032x}", hash.digest128())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let (weight, bias) = ([1.0f32, -2.0, 0.5, 3.25], [0.125f32]);
        let tensors = [
            ("layers.0.weight".to_owned(), vec![2, 2], &weight[..]),
            ("layers.0.bias".to_owned(), vec![1], &bias[..]),
        ];
        serialize(tensors, ("key", "{\"version\":2}".to_owned())).expect("it is written")
    }

    /// Whatever bit is another: an error, or the same tensors and texts.
    #[test]
    fn every_flipped_bit_is_noticed_or_means_nothing() {
        let sound = file();
        assert_eq!(verify(&sound), Ok(Integrity::Verified));
        assert!(sound == file() && sound[8..].starts_with(b"{\"__metadata__\":{\"xxh3\":"));
        let contents = |bytes: &[u8]| {
            let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
            let text = header.metadata().as_ref()?.get("key")?.clone();
            let own = SafeTensors::deserialize(bytes).ok()?;
            let mut tensors: Vec<_> = own
                .iter()
                .map(|(name, view)| (name.to_owned(), view.shape().to_vec(), view.data().to_vec()))
                .collect();
            tensors.sort_unstable();
            Some((text, tensors))
        };
        let mut accepted = 0;
        for bit in 0..8 * sound.len() {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if verify(&bytes).is_ok() {
                assert_eq!(contents(&bytes), contents(&sound), "bit {bit}");
                accepted += 1;
            }
        }
        // Those in the name of the checksum, and few more.
        assert!(accepted < 64, "{accepted} of {}", 8 * sound.len());
        for cut in 0..sound.len() {
            assert!(verify(&sound[..cut]).is_err(), "cut off after {cut} bytes");
        }
        assert!(verify(&[&sound[..], b"\0"].concat()).is_err());
    }

    /// Another program writes the same in another order.
    #[test]
    fn the_order_in_a_file_does_not_matter() {
        let sound = file();
        let (_, header) = SafeTensors::read_metadata(&sound).expect("it is sound");
        let tensors = SafeTensors::deserialize(&sound).expect("it is sound");
        let bytes = [0u8; 2];
        let mut views = tensors.tensors();
        views.reverse();
        let again = safetensors::serialize(views.clone(), header.metadata().clone());
        assert_eq!(verify(&again.expect("it is written")), Ok(Integrity::Verified));
        let view = TensorView::new(Dtype::F16, vec![1], &bytes).expect("two bytes");
        views.push(("surplus".to_owned(), view));
        let more = safetensors::serialize(views.clone(), header.metadata().clone());
        assert!(verify(&more.expect("it is written")).is_err());
        let bare = safetensors::serialize(views, None).expect("it is written");
        assert_eq!(verify(&bare), Ok(Integrity::Unknown));
    }

    #[test]
    #[cfg(unix)]
    fn what_never_ends_is_not_read_into_memory() {
        let bytes = read(Path::new("/dev/zero")).expect("it can be read");
        assert!(bytes.len() < 100 && verify(&bytes).is_err());
        let folder = tempfile::tempdir().expect("a folder can be made");
        for (header, most) in [(u64::MAX, 1000), (1 << 40, 1000), (20, 1000)] {
            let path = folder.path().join("endless");
            let bytes = [&header.to_le_bytes()[..], &[b' '; 900]].concat();
            std::fs::write(&path, bytes).expect("it can be written");
            let bytes = read(&path).expect("it can be read");
            assert!(bytes.len() < most && verify(&bytes).is_err(), "{header}");
        }
    }
}
