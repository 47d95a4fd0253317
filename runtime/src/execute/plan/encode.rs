//! OpenAPI's parameter serialization: `style`, `explode`, `allowReserved` and `content`.
//!
//! Follows the tables of OpenAPI 3.0.4 and 3.1.1. Every text that comes out is encoded for its
//! place; delimiters that a style adds are not. Where the tables say "undefined" (nested values,
//! empty arrays) the choices are: a nested value becomes JSON, `null` items are skipped, and an
//! empty array or object is as if it was not given.

use cap_compiler::capability::{Encoding, Style};
use serde_json::Value;

use super::bind::plain_text;
use super::escape::{Escape, percent_encode};

/// A value cut to what styles tell apart. Its texts are not encoded yet.
enum Shape {
    One(String),
    Many(Vec<String>),
    Members(Vec<(String, String)>),
}

/// Name and value pairs of a query or a form, encoded.
pub(crate) fn pairs(name: &str, value: &Value, encoding: &Encoding) -> Vec<(String, String)> {
    let (style, explode, escape) = match encoding {
        Encoding::Content { media_type } => {
            return vec![(percent_encode(name), content(value, media_type, Escape::All))];
        }
        Encoding::Style { style, explode, allow_reserved: true } => (*style, *explode, Escape::Reserved),
        Encoding::Style { style, explode, allow_reserved: false } => (*style, *explode, Escape::All),
    };
    if style == Style::DeepObject && (value.is_object() || value.is_array()) {
        let mut found = Vec::new();
        deep(&percent_encode(name), value, escape, &mut found);
        return found;
    }
    let separator = match style {
        Style::SpaceDelimited => "%20",
        Style::PipeDelimited => "%7C",
        Style::TabDelimited => "%09",
        Style::Form | Style::Simple | Style::Label | Style::Matrix | Style::DeepObject => ",",
    };
    match shape(value) {
        None => Vec::new(),
        Some(Shape::Many(items)) if explode => {
            items.iter().map(|item| (percent_encode(name), escape.apply(item))).collect()
        }
        Some(Shape::Members(members)) if explode => {
            members.iter().map(|(key, item)| (percent_encode(key), escape.apply(item))).collect()
        }
        Some(shape) => vec![(percent_encode(name), joined(shape, separator, escape))],
    }
}

/// What stands in a path; empty if there is nothing to send.
pub(crate) fn path(name: &str, value: &Value, encoding: &Encoding) -> String {
    let (style, explode) = match encoding {
        Encoding::Content { media_type } => return content(value, media_type, Escape::All),
        Encoding::Style { style, explode, .. } => (*style, *explode),
    };
    let Some(shape) = shape(value) else { return String::new() };
    match style {
        Style::Label => label(shape, explode),
        Style::Matrix => matrix(&percent_encode(name), shape, explode),
        Style::Simple
        | Style::Form
        | Style::SpaceDelimited
        | Style::PipeDelimited
        | Style::TabDelimited
        | Style::DeepObject => simple(shape, explode, Escape::All),
    }
}

/// A header's value, not encoded: headers have no encoding of their own.
pub(crate) fn header(value: &Value, encoding: &Encoding) -> Option<String> {
    match encoding {
        Encoding::Content { media_type } => Some(content(value, media_type, Escape::Nothing)),
        Encoding::Style { explode, .. } => Some(simple(shape(value)?, *explode, Escape::Nothing)),
    }
}

/// A cookie's pairs: `form`, except that what explodes stays within one cookie.
pub(crate) fn cookie(name: &str, value: &Value, encoding: &Encoding) -> Option<String> {
    let pairs = pairs(name, value, encoding);
    (!pairs.is_empty()).then(|| join_pairs(&pairs))
}

/// `a=1&b=2`. A value without a name is a query string of its own and stands alone.
pub(crate) fn join_pairs(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| match name.as_str() {
        "" => value.clone(),
        name => format!("{name}={value}"),
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn shape(value: &Value) -> Option<Shape> {
    match value {
        Value::Null => None,
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter(|item| !item.is_null()).map(plain_text).collect();
            (!items.is_empty()).then_some(Shape::Many(items))
        }
        Value::Object(members) => {
            let members = members.iter().filter(|(_, item)| !item.is_null());
            let members: Vec<_> = members.map(|(key, item)| (key.clone(), plain_text(item))).collect();
            (!members.is_empty()).then_some(Shape::Members(members))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(Shape::One(plain_text(value))),
    }
}

fn joined(shape: Shape, separator: &str, escape: Escape) -> String {
    match shape {
        Shape::One(text) => escape.apply(&text),
        Shape::Many(items) => join(items.iter().map(|item| escape.apply(item)), separator),
        Shape::Members(members) => {
            join(members.iter().flat_map(|(key, item)| [escape.apply(key), escape.apply(item)]), separator)
        }
    }
}

/// `blue,black` and `R,100` or `R=100`.
fn simple(shape: Shape, explode: bool, escape: Escape) -> String {
    match shape {
        Shape::Members(members) if explode => join(assignments(&members, escape), ","),
        shape @ (Shape::One(_) | Shape::Many(_) | Shape::Members(_)) => joined(shape, ",", escape),
    }
}

/// `.blue,black`, exploded `.blue.black`: OpenAPI up to 3.0.3 and 3.1.0 had dots in both.
fn label(shape: Shape, explode: bool) -> String {
    let rest = match shape {
        Shape::Members(members) if explode => join(assignments(&members, Escape::All), "."),
        shape @ (Shape::One(_) | Shape::Many(_) | Shape::Members(_)) => {
            joined(shape, if explode { "." } else { "," }, Escape::All)
        }
    };
    format!(".{rest}")
}

/// `;color=blue,black`, exploded `;color=blue;color=black`.
fn matrix(name: &str, shape: Shape, explode: bool) -> String {
    match shape {
        Shape::Many(items) if explode => items.iter().map(|item| format!(";{name}={}", percent_encode(item))).collect(),
        Shape::Members(members) if explode => {
            assignments(&members, Escape::All).map(|assignment| format!(";{assignment}")).collect()
        }
        shape @ (Shape::One(_) | Shape::Many(_) | Shape::Members(_)) => {
            format!(";{name}={}", joined(shape, ",", Escape::All))
        }
    }
}

/// `p[k]=v`. Deeper objects go on with the brackets; lists of plain values are `p[]=v`, lists of
/// objects are numbered, which is how most servers that take this style read them.
fn deep(name: &str, value: &Value, escape: Escape, found: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (key, member) in members {
                deep(&format!("{name}%5B{}%5D", percent_encode(key)), member, escape, found);
            }
        }
        Value::Array(items) => {
            let nested = items.iter().any(|item| item.is_object() || item.is_array());
            for (index, item) in items.iter().enumerate() {
                let index = if nested { index.to_string() } else { String::new() };
                deep(&format!("{name}%5B{index}%5D"), item, escape, found);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push((name.to_owned(), escape.apply(&plain_text(value))));
        }
    }
}

/// The value serialized as a media type. Text stands for itself unless JSON is wanted.
fn content(value: &Value, media_type: &str, escape: Escape) -> String {
    let text = if is_json(media_type) { value.to_string() } else { plain_text(value) };
    escape.apply(&text)
}

/// Whether a media type is JSON or built on it.
pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn assignments(members: &[(String, String)], escape: Escape) -> impl Iterator<Item = String> {
    members.iter().map(move |(key, item)| format!("{}={}", escape.apply(key), escape.apply(item)))
}

fn join(items: impl Iterator<Item = String>, separator: &str) -> String {
    items.collect::<Vec<_>>().join(separator)
}
