//! The key of digests of arguments, kept in a file beside the log.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::AuditError;
use super::file::private;
use crate::telemetry::DigestKey;

/// A key that ends with the process.
///
/// # Errors
/// When the system has no random bytes.
pub(super) fn drawn() -> Result<DigestKey, AuditError> {
    let failed = |error: Error| AuditError::Key { path: PathBuf::from("-"), reason: error.to_string() };
    random().map(|bytes| DigestKey::new(*bytes)).map_err(failed)
}

/// The key in `<log>.key`, which is drawn the first time. So digests of one installation can be
/// compared from year to year, and the log can be handed on without the key.
///
/// # Errors
/// When the file can be neither read nor made, or holds something else.
pub(super) fn kept_beside(log: &Path) -> Result<DigestKey, AuditError> {
    let mut name = log.as_os_str().to_owned();
    name.push(".key");
    let path = PathBuf::from(name);
    let failed = |reason: String| AuditError::Key { path: path.clone(), reason };
    match create(&path) {
        Ok(key) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let known = read(&path).map_err(|error| failed(error.to_string()))?;
            known.ok_or_else(|| failed("it is not 64 hexadecimal digits; remove it to draw another one".to_owned()))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

fn create(path: &Path) -> std::io::Result<DigestKey> {
    let key = random()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    let mut file = options.open(path)?;
    let text: Zeroizing<String> = Zeroizing::new(key.iter().map(|byte| format!("{byte:02x}")).collect());
    writeln!(file, "{}", *text)?;
    file.sync_all()?;
    Ok(DigestKey::new(*key))
}

fn read(path: &Path) -> std::io::Result<Option<DigestKey>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(cap_compiler::pin::Digest::parse(text.trim()).map(|bytes| DigestKey::new(bytes.to_bytes())))
}

fn random() -> std::io::Result<Zeroizing<[u8; DigestKey::LENGTH]>> {
    let mut bytes = Zeroizing::new([0; DigestKey::LENGTH]);
    let drawn = rustls::crypto::ring::default_provider().secure_random.fill(&mut *bytes);
    drawn.map_err(|_| Error::other("the system gives no random bytes"))?;
    Ok(bytes)
}

/// In bytes, more than a key has.
const LONGEST: u64 = 128;
