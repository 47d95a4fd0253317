//! Which media type of a body is sent: the one that the caller selects, or the default.
//!
//! A value for an argument that the selected media type does not send is refused: leaving it out in
//! silence would send something else than was meant.

use std::collections::BTreeSet;

use cap_compiler::capability::{Binding, Body, BodyContent, Expression, HttpCall, PathPiece};

use super::bind::{self, Scope};
use crate::execute::error::{ArgumentProblem, ToolError};

/// The media type that was selected, if the body leaves a choice, and how its body is made.
pub(crate) fn select<'b>(
    body: &'b Body,
    call: &'b HttpCall,
    scope: &Scope<'_>,
) -> Result<(Option<&'b str>, &'b BodyContent), ToolError> {
    let Some(choice) = &body.choice else { return Ok((None, &body.content)) };
    let select = choice.select.0.as_str();
    let default = body.media_type.as_literal().unwrap_or_default();
    let given = scope.arguments.get(select).filter(|value| !value.is_null());
    let wanted = given.map(|value| value.as_str().unwrap_or_default());
    let other = choice.others.iter().find(|(name, _)| Some(name.as_str()) == wanted);
    let (selected, content) = match (wanted, other) {
        (_, Some((name, content))) => (Some(name.as_str()), content),
        (None, None) => (None, &body.content),
        (Some(wanted), None) if wanted == default => (None, &body.content),
        (Some(_), None) => {
            let names: Vec<String> = body.media_types().map(|name| format!("`{name}`")).collect();
            return Err(scope.argument(select, format!("must be one of {}", names.join(", "))));
        }
    };
    let unsent = unsent(body, content, call, scope, selected.unwrap_or(&default));
    if !unsent.is_empty() {
        return Err(ToolError::Arguments { tool: scope.tool.capability().tool.to_string(), problems: unsent });
    }
    Ok((selected, content))
}

/// The arguments that were given and would not be sent.
fn unsent(
    body: &Body,
    selected: &BodyContent,
    call: &HttpCall,
    scope: &Scope<'_>,
    media_type: &str,
) -> Vec<ArgumentProblem> {
    let Some(choice) = &body.choice else { return Vec::new() };
    let mut sent = outside(call);
    sent.extend(content_names(selected));
    let forms: Vec<(String, &BodyContent)> =
        std::iter::once((body.media_type.as_literal().unwrap_or_default(), &body.content))
            .chain(choice.others.iter().map(|(name, content)| (name.clone(), content)))
            .collect();
    let is_unsent = |name: &str| {
        name != choice.select.0
            && !sent.contains(name)
            && scope.arguments.get(name).is_some_and(|value| !value.is_null())
    };
    let given = scope.arguments.keys().filter(|name| is_unsent(name));
    let problem = |name: &String| {
        let users = forms.iter().filter(|(_, content)| content_names(content).contains(name.as_str()));
        let users: Vec<String> = users.map(|(media_type, _)| format!("`{media_type}`")).collect();
        (!users.is_empty()).then(|| ArgumentProblem {
            argument: name.clone(),
            message: format!(
                "is not sent with `{media_type}`; leave it out, or set `{}` to {}",
                choice.select.0,
                users.join(" or ")
            ),
        })
    };
    given.filter_map(problem).collect()
}

/// The arguments that other parts of the request read.
fn outside(call: &HttpCall) -> BTreeSet<&str> {
    let path = call.path.iter().filter_map(|piece| match piece {
        PathPiece::Value(parameter) => Some(parameter),
        PathPiece::Literal(_) => None,
    });
    let parameters = path.chain(&call.query).chain(&call.headers).chain(&call.cookies);
    parameters.flat_map(|parameter| bind::names(&parameter.value)).collect()
}

/// The values that a body is made of.
pub(crate) fn content_bindings(content: &BodyContent) -> Vec<&Binding> {
    match content {
        BodyContent::Json(binding)
        | BodyContent::JsonLines(binding)
        | BodyContent::Text(binding)
        | BodyContent::Binary(binding) => vec![binding],
        BodyContent::Xml(body) => vec![&body.value],
        BodyContent::Form(parameters) => parameters.iter().map(|parameter| &parameter.value).collect(),
        BodyContent::Multipart(parts) => parts.iter().map(|part| &part.value).collect(),
    }
}

/// The arguments that a body reads, names of files and media types of parts among them.
fn content_names(content: &BodyContent) -> BTreeSet<&str> {
    let mut names: BTreeSet<&str> = content_bindings(content).into_iter().flat_map(bind::names).collect();
    if let BodyContent::Multipart(parts) = content {
        let texts = parts.iter().flat_map(|part| [&part.filename, &part.content_type]).flatten();
        let headers = parts.iter().flat_map(|part| &part.headers).map(|(_, value)| value);
        for hole in texts.chain(headers).flat_map(bind::holes) {
            match hole {
                Expression::Argument(name) => {
                    names.insert(&name.0);
                }
                Expression::Computed(computed) => names.extend(computed.arguments.iter().map(|name| name.0.as_str())),
                Expression::Secret(_) | Expression::Signed(_) => {}
            }
        }
    }
    names
}
