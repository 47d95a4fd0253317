//! What must be nowhere, and the search for it.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::support;

/// What must be nowhere, and where it is planted.
pub(crate) const ENVIRONMENT: &str = "env-S3cr3t/One+7f1c9a52";
pub(crate) const VAULT: &str = "vault-S3cr3t/Two+88b0d4e1";
pub(crate) const TOKEN: &str = "oauth-S3cr3t.Three~c55e19f0";
pub(crate) const CLIENT: &str = "client-S3cr3t/Four+0a9d77b3";
pub(crate) const PASSPHRASE: &str = "pass-S3cr3t Five 51b2e6c8";

pub(crate) const REFRESH: &str = "refresh-S3cr3t.Six~d41f70aa";
pub(crate) const DEVICE: &str = "device-S3cr3t.Seven~92e0b6f4";
/// In the URL of a document.
pub(crate) const DOCUMENT: &str = "document-S3cr3t.Eight~6b15c8e7";

/// Every spelling of every secret.
fn needles() -> Vec<String> {
    let mut all = Vec::new();
    let planted = [ENVIRONMENT, VAULT, TOKEN, CLIENT, PASSPHRASE, REFRESH, DEVICE, DOCUMENT, support::PLANTED.1];
    for secret in planted {
        all.push(secret.to_owned());
        all.push(secret.to_ascii_lowercase());
        all.push(secret.replace('/', "%2F").replace('+', "%2B"));
        all.push(secret.replace('/', "\\/"));
        all.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
        // What does not depend on the neighbours, at each of the three places within base64.
        for before in ["", "x", "xx"] {
            let encoded = BASE64_STANDARD.encode(format!("{before}{secret}"));
            let skip = if before.is_empty() { 0 } else { 4 };
            all.push(encoded[skip..encoded.len() / 4 * 4 - 4].to_owned());
        }
    }
    all
}

#[track_caller]
pub(crate) fn assert_clean(place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for needle in needles() {
        if let Some(at) = text.find(&needle) {
            let from = text[..at].char_indices().rev().nth(160).map_or(0, |(from, _)| from);
            panic!("{place} has `{needle}`: …{}", &text[from..at + needle.len()]);
        }
    }
}

pub(crate) fn assert_files_are_clean(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_files_are_clean(&path);
        } else {
            assert_clean(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}
