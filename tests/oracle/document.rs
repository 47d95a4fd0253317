//! One document: imported, compiled, and judged by what must hold of every document.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::capability::{Call, Capability, Network, Text};
use cap_compiler::compile::{Compilation, ParsedFile, compile, parse_file};
use cap_compiler::diagnostic::{Code, Diagnostic};
use cap_compiler::import::{DocumentSource, Import, ImportOptions, SecretNeed, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{SourceId, SourceLoader};
use cap_compiler::syntax::parse_definition;
use cap_runtime::execute::Prepared;
use serde_json::Value;

use crate::arguments::holes;
use crate::cases::Case;

/// Characters of a tool's and of an argument's name.
const LONGEST_NAME: usize = 64;

/// A document as the manifest lists it.
#[derive(Clone)]
pub(crate) struct Entry {
    /// The file that the others are referred from.
    pub(crate) file: String,
    pub(crate) operations: usize,
    /// Bytes: the largest documents go first.
    pub(crate) size: u64,
}

/// A document that was imported and compiled.
pub(crate) struct Document {
    /// How many of its operations became tools.
    pub(crate) imported: usize,
    pub(crate) secrets: Vec<SecretNeed>,
    /// What should hold and does not.
    pub(crate) faults: Vec<String>,
    tools: Vec<Tool>,
}

/// A tool, and the definition that it was compiled from.
pub(crate) struct Tool {
    pub(crate) prepared: Prepared,
    /// `request:` of the imported file, as a tree.
    pub(crate) request: Value,
    /// The document's operation: a JSON Pointer.
    operation: String,
}

/// All documents of the manifest.
pub(crate) fn entries(corpus: &Path) -> Vec<Entry> {
    let manifest: Value = serde_json::from_slice(&fs::read(corpus.join("manifest.json")).unwrap()).unwrap();
    let entry = |it: &Value| Entry {
        file: it["file"].as_str().unwrap().to_owned(),
        operations: usize::try_from(it["operations"].as_u64().unwrap()).unwrap(),
        size: it["size"].as_u64().unwrap_or_default() * it["files"].as_u64().unwrap_or(1),
    };
    manifest["specs"].as_array().unwrap().iter().map(entry).collect()
}

/// Imports and compiles a document. Its tools call `origin` in place of its hosts.
pub(crate) fn read(specs: &Path, entry: &Entry, origin: &str) -> Document {
    let import = imported(specs, &entry.file);
    let compilation = compiled(&import);
    let mut faults = faults_of_import(entry, &import);
    faults.extend(faults_of_compilation(&import, &compilation));
    let files: BTreeMap<&str, &str> = import.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let tools = compilation.capabilities().map(|it| (**it).clone()).map(|it| tool(moved(it, origin), &files)).collect();
    Document { imported: import.summary.imported, secrets: import.summary.secrets, faults, tools }
}

impl Document {
    /// The tool of a case's operation.
    pub(crate) fn tool(&self, case: &Case) -> Option<&Tool> {
        let escaped = case.path.replace('~', "~0").replace('/', "~1");
        let own = format!("/paths/{escaped}/{}", case.method.to_ascii_lowercase());
        let additional = format!("/paths/{escaped}/additionalOperations/{}", case.method);
        let pointed = self.tools.iter().find(|tool| tool.operation == own || tool.operation == additional);
        // An operation of another file has its place there: then method and path have to do.
        pointed.or_else(|| {
            let mut alike =
                self.tools.iter().filter(|tool| tool.request["method"] == case.method && tool.has_path(case));
            alike.next().filter(|_| alike.next().is_none())
        })
    }
}

impl Tool {
    fn has_path(&self, case: &Case) -> bool {
        let path = self.request["path"].as_str().unwrap_or_default();
        let wanted = case.path.split(['?', '#']).next().unwrap_or_default();
        without_holes(path, "{{", "}}") == without_holes(wanted, "{", "}")
    }
}

/// The text between placeholders.
fn without_holes<'a>(path: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let rest = |piece: &'a str| piece.split_once(close).map_or(piece, |(_, rest)| rest);
    path.split(open).map(rest).collect()
}

