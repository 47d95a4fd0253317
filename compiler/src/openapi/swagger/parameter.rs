//! Parameters of Swagger 2.0: the schema moves into `schema`, `collectionFormat` becomes a style.

use serde_json::{Map, Value};

use super::Upgrade;
use crate::openapi::Spot;
use crate::syntax::Pointer;

/// Members of a parameter that are not its schema.
const OWN: [&str; 7] = ["name", "in", "description", "required", "allowEmptyValue", "collectionFormat", "deprecated"];

impl<'d> Upgrade<'d> {
    /// A parameter that is no body and no form field.
    pub(super) fn parameter(&mut self, spot: &Spot<'d>, at: &Pointer) -> Value {
        self.note(at, spot);
        let Some(map) = spot.value.as_object() else { return spot.value.clone() };
        let mut members = Map::new();
        for key in ["name", "in", "description", "required", "allowEmptyValue", "deprecated"] {
            members.extend(map.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        members.extend(style(map));
        members.insert("schema".to_owned(), self.inline_schema(spot, &at.child("schema")));
        Value::Object(members)
    }

    /// The schema that a parameter's own members make. Some documents write a `schema` here, as
    /// OpenAPI 3 does.
    pub(super) fn inline_schema(&mut self, spot: &Spot<'d>, at: &Pointer) -> Value {
        if let Some(schema) = spot.get("schema").filter(|schema| schema.value.is_object()) {
            self.note(at, &schema);
            return self.copied(&schema);
        }
        self.note(at, spot);
        let Value::Object(map) = self.copied(spot) else { return Value::Bool(true) };
        let mut schema: Map<String, Value> =
            map.into_iter().filter(|(key, _)| !OWN.contains(&key.as_str()) && !key.starts_with("x-example")).collect();
        if schema.get("type").is_some_and(|name| name == "file") {
            schema.insert("type".to_owned(), "string".into());
            schema.insert("format".to_owned(), "binary".into());
        }
        Value::Object(schema)
    }
}

/// `style` and `explode` of a list; Swagger's default is `csv`.
pub(super) fn style(map: &Map<String, Value>) -> Vec<(String, Value)> {
    let format = map.get("collectionFormat").and_then(Value::as_str).unwrap_or("csv");
    let array = map.get("type").is_some_and(|name| name == "array") || map.contains_key("items");
    let queried = !matches!(map.get("in").and_then(Value::as_str), Some("path" | "header"));
    if !array || !queried {
        return Vec::new();
    }
    let style = match format {
        "ssv" => "spaceDelimited",
        "tsv" => "tabDelimited",
        "pipes" => "pipeDelimited",
        _ => "form",
    };
    vec![("style".to_owned(), style.into()), ("explode".to_owned(), (format == "multi").into())]
}
