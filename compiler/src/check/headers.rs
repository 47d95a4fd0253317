//! Rules of headers and cookies: what may be set by hand, and what can be sent at all.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Report;
use super::capability::shape;
use crate::capability::is_connection_header;
use crate::definition::{Template, TemplateValue};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

/// Who sets a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderOwner {
    /// A capability's request.
    Request,
    /// `headers` of an api or upstream.
    Api,
    /// A credential.
    Credential,
}

/// A header that may be set by hand.
pub(super) fn check_header_name(name: &str, owner: HeaderOwner, pointer: &Pointer, report: &mut Report<'_>) {
    let lower = name.to_ascii_lowercase();
    let (fault, help) = if !is_token(name) {
        (TOKEN, format!("rename it, for example to `{}`", as_token(name)))
    } else if is_connection_header(&lower) {
        ("the HTTP client sets this header itself", "remove it".to_owned())
    } else if owner == HeaderOwner::Request && matches!(lower.as_str(), "authorization" | "proxy-authorization") {
        ("credentials belong into `auth`", "remove it, and write `auth: {bearer: \"{{ secret.NAME }}\"}`".to_owned())
    } else {
        return;
    };
    let place = report.key(pointer);
    let message = format!("the header `{name}` cannot be set here");
    report.push(Diagnostic::new(Code::HEADER, message, place).label(fault).help(help));
}

/// A cookie's name must not end early in `Cookie: name=value; …`. RFC 6265 wants a token; servers
/// take more, and some documents have `[` and `]`.
pub(super) fn check_cookie_name(name: &str, pointer: &Pointer, report: &mut Report<'_>) {
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '=' | ';' | ',' | '"');
    if !name.is_empty() && !name.contains(ends) {
        return;
    }
    let place = report.key(pointer);
    report.push(
        Diagnostic::new(Code::HEADER, format!("the cookie `{name}` cannot be set"), place)
            .label("a cookie's name has no spaces, `=`, `;`, `,` and quotes")
            .help(format!("rename it, for example to `{}`", as_token(name))),
    );
}

/// Names that differ in case alone are one header.
pub(super) fn check_repeated<'a>(names: impl IntoIterator<Item = &'a str>, pointer: &Pointer, report: &mut Report<'_>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        let Some(first) = seen.insert(name.to_ascii_lowercase(), name) else { continue };
        let place = report.key(&pointer.child(name));
        let first_place = report.key(&pointer.child(first));
        report.push(
            Diagnostic::new(Code::HEADER, format!("the header `{name}` stands twice"), place)
                .label("upper and lower case make no difference")
                .also(first_place, "the same header")
                .help("remove one of the two"),
        );
    }
}

/// The literal parts of a header's or credential's value.
pub(super) fn check_header_template(value: &Template, pointer: &Pointer, report: &mut Report<'_>) {
    check_line(&shape(&value.pieces), pointer, report);
}

/// The literal parts of a header parameter.
pub(super) fn check_header_value(value: &TemplateValue, pointer: &Pointer, report: &mut Report<'_>) {
    if let TemplateValue::Literal(Value::String(text)) = value {
        check_line(text, pointer, report);
    }
    value.visit(&mut Vec::new(), &mut |path, template| {
        let pointer = path.iter().fold(pointer.clone(), |pointer, token| pointer.child(token.as_str()));
        check_header_template(template, &pointer, report);
    });
}

fn check_line(text: &str, pointer: &Pointer, report: &mut Report<'_>) {
    if !text.chars().any(|c| c.is_control() && c != '\t') {
        return;
    }
    let place = report.value(pointer);
    report.push(
        Diagnostic::new(Code::HEADER, "a header's value has control characters", place)
            .label("no line breaks or other control characters may stand here")
            .help("write the value on the key's line; a block text (`|`) ends with a line break"),
    );
}

const TOKEN: &str = "a name has letters, digits, `-`, `_` and a few other signs, and no spaces";

/// `token` of RFC 9110, section 5.6.2.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn as_token(name: &str) -> String {
    let name: String =
        name.trim().chars().map(|c| if u8::try_from(c).is_ok_and(is_token_byte) { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "X-Name".to_owned() } else { name.to_owned() }
}
