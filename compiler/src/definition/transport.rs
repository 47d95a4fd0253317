//! How connections to a server are made: through a proxy, with certificates of one's own.

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::Fields;
use super::read;
use super::template::Template;

/// Certificates of connections to a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct TlsDefinition {
    /// The certificates, as PEM text, of the authorities that the server's certificate is trusted by;
    /// they take the place of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The client's certificate as PEM text, with those between it and its authority behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Template>,
    /// The private key of `certificate`, as PEM text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Template>,
}

impl TlsDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            ca: fields.optional("ca", read::text),
            certificate: fields.optional("certificate", read::template),
            key: fields.optional("key", read::template),
        })
    }
}
