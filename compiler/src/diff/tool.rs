//! One tool before and after: the parts of the comparison put together.

use serde_json::Value;

use super::change::Change;
use super::code::ChangeCode;
use super::first::{self, Known};
use super::said::{self, Part};
use super::side::ApprovedUpstream;
use super::{argument, effect, reach, request, words};
use crate::capability::{Annotations, Call, Capability, ToolOverride};
use crate::diagnostic::Place;
use crate::source::SourceId;
use crate::syntax::Pointer;

/// A tool that agents may call.
#[derive(Clone, Debug)]
pub(super) enum Tool<'t> {
    /// One that was compiled.
    Capability(&'t Capability),
    /// One of an upstream, as it was approved.
    Relayed {
        /// Its name for agents.
        name: String,
        /// Its name at the upstream.
        own: &'t str,
        definition: &'t Value,
        of: &'t ApprovedUpstream,
    },
}

/// What agents see of a tool.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) title: Option<String>,
    pub(super) description: String,
    pub(super) annotations: Annotations,
    pub(super) input: Value,
    pub(super) output: Option<Value>,
    pub(super) tags: Vec<String>,
    pub(super) deprecated: bool,
}

/// Both forms of a tool, and the one place where changes of it are made.
pub(super) struct Both<'t> {
    pub(super) old: &'t Tool<'t>,
    pub(super) new: &'t Tool<'t>,
}

impl<'t> Tool<'t> {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Capability(capability) => capability.tool.as_str(),
            Self::Relayed { name, .. } => name,
        }
    }

    pub(super) fn capability(&self) -> Option<&'t Capability> {
        match self {
            Self::Capability(capability) => Some(capability),
            Self::Relayed { .. } => None,
        }
    }

    /// Whether nothing about it is different, where it came from among it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Capability(one), Self::Capability(another)) => std::ptr::eq(*one, *another) || one == another,
            (Self::Relayed { definition, of, own, .. }, Self::Relayed { definition: now, of: after, .. }) => {
                definition == now && overrides(of, own) == overrides(after, own)
            }
            _ => false,
        }
    }

    /// What it does, by which it is known under another name.
    pub(super) fn operation(&self) -> String {
        match self {
            Self::Capability(capability) => match &capability.call {
                Call::Http(call) => {
                    format!("{} {} {}", call.method, super::sent::shown(&call.server), request::path_pattern(call))
                }
                Call::Mcp(call) => format!("{} {}", capability.server, call.tool),
            },
            Self::Relayed { definition, of, .. } => {
                let mut shape = (*definition).clone();
                if let Value::Object(map) = &mut shape {
                    map.shift_remove("name");
                }
                // Of upstreams nothing but the definition is known, so that only the same one is the same tool.
                format!("{} {shape}", of.upstream.name())
            }
        }
    }

    /// The same without where its api is reached.
    pub(super) fn operation_of_api(&self) -> String {
        match self.capability().and_then(|it| Some((it, it.call.http()?))) {
            Some((capability, call)) => {
                format!("{} {} {}", capability.server, call.method, request::path_pattern(call))
            }
            None => self.operation(),
        }
    }

    pub(super) fn source(&self) -> &SourceId {
        match self {
            Self::Capability(capability) => &capability.origin.definition,
            Self::Relayed { of, .. } => &of.tools_file,
        }
    }

    /// A place in the tool's file; `tokens` as in a capability's file.
    pub(super) fn place(&self, tokens: &[&str]) -> Place {
        let within =
            |start: Pointer, tokens: &[&str]| tokens.iter().fold(start, |pointer, token| pointer.child(*token));
        match self {
            Self::Capability(capability) => match tokens {
                [] => Place::file(&capability.origin.definition),
                tokens => Place::key(&capability.origin.definition, within(Pointer::root(), tokens)),
            },
            Self::Relayed { of, own, .. } => {
                let tools = of.approved.iter().flat_map(|approved| approved.tools());
                let index = tools.map(|(name, _)| name).position(|name| name == *own).unwrap_or_default();
                let tokens: Vec<&str> = match tokens {
                    ["input", rest @ ..] => ["inputSchema"].iter().chain(rest).copied().collect(),
                    ["response", "schema", rest @ ..] => ["outputSchema"].iter().chain(rest).copied().collect(),
                    tokens => tokens.to_vec(),
                };
                Place::value(&of.tools_file, within(Pointer::of(["tools"]).item(index), &tokens))
            }
        }
    }

    /// What agents see of it.
    pub(super) fn seen(&self) -> Seen {
        match self {
            Self::Capability(capability) => Seen {
                title: capability.title.clone(),
                description: capability.description.clone(),
                annotations: capability.annotations,
                input: capability.input.read(),
                output: capability.output.as_ref().map(crate::capability::SchemaText::read),
                tags: capability.tags.clone(),
                deprecated: capability.deprecated,
            },
            Self::Relayed { definition, of, own, .. } => relayed(definition, overrides(of, own)),
        }
    }
}

