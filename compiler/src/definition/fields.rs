//! Reads typed definitions from a tree, and says where the tree is not what was expected.
//!
//! Every key is asked for by name, so that the keys nobody asked for are known at the end: they
//! become diagnostics with the nearest known key. Places are kept as a chain of borrowed tokens and
//! turned into pointers only when there is something to say.

use std::cell::RefCell;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// Where a reader's complaints go.
pub struct Sink {
    source: SourceId,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

/// A node of the tree that is being read.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    value: &'a Value,
    path: Path<'a>,
    sink: &'a Sink,
}

/// The keys of a mapping that is being read.
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    node: Node<'a>,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
    judged: bool,
}

#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Sink {
    /// A sink for complaints about `source`.
    #[must_use]
    pub fn new(source: &SourceId) -> Self {
        Self { source: source.clone(), diagnostics: RefCell::default() }
    }

    /// What was complained about.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    fn push(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }
}

impl<'a> Node<'a> {
    /// The root of a tree.
    #[must_use]
    pub fn root(value: &'a Value, sink: &'a Sink) -> Self {
        Self { value, path: Path::Root, sink }
    }

    /// Reads a mapping; keys that `read` does not ask for are reported.
    pub fn fields<T>(self, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Option<T> {
        let Value::Object(map) = self.value else {
            self.wrong_type("a mapping");
            return None;
        };
        let mut fields = Fields { map, node: self, known: Vec::new(), missing: Vec::new(), judged: true };
        let value = read(&mut fields);
        fields.report_missing();
        fields.report_unknown();
        value
    }

    /// Reads each item of a sequence; items that cannot be read are left out, and reported.
    pub fn items<T>(self, mut read: impl FnMut(Node<'_>) -> Option<T>) -> Vec<T> {
        let Value::Array(items) = self.value else { return Vec::new() };
        items
            .iter()
            .enumerate()
            .filter_map(|(index, value)| read(Node { value, path: Path::Item(&self.path, index), sink: self.sink }))
            .collect()
    }

    /// Reads each member of a mapping; members that cannot be read are left out, and reported.
    pub fn members<T>(self, mut read: impl FnMut(Node<'_>) -> Option<T>) -> Vec<(String, T)> {
        let Value::Object(map) = self.value else { return Vec::new() };
        map.iter()
            .filter_map(|(key, value)| {
                let value = read(Node { value, path: Path::Key(&self.path, key), sink: self.sink })?;
                Some((key.clone(), value))
            })
            .collect()
    }

    /// The value itself.
    #[must_use]
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// Whether it is a sequence.
    #[must_use]
    pub fn is_sequence(self) -> bool {
        self.value.is_array()
    }

    /// Whether it is a mapping.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        self.value.is_object()
    }

    /// A whole number between `least` and `most`.
    pub fn integer(self, least: u32, most: u32) -> Option<u32> {
        let number = self.value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_some() {
            return number;
        }
        let wanted = match (least, most) {
            (least, most) if least == most => format!("`{least}`"),
            (least, u32::MAX) => format!("a whole number from {least}"),
            (least, most) => format!("a whole number from {least} to {most}"),
        };
        match self.value {
            Value::Number(_) => self.unfit(Code::INVALID_VALUE, &wanted, None),
            Value::String(text) if text.trim().parse::<u32>().is_ok() => {
                self.unfit(Code::WRONG_TYPE, &wanted, Some(format!("write it without quotes: `{}`", text.trim())));
            }
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong_type(&wanted);
            }
        }
        None
    }

    /// Text of a special form, such as an address.
    pub fn parsed<T>(self, wanted: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = self.value.as_str().and_then(parse);
        if value.is_none() {
            self.unfit(Code::INVALID_VALUE, wanted, None);
        }
        value
    }

    /// A quantity: a number with a unit, such as a duration. `unit` is the one to suggest.
    pub fn quantity<T>(self, wanted: &str, unit: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = self.value.as_str().and_then(parse);
        if value.is_none() {
            let written = match self.value {
                Value::Number(number) => number.to_string(),
                Value::String(text) => text.clone(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
            };
            let digits: String = written.trim().chars().take_while(char::is_ascii_digit).collect();
            let help = (1..=9).contains(&digits.len()).then(|| format!("write a number and a unit: `{digits}{unit}`"));
            self.unfit(Code::INVALID_VALUE, wanted, help);
        }
        value
    }

    /// One of a few words.
    pub fn choice<T: Copy>(self, choices: &[(&str, T)]) -> Option<T> {
        let given = self.value.as_str();
        if let Some((_, value)) = choices.iter().find(|(name, _)| Some(*name) == given) {
            return Some(*value);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!("`{}` cannot be {}", self.path.name().unwrap_or_default(), describe(self.value));
        let diagnostic = Diagnostic::new(Code::INVALID_VALUE, message, self.place()).label("not a known value");
        self.report(suggest(diagnostic, given.unwrap_or_default(), &names));
        None
    }

    /// Reports that something else was wanted.
    pub(super) fn wrong_type(self, wanted: &str) {
        self.unfit(Code::WRONG_TYPE, wanted, None);
    }

    /// Reports that something else was wanted, and the edit to make.
    pub(super) fn wrong_type_edit(self, wanted: &str, edit: &str) {
        self.unfit(Code::WRONG_TYPE, wanted, Some(format!("write {edit}")));
    }

    fn unfit(self, code: Code, wanted: &str, help: Option<String>) {
        let found = describe(self.value);
        let message = match self.path.name() {
            Some(name) => format!("`{name}` must be {wanted}"),
            None => format!("expected {wanted}"),
        };
        let diagnostic = Diagnostic::new(code, message, self.place()).label(format!("this is {found}"));
        self.report(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// Bytes within this scalar.
    pub(super) fn place_within(self, bytes: Range<usize>) -> Place {
        Place::within(&self.sink.source, self.path.pointer(), bytes)
    }

    fn place(self) -> Place {
        Place::value(&self.sink.source, self.path.pointer())
    }

    pub(super) fn report(self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }
}

impl Fields<'_> {
    /// A key that must be there.
    pub fn required<T>(&mut self, key: &'static str, read: impl FnOnce(Node<'_>) -> Option<T>) -> Option<T> {
        if self.map.get(key).is_none_or(Value::is_null) {
            self.known.push(key);
            self.missing.push(key);
            return None;
        }
        self.optional(key, read)
    }

    /// A key that may be there; `null` counts as absent.
    pub fn optional<T>(&mut self, key: &'static str, read: impl FnOnce(Node<'_>) -> Option<T>) -> Option<T> {
        self.known.push(key);
        let value = self.map.get(key).filter(|value| !value.is_null())?;
        read(Node { value, path: Path::Key(&self.node.path, key), sink: self.node.sink })
    }

    /// A mapping that must be there.
    pub fn required_mapping<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        self.required(key, |node| node.fields(read))
    }

    /// A mapping that may be there.
    pub fn mapping<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Option<T> {
        self.optional(key, |node| node.fields(read))
    }

    /// A mapping whose keys are the author's, in order; empty when absent.
    pub fn entries<T>(&mut self, key: &'static str, read: impl FnMut(Node<'_>) -> Option<T>) -> Vec<(String, T)> {
        self.optional_entries(key, read).unwrap_or_default()
    }

