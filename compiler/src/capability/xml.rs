//! XML bodies: which element, attribute or text each member of a value becomes.

use std::collections::BTreeMap;

use super::Binding;

/// A value and how it is written as an XML document.
#[derive(Clone, Debug, PartialEq)]
pub struct XmlBody {
    /// What is written. Text is a ready document and is sent as it is.
    pub value: Binding,
    /// The root element.
    pub root: XmlElement,
    /// Members of elements that several have, or that contain themselves, by name.
    pub types: BTreeMap<String, Vec<(String, XmlElement)>>,
}

/// A name and its namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XmlName {
    /// The local name.
    pub local: String,
    /// The prefix, where one is wanted and declared.
    pub prefix: Option<String>,
    /// The namespace that is declared for the prefix, or as the default without one.
    pub namespace: Option<String>,
}

/// How one value is written; a list is written once for each item.
#[derive(Clone, Debug, PartialEq)]
pub struct XmlElement {
    /// Its name.
    pub name: XmlName,
    /// What kind of node it is.
    pub node: XmlNode,
    /// An element around all items of a list.
    pub wrapper: Option<XmlName>,
    /// How the members of an object are written. Those that are not said become elements of their
    /// own names.
    pub members: XmlMembers,
}

/// The kinds of nodes that a value can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XmlNode {
    /// An element.
    #[default]
    Element,
    /// An attribute of the element around.
    Attribute,
    /// Text of the element around.
    Text,
    /// The same as a CDATA section.
    Cdata,
    /// No node: its members belong to the element around.
    None,
}

/// Members of an element.
#[derive(Clone, Debug, PartialEq)]
pub enum XmlMembers {
    /// Its own.
    Own(Vec<(String, XmlElement)>),
    /// Those of a type, by name.
    Type(String),
}

impl XmlNode {
    /// Every kind with OpenAPI's word for it.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("element", Self::Element),
        ("attribute", Self::Attribute),
        ("text", Self::Text),
        ("cdata", Self::Cdata),
        ("none", Self::None),
    ];

    /// OpenAPI's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Element => "element",
            Self::Attribute => "attribute",
            Self::Text => "text",
            Self::Cdata => "cdata",
            Self::None => "none",
        }
    }
}

/// Whether a text is a name without a colon (Namespaces in XML 1.0, production `NCName`).
#[must_use]
pub fn is_xml_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_character)
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic()
        || c == '_'
        || matches!(c, '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
            | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_character(c: char) -> bool {
    is_name_start(c)
        || c.is_ascii_digit()
        || matches!(c, '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
