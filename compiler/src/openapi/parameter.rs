//! Parameters of operations: where they stand, and how they are written on the wire.

use super::body::media_types;
use super::operation::unreadable;
use super::{Document, Outline, Report, Spot};
use crate::capability::Style;
use crate::diagnostic::{Code, Diagnostic, Place};

/// Where a parameter is sent. The order is the one in which names are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// The query as a whole (OpenAPI 3.2).
    QueryString,
    /// As a header.
    Header,
    /// As a cookie.
    Cookie,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter<'d> {
    /// The name on the wire.
    pub name: &'d str,
    /// Where it is sent.
    pub location: Location,
    /// Whether it must be given.
    pub required: bool,
    /// What it means.
    pub description: Option<&'d str>,
    /// The author advises against its use.
    pub deprecated: bool,
    /// How its value becomes text.
    pub serialization: Serialization,
    /// Its schema, if it has one.
    pub schema: Option<Spot<'d>>,
    /// An example of its value.
    pub example: Option<Spot<'d>>,
    /// The parameter itself.
    pub spot: Spot<'d>,
}

/// How a parameter's value becomes text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serialization {
    /// OpenAPI's `style` and what goes with it; `None` is the location's default.
    Style {
        /// The style.
        style: Option<Style>,
        /// Whether arrays and objects make one item each.
        explode: Option<bool>,
        /// Whether reserved characters stay as they are.
        allow_reserved: bool,
    },
    /// The value is written as this media type first.
    Content(String),
}

impl Location {
    /// OpenAPI's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::QueryString => "querystring",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Path, Self::Query, Self::QueryString, Self::Header, Self::Cookie]
            .into_iter()
            .find(|location| location.name().eq_ignore_ascii_case(word.trim()))
    }

    /// The styles that exist there, the default first.
    #[must_use]
    pub fn styles(self) -> &'static [Style] {
        match self {
            Self::Path => &[Style::Simple, Style::Label, Style::Matrix],
            Self::Query => {
                &[Style::Form, Style::SpaceDelimited, Style::PipeDelimited, Style::TabDelimited, Style::DeepObject]
            }
            Self::QueryString => &[],
            Self::Header => &[Style::Simple],
            Self::Cookie => &[Style::Form],
        }
    }
}

/// The parameters of an operation: its own, and those of its path item that it does not replace.
pub(super) fn read_parameters<'d>(
    document: &'d Document,
    outline: &Outline<'d>,
    report: &Report,
) -> Vec<Parameter<'d>> {
    let mut parameters: Vec<Parameter<'d>> = Vec::new();
    let own = outline.spot.get("parameters");
    let shared = outline.item.get("parameters");
    for list in [own, shared].into_iter().flatten() {
        // The path item's parameters give way to the operation's; within one list there is no reason.
        let before = parameters.len();
        for item in list.items() {
            let Some(parameter) = read(document, &item, report) else { continue };
            match parameters.iter().position(|other| is_same(other, &parameter)) {
                None => parameters.push(parameter),
                Some(at) if at >= before => {
                    let place = item.address.place();
                    report.count(parameter.name, || repeated(&parameter, place), Code::REPEATED_PARAMETER);
                }
                Some(_) => {}
            }
        }
    }
    parameters
}

/// Whether two parameters are one on the wire. The case of a header's name makes no difference.
fn is_same(left: &Parameter<'_>, right: &Parameter<'_>) -> bool {
    let spelled_otherwise = left.location == Location::Header && left.name.eq_ignore_ascii_case(right.name);
    left.location == right.location && (left.name == right.name || spelled_otherwise)
}

fn read<'d>(document: &'d Document, item: &Spot<'d>, report: &Report) -> Option<Parameter<'d>> {
    let spot = document.follow(item.clone(), report)?;
    if !spot.value.is_object() {
        report.count("parameter", || unreadable("a parameter", &spot), Code::UNREADABLE_ITEM);
        return None;
    }
    let location = spot.text("in").and_then(Location::parse);
    // A cookie's name is a token, as a header's is (RFC 6265, section 4.1.1).
    let token = matches!(location, Some(Location::Header | Location::Cookie));
    let sendable = |name: &&str| !name.is_empty() && (!token || is_header_name(name));
    // A query string has no name on the wire; its name only tells what it is.
    let named = spot.text("name").filter(sendable);
    let named = named.or((location == Some(Location::QueryString)).then_some("query"));
    let (Some(name), Some(location)) = (named, location) else {
        report.count("", || unplaced(&spot), Code::UNREADABLE_PARAMETER);
        return None;
    };
    let (serialization, schema) = serialization(document, &spot, location, report);
    let example = spot.get("example").or_else(|| first_example(document, &spot, report));
    Some(Parameter {
        name,
        location,
        required: location == Location::Path || spot.flag("required"),
        description: item.text("description").or_else(|| spot.text("description")),
        deprecated: spot.flag("deprecated"),
        serialization,
        schema,
        example,
        spot,
    })
}

fn serialization<'d>(
    document: &'d Document,
    spot: &Spot<'d>,
    location: Location,
    report: &Report,
) -> (Serialization, Option<Spot<'d>>) {
    if let Some(media_type) = media_types(document, spot, report).into_iter().next() {
        return (Serialization::Content(media_type.name.to_owned()), media_type.schema);
    }
    if location == Location::QueryString {
        return (Serialization::Content("application/x-www-form-urlencoded".to_owned()), spot.get("schema"));
    }
    // OpenAPI 3.2's way to say that a cookie's value is sent as it is.
    let cookie = location == Location::Cookie && spot.text("style") == Some("cookie");
    let style = spot.text("style").filter(|_| !cookie).and_then(|word| read_style(word, location, spot, report));
    let serialization = Serialization::Style {
        style,
        explode: spot.value.get("explode").and_then(serde_json::Value::as_bool),
        allow_reserved: cookie || (location == Location::Query && spot.flag("allowReserved")),
    };
    (serialization, spot.get("schema"))
}

/// The style that `word` names, unless it is the location's default anyway.
fn read_style(word: &str, location: Location, spot: &Spot<'_>, report: &Report) -> Option<Style> {
    let known = location.styles().iter().position(|style| style.name() == word);
    if known.is_none() {
        let say = || {
            let message = format!("style `{word}` does not exist for a {} parameter", location.name());
            Diagnostic::new(Code::UNDEFINED_STYLE, message, spot.address.child("style").place())
                .label("the default style is used instead")
        };
        report.count(word, say, Code::UNDEFINED_STYLE);
    }
    location.styles().get(known?).copied().filter(|_| known != Some(0))
}

fn first_example<'d>(document: &'d Document, spot: &Spot<'d>, report: &Report) -> Option<Spot<'d>> {
    let (_, example) = spot.get("examples")?.members().next()?;
    document.follow(example, report)?.get("value")
}

/// Whether a text is a `token` of RFC 9110, section 5.6.2, as names of headers are.
#[must_use]
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn repeated(parameter: &Parameter<'_>, place: Place) -> Diagnostic {
    let message = format!("the {} parameter `{}` is there twice", parameter.location.name(), parameter.name);
    Diagnostic::new(Code::REPEATED_PARAMETER, message, place)
        .label("this one is left out")
        .help("keep one of the two, or rename one if they are two")
}

fn unplaced(spot: &Spot<'_>) -> Diagnostic {
    Diagnostic::new(
        Code::UNREADABLE_PARAMETER,
        "a parameter must have a `name` that can be sent, and `in` must be `path`, `query`, `header` or `cookie`",
        spot.address.place(),
    )
    .label("this parameter is left out")
}
