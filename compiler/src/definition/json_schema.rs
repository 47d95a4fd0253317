//! JSON Schemas of the file kinds, for editors, generated from the types that read the files.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{ApiDefinition, CapabilityDefinition, FORMAT_VERSION, Kind, SchemasDefinition, UpstreamDefinition};

/// The JSON Schema 2020-12 of one kind of file.
#[must_use]
pub fn json_schema(kind: Kind) -> Value {
    match kind {
        Kind::Capability => file_schema::<CapabilityDefinition>(Some(kind.name())),
        Kind::Api => file_schema::<ApiDefinition>(Some(kind.name())),
        Kind::Schemas => file_schema::<SchemasDefinition>(Some(kind.name())),
        Kind::Upstream => file_schema::<UpstreamDefinition>(Some(kind.name())),
    }
}

/// The JSON Schema of a file whose keys are those of `T`, with `version` and, for definitions,
/// `kind` before them.
#[must_use]
pub fn file_schema<T: schemars::JsonSchema>(kind: Option<&str>) -> Value {
    let generated = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut schema = generated.to_value();
    close_objects(&mut schema);
    let Value::Object(map) = &mut schema else { return schema };
    if let Some(kind) = kind {
        map.insert("title".to_owned(), format!("{kind} file of cap").into());
        let head = json!({
            "version": {"const": FORMAT_VERSION, "description": "The version of the file format."},
            "kind": {"const": kind, "description": "What this file defines."},
        });
        prepend(map, "properties", head);
        if let Some(Value::Array(required)) = map.get_mut("required") {
            required.splice(0..0, [json!("version"), json!("kind")]);
        }
    }
    schema
}

/// Unknown keys are errors everywhere, as they are when files are read.
fn close_objects(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(close_objects);
        }
        Value::Array(items) => items.iter_mut().for_each(close_objects),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn prepend(map: &mut Map<String, Value>, key: &str, head: Value) {
    let Value::Object(mut joined) = head else { return };
    if let Some(Value::Object(rest)) = map.get(key) {
        joined.extend(rest.clone());
    }
    map.insert(key.to_owned(), Value::Object(joined));
}
