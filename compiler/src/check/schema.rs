//! Rules of JSON Schemas: they are valid 2020-12, and their references lead somewhere.

use serde_json::Value;

use super::{Linked, Project, Report};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// Checks a schema against the meta-schema of JSON Schema 2020-12.
pub(super) fn check(schema: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let Err(error) = jsonschema::draft202012::meta::validate(schema) else { return };
    let at = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    let place = report.value(&at.tokens().iter().fold(pointer.clone(), |place, token| place.child(token.as_str())));
    report.push(
        Diagnostic::new(Code::INVALID_SCHEMA, "this is not valid JSON Schema 2020-12", place)
            .label(bounded(&error.to_string()))
            .note("https://json-schema.org/draft/2020-12/json-schema-validation lists the keywords"),
    );
}

/// Checks that every `$ref` below a schema leads somewhere.
pub(super) fn check_references(linked: &Linked<'_>, schema: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let mut faults = Vec::new();
    each_reference(schema, &mut Vec::new(), &mut |path, reference| {
        if let Err(fault) = resolve_reference(linked.project, linked.source, schema, reference) {
            let place = path.iter().fold(pointer.clone(), |place, token| place.child(token.as_str())).child("$ref");
            faults.push((place, reference.to_owned(), fault));
        }
    });
    for (place, reference, fault) in faults {
        let place = report.value(&place);
        report.push(
            Diagnostic::new(Code::UNKNOWN_SCHEMA, format!("`{reference}` leads nowhere"), place)
                .label(fault.label)
                .help(fault.help),
        );
    }
}

/// What a `$ref` leads to.
pub(crate) enum ReferenceTarget<'a> {
    /// A place within the same schema.
    Local,
    /// A schema of a shared file.
    Shared {
        /// The file.
        source: SourceId,
        /// Its name under `$defs`.
        name: &'a str,
    },
}

/// Why a `$ref` leads nowhere.
pub(crate) struct ReferenceFault {
    label: String,
    help: String,
}

/// Follows one `$ref` of a schema in `source`: `#/…` within the schema itself, or
/// `FILE#/$defs/NAME`.
pub(crate) fn resolve_reference<'a>(
    project: &Project<'a>,
    source: &SourceId,
    root: &Value,
    reference: &str,
) -> Result<ReferenceTarget<'a>, ReferenceFault> {
    let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    if file.is_empty() {
        return match root.pointer(fragment) {
            Some(_) => Ok(ReferenceTarget::Local),
            None => Err(ReferenceFault {
                label: "this schema has no such place".to_owned(),
                help: "refer to `#/$defs/NAME` of this schema, or to `schemas.yaml#/$defs/NAME`".to_owned(),
            }),
        };
    }
    let target = source.join(file);
    let Some(schemas) = project.schemas(&target) else {
        return Err(ReferenceFault {
            label: format!("no `kind: schemas` file `{target}`"),
            help: "refer to `schemas.yaml#/$defs/NAME` in this folder".to_owned(),
        });
    };
    let name = fragment.strip_prefix("/$defs/").unwrap_or_default();
    match schemas.defs.get_key_value(name) {
        Some((name, _)) => Ok(ReferenceTarget::Shared { source: target, name }),
        None => Err(ReferenceFault {
            label: format!("`{target}` has no such schema"),
            help: match nearest(name, schemas.defs.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{file}#/$defs/{near}`?"),
                None => format!("add `{name}` to `$defs` of that file"),
            },
        }),
    }
}

/// Calls `found` for every `$ref` at a place where a schema stands. Properties named `$ref` and
/// `$ref`s within examples, defaults and constants are data and passed over.
fn each_reference(schema: &Value, path: &mut Vec<String>, found: &mut dyn FnMut(&[String], &str)) {
    let Value::Object(map) = schema else { return };
    if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
        found(path, reference);
    }
    for (keyword, value) in map {
        path.push(keyword.clone());
        match (shape_of(keyword), value) {
            (Shape::Schema, _) => each_reference(value, path, found),
            (Shape::Schemas, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    each_reference(item, path, found);
                    path.pop();
                }
            }
            (Shape::NamedSchemas, Value::Object(members)) => {
                for (name, member) in members {
                    path.push(name.clone());
                    each_reference(member, path, found);
                    path.pop();
                }
            }
            (Shape::Schemas | Shape::NamedSchemas | Shape::Data, _) => {}
        }
        path.pop();
    }
}

/// What stands under a keyword of JSON Schema 2020-12.
pub(crate) enum Shape {
    /// One schema.
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas by name.
    NamedSchemas,
    /// Anything else.
    Data,
}

/// What stands under `keyword`.
pub(crate) fn shape_of(keyword: &str) -> Shape {
    match keyword {
        "items"
        | "additionalProperties"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedProperties"
        | "unevaluatedItems"
        | "contentSchema" => Shape::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Shape::Schemas,
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => Shape::NamedSchemas,
        _ => Shape::Data,
    }
}

fn bounded(message: &str) -> String {
    let mut text: String = message.chars().take(160).collect();
    if text.len() < message.len() {
        text.push('…');
    }
    text
}
