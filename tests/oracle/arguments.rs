//! A case's arguments, which go by wire names, to a tool's arguments: through the definition's own
//! bindings, and nothing else.
//!
//! The imported file is read as a tree. Where it stands, `{{ name }}` says which argument a wire name
//! is; what has no place in the tree is noted and left out.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::cases::Case;

/// Header parameters that OpenAPI says to ignore.
const IGNORED_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];

/// Arguments for a tool, and what could not be given.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) arguments: Map<String, Value>,
    pub(crate) notes: Vec<String>,
}

/// The arguments of a call whose definition has this `request`.
pub(crate) fn given(case: &Case, request: &Value) -> Given {
    let mut given = Given::default();
    given.path(case, request);
    for (location, key) in [("query", "query"), ("header", "headers"), ("cookie", "cookies")] {
        for (wire, value) in members(&case.arguments[location]) {
            let ignored = location == "header" && IGNORED_HEADERS.contains(&wire.to_ascii_lowercase().as_str());
            match entry(&request[key], wire, location) {
                Some(entry) => given.give(content(entry), value.clone(), wire),
                None if ignored => {}
                None => given.notes.push(format!("nothing takes the {location} parameter `{wire}`")),
            }
        }
    }
    if let Some(body) = case.arguments.get("body") {
        given.body(case, body, &request["body"]);
    }
    given
}

impl Given {
    /// The placeholders of the document's path stand in the order of the definition's.
    fn path(&mut self, case: &Case, request: &Value) {
        let whole = case.path.split('#').next().unwrap_or_default();
        let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
        let values = &case.arguments["path"];
        let wires = between(path, "{", "}");
        let holes = holes(request["path"].as_str().unwrap_or_default());
        if wires.len() != holes.len() {
            self.notes.push(format!("the path has {} placeholders instead of {}", holes.len(), wires.len()));
        }
        for (wire, hole) in wires.iter().zip(&holes) {
            match values.get(wire) {
                Some(value) => drop(self.arguments.insert(hole.clone(), value.clone())),
                None => self.notes.push(format!("the case has no value for `{{{wire}}}`")),
            }
        }
        for (name, placeholder) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            for wire in between(placeholder, "{", "}") {
                if let (Some(entry), Some(value)) = (entry(&request["query"], name, "query"), values.get(&wire)) {
                    self.give(content(entry), value.clone(), name);
                }
            }
        }
    }

    fn body(&mut self, case: &Case, value: &Value, body: &Value) {
        let media_type = case.arguments["contentType"].as_str().unwrap_or_default();
        let mut form = body;
        if let Some(choices) = body.get("media_types") {
            let chosen = members(choices).find(|(name, _)| essence(name) == essence(media_type));
            let Some((name, chosen)) = chosen else {
                return self.notes.push(format!("the body cannot be written as {media_type}"));
            };
            self.give(&body["select"], name.as_str().into(), "content type");
            form = chosen;
        } else if body["content_type"].as_str().is_some_and(|text| !holes(text).is_empty()) {
            self.give(&body["content_type"], media_type.into(), "content type");
        }
        if value.as_object().is_some_and(Map::is_empty) && body.get("empty").is_some() {
            self.give(&body["empty"], true.into(), "body");
        }
        if let Some(json) = form.get("json") {
            self.json(value, json);
        } else if let Some(fields) = form.get("form") {
            self.fields(value, fields);
        } else if let Some(parts) = form.get("multipart") {
            self.parts(value, parts);
        } else if let Some(text) = form.get("text") {
            self.give(text, value.clone(), "body");
        } else if let Some(bytes) = form.get("binary") {
            self.give(bytes, base64(value), "body");
        } else if let Some(lines) = form.get("json_lines") {
            self.json(value, lines);
        } else if let Some(xml) = form.get("xml") {
            // A text in place of the value is a ready document.
            self.json(value, &xml["value"]);
        } else {
            self.notes.push("nothing takes the body".to_owned());
        }
    }

    fn json(&mut self, value: &Value, json: &Value) {
        if json.is_string() {
            return self.give(json, value.clone(), "body");
        }
        for (wire, value) in members(value) {
            match json.get(wire) {
                Some(member) => self.give(member, value.clone(), wire),
                None => self.notes.push(format!("nothing takes the member `{wire}` of the body")),
            }
        }
    }

    fn fields(&mut self, value: &Value, fields: &Value) {
        if let Some(whole) = whole(fields).filter(|_| value.get("body").is_none()) {
            return self.give(whole, value.clone(), "body");
        }
        for (wire, value) in members(value) {
            match fields.get(wire) {
                Some(field) => self.give(content(field), value.clone(), wire),
                None => self.notes.push(format!("nothing takes the field `{wire}` of the form")),
            }
        }
    }

    fn parts(&mut self, value: &Value, parts: &Value) {
        for (wire, value) in members(value) {
            let Some(part) = parts.get(wire) else {
                self.notes.push(format!("nothing takes the part `{wire}`"));
                continue;
            };
            let binary = part["binary"] == true;
            self.give(content(part), if binary { base64(value) } else { text(value) }, wire);
            let file = &value["$file"];
            for (key, said) in [("filename", "name"), ("content_type", "contentType")] {
                let hole = part[key].as_str().is_some_and(|text| !holes(text).is_empty());
                if hole && file.is_object() {
                    self.give(&part[key], file[said].clone(), wire);
                }
            }
        }
    }

    /// Gives the argument that a template names. A text without one is sent as it stands.
    fn give(&mut self, template: &Value, value: Value, wire: &str) {
        let text = template.as_str().unwrap_or_default();
        match holes(text).first() {
            Some(name) => drop(self.arguments.insert(name.clone(), value)),
            None if value == text || written(&value) == text => {}
            None => self.notes.push(format!("`{wire}` is always `{text}`")),
        }
    }
}

