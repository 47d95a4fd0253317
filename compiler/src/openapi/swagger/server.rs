//! `host`, `basePath` and `schemes` as servers.

use serde_json::{Value, json};

use crate::openapi::Spot;

/// The servers of a document or, with its own `schemes`, of an operation; those with TLS first. A
/// document without host means the host that it came from.
pub(super) fn servers(root: &Spot<'_>, holder: &Spot<'_>) -> Value {
    let base = root.text("basePath").unwrap_or_default().trim();
    let base = if base.is_empty() || base.starts_with('/') { base.to_owned() } else { format!("/{base}") };
    let Some(host) = root.text("host").map(str::trim).filter(|host| !host.is_empty()) else {
        return json!([{"url": if base.is_empty() { "/" } else { &base }}]);
    };
    // Some write a whole URL where the host belongs.
    if host.contains("://") {
        return json!([{"url": format!("{}{base}", host.trim_end_matches('/'))}]);
    }
    let list = holder.get("schemes").or_else(|| root.get("schemes"));
    let mut schemes: Vec<&str> = list
        .iter()
        .flat_map(Spot::items)
        .filter_map(|item| item.value.as_str())
        .filter(|scheme| matches!(*scheme, "http" | "https"))
        .collect();
    schemes.sort_unstable_by(|one, other| other.cmp(one));
    if schemes.is_empty() {
        schemes.push("https");
    }
    schemes.into_iter().map(|scheme| json!({"url": format!("{scheme}://{host}{base}")})).collect()
}
