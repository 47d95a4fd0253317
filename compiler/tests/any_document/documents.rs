//! Small documents of every version, with the names, places and shapes that real ones go wrong with.
//!
//! An operation is made once, as what it means, and written in the words of each version. Not every
//! document is a correct one: references may lead nowhere, placeholders may have no parameter.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Names that are equal once cleaned, that mean something to YAML, to templates, to paths or to
/// JSON Pointers, or that nobody would choose.
const ODD: [&str; 30] = [
    "id",
    "ID",
    "Id",
    "i-d",
    "i d",
    "page[size]",
    "page_size",
    "page.size",
    "filter[a][]",
    "",
    " ",
    "_",
    "[]",
    "ü",
    "日本",
    "a/b",
    "~1",
    "%41",
    "a%b",
    "{{ x }}",
    "{% x",
    "yes",
    "null",
    "1",
    "# a",
    "body",
    "value",
    "secret",
    "a: b",
    "line\nbreak",
];
const MEDIA_TYPES: [&str; 10] = [
    "application/json",
    "application/vnd.x+json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
    "application/octet-stream",
    "image/*",
    "*/*",
    "application/xml",
    "no media type",
];
const LOCATIONS: [&str; 4] = ["path", "query", "header", "cookie"];
const STYLES: [&str; 8] = ["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject", "own"];
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The language that a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Swagger 2.0.
    Swagger,
    /// OpenAPI 3.0.
    Three,
    /// OpenAPI 3.1.
    ThreeOne,
}

#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    location: &'static str,
    style: Option<&'static str>,
    explode: Option<bool>,
    content: Option<&'static str>,
    required: bool,
    schema: Value,
}

#[derive(Clone, Debug)]
struct Operation {
    path: Vec<String>,
    holes: Vec<String>,
    method: &'static str,
    id: Option<String>,
    parameters: Vec<Parameter>,
    body: Vec<(&'static str, Value)>,
    answer: Option<Value>,
}

/// A whole document.
pub(crate) fn document() -> impl Strategy<Value = Value> {
    let version = select(vec![Version::Swagger, Version::Three, Version::ThreeOne]);
    let schemas = vec((name(), schema()), 0..4);
    (version, name(), vec(operation(), 0..7), schemas).prop_map(|(version, title, operations, schemas)| {
        let mut paths = Map::new();
        for operation in &operations {
            let item = paths.entry(operation.key()).or_insert_with(|| json!({}));
            item[operation.method] = operation.written(version);
        }
        written(version, &title, &paths, &schemas.into_iter().collect())
    })
}

fn written(version: Version, title: &str, paths: &Map<String, Value>, schemas: &Map<String, Value>) -> Value {
    let info = json!({"title": title, "version": "1"});
    match version {
        Version::Swagger => json!({
            "swagger": "2.0", "info": info, "host": "api.example.com", "paths": paths, "definitions": schemas,
        }),
        Version::Three | Version::ThreeOne => json!({
            "openapi": if version == Version::Three { "3.0.3" } else { "3.1.0" },
            "info": info,
            "servers": [{"url": "https://api.example.com/v1"}],
            "paths": paths,
            "components": {"schemas": schemas},
        }),
    }
}

/// Any name that a document may give to something.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(ODD.to_vec()).prop_map(ToOwned::to_owned),
        2 => "[a-zA-Z0-9_.-]{1,8}",
        1 => "[ab]{62,67}",
        1 => "\\PC{0,6}",
        1 => any::<String>().prop_map(|text| text.chars().take(5).collect()),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let path = (vec(select(vec!["a", "a-b", "a.b", "é", "x y", "", "A"]), 0..3), vec(name(), 0..3));
    let body = vec((select(MEDIA_TYPES.to_vec()), schema()), 0..3);
    let parts =
        (path, select(METHODS.to_vec()), option::of(name()), vec(parameter(), 0..6), body, option::of(schema()));
    parts.prop_map(|((path, holes), method, id, parameters, body, answer)| Operation {
        path: path.into_iter().map(ToOwned::to_owned).collect(),
        holes,
        method,
        id,
        parameters,
        body,
        answer,
    })
}

fn parameter() -> impl Strategy<Value = Parameter> {
    let style = option::of(select(STYLES.to_vec()));
    let content = option::weighted(0.2, select(MEDIA_TYPES.to_vec()));
    let parts =
        (name(), select(LOCATIONS.to_vec()), style, option::of(any::<bool>()), content, any::<bool>(), schema());
    parts.prop_map(|(name, location, style, explode, content, required, schema)| Parameter {
        name,
        location,
        style,
        explode,
        content,
        required,
        schema,
    })
}

