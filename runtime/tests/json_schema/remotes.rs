//! The documents that schemas of the official suite refer to by URL. Nothing is fetched when a call
//! is checked: what a schema refers to is bundled with it (JSON Schema core, section 9.3), and so it
//! is here.

use serde_json::{Map, Value, json};

/// Every such document by its URL, as `$defs`.
#[expect(clippy::too_many_lines, reason = "a list of documents")]
pub(crate) fn bundle() -> Value {
    let documents = [
        ("draft2020-12/integer.json", json!({"type": "integer"})),
        ("draft2020-12/baseUriChange/folderInteger.json", json!({"type": "integer"})),
        ("draft2020-12/baseUriChangeFolder/folderInteger.json", json!({"type": "integer"})),
        ("draft2020-12/baseUriChangeFolderInSubschema/folderInteger.json", json!({"type": "integer"})),
        (
            "draft2020-12/subSchemas.json",
            json!({"$defs": {"integer": {"type": "integer"}, "refToInteger": {"$ref": "#/$defs/integer"}}}),
        ),
        (
            "draft2020-12/locationIndependentIdentifier.json",
            json!({"$defs": {
                "refToInteger": {"$ref": "#foo"},
                "anchored": {"$anchor": "foo", "type": "integer"},
            }}),
        ),
        (
            "draft2020-12/name-defs.json",
            json!({"type": "string", "$defs": {"orNull": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}}),
        ),
        (
            "draft2020-12/ref-and-defs.json",
            json!({
                "$defs": {"inner": {"properties": {"bar": {"type": "string"}}}},
                "$ref": "#/$defs/inner",
            }),
        ),
        (
            "draft2020-12/nested/foo-ref-string.json",
            json!({"type": "object", "properties": {"foo": {"$ref": "string.json"}}}),
        ),
        ("draft2020-12/nested/string.json", json!({"type": "string"})),
        (
            "draft2020-12/detached-ref.json",
            json!({"$defs": {"foo": {"$ref": "#detached"}, "detached": {"$anchor": "detached", "type": "integer"}}}),
        ),
        (
            "draft2020-12/detached-dynamicref.json",
            json!({"$defs": {
                "foo": {"$dynamicRef": "#detached"},
                "detached": {"$dynamicAnchor": "detached", "type": "integer"},
            }}),
        ),
        (
            "draft2020-12/tree.json",
            json!({
                "$dynamicAnchor": "node",
                "type": "object",
                "properties": {"data": true, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
            }),
        ),
        (
            "draft2020-12/extendible-dynamic-ref.json",
            json!({
                "type": "object",
                "properties": {"elements": {"type": "array", "items": {"$dynamicRef": "#elements"}}},
                "required": ["elements"],
                "additionalProperties": false,
                "$defs": {"elements": {"$dynamicAnchor": "elements"}},
            }),
        ),
    ];
    let entry = |(path, mut document): (&str, Value)| {
        document["$id"] = json!(format!("http://localhost:1234/{path}"));
        (path.to_owned(), document)
    };
    Value::Object(documents.into_iter().chain(renamed()).map(entry).collect::<Map<_, _>>())
}

/// Documents that are found under one name and call themselves by another.
fn renamed() -> [(&'static str, Value); 4] {
    [
        ("different-id-ref-string.json", json!({"$ref": "real-id-ref-string.json"})),
        ("real-id-ref-string.json", json!({"$defs": {"bar": {"type": "string"}}, "$ref": "#/$defs/bar"})),
        ("urn-ref-string.json", json!({"$defs": {"bar": {"type": "string"}}, "$ref": "#/$defs/bar"})),
        ("nested-absolute-ref-to-string.json", json!({"$ref": "real-id-ref-string.json"})),
    ]
}