/// The one place that imports.
fn imported(specs: &Path, file: &str) -> Import {
    let loader = Disk { root: specs.to_owned() };
    let id = SourceId::new(file);
    let bytes = loader.read(&id).unwrap().to_vec();
    import(&DocumentSource { id, bytes }, &ImportOptions::default(), &loader)
}

/// The files of the corpus, by their names below its folder of documents.
struct Disk {
    root: PathBuf,
}

impl SourceLoader for Disk {
    fn list(&self) -> io::Result<Vec<SourceId>> {
        Ok(Vec::new())
    }

    fn read(&self, id: &SourceId) -> io::Result<Arc<[u8]>> {
        let path = self.root.join(id.as_str());
        if !path.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        fs::read(path).map(Into::into)
    }
}

fn compiled(import: &Import) -> Compilation {
    let parse = |(path, text): &(String, String)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()));
    let files: Vec<Arc<ParsedFile>> = import.files.iter().map(parse).collect();
    compile(&files, &Pins::default())
}

/// The capability with scheme and host of its server replaced.
fn moved(mut capability: Capability, origin: &str) -> Capability {
    let Call::Http(call) = &mut capability.call else { unreachable!("only requests are tried here") };
    let server = call.server.as_literal().expect("an imported server has no secret in it");
    let (_, rest) = server.split_once("://").expect("a server is absolute");
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    call.server = Text::literal(format!("{origin}{path}"));
    call.network = Network::Private;
    capability
}

fn tool(capability: Capability, files: &BTreeMap<&str, &str>) -> Tool {
    let source = capability.origin.definition.clone();
    let text = files.get(source.as_str()).copied().unwrap_or_default();
    let mut tree = parse_definition(&source, text.as_bytes()).unwrap();
    let operation = tree["source"]["operation"].as_str().unwrap_or_default().to_owned();
    Tool { prepared: Prepared::new(Arc::new(capability)), request: tree["request"].take(), operation }
}

/// Nothing is lost: each operation is a tool, or named with the reason why not.
fn faults_of_import(entry: &Entry, import: &Import) -> Vec<String> {
    let summary = &import.summary;
    let mut faults = Vec::new();
    if import.files.is_empty() && entry.operations > 0 {
        let said: Vec<&str> =
            import.diagnostics.iter().filter(|it| it.is_error()).map(|it| it.message.as_str()).collect();
        faults.push(format!("it is not imported: {}", said.join("; ")));
        return faults;
    }
    if summary.operations != entry.operations {
        faults.push(format!("{} operations were found instead of {}", summary.operations, entry.operations));
    }
    if summary.imported + summary.skipped.len() != summary.operations {
        faults.push(format!("{} of {} operations are missing", summary.imported, summary.operations));
    }
    let skipped: Vec<&Diagnostic> = import.diagnostics.iter().filter(|it| it.code == Code::OPERATION_SKIPPED).collect();
    for it in &summary.skipped {
        if !skipped.iter().any(|diagnostic| diagnostic.message.contains(&it.operation)) {
            faults.push(format!("no diagnostic names `{}`, which is not imported", it.operation));
        }
    }
    faults
}

fn faults_of_compilation(import: &Import, compilation: &Compilation) -> Vec<String> {
    let errors = compilation.diagnostics.iter().filter(|it| it.is_error());
    let mut faults: Vec<String> = errors.map(|it| format!("{}: {}", it.primary.place.source, it.message)).collect();
    if compilation.tools.len() != import.summary.imported {
        faults.push(format!("{} of {} tools compile", compilation.tools.len(), import.summary.imported));
    }
    let mut names = BTreeSet::new();
    for capability in compilation.capabilities() {
        let tool = &capability.tool;
        if tool.as_str().len() > LONGEST_NAME || !names.insert(tool) {
            faults.push(format!("the name `{tool}` is too long or there twice"));
        }
        if let Err(error) = jsonschema::draft202012::new(&capability.input.read()) {
            faults.push(format!("{tool}: its input schema does not compile: {error}"));
        }
        let input = capability.input.read();
        let arguments = input["properties"].as_object().into_iter().flat_map(|it| it.keys());
        let illegal = arguments.filter(|name| !is_argument_name(name));
        faults.extend(illegal.map(|name| format!("{tool}: `{name}` is no name for an argument")));
    }
    faults
}

fn is_argument_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(legal) && holes(name).is_empty()
}
