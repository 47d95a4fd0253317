//! TOML of configuration files: to a tree, and changed in place. Only this file names `toml_edit`.

use std::ops::Range;

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use super::jsonc::Fault;

/// Reads a text as a tree. Dates become texts.
///
/// # Errors
/// Where and why it is not TOML. Nothing of the text is repeated.
pub(super) fn parse(text: &str) -> Result<Value, Fault> {
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let at = error.span().map_or(0, |span: Range<usize>| span.start).min(text.len().saturating_sub(1));
        let start = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = text.get(start..).and_then(|rest| rest.chars().next()).map_or(start, |c| start + c.len_utf8());
        Fault { message: "the text is not TOML".to_owned(), bytes: start..end }
    })?;
    Ok(table(document.as_table()))
}

/// The text with a table at a path of two keys, where the first is made if it is not there. `None` if the
/// text is not TOML, or something on the way is no table, or the result would not read as the same tree
/// with this one change.
pub(super) fn with_member(text: &str, path: [&str; 2], member: &Map<String, Value>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let mut expected = parse(text).ok()?;
    let [first, second] = path;
    let servers = document.entry(first).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let servers = servers.as_table_like_mut()?;
    let mut table = Table::new();
    for (key, it) in member {
        table.insert(key, item(it)?);
    }
    if servers.get(second).is_some_and(Item::is_table) || !servers.contains_key(second) {
        let inline = servers.iter().next().is_some_and(|(_, item)| item.is_value());
        let new = if inline { Item::Value(table.into_inline_table().into()) } else { Item::Table(table) };
        servers.insert(second, new);
    } else {
        servers.insert(second, Item::Value(table.into_inline_table().into()));
    }
    let edited = with_line_ends(text, document.to_string());
    let map = expected.as_object_mut()?.entry(first).or_insert_with(|| Value::Object(Map::new()));
    map.as_object_mut()?.insert(second.to_owned(), Value::Object(member.clone()));
    (parse(&edited).ok()? == expected).then_some(edited)
}

/// The library writes line feeds; a file of another system keeps its line ends.
fn with_line_ends(before: &str, edited: String) -> String {
    let ends = before.matches("\r\n").count();
    if ends > 0 && ends == before.matches('\n').count() { edited.replace('\n', "\r\n") } else { edited }
}

/// A table alone, as a person would write it into a file.
pub(super) fn table_text(path: [&str; 2], member: &Map<String, Value>) -> String {
    with_member("", path, member).unwrap_or_default()
}

fn item(it: &Value) -> Option<Item> {
    match it {
        Value::String(text) => Some(value(text.as_str())),
        Value::Bool(flag) => Some(value(*flag)),
        Value::Array(items) => {
            let texts: Option<Array> = items.iter().map(Value::as_str).collect();
            Some(value(texts?))
        }
        Value::Null | Value::Number(_) | Value::Object(_) => None,
    }
}

fn table(table: &dyn TableLike) -> Value {
    let member = |(key, it): (&str, &Item)| (key.to_owned(), tree(it));
    Value::Object(table.iter().map(member).collect())
}

fn tree(it: &Item) -> Value {
    match it {
        Item::None => Value::Null,
        Item::Table(it) => table(it),
        Item::ArrayOfTables(tables) => tables.iter().map(|it| table(it)).collect(),
        Item::Value(it) => of_value(it),
    }
}

fn of_value(it: &toml_edit::Value) -> Value {
    match it {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Float(number) => (*number.value()).into(),
        toml_edit::Value::Boolean(flag) => (*flag.value()).into(),
        toml_edit::Value::Datetime(date) => date.value().to_string().into(),
        toml_edit::Value::Array(items) => items.iter().map(of_value).collect(),
        toml_edit::Value::InlineTable(it) => table(it),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edited(text: &str) -> Option<String> {
        let member = json!({"url": "u"});
        with_member(text, ["mcp_servers", "cap"], member.as_object().unwrap())
    }

    #[test]
    fn a_table_is_added_and_all_else_stays() {
        assert_eq!(edited("").unwrap(), "[mcp_servers.cap]\nurl = \"u\"\n");
        let text = "# mine\nmodel = \"x\" # why\n\n[mcp_servers.a]\ncommand = \"c\"\n\n[tui]\nb = 1\n";
        let added = edited(text).unwrap();
        assert!(added.contains("# mine\nmodel = \"x\" # why\n") && added.contains("[tui]\nb = 1\n"), "{added}");
        assert_eq!(parse(&added).unwrap()["mcp_servers"]["cap"], json!({"url": "u"}));
        assert_eq!(edited(&added), Some(added.clone()));
        assert_eq!(edited("a = 1\r\n").unwrap(), "a = 1\r\n\r\n[mcp_servers.cap]\r\nurl = \"u\"\r\n");
        assert_eq!(
            edited("mcp_servers = {a = {url = \"x\"}}\n").unwrap(),
            "mcp_servers = {a = {url = \"x\"}, cap = { url = \"u\" } }\n"
        );
    }

    #[test]
    fn what_is_no_table_is_left_alone() {
        for text in ["mcp_servers = 1", "[[mcp_servers]]\na = 1\n", "x = ", "= 1"] {
            assert_eq!(edited(text), None, "{text}");
        }
        let deep = format!("a = {}", "[".repeat(100_000));
        assert!(parse(&deep).is_err());
    }
}
