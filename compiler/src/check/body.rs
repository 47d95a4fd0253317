//! Rules of the request body: it has one form, and its parts can be sent.

use serde_json::Value;

use super::Report;
use super::headers::{HeaderOwner, check_header_name, check_header_template};
use super::parameter::{Location, Serialization, check_media_type, check_parameter, check_serialization};
use super::templates::{Allowed, check_template, check_value};
use super::{media_types, xml};
use crate::definition::{BodyDefinition, ContentDefinition, PartDefinition, Template};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

/// Checks a body. `input` is the input schema.
pub(super) fn check_body(
    body: &BodyDefinition,
    input: &Value,
    pointer: &Pointer,
    allowed: &Allowed<'_>,
    report: &mut Report<'_>,
) {
    if let Some(content_type) = &body.content_type {
        check_content_type(content_type, &pointer.child("content_type"), allowed, report);
    }
    check_content(&body.content, pointer, allowed, report);
    for (media_type, content) in body.media_types.iter().flatten() {
        let pointer = pointer.child("media_types").child(media_type.as_str());
        check_content(content, &pointer, allowed, report);
        check_form(&content.forms(), &pointer, report);
    }
    if let Some(select) = &body.select {
        check_template(select, &pointer.child("select"), allowed, report);
    }
    if let Some(empty) = &body.empty {
        check_template(empty, &pointer.child("empty"), allowed, report);
        check_empty(empty, body, &pointer.child("empty"), report);
    }
    let choice = body.media_types.as_ref().map(|_| "media_types");
    check_form(&body.content.forms().into_iter().chain(choice).collect::<Vec<_>>(), pointer, report);
    media_types::check_choice(body, input, pointer, report);
}

/// `empty` is one argument, and means something only where the body may be left out.
fn check_empty(empty: &Template, body: &BodyDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    let message = "`empty` does not say when a body without fields is sent";
    let (label, help) = if !body.optional {
        ("a body that is not optional is always sent", "remove it, or add `optional: true`")
    } else if empty.single().is_none_or(|hole| !hole.direct) {
        ("this is more than the name of an argument", "write `{{ empty_body }}` and nothing else")
    } else {
        return;
    };
    report.push(Diagnostic::new(Code::BODY_FORM, message, report.value(pointer)).label(label).help(help));
}

fn check_content(content: &ContentDefinition, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    for (key, value) in [
        ("json", &content.json),
        ("json_lines", &content.json_lines),
        ("text", &content.text),
        ("binary", &content.binary),
    ] {
        if let Some(value) = value {
            check_value(value, &pointer.child(key), allowed, report);
        }
    }
    if let Some(xml) = &content.xml {
        xml::check_xml(xml, &pointer.child("xml"), allowed, report);
    }
    for (name, parameter) in content.form.iter().flatten() {
        check_parameter(Location::Form, name, parameter, &pointer.child("form").child(name.as_str()), allowed, report);
    }
    for (name, part) in content.multipart.iter().flatten() {
        check_part(part, &pointer.child("multipart").child(name.as_str()), allowed, report);
    }
}

fn check_part(part: &PartDefinition, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    let value = if part.is_plain() { pointer.clone() } else { pointer.child("value") };
    check_value(&part.value, &value, allowed, report);
    if let Some(filename) = &part.filename {
        let pointer = pointer.child("filename");
        check_template(filename, &pointer, allowed, report);
        check_header_template(filename, &pointer, report);
    }
    if let Some(content_type) = &part.content_type {
        check_content_type(content_type, &pointer.child("content_type"), allowed, report);
    }
    let said = Serialization { style: part.style, explode: part.explode, content: None };
    check_serialization(Location::Form, said, pointer, report);
    let style = [("style", part.style.is_some()), ("explode", part.explode.is_some())];
    if let Some((key, _)) = style.into_iter().find(|(_, there)| *there && part.binary) {
        let place = report.key(&pointer.child(key));
        report.push(
            Diagnostic::new(Code::PARAMETER_STYLE, format!("`{key}` has no meaning beside `binary`"), place)
                .label("bytes are one part")
                .help(format!("remove `{key}`, or `binary`")),
        );
    }
    for (name, value) in &part.headers {
        let pointer = pointer.child("headers").child(name.as_str());
        check_part_header(name, &pointer, report);
        check_template(value, &pointer, allowed, report);
        check_header_template(value, &pointer, report);
    }
}

fn check_part_header(name: &str, pointer: &Pointer, report: &mut Report<'_>) {
    let own = match name.to_ascii_lowercase().as_str() {
        "content-type" => "`content_type`",
        "content-disposition" => "the part's name and `filename`",
        _ => return check_header_name(name, HeaderOwner::Request, pointer, report),
    };
    let place = report.key(pointer);
    let message = format!("the header `{name}` cannot be set here");
    let label = format!("it is made from {own}");
    report.push(Diagnostic::new(Code::HEADER, message, place).label(label).help("remove it"));
}

fn check_content_type(content_type: &Template, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    check_template(content_type, pointer, allowed, report);
    check_header_template(content_type, pointer, report);
    if content_type.is_literal() {
        check_media_type(&content_type.source, pointer, report);
    }
}

fn check_form(forms: &[&str], pointer: &Pointer, report: &mut Report<'_>) {
    let (label, help) = match forms {
        [_] => return,
        [] => (
            "it has none".to_owned(),
            "add one of `json`, `json_lines`, `form`, `multipart`, `text`, `binary` and `xml`".to_owned(),
        ),
        several => {
            let names = several.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(" and ");
            (format!("{names} are there"), format!("keep one of {names}"))
        }
    };
    let place = report.key(pointer);
    report.push(Diagnostic::new(Code::BODY_FORM, "a body has exactly one form", place).label(label).help(help));
}
