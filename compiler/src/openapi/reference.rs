//! References: what leads from one place of a document to another, in the same file or in another.
//!
//! A reference is resolved as RFC 3986 and JSON Schema 2020-12 (section 8.2) say: against the
//! `$id` that is in force where it stands, and otherwise against the file it stands in. What it
//! leads to was read before (see `library.rs`); nothing is loaded here.

use serde_json::Value;

use super::{Address, Document, Report, Spot, Trail};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// How many references may follow one another before one counts as a loop.
const HOPS: usize = 32;

impl Document {
    /// Follows `$ref`s from `spot` to what is meant; a fault is reported where the reference stands.
    #[must_use]
    pub fn follow<'d>(&'d self, spot: Spot<'d>, report: &Report) -> Option<Spot<'d>> {
        let start = spot.address.clone();
        let mut spot = spot;
        for _ in 0..HOPS {
            let Some(reference) = reference_of(spot.value) else { return Some(spot) };
            spot = self.target(reference, Trail::Start(&spot.address), report)?;
        }
        report.say(
            Diagnostic::new(Code::REFERENCE_LOOP, "a reference leads back to itself", start.place())
                .help("let one of the references in the circle stand for a real object"),
        );
        None
    }

    /// A member of a node, with its `$ref`s followed.
    #[must_use]
    pub fn member<'d>(&'d self, spot: &Spot<'d>, key: &str, report: &Report) -> Option<Spot<'d>> {
        self.follow(spot.get(key)?, report)
    }

    /// What one reference names; a fault is reported.
    #[must_use]
    pub fn target<'d>(&'d self, reference: &str, from: Trail<'_>, report: &Report) -> Option<Spot<'d>> {
        let found = self.lookup(reference, from);
        if found.is_none() {
            self.report_missing(reference, &from.address(), report);
        }
        found
    }

    /// What one reference names, if it names something.
    #[must_use]
    pub fn lookup(&self, reference: &str, from: Trail<'_>) -> Option<Spot<'_>> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        if uri.is_empty() && self.anchors().is_empty() {
            return self.node(from.source(), &fragment_pointer(fragment)?);
        }
        if let Some(address) = self.anchors().resolve(uri, fragment, &from) {
            return self.at(&address);
        }
        let other = if uri.is_empty() { from.source().clone() } else { from.source().resolve(uri)? };
        let pointer = fragment_pointer(fragment)?;
        self.node(&other, &pointer).or_else(|| self.named_schema(reference))
    }

    /// The node at an address.
    #[must_use]
    pub fn at(&self, address: &Address) -> Option<Spot<'_>> {
        self.node(&address.source, &address.pointer)
    }

    fn node(&self, source: &SourceId, pointer: &Pointer) -> Option<Spot<'_>> {
        let value = descend(self.tree(source)?, pointer);
        let Some(value) = value else { return self.renamed_node(source, pointer) };
        Some(Spot { value, address: Address { source: source.clone(), pointer: pointer.clone() } })
    }

    /// References into a part that stands elsewhere since the document was brought to one shape.
    fn renamed_node(&self, source: &SourceId, pointer: &Pointer) -> Option<Spot<'_>> {
        let pointer = self.moves().renamed(pointer).filter(|_| source == self.source())?;
        let value = descend(self.root(), &pointer)?;
        Some(Spot { value, address: Address { source: source.clone(), pointer } })
    }

    /// `$ref: Pet`, as Swagger 1.2 wrote it, and as discriminators still do.
    fn named_schema(&self, name: &str) -> Option<Spot<'_>> {
        let plain = !name.is_empty() && !name.contains(['#', '/', '.']);
        self.components("schemas").filter(|_| plain)?.get(name)
    }

    fn report_missing(&self, reference: &str, from: &Address, report: &Report) {
        let uri = reference.split('#').next().unwrap_or_default();
        let file = from.source.resolve(uri).filter(|file| !uri.is_empty() && *file != from.source);
        match file.map(|file| self.fault_of(&file)) {
            Some(Some(reason)) => report.count(uri, || external(reference, &reason, from), Code::EXTERNAL_REFERENCE),
            None if !uri.is_empty() && !uri.starts_with("http") && from.source.resolve(uri).is_none() => {
                let reason = "it is not the name of a file and not an http or https URL".to_owned();
                report.count(uri, || external(reference, &reason, from), Code::EXTERNAL_REFERENCE);
            }
            Some(None) | None => report.count(reference, || dangling(reference, from), Code::DANGLING_REFERENCE),
        }
    }
}

/// What a node refers to. Where a `$dynamicRef` would lead by way of its callers is not looked for:
/// it is read as a `$ref`.
#[must_use]
pub(super) fn reference_of(node: &Value) -> Option<&str> {
    node.get("$ref").or_else(|| node.get("$dynamicRef"))?.as_str()
}

/// The JSON Pointer of a URI fragment, with its percent-encoding undone.
pub(super) fn fragment_pointer(fragment: &str) -> Option<Pointer> {
    if !fragment.contains('%') {
        return Pointer::parse(fragment);
    }
    Pointer::parse(&crate::source::percent_decoded(fragment))
}

pub(super) fn descend<'d>(root: &'d Value, pointer: &Pointer) -> Option<&'d Value> {
    pointer.tokens().iter().try_fold(root, |value, token| match value {
        Value::Object(map) => map.get(token),
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn external(reference: &str, reason: &str, from: &Address) -> Diagnostic {
    Diagnostic::new(
        Code::EXTERNAL_REFERENCE,
        format!("`{reference}` cannot be followed: {reason}"),
        from.child("$ref").place(),
    )
    .label("what it names is left out")
    .help("put the file where the reference says, or bundle the document into one file first")
}

fn dangling(reference: &str, from: &Address) -> Diagnostic {
    Diagnostic::new(Code::DANGLING_REFERENCE, format!("`{reference}` leads nowhere"), from.child("$ref").place())
        .label("there is nothing at this address")
        .help("correct the reference, or add what it names")
}
