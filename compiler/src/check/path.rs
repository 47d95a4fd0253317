//! Rules of the request's path, and of the values in it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Report;
use super::capability::shape;
use super::parameter::{Location, Serialization, check_serialization};
use super::request::names;
use super::templates::{Allowed, check_template};
use crate::definition::{Hole, RequestDefinition, Template, TemplateName, argument_expression};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::syntax::Pointer;

/// Checks `path` and `path_parameters`.
pub(super) fn check_path(
    request: &RequestDefinition,
    input: &Value,
    root: &Pointer,
    allowed: &Allowed<'_>,
    report: &mut Report<'_>,
) {
    let pointer = root.child("path");
    check_template(&request.path, &pointer, allowed, report);
    if let Some((fault, help)) = fault(&request.path) {
        let place = report.value(&pointer);
        let message = "this is not a path below the server";
        report.push(Diagnostic::new(Code::REQUEST_PATH, message, place).label(fault).help(help));
    }
    check_optional(&request.path, input, &pointer, report);
    check_path_parameters(request, root, report);
}

fn fault(path: &Template) -> Option<(&'static str, String)> {
    let literal = shape(&path.pieces);
    if literal.starts_with("https://") || literal.starts_with("http://") {
        return Some(("must begin with `/`", "move scheme and host to `server`".to_owned()));
    }
    if literal.contains('?') {
        return Some(("must not hold a query", query_help(&path.source)));
    }
    if literal.contains('#') {
        return Some(("must not hold a fragment", "remove it: a fragment is never sent".to_owned()));
    }
    if !literal.starts_with('/') {
        return Some(("must begin with `/`", format!("write `/{}`", path.source.trim_start())));
    }
    if literal.split('/').any(|segment| matches!(segment, "." | "..")) {
        let help = "change the path of `server` instead, so that this one stands below it";
        return Some(("must not hold `.` or `..`", help.to_owned()));
    }
    if literal.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some(("must not hold white space", "write it on the key's line, without spaces".to_owned()));
    }
    None
}

/// The query of a path, as `query` writes it.
fn query_help(path: &str) -> String {
    let (before, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs: Vec<String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| format!("{name}: \"{value}\""))
        .collect();
    if pairs.is_empty() {
        return "move the parameters to `query`".to_owned();
    }
    format!("write `path: {before}` and `query: {{{}}}`", pairs.join(", "))
}

/// A path cannot leave a value out, so its arguments are required or have a default.
fn check_optional(path: &Template, input: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let required: Vec<&str> =
        input.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let known = |name: &str| input.pointer("/properties").and_then(|properties| properties.get(name)).is_some();
    for used in path.holes().filter(|hole| !has_default(hole)).flat_map(|hole| &hole.names) {
        let TemplateName::Argument(name) = &used.name else { continue };
        if required.contains(&name.as_str()) || !known(name) {
            continue;
        }
        let place = Place::within(report.source, pointer.clone(), used.range.clone());
        let expression = argument_expression(name);
        report.push(
            Diagnostic::new(Code::OPTIONAL_IN_PATH, format!("the path needs `{name}`, which may be left out"), place)
                .label("a path has no place for a missing value")
                .help(format!("add `{name}` to `input.required`, or write `{{{{ {expression} | default('…') }}}}`")),
        );
    }
}

/// Whether an expression says what stands for a missing value.
fn has_default(hole: &Hole) -> bool {
    hole.conditional || hole.filters.iter().any(|used| matches!(used.name.as_str(), "default" | "d"))
}

fn check_path_parameters(request: &RequestDefinition, root: &Pointer, report: &mut Report<'_>) {
    let anywhere: BTreeSet<&str> = names(&request.path).collect();
    let direct: BTreeSet<&str> =
        request.path.holes().filter(|hole| hole.direct).flat_map(|hole| &hole.names).filter_map(argument).collect();
    for (name, parameter) in &request.path_parameters {
        let pointer = root.child("path_parameters").child(name.as_str());
        if !direct.contains(name.as_str()) {
            let place = report.key(&pointer);
            report.push(unused(name, anywhere.contains(name.as_str()), &direct, place));
        }
        let said =
            Serialization { style: parameter.style, explode: parameter.explode, content: parameter.content.as_deref() };
        check_serialization(Location::Path, said, &pointer, report);
    }
}

fn argument(used: &crate::definition::NameUse) -> Option<&str> {
    match &used.name {
        TemplateName::Argument(name) => Some(name),
        TemplateName::Secret(_) => None,
    }
}

/// A path parameter that describes no value of the path.
fn unused(name: &str, computed: bool, direct: &BTreeSet<&str>, place: Place) -> Diagnostic {
    let expression = argument_expression(name);
    if computed {
        return Diagnostic::new(Code::UNKNOWN_ARGUMENT, format!("`{name}` stands in an expression of the path"), place)
            .label("what an expression makes has no style of its own")
            .help(format!("write `{{{{ {expression} }}}}` in `path`, or remove this"));
    }
    let diagnostic = Diagnostic::new(Code::UNKNOWN_ARGUMENT, format!("the path does not use `{name}`"), place)
        .label("no `{{ … }}` of the path has this name");
    if let Some(near) = nearest(name, direct.iter().copied()) {
        return diagnostic.help(format!("did you mean `{near}`?"));
    }
    if direct.is_empty() {
        return diagnostic.help(format!("add `{{{{ {expression} }}}}` to `path`, or remove this"));
    }
    let used: Vec<String> = direct.iter().map(|name| format!("`{name}`")).collect();
    diagnostic.help(format!("the path uses {}; name one of them, or remove this", used.join(", ")))
}
