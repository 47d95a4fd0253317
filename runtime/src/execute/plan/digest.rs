//! Filters for signatures: digests of texts and bytes, and ways to write bytes as text.
//!
//! A digest stays bytes, so that it can be the key of the next one; `hex` and `base64` make text.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use minijinja::{Environment, Error, ErrorKind, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("sha256", |value: &Value| digest::<Sha256>(value));
    environment.add_filter("sha512", |value: &Value| digest::<Sha512>(value));
    environment.add_filter("sha1", |value: &Value| digest::<Sha1>(value));
    environment.add_filter("md5", |value: &Value| digest::<Md5>(value));
    environment.add_filter("hmac_sha256", |value: &Value, key: &Value| {
        code(value, key, |key| Hmac::<Sha256>::new_from_slice(key).ok())
    });
    environment.add_filter("hmac_sha512", |value: &Value, key: &Value| {
        code(value, key, |key| Hmac::<Sha512>::new_from_slice(key).ok())
    });
    environment.add_filter("hmac_sha1", |value: &Value, key: &Value| {
        code(value, key, |key| Hmac::<Sha1>::new_from_slice(key).ok())
    });
    environment.add_filter("hex", |value: &Value| Ok::<_, Error>(hex(&bytes(value)?)));
    environment.add_filter("base64", |value: &Value| Ok::<_, Error>(BASE64_STANDARD.encode(bytes(value)?)));
    environment.add_filter("base64url", |value: &Value| Ok::<_, Error>(BASE64_URL_SAFE_NO_PAD.encode(bytes(value)?)));
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest<D: Digest>(value: &Value) -> Result<Value, Error> {
    Ok(Value::from_bytes(D::digest(bytes(value)?).to_vec()))
}

fn code<M: Mac>(value: &Value, key: &Value, new: impl FnOnce(&[u8]) -> Option<M>) -> Result<Value, Error> {
    let refused = || Error::new(ErrorKind::InvalidOperation, "this key cannot be used");
    let mut mac = new(&bytes(key)?).ok_or_else(refused)?;
    mac.update(&bytes(value)?);
    Ok(Value::from_bytes(mac.finalize().into_bytes().to_vec()))
}

/// The bytes of a text, of bytes, or of a number as it is written.
fn bytes(value: &Value) -> Result<Vec<u8>, Error> {
    if let Some(bytes) = value.as_bytes() {
        return Ok(bytes.to_vec());
    }
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::UndefinedError, "there is nothing to make a digest of"));
    }
    if value.is_number() {
        return Ok(value.to_string().into_bytes());
    }
    Err(Error::new(ErrorKind::InvalidOperation, "only text, numbers and bytes have a digest"))
}
