//! Whether a default or example can be a value of its schema, as far as type and choices tell.

use serde_json::{Map, Value};

/// Whether `value` has the right type and is one of the choices.
pub(super) fn fits(value: &Value, schema: &Map<String, Value>, nullable: bool) -> bool {
    if value.is_null() && nullable {
        return true;
    }
    let typed = match schema.get("type") {
        Some(Value::String(name)) => has_type(value, name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(|name| has_type(value, name)),
        _ => true,
    };
    let chosen = schema.get("enum").and_then(Value::as_array).is_none_or(|choices| choices.contains(value));
    let items = match (value, schema.get("items")) {
        (Value::Array(items), Some(Value::Object(inner))) => items.iter().all(|item| fits(item, inner, false)),
        _ => true,
    };
    typed && chosen && items && within(value, schema)
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64() || value.as_f64().is_some_and(|float| float.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn within(value: &Value, schema: &Map<String, Value>) -> bool {
    let Some(number) = value.as_f64() else { return true };
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
}
