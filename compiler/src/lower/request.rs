//! Requests: each location's default serialization is filled in (OpenAPI 3.1.1, section 4.8.12).

use super::text::{binding, expression, signed_binding};
use crate::capability::{Binding, Encoding, Expression, Parameter, PathPiece, Style};
use crate::definition::{
    ApiDefinition, Hole, ParameterDefinition, PathParameterDefinition, RequestDefinition, TemplatePiece,
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
        Expression::Secret(_) | Expression::Computed(_) | Expression::Signed(_) => String::new(),
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
            value: signed_binding(value),
            encoding: encoding(None, Style::Simple, None, false),
        })
        .collect()
}

pub(super) fn parameter(name: &str, said: &ParameterDefinition, default: Style) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value: binding(&said.value),
        encoding: encoding(said.content.as_ref(), said.style.unwrap_or(default), said.explode, said.allow_reserved),
    }
}

/// `explode` is true by default for `form` alone.
pub(super) fn encoding(
    content: Option<&String>,
    style: Style,
    explode: Option<bool>,
    allow_reserved: bool,
) -> Encoding {
    match content {
        Some(media_type) => Encoding::Content { media_type: media_type.clone() },
        None => Encoding::Style { style, explode: explode.unwrap_or(style == Style::Form), allow_reserved },
    }
}
