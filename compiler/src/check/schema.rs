//! Rules of JSON Schemas: their references lead somewhere.

use serde_json::{Map, Value};

use super::{Linked, Project, Report};
use crate::definition::SchemasDefinition;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::json_schema::{Shape, shape_of};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// Checks that every `$ref` below a schema leads somewhere.
pub(super) fn check_references(linked: &Linked<'_>, schema: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let mut faults = Vec::new();
    each_reference(schema, &mut Vec::new(), &mut |path, reference| {
        if let Err(fault) = resolve_reference(linked.project, linked.source, schema, reference) {
            let place = path.iter().fold(pointer.clone(), |place, token| place.child(token.as_str())).child("$ref");
            faults.push((place, reference.to_owned(), fault));
        }
    });
    push_faults(faults, report);
}

fn push_faults(faults: Vec<(Pointer, String, ReferenceFault)>, report: &mut Report<'_>) {
    for (place, reference, fault) in faults {
        let place = report.value(&place);
        report.push(
            Diagnostic::new(Code::UNKNOWN_SCHEMA, format!("`{reference}` leads nowhere"), place)
                .label(fault.label)
                .help(fault.help),
        );
    }
}

/// Checks the `$ref`s of a file of shared schemas, where `#/…` means the file.
pub(super) fn check_shared_references(project: &Project<'_>, schemas: &SchemasDefinition, report: &mut Report<'_>) {
    let mut faults = Vec::new();
    for (name, schema) in &schemas.defs {
        each_reference(schema, &mut Vec::new(), &mut |path, reference| {
            let resolved = match reference.strip_prefix('#') {
                Some(fragment) => resolve_shared(schemas, fragment),
                None => resolve_reference(project, report.source, &Value::Null, reference).map(drop),
            };
            if let Err(fault) = resolved {
                let place = path.iter().fold(Pointer::of(["$defs", name]), |place, token| place.child(token.as_str()));
                faults.push((place.child("$ref"), reference.to_owned(), fault));
            }
        });
    }
    push_faults(faults, report);
}

/// A place within a file of shared schemas.
fn resolve_shared(schemas: &SchemasDefinition, fragment: &str) -> Result<(), ReferenceFault> {
    let tokens = Pointer::parse(fragment).unwrap_or_default();
    let found = match tokens.tokens() {
        [] => return Ok(()),
        [defs, name, rest @ ..] if defs == "$defs" => schemas.defs.get(name).filter(|schema| {
            let below = rest.iter().fold(Pointer::root(), |pointer, token| pointer.child(token.as_str()));
            schema.pointer(&below.to_string()).is_some()
        }),
        _ => None,
    };
    if found.is_some() {
        return Ok(());
    }
    let name = fragment.rsplit('/').next().unwrap_or_default();
    Err(ReferenceFault {
        label: "this file has no such schema".to_owned(),
        help: match nearest(name, schemas.defs.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `#/$defs/{near}`?"),
            None => format!("add `{name}` to `$defs`"),
        },
    })
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
                help: match fragment.strip_prefix("/components/schemas/") {
                    Some(name) => format!("write `schemas.yaml#/$defs/{name}`, if that file has it"),
                    None => "refer to `#/$defs/NAME` of this schema, or to `schemas.yaml#/$defs/NAME`".to_owned(),
                },
            }),
        };
    }
    let target = source.join(file);
    let Some(schemas) = project.schemas(&target) else {
        let help = if file.contains("://") {
            "copy the schema into `$defs` of a `kind: schemas` file: URLs are not followed".to_owned()
        } else {
            format!("add the file `{target}` with `kind: schemas`, or correct the path")
        };
        return Err(ReferenceFault { label: format!("no `kind: schemas` file `{target}`"), help });
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
    each_schema(schema, path, &mut |path, map| {
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            found(path, reference);
        }
    });
}

/// What is called with the path and the members of a schema.
type SchemaVisitor<'v> = dyn FnMut(&[String], &Map<String, Value>) + 'v;

/// Calls `found` for a schema and every schema in it.
pub(super) fn each_schema(schema: &Value, path: &mut Vec<String>, found: &mut SchemaVisitor<'_>) {
    let Value::Object(map) = schema else { return };
    found(path, map);
    for (keyword, value) in map {
        path.push(keyword.clone());
        match (shape_of(keyword), value) {
            (Shape::Schema, _) => each_schema(value, path, found),
            (Shape::Schemas, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    each_schema(item, path, found);
                    path.pop();
                }
            }
            (Shape::NamedSchemas, Value::Object(members)) => {
                for (name, member) in members {
                    path.push(name.clone());
                    each_schema(member, path, found);
                    path.pop();
                }
            }
            (Shape::Schemas | Shape::NamedSchemas | Shape::Data, _) => {}
        }
        path.pop();
    }
}
