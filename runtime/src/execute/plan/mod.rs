//! A capability and arguments become a request plan: pure, typed, without secrets.
//!
//! The plan is what a dry run prints and what is sent. A value can never add a path segment, a host,
//! a query key or a header line: it is encoded for its place, or refused with the argument's name.

mod bind;
mod body;
mod digest;
mod encode;
mod escape;
mod expression;
mod multipart;
mod oauth2;
mod path;
mod render;
mod request;
mod sealed;
mod select;
mod xml;

use std::collections::BTreeSet;

use cap_compiler::capability::{Binding, Credential, Encoding, HttpCall, Parameter, Piece, Text, is_connection_header};
use serde_json::{Map, Value};

use super::connection;
use super::error::{ArgumentProblem, ToolError};
use super::prepared::Prepared;
use bind::Scope;

pub use oauth2::{PlannedOAuth2, PlannedSigV4};
pub use request::{
    PlannedBody, PlannedContent, PlannedCredential, PlannedPart, PlannedTransport, Repeats, RequestPlan,
};
pub use sealed::Sealed;

pub(crate) use bind::plain_text;
pub(crate) use digest::hex;
pub(crate) use encode::{is_json, join_pairs};
pub(crate) use escape::{has_control, percent_encode};
pub(crate) use expression::{CompiledExpression, Evaluated, SignedRequest, host};
pub(crate) use sealed::SealedPiece;

/// How the tokens of a capability are obtained, in any of its alternatives.
pub(in crate::execute) fn oauth2_credentials(tool: &Prepared) -> Vec<PlannedOAuth2> {
    let arguments = Map::new();
    let scope = Scope { tool, arguments: &arguments };
    let Some(call) = tool.capability().call.http() else { return Vec::new() };
    let credentials = call.auth.iter().flatten().filter_map(|credential| match credential {
        Credential::OAuth2(it) => oauth2::oauth2(it, &scope).ok(),
        Credential::Bearer(_)
        | Credential::Basic { .. }
        | Credential::Header { .. }
        | Credential::Query { .. }
        | Credential::Cookie { .. }
        | Credential::AwsSigV4(_) => None,
    });
    credentials.collect()
}

/// What is asked for where the definition does not say.
const ACCEPT: &str = "application/json, text/*;q=0.9, */*;q=0.8";

/// Plans the request of one call. The arguments have been checked.
pub(in crate::execute) fn plan(
    tool: &Prepared,
    arguments: &Map<String, Value>,
    notes: Vec<String>,
) -> Result<RequestPlan, ToolError> {
    let capability = tool.capability();
    let scope = Scope { tool, arguments };
    let Some(call) = capability.call.http() else {
        return Err(scope.definition("it is a tool of an MCP server, and no request"));
    };
    let body = body::plan(call, &scope)?;
    Ok(RequestPlan {
        tool: capability.tool.to_string(),
        api: capability.server.to_string(),
        method: call.method.clone(),
        server: server(call, &scope)?,
        network: call.network,
        path: path::plan(&call.path, &scope)?,
        query: query(call, &scope)?,
        headers: headers(&call.headers, body.is_some(), &scope)?,
        cookies: cookies(&call.cookies, &scope)?,
        body,
        auth: auth(&call.auth, &scope)?,
        limits: capability.limits,
        repeats: repeats(capability.annotations.idempotent, call),
        idempotency_key: call.idempotency_key.clone(),
        transport: transport(call, &scope)?,
        cache: capability.answer.cache,
        notes,
    })
}

fn repeats(idempotent: bool, call: &HttpCall) -> Repeats {
    if idempotent || call.idempotency_key.is_some() { Repeats::Safely } else { Repeats::OnlyIfUnsent }
}

/// How connections of a tool are made, for requests beside its calls.
pub(in crate::execute) fn transport_of(tool: &Prepared) -> Option<Box<PlannedTransport>> {
    let arguments = Map::new();
    let call = tool.capability().call.http()?;
    transport(call, &Scope { tool, arguments: &arguments }).ok().flatten()
}

fn transport(call: &HttpCall, scope: &Scope<'_>) -> Result<Option<Box<PlannedTransport>>, ToolError> {
    let Some(transport) = &call.transport else { return Ok(None) };
    let seal = |text: &Text| {
        bind::sealed(text, scope)?.ok_or_else(|| scope.definition("its `proxy` or `tls` reads an argument"))
    };
    connection::plan(transport, seal).map(|planned| Some(Box::new(planned)))
}

fn server(call: &HttpCall, scope: &Scope<'_>) -> Result<Sealed, ToolError> {
    let mut read = BTreeSet::new();
    for hole in bind::holes(&call.server) {
        read.extend(bind::names(&Binding::Value(hole.clone())).into_iter().map(ToOwned::to_owned));
    }
    if let Some(argument) = read.first() {
        return Err(scope.definition(format!("its server reads the argument `{argument}`, which no server may")));
    }
    bind::sealed(&call.server, scope)?.ok_or_else(|| scope.definition("its server is empty"))
}

fn query(call: &HttpCall, scope: &Scope<'_>) -> Result<Vec<(String, String)>, ToolError> {
    let mut found = Vec::new();
    for parameter in &call.query {
        let Some(value) = bind::value(&parameter.value, scope)? else { continue };
        let pairs = named_pairs(parameter, &value);
        // The members of an object may become keys of their own, but never somebody else's.
        if let Some(key) = pairs.iter().map(|(key, _)| key).find(|key| is_taken(call, parameter, key)) {
            let message = format!("must not have the member `{key}`, which is a parameter of its own");
            let argument = bind::names(&parameter.value).first().map(|name| (*name).to_owned()).unwrap_or_default();
            let problems = vec![ArgumentProblem { argument, message }];
            return Err(ToolError::Arguments { tool: scope.tool.capability().tool.to_string(), problems });
        }
        found.extend(pairs);
    }
    Ok(found)
}

