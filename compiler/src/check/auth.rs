//! Rules of credentials: what may be interpolated where, what is written out, and that no two of them
//! want the same place.

use super::Report;
use super::headers::{HeaderOwner, check_header_name, check_header_template};
use super::oauth2::check_oauth2;
use super::templates::{Allowed, check_template};
use crate::definition::{AuthDefinition, CombinationDefinition, NetworkDefinition, Template, TemplateName};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

/// `auth` of an api or of a stand-alone capability.
pub(super) fn check_auth(auth: &AuthDefinition, network: Option<NetworkDefinition>, report: &mut Report<'_>) {
    let pointer = Pointer::of(["auth"]);
    match auth.alternatives.as_slice() {
        [only] => check_combination(only, &pointer, network, report),
        several => {
            for (index, combination) in several.iter().enumerate() {
                check_combination(combination, &pointer.item(index), network, report);
            }
        }
    }
}

/// Credentials that are sent together.
pub(super) fn check_combination(
    combination: &CombinationDefinition,
    pointer: &Pointer,
    network: Option<NetworkDefinition>,
    report: &mut Report<'_>,
) {
    for (pointer, template, allowed) in templates(combination, pointer) {
        check_template(template, &pointer, &allowed, report);
        check_header_template(template, &pointer, report);
    }
    if let Some(oauth2) = &combination.oauth2 {
        check_oauth2(oauth2, &pointer.child("oauth2"), network, report);
    }
    check_written_out(combination, pointer, report);
    for name in combination.header.keys() {
        check_header_name(name, HeaderOwner::Credential, &pointer.child("header").child(name.as_str()), report);
    }
    check_authorization(combination, pointer, report);
}

/// Every template of a set, and what it may read.
pub(super) fn templates<'a>(
    combination: &'a CombinationDefinition,
    pointer: &Pointer,
) -> Vec<(Pointer, &'a Template, Allowed<'static>)> {
    let own = |pointer: Pointer, template| (pointer, template, Allowed::CREDENTIALS);
    let mut all: Vec<_> = combination.bearer.iter().map(|it| own(pointer.child("bearer"), it)).collect();
    if let Some(basic) = &combination.basic {
        let place = pointer.child("basic");
        all.push(own(place.child("username"), &basic.username));
        all.push(own(place.child("password"), &basic.password));
    }
    let named = [("header", &combination.header), ("query", &combination.query), ("cookie", &combination.cookie)];
    for (key, map) in named {
        let allowed = if key == "cookie" { Allowed::CREDENTIALS } else { Allowed::SIGNATURES };
        let place = pointer.child(key);
        all.extend(map.iter().map(|(name, it)| (place.child(name.as_str()), it, allowed)));
    }
    if let Some(oauth2) = &combination.oauth2 {
        let place = pointer.child("oauth2");
        all.extend(oauth2.templates().map(|(key, it)| own(place.child(key), it)));
        let parameters = place.child("parameters");
        all.extend(oauth2.parameters.iter().map(|(name, it)| own(parameters.child(name.as_str()), it)));
    }
    if let Some(aws) = &combination.aws_sigv4 {
        let place = pointer.child("aws_sigv4");
        all.extend(aws.templates().map(|(key, it)| own(place.child(key), it)));
    }
    all
}

/// `Authorization` has one value, so of several credentials that are sent there all but one are lost.
fn check_authorization(combination: &CombinationDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    let header = combination.header.keys().find(|name| name.eq_ignore_ascii_case("authorization"));
    let said = [
        combination.bearer.is_some().then(|| pointer.child("bearer")),
        combination.basic.is_some().then(|| pointer.child("basic")),
        header.map(|name| pointer.child("header").child(name.as_str())),
        combination.oauth2.is_some().then(|| pointer.child("oauth2")),
        combination.aws_sigv4.is_some().then(|| pointer.child("aws_sigv4")),
    ];
    let mut said = said.into_iter().flatten();
    let (Some(first), Some(second)) = (said.next(), said.next()) else { return };
    let (place, also) = (report.key(&second), report.key(&first));
    report.push(
        Diagnostic::new(
            Code::AUTHORIZATION_TWICE,
            "two credentials that go together are both sent as `Authorization`",
            place,
        )
        .label("a request has one `Authorization` header")
        .also(also, "this is sent there as well")
        .help("keep one, or make them alternatives: a list of two mappings under `auth`"),
    );
}

/// Warns of credentials that are written out. A user name without a secret is usual, and so is a
/// key as the user name with an empty password.
fn check_written_out(combination: &CombinationDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    for (pointer, template) in confidential(combination, pointer) {
        if !template.is_literal() || template.source.is_empty() {
            continue;
        }
        let place = report.value(&pointer);
        report.push(
            Diagnostic::new(Code::WRITTEN_CREDENTIAL, "a credential stands in the file", place)
                .label("whoever reads the file can use it")
                .help("write `{{ secret.NAME }}`, keep the value outside of the folder, and replace it where it was issued"),
        );
    }
}

/// The templates whose value nobody else should know.
fn confidential<'a>(combination: &'a CombinationDefinition, pointer: &Pointer) -> Vec<(Pointer, &'a Template)> {
    let mut all: Vec<_> = combination.bearer.iter().map(|it| (pointer.child("bearer"), it)).collect();
    let basic = combination.basic.iter().filter(|basic| !names_secret(&basic.username));
    all.extend(basic.map(|basic| (pointer.child("basic").child("password"), &basic.password)));
    let named = [("header", &combination.header), ("query", &combination.query), ("cookie", &combination.cookie)];
    for (key, map) in named {
        let place = pointer.child(key);
        all.extend(map.iter().map(|(name, it)| (place.child(name.as_str()), it)));
    }
    let oauth2 = combination.oauth2.iter().flat_map(|oauth2| oauth2.templates());
    let oauth2 = oauth2.filter(|(key, _)| matches!(*key, "token" | "client_secret" | "refresh_token"));
    all.extend(oauth2.map(|(key, it)| (pointer.child("oauth2").child(key), it)));
    let aws = combination.aws_sigv4.iter().flat_map(|aws| aws.templates());
    let aws = aws.filter(|(key, _)| matches!(*key, "secret_access_key" | "session_token"));
    all.extend(aws.map(|(key, it)| (pointer.child("aws_sigv4").child(key), it)));
    all
}

fn names_secret(template: &Template) -> bool {
    template.holes().flat_map(|hole| &hole.names).any(|used| matches!(used.name, TemplateName::Secret(_)))
}
