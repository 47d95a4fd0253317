//! Any bytes as a file to lay out: nothing panics, what is laid out has the same values, and laying it out
//! again changes nothing.

#![no_main]

use std::sync::LazyLock;

use cap_compiler::canonical::{KeyOrders, Refusal, canonical};
use cap_compiler::source::SourceId;
use cap_compiler::syntax::parse_definition;
use libfuzzer_sys::fuzz_target;

static ORDERS: LazyLock<KeyOrders> = LazyLock::new(KeyOrders::of_definitions);

fuzz_target!(|bytes: &[u8]| {
    let source = SourceId::new("tool.yaml");
    let once = match canonical(&source, bytes, &ORDERS) {
        Ok(text) => text,
        Err(refusal) => return assert_ne!(refusal, Refusal::Unfaithful),
    };
    let value = |bytes: &[u8]| parse_definition(&source, bytes).ok();
    assert_eq!(value(bytes), value(once.as_bytes()));
    assert_eq!(canonical(&source, once.as_bytes(), &ORDERS), Ok(once));
});
