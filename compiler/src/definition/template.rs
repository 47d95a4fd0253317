//! Templates: text with `{{ … }}` holes, parsed once with minijinja and then taken apart.
//!
//! Only this file and `expression.rs` know minijinja in the compiler. A template is cut into literal text and
//! expressions here; nothing is rendered. Names are listed with their place in the text, so that
//! later rules can point at the characters.

use std::ops::Range;

use minijinja::machinery::parse_expr;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::expression::{collect, root_name};

/// A text that may have holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The text as written.
    pub source: String,
    /// The same text taken apart.
    pub pieces: Vec<TemplatePiece>,
}

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePiece {
    /// Text as it is.
    Literal(String),
    /// An expression between `{{` and `}}`.
    Hole(Hole),
}

/// An expression and all the names it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The expression, trimmed.
    pub source: String,
    /// Its bytes within the template's text.
    pub range: Range<usize>,
    /// The names that it reads.
    pub names: Vec<NameUse>,
    /// Filters and tests that it applies.
    pub filters: Vec<FilterUse>,
    /// Whether it is one name and nothing else.
    pub direct: bool,
    /// Whether it chooses: `a if b else c`, or `a or b`.
    pub conditional: bool,
}

/// A filter (`x | upper`) or test (`x is defined`) that an expression applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterUse {
    /// Its name.
    pub name: String,
    /// Which of the two.
    pub kind: FilterKind,
    /// The bytes of the expression that applies it, within the template's text.
    pub range: Range<usize>,
}

/// What applies after `|` and after `is`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// `x | upper`
    Filter,
    /// `x is defined`
    Test,
}

/// A name that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameUse {
    /// What it is a name of.
    pub name: TemplateName,
    /// Its bytes within the template's text.
    pub range: Range<usize>,
}

/// What a name in a template stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TemplateName {
    /// An argument of the call: `owner` or `args['X-Request-Id']`.
    Argument(String),
    /// `secret.NAME`.
    Secret(String),
}

/// Why a text is not a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// What is wrong, as a lower-case phrase.
    pub message: String,
    /// The bytes within the text.
    pub range: Range<usize>,
}

/// A YAML value in which strings are templates.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplateValue {
    /// A value without holes.
    Literal(Value),
    /// Text with at least one hole.
    Template(Template),
    /// A mapping with a hole somewhere below.
    Object(Vec<(String, TemplateValue)>),
    /// A sequence with a hole somewhere below.
    List(Vec<TemplateValue>),
}

impl Template {
    /// Its text with a name in place of each hole, to look at the shape of what it will be.
    #[must_use]
    pub fn shape(&self) -> String {
        let text = |piece: &TemplatePiece| match piece {
            TemplatePiece::Literal(text) => text.clone(),
            TemplatePiece::Hole(_) => "x".to_owned(),
        };
        self.pieces.iter().map(text).collect()
    }

    /// Takes a text apart.
    ///
    /// # Errors
    /// When a hole is not closed or empty, its expression does not parse, or statements
    /// (`{% … %}`) or comments (`{# … #}`) are used.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some((start, marker)) = next_marker(source, at) {
            push_literal(&mut pieces, slice(source, at..start));
            if marker != "{{" {
                return Err(TemplateError {
                    message: format!("`{marker}` is not allowed here; only `{{{{ expression }}}}` is"),
                    range: start..start + marker.len(),
                });
            }
            let end = hole_end(source, start)?;
            pieces.push(TemplatePiece::Hole(parse_hole(source, start + 2..end)?));
            at = end + 2;
        }
        push_literal(&mut pieces, slice(source, at..source.len()));
        Ok(Self { source: source.to_owned(), pieces })
    }

    /// Text that is sent as it stands; it must not contain `{{`.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { source: text.to_owned(), pieces: vec![TemplatePiece::Literal(text.to_owned())] }
    }

    /// A template that is one argument and nothing else.
    #[must_use]
    pub fn argument(name: &str) -> Self {
        let source = format!("{{{{ {} }}}}", argument_expression(name));
        // The expression is made from a checked form, so it parses; a literal is the safe answer
        // if a later minijinja disagrees.
        Self::parse(&source).unwrap_or_else(|_| Self::literal(""))
    }

    /// The holes in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            TemplatePiece::Hole(hole) => Some(hole),
            TemplatePiece::Literal(_) => None,
        })
    }

    /// The only hole of a template that is exactly one hole.
    #[must_use]
    pub fn single(&self) -> Option<&Hole> {
        match self.pieces.as_slice() {
            [TemplatePiece::Hole(hole)] => Some(hole),
            _ => None,
        }
    }

    /// Whether it has no holes.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.holes().next().is_none()
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl TemplateValue {
    /// The value of one argument, with its type.
    #[must_use]
    pub fn argument(name: &str) -> Self {
        Self::Template(Template::argument(name))
    }

    /// Every template in it, with the tokens that lead there.
    pub fn visit<'a>(&'a self, path: &mut Vec<String>, found: &mut dyn FnMut(&[String], &'a Template)) {
        match self {
            Self::Literal(_) => {}
            Self::Template(template) => found(path, template),
            Self::Object(members) => {
                for (key, value) in members {
                    path.push(key.clone());
                    value.visit(path, found);
                    path.pop();
                }
            }
            Self::List(items) => {
                for (index, value) in items.iter().enumerate() {
                    path.push(index.to_string());
                    value.visit(path, found);
                    path.pop();
                }
            }
        }
    }
}

