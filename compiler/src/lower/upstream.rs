//! Upstreams: what every request to one carries is a call like any other, with nothing to fill in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{alternatives, limits, request, text, transport};
use crate::capability::{
    Annotations, AnswerRules, Binding, Call, Capability, Connect, Credential, ExposedTools, HttpCall, Network,
    NewTools, Origin, Parameter, PathPiece, Program, SchemaText, Server, ServerName, Sessions, Style, Text, ToolName,
    ToolOverride, Upstream, UpstreamTransport,
};
use crate::check::{Checked, Unit};
use crate::definition::{
    ConnectDefinition, LimitsDefinition, NetworkDefinition, NewToolsDefinition, SessionsDefinition, Template,
    ToolOverrideDefinition, UpstreamDefinition,
};

/// Lowers one upstream; `None` for what no check lets through.
#[must_use]
pub fn lower_upstream(unit: &Checked<Unit<'_, UpstreamDefinition>>) -> Option<Upstream> {
    let definition = unit.definition;
    let overrides = definition.tools.iter().map(|(name, said)| (name.clone(), tool_override(said)));
    Some(Upstream {
        server: Arc::new(Server {
            name: ServerName(definition.name.clone()),
            title: definition.title.clone(),
            description: definition.description.clone(),
        }),
        transport: upstream_transport(unit)?,
        exposed: ExposedTools::new(definition.allow.as_deref(), &definition.deny).ok()?,
        overrides: overrides.collect(),
        new_tools: match definition.new {
            Some(NewToolsDefinition::Serve) => NewTools::Serve,
            Some(NewToolsDefinition::Hold) | None => NewTools::Hold,
        },
        sessions: match definition.sessions {
            None => Sessions::Detected,
            Some(SessionsDefinition::Shared) => Sessions::Shared,
            Some(SessionsDefinition::Own) => Sessions::Own,
        },
        connect: match definition.connect {
            Some(ConnectDefinition::Lazy) => Connect::Lazy,
            Some(ConnectDefinition::Eager) | None => Connect::Eager,
        },
        paused: definition.paused,
        limits: limits(definition.limits, LimitsDefinition::default()),
        source: unit.source.clone(),
    })
}

fn tool_override(said: &ToolOverrideDefinition) -> ToolOverride {
    ToolOverride {
        title: said.title.clone(),
        description: said.description.clone(),
        tags: said.tags.clone(),
        read_only: said.annotations.read_only,
        destructive: said.annotations.destructive,
        idempotent: said.annotations.idempotent,
        open_world: said.annotations.open_world,
    }
}

fn upstream_transport(unit: &Unit<'_, UpstreamDefinition>) -> Option<UpstreamTransport> {
    let said = &unit.definition.transport;
    if let Some(url) = &said.http {
        return Some(UpstreamTransport::Http(Arc::new(door(unit, url))));
    }
    if let Some(url) = &said.sse {
        return Some(UpstreamTransport::Sse(Arc::new(door(unit, url))));
    }
    let environment: BTreeMap<String, Text> =
        said.env.iter().map(|(name, value)| (name.clone(), text::text(value))).collect();
    let command = said.stdio.clone().filter(|command| !command.is_empty())?;
    Some(UpstreamTransport::Stdio(Program { command, environment, directory: said.directory.clone() }))
}

/// What every request to an HTTP upstream is like.
fn door(unit: &Unit<'_, UpstreamDefinition>, url: &Template) -> Capability {
    let definition = unit.definition;
    let (server, path) = split(url);
    let call = HttpCall {
        method: "POST".to_owned(),
        server,
        network: if definition.network == Some(NetworkDefinition::Private) {
            Network::Private
        } else {
            Network::Public
        },
        path,
        query: Vec::new(),
        headers: definition.headers.iter().map(|(name, value)| header(name, value)).collect(),
        cookies: Vec::new(),
        body: None,
        auth: credentials(definition, url),
        idempotency_key: None,
        transport: transport::of(definition.proxy.as_ref(), definition.tls.as_ref()),
    };
    Capability {
        tool: ToolName(definition.name.clone()),
        server: ServerName(definition.name.clone()),
        title: None,
        description: String::new(),
        deprecated: false,
        tags: Vec::new(),
        annotations: Annotations { read_only: false, destructive: true, idempotent: false, open_world: true },
        input: SchemaText::from(&serde_json::Value::Bool(true)),
        output: None,
        answer: AnswerRules::default(),
        call: Call::Http(Box::new(call)),
        limits: limits(definition.limits, LimitsDefinition::default()),
        origin: Origin { definition: unit.source.clone(), api: None, dependencies: Vec::new() },
    }
}

/// Tokens are asked for the upstream's own URL (RFC 8707; MCP, "Resource Parameter Implementation"), where nothing
/// else is said. A URL with secrets is told to nobody.
fn credentials(definition: &UpstreamDefinition, url: &Template) -> Vec<Vec<Credential>> {
    let mut credentials = definition.auth.as_ref().map(alternatives).unwrap_or_default();
    if url.is_literal() {
        for credential in credentials.iter_mut().flatten() {
            if let Credential::OAuth2(oauth2) = credential {
                oauth2.resource.get_or_insert_with(|| Text::literal(&url.source));
            }
        }
    }
    credentials
}

fn header(name: &str, value: &Template) -> Parameter {
    let encoding = request::encoding(None, Style::Simple, None, false);
    Parameter { name: name.to_owned(), value: Binding::Text(text::text(value)), encoding }
}

/// A URL's server, and its path exactly as it is written: with a slash at its end it is another one.
fn split(url: &Template) -> (Text, Vec<PathPiece>) {
    let whole = || (text::text(url), Vec::new());
    if !url.is_literal() {
        return whole();
    }
    let authority = url.source.find("://").map(|at| at + 3);
    let path = authority.and_then(|from| Some(from + url.source.get(from..)?.find('/')?));
    match path.and_then(|at| url.source.split_at_checked(at)) {
        Some((server, path)) => (Text::literal(server), vec![PathPiece::Literal(path.to_owned())]),
        None => whole(),
    }
}
