//! What a tool answers with: the schema of a success, and the `Accept` header that asks for it.

use serde_json::Value;

use crate::openapi::schema::{Converter, Direction, Holder, View};
use crate::openapi::{Document, MediaType, Operation, Report, Spot, media_types, success_media_types};

/// The answer of an operation, as far as the document tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// The schema of a JSON answer.
    pub(super) schema: Option<Value>,
    /// The media type to ask for, where it is not `application/json`.
    pub(super) accept: Option<String>,
}

/// Reads the answer of an operation.
pub(super) fn answer<'d>(operation: &Operation<'d>, converter: &mut Converter<'d>) -> Answer {
    let media_types = success_media_types(converter.document(), operation, converter.report());
    let Some(best) = media_types.iter().min_by_key(|media_type| rank(&media_type.essence)) else {
        return Answer::default();
    };
    let plain = matches!(best.essence.as_str(), "application/json" | "*/*" | "application/*");
    let accept = (!plain).then(|| best.name.trim().to_owned()).filter(|name| name.is_ascii());
    Answer { schema: schema(best, converter), accept }
}

fn schema<'d>(media_type: &MediaType<'d>, converter: &mut Converter<'d>) -> Option<Value> {
    if rank(&media_type.essence) > 2 {
        return None;
    }
    let view = View { direction: Direction::Output, holder: Holder::Operation };
    let schema = converter.convert(media_type.schema.as_ref()?, view);
    schema.as_object().is_some_and(|map| !map.is_empty()).then_some(schema)
}

/// The schema of a response's JSON, as the document writes it.
pub(super) fn json_schema<'d>(document: &'d Document, response: &Spot<'d>, report: &Report) -> Option<Spot<'d>> {
    let media_types = media_types(document, response, report);
    let best = media_types.into_iter().min_by_key(|media_type| rank(&media_type.essence))?;
    best.schema.filter(|_| rank(&best.essence) <= 2)
}

fn rank(essence: &str) -> u8 {
    match essence {
        "application/json" => 0,
        other if other.ends_with("+json") => 1,
        "*/*" | "application/*" => 2,
        other if other.starts_with("text/") => 3,
        _ => 4,
    }
}
