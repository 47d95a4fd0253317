//! The request that a call becomes. What follows from an argument that came or went is told as such, and not
//! once more here.

use std::collections::BTreeSet;

use super::change::Change;
use super::code::ChangeCode;
use super::sent::{quoted, shown, shown_expression};
use super::tool::Both;
use crate::capability::{Binding, Body, BodyContent, Capability, Expression, HttpCall, Parameter, PathPiece, Piece};

/// A path with the names of its arguments left out, by which operations are known.
pub(super) fn path_pattern(call: &HttpCall) -> String {
    call.path
        .iter()
        .map(|piece| match piece {
            PathPiece::Literal(text) => text.as_str(),
            PathPiece::Value(_) => "{}",
        })
        .collect()
}

/// A path as people read it, with that of the server.
pub(super) fn path(call: &HttpCall) -> String {
    let piece = |piece: &PathPiece| match piece {
        PathPiece::Literal(text) => text.clone(),
        PathPiece::Value(parameter) => format!("{{{}}}", shown_binding(&parameter.value)),
    };
    let base = shown(&call.server);
    let below = base.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    below.unwrap_or_default().chars().chain(call.path.iter().map(piece).collect::<String>().chars()).collect()
}

/// How the request changed.
pub(super) fn of_capability(both: &Both<'_>, before: &Capability, after: &Capability) -> Vec<Change> {
    let (Some(old), Some(new)) = (before.call.http(), after.call.http()) else {
        return Vec::new();
    };
    let known = Arguments { old: arguments(before), new: arguments(after) };
    let mut changes = Vec::new();
    if path(old) != path(new) {
        let sentence = format!("its path is `{}`; it was `{}`", path(new), path(old));
        changes.push(both.change(ChangeCode::REQUEST_CHANGED, sentence, &["request", "path"]));
    } else if old.path != new.path {
        let sentence = "a value is put into its path in another way".to_owned();
        changes.push(both.change(ChangeCode::REQUEST_CHANGED, sentence, &["request", "path"]));
    }
    let kinds = [
        ("query", "query parameter", &old.query, &new.query),
        ("headers", "header", &old.headers, &new.headers),
        ("cookies", "cookie", &old.cookies, &new.cookies),
    ];
    for (key, word, old, new) in kinds {
        let said = of_parameters(word, old, new, &known);
        changes.extend(said.into_iter().map(|it| both.change(ChangeCode::REQUEST_CHANGED, it, &["request", key])));
    }
    let said = of_body(old.body.as_ref(), new.body.as_ref(), &known);
    changes.extend(said.into_iter().map(|it| both.change(ChangeCode::REQUEST_CHANGED, it, &["request", "body"])));
    changes
}

/// The arguments of both forms.
struct Arguments {
    old: BTreeSet<String>,
    new: BTreeSet<String>,
}

