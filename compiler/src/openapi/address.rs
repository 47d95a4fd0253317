//! Places in a document and what stands there.

use serde_json::Value;

use crate::diagnostic::Place;
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

impl Address {
    /// The top of a file.
    #[must_use]
    pub fn root(source: &SourceId) -> Self {
        Self { source: source.clone(), pointer: Pointer::root() }
    }

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
    /// The file that this way runs through.
    #[must_use]
    pub fn source(&self) -> &SourceId {
        match self {
            Self::Start(address) => &address.source,
            Self::Key(parent, _) | Self::Item(parent, _) => parent.source(),
        }
    }

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
