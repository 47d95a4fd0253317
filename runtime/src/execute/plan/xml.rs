//! A JSON value as an XML document, by the plan of its definition.
//!
//! A value can never add an element: text and attributes are escaped, names are checked, and
//! characters that XML 1.0 does not have are refused. Text in place of the whole value is a ready
//! document, and the caller's own.

use cap_compiler::capability::{XmlBody, XmlElement, XmlMembers, XmlName, XmlNode, is_xml_name};
use serde_json::{Map, Value};

use super::bind::plain_text;

/// What cannot be written, and the members that lead there.
#[derive(Debug)]
pub(crate) struct XmlFault {
    pub(crate) path: Vec<String>,
    pub(crate) message: String,
}

/// The document.
pub(crate) fn write(body: &XmlBody, value: &Value) -> Result<String, XmlFault> {
    if let Value::String(ready) = value {
        return Ok(ready.clone());
    }
    let mut writer = Writer { body, out: DECLARATION.to_owned(), declared: Vec::new(), path: Vec::new() };
    match writer.element(&body.root, value) {
        Ok(()) => Ok(writer.out),
        Err(message) => Err(XmlFault { path: writer.path, message }),
    }
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const CONTROL: &str = "has a control character, which XML cannot have";

struct Writer<'a> {
    body: &'a XmlBody,
    out: String,
    /// Prefixes with their namespaces in scope; the default namespace has an empty prefix.
    declared: Vec<(String, String)>,
    /// The members that lead to what is written, for errors: it is not shortened when one is met.
    path: Vec<String>,
}

type Written = Result<(), String>;

impl<'a> Writer<'a> {
    /// A value as nodes: a list as one for each item, perhaps within a wrapper.
    fn element(&mut self, plan: &'a XmlElement, value: &Value) -> Written {
        match (&plan.wrapper, value) {
            (Some(wrapper), Value::Array(_) | Value::Null) => {
                self.within(wrapper, "", |writer| if value.is_null() { Ok(()) } else { writer.items(plan, value) })
            }
            (_, Value::Array(_)) => self.items(plan, value),
            _ => self.item(plan, value),
        }
    }

    fn items(&mut self, plan: &'a XmlElement, value: &Value) -> Written {
        for item in value.as_array().into_iter().flatten() {
            if item.is_array() {
                self.items(plan, item)?;
            } else {
                self.item(plan, item)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, plan: &'a XmlElement, value: &Value) -> Written {
        match plan.node {
            XmlNode::Element => self.node(plan, value),
            XmlNode::None => self.content(plan, value),
            XmlNode::Text => self.text(&plain_text(value)),
            XmlNode::Cdata => self.cdata(&plain_text(value)),
            // Written with the element around it.
            XmlNode::Attribute => Ok(()),
        }
    }

    fn node(&mut self, plan: &'a XmlElement, value: &Value) -> Written {
        let scope = self.declared.len();
        let mut attributes = String::new();
        if value.is_null() {
            attributes = format!(" xmlns:xsi=\"{SCHEMA_INSTANCE}\" xsi:nil=\"true\"");
        } else if let Value::Object(object) = value {
            // Prefixes that attributes need are declared here too.
            attributes = self.attributes(plan, object)?;
        }
        let result = self.within(&plan.name, &attributes, |writer| writer.content(plan, value));
        self.declared.truncate(scope);
        result
    }

    /// What is within a node: members in their order, or text.
    fn content(&mut self, plan: &'a XmlElement, value: &Value) -> Written {
        match value {
            Value::Null => Ok(()),
            Value::Object(object) => {
                for (key, value) in object {
                    self.path.push(key.clone());
                    match self.member(plan, key) {
                        Some(member) => self.element(member, value)?,
                        None => self.unplanned(key, value)?,
                    }
                    self.path.pop();
                }
                Ok(())
            }
            Value::Array(_) => self.items(plan, value),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => self.text(&plain_text(value)),
        }
    }

    fn member(&self, plan: &'a XmlElement, key: &str) -> Option<&'a XmlElement> {
        let members = match &plan.members {
            XmlMembers::Own(members) => members,
            XmlMembers::Type(name) => self.body.types.get(name)?,
        };
        members.iter().find(|(known, _)| known == key).map(|(_, member)| member)
    }

    /// A member of which the plan says nothing: elements of its own name.
    fn unplanned(&mut self, key: &str, value: &Value) -> Written {
        if !is_xml_name(key) {
            return Err("is not a name that an XML element can have".to_owned());
        }
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.unplanned(key, item)),
            Value::Null => {
                self.out.push_str(&format!("<{key} xmlns:xsi=\"{SCHEMA_INSTANCE}\" xsi:nil=\"true\"/>"));
                Ok(())
            }
            Value::Object(object) => self.tagged(key, "", |writer| {
                for (key, value) in object {
                    writer.path.push(key.clone());
                    writer.unplanned(key, value)?;
                    writer.path.pop();
                }
                Ok(())
            }),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.tagged(key, "", |writer| writer.text(&plain_text(value)))
            }
        }
    }

