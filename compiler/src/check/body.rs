//! Rules of the request body: it has one form, and its parts can be sent.

use super::Report;
use super::headers::check_header_template;
use super::parameter::{Location, check_media_type, check_parameter};
use super::templates::{Allowed, check_template, check_value};
use crate::definition::{BodyDefinition, PartDefinition, Template};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

/// Checks a body.
pub(super) fn check_body(body: &BodyDefinition, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    if let Some(content_type) = &body.content_type {
        check_content_type(content_type, &pointer.child("content_type"), allowed, report);
    }
    for (key, value) in [("json", &body.json), ("text", &body.text), ("binary", &body.binary)] {
        if let Some(value) = value {
            check_value(value, &pointer.child(key), allowed, report);
        }
    }
    for (name, parameter) in body.form.iter().flatten() {
        check_parameter(Location::Form, name, parameter, &pointer.child("form").child(name.as_str()), allowed, report);
    }
    for (name, part) in body.multipart.iter().flatten() {
        check_part(part, &pointer.child("multipart").child(name.as_str()), allowed, report);
    }
    check_form(body, pointer, report);
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
}

fn check_content_type(content_type: &Template, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    check_template(content_type, pointer, allowed, report);
    check_header_template(content_type, pointer, report);
    if content_type.is_literal() {
        check_media_type(&content_type.source, pointer, report);
    }
}

fn check_form(body: &BodyDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    let forms = body.forms();
    let (label, help) = match forms.as_slice() {
        [_] => return,
        [] => ("it has none".to_owned(), "add one of `json`, `form`, `multipart`, `text` and `binary`".to_owned()),
        several => {
            let names = several.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(" and ");
            (format!("{names} are there"), format!("keep one of {names}"))
        }
    };
    let place = report.key(pointer);
    report.push(Diagnostic::new(Code::BODY_FORM, "a body has exactly one form", place).label(label).help(help));
}