/// The one field that is the whole form, where its members are not known.
fn whole(fields: &Value) -> Option<&Value> {
    let map = fields.as_object().filter(|map| map.len() == 1)?;
    map.get("body").map(content)
}

/// The entry of a wire name; headers go by any case.
fn entry<'a>(entries: &'a Value, wire: &str, location: &str) -> Option<&'a Value> {
    let same = |name: &str| name == wire || (location == "header" && name.eq_ignore_ascii_case(wire));
    members(entries).find(|(name, _)| same(name)).map(|(_, entry)| entry)
}

/// What is sent: an entry is its value, or a mapping that says more beside it.
fn content(entry: &Value) -> &Value {
    entry.get("value").unwrap_or(entry)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Bytes as agents give them. A text stands for its own bytes.
fn base64(value: &Value) -> Value {
    if let Some(items) = value.as_array() {
        return items.iter().map(base64).collect();
    }
    if let Some(text) = value.as_str() {
        return BASE64_STANDARD.encode(text).into();
    }
    value.pointer("/$file/base64").unwrap_or(value).clone()
}

/// A value as it stands in a path key's query.
fn written(value: &Value) -> String {
    value.to_string()
}

/// A file that is asked for as text.
fn text(value: &Value) -> Value {
    let bytes = value.pointer("/$file/base64").and_then(Value::as_str).and_then(|it| BASE64_STANDARD.decode(it).ok());
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map_or_else(|| value.clone(), Value::String)
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The arguments of a template, in order.
pub(crate) fn holes(template: &str) -> Vec<String> {
    between(template, "{{", "}}").iter().map(|expression| argument(expression.trim())).collect()
}

/// The argument that an expression begins with: `name` or `args['name']`.
fn argument(expression: &str) -> String {
    if let Some(name) = expression.strip_prefix("args['").and_then(|rest| rest.split('\'').next()) {
        return name.to_owned();
    }
    expression.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn between(text: &str, open: &str, close: &str) -> Vec<String> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(inner, _)| inner.to_owned()).collect()
}
