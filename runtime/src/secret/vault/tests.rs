//! A vault keeps what it is given, from everyone who does not hold its key.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]
#![allow(clippy::disallowed_methods, reason = "spoiled files in a temporary folder need no atomic write")]

use super::*;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        VaultKey::make(&place.key()).unwrap();
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("vault.key")
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.path(), VaultKey::read(&self.key())?)
    }

    fn words(&self, words: &str) -> Result<Vault, VaultError> {
        Vault::open(&self.path(), VaultKey::Passphrase(words.into()))
    }
}

fn value(vault: &Vault, name: &str) -> Option<String> {
    SecretStore::get(vault, name).unwrap().map(|value| value.expose_secret().to_owned())
}

#[test]
fn what_is_set_is_there_after_a_restart_and_nowhere_in_the_clear() {
    let place = Place::new();
    place.open().unwrap().set("secret/TOKEN", &"hunter2hunter2".into()).unwrap();
    let vault = place.open().unwrap();
    assert_eq!(value(&vault, "secret/TOKEN").as_deref(), Some("hunter2hunter2"));
    assert_eq!(AsSource(Arc::new(vault)).value("TOKEN").unwrap().expose_secret(), "hunter2hunter2");
    let bytes = fs::read(place.path()).unwrap();
    for clear in ["TOKEN", "hunter2"] {
        assert!(!bytes.windows(clear.len()).any(|window| window == clear.as_bytes()));
    }
    let vault = place.open().unwrap();
    assert!(vault.remove_secret("TOKEN").unwrap());
    assert!(!vault.remove("secret/TOKEN").unwrap());
    assert!(SecretStore::names(&place.open().unwrap()).unwrap().is_empty());
}

#[test]
fn every_changed_byte_is_noticed_and_nothing_is_written_over() {
    let place = Place::new();
    place.open().unwrap().set("a", &"some value".into()).unwrap();
    let vault = place.open().unwrap();
    let good = fs::read(place.path()).unwrap();
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 1;
        fs::write(place.path(), &bad).unwrap();
        assert!(place.open().is_err(), "byte {index}");
        assert!(vault.set("b", &"other".into()).is_err(), "byte {index}");
        assert_eq!(fs::read(place.path()).unwrap(), bad);
    }
    for length in 0..good.len() - 1 {
        fs::write(place.path(), &good[..length]).unwrap();
        assert!(place.open().is_err(), "{length} bytes");
    }
}

#[test]
fn another_key_opens_nothing() {
    let place = Place::new();
    place.open().unwrap().set("a", &"some value".into()).unwrap();
    fs::remove_file(place.key()).unwrap();
    VaultKey::make(&place.key()).unwrap();
    assert!(matches!(place.open(), Err(VaultError::Format { source: FormatError::Closed, .. })));
    assert!(matches!(place.words("x"), Err(VaultError::Key(KeyError::Kind { wanted: "key file", .. }))));
}

#[test]
fn a_passphrase_opens_what_it_closed_and_can_be_changed() {
    let place = Place::new();
    place.words("correct horse").unwrap().set("a", &"some value".into()).unwrap();
    assert_eq!(Vault::kind(&place.path()).unwrap(), Some(KeyKind::Passphrase));
    assert!(place.words("wrong").is_err());
    let vault = place.words("correct horse").unwrap();
    vault.rekey(VaultKey::read(&place.key()).unwrap()).unwrap();
    assert!(place.words("correct horse").is_err());
    assert_eq!(value(&place.open().unwrap(), "a").as_deref(), Some("some value"));
}

#[test]
fn two_writers_do_not_lose_each_others_changes() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let vault = place.open().unwrap();
                for number in 0..8 {
                    vault.set(&format!("{writer}/{number}"), &"some value".into()).unwrap();
                }
            });
        }
    });
    assert_eq!(SecretStore::names(&place.open().unwrap()).unwrap().len(), 32);
}

#[test]
fn a_header_cannot_ask_for_the_whole_machine() {
    let place = Place::new();
    place.words("x").unwrap().set("a", &"some value".into()).unwrap();
    let text = fs::read_to_string(place.path()).unwrap();
    let greedy = text.replace("\"memory\":65536", "\"memory\":4294967295");
    assert_ne!(greedy, text);
    fs::write(place.path(), greedy).unwrap();
    assert!(matches!(place.words("x"), Err(VaultError::Key(KeyError::Parameters))));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    place.open().unwrap().set("a", &"some value".into()).unwrap();
    fs::set_permissions(place.key(), fs::Permissions::from_mode(0o640)).unwrap();
    let error = place.open().unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
}
