//! Tools whose answers are fixed or computed at once: each kind of content, structured output, errors,
//! and schemas that a gateway must not lose anything of.

use std::sync::Arc;

use rmcp::model::{ContentBlock, Resource, ResourceContents, Tool, ToolAnnotations};
use serde_json::{Value, json};

use super::{Answer, Call, bare, fail, say, show, structured, tool};
use crate::shared::object;

/// An image of one red pixel.
pub(crate) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
/// A sound without samples.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

pub(super) fn list() -> Vec<Tool> {
    vec![
        bare("test_simple_text", "Answers with a text."),
        bare("test_image_content", "Answers with an image."),
        bare("test_audio_content", "Answers with a sound."),
        bare("test_embedded_resource", "Answers with a resource inside the answer."),
        bare("test_resource_link", "Answers with a link to a resource."),
        bare("test_multiple_content_types", "Answers with a text, an image and a resource."),
        bare("test_error_handling", "Fails, and says so in its result."),
        bare("protocol_error", "Fails with a JSON-RPC error of code -32603."),
        add(),
        any_json(),
        annotated(),
        json_schema(),
        with_headers(),
    ]
}

pub(super) fn call(call: &Call<'_>) -> Option<Answer> {
    let image = || ContentBlock::image(PNG, "image/png");
    Some(match call.name.as_str() {
        "test_simple_text" => say("This is a simple text response for testing."),
        "test_image_content" => show(vec![image()]),
        "test_audio_content" => show(vec![ContentBlock::audio(WAV, "audio/wav")]),
        "test_embedded_resource" => show(vec![embedded(ResourceContents::text(
            "This is an embedded resource content.",
            "test://embedded-resource",
        ))]),
        "test_resource_link" => {
            let link = Resource::new("test://static-text", "static-text").with_mime_type("text/plain");
            show(vec![ContentBlock::resource_link(link)])
        }
        "test_multiple_content_types" => {
            let text = json!({"test": "data", "value": 123}).to_string();
            let resource = ResourceContents::text(text, "test://mixed-content-resource");
            let mixed = embedded(resource.with_mime_type("application/json"));
            show(vec![ContentBlock::text("Multiple content types test:"), image(), mixed])
        }
        "test_error_handling" => fail("This tool intentionally returns an error for testing"),
        "protocol_error" => Err(rmcp::ErrorData::internal_error("this tool fails", Some(json!({"kept": true})))),
        "add" => sum(call),
        "any_json" => structured(call.arguments.get("value").cloned().unwrap_or(Value::Null)),
        "annotated" | "json_schema_2020_12_tool" | "with_headers" => {
            say(&format!("{} got {}", call.name, Value::Object(call.arguments.clone())))
        }
        _ => return None,
    })
}

fn embedded(resource: ResourceContents) -> ContentBlock {
    ContentBlock::resource(resource)
}

fn add() -> Tool {
    let properties = json!({"a": {"type": "number"}, "b": {"type": "number"}});
    let output = json!({"type": "object", "properties": {"sum": {"type": "number"}}, "required": ["sum"]});
    tool("add", "Adds two numbers; has structured output.", &properties, &["a", "b"])
        .with_raw_output_schema(Arc::new(object(output)))
}

fn sum(call: &Call<'_>) -> Answer {
    let number = |name: &str| call.arguments.get(name).and_then(Value::as_f64);
    match (number("a"), number("b")) {
        (Some(a), Some(b)) => structured(json!({"sum": a + b})),
        _ => fail("`a` and `b` must be numbers"),
    }
}

/// Structured output that need not be an object, which revisions before 2026-07-28 do not know.
fn any_json() -> Tool {
    tool("any_json", "Answers with `value` as its structured output, whatever it is.", &json!({"value": {}}), &[])
}

fn annotated() -> Tool {
    let hints = ToolAnnotations::with_title("An annotated tool");
    let hints = hints.read_only(true).destructive(false).idempotent(true).open_world(false);
    bare("annotated", "Has a title and every annotation.").with_title("Annotated").with_annotations(hints)
}

/// A schema with what JSON Schema 2020-12 has and simpler readers lose.
fn json_schema() -> Tool {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }},
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    });
    Tool::new("json_schema_2020_12_tool", "Has a schema with references, composition and conditions.", object(schema))
}

/// Arguments that also travel as headers of HTTP from 2026-07-28 on.
fn with_headers() -> Tool {
    let properties = json!({
        "region": {"type": "string", "x-mcp-header": "Region"},
        "limit": {"type": "integer", "x-mcp-header": "Limit"},
        "note": {"type": "string"},
    });
    tool("with_headers", "Has arguments that are mirrored into headers.", &properties, &["region"])
}
