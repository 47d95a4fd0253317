//! Gives a call the key by which its server knows all its tries.

use super::plan::{RequestPlan, Sealed};

/// Adds the key that the definition asks for, unless an argument gave one.
pub(super) fn stamp(plan: &mut RequestPlan) {
    let Some(header) = &plan.idempotency_key else { return };
    if plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header)) {
        return;
    }
    plan.headers.push((header.clone(), Sealed::plain(new_key())));
}

/// A random UUID (RFC 9562, section 5.4), which is the form that servers expect.
fn new_key() -> String {
    let mut bytes = random();
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
    parts.join("-")
}

pub(super) fn random() -> [u8; 16] {
    use std::hash::{BuildHasher, Hasher, RandomState};

    let mut bytes = [0; 16];
    if rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).is_err() {
        // The system has no randomness now. Seeds of hash maps were drawn when it had.
        for half in bytes.chunks_mut(8) {
            half.copy_from_slice(&RandomState::new().build_hasher().finish().to_ne_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::new_key;

    #[test]
    fn keys_are_random_uuids() {
        let keys: Vec<String> = (0..100).map(|_| new_key()).collect();
        for key in &keys {
            let lengths: Vec<usize> = key.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{key}");
            assert_eq!(key.as_bytes()[14], b'4', "{key}");
            assert!(b"89ab".contains(&key.as_bytes()[19]), "{key}");
        }
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
    }
}
