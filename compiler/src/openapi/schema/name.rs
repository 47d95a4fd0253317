//! Names of shared schemas: a matter of the schema's address alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::openapi::{Address, Document};
use crate::source::SourceId;

/// The names of a document's schemas.
pub(super) struct Names {
    main: SourceId,
    /// Safe names of the component schemas that have not a safe one already.
    renamed: BTreeMap<String, String>,
    /// Every safe name of a component schema.
    taken: BTreeSet<String>,
    /// The shortest name of each other file that no other file has.
    files: BTreeMap<SourceId, String>,
}

/// Characters of a name that is made up.
const LIMIT: usize = 64;

impl Names {
    pub(super) fn of(document: &Document) -> Self {
        let mut names: Vec<&str> = Vec::new();
        if let Some(Value::Object(schemas)) = document.components("schemas").map(|spot| spot.value) {
            names.extend(schemas.keys().map(String::as_str));
        }
        names.sort_unstable();
        let mut taken: BTreeSet<String> =
            names.iter().filter(|name| is_safe(name)).map(|name| (*name).to_owned()).collect();
        let mut renamed = BTreeMap::new();
        for name in names.into_iter().filter(|name| !is_safe(name)) {
            let plain = safe(name);
            let free = if plain.is_empty() || taken.contains(&plain) { hashed(&plain, name) } else { plain };
            taken.insert(free.clone());
            renamed.insert(name.to_owned(), free);
        }
        Self { main: document.source().clone(), renamed, taken, files: file_names(document) }
    }

    /// The name of the schema at an address.
    pub(super) fn name(&self, address: &Address) -> String {
        let tokens = address.pointer.tokens();
        if address.source != self.main {
            return self.in_other_file(address, tokens);
        }
        match tokens {
            [components, schemas, name] if components == "components" && schemas == "schemas" => {
                self.renamed.get(name.as_str()).cloned().unwrap_or_else(|| name.clone())
            }
            tokens => {
                let kept = telling(tokens);
                let joined = kept.join(".");
                let plain: String = safe(&joined).chars().take(LIMIT).collect();
                let exact = plain == joined && kept.iter().all(|token| !token.contains('.'));
                self.free(plain, exact, &address.pointer.to_string())
            }
        }
    }

    /// A schema that is a whole file has the file's name; one within it that and its own.
    fn in_other_file(&self, address: &Address, tokens: &[String]) -> String {
        let file = self.files.get(&address.source).cloned().unwrap_or_default();
        let parts: Vec<&str> = std::iter::once(file.as_str()).chain(telling(tokens)).collect();
        let joined = parts.join(".");
        let plain: String = safe(&joined).chars().take(LIMIT).collect();
        let exact = plain == joined && parts.iter().skip(1).all(|part| !part.contains('.'));
        let whole = format!("{}#{}", address.source.reference_from(&self.main), address.pointer);
        self.free(plain, exact, &whole)
    }

    fn free(&self, plain: String, exact: bool, whole: &str) -> String {
        if exact && !self.taken.contains(&plain) { plain } else { hashed(&plain, whole) }
    }
}

/// The parts of a pointer that tell one schema from another.
fn telling(tokens: &[String]) -> Vec<&str> {
    let front = |word: &&str| !matches!(*word, "components" | "schemas" | "definitions");
    let inner = |word: &&str| *word != "$defs";
    let tokens = tokens.iter().map(String::as_str);
    let mut kept: Vec<&str> = tokens.clone().skip_while(|word| !front(word)).filter(inner).collect();
    if kept.is_empty() {
        kept = tokens.collect();
    }
    kept
}

/// For each other file the last parts of its path, as many as tell it from the others.
fn file_names(document: &Document) -> BTreeMap<SourceId, String> {
    let paths: Vec<(&SourceId, Vec<String>)> =
        document.other_sources().map(|file| (file, parts(document, file))).collect();
    let name =
        |parts: &[String], count: usize| parts.get(parts.len().saturating_sub(count)..).unwrap_or(parts).join(".");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, parts) in &paths {
        for count in 1..=parts.len() {
            *counts.entry(name(parts, count)).or_default() += 1;
        }
    }
    let shortest = |parts: &[String]| {
        let alone = (1..=parts.len()).map(|count| name(parts, count)).find(|name| counts.get(name) == Some(&1));
        alone.unwrap_or_else(|| name(parts, parts.len()))
    };
    paths.iter().map(|(file, parts)| ((*file).clone(), shortest(parts))).collect()
}

/// The path of a file, seen from the document, without its ending.
fn parts(document: &Document, file: &SourceId) -> Vec<String> {
    let path = file.reference_from(document.source());
    let path = path.split('?').next().unwrap_or(&path);
    let stem = path.rsplit_once('.').filter(|(_, ending)| !ending.contains('/')).map_or(path, |(stem, _)| stem);
    let parts: Vec<String> = stem.split('/').map(safe).filter(|part| !part.is_empty() && part != "..").collect();
    if parts.is_empty() { vec!["schema".to_owned()] } else { parts }
}

fn is_safe(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(is_safe_byte)
}

fn is_safe_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The name with other characters than `[A-Za-z0-9._-]` folded to one `_`.
fn safe(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii() && is_safe_byte(u8::try_from(c).unwrap_or(b'_')) {
            out.push(c);
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    }
    out.truncate(120);
    out.trim_end_matches('_').to_owned()
}

/// `plain` with a few digits that depend on `whole` only.
fn hashed(plain: &str, whole: &str) -> String {
    let digest = Sha256::digest(whole.as_bytes());
    let digits: String = digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    if plain.is_empty() { format!("schema_{digits}") } else { format!("{plain}_{digits}") }
}
