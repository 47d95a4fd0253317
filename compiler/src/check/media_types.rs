//! Rules of a body with several media types: the caller can select each of them, and no other.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Report;
use super::parameter::check_media_type_at;
use super::request::names;
use crate::definition::{BodyDefinition, ContentDefinition, Template};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::Pointer;

/// Checks `select`, and the keys of `media_types`.
pub(super) fn check_choice(body: &BodyDefinition, input: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let Some(media_types) = &body.media_types else {
        if body.select.is_some() {
            let place = report.key(&pointer.child("select"));
            let fault = "there is nothing to select: the body has one form";
            push(report, place, fault, "remove `select`, or write the forms under `media_types`");
        }
        return;
    };
    if body.content_type.is_some() {
        let place = report.key(&pointer.child("content_type"));
        push(report, place, "the keys of `media_types` are the media types", "remove `content_type`");
    }
    if media_types.len() < 2 {
        let place = report.key(&pointer.child("media_types"));
        push(report, place, "a choice has at least two", "write the only form into the body itself");
    }
    check_keys(media_types, pointer, report);
    match &body.select {
        Some(select) => check_select(select, media_types, input, pointer, report),
        None => {
            let place = report.key(pointer);
            push(report, place, "nothing selects one of them", "add `select: \"{{ content_type }}\"`");
        }
    }
}

fn check_keys(media_types: &[(String, ContentDefinition)], pointer: &Pointer, report: &mut Report<'_>) {
    let pointer = pointer.child("media_types");
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, _) in media_types {
        let place = report.key(&pointer.child(name.as_str()));
        check_media_type_at(name, place.clone(), report);
        if let Some(first) = seen.insert(name.to_ascii_lowercase(), name) {
            let other = report.key(&pointer.child(first));
            let message = format!("`{name}` and `{first}` are the same media type");
            report.push(
                Diagnostic::new(Code::BODY_CHOICE, message, place)
                    .label("media types that differ in case alone are the same")
                    .also(other, "the first of them")
                    .help("remove one of them"),
            );
        }
    }
}

fn check_select(
    select: &Template,
    media_types: &[(String, ContentDefinition)],
    input: &Value,
    pointer: &Pointer,
    report: &mut Report<'_>,
) {
    let argument = select.single().filter(|hole| hole.direct).and_then(|_| names(select).next());
    let Some(argument) = argument else {
        let place = report.value(&pointer.child("select"));
        push(report, place, "this is more than the name of an argument", "write `{{ content_type }}` and nothing else");
        return;
    };
    let known: Vec<&str> = media_types.iter().map(|(name, _)| name.as_str()).collect();
    let choices = input.pointer("/properties").and_then(|properties| properties.get(argument)?.get("enum")?.as_array());
    for (index, choice) in choices.into_iter().flatten().enumerate() {
        let Some(choice) = choice.as_str().filter(|choice| !known.contains(choice)) else { continue };
        let place = report.value(&Pointer::of(["input", "properties", argument, "enum"]).item(index));
        let other = report.key(&pointer.child("media_types"));
        let diagnostic = Diagnostic::new(Code::BODY_CHOICE, format!("`{choice}` cannot be selected"), place)
            .label("the body has no such media type")
            .also(other, "these are there");
        report.push(match nearest(choice, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("add `{choice}` to `media_types`, or remove it here")),
        });
    }
}

fn push(report: &mut Report<'_>, place: crate::diagnostic::Place, label: &str, help: &str) {
    let message = "the media types of a body cannot be chosen from";
    report.push(Diagnostic::new(Code::BODY_CHOICE, message, place).label(label).help(help));
}
