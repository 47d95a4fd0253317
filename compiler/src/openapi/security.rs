//! Security schemes and requirements.

mod flow;

use std::collections::BTreeMap;

use openapiv3::{APIKeyLocation, OAuth2Flows, SecurityScheme};
use serde_json::Value;

pub use flow::{Flow, FlowKind, required_scopes};

use super::parameter::is_header_name;
use super::{Document, Location, Report, Spot};
use crate::diagnostic::{Code, Diagnostic};

/// Alternatives, each a list of scheme names that go together; an empty one means no credentials.
pub type Requirements = Vec<Vec<String>>;

/// A declared security scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// How its credential is sent.
    pub kind: SchemeKind,
    /// What the document says of it.
    pub description: Option<String>,
    /// Where tokens come from, if the document says.
    pub urls: Vec<String>,
    /// The ways in which a gateway could obtain tokens, best first.
    pub flows: Vec<Flow>,
}

/// How a credential is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemeKind {
    /// `Authorization: Bearer …`, with a token that the person has.
    Bearer,
    /// `Authorization: Bearer …`, with a token from OAuth 2 or OpenID Connect.
    OAuth,
    /// `Authorization: Basic …`
    Basic,
    /// `Authorization:` with another scheme that is followed by one value, such as `Token`.
    Http(String),
    /// A value of its own.
    Key {
        /// Where; never the path.
        location: Location,
        /// The name on the wire.
        name: String,
    },
}

/// The declared schemes that can be sent; the others are reported.
#[must_use]
pub fn schemes(document: &Document, report: &Report) -> BTreeMap<String, Scheme> {
    let Some(declared) = document.components("securitySchemes") else { return BTreeMap::new() };
    declared
        .members()
        .filter_map(|(name, spot)| {
            let spot = document.follow(spot, report)?;
            match read(&spot) {
                Ok(scheme) => Some((name.to_owned(), scheme)),
                Err(reason) => {
                    report.say(unsupported(name, &reason, &spot));
                    None
                }
            }
        })
        .collect()
}

/// The `security` of an operation or a document; `None` where it does not say.
#[must_use]
pub fn requirements(spot: &Spot<'_>) -> Option<Requirements> {
    let list = spot.value.get("security")?.as_array()?;
    let alternatives = list.iter().filter_map(Value::as_object);
    Some(
        alternatives.map(|alternative| alternative.keys().map(|name| scheme_name(name).to_owned()).collect()).collect(),
    )
}

/// Since OpenAPI 3.2 a requirement may name a scheme by its URI.
#[must_use]
pub fn scheme_name(name: &str) -> &str {
    name.strip_prefix("#/components/securitySchemes/").unwrap_or(name)
}

/// Schemes of IANA's registry whose credentials depend on a challenge, a key or the connection.
const SEVERAL_STEPS: [&str; 10] =
    ["digest", "negotiate", "hoba", "mutual", "scram-", "vapid", "dpop", "gnap", "concealed", "privatetoken"];