/// A schema, sometimes a reference to one that may not be there.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(vec!["string", "integer", "number", "boolean", "array", "object", "file"])
            .prop_map(|kind| json!({"type": kind})),
        Just(json!({"type": "string", "enum": ["a", "no", null, 1.5], "default": "a"})),
        Just(json!({"type": "string", "format": "binary", "description": "A [file](x).\n\n# More"})),
        Just(json!({"type": ["string", "null"], "pattern": "^(a"})),
        Just(json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true, "nullable": true})),
        Just(json!({})),
        Just(json!(true)),
        name().prop_map(|name| json!({"$ref": format!("#/components/schemas/{}", escaped(&name))})),
        name().prop_map(|name| json!({"$ref": format!("#/definitions/{}", escaped(&name))})),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let members = vec((name(), inner.clone(), any::<bool>()), 0..4);
        prop_oneof![
            4 => members.prop_map(object),
            1 => inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            1 => vec(inner.clone(), 1..3).prop_map(|of| json!({"allOf": of})),
            1 => vec(inner.clone(), 1..3).prop_map(|of| json!({"oneOf": of})),
            1 => inner.prop_map(|of| json!({"type": "object", "additionalProperties": of, "readOnly": true})),
        ]
    })
}

fn object(members: Vec<(String, Value, bool)>) -> Value {
    let required: Vec<&String> = members.iter().filter(|(.., required)| *required).map(|(name, ..)| name).collect();
    let required = json!(required);
    let properties: Map<String, Value> = members.into_iter().map(|(name, schema, _)| (name, schema)).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Operation {
    fn key(&self) -> String {
        let holes = self.holes.iter().map(|hole| format!("{{{hole}}}"));
        let segments: Vec<String> = self.path.iter().cloned().chain(holes).collect();
        format!("/{}", segments.join("/"))
    }

    fn written(&self, version: Version) -> Value {
        let mut operation = Map::new();
        if let Some(id) = &self.id {
            operation.insert("operationId".to_owned(), json!(id));
        }
        let holes = self.holes.iter().map(|name| Parameter {
            name: name.clone(),
            location: "path",
            style: None,
            explode: None,
            content: None,
            required: true,
            schema: json!({"type": "string"}),
        });
        // The last placeholder has no parameter where there are others.
        let declared = self.holes.len() - usize::from(self.holes.len() > 1);
        let parameters = holes.take(declared).chain(self.parameters.iter().cloned());
        let mut parameters: Vec<Value> = parameters.map(|parameter| parameter.written(version)).collect();
        match version {
            Version::Swagger => self.write_swagger_body(&mut operation, &mut parameters),
            Version::Three | Version::ThreeOne => self.write_body(&mut operation),
        }
        operation.insert("parameters".to_owned(), json!(parameters));
        operation.insert("responses".to_owned(), self.responses(version));
        Value::Object(operation)
    }

    fn write_body(&self, operation: &mut Map<String, Value>) {
        if !self.body.is_empty() {
            let content: Map<String, Value> =
                self.body.iter().map(|(media, schema)| ((*media).to_owned(), json!({"schema": schema}))).collect();
            operation.insert("requestBody".to_owned(), json!({"content": content}));
        }
    }

    /// The first media type decides between a body and form fields.
    fn write_swagger_body(&self, operation: &mut Map<String, Value>, parameters: &mut Vec<Value>) {
        let Some((media_type, schema)) = self.body.first() else { return };
        operation.insert("consumes".to_owned(), json!([media_type]));
        if media_type.contains("form") {
            let fields = schema["properties"].as_object().into_iter().flatten();
            parameters.extend(fields.map(|(name, schema)| {
                json!({"name": name, "in": "formData", "type": schema["type"], "collectionFormat": "multi"})
            }));
        } else {
            parameters.push(json!({"name": "body", "in": "body", "schema": schema}));
        }
    }

    fn responses(&self, version: Version) -> Value {
        let Some(schema) = &self.answer else { return json!({}) };
        match version {
            Version::Swagger => json!({"200": {"description": "", "schema": schema}}),
            Version::Three | Version::ThreeOne => {
                json!({"200": {"description": "", "content": {"application/json": {"schema": schema}}}})
            }
        }
    }
}

impl Parameter {
    fn written(&self, version: Version) -> Value {
        let mut written = json!({"name": self.name, "in": self.location, "required": self.required});
        match version {
            Version::Swagger => {
                written["type"] = self.schema["type"].clone();
                written["collectionFormat"] = json!(self.style);
            }
            Version::Three | Version::ThreeOne => {
                if let Some(media_type) = self.content {
                    written["content"] = json!({media_type: {"schema": self.schema}});
                    return written;
                }
                written["schema"] = self.schema.clone();
                if let Some(style) = self.style {
                    written["style"] = json!(style);
                }
                if let Some(explode) = self.explode {
                    written["explode"] = json!(explode);
                }
            }
        }
        written
    }
}