fn arguments(capability: &Capability) -> BTreeSet<String> {
    let schema = capability.input.read();
    let names = schema.get("properties").and_then(serde_json::Value::as_object);
    names.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

impl Arguments {
    /// Whether a value that came is sent only where an argument that came is given.
    fn explain_new(&self, binding: &Binding) -> bool {
        needs(binding).is_some_and(|names| names.iter().any(|name| !self.old.contains(*name)))
    }

    /// Whether a value that went was sent only where an argument that went was given.
    fn explain_gone(&self, binding: &Binding) -> bool {
        needs(binding).is_some_and(|names| names.iter().any(|name| !self.new.contains(*name)))
    }
}

fn of_parameters(word: &str, old: &[Parameter], new: &[Parameter], known: &Arguments) -> Vec<String> {
    let mut said = Vec::new();
    for parameter in new {
        let name = &parameter.name;
        match old.iter().find(|before| before.name == *name) {
            Some(before) if before == parameter => {}
            Some(before) if before.value == parameter.value => {
                said.push(format!("the {word} `{name}` is written in another way"));
            }
            Some(_) => said.push(format!("the {word} `{name}` has another value: {}", value(&parameter.value))),
            None if known.explain_new(&parameter.value) || !parameter.value.secrets().is_empty() => {}
            None => said.push(format!("the {word} `{name}` is sent: {}", value(&parameter.value))),
        }
    }
    for parameter in old.iter().filter(|before| !new.iter().any(|after| after.name == before.name)) {
        if !known.explain_gone(&parameter.value) {
            said.push(format!("the {word} `{}` is no longer sent", parameter.name));
        }
    }
    said
}

fn value(binding: &Binding) -> String {
    quoted(&shown_binding(binding))
}

fn of_body(old: Option<&Body>, new: Option<&Body>, known: &Arguments) -> Vec<String> {
    let (old, new) = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec!["it sends a body".to_owned()],
        (Some(_), None) => return vec!["it no longer sends a body".to_owned()],
        (Some(old), Some(new)) => (old, new),
    };
    let types = |body: &Body| body.media_types().collect::<Vec<_>>().join(", ");
    if types(old) != types(new) {
        return vec![format!("its body is `{}`; it was `{}`", types(new), types(old))];
    }
    let (before, after) = (members(&old.content), members(&new.content));
    let mut said = match (before, after) {
        _ if old.content == new.content => Vec::new(),
        (Some(before), Some(after)) => of_parameters("member", &before, &after, known),
        _ => vec!["its body is made in another way".to_owned()],
    };
    match (old.optional, new.optional) {
        (false, true) => said.push("without arguments for it, no body is sent".to_owned()),
        (true, false) => said.push("a body is sent without arguments for it as well".to_owned()),
        _ => {}
    }
    if old.content == new.content && old.choice != new.choice {
        said.push("its body is made in another way where another media type is selected".to_owned());
    }
    said
}

/// The members of a body by name, where it has some.
fn members(content: &BodyContent) -> Option<Vec<Parameter>> {
    match content {
        BodyContent::Json(Binding::Object(members)) => {
            let encoding = crate::capability::Encoding::Content { media_type: "application/json".to_owned() };
            let parameter = |(name, value): &(String, Binding)| Parameter {
                name: name.clone(),
                value: value.clone(),
                encoding: encoding.clone(),
            };
            Some(members.iter().map(parameter).collect())
        }
        BodyContent::Form(parameters) => Some(parameters.clone()),
        BodyContent::Json(_)
        | BodyContent::JsonLines(_)
        | BodyContent::Multipart(_)
        | BodyContent::Text(_)
        | BodyContent::Binary(_)
        | BodyContent::Xml(_) => None,
    }
}

fn shown_binding(binding: &Binding) -> String {
    match binding {
        Binding::Literal(serde_json::Value::String(text)) => text.clone(),
        Binding::Literal(value) => value.to_string(),
        Binding::Value(expression) => shown_expression(expression),
        Binding::Text(text) => shown(text),
        Binding::Object(members) => {
            let parts: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}: {}", shown_binding(value))).collect();
            format!("{{{}}}", parts.join(", "))
        }
        Binding::List(items) => format!("[{}]", items.iter().map(shown_binding).collect::<Vec<_>>().join(", ")),
    }
}

/// The arguments without any of which nothing is sent, where the value is nothing but them. What is computed may be
/// there without them, an object or a list is, and a text that stands beside them is nobody's argument.
fn needs(binding: &Binding) -> Option<Vec<&str>> {
    match binding {
        Binding::Value(expression) => Some(vec![bare(expression)?]),
        Binding::Text(text) => {
            let holes = text.pieces.iter().map(|piece| match piece {
                Piece::Hole(expression) => bare(expression),
                Piece::Literal(_) => None,
            });
            holes.collect()
        }
        Binding::Literal(_) | Binding::Object(_) | Binding::List(_) => None,
    }
}

fn bare(expression: &Expression) -> Option<&str> {
    match expression {
        Expression::Argument(name) => Some(&name.0),
        Expression::Computed(_) | Expression::Secret(_) | Expression::Signed(_) => None,
    }
}