    /// A mapping whose keys are the author's, in order.
    pub fn optional_entries<T>(
        &mut self,
        key: &'static str,
        read: impl FnMut(Node<'_>) -> Option<T>,
    ) -> Option<Vec<(String, T)>> {
        self.optional(key, |node| {
            if !node.is_mapping() {
                if node.is_sequence() {
                    node.wrong_type_edit("a mapping", "each item as `NAME: value`, without `-`");
                } else {
                    node.wrong_type("a mapping");
                }
                return None;
            }
            Some(node.members(read))
        })
    }

    /// Leaves the keys of this mapping unjudged.
    pub fn accept_all(&mut self) {
        self.judged = false;
    }

    /// Once all keys are known: a key that is nearly right says more than "missing".
    fn report_missing(&self) {
        let holder = self.node.path.name().map_or("this file".to_owned(), |name| format!("`{name}`"));
        for key in self.missing.iter().filter(|key| !self.map.keys().any(|name| self.is_typo(name, key))) {
            self.node.report(
                Diagnostic::new(Code::MISSING_KEY, format!("{holder} has no `{key}`"), self.place_of_missing(key))
                    .label(format!("`{key}` is required here"))
                    .help(format!("add `{}`", example(key))),
            );
        }
    }

    /// The key itself where it has no value, otherwise the mapping's key, or the first key of a file.
    fn place_of_missing(&self, key: &str) -> Place {
        if self.map.contains_key(key) {
            return Place::key(&self.node.sink.source, self.node.path.pointer().child(key));
        }
        match (self.node.path, self.map.keys().next()) {
            (Path::Root, Some(first)) => Place::key(&self.node.sink.source, Pointer::root().child(first.as_str())),
            _ => self.node.place(),
        }
    }

    fn is_typo(&self, name: &str, key: &str) -> bool {
        !self.known.contains(&name) && nearest(name, [key]).is_some()
    }

    /// Where not all keys are known, only those that stand for a missing one are told.
    fn report_unknown(&self) {
        let told = |name: &str| self.judged || self.missing.iter().any(|key| self.is_typo(name, key));
        for key in self.map.keys().filter(|key| !self.known.contains(&key.as_str()) && told(key)) {
            let pointer = self.node.path.pointer().child(key.as_str());
            let holder = self.node.path.name().map_or(String::new(), |name| format!(" in `{name}`"));
            let place = Place::key(&self.node.sink.source, pointer);
            let diagnostic = Diagnostic::new(Code::UNKNOWN_KEY, format!("unknown key `{key}`{holder}"), place)
                .label("nothing reads this");
            self.node.report(suggest(diagnostic, key, &self.known));
        }
    }
}

impl Path<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            Self::Root => Pointer::root(),
            Self::Key(parent, key) => parent.pointer().child(*key),
            Self::Item(parent, index) => parent.pointer().item(*index),
        }
    }

    /// The nearest key on the way up.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Root => None,
            Self::Key(_, key) => Some(key),
            Self::Item(parent, _) => parent.name(),
        }
    }
}

/// `serde` predicate for flags that are left out when unset.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(super) fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Adds the nearest known name to a diagnostic, or all of them if none is near.
fn suggest(diagnostic: Diagnostic, given: &str, known: &[&str]) -> Diagnostic {
    match nearest(given, known.iter().copied()) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic.help(format!("known here: {}", list(known))),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A required key with a value that it could have.
fn example(key: &str) -> String {
    let value = match key {
        "version" => "1",
        "kind" => "capability",
        "name" => "NAME",
        "server" => "https://api.example.com",
        "description" => "What it does and when to use it.",
        "input" => "{type: object}",
        "request" => "{method: GET, path: /things}",
        "method" => "GET",
        "path" => "/things",
        "transport" => "{http: https://mcp.example.com/mcp}",
        "$defs" => "{NAME: {type: object}}",
        _ => "…",
    };
    format!("{key}: {value}")
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => format!("the boolean `{value}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the text {:?}", text.chars().take(40).collect::<String>()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}
