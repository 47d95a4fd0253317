//! Operations to definitions, and definitions to files: `cap import`.
//!
//! ```text
//! document -> outlines -> names, selection -> operations -> definitions -> text
//! ```
//!
//! Each step works operation by operation, so that a bad one costs only itself. The files depend on
//! the document's content and never on the order of its paths.

mod annotations;
mod api;
mod arguments;
mod body;
mod capability;
pub mod emit;
mod idempotency;
pub mod merge;
mod naming;
mod oauth2;
mod pages;
mod parameters;
mod path;
mod response;
mod security;
mod select;
mod server;

use serde_json::{Map, Value};

use crate::definition::{ApiDefinition, CapabilityDefinition, FORMAT_VERSION, ImportRecord, Kind, SchemasDefinition};
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::overlay::{self, Overlay};
use crate::openapi::schema::Converter;
use crate::openapi::{Document, METHODS, Operation, Outline, Report, outlines};
use crate::source::{SourceId, SourceLoader};
use crate::syntax::Pointer;

/// Where the JSON Schemas of the file kinds are, seen from an imported file: the first line of each
/// file names one, so that editors complete and check it.
pub const SCHEMA_BASE: &str = "../../schemas/";

/// A document that is to be imported.
#[derive(Clone, Debug)]
pub struct DocumentSource {
    /// Its name; a document that came from a URL is named by the URL.
    pub id: SourceId,
    /// Its text.
    pub bytes: Vec<u8>,
}

/// What a person may choose.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The name of the api; from the document's title when not said.
    pub api: Option<String>,
    /// The server to call instead of the document's.
    pub server: Option<String>,
    /// Globs on tool name, `operationId` or path: only these operations.
    pub include: Vec<String>,
    /// Globs on tool name, `operationId` or path: not these operations.
    pub exclude: Vec<String>,
    /// Only operations with one of these tags.
    pub tags: Vec<String>,
    /// Only operations with one of these methods.
    pub methods: Vec<String>,
    /// Overlays, which change the document before anything reads it, in order.
    pub overlays: Vec<DocumentSource>,
    /// What the api's file keeps of all this, so that the import can be repeated.
    pub record: Option<ImportRecord>,
    /// The version of `cap` that the api's file names; none if nothing is said.
    pub version: Option<String>,
    /// Globs on media types: only these of a body's, most preferred first. A body that has none of
    /// them keeps all of its own.
    pub media_types: Vec<String>,
    /// Where the schemas of the file kinds are; [`SCHEMA_BASE`] when not said.
    pub schema_base: Option<String>,
}

/// What an import makes.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The name of the api, and of the folder that its files go to.
    pub api_name: String,
    /// The files: paths below the capabilities folder, and texts. Sorted; empty if nothing could be
    /// imported.
    pub files: Vec<(String, String)>,
    /// What to tell the person.
    pub summary: Summary,
    /// What was noticed about the document.
    pub diagnostics: Vec<Diagnostic>,
}

/// An import in numbers and names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The operations that the document has.
    pub operations: usize,
    /// How many of them became tools.
    pub imported: usize,
    /// How many were not asked for.
    pub unselected: usize,
    /// Those that could not be imported, and why.
    pub skipped: Vec<Skipped>,
    /// JSON Pointers of path items and operations that could not be read at all.
    pub unread: Vec<String>,
    /// The secrets that calls need.
    pub secrets: Vec<SecretNeed>,
}

/// An operation that could not be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Method and path.
    pub operation: String,
    /// Where it stands in the document: a JSON Pointer.
    pub pointer: String,
    /// Why.
    pub reason: String,
}

/// A secret that calls need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretNeed {
    /// Its name: `{{ secret.NAME }}`.
    pub name: String,
    /// The document's name of the security scheme.
    pub scheme: String,
    /// How it is sent, such as ``header `X-Api-Key` ``.
    pub sent_as: String,
    /// What the document says about it.
    pub description: Option<String>,
    /// Where tokens come from, if the document says.
    pub urls: Vec<String>,
}

/// Imports a document. The other files that it refers to come through `loader`.
#[must_use]
pub fn import(source: &DocumentSource, options: &ImportOptions, loader: &dyn SourceLoader) -> Import {
    let report = Report::default();
    let document = read_overlays(options, &report).and_then(|overlays| {
        let document = Document::read(&source.id, &source.bytes, &overlays, loader, &report);
        document.map_err(|diagnostic| report.say(*diagnostic)).ok()
    });
    let Some(document) = document else {
        let api_name = options.api.clone().unwrap_or_default();
        return Import { api_name, diagnostics: report.into_diagnostics(), ..Import::default() };
    };
    let import = from_document(&document, options, &report);
    let diagnostics = report.into_diagnostics();
    Import { diagnostics: diagnostics.into_iter().map(|it| document.placed(it)).collect(), ..import }
}

/// All overlays, or none if one of them has faults: all of them are reported.
fn read_overlays(options: &ImportOptions, report: &Report) -> Option<Vec<Overlay>> {
    let overlays: Vec<Option<Overlay>> =
        options.overlays.iter().map(|it| overlay::read(&it.id, &it.bytes, report)).collect();
    overlays.into_iter().collect()
}

