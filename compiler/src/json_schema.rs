//! What JSON Schema 2020-12 says of its keywords, for whoever reads schemas: rules, lowering and
//! documents.

use serde_json::json;

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

/// Whether a `pattern` can be checked.
pub(crate) fn is_regular_expression(pattern: &str) -> bool {
    jsonschema::draft202012::new(&json!({"pattern": pattern})).is_ok()
}
