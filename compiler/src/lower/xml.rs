//! XML bodies: every element gets its name.

use super::text::binding;
use crate::capability::{XmlBody, XmlElement, XmlMembers, XmlName};
use crate::definition::{XmlDefinition, XmlElementDefinition};

pub(super) fn xml(said: &XmlDefinition) -> XmlBody {
    let types = said.types.iter().map(|(name, of_type)| (name.clone(), members(of_type)));
    XmlBody { value: binding(&said.value), root: element("", &said.root), types: types.collect() }
}

fn members(said: &[(String, XmlElementDefinition)]) -> Vec<(String, XmlElement)> {
    said.iter().map(|(key, said)| (key.clone(), element(key, said))).collect()
}

fn element(key: &str, said: &XmlElementDefinition) -> XmlElement {
    XmlElement {
        name: name(key, said),
        node: said.node.unwrap_or_default(),
        wrapper: said.wrapper.as_ref().map(|wrapper| name(key, wrapper)),
        members: match &said.of_type {
            Some(of_type) => XmlMembers::Type(of_type.clone()),
            None => XmlMembers::Own(members(&said.members)),
        },
    }
}

fn name(key: &str, said: &XmlElementDefinition) -> XmlName {
    XmlName {
        local: said.name.clone().unwrap_or_else(|| key.to_owned()),
        prefix: said.prefix.clone(),
        namespace: said.namespace.clone(),
    }
}