fn from_document(document: &Document, options: &ImportOptions, report: &Report) -> Import {
    let api_name = naming::api_name(document, options.api.as_deref(), report);
    let outlines = outlines(document, report);
    let names = naming::tool_names(&api_name, &outlines, report);
    let mut summary = Summary { operations: outlines.len(), unread: unread(document), ..Summary::default() };
    let selected: Vec<(String, Outline<'_>)> = names
        .into_iter()
        .zip(outlines)
        .filter(|(name, outline)| select::is_selected(&api_name, name, outline, options))
        .collect();
    summary.unselected = summary.operations - selected.len();
    if selected.is_empty() {
        report.say(select::nothing(document, summary.operations));
    }
    let operations = read_operations(document, selected, report, &mut summary);
    if operations.is_empty() {
        return Import { api_name, summary, ..Import::default() };
    }
    let Some(plan) = api::plan(document, &api_name, &operations, options, report) else {
        return Import { api_name, summary, ..Import::default() };
    };
    let mut converter = Converter::new(document, report);
    let mut files = Vec::new();
    // Each operation goes when its text is there: documents are large, and both need not be held.
    for (name, operation) in operations {
        match capability::build(&name, &operation, &plan, options, &mut converter) {
            Ok(definition) => files.push((format!("{api_name}/{name}.yaml"), text(&definition, options))),
            Err(reason) => skip(&operation, reason, report, &mut summary),
        }
    }
    summary.imported = files.len();
    summary.secrets = plan.security.secrets();
    let shared = converter.shared_schemas();
    if !shared.is_empty() {
        let schemas = SchemasDefinition { defs: shared };
        files.push((format!("{api_name}/schemas.yaml"), schemas_text(&schemas, options)));
    }
    files.push((format!("{api_name}/api.yaml"), api_text(&plan.definition, options)));
    files.sort();
    Import { api_name, files, summary, diagnostics: Vec::new() }
}

/// Path items and operations that are not there to be read: what reading says of them was reported.
fn unread(document: &Document) -> Vec<String> {
    let Some(paths) = document.spot().get("paths") else { return Vec::new() };
    let quiet = Report::default();
    let mut unread = Vec::new();
    for (path, item) in paths.members().filter(|(path, spot)| !path.starts_with("x-") && !spot.value.is_null()) {
        let pointer = Pointer::of(["paths", path]);
        match document.follow(item, &quiet) {
            Some(item) if item.value.is_object() => {
                let broken = |method: &&str| item.get(method).is_some_and(|spot| !spot.value.is_object());
                unread.extend(METHODS.into_iter().filter(broken).map(|method| pointer.child(method).to_string()));
            }
            Some(_) | None => unread.push(pointer.to_string()),
        }
    }
    unread
}

fn read_operations<'d>(
    document: &'d Document,
    selected: Vec<(String, Outline<'d>)>,
    report: &Report,
    summary: &mut Summary,
) -> Vec<(String, Operation<'d>)> {
    let mut operations = Vec::with_capacity(selected.len());
    for (name, outline) in selected {
        match Operation::read(document, outline.clone(), report) {
            Ok(operation) => operations.push((name, operation)),
            Err(reason) => skip_outline(&outline, reason, report, summary),
        }
    }
    operations
}

fn skip(operation: &Operation<'_>, reason: String, report: &Report, summary: &mut Summary) {
    skip_outline(&operation.outline, reason, report, summary);
}

fn skip_outline(outline: &Outline<'_>, reason: String, report: &Report, summary: &mut Summary) {
    let operation = format!("{} {}", outline.method.to_ascii_uppercase(), outline.path);
    report.say(
        Diagnostic::new(
            Code::OPERATION_SKIPPED,
            format!("`{operation}` is not imported: {reason}"),
            outline.spot.address.key(),
        )
        .help("correct the document, or write the capability by hand"),
    );
    let pointer = capability::pointer_of(outline).to_string();
    summary.skipped.push(Skipped { operation, pointer, reason });
}

fn text(definition: &CapabilityDefinition, options: &ImportOptions) -> String {
    emit_kind(Kind::Capability, serde_json::to_value(definition).unwrap_or_default(), options)
}

fn schemas_text(definition: &SchemasDefinition, options: &ImportOptions) -> String {
    emit_kind(Kind::Schemas, serde_json::to_value(definition).unwrap_or_default(), options)
}

fn api_text(definition: &ApiDefinition, options: &ImportOptions) -> String {
    emit_kind(Kind::Api, serde_json::to_value(definition).unwrap_or_default(), options)
}

/// A definition's text: the comment that names its schema, version and kind, and its keys in the
/// definition's order.
fn emit_kind(kind: Kind, tree: Value, options: &ImportOptions) -> String {
    let base = options.schema_base.as_deref().unwrap_or(SCHEMA_BASE);
    let comment = format!("yaml-language-server: $schema={base}{}.schema.json", kind.name());
    let mut members = Map::new();
    members.insert("version".to_owned(), FORMAT_VERSION.into());
    members.insert("kind".to_owned(), kind.name().into());
    if let Value::Object(map) = tree {
        members.extend(map);
    }
    emit::emit(&comment, &members)
}
