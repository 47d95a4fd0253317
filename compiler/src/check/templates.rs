//! Names and filters in templates, and where secrets may stand.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Report;
use super::request_scope::{check_bytes, check_scope_name, is_scope_name};
use crate::definition::{FilterKind, Hole, NameUse, Template, TemplateName, TemplateValue};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::syntax::Pointer;

/// Which names a template may use.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'a> {
    /// The arguments, if any may stand here.
    pub(super) arguments: Option<&'a BTreeSet<&'a str>>,
    /// Whether secrets may stand here.
    pub(super) secrets: Secrets,
}

/// Whether secrets may stand somewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    /// A credential belongs here.
    Allowed,
    /// A credential belongs here that may sign the request, which its expressions read.
    Signing,
    /// They belong into the api's file.
    Refused,
}

impl Allowed<'_> {
    /// Secrets and nothing else.
    pub(super) const CREDENTIALS: Allowed<'static> = Allowed { arguments: None, secrets: Secrets::Allowed };
    /// Secrets, the request as it is sent, and the time.
    pub(super) const SIGNATURES: Allowed<'static> = Allowed { arguments: None, secrets: Secrets::Signing };
    /// Neither arguments nor secrets.
    pub(super) const NOTHING: Allowed<'static> = Allowed { arguments: None, secrets: Secrets::Refused };
}

/// Checks one template.
pub(super) fn check_template(template: &Template, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    for hole in template.holes() {
        check_names(hole, pointer, allowed, report);
        check_filters(hole, pointer, report);
        check_bytes(hole, pointer, report);
    }
}

/// Checks every template in a value.
pub(super) fn check_value(value: &TemplateValue, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    value.visit(&mut Vec::new(), &mut |path, template| {
        let pointer = path.iter().fold(pointer.clone(), |pointer, token| pointer.child(token.as_str()));
        check_template(template, &pointer, allowed, report);
    });
}

fn check_names(hole: &Hole, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    for used in &hole.names {
        let place = within(report, pointer, &used.range);
        if let Some(diagnostic) = misused(hole, used, &place) {
            report.push(diagnostic);
            continue;
        }
        match (&used.name, allowed.arguments) {
            (TemplateName::Secret(name), _) => check_secret(name, pointer, place, allowed.secrets, report),
            (TemplateName::Argument(name), Some(known)) if known.contains(name.as_str()) => {}
            (TemplateName::Argument(name), _) if is_scope_name(name) => {
                report.diagnostics.extend(check_scope_name(hole, used, place, allowed.secrets));
            }
            (TemplateName::Argument(name), Some(known)) => report.push(unknown_argument(name, place, known)),
            (TemplateName::Argument(name), None) => report.push(out_of_reach(name, place, allowed.secrets)),
        }
    }
}

/// A name where no argument reaches.
fn out_of_reach(name: &str, place: Place, secrets: Secrets) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UNKNOWN_ARGUMENT, format!("`{name}` has no meaning here"), place);
    let shouted = name.len() > 2 && !name.contains(|c: char| c.is_ascii_lowercase());
    match secrets {
        Secrets::Allowed | Secrets::Signing if shouted => {
            diagnostic.label("secrets are named through `secret`").help(format!("write `{{{{ secret.{name} }}}}`"))
        }
        Secrets::Allowed | Secrets::Signing => {
            diagnostic.label("arguments do not reach this place").help("write the text itself, or `{{ secret.NAME }}`")
        }
        Secrets::Refused => diagnostic.label("arguments do not reach this place").help("write the text itself"),
    }
}