    /// The attributes of an element, those of members without a node of their own among them.
    fn attributes(&mut self, plan: &'a XmlElement, object: &Map<String, Value>) -> Result<String, String> {
        let mut out = String::new();
        for (key, value) in object {
            let Some(member) = self.member(plan, key).filter(|_| !value.is_null()) else { continue };
            self.path.push(key.clone());
            match (member.node, value) {
                (XmlNode::None, Value::Object(inner)) => out.push_str(&self.attributes(member, inner)?),
                (XmlNode::Attribute, _) => {
                    let (name, declaration) = self.attribute_name(&member.name);
                    out.push_str(&declaration);
                    out.push_str(&format!(" {name}=\"{}\"", escaped(&attribute_text(value), Place::Attribute)?));
                }
                _ => {}
            }
            self.path.pop();
        }
        Ok(out)
    }

    /// An element of the plan, with the declaration of its namespace.
    fn within(&mut self, name: &XmlName, attributes: &str, content: impl FnOnce(&mut Self) -> Written) -> Written {
        let scope = self.declared.len();
        let (name, declaration) = self.qualified(name);
        let result = self.tagged(&name, &format!("{declaration}{attributes}"), content);
        self.declared.truncate(scope);
        result
    }

    fn tagged(&mut self, name: &str, attributes: &str, content: impl FnOnce(&mut Self) -> Written) -> Written {
        self.out.push_str(&format!("<{name}{attributes}>"));
        let start = self.out.len();
        content(self)?;
        if self.out.len() == start {
            self.out.pop();
            self.out.push_str("/>");
        } else {
            self.out.push_str(&format!("</{name}>"));
        }
        Ok(())
    }

    /// The name as it is written, and the declaration that it needs. A prefix that nothing declares
    /// is left out: a document with it could not be read.
    fn qualified(&mut self, name: &XmlName) -> (String, String) {
        let prefix = name.prefix.as_deref().unwrap_or_default();
        let declaration =
            name.namespace.as_deref().map(|namespace| self.declare(prefix, namespace)).unwrap_or_default();
        let known = prefix == "xml" || self.declared.iter().any(|(known, _)| known == prefix);
        let name = if prefix.is_empty() || !known { name.local.clone() } else { format!("{prefix}:{}", name.local) };
        (name, declaration)
    }

    /// Attributes are in a namespace by a prefix only.
    fn attribute_name(&mut self, name: &XmlName) -> (String, String) {
        if name.prefix.is_some() { self.qualified(name) } else { (name.local.clone(), String::new()) }
    }

    fn declare(&mut self, prefix: &str, namespace: &str) -> String {
        let known = self.declared.iter().rev().find(|(known, _)| known == prefix);
        if prefix == "xml" || known.is_some_and(|(_, known)| known == namespace) {
            return String::new();
        }
        self.declared.push((prefix.to_owned(), namespace.to_owned()));
        let colon = if prefix.is_empty() { "" } else { ":" };
        let namespace = escaped(namespace, Place::Attribute).unwrap_or_default();
        format!(" xmlns{colon}{prefix}=\"{namespace}\"")
    }

    fn text(&mut self, text: &str) -> Written {
        self.out.push_str(&escaped(text, Place::Text)?);
        Ok(())
    }

    fn cdata(&mut self, text: &str) -> Written {
        if !text.chars().all(is_xml_character) {
            return Err(CONTROL.to_owned());
        }
        // The end of a section cannot stand in one, so it is cut into two.
        self.out.push_str(&format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>")));
        Ok(())
    }
}

/// A list in an attribute is separated by spaces, as XML Schema's lists are.
fn attribute_text(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(plain_text).collect::<Vec<_>>().join(" "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => plain_text(value),
    }
}

/// Where text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Attribute,
}

fn escaped(text: &str, place: Place) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if place == Place::Attribute => out.push_str("&quot;"),
            // A reader makes other characters of these unless they are written as references.
            '\r' => out.push_str("&#xD;"),
            '\n' | '\t' if place == Place::Attribute => out.push_str(&format!("&#x{:X};", u32::from(c))),
            _ if is_xml_character(c) => out.push(c),
            _ => return Err(CONTROL.to_owned()),
        }
    }
    Ok(out)
}

/// XML 1.0, production `Char`.
fn is_xml_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
