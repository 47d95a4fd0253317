//! A case's arguments as a tool's: by wire name, through the definition's own bindings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::cases::Case;

/// The arguments of the tool whose definition has this `request`.
pub(crate) fn of(case: &Case, request: &Value) -> Result<Map<String, Value>, String> {
    let mut arguments = Map::new();
    path(case, request, &mut arguments)?;
    for (location, key) in [("query", "query"), ("header", "headers"), ("cookie", "cookies")] {
        for (wire, value) in case.arguments[location].as_object().into_iter().flatten() {
            if location == "header" && is_ignored(wire) {
                continue;
            }
            let found = binding(&request[key], wire);
            let argument = found.or_else(|| path_argument(case, request, wire).filter(|_| location == "query"));
            let argument = argument.ok_or_else(|| format!("nothing sends the {location} `{wire}`"))?;
            arguments.insert(argument, value.clone());
        }
    }
    body(case, &request["body"], &mut arguments)?;
    Ok(arguments)
}

/// OpenAPI says that parameters with these names are ignored.
fn is_ignored(header: &str) -> bool {
    ["accept", "content-type", "authorization"].iter().any(|name| name.eq_ignore_ascii_case(header))
}

fn path(case: &Case, request: &Value, arguments: &mut Map<String, Value>) -> Result<(), String> {
    for (wire, value) in case.arguments["path"].as_object().into_iter().flatten() {
        match path_argument(case, request, wire) {
            Some(argument) => drop(arguments.insert(argument, value.clone())),
            // A parameter that the path does not have is sent nowhere.
            None if !case.path.contains(&format!("{{{wire}}}")) => {}
            None => return Err(format!("nothing sends the path's `{wire}`")),
        }
    }
    Ok(())
}

/// Placeholders of the path key and holes of the definition's path stand in the same order.
fn path_argument(case: &Case, request: &Value, wire: &str) -> Option<String> {
    let key = case.path.split('#').next()?;
    let index = key.split('{').skip(1).position(|rest| rest.split('}').next() == Some(wire))?;
    let template = request["path"].as_str()?;
    let hole = template.split("{{").skip(1).filter(|hole| !hole.trim_start().starts_with('\'')).nth(index)?;
    argument(&format!("{{{{{}}}}}", hole.split("}}").next()?))
}

/// The argument of an entry: `"{{ name }}"`, or a mapping with such a `value`.
fn binding(entries: &Value, wire: &str) -> Option<String> {
    let entry = entries.get(wire)?;
    argument(entry.as_str().or_else(|| entry["value"].as_str())?)
}

/// The name in `{{ name }}` and in `{{ args['name'] }}`.
fn argument(template: &str) -> Option<String> {
    let inner = template.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let name = inner.strip_prefix("args['").and_then(|rest| rest.strip_suffix("']")).unwrap_or(inner);
    (!name.is_empty() && !name.contains(['{', '}', ' '])).then(|| name.to_owned())
}

fn body(case: &Case, body: &Value, arguments: &mut Map<String, Value>) -> Result<(), String> {
    let Some(given) = case.arguments.get("body").filter(|given| !given.is_null()) else { return Ok(()) };
    if case.kind == "none" {
        return Ok(());
    }
    if body.is_null() {
        return Err("the definition has no body".to_owned());
    }
    let wanted = case.arguments["contentType"].as_str().unwrap_or_default();
    let one = select(body, wanted, arguments)?;
    if let Some(name) = one["content_type"].as_str().and_then(argument) {
        arguments.insert(name, wanted.into());
    }
    for form in ["json", "text", "binary"] {
        if let Some(name) = one[form].as_str().and_then(argument) {
            arguments.insert(name, plain(given));
            return Ok(());
        }
    }
    if let Some(name) = one["xml"]["value"].as_str().or_else(|| one["xml"].as_str()).and_then(argument) {
        arguments.insert(name, given.clone());
        return Ok(());
    }
    for form in ["json", "form", "multipart", "xml"] {
        let members = if form == "xml" { &one["xml"]["value"] } else { &one[form] };
        if members.is_object() {
            return fields(given, members, arguments);
        }
    }
    Err("the definition's body has another form".to_owned())
}

/// The body for a media type, which its argument selects.
fn select<'v>(body: &'v Value, wanted: &str, arguments: &mut Map<String, Value>) -> Result<&'v Value, String> {
    let Some(media_types) = body["media_types"].as_object() else { return Ok(body) };
    let bare = |name: &str| name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let at = media_types.keys().position(|name| bare(name) == bare(wanted));
    let at = at.ok_or_else(|| format!("`{wanted}` cannot be selected"))?;
    let (name, one) = media_types.iter().nth(at).unwrap();
    let selector = body["select"].as_str().and_then(argument).unwrap();
    if at > 0 {
        arguments.insert(selector, name.as_str().into());
    }
    Ok(one)
}

fn fields(given: &Value, members: &Value, arguments: &mut Map<String, Value>) -> Result<(), String> {
    let given_members = given.as_object().ok_or("the body is not an object, and the definition's is")?;
    // An object of any shape is one argument, whose members are the pairs.
    if let Some(name) = binding(members, "body").filter(|_| members.as_object().is_some_and(|map| map.len() == 1)) {
        if !given_members.contains_key("body") {
            arguments.insert(name, given.clone());
            return Ok(());
        }
    }
    for (wire, value) in given_members {
        let name = binding(members, wire).ok_or_else(|| format!("nothing sends the body's `{wire}`"))?;
        arguments.insert(name, plain(value));
        let file = value["$file"]["name"].as_str();
        if let (Some(file), Some(name)) = (file, members[wire]["filename"].as_str().and_then(argument)) {
            arguments.insert(name, file.into());
        }
    }
    Ok(())
}

/// Files are given as base64 of their bytes.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => match map.get("$file") {
            Some(file) => file["base64"].clone(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(plain).collect(),
        _ => value.clone(),
    }
}

pub(crate) fn decoded(base64: &Value) -> Vec<u8> {
    STANDARD.decode(base64.as_str().unwrap_or_default()).unwrap()
}