fn overrides<'t>(of: &'t ApprovedUpstream, own: &str) -> Option<&'t ToolOverride> {
    of.upstream.overrides.get(own)
}

/// What agents see of an upstream's tool: the server's words and hints where the upstream's file has none. A hint
/// that is not given is the one that MCP says to assume.
fn relayed(definition: &Value, said: Option<&ToolOverride>) -> Seen {
    let text = |key: &str| definition.get(key).and_then(Value::as_str).map(str::to_owned);
    let of_hints = |key: &str| definition.get("annotations")?.get(key)?.as_str().map(str::to_owned);
    let hint = |key: &str, own: Option<bool>, usual: bool| {
        let given = definition.get("annotations").and_then(|it| it.get(key)).and_then(Value::as_bool);
        own.or(given).unwrap_or(usual)
    };
    let read_only = hint("readOnlyHint", said.and_then(|it| it.read_only), false);
    Seen {
        title: said.and_then(|it| it.title.clone()).or_else(|| text("title")).or_else(|| of_hints("title")),
        description: said.and_then(|it| it.description.clone()).or_else(|| text("description")).unwrap_or_default(),
        annotations: Annotations {
            read_only,
            destructive: !read_only && hint("destructiveHint", said.and_then(|it| it.destructive), true),
            idempotent: hint("idempotentHint", said.and_then(|it| it.idempotent), false),
            open_world: hint("openWorldHint", said.and_then(|it| it.open_world), true),
        },
        input: definition.get("inputSchema").cloned().unwrap_or(Value::Bool(true)),
        output: definition.get("outputSchema").cloned(),
        tags: said.map(|it| it.tags.clone()).unwrap_or_default(),
        deprecated: false,
    }
}

impl Both<'_> {
    /// A change of the tool, at the same place of both files.
    pub(super) fn change(&self, code: ChangeCode, sentence: impl Into<String>, at: &[&str]) -> Change {
        Change {
            code,
            subject: self.new.name().to_owned(),
            sentence: sentence.into(),
            texts: None,
            old: Some(self.old.place(at)),
            new: Some(self.new.place(at)),
        }
    }
}

pub(super) fn removed(tool: &Tool<'_>) -> Change {
    let sentence = "the tool is gone".to_owned();
    let (code, subject) = (ChangeCode::TOOL_REMOVED, tool.name().to_owned());
    Change { code, subject, sentence, texts: None, old: Some(tool.place(&[])), new: None }
}

/// A new tool, and what of it deserves a look: what it reaches for the first time, and its words.
pub(super) fn added(tool: &Tool<'_>, known: &Known) -> Vec<Change> {
    let seen = tool.seen();
    let sentence = match (seen.annotations.read_only, seen.annotations.destructive) {
        (true, _) => "the tool is new and only reads",
        (_, true) => "the tool is new and may overwrite or delete",
        (_, false) => "the tool is new and may change something",
    };
    let change = |code, sentence: String| Change {
        code,
        subject: tool.name().to_owned(),
        sentence,
        texts: None,
        old: None,
        new: Some(tool.place(&[])),
    };
    let mut changes = vec![change(ChangeCode::TOOL_ADDED, sentence.to_owned())];
    if let Some((capability, call)) = tool.capability().and_then(|it| Some((it, it.call.http()?))) {
        changes.extend(first::reached(call, known).into_iter().map(|(code, sentence)| change(code, sentence)));
        let done = effect::of_new(capability, call);
        changes.extend(done.into_iter().map(|(code, sentence)| change(code, sentence)));
    }
    changes.extend(words::suspicious(None, &seen).into_iter().map(|(code, sentence)| change(code, sentence)));
    changes
}

