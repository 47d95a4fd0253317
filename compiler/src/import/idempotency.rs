//! Idempotency keys: header parameters by which a server knows the tries of one call.
//!
//! The gateway makes a key for each call that gives none, so the argument is optional for agents,
//! whatever the document says.

use super::parameters::Sent;
use crate::definition::IdempotencyKeyDefinition;
use crate::openapi::Location;

/// The header that carries the key, if a request of this method has one.
pub(super) fn key(method: &str, sent: &[Sent]) -> Option<IdempotencyKeyDefinition> {
    let found = sent.iter().find(|it| is_key(method, it))?;
    Some(IdempotencyKeyDefinition { header: found.wire.clone() })
}

/// Makes the argument optional.
pub(super) fn relax(method: &str, sent: &mut [Sent]) {
    for it in sent.iter_mut().filter(|it| is_key(method, it)) {
        it.required = false;
    }
}

fn is_key(method: &str, sent: &Sent) -> bool {
    // Other methods are repeated without a key.
    let changes = matches!(method, "post" | "patch" | "put" | "delete");
    let name = sent.wire.to_ascii_lowercase().replace('_', "-");
    changes && sent.location == Location::Header && matches!(name.as_str(), "idempotency-key" | "x-idempotency-key")
}
