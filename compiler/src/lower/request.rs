//! Requests: each location's default serialization is filled in (OpenAPI 3.1.1, section 4.8.12).

use super::text::{binding, expression, template_binding, text};
use crate::capability::{
    Binding, Body, BodyContent, BodyPart, Encoding, Expression, Parameter, PathPiece, Style, Text,
};
use crate::definition::{
    ApiDefinition, BodyDefinition, Hole, ParameterDefinition, PartDefinition, PathParameterDefinition,
    RequestDefinition, TemplatePiece,
};

pub(super) fn path(request: &RequestDefinition) -> Vec<PathPiece> {
    request
        .path
        .pieces
        .iter()
        .map(|piece| match piece {
            TemplatePiece::Literal(text) => PathPiece::Literal(text.clone()),
            TemplatePiece::Hole(hole) => PathPiece::Value(path_value(request, hole)),
        })
        .collect()
}

fn path_value(request: &RequestDefinition, hole: &Hole) -> Parameter {
    let value = expression(hole);
    let argument = match &value {
        Expression::Argument(name) => name.0.clone(),
        Expression::Secret(_) | Expression::Computed(_) => String::new(),
    };
    let default = PathParameterDefinition::default();
    let said = request.path_parameters.iter().find(|(name, _)| *name == argument).map_or(&default, |(_, said)| said);
    Parameter {
        name: said.name.clone().unwrap_or(argument),
        value: Binding::Value(value),
        encoding: encoding(said.content.as_ref(), said.style.unwrap_or(Style::Simple), said.explode, false),
    }
}

pub(super) fn query(request: &RequestDefinition) -> Vec<Parameter> {
    let whole = request.query_string.iter().map(|said| parameter("", said, Style::Form));
    request.query.iter().map(|(name, said)| parameter(name, said, Style::Form)).chain(whole).collect()
}

pub(super) fn headers(request: &RequestDefinition) -> Vec<Parameter> {
    request.headers.iter().map(|(name, said)| parameter(name, said, Style::Simple)).collect()
}

pub(super) fn cookies(request: &RequestDefinition) -> Vec<Parameter> {
    request.cookies.iter().map(|(name, said)| parameter(name, said, Style::Form)).collect()
}

/// The headers that an api sends with every request.
pub(super) fn api_headers(api: &ApiDefinition) -> Vec<Parameter> {
    api.headers
        .iter()
        .map(|(name, value)| Parameter {
            name: name.clone(),
            value: template_binding(value),
            encoding: encoding(None, Style::Simple, None, false),
        })
        .collect()
}

fn parameter(name: &str, said: &ParameterDefinition, default: Style) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value: binding(&said.value),
        encoding: encoding(said.content.as_ref(), said.style.unwrap_or(default), said.explode, said.allow_reserved),
    }
}

/// `explode` is true by default for `form` alone.
fn encoding(content: Option<&String>, style: Style, explode: Option<bool>, allow_reserved: bool) -> Encoding {
    match content {
        Some(media_type) => Encoding::Content { media_type: media_type.clone() },
        None => Encoding::Style { style, explode: explode.unwrap_or(style == Style::Form), allow_reserved },
    }
}

/// The body; `None` only for one without a form, which the checks refuse.
pub(super) fn body(body: &BodyDefinition) -> Option<Body> {
    let (usual, content) = if let Some(json) = &body.json {
        ("application/json", BodyContent::Json(binding(json)))
    } else if let Some(form) = &body.form {
        let fields = form.iter().map(|(name, said)| parameter(name, said, Style::Form)).collect();
        ("application/x-www-form-urlencoded", BodyContent::Form(fields))
    } else if let Some(multipart) = &body.multipart {
        let parts = multipart.iter().map(|(name, said)| part(name, said)).collect();
        ("multipart/form-data", BodyContent::Multipart(parts))
    } else if let Some(plain) = &body.text {
        ("text/plain", BodyContent::Text(binding(plain)))
    } else {
        ("application/octet-stream", BodyContent::Binary(binding(body.binary.as_ref()?)))
    };
    let media_type = body.content_type.as_ref().map_or_else(|| Text::literal(usual), text);
    Some(Body { media_type, optional: body.optional, content })
}

fn part(name: &str, said: &PartDefinition) -> BodyPart {
    BodyPart {
        name: name.to_owned(),
        value: binding(&said.value),
        binary: said.binary,
        filename: said.filename.as_ref().map(text),
        content_type: said.content_type.as_ref().map(text),
    }
}
