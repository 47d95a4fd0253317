//! Request bodies and their media types.

use super::operation::unreadable;
use super::parameter::is_header_name;
use super::{Document, Outline, Report, Spot, Version};
use crate::diagnostic::{Code, Diagnostic};

/// The body of an operation's request.
#[derive(Clone, Debug)]
pub struct RequestBody<'d> {
    /// What it is.
    pub description: Option<&'d str>,
    /// Whether it must be sent.
    pub required: bool,
    /// What it may be written as, in the document's order.
    pub media_types: Vec<MediaType<'d>>,
    /// The request body itself.
    pub spot: Spot<'d>,
}

/// One way to write a body.
#[derive(Clone, Debug)]
pub struct MediaType<'d> {
    /// As the document writes it, such as `application/json; charset=utf-8`.
    pub name: &'d str,
    /// The same in lower case and without parameters.
    pub essence: String,
    /// The schema of the body.
    pub schema: Option<Spot<'d>>,
    /// How single properties are written, by name.
    pub encoding: Option<Spot<'d>>,
    /// The media type object.
    pub spot: Spot<'d>,
}

/// The request body of an operation, unless its method has none.
///
/// # Errors
/// When there is one that cannot be read: a request without it would mean something else.
pub(super) fn read<'d>(
    document: &'d Document,
    outline: &Outline<'d>,
    report: &Report,
) -> Result<Option<RequestBody<'d>>, String> {
    let Some(item) = outline.spot.get("requestBody") else { return Ok(None) };
    if outline.method == "trace"
        || (matches!(document.version(), Version::V2_0 | Version::V3_0) && matches!(outline.method, "get" | "head"))
    {
        report.count(outline.method, || ignored(outline, &item), Code::BODY_IGNORED);
        return Ok(None);
    }
    let spot = document.follow(item.clone(), report).ok_or("its request body is not in the document")?;
    if !spot.value.is_object() {
        report.count("body", || unreadable("a request body", &spot), Code::UNREADABLE_ITEM);
        return Err("its request body is not a mapping".to_owned());
    }
    Ok(Some(RequestBody {
        description: item.text("description").or_else(|| spot.text("description")),
        required: spot.flag("required"),
        media_types: media_types(document, &spot, report),
        spot,
    }))
}

/// The media types of the `content` of a request body or response.
#[must_use]
pub fn media_types<'d>(document: &'d Document, holder: &Spot<'d>, report: &Report) -> Vec<MediaType<'d>> {
    let Some(content) = document.member(holder, "content", report) else { return Vec::new() };
    let read = |(name, spot): (&'d str, Spot<'d>)| {
        let essence = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !is_media_type(&essence) || name.chars().any(char::is_control) {
            report.count(name, || not_a_media_type(name, &spot), Code::MEDIA_TYPE_UNREADABLE);
            return None;
        }
        // Since OpenAPI 3.2 a media type may be a reference.
        let spot = document.follow(spot, report)?;
        Some(MediaType { name, essence, schema: spot.get("schema"), encoding: spot.get("encoding"), spot })
    };
    content.members().filter_map(read).collect()
}

/// Two tokens with a slash between.
fn is_media_type(essence: &str) -> bool {
    essence.split_once('/').is_some_and(|(kind, subtype)| is_header_name(kind) && is_header_name(subtype))
}

fn ignored(outline: &Outline<'_>, item: &Spot<'_>) -> Diagnostic {
    let method = outline.method.to_ascii_uppercase();
    Diagnostic::new(Code::BODY_IGNORED, format!("{method} has no body in this version of OpenAPI"), item.address.key())
        .label("this body is never sent")
        .help("if the API reads it, write the document as OpenAPI 3.1, which allows a body here")
}

fn not_a_media_type(name: &str, spot: &Spot<'_>) -> Diagnostic {
    Diagnostic::new(Code::MEDIA_TYPE_UNREADABLE, format!("`{name}` is not a media type"), spot.address.key())
        .label("this is left out")
        .help("a media type has two parts, such as `application/json`")
}