fn read(spot: &Spot<'_>) -> Result<Scheme, String> {
    if spot.text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("mutualTLS")) {
        return Err("a client certificate belongs to the connection, not to a request".to_owned());
    }
    let scheme: SecurityScheme = serde_json::from_value(normalized(spot.value)).map_err(|error| error.to_string())?;
    match scheme {
        SecurityScheme::APIKey { location, name, description, .. } => {
            let location = match location {
                APIKeyLocation::Query => Location::Query,
                APIKeyLocation::Header => Location::Header,
                APIKeyLocation::Cookie => Location::Cookie,
            };
            if location == Location::Header && !is_header_name(&name) {
                return Err(format!("`{name}` is not the name of a header"));
            }
            Ok(Scheme { kind: SchemeKind::Key { location, name }, description, urls: Vec::new(), flows: Vec::new() })
        }
        SecurityScheme::HTTP { scheme, description, .. } => {
            let kind = match scheme.trim().to_ascii_lowercase().as_str() {
                "bearer" => SchemeKind::Bearer,
                "basic" => SchemeKind::Basic,
                other if SEVERAL_STEPS.iter().any(|known| other.starts_with(known)) => {
                    return Err(format!("HTTP authentication `{other}` takes several steps"));
                }
                other if !is_header_name(other) => return Err(format!("`{other}` is not a scheme of HTTP")),
                _ => SchemeKind::Http(scheme.trim().to_owned()),
            };
            Ok(Scheme { kind, description, urls: Vec::new(), flows: Vec::new() })
        }
        SecurityScheme::OAuth2 { flows, description, .. } => {
            let mut urls = flow_urls(&flows);
            // OpenAPI 3.2 knows one flow more than the types that are used here.
            let device = spot.get("flows").and_then(|flows| flows.get("deviceAuthorization"));
            urls.extend(device.and_then(|flow| flow.text("deviceAuthorizationUrl")).map(str::to_owned));
            Ok(Scheme { kind: SchemeKind::OAuth, description, urls, flows: flow::read(spot) })
        }
        SecurityScheme::OpenIDConnect { open_id_connect_url, description, .. } => {
            let flows = vec![Flow { kind: FlowKind::OpenIdConnect, urls: vec![open_id_connect_url.clone()] }];
            Ok(Scheme { kind: SchemeKind::OAuth, description, urls: vec![open_id_connect_url], flows })
        }
    }
}

/// Small faults mended, so that they do not cost the scheme: letter case, and flows that leave out
/// what is not needed here.
fn normalized(value: &Value) -> Value {
    let mut value = value.clone();
    let Some(map) = value.as_object_mut() else { return value };
    let kinds = ["apiKey", "http", "oauth2", "openIdConnect"];
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
    if let Some(kind) = kinds.into_iter().find(|known| known.eq_ignore_ascii_case(kind)) {
        map.insert("type".to_owned(), kind.into());
    }
    if let Some(location) = map.get("in").and_then(Value::as_str).map(str::to_ascii_lowercase) {
        map.insert("in".to_owned(), location.into());
    }
    if map.get("type").and_then(Value::as_str) == Some("oauth2") {
        let flows = map.get("flows").cloned().unwrap_or_default();
        map.insert("flows".to_owned(), complete_flows(flows));
    }
    value
}

fn complete_flows(flows: Value) -> Value {
    let Value::Object(mut flows) = flows else { return Value::Object(serde_json::Map::new()) };
    flows.retain(|name, _| ["implicit", "password", "clientCredentials", "authorizationCode"].contains(&name.as_str()));
    let complete = |flow: Value| {
        let Value::Object(mut flow) = flow else { return flow };
        for key in ["authorizationUrl", "tokenUrl"] {
            flow.entry(key).or_insert_with(|| "".into());
        }
        flow.insert("scopes".to_owned(), Value::Object(serde_json::Map::new()));
        Value::Object(flow)
    };
    Value::Object(flows.into_iter().map(|(name, flow)| (name, complete(flow))).collect())
}

fn flow_urls(flows: &OAuth2Flows) -> Vec<String> {
    let implicit = flows.implicit.as_ref().map(|flow| flow.authorization_url.clone());
    let password = flows.password.as_ref().map(|flow| flow.token_url.clone());
    let client = flows.client_credentials.as_ref().map(|flow| flow.token_url.clone());
    let code = flows.authorization_code.as_ref().map(|flow| [flow.authorization_url.clone(), flow.token_url.clone()]);
    let mut urls = Vec::new();
    for url in code.into_iter().flatten().chain(client).chain(password).chain(implicit) {
        if !url.is_empty() && !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

fn unsupported(name: &str, reason: &str, spot: &Spot<'_>) -> Diagnostic {
    Diagnostic::new(
        Code::UNSUPPORTED_SCHEME,
        format!("security scheme `{name}` cannot be sent: {reason}"),
        spot.address.place(),
    )
    .label("operations that need it are imported without it")
    .help("if the API takes a token or a key as well, write it into `auth:` of the api's file")
}
