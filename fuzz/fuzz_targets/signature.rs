//! Any bytes as `cap.lock.sig` and as allowed signers: nothing panics, and every fault stands within the text.

#![no_main]

use cap_compiler::diagnostic::Part;
use cap_compiler::pin::signature::{AllowedSigners, SignatureFile, SigningKey, UnixTime, judge};
use cap_compiler::source::SourceId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = SourceId::new("fuzzed");
    let signers = AllowedSigners::parse(&source, bytes);
    let file = SignatureFile::parse(&source, bytes);
    for fault in signers.diagnostics.iter().chain(&file.diagnostics) {
        if let Part::Bytes(place) = &fault.primary.place.part {
            assert!(bytes.get(place.clone()).is_some(), "{fault:?} is not within the text");
        }
    }
    _ = SigningKey::parse(bytes);
    let (file, signers) = (file.value.unwrap_or_default(), signers.value.unwrap_or_default());
    assert_eq!(judge(b"a lock", &file, &signers, UnixTime(0)).signers(), 0);
});
