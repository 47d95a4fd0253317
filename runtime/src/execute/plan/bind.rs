//! Fills a capability's bindings with the arguments of one call.
//!
//! Direct arguments are copied and never meet the template engine. What is absent (not given) is
//! `None`, and whoever asked leaves the key out.

use cap_compiler::capability::{Binding, Computed, Expression, Piece, Text};
use serde_json::{Map, Value};

use super::expression::Evaluated;
use super::sealed::{Sealed, SealedPiece};
use crate::execute::error::{ArgumentProblem, ToolError};
use crate::execute::prepared::Prepared;

/// The arguments of one call to one tool.
pub(crate) struct Scope<'a> {
    pub(crate) tool: &'a Prepared,
    pub(crate) arguments: &'a Map<String, Value>,
}

impl Scope<'_> {
    /// An error of the definition.
    pub(crate) fn definition(&self, reason: impl Into<String>) -> ToolError {
        ToolError::Definition { tool: self.tool.capability().tool.to_string(), reason: reason.into() }
    }

    /// An error about one argument.
    pub(crate) fn argument(&self, name: impl Into<String>, message: impl Into<String>) -> ToolError {
        ToolError::Arguments {
            tool: self.tool.capability().tool.to_string(),
            problems: vec![ArgumentProblem { argument: name.into(), message: message.into() }],
        }
    }
}

/// A binding's value.
pub(crate) fn value(binding: &Binding, scope: &Scope<'_>) -> Result<Option<Value>, ToolError> {
    match binding {
        Binding::Literal(value) => Ok(Some(value.clone())),
        Binding::Value(expression) => evaluate(expression, scope),
        Binding::Text(template) => Ok(text(template, scope)?.map(Value::String)),
        Binding::Object(members) => {
            let mut object = Map::new();
            for (name, member) in members {
                if let Some(value) = value(member, scope)? {
                    object.insert(name.clone(), value);
                }
            }
            Ok(Some(Value::Object(object)))
        }
        Binding::List(items) => {
            let items = items.iter().filter_map(|item| value(item, scope).transpose());
            Ok(Some(Value::Array(items.collect::<Result<_, _>>()?)))
        }
    }
}

/// A text that has no secrets.
pub(crate) fn text(text: &Text, scope: &Scope<'_>) -> Result<Option<String>, ToolError> {
    let mut out = String::new();
    for piece in &text.pieces {
        match piece {
            Piece::Literal(literal) => out.push_str(literal),
            Piece::Hole(hole) => match evaluate(hole, scope)? {
                None | Some(Value::Null) => return Ok(None),
                Some(value) => out.push_str(&plain_text(&value)),
            },
        }
    }
    Ok(Some(out))
}

/// A text that may have secrets.
pub(crate) fn sealed(text: &Text, scope: &Scope<'_>) -> Result<Option<Sealed>, ToolError> {
    let mut pieces = Vec::with_capacity(text.pieces.len());
    for piece in &text.pieces {
        match piece {
            Piece::Literal(literal) => pieces.push(SealedPiece::Plain(literal.clone())),
            Piece::Hole(hole) => match seal(hole, scope)? {
                None => return Ok(None),
                Some(piece) => pieces.push(piece),
            },
        }
    }
    Ok(Some(Sealed { pieces }))
}

/// One expression that may be a secret.
pub(crate) fn seal(expression: &Expression, scope: &Scope<'_>) -> Result<Option<SealedPiece>, ToolError> {
    match expression {
        Expression::Secret(name) => Ok(Some(SealedPiece::Secret(name.clone()))),
        Expression::Computed(computed) if !computed.secrets.is_empty() => Ok(Some(SealedPiece::Computed {
            expression: scope.tool.expression(computed),
            arguments: arguments_of(computed, scope),
            secrets: computed.secrets.clone(),
        })),
        Expression::Signed(computed) => Ok(Some(SealedPiece::Signed {
            expression: scope.tool.expression(computed),
            secrets: computed.secrets.clone(),
        })),
        Expression::Argument(_) | Expression::Computed(_) => Ok(match evaluate(expression, scope)? {
            None | Some(Value::Null) => None,
            Some(value) => Some(SealedPiece::Plain(plain_text(&value))),
        }),
    }
}

fn evaluate(expression: &Expression, scope: &Scope<'_>) -> Result<Option<Value>, ToolError> {
    match expression {
        Expression::Argument(name) => Ok(scope.arguments.get(&name.0).cloned()),
        Expression::Secret(name) => {
            Err(scope.definition(format!("the secret `{}` stands where no credential belongs", name.0)))
        }
        Expression::Signed(computed) => {
            Err(scope.definition(format!("`{}` stands where the request is not signed", computed.source)))
        }
        Expression::Computed(computed) => {
            match scope.tool.expression(computed).evaluate(&arguments_of(computed, scope), &Map::new()) {
                Evaluated::Value(value) => Ok(Some(value)),
                Evaluated::Absent => Ok(None),
                Evaluated::Failed(reason) => Err(scope.definition(format!("`{}` failed: {reason}", computed.source))),
            }
        }
    }
}

fn arguments_of(computed: &Computed, scope: &Scope<'_>) -> Map<String, Value> {
    let given = computed.arguments.iter().filter_map(|name| {
        // A null says as little as nothing, so `default` serves both.
        let value = scope.arguments.get(&name.0).filter(|value| !value.is_null())?;
        Some((name.0.clone(), value.clone()))
    });
    given.collect()
}

/// A value as the text that stands in a path, a query, a header or a form.
pub(crate) fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        Value::Number(number) => match number.as_f64() {
            // `5.0` is an integer to JSON Schema; servers that expect one want to read `5`.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
    }
}

/// The arguments that a binding reads, in order.
pub(crate) fn names(binding: &Binding) -> Vec<&str> {
    let mut found = Vec::new();
    visit(binding, &mut |expression| match expression {
        Expression::Argument(name) => found.push(name.0.as_str()),
        Expression::Computed(computed) => found.extend(computed.arguments.iter().map(|name| name.0.as_str())),
        Expression::Secret(_) | Expression::Signed(_) => {}
    });
    found
}

/// Whether a binding reads secrets, or the request as it is sent.
pub(crate) fn has_secrets(binding: &Binding) -> bool {
    let mut found = false;
    visit(binding, &mut |expression| {
        found |= !expression.secrets().is_empty() || matches!(expression, Expression::Signed(_));
    });
    found
}

fn visit<'a>(binding: &'a Binding, found: &mut dyn FnMut(&'a Expression)) {
    match binding {
        Binding::Literal(_) => {}
        Binding::Value(expression) => found(expression),
        Binding::Text(text) => holes(text).for_each(found),
        Binding::Object(members) => members.iter().for_each(|(_, member)| visit(member, found)),
        Binding::List(items) => items.iter().for_each(|item| visit(item, found)),
    }
}

/// The holes of a text.
pub(crate) fn holes(text: &Text) -> impl Iterator<Item = &Expression> {
    text.pieces.iter().filter_map(|piece| match piece {
        Piece::Hole(expression) => Some(expression),
        Piece::Literal(_) => None,
    })
}