pub(super) fn renamed(old: &Tool<'_>, new: &Tool<'_>) -> Change {
    let sentence = format!("the tool was called `{}`", old.name());
    Both { old, new }.change(ChangeCode::TOOL_RENAMED, sentence, &[])
}

/// What changed of a tool.
pub(super) fn compare(old: &Tool<'_>, new: &Tool<'_>) -> Vec<Change> {
    let both = Both { old, new };
    let (before, after) = (old.seen(), new.seen());
    let mut changes = of_schemas(&both, &before, &after);
    changes.extend(effect::of_annotations(&both, &before, &after));
    if let (Some(before), Some(after)) = (old.capability(), new.capability()) {
        changes.extend(reach::of_capability(&both, before, after));
        changes.extend(effect::of_capability(&both, before, after));
        changes.extend(request::of_capability(&both, before, after));
    }
    changes.extend(words::of_tool(&both, &before, &after));
    changes.extend(trivial(&both, &before, &after));
    if changes.is_empty() && does_another_thing(old, new) {
        let sentence = "something of its request or its answer is another, which is not told apart";
        changes.push(both.change(ChangeCode::REQUEST_CHANGED, sentence, &["request"]));
    }
    changes
}

/// What changed of both schemas, their words among it.
fn of_schemas(both: &Both<'_>, before: &Seen, after: &Seen) -> Vec<Change> {
    let of_input = argument::of_input(both, &before.input, &after.input);
    let mut changes = with_words(both, Part::Input, &before.input, &after.input, of_input);
    let of_result = argument::of_result(both, before.output.as_ref(), after.output.as_ref());
    changes.extend(match (&before.output, &after.output) {
        (Some(old), Some(new)) => with_words(both, Part::Result, old, new, of_result),
        _ => of_result,
    });
    changes
}

/// Adds the words of a schema. Where no value is accepted otherwise, a text that came by another way is told too.
fn with_words(both: &Both<'_>, part: Part, old: &Value, new: &Value, mut changes: Vec<Change>) -> Vec<Change> {
    changes.extend(said::of_schema(both, part, old, new));
    let of_words = [ChangeCode::SCHEMA_REWRITTEN, ChangeCode::ARGUMENT_WORDS];
    if changes.iter().all(|it| of_words.contains(&it.code)) {
        changes.extend(said::otherwise(both, part, [old, new], &changes));
    }
    changes
}

/// Whether two forms of a tool differ in more than where their files are and how their schemas are written.
fn does_another_thing(old: &Tool<'_>, new: &Tool<'_>) -> bool {
    let (Some(old), Some(new)) = (old.capability(), new.capability()) else { return false };
    (&old.call, &old.answer, old.limits) != (&new.call, &new.answer, new.limits)
}

fn trivial(both: &Both<'_>, before: &Seen, after: &Seen) -> Vec<Change> {
    let mut changes = Vec::new();
    if both.old.source() != both.new.source() {
        let sentence = format!("its file was `{}`", both.old.source());
        changes.push(both.change(ChangeCode::FILE_MOVED, sentence, &[]));
    }
    match (before.deprecated, after.deprecated) {
        (false, true) => {
            changes.push(both.change(ChangeCode::LABELS_CHANGED, "the tool is deprecated", &["deprecated"]));
        }
        (true, false) => {
            changes.push(both.change(ChangeCode::LABELS_CHANGED, "the tool is no longer deprecated", &["deprecated"]));
        }
        _ => {}
    }
    if before.tags != after.tags {
        changes.push(both.change(ChangeCode::LABELS_CHANGED, "its tags are others", &["tags"]));
    }
    changes
}
