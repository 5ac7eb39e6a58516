#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Corpus::Reject;
    }
    halfplane_fuzz::table(bytes);
    Corpus::Keep
});
