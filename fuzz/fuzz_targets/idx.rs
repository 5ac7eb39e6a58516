#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !bytes.starts_with(b"\0\0") {
        return Corpus::Reject;
    }
    halfplane_fuzz::table(bytes);
    Corpus::Keep
});
