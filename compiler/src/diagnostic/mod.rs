//! What the compiler has to say about an author's text: data only.
//!
//! A diagnostic names its places symbolically (file and JSON Pointer). [`crate::report`] finds the
//! characters when, and only when, there is something to show.

mod code;
mod nearest;

pub use code::{Code, CodeInfo, all_codes};
pub use nearest::nearest;

use std::ops::Range;

use crate::source::SourceId;
use crate::syntax::Pointer;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing has to change.
    Note,
    /// Compiles, and agents would use it better if it were said otherwise.
    Advice,
    /// Compiles, but is probably not what was meant.
    Warning,
    /// Does not compile; the file is left out.
    Error,
}

/// One message about one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which rule speaks.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What is true: lower case, no full stop, names between backticks.
    pub message: String,
    /// Where the fault is.
    pub primary: Label,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// Background.
    pub notes: Vec<String>,
    /// The edit to make.
    pub help: Option<String>,
    /// Further places with the same fault, counted and not shown.
    pub repeated: usize,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// Why; may be empty on a primary label whose message says it all.
    pub text: String,
}

/// A symbolic location: it costs nothing until it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which file.
    pub source: SourceId,
    /// Which node of the file.
    pub pointer: Pointer,
    /// Which part of the node.
    pub part: Part,
}

/// The part of a node that a [`Place`] means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The value.
    Value,
    /// The key under which the value stands.
    Key,
    /// The whole file: it is named and nothing of it is shown.
    File,
    /// Bytes within a scalar's text.
    Within(Range<usize>),
    /// Bytes of the file itself, for text that did not parse.
    Bytes(Range<usize>),
}

/// What a stage made, and all that it had to say meanwhile.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// The product, if the faults left one.
    pub value: Option<T>,
    /// Everything noticed, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Diagnostic {
    /// A diagnostic at `place`, with the severity its code carries.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>, place: Place) -> Self {
        Self {
            code,
            severity: code.info().severity,
            message: message.into(),
            primary: Label { place, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            repeated: 0,
        }
    }

    /// Says what is wrong at the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn also(mut self, place: Place, text: impl Into<String>) -> Self {
        self.secondary.push(Label { place, text: text.into() });
        self
    }

    /// Adds background.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says which edit to make.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Whether the file it speaks of does not compile.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Place {
    /// The value at `pointer`.
    #[must_use]
    pub fn value(source: &SourceId, pointer: Pointer) -> Self {
        Self { source: source.clone(), pointer, part: Part::Value }
    }

    /// The key at `pointer`.
    #[must_use]
    pub fn key(source: &SourceId, pointer: Pointer) -> Self {
        Self { source: source.clone(), pointer, part: Part::Key }
    }

    /// Bytes within the scalar at `pointer`.
    #[must_use]
    pub fn within(source: &SourceId, pointer: Pointer, bytes: Range<usize>) -> Self {
        Self { source: source.clone(), pointer, part: Part::Within(bytes) }
    }

    /// The file as a whole.
    #[must_use]
    pub fn file(source: &SourceId) -> Self {
        Self { source: source.clone(), pointer: Pointer::root(), part: Part::File }
    }

    /// Bytes of the file itself.
    #[must_use]
    pub fn bytes(source: &SourceId, bytes: Range<usize>) -> Self {
        Self { source: source.clone(), pointer: Pointer::root(), part: Part::Bytes(bytes) }
    }
}

impl<T> Outcome<T> {
    /// Nothing could be made, for this one reason.
    #[must_use]
    pub fn failed(diagnostic: Diagnostic) -> Self {
        Self { value: None, diagnostics: vec![diagnostic] }
    }
}
