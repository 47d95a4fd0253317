//! Places in a document, and the references that lead from one to another.

use serde_json::Value;

use super::{Document, Report};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// Where a node stands: a file and a JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The file.
    pub source: SourceId,
    /// The node in it.
    pub pointer: Pointer,
}

/// A node of a document and where it stands.
#[derive(Clone, Debug)]
pub struct Spot<'d> {
    /// The node.
    pub value: &'d Value,
    /// Its address.
    pub address: Address,
}

/// The way to a node that is being visited. It becomes an [`Address`] only when there is something
/// to say, so that good documents pay nothing for it.
#[derive(Clone, Copy)]
pub enum Trail<'a> {
    /// Where the visit began.
    Start(&'a Address),
    /// A member.
    Key(&'a Trail<'a>, &'a str),
    /// An item.
    Item(&'a Trail<'a>, usize),
}

/// How many references may follow one another before one counts as a loop.
const HOPS: usize = 32;

impl Address {
    /// The address of a member of this node.
    #[must_use]
    pub fn child(&self, key: &str) -> Self {
        Self { source: self.source.clone(), pointer: self.pointer.child(key) }
    }

    /// The node as a place for diagnostics.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::value(&self.source, self.pointer.clone())
    }

    /// The node's key as a place for diagnostics.
    #[must_use]
    pub fn key(&self) -> Place {
        Place::key(&self.source, self.pointer.clone())
    }
}

impl<'d> Spot<'d> {
    /// A member of this node, if it is there and not `null`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Spot<'d>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Spot { value, address: self.address.child(key) })
    }

    /// The items of a list with their addresses; empty for anything else.
    pub fn items(&self) -> impl Iterator<Item = Spot<'d>> {
        let address = self.address.clone();
        self.value.as_array().into_iter().flatten().enumerate().map(move |(index, value)| Spot {
            value,
            address: Address { source: address.source.clone(), pointer: address.pointer.item(index) },
        })
    }

    /// The members of a mapping with their addresses; empty for anything else.
    pub fn members(&self) -> impl Iterator<Item = (&'d str, Spot<'d>)> {
        let address = self.address.clone();
        self.value
            .as_object()
            .into_iter()
            .flatten()
            .map(move |(key, value)| (key.as_str(), Spot { value, address: address.child(key) }))
    }

    /// The text of a member.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&'d str> {
        self.value.get(key)?.as_str()
    }

    /// Whether a member is `true`.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }
}

impl Trail<'_> {
    /// The address that this way leads to.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Start(address) => (*address).clone(),
            Self::Key(parent, key) => parent.address().child(key),
            Self::Item(parent, index) => {
                let parent = parent.address();
                Address { pointer: parent.pointer.item(*index), source: parent.source }
            }
        }
    }
}

impl Document {
    /// Follows `$ref`s from `spot` to what is meant; a fault is reported where the reference stands.
    #[must_use]
    pub fn follow<'d>(&'d self, spot: Spot<'d>, report: &Report) -> Option<Spot<'d>> {
        let start = spot.address.clone();
        let mut spot = spot;
        for _ in 0..HOPS {
            let Some(reference) = spot.text("$ref") else { return Some(spot) };
            spot = self.target(reference, &spot.address, report)?;
        }
        report.say(
            Diagnostic::new(Code::REFERENCE_LOOP, "a reference leads back to itself", start.place())
                .help("let one of the references in the circle stand for a real object"),
        );
        None
    }

    /// What one reference names; a fault is reported.
    #[must_use]
    pub fn target<'d>(&'d self, reference: &str, from: &Address, report: &Report) -> Option<Spot<'d>> {
        if !reference.starts_with('#') {
            report.count("", || external(reference, from), Code::EXTERNAL_REFERENCE);
            return None;
        }
        let found = self.lookup(reference);
        if found.is_none() {
            report.count(reference, || dangling(reference, from), Code::DANGLING_REFERENCE);
        }
        found
    }

    /// What one reference names, if it names something.
    #[must_use]
    pub fn lookup(&self, reference: &str) -> Option<Spot<'_>> {
        self.at(&fragment_pointer(reference.strip_prefix('#')?)?)
    }

    /// The node at a pointer.
    #[must_use]
    pub fn at(&self, pointer: &Pointer) -> Option<Spot<'_>> {
        let value = descend(self.root(), pointer)?;
        Some(Spot { value, address: Address { source: self.source().clone(), pointer: pointer.clone() } })
    }
}

/// The JSON Pointer of a URI fragment, with its percent-encoding undone.
fn fragment_pointer(fragment: &str) -> Option<Pointer> {
    if !fragment.contains('%') {
        return Pointer::parse(fragment);
    }
    let bytes: Vec<u8> = decoded(fragment.as_bytes());
    Pointer::parse(std::str::from_utf8(&bytes).unwrap_or(fragment))
}

fn decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

fn descend<'d>(root: &'d Value, pointer: &Pointer) -> Option<&'d Value> {
    pointer.tokens().iter().try_fold(root, |value, token| match value {
        Value::Object(map) => map.get(token),
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn external(reference: &str, from: &Address) -> Diagnostic {
    Diagnostic::new(
        Code::EXTERNAL_REFERENCE,
        format!("`{reference}` leads to another file, and only this document is read"),
        from.child("$ref").place(),
    )
    .label("what it names is left out")
    .help("bundle the document into one file first, so that every reference begins with `#/`")
}

fn dangling(reference: &str, from: &Address) -> Diagnostic {
    Diagnostic::new(Code::DANGLING_REFERENCE, format!("`{reference}` leads nowhere"), from.child("$ref").place())
        .label("the document has nothing at this address")
        .help("correct the reference, or add what it names")
}
