//! Text to overlay: its keys, its version, its JSONPaths. What they select is not looked at here.

use serde_json::Value;

use super::path::{PathFault, Query};
use super::{Action, Effect, Overlay};
use crate::definition::{Fields, Node, Sink, read};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::openapi::Report;
use crate::openapi::tree;
use crate::source::SourceId;
use crate::syntax::Pointer;

/// An action as it is written.
struct Written {
    target: String,
    update: Option<Value>,
    copy: Option<String>,
    remove: bool,
}

/// Reads an overlay; `None` if it has faults, all of which were reported.
#[must_use]
pub fn read(source: &SourceId, bytes: &[u8], report: &Report) -> Option<Overlay> {
    let tree = match tree::read(source, bytes, report) {
        Ok(tree) => tree,
        Err(diagnostic) => {
            report.say(*diagnostic);
            return None;
        }
    };
    if let Err(diagnostic) = check_version(source, &tree) {
        report.say(*diagnostic);
        return None;
    }
    let written = read_keys(source, &without_extensions(tree), report)?;
    let judged: Vec<Option<Action>> =
        written.into_iter().enumerate().map(|(index, action)| judge(source, index, action, report)).collect();
    let actions: Option<Vec<Action>> = judged.into_iter().collect();
    Some(Overlay { source: source.clone(), actions: actions? })
}

fn check_version(source: &SourceId, tree: &Value) -> Result<(), Box<Diagnostic>> {
    let version = match tree.get("overlay") {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
            let place = Place::value(source, Pointer::root());
            return Err(Box::new(
                Diagnostic::new(Code::OVERLAY_VERSION, "the text is not an overlay", place)
                    .label("there is no `overlay: 1.…` at its top")
                    .help("begin it with `overlay: 1.1.0`"),
            ));
        }
    };
    let mut parts = version.split('.');
    let read = parts.next() == Some("1") && matches!(parts.next(), Some("0" | "1"));
    if read {
        return Ok(());
    }
    let message = format!("Overlay {version} is not among the versions that are read");
    Err(Box::new(
        Diagnostic::new(Code::OVERLAY_VERSION, message, Place::value(source, Pointer::of(["overlay"])))
            .label("Overlay 1.0 and 1.1 are")
            .help("write it as `overlay: 1.1.0`, without what later versions added"),
    ))
}

/// The tree without the `x-` keys that the specification allows beside its own.
fn without_extensions(mut tree: Value) -> Value {
    let drop = |value: &mut Value| {
        if let Value::Object(map) = value {
            map.retain(|key, _| !key.starts_with("x-"));
        }
    };
    drop(&mut tree);
    if let Some(info) = tree.get_mut("info") {
        drop(info);
    }
    if let Some(Value::Array(actions)) = tree.get_mut("actions") {
        actions.iter_mut().for_each(drop);
    }
    tree
}

fn read_keys(source: &SourceId, tree: &Value, report: &Report) -> Option<Vec<Written>> {
    let sink = Sink::new(source);
    let actions = Node::root(tree, &sink).fields(|fields| {
        fields.required("overlay", |_| Some(()));
        fields.required_mapping("info", |info| {
            info.required("title", read::text);
            info.required("version", |_| Some(()));
            info.optional("description", read::text);
            Some(())
        });
        fields.optional("extends", read::text);
        fields.required("actions", read_actions)
    });
    let diagnostics = sink.into_diagnostics();
    let clean = diagnostics.is_empty();
    diagnostics.into_iter().for_each(|diagnostic| report.say(diagnostic));
    actions.filter(|_| clean)
}

fn read_actions(node: Node<'_>) -> Option<Vec<Written>> {
    if !node.is_sequence() {
        read::texts(node);
        return None;
    }
    Some(node.items(|node| node.fields(read_action)))
}

fn read_action(fields: &mut Fields<'_>) -> Option<Written> {
    let target = fields.required("target", read::text);
    fields.optional("description", read::text);
    let update = fields.optional("update", |node| Some(node.value().clone()));
    let copy = fields.optional("copy", read::text);
    let remove = fields.optional("remove", read::boolean).unwrap_or_default();
    Some(Written { target: target?, update, copy, remove })
}

/// An action with its paths understood; `None` if it has a fault, which was reported.
fn judge(source: &SourceId, index: usize, action: Written, report: &Report) -> Option<Action> {
    let at = Pointer::of(["actions"]).item(index);
    let query = |key: &str, text: &str| match Query::parse(text) {
        Ok(query) => Some(query),
        Err(fault) => {
            report.say(not_a_path(source, at.child(key), text, fault));
            None
        }
    };
    let target = query("target", &action.target);
    let effect = match (action.remove, action.update, action.copy) {
        // The specification: `remove` wins over both.
        (true, ..) => Some(Effect::Remove),
        (false, Some(update), None) => Some(Effect::Update(update)),
        (false, None, Some(copy)) => query("copy", &copy).map(Effect::Copy),
        (false, None, None) => {
            report.say(
                Diagnostic::new(Code::OVERLAY_ACTION, "an action has no effect", Place::value(source, at.clone()))
                    .label("it says neither `update`, `copy` nor `remove: true`")
                    .help("say what becomes of the target, or remove the action"),
            );
            None
        }
        (false, Some(_), Some(_)) => {
            report.say(
                Diagnostic::new(
                    Code::OVERLAY_ACTION,
                    "an action says both `update` and `copy`",
                    Place::key(source, at.child("copy")),
                )
                .label("either of them makes the other one void")
                .help("write two actions, in the order in which they should be done"),
            );
            None
        }
    };
    Some(Action { target: target?, effect: effect? })
}

fn not_a_path(source: &SourceId, pointer: Pointer, text: &str, fault: PathFault) -> Diagnostic {
    let end = text.get(fault.at..).and_then(|rest| rest.chars().next()).map_or(fault.at, |c| fault.at + c.len_utf8());
    let place =
        if end > fault.at { Place::within(source, pointer, fault.at..end) } else { Place::value(source, pointer) };
    Diagnostic::new(Code::OVERLAY_TARGET, "a target is not a JSONPath", place)
        .label(fault.message)
        .help("write it as RFC 9535 has it: `$.paths['/pets'].get`; names with other characters in brackets and quotes")
}
