//! XML bodies: OpenAPI's `xml` objects to a plan of elements.
//!
//! Names are those that the document says, then the property's, for the root the component's. A
//! schema that is referred to becomes a type of the plan, so that elements may contain themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Field, Form, Shape, VIEW, as_object, choice, choices, dependent, fields};
use crate::capability::{XmlNode, is_xml_name};
use crate::definition::XmlElementDefinition;
use crate::import::arguments::legal;
use crate::openapi::schema::Converter;
use crate::openapi::{MediaType, RequestBody, Spot};
use crate::syntax::Pointer;

/// How an XML body is written.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) root: XmlElementDefinition,
    pub(super) types: Vec<(String, Members)>,
    pub(super) whole: bool,
}

type Members = Vec<(String, XmlElementDefinition)>;

/// Whether a media type is XML.
pub(super) fn is_xml(essence: &str) -> bool {
    essence == "application/xml" || essence == "text/xml" || essence.ends_with("+xml")
}

/// An XML body whose schema says enough to write it; others are ready text.
pub(super) fn form<'d>(body: &RequestBody<'d>, chosen: &MediaType<'d>, converter: &mut Converter<'d>) -> Option<Form> {
    let spot = chosen.schema.as_ref()?;
    let mut planner = Planner { converter, names: BTreeMap::new(), types: Vec::new() };
    let root = planner.root(spot)?;
    let types = planner.types;
    let object = converter.plain_object(spot);
    let plan = prune(Plan { root, types, whole: object.is_none() });
    let fields = match &object {
        Some(object) => fields(body, object, converter),
        None => vec![Field::new("body", as_object(converter.convert(spot, VIEW)), body.required)],
    };
    let content_type = choice::content_type(chosen, "application/xml").map(super::ContentType::Fixed);
    let mut form = Form::new(fields, content_type, Shape::Xml(Box::new(plan)));
    if let Some(object) = &object {
        (form.dependent, form.choices) = (dependent(body, object), choices(body, object));
    }
    Some(form)
}

struct Planner<'c, 'd> {
    converter: &'c Converter<'d>,
    /// Types by the places of their schemas.
    names: BTreeMap<Pointer, String>,
    types: Vec<(String, Members)>,
}

impl<'d> Planner<'_, 'd> {
    /// The root element, if the document says how it is called.
    fn root(&mut self, spot: &Spot<'d>) -> Option<XmlElementDefinition> {
        let target = self.follow(spot)?;
        if !is_object(&target) && !is_list(&target) {
            return None;
        }
        let mut root = self.element(spot);
        let component = match target.address.pointer.tokens() {
            [components, schemas, name] if components == "components" && schemas == "schemas" => Some(name.clone()),
            _ => None,
        };
        let name = word(spot, &target, "name").map(str::to_owned).or(component).filter(|name| is_xml_name(name))?;
        root.node = None;
        if is_list(&target) {
            // A document has one root, so a list of elements has one around it.
            root.name.get_or_insert_with(|| name.clone());
            root.wrapper.get_or_insert_with(|| Box::new(named(spot, &target))).name.get_or_insert(name);
        } else {
            root.name.get_or_insert(name);
        }
        root.name.as_deref().is_some_and(is_xml_name).then_some(root)
    }

    fn follow(&self, spot: &Spot<'d>) -> Option<Spot<'d>> {
        self.converter.document().follow(spot.clone(), self.converter.report())
    }

    fn element(&mut self, spot: &Spot<'d>) -> XmlElementDefinition {
        let Some(target) = self.follow(spot) else { return XmlElementDefinition::default() };
        if is_list(&target) {
            return self.list(spot, &target);
        }
        let mut element = named(spot, &target);
        element.node = node(spot, &target).filter(|node| *node != XmlNode::Element);
        let flat = matches!(element.node, Some(XmlNode::Attribute | XmlNode::Text | XmlNode::Cdata));
        if !flat && is_object(&target) {
            if spot.get("$ref").is_some() {
                element.of_type = Some(self.named_type(&target));
            } else {
                element.members = self.members(&target);
            }
        }
        element
    }

    /// A list is its items, perhaps with an element around them.
    fn list(&mut self, spot: &Spot<'d>, target: &Spot<'d>) -> XmlElementDefinition {
        let mut element = target.get("items").map(|items| self.element(&items)).unwrap_or_default();
        let own = named(spot, target);
        let flag = |spot: &Spot<'_>| spot.get("xml").is_some_and(|xml| xml.flag("wrapped"));
        element.wrapper = None;
        match node(spot, target) {
            Some(node @ (XmlNode::Attribute | XmlNode::Text | XmlNode::Cdata)) => {
                return XmlElementDefinition { node: Some(node), ..own };
            }
            Some(XmlNode::Element) => {}
            _ if flag(spot) || flag(target) => {}
            _ => return element,
        }
        // A wrapper's name is its items' too, unless they have their own.
        element.name = element.name.or_else(|| own.name.clone());
        element.wrapper = Some(Box::new(own));
        element
    }

    fn named_type(&mut self, target: &Spot<'d>) -> String {
        let pointer = target.address.pointer.clone();
        if let Some(name) = self.names.get(&pointer) {
            return name.clone();
        }
        let plain = legal(pointer.tokens().last().map_or("type", String::as_str));
        let mut name = plain.clone();
        let mut number = 2;
        while self.names.values().any(|known| *known == name) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        self.names.insert(pointer, name.clone());
        let members = self.members(target);
        self.types.push((name.clone(), members));
        name
    }

    fn members(&mut self, target: &Spot<'d>) -> Members {
        let object = self.converter.loose_object(target);
        let members = object.properties.iter().map(|(name, spot)| ((*name).to_owned(), self.element(spot)));
        let usable = |(key, it): &(String, XmlElementDefinition)| !it.is_plain() || !is_xml_name(key);
        members.filter(usable).map(|(key, it)| writable(key, it)).collect()
    }
}