/// Whether a key of the query belongs to another parameter or to a credential.
fn is_taken(call: &HttpCall, parameter: &Parameter, key: &str) -> bool {
    let credentials = call.auth.iter().flatten().filter_map(|credential| match credential {
        Credential::Query { name, .. } => Some(name),
        Credential::Bearer(_)
        | Credential::Basic { .. }
        | Credential::Header { .. }
        | Credential::Cookie { .. }
        | Credential::OAuth2(_)
        | Credential::AwsSigV4(_) => None,
    });
    let others = call.query.iter().map(|other| &other.name).filter(|name| **name != parameter.name);
    key != percent_encode(&parameter.name) && others.chain(credentials).any(|name| percent_encode(name) == key)
}

/// The pairs of one parameter of a query or a form. Null is as if it was not given, except inside
/// of JSON.
pub(crate) fn named_pairs(parameter: &Parameter, value: &Value) -> Vec<(String, String)> {
    match (&parameter.encoding, value) {
        (Encoding::Style { .. }, Value::Null) => Vec::new(),
        _ => encode::pairs(&parameter.name, value, &parameter.encoding),
    }
}

fn headers(parameters: &[Parameter], has_body: bool, scope: &Scope<'_>) -> Result<Vec<(String, Sealed)>, ToolError> {
    let mut found = Vec::new();
    for parameter in parameters {
        let name = parameter.name.to_ascii_lowercase();
        if is_connection_header(&name) {
            return Err(scope.definition(format!("the header `{}` belongs to the connection", parameter.name)));
        }
        // The body says its own type, with the boundary that only it knows.
        if has_body && name == "content-type" {
            continue;
        }
        if let Some(value) = header_value(parameter, scope)? {
            found.push((parameter.name.clone(), value));
        }
    }
    if !found.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
        found.push(("Accept".to_owned(), Sealed::plain(ACCEPT)));
    }
    Ok(found)
}

fn header_value(parameter: &Parameter, scope: &Scope<'_>) -> Result<Option<Sealed>, ToolError> {
    let value = if bind::has_secrets(&parameter.value) {
        bind::sealed(&secret_text(parameter, scope)?, scope)?
    } else {
        bind::value(&parameter.value, scope)?
            .filter(|value| !value.is_null())
            .and_then(|value| encode::header(&value, &parameter.encoding))
            .map(Sealed::plain)
    };
    let value = value.map(|value| without_control(value, &named(parameter), scope));
    value.transpose()
}

/// A header with secrets is text: a secret has no inner structure that a style could take apart.
fn secret_text(parameter: &Parameter, scope: &Scope<'_>) -> Result<Text, ToolError> {
    match &parameter.value {
        Binding::Text(text) => Ok(text.clone()),
        Binding::Value(hole) => Ok(Text { pieces: vec![Piece::Hole(hole.clone())] }),
        Binding::Literal(_) | Binding::Object(_) | Binding::List(_) => {
            Err(scope.definition(format!("the header `{}` has a secret inside of a list or an object", parameter.name)))
        }
    }
}

fn without_control(value: Sealed, argument: &str, scope: &Scope<'_>) -> Result<Sealed, ToolError> {
    let broken = value.pieces.iter().any(|piece| matches!(piece, SealedPiece::Plain(text) if has_control(text)));
    if broken {
        return Err(
            scope.argument(argument, "has control characters, such as a line break, which a header cannot have")
        );
    }
    Ok(value)
}

fn cookies(parameters: &[Parameter], scope: &Scope<'_>) -> Result<Vec<String>, ToolError> {
    let mut found = Vec::new();
    for parameter in parameters {
        if let Some(value) = bind::value(&parameter.value, scope)?.filter(|value| !value.is_null()) {
            found.extend(encode::cookie(&parameter.name, &value, &parameter.encoding));
        }
    }
    Ok(found)
}

fn auth(alternatives: &[Vec<Credential>], scope: &Scope<'_>) -> Result<Vec<Vec<PlannedCredential>>, ToolError> {
    alternatives.iter().map(|set| set.iter().map(|credential| credential_of(credential, scope)).collect()).collect()
}

fn credential_of(credential: &Credential, scope: &Scope<'_>) -> Result<PlannedCredential, ToolError> {
    let seal = |text: &Text| {
        let sealed = bind::sealed(text, scope)?;
        sealed.ok_or_else(|| scope.definition("a credential reads an argument that was not given"))
    };
    Ok(match credential {
        Credential::Bearer(text) => PlannedCredential::Bearer(seal(text)?),
        Credential::Basic { username, password } => {
            PlannedCredential::Basic { username: seal(username)?, password: seal(password)? }
        }
        Credential::Header { name, value } => PlannedCredential::Header(name.clone(), seal(value)?),
        Credential::Query { name, value } => PlannedCredential::Query(name.clone(), seal(value)?),
        Credential::Cookie { name, value } => PlannedCredential::Cookie(name.clone(), seal(value)?),
        Credential::OAuth2(it) => PlannedCredential::OAuth2(Box::new(oauth2::oauth2(it, scope)?)),
        Credential::AwsSigV4(it) => PlannedCredential::AwsSigV4(Box::new(oauth2::aws_sigv4(it, scope)?)),
    })
}

/// How an error names a parameter: by its argument, or by its wire name if it has none.
pub(crate) fn named(parameter: &Parameter) -> String {
    bind::names(&parameter.value).first().map_or_else(|| parameter.name.clone(), |name| (*name).to_owned())
}
