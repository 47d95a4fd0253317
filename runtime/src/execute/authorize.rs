//! Which credentials a request gets: the first alternative whose secrets all exist.

use cap_compiler::capability::SecretName;

use super::error::ToolError;
use super::plan::{PlannedCredential, RequestPlan};
use crate::secret::Secrets;

/// The first alternative whose secrets all exist.
///
/// # Errors
/// `MissingSecret` with what the first alternative, or the request itself, lacks.
pub(super) fn choose<'a>(plan: &'a RequestPlan, secrets: &Secrets) -> Result<&'a [PlannedCredential], ToolError> {
    let own = plan.server.secrets().chain(plan.headers.iter().flat_map(|(_, value)| value.secrets()));
    let missing = missing(own, secrets);
    if !missing.is_empty() {
        return Err(ToolError::MissingSecret { names: missing });
    }
    let mut first_missing = None;
    for alternative in &plan.auth {
        let names = self::missing(alternative.iter().flat_map(PlannedCredential::secrets), secrets);
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

fn missing<'a>(names: impl Iterator<Item = &'a SecretName>, secrets: &Secrets) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(&name.0) && secrets.resolve(name).is_none() {
            found.push(name.0.clone());
        }
    }
    found
}
