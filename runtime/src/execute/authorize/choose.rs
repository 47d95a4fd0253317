//! Which credentials a request gets: the first alternative whose secrets all exist.

use cap_compiler::capability::{Grant, SecretName};

use crate::execute::error::ToolError;
use crate::execute::plan::{PlannedCredential, PlannedOAuth2, RequestPlan, Sealed};
use crate::secret::Secrets;

/// The first alternative whose secrets all exist.
///
/// # Errors
/// `MissingSecret` with what the first alternative, or the request itself, lacks.
pub(in crate::execute) fn choose<'a>(
    plan: &'a RequestPlan,
    secrets: &Secrets,
) -> Result<&'a [PlannedCredential], ToolError> {
    let own = plan.server.secrets().chain(plan.headers.iter().flat_map(|(_, value)| value.secrets()));
    let missing = missing(own, secrets);
    if !missing.is_empty() {
        return Err(ToolError::MissingSecret { names: missing });
    }
    let mut first_missing = None;
    for alternative in &plan.auth {
        let mut names = self::missing(alternative.iter().flat_map(PlannedCredential::secrets), secrets);
        for credential in alternative {
            if let PlannedCredential::OAuth2(oauth2) = credential {
                names.extend(missing_of(oauth2, secrets));
            }
        }
        if names.is_empty() {
            return Ok(alternative);
        }
        first_missing.get_or_insert(names);
    }
    match first_missing {
        None => Ok(&[]),
        Some(names) => Err(ToolError::MissingSecret { names }),
    }
}

/// Whether all secrets of a text exist.
pub(in crate::execute) fn has(sealed: &Sealed, secrets: &Secrets) -> bool {
    missing(sealed.secrets(), secrets).is_empty()
}

/// What OAuth 2.0 lacks: a ready token, or what its grant needs. Where nothing is set at all, the
/// token is what is asked for: it is one secret, and the shorter way.
fn missing_of(oauth2: &PlannedOAuth2, secrets: &Secrets) -> Vec<String> {
    let ready = oauth2.token.as_ref().map(|token| missing(token.secrets(), secrets));
    if ready.as_ref().is_some_and(Vec::is_empty) {
        return Vec::new();
    }
    let secret = oauth2.client_secret.as_ref().filter(|_| oauth2.grant == Grant::ClientCredentials);
    let urls = [&oauth2.token_url, &oauth2.authorization_url, &oauth2.device_authorization_url, &oauth2.issuer];
    let needed = [Some(&oauth2.client_id), secret, oauth2.refresh_token.as_ref(), oauth2.resource.as_ref()];
    let needed = needed.into_iter().flatten().chain(urls.into_iter().flatten());
    let needed: Vec<&SecretName> =
        needed.chain(oauth2.parameters.iter().map(|(_, value)| value)).flat_map(Sealed::secrets).collect();
    let lacking = missing(needed.iter().copied(), secrets);
    match ready {
        Some(ready) if !lacking.is_empty() && needed.iter().all(|name| lacking.contains(&name.0)) => ready,
        Some(_) | None => lacking,
    }
}

fn missing<'a>(names: impl Iterator<Item = &'a SecretName>, secrets: &Secrets) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(&name.0) && secrets.resolve(name).is_none() {
            found.push(name.0.clone());
        }
    }
    found
}