/// Functions, and the scopes `args` and `secret` without a name behind them.
fn misused(hole: &Hole, used: &NameUse, place: &Place) -> Option<Diagnostic> {
    let TemplateName::Argument(name) = &used.name else { return None };
    let written = |range: Range<usize>| {
        let bytes = range.start.checked_sub(hole.range.start)?..range.end.checked_sub(hole.range.start)?;
        hole.source.get(bytes)
    };
    if written(used.range.end..hole.range.end).is_some_and(|rest| rest.trim_start().starts_with('(')) {
        let message = format!("there is no function `{name}`");
        return Some(
            Diagnostic::new(Code::UNKNOWN_ARGUMENT, message, place.clone())
                .label("templates have filters and no functions")
                .help("`cap explain CAP0202` lists the filters"),
        );
    }
    let bare = matches!(name.as_str(), "args" | "secret") && written(used.range.clone()) == Some(name.as_str());
    bare.then(|| {
        Diagnostic::new(Code::UNKNOWN_ARGUMENT, format!("`{name}` alone is not a value"), place.clone())
            .label("a name must follow")
            .help(format!("write `{{{{ {name}.NAME }}}}`"))
    })
}

fn unknown_argument(name: &str, place: Place, known: &BTreeSet<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UNKNOWN_ARGUMENT, format!("the input has no argument `{name}`"), place)
        .label("no input property has this name");
    match nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("add `{name}` to `input.properties`")),
    }
}

fn check_secret(name: &str, pointer: &Pointer, place: Place, secrets: Secrets, report: &mut Report<'_>) {
    if secrets == Secrets::Refused {
        report.push(
            Diagnostic::new(Code::SECRET_NOT_ALLOWED, format!("the secret `{name}` may not stand here"), place)
                .label("a credential does not belong here")
                .help(credential_home(name, pointer)),
        );
    } else if !is_secret_name(name) {
        report.push(
            Diagnostic::new(Code::INVALID_VALUE, format!("`{name}` is not the name of a secret"), place)
                .label("expected letters, digits and `_`, as of an environment variable")
                .help(format!("rename it, for example to `{}`", name.to_ascii_uppercase().replace('-', "_"))),
        );
    }
}

/// Where a credential belongs that stands at `pointer`.
fn credential_home(secret: &str, pointer: &Pointer) -> String {
    let tokens: Vec<&str> = pointer.tokens().iter().map(String::as_str).collect();
    let key = match tokens.as_slice() {
        ["server", ..] => {
            return "move `server` to a `kind: api` file, where it may hold secrets, and name that by `api`".to_owned();
        }
        ["request", "headers", name, ..] if name.eq_ignore_ascii_case("authorization") => {
            return format!(
                "write `auth: {{bearer: \"{{{{ secret.{secret} }}}}\"}}`, in the api's file if there is one"
            );
        }
        ["request", "query", ..] => "query",
        ["request", "headers", ..] => "header",
        ["request", "cookies", ..] => "cookie",
        _ => return "move it to `auth`, of the api's file if there is one".to_owned(),
    };
    let name = tokens.get(2).copied().unwrap_or_default();
    format!("write `auth: {{{key}: {{{name}: \"{{{{ secret.{secret} }}}}\"}}}}`, in the api's file if there is one")
}

fn is_secret_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 128
}

fn check_filters(hole: &Hole, pointer: &Pointer, report: &mut Report<'_>) {
    for used in &hole.filters {
        let (known, word): (&[&str], _) = match used.kind {
            FilterKind::Filter => (&FILTERS, "filter"),
            FilterKind::Test => (&TESTS, "test"),
        };
        if known.contains(&used.name.as_str()) {
            continue;
        }
        let place = within(report, pointer, &used.range);
        let diagnostic = Diagnostic::new(Code::UNKNOWN_FILTER, format!("there is no {word} `{}`", used.name), place)
            .label(format!("this {word} is not known"));
        report.push(match nearest(&used.name, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("`cap explain CAP0202` says which there are"),
        });
    }
}

fn within(report: &Report<'_>, pointer: &Pointer, range: &Range<usize>) -> Place {
    Place::within(report.source, pointer.clone(), range.clone())
}

/// minijinja's filters that make sense for one value of a request.
pub(super) const FILTERS: [&str; 55] = [
    "abs",
    "attr",
    "base64",
    "base64url",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "hex",
    "hmac_sha1",
    "hmac_sha256",
    "hmac_sha512",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "md5",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sha1",
    "sha256",
    "sha512",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "urlencode",
    "zip",
];

/// minijinja's tests.
pub(super) const TESTS: [&str; 26] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "integer",
    "iterable",
    "le",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
];
