//! Templates to pieces.

use crate::capability::{ArgumentName, Binding, Computed, Expression, Piece, SecretName, Text};
use crate::definition::{Hole, Template, TemplateName, TemplatePiece, TemplateValue};

/// A template as text with holes.
pub(super) fn text(template: &Template) -> Text {
    Text {
        pieces: template
            .pieces
            .iter()
            .map(|piece| match piece {
                TemplatePiece::Literal(text) => Piece::Literal(text.clone()),
                TemplatePiece::Hole(hole) => Piece::Hole(expression(hole)),
            })
            .collect(),
    }
}

/// A value with templates in it as a JSON value with holes. A text that is one hole keeps the
/// type of its expression.
pub(super) fn binding(value: &TemplateValue) -> Binding {
    match value {
        TemplateValue::Literal(value) => Binding::Literal(value.clone()),
        TemplateValue::Template(template) => match template.single() {
            Some(hole) => Binding::Value(expression(hole)),
            None => Binding::Text(text(template)),
        },
        TemplateValue::Object(members) => {
            Binding::Object(members.iter().map(|(key, value)| (key.clone(), binding(value))).collect())
        }
        TemplateValue::List(items) => Binding::List(items.iter().map(binding).collect()),
    }
}

/// The same where expressions may read the request and the time, and no arguments.
pub(super) fn signed(template: &Template) -> Text {
    let mut text = text(template);
    for piece in &mut text.pieces {
        if let Piece::Hole(expression) = piece {
            sign(expression);
        }
    }
    text
}

/// A signed template as a value: one hole keeps its type, anything else is text.
pub(super) fn signed_binding(template: &Template) -> Binding {
    let Some(hole) = template.single() else { return Binding::Text(signed(template)) };
    let mut expression = expression(hole);
    sign(&mut expression);
    Binding::Value(expression)
}

/// Where no argument reaches, a name that is no secret is one that [`crate::check`] let through: the
/// request or the time.
fn sign(expression: &mut Expression) {
    match expression {
        Expression::Argument(name) => {
            let source = name.0.clone();
            *expression = Expression::Signed(Computed { source, arguments: Vec::new(), secrets: Vec::new() });
        }
        Expression::Computed(computed) if !computed.arguments.is_empty() => {
            computed.arguments.clear();
            *expression = Expression::Signed(computed.clone());
        }
        Expression::Computed(_) | Expression::Secret(_) | Expression::Signed(_) => {}
    }
}

/// The expression of a hole: a direct name where it is one.
pub(super) fn expression(hole: &Hole) -> Expression {
    match hole.names.as_slice() {
        [only] if hole.direct => match &only.name {
            TemplateName::Argument(name) => Expression::Argument(ArgumentName(name.clone())),
            TemplateName::Secret(name) => Expression::Secret(SecretName(name.clone())),
        },
        names => {
            let mut computed = Computed { source: hole.source.clone(), arguments: Vec::new(), secrets: Vec::new() };
            for used in names {
                match &used.name {
                    TemplateName::Argument(name) => push_unique(&mut computed.arguments, ArgumentName(name.clone())),
                    TemplateName::Secret(name) => push_unique(&mut computed.secrets, SecretName(name.clone())),
                }
            }
            Expression::Computed(computed)
        }
    }
}

fn push_unique<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
