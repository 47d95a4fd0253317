//! Rules of parameters: where they stand, and how their values are serialized there.

use super::Report;
use super::headers::{HeaderOwner, check_cookie_name, check_header_name, check_header_value, is_token};
use super::templates::{Allowed, check_value};
use crate::capability::Style;
use crate::definition::ParameterDefinition;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::syntax::Pointer;

/// Where a parameter stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    Path,
    Query,
    QueryString,
    Header,
    Cookie,
    Form,
}

impl Location {
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Path => "path_parameters",
            Self::Query => "query",
            Self::QueryString => "query_string",
            Self::Header => "headers",
            Self::Cookie => "cookies",
            Self::Form => "form",
        }
    }

    /// The styles that OpenAPI 3.1.1 (section 4.8.12.4) allows here.
    fn styles(self) -> &'static [Style] {
        match self {
            Self::Path => &[Style::Simple, Style::Label, Style::Matrix],
            Self::Query | Self::Form => {
                &[Style::Form, Style::SpaceDelimited, Style::PipeDelimited, Style::TabDelimited, Style::DeepObject]
            }
            // It is written as a media type, and no style is.
            Self::QueryString => &[],
            Self::Header => &[Style::Simple],
            Self::Cookie => &[Style::Form],
        }
    }
}

/// How a value is serialized, as a definition says it.
#[derive(Clone, Copy)]
pub(super) struct Serialization<'a> {
    pub(super) style: Option<Style>,
    pub(super) explode: Option<bool>,
    pub(super) content: Option<&'a str>,
}

/// A query parameter, header, cookie or form field.
pub(super) fn check_parameter(
    location: Location,
    name: &str,
    parameter: &ParameterDefinition,
    pointer: &Pointer,
    allowed: &Allowed<'_>,
    report: &mut Report<'_>,
) {
    let value = if parameter.is_plain() { pointer.clone() } else { pointer.child("value") };
    match location {
        Location::Header => {
            check_header_name(name, HeaderOwner::Request, pointer, report);
            check_header_value(&parameter.value, &value, report);
        }
        Location::Cookie => check_cookie_name(name, pointer, report),
        Location::QueryString if parameter.content.is_none() => report.push(without_media_type(pointer, report)),
        Location::Path | Location::Query | Location::QueryString | Location::Form => {}
    }
    let said =
        Serialization { style: parameter.style, explode: parameter.explode, content: parameter.content.as_deref() };
    check_serialization(location, said, pointer, report);
    check_value(&parameter.value, &value, allowed, report);
}

/// A style that exists at this place, or a media type, and not both.
pub(super) fn check_serialization(
    location: Location,
    said: Serialization<'_>,
    pointer: &Pointer,
    report: &mut Report<'_>,
) {
    let Some(content) = said.content else {
        check_style(location, said.style, pointer, report);
        return;
    };
    check_media_type(content, &pointer.child("content"), report);
    for (key, there) in [("style", said.style.is_some()), ("explode", said.explode.is_some())] {
        if there {
            let place = report.key(&pointer.child(key));
            let other = report.key(&pointer.child("content"));
            report.push(
                Diagnostic::new(Code::PARAMETER_STYLE, format!("`{key}` has no meaning beside `content`"), place)
                    .label("only one of the two says how the value is written")
                    .also(other, "this one does")
                    .help(format!("remove `{key}`, or `content`")),
            );
        }
    }
}

fn without_media_type(pointer: &Pointer, report: &Report<'_>) -> Diagnostic {
    let message = "a query string needs `content`, the media type that it is written as";
    Diagnostic::new(Code::PARAMETER_STYLE, message, report.value(pointer))
        .label("nothing says how the value becomes text")
        .help("write `query_string: {value: \"{{ … }}\", content: application/json}`")
}

fn check_style(location: Location, style: Option<Style>, pointer: &Pointer, report: &mut Report<'_>) {
    let Some(style) = style.filter(|style| !location.styles().contains(style)) else { return };
    let names: Vec<String> = location.styles().iter().map(|style| format!("`{}`", style.name())).collect();
    let place = report.value(&pointer.child("style"));
    let message = format!("`{}` does not exist in `{}`", style.name(), location.key());
    report.push(
        Diagnostic::new(Code::PARAMETER_STYLE, message, place)
            .label("OpenAPI does not define this style here")
            .help(format!("use {}", names.join(" or "))),
    );
}

/// A media type that is written out: `type/subtype`, perhaps with parameters.
pub(super) fn check_media_type(text: &str, pointer: &Pointer, report: &mut Report<'_>) {
    check_media_type_at(text, report.value(pointer), report);
}

/// The same for a media type at any place, such as a key.
pub(super) fn check_media_type_at(text: &str, place: Place, report: &mut Report<'_>) {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let tokens = essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if tokens && !text.contains(char::is_control) {
        return;
    }
    let usual = match essence.to_ascii_lowercase().as_str() {
        "xml" => "application/xml",
        "text" | "plain" | "txt" => "text/plain",
        "form" => "application/x-www-form-urlencoded",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "csv" => "text/csv",
        _ => "application/json",
    };
    report.push(
        Diagnostic::new(Code::INVALID_VALUE, format!("`{text}` is not a media type"), place)
            .label("expected a type and a subtype")
            .help(format!("write it like `{usual}`")),
    );
}
