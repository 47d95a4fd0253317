//! The values of single keywords: mended where they say what is meant, left out where they do not.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Converter, fits};
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::Trail;

/// JSON Schema's types.
const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

/// Formats that only say how a program stores a value.
const STORAGE_FORMATS: [&str; 12] =
    ["int32", "int64", "int", "long", "float", "double", "decimal", "number", "integer", "string", "boolean", "object"];

/// Text of an example beyond which it costs more than it tells.
const EXAMPLE_LIMIT: usize = 64;

impl Converter<'_> {
    pub(super) fn types(&self, value: &Value, here: Trail<'_>) -> Option<Value> {
        let names: Vec<&str> = match value {
            Value::String(name) => vec![name],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                self.unusable("`type`", value, here);
                return None;
            }
        };
        let mut types: Vec<&'static str> = Vec::new();
        for name in names {
            let Some(known) = self.type_name(name, here) else { continue };
            if !types.contains(&known) {
                types.push(known);
            }
        }
        match types.as_slice() {
            [] => None,
            [only] => Some((*only).into()),
            several => Some(several.into()),
        }
    }

    fn type_name(&self, name: &str, here: Trail<'_>) -> Option<&'static str> {
        if let Some(known) = TYPES.into_iter().find(|known| *known == name) {
            return Some(known);
        }
        let meant = match name.to_ascii_lowercase().as_str() {
            "file" | "date" | "datetime" | "date-time" | "str" | "text" | "uuid" => Some("string"),
            "int" | "long" => Some("integer"),
            "float" | "double" => Some("number"),
            "bool" => Some("boolean"),
            lower => TYPES.into_iter().find(|known| *known == lower),
        };
        let say = || {
            let label = meant.map_or("anything is accepted".to_owned(), |meant| format!("read as `{meant}`"));
            Diagnostic::new(Code::SCHEMA_TYPE, format!("`{name}` is not a type"), here.address().place())
                .label(label)
                .help("the types are `string`, `number`, `integer`, `boolean`, `object`, `array` and `null`")
        };
        self.report.count(name, say, Code::SCHEMA_TYPE);
        meant
    }

    pub(super) fn pattern(&mut self, value: &Value, here: Trail<'_>) -> Option<Value> {
        let Some(text) = value.as_str() else {
            self.unusable("`pattern`", value, here);
            return None;
        };
        let known = self.patterns.get(text).copied();
        let usable = known.unwrap_or_else(|| crate::json_schema::is_regular_expression(text));
        if known.is_none() {
            self.patterns.insert(text.to_owned(), usable);
        }
        if !usable {
            let say = || {
                Diagnostic::new(
                    Code::SCHEMA_PATTERN,
                    "a pattern is not a regular expression that can be checked",
                    here.address().place(),
                )
                .label("this is left out; the server still checks it")
            };
            self.report.count("", say, Code::SCHEMA_PATTERN);
        }
        usable.then(|| text.into())
    }

    pub(super) fn choices(&self, value: &Value, map: &Map<String, Value>, here: Trail<'_>) -> Option<Value> {
        let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
            self.unusable("`enum`", value, here);
            return None;
        };
        let text_only = map.get("type").and_then(Value::as_str) == Some("string");
        let mut choices: Vec<Value> = Vec::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        for item in items {
            let choice = match item {
                // YAML writes `enum: [1, true]` where the texts are meant.
                Value::Number(_) | Value::Bool(_) if text_only => Value::String(item.to_string()),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => item.clone(),
            };
            if known.insert(choice.to_string()) {
                choices.push(choice);
            }
        }
        Some(Value::Array(choices))
    }

    pub(super) fn count(&self, value: &Value, here: Trail<'_>) -> Option<Value> {
        let whole = value.as_u64().or_else(|| {
            let float = value.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0 && *float < 9.0e15)?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
            Some(float as u64)
        });
        if whole.is_none() {
            self.unusable("a number of items or characters", value, here);
        }
        // Bounds that nothing reaches say nothing.
        whole.filter(|count| *count < (1 << 31) - 1).map(Into::into)
    }

    pub(super) fn bound(&self, value: &Value, here: Trail<'_>) -> Option<Value> {
        let multiple = matches!(here, Trail::Key(_, "multipleOf"));
        let usable = value.as_f64().is_some_and(|number| !multiple || number > 0.0);
        if !usable {
            self.unusable("a bound", value, here);
        }
        usable.then(|| value.clone())
    }

    /// OpenAPI 3.0 says `minimum: 1, exclusiveMinimum: true`.
    pub(super) fn strict(&self, value: &Value, map: &Map<String, Value>, here: Trail<'_>) -> Option<Value> {
        match value {
            Value::Number(_) => Some(value.clone()),
            Value::Bool(true) => {
                let key = if matches!(here, Trail::Key(_, "exclusiveMinimum")) { "minimum" } else { "maximum" };
                map.get(key).filter(|bound| bound.is_number()).cloned()
            }
            Value::Bool(false) => None,
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                self.unusable("a bound", value, here);
                None
            }
        }
    }

    pub(super) fn title(&self, value: &Value, here: Trail<'_>) -> Option<Value> {
        let text = value.as_str()?.trim();
        // Generators write the property's name once more.
        let fold =
            |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let repeats = match here {
            Trail::Key(Trail::Key(_, name), _) => fold(name) == fold(text),
            Trail::Start(_) | Trail::Item(..) | Trail::Key(..) => false,
        };
        (!text.is_empty() && !repeats && text.len() <= EXAMPLE_LIMIT).then(|| text.into())
    }

    /// Looks at what only makes sense beside the other keywords.
    pub(super) fn finish(&self, schema: &mut Map<String, Value>, map: &Map<String, Value>, trail: Trail<'_>) {
        if map.get("exclusiveMinimum") == Some(&Value::Bool(true)) {
            schema.remove("minimum");
        }
        if map.get("exclusiveMaximum") == Some(&Value::Bool(true)) {
            schema.remove("maximum");
        }
        if map.get("type").and_then(Value::as_str) == Some("file") || map.get("format").is_some_and(|it| it == "byte") {
            schema.entry("contentEncoding").or_insert_with(|| "base64".into());
        }
        let nullable = map.get("nullable") == Some(&Value::Bool(true));
        if let Some(default) = schema.get("default")
            && (!fits::fits(default, schema, nullable) || default.is_null())
        {
            if !default.is_null() {
                self.misfit("default", trail);
            }
            schema.shift_remove("default");
        }
        if let Some(Value::Array(examples)) = schema.get("examples") {
            let fitting = examples.iter().all(|example| fits::fits(example, schema, nullable));
            if !fitting {
                self.misfit("example", trail);
            }
            if !fitting || schema.contains_key("enum") || schema.contains_key("const") {
                schema.shift_remove("examples");
            }
        }
        // Which alternative is meant is told by one property; the others need not exclude each other.
        if map.contains_key("discriminator")
            && !schema.contains_key("anyOf")
            && let Some(alternatives) = schema.shift_remove("oneOf")
        {
            schema.insert("anyOf".to_owned(), alternatives);
        }
        fold_single(schema);
    }

    fn misfit(&self, key: &str, trail: Trail<'_>) {
        let say = || {
            let message = if key == "default" {
                "a default does not fit its schema"
            } else {
                "an example does not fit its schema"
            };
            Diagnostic::new(Code::SCHEMA_EXAMPLE, message, trail.address().child(key).place()).label("this is left out")
        };
        self.report.count(key, say, Code::SCHEMA_EXAMPLE);
    }
}