impl Serialize for TemplateValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Literal(value) => value.serialize(serializer),
            Self::Template(template) => template.serialize(serializer),
            Self::Object(members) => serializer.collect_map(members.iter().map(|(key, value)| (key, value))),
            Self::List(items) => serializer.collect_seq(items),
        }
    }
}

/// How a template names an argument: bare where it can, `args['…']` otherwise.
#[must_use]
pub fn argument_expression(name: &str) -> String {
    if is_plain_name(name) {
        name.to_owned()
    } else {
        format!("args['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

/// Names with a meaning of their own in templates.
const RESERVED: [&str; 14] =
    ["args", "secret", "true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if"];
const RESERVED_LATER: [&str; 2] = ["else", "loop"];

fn is_plain_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&name)
        && !RESERVED_LATER.contains(&name)
}

fn push_literal(pieces: &mut Vec<TemplatePiece>, text: &str) {
    if !text.is_empty() {
        pieces.push(TemplatePiece::Literal(text.to_owned()));
    }
}

fn slice(source: &str, range: Range<usize>) -> &str {
    source.get(range).unwrap_or_default()
}

fn next_marker(source: &str, from: usize) -> Option<(usize, &'static str)> {
    ["{{", "{%", "{#"]
        .into_iter()
        .filter_map(|marker| slice(source, from..source.len()).find(marker).map(|at| (from + at, marker)))
        .min()
}

/// The byte at which the `}}` of the hole that begins at `start` stands. Quoted strings may contain
/// braces, and so may map literals.
fn hole_end(source: &str, start: usize) -> Result<usize, TemplateError> {
    let mut quote = None;
    let mut braces = 0_usize;
    let mut chars = slice(source, start + 2..source.len()).char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => braces += 1,
            (None, '}') if braces > 0 => braces -= 1,
            (None, '}') if chars.peek().is_some_and(|(_, next)| *next == '}') => return Ok(start + 2 + offset),
            (None, _) => {}
        }
    }
    Err(TemplateError { message: "`{{` is not closed by `}}`".to_owned(), range: start..start + 2 })
}

fn parse_hole(source: &str, inner: Range<usize>) -> Result<Hole, TemplateError> {
    let text = slice(source, inner.clone());
    let text = text.strip_prefix('-').unwrap_or(text);
    let text = text.strip_suffix('-').unwrap_or(text);
    let expression = text.trim();
    if expression.is_empty() {
        return Err(TemplateError { message: "`{{ }}` is empty".to_owned(), range: inner });
    }
    let offset = inner.start + slice(source, inner).find(expression).unwrap_or_default();
    let range = offset..offset + expression.len();
    let tree = parse_expr(expression).map_err(|error| TemplateError {
        message: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        range: error
            .range()
            // A range that ends within a character is no place.
            .filter(|bytes| expression.get(bytes.clone()).is_some())
            .map_or(range.clone(), |bytes| offset + bytes.start..offset + bytes.end),
    })?;
    let mut hole = Hole {
        source: expression.to_owned(),
        range,
        names: Vec::new(),
        filters: Vec::new(),
        direct: root_name(&tree).is_some(),
        conditional: false,
    };
    collect(&tree, offset, &mut hole);
    Ok(hole)
}
