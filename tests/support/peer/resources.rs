//! Resources: a text, an image, a template, and one to be watched.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use crate::tools::content::PNG;

const TEMPLATE: &str = "test://template/{id}/data";

/// The resources that are listed.
pub(crate) fn list() -> Vec<Resource> {
    let entry = |uri: &str, name: &str, description: &str, media: &str| {
        Resource::new(uri, name).with_description(description).with_mime_type(media)
    };
    vec![
        entry("test://static-text", "static-text", "A text that never changes.", "text/plain"),
        entry("test://static-binary", "static-binary", "An image of one pixel.", "image/png"),
        entry("test://watched-resource", "watched-resource", "The tool `touch` says that it changed.", "text/plain"),
    ]
}

/// The templates that are listed.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let template = ResourceTemplate::new(TEMPLATE, "template").with_description("An object that names its id.");
    vec![template.with_mime_type("application/json")]
}

/// What a resource contains.
///
/// # Errors
/// When there is none at this address.
pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let contents = match uri {
        "test://static-text" => ResourceContents::text("This is the content of the static text resource.", uri),
        "test://static-binary" => ResourceContents::blob(PNG, uri).with_mime_type("image/png"),
        "test://watched-resource" => ResourceContents::text("Watched resource content", uri),
        other => from_template(other)?,
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

fn from_template(uri: &str) -> Result<ResourceContents, ErrorData> {
    let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
    let Some(id) = id.filter(|id| !id.is_empty() && !id.contains('/')) else {
        return Err(ErrorData::resource_not_found("there is no such resource", Some(json!({"uri": uri}))));
    };
    let text = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")}).to_string();
    Ok(ResourceContents::text(text, uri).with_mime_type("application/json"))
}
