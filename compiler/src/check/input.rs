//! Rules of the input schema: what agents send.

use std::collections::BTreeSet;

use serde_json::Value;

use super::names::is_argument_name;
use super::{Linked, Report, meta_schema, schema};
use crate::definition::argument_expression;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::Pointer;

/// Checks the input schema and gives the names of the arguments.
pub(super) fn check_input<'a>(linked: &Linked<'a>, report: &mut Report<'_>) -> BTreeSet<&'a str> {
    let input = &linked.definition.input;
    let pointer = Pointer::of(["input"]);
    if input.get("type").and_then(Value::as_str) != Some("object") {
        let place =
            if input.get("type").is_some() { report.value(&pointer.child("type")) } else { report.key(&pointer) };
        report.push(
            Diagnostic::new(Code::INPUT_NOT_OBJECT, "the input is not an object", place)
                .label("agents send named arguments, so the root needs `type: object`")
                .help("write `type: object` and put the arguments under `properties`"),
        );
        // Its arguments are known all the same, so that the request can be checked.
        return properties(input).collect();
    }
    meta_schema::check(input, &pointer, report);
    schema::check_references(linked, input, &pointer, report);
    let arguments: BTreeSet<&str> = properties(input).collect();
    for name in &arguments {
        check_argument_name(name, &pointer, report);
    }
    check_required(input, &arguments, &pointer, report);
    arguments
}

/// Warns of arguments that the request never uses.
pub(super) fn check_unused(arguments: &BTreeSet<&str>, used: &BTreeSet<String>, report: &mut Report<'_>) {
    for name in arguments.iter().filter(|name| !used.contains(**name)) {
        let place = report.key(&Pointer::of(["input", "properties", name]));
        report.push(
            Diagnostic::new(Code::UNUSED_ARGUMENT, format!("`{name}` is never sent"), place)
                .label("the request does not use this argument")
                .help(format!("use `{{{{ {} }}}}` in `request`, or remove it", argument_expression(name))),
        );
    }
}

fn properties(input: &Value) -> impl Iterator<Item = &str> {
    input.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str())
}

fn check_argument_name(name: &str, pointer: &Pointer, report: &mut Report<'_>) {
    if is_argument_name(name) {
        return;
    }
    let place = report.key(&pointer.child("properties").child(name));
    let message = format!("agents cannot use `{name}` as an argument's name");
    report.push(
        Diagnostic::new(Code::ARGUMENT_NAME, message, place)
            .label("expected at most 64 letters, digits, `_`, `-` and `.`")
            .help("rename the argument; the name on the wire is the key in `request` and stays as it is"),
    );
}

fn check_required(input: &Value, arguments: &BTreeSet<&str>, pointer: &Pointer, report: &mut Report<'_>) {
    let required = input.get("required").and_then(Value::as_array).into_iter().flatten();
    for (index, name) in required.enumerate() {
        let Some(name) = name.as_str().filter(|name| !arguments.contains(name)) else { continue };
        let place = report.value(&pointer.child("required").item(index));
        let diagnostic =
            Diagnostic::new(Code::REQUIRED_UNKNOWN, format!("`required` names `{name}`, which is no property"), place)
                .label("no such property");
        report.push(match nearest(name, arguments.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("add `{name}` to `properties`, or remove it here")),
        });
    }
}
