//! Security requirements to credentials and the names of secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::SecretNeed;
use super::naming::snake;
use super::oauth2;
use crate::definition::{AuthDefinition, BasicDefinition, CombinationDefinition, OAuth2Definition, Template};
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::{
    Document, Location, Operation, Report, Requirements, Scheme, SchemeKind, prose, requirements, scheme_name, schemes,
};

/// How the operations of an api authenticate.
#[derive(Clone, Debug, Default)]
pub(super) struct SecurityPlan {
    /// What an operation needs that does not say: the document's own requirement.
    default: Requirements,
    form: Form,
    /// The schemes that some operation needs.
    used: BTreeMap<String, Scheme>,
    /// The names of each scheme's secrets.
    secrets: BTreeMap<String, String>,
    /// Every scheme that can be sent.
    known: BTreeSet<String>,
    /// How tokens of a scheme can be obtained.
    clients: BTreeMap<String, OAuth2Definition>,
}

/// How the api's file says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// No credentials at all.
    #[default]
    None,
    /// `auth:` with the one scheme that everything needs, or nothing.
    Auth,
    /// `schemes:` and `security:`.
    Schemes,
}

/// Looks at what the document and the operations require.
pub(super) fn plan(
    document: &Document,
    api: &str,
    operations: &[(String, Operation<'_>)],
    report: &Report,
) -> SecurityPlan {
    let declared = schemes(document, report);
    let secrets = secret_names(api, &declared);
    let known: BTreeSet<String> = declared.keys().cloned().collect();
    let spot = document.spot();
    let default = match requirements(&spot) {
        Some(required) => {
            normal(required, &known, || report_unknown(document, &spot.address.child("security"), report))
        }
        None => Vec::new(),
    };
    let mut all: Vec<Requirements> = vec![default.clone()];
    for (_, operation) in operations {
        if let Some(required) = &operation.security {
            let place = operation.outline.spot.address.child("security");
            all.push(normal(required.clone(), &known, || report_unknown(document, &place, report)));
        }
    }
    let names: BTreeSet<&String> = all.iter().flatten().flatten().collect();
    let used: BTreeMap<String, Scheme> =
        declared.iter().filter(|(name, _)| names.contains(name)).map(|(name, it)| (name.clone(), it.clone())).collect();
    let simple = |required: &Requirements| required.is_empty() || *required == default;
    let form = match (used.len(), default.as_slice()) {
        (0, _) => Form::None,
        (1, [only]) if only.len() == 1 && all.iter().all(simple) => Form::Auth,
        _ => Form::Schemes,
    };
    let clients = oauth2::clients(document, operations, &used, &secrets, report);
    report_sources(document, &used, &clients, report);
    if form == Form::None {
        report_none(document, report);
    }
    SecurityPlan { default, form, used, secrets, known, clients }
}

impl SecurityPlan {
    /// The api's `auth`.
    pub(super) fn auth(&self) -> Option<AuthDefinition> {
        let (name, scheme) = self.used.iter().next().filter(|_| self.form == Form::Auth)?;
        Some(AuthDefinition { alternatives: vec![self.credentials(name, scheme)] })
    }

    /// The api's `schemes`.
    pub(super) fn schemes(&self) -> BTreeMap<String, CombinationDefinition> {
        if self.form != Form::Schemes {
            return BTreeMap::new();
        }
        self.used.iter().map(|(name, scheme)| (name.clone(), self.credentials(name, scheme))).collect()
    }

    /// The api's `security`.
    pub(super) fn default_security(&self) -> Option<Requirements> {
        (self.form == Form::Schemes && !self.default.is_empty()).then(|| self.default.clone())
    }

    /// An operation's `security`, where it differs from the api's.
    pub(super) fn of_operation(&self, operation: &Operation<'_>) -> Option<Requirements> {
        let required = normal(operation.security.clone()?, &self.known, || {});
        (self.form != Form::None && required != self.default).then_some(required)
    }

    /// The secrets that calls need.
    pub(super) fn secrets(&self) -> Vec<SecretNeed> {
        self.used.iter().flat_map(|(name, scheme)| self.needs(name, scheme)).collect()
    }

    fn needs(&self, name: &str, scheme: &Scheme) -> Vec<SecretNeed> {
        let secret = self.secrets.get(name).cloned().unwrap_or_default();
        let description = scheme.description.as_deref().map(|text| prose::shorten(&prose::clean(text), 300).text);
        let need = |secret: String, sent_as: String| SecretNeed {
            name: secret,
            scheme: name.to_owned(),
            sent_as,
            description: description.clone().filter(|text| !text.is_empty()),
            urls: scheme.urls.clone(),
        };
        match &scheme.kind {
            SchemeKind::OAuth if self.clients.contains_key(name) => {
                let [id, password] = oauth2::secret_names(&secret);
                vec![
                    need(secret, "`Authorization: Bearer …`, a token that you have".to_owned()),
                    need(id, "or else the client's name at the authorization server".to_owned()),
                    need(password, "and the client's password there".to_owned()),
                ]
            }
            SchemeKind::Bearer | SchemeKind::OAuth => vec![need(secret, "`Authorization: Bearer …`".to_owned())],
            SchemeKind::Basic => vec![
                need(format!("{secret}_USERNAME"), "the user name of `Authorization: Basic …`".to_owned()),
                need(format!("{secret}_PASSWORD"), "the password of `Authorization: Basic …`".to_owned()),
            ],
            SchemeKind::Http(scheme) => vec![need(secret, format!("`Authorization: {scheme} …`"))],
            SchemeKind::Key { location, name } => vec![need(secret, format!("{} `{name}`", location.name()))],
        }
    }

    fn credentials(&self, name: &str, scheme: &Scheme) -> CombinationDefinition {
        let secret = self.secrets.get(name).map(String::as_str).unwrap_or_default();
        let mut combination = CombinationDefinition::default();
        if let Some(client) = self.clients.get(name) {
            combination.oauth2 = Some(Box::new(client.clone()));
            return combination;
        }
        match &scheme.kind {
            SchemeKind::Bearer | SchemeKind::OAuth => combination.bearer = Some(secret_template(secret)),
            SchemeKind::Basic => {
                combination.basic = Some(BasicDefinition {
                    username: secret_template(&format!("{secret}_USERNAME")),
                    password: secret_template(&format!("{secret}_PASSWORD")),
                });
            }
            SchemeKind::Http(scheme) => {
                let value = Template::parse(&format!("{scheme} {{{{ secret.{secret} }}}}"));
                let value = value.unwrap_or_else(|_| secret_template(secret));
                combination.header.insert("Authorization".to_owned(), value);
            }
            SchemeKind::Key { location, name } => {
                let entries = match location {
                    Location::Query | Location::QueryString => &mut combination.query,
                    Location::Cookie => &mut combination.cookie,
                    Location::Header | Location::Path => &mut combination.header,
                };
                entries.insert(name.clone(), secret_template(secret));
            }
        }
        combination
    }
}

/// The requirement without what cannot be sent; the alternative without credentials comes last, so
/// that it is the choice of those who have none.
fn normal(required: Requirements, known: &BTreeSet<String>, unknown: impl FnOnce()) -> Requirements {
    let count = required.len();
    let mut kept: Requirements = Vec::new();
    for alternative in required {
        if alternative.iter().all(|name| known.contains(name)) && !kept.contains(&alternative) {
            kept.push(alternative);
        }
    }
    if kept.len() < count {
        unknown();
    }
    kept.sort_by_key(Vec::is_empty);
    if kept.iter().all(Vec::is_empty) { Vec::new() } else { kept }
}

/// The first part of each scheme's secret names: `GITHUB_TOKEN` for a token that stands alone,
/// `GITHUB_API_KEY` from api and scheme otherwise.
fn secret_names(api: &str, declared: &BTreeMap<String, Scheme>) -> BTreeMap<String, String> {
    let prefix = upper(api);
    let alone = declared.len() == 1;
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut names = BTreeMap::new();
    for (scheme, it) in declared {
        let own = upper(scheme);
        let own = own.strip_prefix(&format!("{prefix}_")).map_or(own.clone(), str::to_owned);
        let plain = match it.kind {
            SchemeKind::Bearer | SchemeKind::OAuth if alone => format!("{prefix}_TOKEN"),
            SchemeKind::Basic if alone => prefix.clone(),
            SchemeKind::Bearer
            | SchemeKind::OAuth
            | SchemeKind::Basic
            | SchemeKind::Http(_)
            | SchemeKind::Key { .. } => {
                if own.is_empty() {
                    prefix.clone()
                } else {
                    format!("{prefix}_{own}")
                }
            }
        };
        let mut name = plain.clone();
        let mut number = 2_usize;
        while !taken.insert(name.clone()) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        names.insert(scheme.clone(), name);
    }
    names
}

fn upper(name: &str) -> String {
    let name = snake(name).to_ascii_uppercase();
    // A secret's name is an environment variable's: it does not begin with a digit.
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("API_{name}") } else { name }
}

pub(super) fn secret_template(name: &str) -> Template {
    Template::parse(&format!("{{{{ secret.{name} }}}}")).unwrap_or_else(|_| Template::literal(""))
}

fn report_unknown(document: &Document, address: &crate::openapi::Address, report: &Report) {
    let declared = document.components("securitySchemes");
    let names = document.at(address);
    let alternatives = names.as_ref().and_then(|spot| spot.value.as_array());
    let all = alternatives.into_iter().flatten().filter_map(|it| it.as_object()).flat_map(|it| it.keys());
    for name in all.map(|name| scheme_name(name)) {
        if declared.as_ref().is_some_and(|declared| declared.get(name).is_some()) {
            continue;
        }
        let say = || {
            let message = format!("security scheme `{name}` is not declared");
            Diagnostic::new(Code::UNDECLARED_SCHEME, message, address.place())
                .label("this alternative is left out")
                .help("declare it under `components.securitySchemes`, or write `auth:` into the api's file")
        };
        report.count(name, say, Code::UNDECLARED_SCHEME);
    }
}

fn report_sources(
    document: &Document,
    used: &BTreeMap<String, Scheme>,
    clients: &BTreeMap<String, OAuth2Definition>,
    report: &Report,
) {
    let Some(declared) = document.components("securitySchemes") else { return };
    for (name, _) in
        used.iter().filter(|(name, scheme)| scheme.kind == SchemeKind::OAuth && !clients.contains_key(*name))
    {
        report.say(
            Diagnostic::new(
                Code::TOKEN_FROM_ELSEWHERE,
                format!("security scheme `{name}` needs an access token"),
                declared.address.child(name).place(),
            )
            .label("the token is read from a secret and sent as it is")
            .help("obtain a token from the API's provider and store it as the secret"),
        );
    }
}

fn report_none(document: &Document, report: &Report) {
    let spot = document.spot();
    let place = document.components("securitySchemes").map_or(spot.address.place(), |spot| spot.address.place());
    report.say(
        Diagnostic::new(Code::NO_SECURITY, "no operation requires credentials", place).help(
            "if the API wants some, add `auth:` to the api's file, such as `auth: {bearer: \"{{ secret.NAME }}\"}`",
        ),
    );
}
