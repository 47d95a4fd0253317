//! The flows of OAuth 2 in a document, and the scopes that its operations require.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::scheme_name;
use crate::openapi::Spot;

/// A way to obtain tokens, as the document gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Which one.
    pub kind: FlowKind,
    /// Its URLs in the order of its kind; empty where the document leaves one out.
    pub urls: Vec<String>,
}

/// The flows that need no password of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// `clientCredentials`: the token URL.
    ClientCredentials,
    /// `authorizationCode`: the authorization URL and the token URL.
    AuthorizationCode,
    /// `deviceAuthorization`: the device authorization URL and the token URL.
    DeviceAuthorization,
    /// `openIdConnect`: the URL of the provider's metadata.
    OpenIdConnect,
}

/// The flows of a scheme, those that need nobody first.
pub(super) fn read(scheme: &Spot<'_>) -> Vec<Flow> {
    let kinds: [(&str, FlowKind, &[&str]); 3] = [
        ("clientCredentials", FlowKind::ClientCredentials, &["tokenUrl"]),
        ("authorizationCode", FlowKind::AuthorizationCode, &["authorizationUrl", "tokenUrl"]),
        ("deviceAuthorization", FlowKind::DeviceAuthorization, &["deviceAuthorizationUrl", "tokenUrl"]),
    ];
    let found = kinds.into_iter().filter_map(|(name, kind, keys)| {
        let flow = scheme.get("flows")?.get(name)?;
        let urls = keys.iter().map(|key| flow.text(key).unwrap_or_default().trim().to_owned()).collect();
        flow.value.is_object().then_some(Flow { kind, urls })
    });
    found.collect()
}

/// Adds the scopes that a document's or an operation's `security` requires, by scheme.
pub fn required_scopes(spot: &Spot<'_>, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let alternatives = spot.value.get("security").and_then(Value::as_array).into_iter().flatten();
    for (name, scopes) in alternatives.filter_map(Value::as_object).flatten() {
        let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        found.entry(scheme_name(name).to_owned()).or_default().extend(scopes);
    }
}
