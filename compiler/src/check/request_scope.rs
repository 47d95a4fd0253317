//! Names that stand for the request as it is sent (`request`) and for the time (`now`, `now_ms`), and
//! the digests that are made of them. They have a meaning where a credential signs the request.

use std::ops::Range;

use super::Report;
use super::templates::Secrets;
use crate::definition::{FilterKind, Hole, NameUse, TemplateName};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::syntax::Pointer;

/// What is known of the request.
const MEMBERS: [&str; 7] = ["method", "url", "host", "path", "query", "headers", "body"];

/// Filters that give bytes, which are no text until they are written as one.
const DIGESTS: [&str; 7] = ["hmac_sha1", "hmac_sha256", "hmac_sha512", "md5", "sha1", "sha256", "sha512"];

/// Whether a name stands for the request or the time, where no argument has it.
pub(super) fn is_scope_name(name: &str) -> bool {
    matches!(name, "request" | "now" | "now_ms")
}

/// What is wrong with one of these names, if something is.
pub(super) fn check_scope_name(hole: &Hole, used: &NameUse, place: Place, secrets: Secrets) -> Option<Diagnostic> {
    let TemplateName::Argument(name) = &used.name else { return None };
    if secrets != Secrets::Signing {
        return Some(
            Diagnostic::new(Code::REQUEST_SCOPE, format!("`{name}` has no meaning here"), place)
                .label("the request is known where it is signed")
                .help(
                    "move it to `auth.header`, `auth.query` or an api's `headers`; an argument is declared in `input`",
                ),
        );
    }
    if name != "request" {
        return None;
    }
    let known = MEMBERS.map(|member| format!("`request.{member}`")).join(", ");
    match member(hole, &used.range) {
        Some(member) if MEMBERS.contains(&member) => None,
        Some(member) => {
            let message = format!("the request has no `{member}`");
            let diagnostic =
                Diagnostic::new(Code::REQUEST_SCOPE, message, place).label("nothing of this name is known");
            Some(match nearest(member, MEMBERS) {
                Some(near) => diagnostic.help(format!("did you mean `request.{near}`?")),
                None => diagnostic.help(format!("known are {known}")),
            })
        }
        None => Some(
            Diagnostic::new(Code::REQUEST_SCOPE, "`request` alone is not a value", place)
                .label("a name must follow")
                .help(format!("known are {known}")),
        ),
    }
}

/// The name behind a use of `request`: `.method` or `['method']`.
fn member<'a>(hole: &'a Hole, used: &Range<usize>) -> Option<&'a str> {
    let rest = hole.source.get(used.end.checked_sub(hole.range.start)?..)?.trim_start();
    let word = |text: &'a str| {
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        text.get(..end).filter(|word| !word.is_empty())
    };
    if let Some(name) = rest.strip_prefix('.') {
        return word(name.trim_start());
    }
    word(rest.strip_prefix('[')?.trim_start().strip_prefix(['\'', '"'])?)
}

/// A digest that ends an expression would have to be text, and is not.
pub(super) fn check_bytes(hole: &Hole, pointer: &Pointer, report: &mut Report<'_>) {
    // The filter that is applied last covers all others, and comes first.
    let whole = hole.filters.first().filter(|used| used.kind == FilterKind::Filter && used.range.end == hole.range.end);
    let Some(digest) = whole.filter(|used| DIGESTS.contains(&used.name.as_str())) else { return };
    if hole.conditional {
        return;
    }
    let place = Place::within(report.source, pointer.clone(), digest.range.clone());
    report.push(
        Diagnostic::new(Code::DIGEST_AS_TEXT, format!("what `{}` gives is bytes", digest.name), place)
            .label("bytes are no text")
            .help(format!("write them as text: `{{{{ {} | hex }}}}` or `| base64`", hole.source)),
    );
}
