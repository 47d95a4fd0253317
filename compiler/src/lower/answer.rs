//! What is made of an answer: defaults are filled in, and the schema becomes that of what is kept.

use serde_json::{Map, Value};

use crate::capability::{AnswerRules, ArgumentName, NextPage, Pagination};
use crate::definition::{CapabilityDefinition, PageStyle, PaginationDefinition};

pub(super) fn rules(definition: &CapabilityDefinition) -> AnswerRules {
    AnswerRules {
        fields: paths(&definition.response.fields),
        select: definition.response.select.clone(),
        cache: definition.response.cache,
        pagination: definition.pagination.as_ref().map(pagination),
    }
}

fn paths(fields: &[String]) -> Vec<Vec<String>> {
    fields.iter().map(|path| path.split('.').map(|name| name.trim().to_owned()).collect()).collect()
}

fn pagination(said: &PaginationDefinition) -> Pagination {
    let argument = ArgumentName(said.argument.clone().unwrap_or_default());
    let text = |said: &Option<String>| said.clone().unwrap_or_default();
    let next = match said.style {
        PageStyle::Link => NextPage::Link,
        PageStyle::NextUrl => NextPage::Url { next: text(&said.next) },
        PageStyle::Cursor => match &said.last_item {
            Some(member) => NextPage::After { argument, member: member.clone() },
            None => NextPage::Cursor { argument, next: text(&said.next) },
        },
        PageStyle::Page => NextPage::Page { argument, start: said.start.unwrap_or(1) },
        PageStyle::Offset => NextPage::Offset { argument, start: said.start.unwrap_or(0) },
    };
    Pagination {
        next,
        items: text(&said.items),
        size: said.size.clone().map(ArgumentName),
        total: said.total.clone(),
        more: said.more.clone(),
    }
}

/// The schema of what `fields` keeps: properties that go are left out, wherever they stand.
pub(super) fn projected(schema: Value, fields: &[String]) -> Value {
    let paths = paths(fields);
    if paths.is_empty() {
        return schema;
    }
    let kept: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
    let projected = project(&schema, &schema, &kept, 0);
    with_definitions(projected, &schema)
}

fn with_definitions(mut projected: Value, schema: &Value) -> Value {
    let refers = projected.to_string().contains("\"$ref\"");
    if let (Value::Object(map), Some(definitions), true) = (&mut projected, schema.get("$defs"), refers) {
        map.insert("$defs".to_owned(), definitions.clone());
    }
    projected
}

/// How many references and levels are followed; what is deeper is left unsaid.
const DEEPEST: usize = 32;

fn project(root: &Value, schema: &Value, kept: &[&[String]], depth: usize) -> Value {
    // A path that ends here keeps everything below.
    if kept.iter().any(|path| path.is_empty()) {
        return schema.clone();
    }
    let Value::Object(map) = schema else { return schema.clone() };
    if depth > DEEPEST {
        return Value::Object(Map::new());
    }
    if let Some(target) = map.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#')) {
        let target = root.pointer(target).cloned().unwrap_or_default();
        return project(root, &target, kept, depth + 1);
    }
    let mut copy = Map::new();
    for (keyword, value) in map {
        let value = match (keyword.as_str(), value) {
            ("$defs", _) => continue,
            ("properties", Value::Object(members)) => properties(root, members, kept, depth),
            ("required", Value::Array(names)) => required(names, kept),
            ("items" | "additionalProperties" | "not" | "if" | "then" | "else", value) if value.is_object() => {
                project(root, value, kept, depth + 1)
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
                all.iter().map(|one| project(root, one, kept, depth + 1)).collect()
            }
            _ => value.clone(),
        };
        copy.insert(keyword.clone(), value);
    }
    Value::Object(copy)
}

fn properties(root: &Value, members: &Map<String, Value>, kept: &[&[String]], depth: usize) -> Value {
    let below = |name: &str| -> Vec<&[String]> {
        kept.iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| *first == name)
            .map(|(_, it)| it)
            .collect()
    };
    let members = members.iter().map(|(name, member)| (name, member, below(name)));
    let members = members.filter(|(_, _, below)| !below.is_empty());
    Value::Object(
        members.map(|(name, member, below)| (name.clone(), project(root, member, &below, depth + 1))).collect(),
    )
}

fn required(names: &[Value], kept: &[&[String]]) -> Value {
    let first = |name: &&Value| kept.iter().any(|path| path.first().map(String::as_str) == name.as_str());
    names.iter().filter(first).cloned().collect()
}
