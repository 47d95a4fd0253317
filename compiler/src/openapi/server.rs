//! Servers: their URLs with variables filled in. Which one is used is decided in [`crate::import`].

use serde_json::Value;

use super::{Address, Report, Spot};
use crate::diagnostic::{Code, Diagnostic};

/// A server of a document, a path item or an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its URL, absolute or relative, without holes.
    pub url: String,
    /// What it is.
    pub description: Option<String>,
    /// Where it is declared.
    pub address: Address,
}

/// The servers that a node declares, in order; those that cannot be read are reported.
#[must_use]
pub fn servers(spot: &Spot<'_>, report: &Report) -> Vec<Server> {
    let Some(list) = spot.get("servers") else { return Vec::new() };
    list.items()
        .filter_map(|item| match read(&item) {
            Ok(server) => Some(server),
            Err(reason) => {
                report.count(&reason, || left_out(&reason, &item.address), Code::SERVER_LEFT_OUT);
                None
            }
        })
        .collect()
}

fn read(item: &Spot<'_>) -> Result<Server, String> {
    let server: openapiv3::Server =
        serde_json::from_value(normalized(item.value)).map_err(|error| error.to_string())?;
    let variables = server.variables.unwrap_or_default();
    let url = filled(server.url.trim(), |name| Some(variables.get(name)?.default.trim()));
    if let Some(hole) = url.find('{') {
        let rest: String = url.get(hole..).unwrap_or_default().chars().take(60).collect();
        let whole: String = server.url.chars().take(60).collect();
        return Err(format!("`{rest}` stands for nothing in `{whole}`"));
    }
    if url.len() > LONGEST {
        return Err(format!("its URL has more than {LONGEST} characters"));
    }
    Ok(Server { url, description: server.description, address: item.address.clone() })
}

/// Characters of a URL.
const LONGEST: usize = 2_048;

/// The URL with each variable replaced once: what a default brings with it is not replaced again.
fn filled<'v>(url: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let known = tail.split_once('}').and_then(|(name, after)| Some((value(name)?, after)));
        match known {
            Some((text, after)) => {
                out.push_str(text);
                rest = after;
            }
            None => {
                out.push('{');
                rest = tail;
            }
        }
        if out.len() > LONGEST {
            return out;
        }
    }
    out.push_str(rest);
    out
}

/// Defaults that are numbers (ports) become text; a variable without default takes its first value.
fn normalized(value: &Value) -> Value {
    let mut value = value.clone();
    let variables = value.get_mut("variables").and_then(Value::as_object_mut);
    for (_, variable) in variables.into_iter().flatten() {
        let Some(variable) = variable.as_object_mut() else { continue };
        let values = variable.remove("enum");
        let first = values.as_ref().and_then(|values| values.get(0)).cloned();
        let default = variable.get("default").filter(|default| !default.is_null()).cloned().or(first);
        let text = match default {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => continue,
        };
        variable.insert("default".to_owned(), text.into());
    }
    value
}

fn left_out(reason: &str, address: &Address) -> Diagnostic {
    Diagnostic::new(Code::SERVER_LEFT_OUT, format!("a server cannot be used: {reason}"), address.place())
        .label("this server is left out")
        .help("say which server to call with `--server URL`")
}
