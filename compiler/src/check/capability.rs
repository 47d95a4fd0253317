//! Rules of a capability, in the order of its file.

use super::answer::check_answer;
use super::api::check_security;
use super::auth::check_auth;
use super::input::{check_input, check_unused};
use super::names::check_tool;
use super::request::check_request;
use super::server::check_server_url;
use super::templates::Allowed;
use super::transport::{check_limits, check_proxy, check_tls};
use super::{Linked, LinkedApi, Report, meta_schema, schema};
use crate::definition::{CapabilityDefinition, TemplatePiece};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::Pointer;

pub(super) fn check(linked: &Linked<'_>, report: &mut Report<'_>) {
    let definition = linked.definition;
    check_tool(&definition.name, &linked.served_name(), report);
    match linked.api {
        Some(api) => check_of_api(definition, api, report),
        None => check_stand_alone(definition, report),
    }
    check_words(definition, report);
    check_annotations(definition, report);
    check_limits(&definition.limits, report);
    let arguments = check_input(linked, report);
    let used = check_request(&definition.request, &definition.input, &arguments, report);
    check_unused(&arguments, &used, report);
    check_answer(definition, &arguments, report);
    if let Some(response) = &definition.response.schema {
        let pointer = Pointer::of(["response", "schema"]);
        meta_schema::check(response, &pointer, report);
        schema::check_references(linked, response, &pointer, report);
    }
}

/// What a capability with `api` may not say, because its api says it.
fn check_of_api(definition: &CapabilityDefinition, api: LinkedApi<'_>, report: &mut Report<'_>) {
    if definition.auth.is_some() {
        misplaced("auth", "move it to `schemes` of the api's file, and choose it here with `security`", report);
    }
    if definition.network.is_some() {
        misplaced("network", "move it to the api's file", report);
    }
    for (key, said) in [("proxy", definition.proxy.is_some()), ("tls", definition.tls.is_some())] {
        if said {
            misplaced(key, "move it to the api's file", report);
        }
    }
    if let Some(security) = &definition.security {
        check_security(api.definition, security, report);
    }
    let Some(server) = &definition.server else { return };
    let known = &api.definition.servers;
    if !known.contains_key(&server.source) {
        let place = report.value(&Pointer::of(["server"]));
        let message = format!("the api `{}` has no server `{}`", api.definition.name, server.source);
        let diagnostic = Diagnostic::new(Code::UNKNOWN_SCHEME, message, place)
            .label("a capability of an api chooses one of its `servers` by name");
        let same_url = known.iter().find(|(_, url)| same_address(&url.source, &server.source)).map(|(name, _)| name);
        if let Some(name) = same_url {
            report.push(diagnostic.help(format!("write `server: {name}`, its name in the api's file")));
            return;
        }
        if same_address(&api.definition.server.source, &server.source) {
            report.push(diagnostic.help("remove `server`: this is the api's own"));
            return;
        }
        report.push(match nearest(&server.source, known.keys().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("name the URL under `servers` in the api's file and write that name here"),
        });
    }
}

fn same_address(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

fn misplaced(key: &str, help: &str, report: &mut Report<'_>) {
    let place = report.key(&Pointer::of([key]));
    let api = report.value(&Pointer::of(["api"]));
    report.push(
        Diagnostic::new(Code::SERVER_CHOICE, format!("`{key}` belongs to stand-alone capabilities"), place)
            .label("the api's file says this")
            .also(api, "this capability has an api")
            .help(help),
    );
}

fn check_stand_alone(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    let Some(server) = &definition.server else {
        let place = report.value(&Pointer::of(["name"]));
        report.push(
            Diagnostic::new(Code::SERVER_CHOICE, "neither `api` nor `server` is there", place)
                .label("nothing says where its requests go")
                .help("add `api: NAME` of an api's file, or `server: https://api.example.com`"),
        );
        return;
    };
    check_server_url(server, &Pointer::of(["server"]), definition.network, &Allowed::NOTHING, report);
    if definition.security.is_some() {
        let place = report.key(&Pointer::of(["security"]));
        report.push(
            Diagnostic::new(Code::SERVER_CHOICE, "`security` chooses among the `schemes` of an api", place)
                .label("this capability has no `api` to choose from")
                .help("write the credential into `auth`, such as `auth: {bearer: \"{{ secret.NAME }}\"}`"),
        );
    }
    check_proxy(definition.proxy.as_ref(), report);
    check_tls(definition.tls.as_ref(), report);
    if let Some(auth) = &definition.auth {
        check_auth(auth, definition.network, report);
    }
}

fn check_words(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    if definition.description.trim().len() < 3 {
        let place = report.value(&Pointer::of(["description"]));
        report.push(
            Diagnostic::new(Code::EMPTY_DESCRIPTION, "the description says nothing", place)
                .label("agents choose tools by this text")
                .help("say what the tool does, when to use it and what comes back"),
        );
    }
}

fn check_annotations(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    let annotations = definition.annotations;
    let fault = match definition.request.method.as_str() {
        "DELETE" if annotations.read_only == Some(true) => ("read_only", "DELETE changes things"),
        _ if annotations.read_only == Some(true) && annotations.destructive == Some(true) => {
            let place = report.value(&Pointer::of(["annotations", "read_only"]));
            let other = report.value(&Pointer::of(["annotations", "destructive"]));
            report.push(
                Diagnostic::new(Code::ANNOTATION_METHOD, "`read_only` contradicts `destructive`", place)
                    .label("what reads only destroys nothing")
                    .also(other, "this says that it does")
                    .help("remove the one that is not true"),
            );
            return;
        }
        _ => return,
    };
    let place = report.value(&Pointer::of(["annotations", fault.0]));
    let message = format!("`{}` contradicts the request", fault.0);
    let method = report.value(&Pointer::of(["request", "method"]));
    report.push(
        Diagnostic::new(Code::ANNOTATION_METHOD, message, place)
            .label(fault.1)
            .also(method, "the request")
            .help("remove the annotation unless the server really differs from the method"),
    );
}

impl Linked<'_> {
    /// The name under which the tool is served.
    #[must_use]
    pub fn served_name(&self) -> String {
        match self.api {
            Some(api) => format!("{}__{}", api.definition.name, self.definition.name),
            None => self.definition.name.clone(),
        }
    }
}

/// The literal text of a template, with `x` for each hole.
pub(super) fn shape(pieces: &[TemplatePiece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            TemplatePiece::Literal(text) => text.as_str(),
            TemplatePiece::Hole(_) => "x",
        })
        .collect()
}
