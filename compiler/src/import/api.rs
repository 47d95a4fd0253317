//! The api's file: what all operations of a document share.

use super::ImportOptions;
use super::security::{self, SecurityPlan};
use super::server::{self, ServerPlan};
use crate::definition::{ApiDefinition, LimitsDefinition, SourceRecord, Template};
use crate::openapi::{Document, Operation, Report, digest, prose};

/// What is decided once for all operations.
pub(super) struct ApiPlan {
    /// The api's file.
    pub(super) definition: ApiDefinition,
    /// How operations authenticate.
    pub(super) security: SecurityPlan,
    /// Which servers they call.
    pub(super) servers: ServerPlan,
}

/// Decides what operations share; `None`, with an error, if the server asked for is none.
pub(super) fn plan(
    document: &Document,
    name: &str,
    operations: &[(String, Operation<'_>)],
    options: &ImportOptions,
    report: &Report,
) -> Option<ApiPlan> {
    let security = security::plan(document, name, operations, report);
    let servers = server::plan(document, name, operations, options.server.as_deref(), report)?;
    let info = document.info();
    let title = info.title.as_deref().map(prose::clean).filter(|title| !title.is_empty());
    let description =
        info.description.as_deref().map(|text| prose::shorten(&prose::clean(text), prose::TOOL_LIMIT).text);
    let definition = ApiDefinition {
        name: name.to_owned(),
        title: title.clone(),
        description: description.filter(|text| !text.is_empty()),
        server: Template::literal(&servers.base),
        servers: servers.templates(),
        network: servers.network,
        proxy: None,
        tls: None,
        auth: security.auth(),
        schemes: security.schemes(),
        security: security.default_security(),
        headers: std::collections::BTreeMap::new(),
        limits: LimitsDefinition::default(),
        import: options.record.clone(),
        source: Some(SourceRecord {
            document: Some(document.digest().to_owned()),
            title,
            version: info.version,
            overlays: options.overlays.iter().map(|overlay| digest(&overlay.bytes)).collect(),
            cap: options.version.clone(),
            operation: None,
        }),
    };
    Some(ApiPlan { definition, security, servers })
}
