//! Cursors as agents see them: opaque, and of one tool with its arguments.
//!
//! The seal of an address is made with a key of this process, so that only addresses that a server gave
//! are fetched; such a cursor ends with the process, except where a person runs the calls (`CursorSeal`). The
//! value of an argument is checked like any other, so its seal only tells whether it belongs to the call.

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cap_compiler::capability::Pagination;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::argument;
use super::next::Position;
use crate::execute::idempotency::random;
use crate::execute::prepared::Prepared;

/// Bytes of a seal.
const SEAL: usize = 16;

/// What the seal of an address is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorSeal {
    /// A key of this process: whoever has a cursor got it from here.
    #[default]
    OfProcess,
    /// A key that everybody knows, so that a cursor outlives the process. For a person at a terminal, who can
    /// write a definition for any address as well.
    Known,
}

/// What a cursor belongs to.
pub(super) struct Bound<'a> {
    pub(super) tool: &'a Prepared,
    pub(super) pagination: &'a Pagination,
    pub(super) arguments: &'a Map<String, Value>,
    pub(super) seal: CursorSeal,
}

impl Bound<'_> {
    /// The text of a position.
    pub(super) fn seal(&self, position: &Position) -> String {
        let (kind, said) = match position {
            Position::Argument(value) => ("a", value.clone()),
            Position::Address(address) => ("u", Value::from(address.as_str())),
        };
        let mut code = self.code(position).finalize().into_bytes().to_vec();
        code.truncate(SEAL);
        let code = BASE64_URL_SAFE_NO_PAD.encode(code);
        BASE64_URL_SAFE_NO_PAD.encode(json!({kind: said, "s": code}).to_string())
    }

    /// The position that a text stands for, if it is one of this tool with these arguments.
    pub(super) fn open(&self, text: &str) -> Option<Position> {
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let mut said: Map<String, Value> = serde_json::from_slice(&decoded).ok()?;
        let named = argument(&self.pagination.next).is_some();
        let position = match (said.remove("a"), said.remove("u")) {
            (Some(value), None) if named => Position::Argument(value),
            (None, Some(Value::String(address))) if !named => Position::Address(address),
            _ => return None,
        };
        let code = BASE64_URL_SAFE_NO_PAD.decode(said.get("s")?.as_str()?).ok()?;
        (code.len() == SEAL && self.code(&position).verify_truncated_left(&code).is_ok()).then_some(position)
    }

    fn code(&self, position: &Position) -> Hmac<Sha256> {
        let (key, said): (&[u8], &str) = match (position, self.seal) {
            (Position::Argument(_), _) => (b"the argument is checked when it is sent", ""),
            (Position::Address(address), CursorSeal::OfProcess) => (process_key(), address),
            (Position::Address(address), CursorSeal::Known) => (b"whoever runs the command may go there", address),
        };
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
        let named = argument(&self.pagination.next);
        let mut others = self.arguments.clone();
        others.retain(|name, value| Some(name.as_str()) != named && !value.is_null());
        let tool = self.tool.capability().tool.as_str();
        for text in [tool, &sorted(Value::Object(others)).to_string(), said] {
            mac.update(&(text.len() as u64).to_be_bytes());
            mac.update(text.as_bytes());
        }
        mac
    }
}

/// The same value with its members in order: agents write them in any.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(name, member)| (name, sorted(member))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn process_key() -> &'static [u8] {
    static KEY: OnceLock<[u8; 32]> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut key = [0; 32];
        let (first, second) = key.split_at_mut(16);
        first.copy_from_slice(&random());
        second.copy_from_slice(&random());
        key
    })
}