/// `allOf` with one member says what the member says.
fn fold_single(schema: &mut Map<String, Value>) {
    for key in ["allOf", "anyOf", "oneOf"] {
        let Some(Value::Array(items)) = schema.get(key) else { continue };
        let [Value::Object(only)] = items.as_slice() else { continue };
        if only.keys().any(|inner| inner != "description" && inner != "title" && schema.contains_key(inner)) {
            continue;
        }
        let only = only.clone();
        schema.shift_remove(key);
        for (inner, value) in only {
            schema.entry(inner).or_insert(value);
        }
    }
}

/// OpenAPI 3.0's `nullable: true`.
pub(super) fn nullable(mut schema: Map<String, Value>, map: &Map<String, Value>) -> Map<String, Value> {
    // `x-nullable` is what documents in Swagger 2.0 agreed on.
    if !["nullable", "x-nullable"].iter().any(|key| map.get(*key) == Some(&Value::Bool(true))) {
        return schema;
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum")
        && !choices.contains(&Value::Null)
    {
        choices.push(Value::Null);
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) => {
            if !types.iter().any(|name| name == "null") {
                types.push("null".into());
            }
            return schema;
        }
        Some(Value::String(name)) if name != "null" => {
            let both = json!([name, "null"]);
            schema.insert("type".to_owned(), both);
            if !["allOf", "anyOf", "oneOf", "$ref"].iter().any(|key| schema.contains_key(*key)) {
                return schema;
            }
        }
        _ => {}
    }
    if !["allOf", "anyOf", "oneOf", "$ref"].iter().any(|key| schema.contains_key(*key)) {
        return schema;
    }
    or_null(schema)
}

/// The same schema, or `null`; what only describes stays outside.
pub(super) fn or_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    for key in ["anyOf", "oneOf"] {
        if schema.contains_key("type") {
            break;
        }
        if let Some(Value::Array(members)) = schema.get_mut(key) {
            let null = json!({"type": "null"});
            if !members.contains(&null) {
                members.push(null);
            }
            return schema;
        }
    }
    let mut outer = Map::new();
    for key in ["title", "description", "default"] {
        if let Some(value) = schema.shift_remove(key) {
            outer.insert(key.to_owned(), value);
        }
    }
    outer.insert("anyOf".to_owned(), json!([Value::Object(schema), {"type": "null"}]));
    outer
}

pub(super) fn format(value: &Value, map: &Map<String, Value>) -> Option<Value> {
    let text = value.as_str()?.trim();
    let storage = STORAGE_FORMATS.contains(&text.to_ascii_lowercase().as_str());
    let bytes = matches!(text, "byte" | "binary") || map.get("type").is_some_and(|name| name == "file");
    (!text.is_empty() && !storage && !bytes).then(|| text.into())
}

pub(super) fn example(value: &Value) -> Option<Value> {
    is_telling(value).then(|| Value::Array(vec![value.clone()]))
}

/// JSON Schema's list, or the mapping that OpenAPI has in other places.
pub(super) fn examples(value: &Value) -> Option<Value> {
    let first = match value {
        Value::Array(items) => items.iter().find(|item| is_telling(item)),
        Value::Object(members) => {
            members.values().filter_map(|member| member.get("value")).find(|value| is_telling(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    first.map(|example| Value::Array(vec![example.clone()]))
}

/// Whether an example is short enough to be worth its place.
fn is_telling(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && text.len() <= EXAMPLE_LIMIT,
        Value::Number(_) => true,
        Value::Array(items) => items.len() <= 3 && items.iter().all(|item| !item.is_array() && is_telling(item)),
        Value::Null | Value::Bool(_) | Value::Object(_) => false,
    }
}
