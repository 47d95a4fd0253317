//! Rules of XML bodies: names are XML names, types exist, and attributes have nothing below them.

use super::Report;
use super::templates::{Allowed, check_value};
use crate::capability::{XmlNode, is_xml_name};
use crate::definition::{XmlDefinition, XmlElementDefinition};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::syntax::Pointer;

/// Checks an XML body.
pub(super) fn check_xml(xml: &XmlDefinition, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    check_value(&xml.value, &pointer.child("value"), allowed, report);
    let types: Vec<&str> = xml.types.iter().map(|(name, _)| name.as_str()).collect();
    let root = pointer.child("root");
    if xml.root.node.is_some_and(|node| node != XmlNode::Element) {
        push(report, &root, "a document has one element at its root", "remove `node`");
    }
    if xml.root.name.is_none() {
        push(report, &root, "the root element has no name", "add `name`");
    }
    check_element("root", &xml.root, &types, &root, report);
    for (name, members) in &xml.types {
        check_members(members, &types, &pointer.child("types").child(name.as_str()), report);
    }
}

fn check_members(
    members: &[(String, XmlElementDefinition)],
    types: &[&str],
    pointer: &Pointer,
    report: &mut Report<'_>,
) {
    for (key, member) in members {
        check_element(key, member, types, &pointer.child(key.as_str()), report);
    }
}

fn check_element(
    key: &str,
    element: &XmlElementDefinition,
    types: &[&str],
    pointer: &Pointer,
    report: &mut Report<'_>,
) {
    check_name(key, element, pointer, report);
    if let Some(wrapper) = &element.wrapper {
        check_name(key, wrapper, &pointer.child("wrapper"), report);
        if wrapper.node.is_some()
            || wrapper.wrapper.is_some()
            || wrapper.of_type.is_some()
            || !wrapper.members.is_empty()
        {
            let fault = "a wrapper has a name and nothing in it but the list";
            push(report, &pointer.child("wrapper"), fault, "keep `name`, `namespace` and `prefix`");
        }
    }
    let structured = element.of_type.is_some() || !element.members.is_empty();
    let flat = element.node.filter(|node| matches!(node, XmlNode::Attribute | XmlNode::Text | XmlNode::Cdata));
    if let Some(node) = flat.filter(|_| structured || element.wrapper.is_some()) {
        let fault = format!("`node: {}` has nothing below it", node.name());
        push(report, pointer, &fault, "remove `members`, `type` and `wrapper`, or `node`");
    }
    if element.of_type.is_some() && !element.members.is_empty() {
        push(report, pointer, "`type` says how the members are written", "remove `members`, or `type`");
    }
    if let Some(name) = element.of_type.as_deref().filter(|name| !types.contains(name)) {
        unknown_type(name, types, report.value(&pointer.child("type")), report);
    }
    check_members(&element.members, types, &pointer.child("members"), report);
}

fn check_name(key: &str, element: &XmlElementDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    let local = element.name.as_deref().unwrap_or(key);
    for (part, text) in [("name", Some(local)), ("prefix", element.prefix.as_deref())] {
        // `xmlns` declares prefixes and is none.
        let is_wrong = |text: &&str| !is_xml_name(text) || part == "prefix" && *text == "xmlns";
        let Some(text) = text.filter(is_wrong) else { continue };
        let message = format!("`{text}` is not a name in XML");
        let diagnostic = Diagnostic::new(Code::XML_ELEMENT, message, report.key(pointer))
            .label("expected letters, digits, `_`, `-` and `.`, with a letter or `_` first");
        report.push(diagnostic.help(format!("write another `{part}`")));
    }
    let fault = |text: &String| text.trim().is_empty() || text.contains(char::is_control);
    if element.namespace.as_ref().is_some_and(fault) {
        push(report, &pointer.child("namespace"), "a namespace is a URI", "write it, or remove `namespace`");
    }
}

fn unknown_type(name: &str, types: &[&str], place: Place, report: &mut Report<'_>) {
    let diagnostic = Diagnostic::new(Code::XML_ELEMENT, format!("there is no type `{name}`"), place)
        .label("`types` does not have it");
    report.push(match nearest(name, types.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("add `{name}` to `types`")),
    });
}

fn push(report: &mut Report<'_>, pointer: &Pointer, label: &str, help: &str) {
    let place = report.key(pointer);
    let message = "an XML element cannot be written as it is said";
    report.push(Diagnostic::new(Code::XML_ELEMENT, message, place).label(label).help(help));
}
