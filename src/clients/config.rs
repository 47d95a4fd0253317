//! One configuration file: read whole or told why not, changed in one entry, and kept as it was beside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cap_compiler::diagnostic::{Code, Diagnostic, Place};
use cap_compiler::pin::Digest;
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::disk::read_bounded;
use serde_json::{Map, Value};

use super::jsonc::{self, Fault};
use super::redact::{Shown, redacted};
use super::{Client, Format, json_edit, toml};
use crate::disk::write_copy;
use crate::output::Output;

/// A file that could be read.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    pub(crate) client: Client,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) tree: Value,
}

/// Something to say about a file, and as much of its text as may be shown.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) diagnostic: Diagnostic,
    pub(crate) text: Rc<str>,
}

/// What became of a file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The entry is there as it should be.
    Unchanged,
    /// The new text.
    Changed(String),
    /// An entry of this name is there, and is another server's.
    Taken,
    /// The servers of the file have another shape than this client's.
    Strange,
}

/// Reads a file; `None` if there is none.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read(client: Client, path: &Path) -> Result<Option<ConfigFile>, Box<Told>> {
    let source = source(path);
    let unreadable = |error: &dyn std::fmt::Display| {
        let diagnostic = Diagnostic::new(Code::UNREADABLE, format!("cannot be read: {error}"), Place::file(&source));
        Box::new(Told { diagnostic, text: Rc::from("") })
    };
    match fs::metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(&error)),
        // A pipe or a device would be waited for.
        Ok(meta) if !meta.is_file() => return Err(unreadable(&"it is not a file")),
        Ok(_) => {}
    }
    let bytes = read_bounded(path).map_err(|error| unreadable(&error))?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| unreadable(&"it is not UTF-8 text"))?;
    let tree = match client.format() {
        Format::Json => jsonc::parse(&text),
        Format::Toml => toml::parse(&text),
    };
    let tree = tree.map_err(|fault| Box::new(of_fault(client, &source, &text, fault)))?;
    Ok(Some(ConfigFile { client, path: path.to_owned(), text, tree }))
}

fn of_fault(client: Client, source: &SourceId, text: &str, fault: Fault) -> Told {
    let kind = match client.format() {
        Format::Json => "JSON",
        Format::Toml => "TOML",
    };
    let message = format!("the configuration of {} is not valid {kind}", client.title());
    let diagnostic = Diagnostic::new(Code::SYNTAX, message, Place::bytes(source, fault.bytes))
        .label(fault.message)
        .note("values of the file are not shown")
        .help("correct the file, or open it in the client");
    Told { diagnostic, text: redacted(text, Shown::Signs).into() }
}

impl ConfigFile {
    /// How people see the file.
    pub(crate) fn source(&self) -> SourceId {
        source(&self.path)
    }

    /// The text as it may be shown: of JSON with the names of members, so that places are found.
    pub(crate) fn shown(&self) -> Rc<str> {
        let shown = match self.client.format() {
            Format::Json => redacted(&jsonc::plain(&self.text), Shown::Names),
            Format::Toml => redacted(&self.text, Shown::Signs),
        };
        shown.into()
    }
}

impl Told {
    /// Shows it.
    pub(crate) fn show(&self, output: &Output) {
        let mut loader = MemoryLoader::default();
        loader.insert(self.diagnostic.primary.place.source.as_str(), self.text.as_bytes());
        output.diagnostics(std::slice::from_ref(&self.diagnostic), &loader);
    }
}

fn source(path: &Path) -> SourceId {
    SourceId::new(&path.to_string_lossy())
}

/// The text with an entry under a name. Another server's entry of that name stays: `is_ours` tells.
pub(crate) fn edited(
    client: Client,
    text: &str,
    name: &str,
    entry: &Map<String, Value>,
    is_ours: impl Fn(&Value) -> bool,
) -> Edit {
    let tree = match client.format() {
        Format::Json => jsonc::parse(text),
        Format::Toml => toml::parse(text),
    };
    let Ok(tree) = tree else { return Edit::Strange };
    let wanted = Value::Object(entry.clone());
    let servers = tree.get(client.key()).and_then(Value::as_object);
    if servers.is_some_and(|servers| servers.values().any(|there| *there == wanted)) {
        return Edit::Unchanged;
    }
    if servers.and_then(|servers| servers.get(name)).is_some_and(|there| !is_ours(there)) {
        return Edit::Taken;
    }
    let new = match client.format() {
        Format::Json => json_edit::with_member(text, &[client.key(), name], &wanted),
        Format::Toml => toml::with_member(text, [client.key(), name], entry),
    };
    new.map_or(Edit::Strange, Edit::Changed)
}

/// The entry alone, as a file that has nothing else.
pub(crate) fn entry_text(client: Client, name: &str, entry: &Map<String, Value>) -> String {
    match client.format() {
        Format::Json => json_edit::with_member("", &[client.key(), name], &entry.clone().into()).unwrap_or_default(),
        Format::Toml => toml::table_text([client.key(), name], entry),
    }
}

/// Keeps a file's text beside it, under a name that follows from the text: the same text is kept once.
///
/// # Errors
/// When the copy cannot be written.
pub(crate) fn backup(path: &Path, text: &str) -> io::Result<PathBuf> {
    let digest = Digest::of(text.as_bytes()).to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let copy = path.with_file_name(format!("{name}.bak-{}", digest.get(..12).unwrap_or_default()));
    match write_copy(&copy, text, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(copy),
        other => other.map(|()| copy),
    }
}
