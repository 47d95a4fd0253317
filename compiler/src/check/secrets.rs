//! Secrets that several files send, each to another host.
//!
//! Often one name stands for two secrets by mistake, and then one server gets the key of the other. It may be
//! meant as well, so there is only a note. What is never sent as it is does not count: the keys of AWS
//! signatures, certificates, and what the proxy gets.

use std::collections::{BTreeMap, BTreeSet};

use super::auth;
use super::server::host;
use crate::definition::{
    ApiDefinition, AuthDefinition, CapabilityDefinition, CombinationDefinition, Definition, Template, TemplateName,
};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// A secret that one file sends.
struct Use<'a> {
    /// The api, or the stand-alone tool.
    name: &'a str,
    /// Where it goes.
    hosts: BTreeSet<String>,
    place: Place,
}

/// Notes each file that sends a secret elsewhere than the first one with that secret does.
#[must_use]
pub fn check_secrets(definitions: &[(&SourceId, &Definition)]) -> Vec<Diagnostic> {
    let mut uses: BTreeMap<&str, Vec<Use<'_>>> = BTreeMap::new();
    for (source, definition) in definitions {
        match definition {
            Definition::Api(api) => of_api(source, api, &mut uses),
            Definition::Capability(tool) if tool.api.is_none() => of_tool(source, tool, &mut uses),
            Definition::Capability(_) | Definition::Upstream(_) | Definition::Schemas(_) => {}
        }
    }
    let mut diagnostics = Vec::new();
    for (secret, uses) in &uses {
        let Some((first, others)) = uses.split_first() else { continue };
        let mut told = BTreeSet::from([first.name]);
        let others = others.iter().filter(|other| first.hosts.is_disjoint(&other.hosts));
        diagnostics.extend(others.filter(|other| told.insert(other.name)).map(|other| shared(secret, first, other)));
    }
    diagnostics
}

fn of_api<'a>(source: &SourceId, api: &'a ApiDefinition, uses: &mut BTreeMap<&'a str, Vec<Use<'a>>>) {
    let servers: Vec<&Template> = std::iter::once(&api.server).chain(api.servers.values()).collect();
    let mut add = Sent { source, name: &api.name, hosts: hosts(&servers), uses };
    if let Some(auth) = &api.auth {
        add.auth(auth);
    }
    for (name, scheme) in &api.schemes {
        add.combination(scheme, &Pointer::of(["schemes", name]));
    }
    for (name, header) in &api.headers {
        add.template(header, &Pointer::of(["headers", name]), &add.hosts.clone());
    }
}

fn of_tool<'a>(source: &SourceId, tool: &'a CapabilityDefinition, uses: &mut BTreeMap<&'a str, Vec<Use<'a>>>) {
    let servers: Vec<&Template> = tool.server.iter().collect();
    let mut add = Sent { source, name: &tool.name, hosts: hosts(&servers), uses };
    if let Some(auth) = &tool.auth {
        add.auth(auth);
    }
}

/// What one file sends.
struct Sent<'a, 'u> {
    source: &'u SourceId,
    name: &'a str,
    hosts: BTreeSet<String>,
    uses: &'u mut BTreeMap<&'a str, Vec<Use<'a>>>,
}

impl<'a> Sent<'a, '_> {
    fn auth(&mut self, auth: &'a AuthDefinition) {
        let pointer = Pointer::of(["auth"]);
        match auth.alternatives.as_slice() {
            [only] => self.combination(only, &pointer),
            several => several.iter().enumerate().for_each(|(at, it)| self.combination(it, &pointer.item(at))),
        }
    }

    fn combination(&mut self, combination: &'a CombinationDefinition, pointer: &Pointer) {
        let token_url = combination.oauth2.iter().filter_map(|oauth2| oauth2.token_url.as_ref());
        let (own, tokens) = (self.hosts.clone(), hosts(&token_url.collect::<Vec<_>>()));
        for (place, template, _) in auth::templates(combination, pointer) {
            let scheme = place.tokens().get(pointer.tokens().len()).map_or("", String::as_str);
            let key = place.tokens().last().map_or("", String::as_str);
            match scheme {
                "aws_sigv4" => {}
                // The client's secrets go to the authorization server, the token to the api's.
                "oauth2" if key != "token" => self.template(template, &place, &tokens),
                _ => self.template(template, &place, &own),
            }
        }
    }

    fn template(&mut self, template: &'a Template, pointer: &Pointer, hosts: &BTreeSet<String>) {
        // A host that is not written out may be any.
        if hosts.is_empty() {
            return;
        }
        for used in template.holes().flat_map(|hole| &hole.names) {
            let TemplateName::Secret(secret) = &used.name else { continue };
            let place = Place::value(self.source, pointer.clone());
            self.uses.entry(secret).or_default().push(Use { name: self.name, hosts: hosts.clone(), place });
        }
    }
}

/// The hosts of servers, as far as they are written out.
fn hosts(servers: &[&Template]) -> BTreeSet<String> {
    let known = servers.iter().filter(|server| server.is_literal()).filter_map(|server| host(&server.source));
    known.filter(|host| !host.ends_with(".invalid")).collect()
}

fn shared(secret: &str, first: &Use<'_>, other: &Use<'_>) -> Diagnostic {
    let (here, there) = (named(&other.hosts), named(&first.hosts));
    let own: String = other.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let own = format!("{}_{secret}", own.to_ascii_uppercase());
    Diagnostic::new(
        Code::SECRET_SHARED,
        format!("`{}` and `{}` send one secret to different hosts", first.name, other.name),
        other.place.clone(),
    )
    .label(format!("`{}` sends `{secret}` to {here}", other.name))
    .also(first.place.clone(), format!("`{}` sends it to {there}", first.name))
    .help(format!("give it a name of its own here, such as `secret.{own}`; if one secret is for both hosts, leave it"))
}

fn named(hosts: &BTreeSet<String>) -> String {
    let hosts: Vec<String> = hosts.iter().map(|host| format!("`{host}`")).collect();
    hosts.join(" and ")
}