/// A member whose name XML cannot have gets the nearest that it can.
fn writable(key: String, mut element: XmlElementDefinition) -> (String, XmlElementDefinition) {
    if !element.name.as_deref().map_or(is_xml_name(&key), is_xml_name) {
        let name = legal(element.name.as_deref().unwrap_or(&key));
        element.name = Some(if is_xml_name(&name) { name } else { format!("_{name}") });
    }
    (key, element)
}

/// Leaves out types that say nothing, and what refers to them.
fn prune(mut plan: Plan) -> Plan {
    let mut telling: BTreeSet<String> = BTreeSet::new();
    loop {
        let tells = |members: &Members| members.iter().any(|(_, it)| says(it, &telling));
        let found: Vec<String> = plan
            .types
            .iter()
            .filter(|(name, members)| !telling.contains(name) && tells(members))
            .map(|(name, _)| name.clone())
            .collect();
        if found.is_empty() {
            break;
        }
        telling.extend(found);
    }
    plan.types.retain(|(name, _)| telling.contains(name));
    plan.types.sort_by(|left, right| left.0.cmp(&right.0));
    for (_, members) in &mut plan.types {
        clear_members(members, &telling);
    }
    clear(&mut plan.root, &telling);
    inline_root(&mut plan);
    plan
}

/// The root's own type is worth a name only if it is used again.
fn inline_root(plan: &mut Plan) {
    let Some(name) = plan.root.of_type.clone() else { return };
    if plan.types.iter().any(|(_, members)| members.iter().any(|(_, it)| refers(it, &name))) {
        return;
    }
    if let Some(at) = plan.types.iter().position(|(known, _)| *known == name) {
        plan.root.members = plan.types.remove(at).1;
        plan.root.of_type = None;
    }
}

fn refers(element: &XmlElementDefinition, name: &str) -> bool {
    element.of_type.as_deref() == Some(name) || element.members.iter().any(|(_, member)| refers(member, name))
}

fn says(element: &XmlElementDefinition, telling: &BTreeSet<String>) -> bool {
    let mut cleared = element.clone();
    clear(&mut cleared, telling);
    !cleared.is_plain()
}

fn clear(element: &mut XmlElementDefinition, telling: &BTreeSet<String>) {
    element.of_type.take_if(|name| !telling.contains(name));
    clear_members(&mut element.members, telling);
}

fn clear_members(members: &mut Members, telling: &BTreeSet<String>) {
    members.iter_mut().for_each(|(_, member)| clear(member, telling));
    members.retain(|(_, member)| !member.is_plain());
}

/// What the document says of an element's name: beside a reference, or where it leads.
fn named(spot: &Spot<'_>, target: &Spot<'_>) -> XmlElementDefinition {
    let text = |key| word(spot, target, key).map(str::to_owned);
    XmlElementDefinition {
        name: text("name"),
        namespace: text("namespace"),
        prefix: text("prefix").filter(|prefix| is_xml_name(prefix) && prefix != "xmlns"),
        ..XmlElementDefinition::default()
    }
}

fn word<'d>(spot: &Spot<'d>, target: &Spot<'d>, key: &str) -> Option<&'d str> {
    let said = |spot: &Spot<'d>| spot.get("xml").and_then(|xml| xml.text(key)).filter(|text| !text.trim().is_empty());
    said(spot).or_else(|| said(target))
}

fn node(spot: &Spot<'_>, target: &Spot<'_>) -> Option<XmlNode> {
    let known = |word: &str| XmlNode::NAMES.iter().find(|(name, _)| *name == word).map(|(_, node)| *node);
    let flag = |spot: &Spot<'_>| spot.get("xml").is_some_and(|xml| xml.flag("attribute"));
    let said = word(spot, target, "nodeType").and_then(known);
    said.or_else(|| (flag(spot) || flag(target)).then_some(XmlNode::Attribute))
}

fn is_list(target: &Spot<'_>) -> bool {
    has_type(target.value, "array") || target.value.get("items").is_some()
}

fn is_object(target: &Spot<'_>) -> bool {
    let words = ["properties", "allOf", "oneOf", "anyOf"];
    has_type(target.value, "object") || words.iter().any(|word| target.value.get(*word).is_some())
}

fn has_type(schema: &Value, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    }
}
