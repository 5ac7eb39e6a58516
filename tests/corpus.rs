//! The fuzz targets' corpus, without a fuzzer: what must hold for any bytes holds for these.

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library to the fuzz targets")]
mod checks;

use std::fs;
use std::path::Path;

#[test]
fn every_file_of_the_corpus_is_read_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut count = 0;
    for target in fs::read_dir(corpus).expect("the corpus is there") {
        let target = target.expect("it can be listed").path();
        for file in fs::read_dir(&target).expect("a folder for each target") {
            let path = file.expect("it can be listed").path();
            let bytes = fs::read(&path).expect("it can be read");
            println!("{}", path.display());
            // Cut off and spoiled, too: nothing panics.
            let mut spoiled = bytes.clone();
            spoiled.iter_mut().skip(3).step_by(7).for_each(|byte| *byte = byte.wrapping_mul(31));
            for bytes in [&bytes[..], &bytes[..bytes.len() / 2], &spoiled] {
                match target.ends_with("model") {
                    true => checks::model(bytes),
                    false => checks::table(bytes),
                }
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count} files");
}
