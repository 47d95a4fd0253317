//! Bodies: each form with its usual media type, and the choice between several.

use super::request::{encoding, parameter};
use super::text::{binding, text};
use super::xml;
use crate::capability::{ArgumentName, Body, BodyChoice, BodyContent, BodyPart, Expression, Style, Text};
use crate::definition::{BodyDefinition, ContentDefinition, PartDefinition, Template};

/// The body; `None` only for one without a form, which the checks refuse.
pub(super) fn body(body: &BodyDefinition) -> Option<Body> {
    let empty = body.empty.as_ref().and_then(named_by);
    let Some(media_types) = &body.media_types else {
        let (usual, content) = content(&body.content)?;
        let media_type = body.content_type.as_ref().map_or_else(|| Text::literal(usual), text);
        return Some(Body { media_type, optional: body.optional, empty, content, choice: None });
    };
    let mut forms = media_types.iter().filter_map(|(name, it)| Some((name.clone(), content(it)?.1)));
    let (name, content) = forms.next()?;
    let choice = BodyChoice { select: named_by(body.select.as_ref()?)?, others: forms.collect() };
    Some(Body { media_type: Text::literal(name), optional: body.optional, empty, content, choice: Some(choice) })
}

/// The argument that a template is; the checks allow nothing else here.
fn named_by(template: &Template) -> Option<ArgumentName> {
    match super::text::expression(template.single()?) {
        Expression::Argument(name) => Some(name),
        Expression::Secret(_) | Expression::Computed(_) | Expression::Signed(_) => None,
    }
}

/// A form, with the media type that it usually has.
fn content(said: &ContentDefinition) -> Option<(&'static str, BodyContent)> {
    Some(if let Some(json) = &said.json {
        ("application/json", BodyContent::Json(binding(json)))
    } else if let Some(lines) = &said.json_lines {
        ("application/jsonl", BodyContent::JsonLines(binding(lines)))
    } else if let Some(form) = &said.form {
        let fields = form.iter().map(|(name, said)| parameter(name, said, Style::Form)).collect();
        ("application/x-www-form-urlencoded", BodyContent::Form(fields))
    } else if let Some(multipart) = &said.multipart {
        let parts = multipart.iter().map(|(name, said)| part(name, said)).collect();
        ("multipart/form-data", BodyContent::Multipart(parts))
    } else if let Some(plain) = &said.text {
        ("text/plain", BodyContent::Text(binding(plain)))
    } else if let Some(xml) = &said.xml {
        ("application/xml", BodyContent::Xml(Box::new(xml::xml(xml))))
    } else {
        ("application/octet-stream", BodyContent::Binary(binding(said.binary.as_ref()?)))
    })
}

fn part(name: &str, said: &PartDefinition) -> BodyPart {
    BodyPart {
        name: name.to_owned(),
        value: binding(&said.value),
        binary: said.binary,
        filename: said.filename.as_ref().map(text),
        content_type: said.content_type.as_ref().map(text),
        encoding: (said.style.is_some() || said.explode.is_some())
            .then(|| encoding(None, said.style.unwrap_or(Style::Form), said.explode, false)),
        headers: said.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
    }
}
