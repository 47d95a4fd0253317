//! Protected resource metadata (RFC 9728): which authorization servers an MCP server takes tokens of. It
//! counts only where it is about the server's own URL.

use serde_json::{Map, Value};
use url::Url;

use super::challenge::{Challenge, scopes};
use super::client::{OAuthClient, found_endpoint};
use super::endpoint::fetch;
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;

/// Authorization servers that are tried.
const MOST_SERVERS: usize = 4;
/// Bytes of a name.
const LONGEST: usize = 2_000;
const PLACE: &str = "/.well-known/oauth-protected-resource";

/// What a server says of itself as a resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// The name that tokens are asked for under.
    pub(super) name: String,
    /// Issuers, in the server's order; at least one.
    pub(super) servers: Vec<String>,
    pub(super) scopes: Vec<String>,
}

/// The metadata of the resource at `url`; `None` if there is none.
///
/// # Errors
/// `Token` when what there is cannot be used, `Refused` for an address that must not be reached.
pub(super) async fn resource(
    executor: &Executor,
    client: &OAuthClient,
    url: &Url,
    challenge: &Challenge,
) -> Result<Option<Resource>, ToolError> {
    if let Some(said) = &challenge.resource_metadata {
        let place = found_endpoint(said, client.network)?;
        let document = fetch(executor, client, place.clone()).await?;
        let host = place.host_str().unwrap_or_default().to_owned();
        let reason = "there is no resource metadata where the server says it is".to_owned();
        return read(&document.ok_or(ToolError::Token { host, reason })?, url).map(Some);
    }
    for place in places(url) {
        if let Some(document) = fetch(executor, client, place).await? {
            return read(&document, url).map(Some);
        }
    }
    Ok(None)
}

/// The well-known part stands before the path; the server's root is the second place.
fn places(url: &Url) -> Vec<Url> {
    let at = |path: &str| {
        let mut place = url.clone();
        place.set_path(path);
        place.set_fragment(None);
        place
    };
    let path = url.path().trim_end_matches('/');
    let mut root = at(PLACE);
    root.set_query(None);
    if path.is_empty() { vec![root] } else { vec![at(&format!("{PLACE}{path}")), root] }
}

fn read(document: &Map<String, Value>, url: &Url) -> Result<Resource, ToolError> {
    let fault = |reason: String| ToolError::Token { host: url.host_str().unwrap_or_default().to_owned(), reason };
    let name = document.get("resource").and_then(Value::as_str).filter(|name| is_plain(name)).unwrap_or_default();
    if !Url::parse(name).is_ok_and(|resource| covers(&resource, url)) {
        return Err(fault("its resource metadata is of another resource".to_owned()));
    }
    let texts = |name: &str| {
        let items = document.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).filter(|text| is_plain(text))
    };
    let servers: Vec<String> = texts("authorization_servers").take(MOST_SERVERS).map(str::to_owned).collect();
    if servers.is_empty() {
        return Err(fault("its resource metadata names no authorization server".to_owned()));
    }
    Ok(Resource { name: name.to_owned(), servers, scopes: scopes(texts("scopes_supported")) })
}

/// Names are stored, sent and shown.
fn is_plain(text: &str) -> bool {
    text.len() <= LONGEST && !text.contains(char::is_control)
}

/// Whether a token for `resource` is one for `url`: the same server, and a path that is the same or above.
fn covers(resource: &Url, url: &Url) -> bool {
    let (above, path) = (resource.path().trim_end_matches('/'), url.path().trim_end_matches('/'));
    let below = path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let query = resource.query().is_none() || resource.query() == url.query();
    let plain = resource.fragment().is_none() && resource.username().is_empty() && resource.password().is_none();
    resource.origin() == url.origin() && resource.has_host() && below && query && plain
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{covers, places};

    #[test]
    fn a_resource_covers_what_is_below_it_at_the_same_server() {
        let covers = |resource: &str, url: &str| {
            Url::parse(resource).is_ok_and(|resource| Url::parse(url).is_ok_and(|url| covers(&resource, &url)))
        };
        for resource in
            ["https://a.example", "https://a.example/", "https://A.example:443/x", "https://a.example/x/mcp/"]
        {
            assert!(covers(resource, "https://a.example/x/mcp"), "{resource}");
        }
        for resource in [
            "https://b.example/x/mcp",
            "http://a.example/x/mcp",
            "https://a.example:444/x/mcp",
            "https://a.example/x/m",
            "https://a.example/x/mcp/deeper",
            "https://a.example/x/mcp?a=b",
            "https://a.example/x/mcp#f",
            "https://u@a.example/x/mcp",
            "urn:a.example",
            "data:,x",
        ] {
            assert!(!covers(resource, "https://a.example/x/mcp"), "{resource}");
        }
    }

    #[test]
    fn the_places_are_those_of_the_path_and_of_the_root() {
        let places = |url: &str| Url::parse(url).map(|url| places(&url)).unwrap_or_default();
        let texts: Vec<String> = places("https://a.example/x/mcp/").iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "https://a.example/.well-known/oauth-protected-resource/x/mcp",
                "https://a.example/.well-known/oauth-protected-resource",
            ]
        );
        assert_eq!(places("https://a.example").len(), 1);
    }
}
