//! Checked definitions to capabilities: references are followed, defaults are filled in, templates
//! become pieces, and all that remembers how the text was written is dropped.

mod answer;
mod body;
mod bundle;
mod credential;
mod request;
mod text;
mod transport;
mod upstream;
mod xml;

pub use upstream::lower_upstream;

use std::collections::BTreeSet;

use crate::capability::{
    Annotations, Call, Capability, Credential, HttpCall, Limits, Network, Origin, SchemaText, Server, ServerName, Text,
    ToolName,
};
use crate::check::{Checked, Linked};
use crate::definition::{AnnotationsDefinition, ApiDefinition, AuthDefinition, LimitsDefinition, NetworkDefinition};

/// Lowers one capability.
#[must_use]
pub fn lower_capability(linked: &Checked<Linked<'_>>) -> Capability {
    let definition = linked.definition;
    let mut dependencies = BTreeSet::new();
    dependencies.extend(linked.api.map(|api| api.source.clone()));
    let input = bundle::bundle(linked, &definition.input, &mut dependencies);
    let output = definition.response.schema.as_ref().map(|schema| bundle::bundle(linked, schema, &mut dependencies));
    let output = output.map(|schema| answer::projected(schema, &definition.response.fields));
    Capability {
        tool: ToolName(linked.served_name()),
        server: server_name(linked),
        title: definition.title.clone(),
        description: definition.description.trim().to_owned(),
        deprecated: definition.deprecated,
        tags: definition.tags.clone(),
        annotations: annotations(definition.annotations, &definition.request.method),
        input: SchemaText::from(&input),
        output: output.as_ref().map(SchemaText::from),
        answer: answer::rules(definition),
        call: Call::Http(Box::new(http_call(linked))),
        limits: limits(definition.limits, linked.api.map(|api| api.definition.limits).unwrap_or_default()),
        origin: Origin {
            definition: linked.source.clone(),
            api: linked.api.map(|api| api.source.clone()),
            dependencies: dependencies.into_iter().collect(),
        },
    }
}

/// What agents see of the server that a capability belongs to; a stand-alone one is its own.
#[must_use]
pub fn lower_server(linked: &Checked<Linked<'_>>) -> Server {
    match linked.api {
        Some(api) => lower_api(api.definition),
        None => Server { name: server_name(linked), title: linked.definition.title.clone(), description: None },
    }
}

/// What agents see of an api.
#[must_use]
pub fn lower_api(api: &ApiDefinition) -> Server {
    Server { name: ServerName(api.name.clone()), title: api.title.clone(), description: api.description.clone() }
}

fn server_name(linked: &Linked<'_>) -> ServerName {
    ServerName(linked.api.map_or_else(|| linked.definition.name.clone(), |api| api.definition.name.clone()))
}

/// What the method implies, where the author says nothing.
fn annotations(said: AnnotationsDefinition, method: &str) -> Annotations {
    let read_only = said.read_only.unwrap_or_else(|| implied_by(method).read_only);
    Annotations {
        read_only,
        destructive: said.destructive.unwrap_or(!read_only && matches!(method, "DELETE" | "PUT")),
        idempotent: said.idempotent.unwrap_or(read_only || matches!(method, "PUT" | "DELETE")),
        open_world: said.open_world.unwrap_or(true),
    }
}

/// What a method implies (RFC 9110, section 9.2).
pub(crate) fn implied_by(method: &str) -> Annotations {
    let safe = matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "QUERY" | "SEARCH" | "PROPFIND" | "REPORT");
    let repeatable = matches!(method, "PUT" | "DELETE");
    Annotations { read_only: safe, destructive: repeatable, idempotent: safe || repeatable, open_world: true }
}

fn limits(own: LimitsDefinition, api: LimitsDefinition) -> Limits {
    Limits {
        timeout: own.timeout.or(api.timeout),
        connect_timeout: own.connect_timeout.or(api.connect_timeout),
        read_timeout: own.read_timeout.or(api.read_timeout),
        retries: own.retries.or(api.retries),
        max_response: own.max_response.or(api.max_response),
        max_output: own.max_output.or(api.max_output),
        rate: own.rate.or(api.rate),
        concurrency: own.concurrency.or(api.concurrency),
        circuit_breaker: transport::circuit_breaker(own.circuit_breaker.or(api.circuit_breaker)),
    }
}

fn http_call(linked: &Linked<'_>) -> HttpCall {
    let definition = linked.definition;
    let api = linked.api.map(|api| api.definition);
    let network = api.map_or(definition.network, |api| api.network);
    let mut headers = api.map(request::api_headers).unwrap_or_default();
    headers
        .retain(|header| !definition.request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(&header.name)));
    headers.extend(request::headers(&definition.request));
    HttpCall {
        method: definition.request.method.clone(),
        server: server(linked),
        network: if network == Some(NetworkDefinition::Private) { Network::Private } else { Network::Public },
        path: request::path(&definition.request),
        query: request::query(&definition.request),
        headers,
        cookies: request::cookies(&definition.request),
        body: definition.request.body.as_ref().and_then(body::body),
        auth: auth(linked),
        idempotency_key: definition.request.idempotency_key.as_ref().map(|key| key.header.clone()),
        transport: transport::transport(linked),
    }
}

fn server(linked: &Linked<'_>) -> Text {
    let own = linked.definition.server.as_ref();
    let template = match linked.api {
        Some(api) => own.and_then(|name| api.definition.servers.get(&name.source)).or(Some(&api.definition.server)),
        None => own,
    };
    let mut server = template.map(text::text).unwrap_or_default();
    if let Some(crate::capability::Piece::Literal(last)) = server.pieces.last_mut() {
        last.truncate(last.trim_end_matches('/').len());
    }
    server
}

fn auth(linked: &Linked<'_>) -> Vec<Vec<Credential>> {
    let definition = linked.definition;
    let Some(api) = linked.api.map(|api| api.definition) else {
        return definition.auth.as_ref().map(alternatives).unwrap_or_default();
    };
    match definition.security.as_ref().or(api.security.as_ref()) {
        Some(security) => security.iter().map(|schemes| combine(api, schemes)).collect(),
        None => api.auth.as_ref().map(alternatives).unwrap_or_default(),
    }
}

fn alternatives(auth: &AuthDefinition) -> Vec<Vec<Credential>> {
    auth.alternatives.iter().map(credential::credentials).collect()
}

fn combine(api: &ApiDefinition, schemes: &[String]) -> Vec<Credential> {
    schemes.iter().filter_map(|name| api.schemes.get(name)).flat_map(credential::credentials).collect()
}
