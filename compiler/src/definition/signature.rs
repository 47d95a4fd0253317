//! AWS Signature Version 4 as it is written in `auth` and `schemes`.

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::Fields;
use super::read;
use super::template::Template;

/// A signature over the request as it is sent, made with an access key of AWS.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AwsSigV4Definition {
    /// Such as `eu-central-1`.
    pub region: Template,
    /// The signing name of the service, such as `s3` or `execute-api`.
    pub service: Template,
    /// The access key's identifier.
    pub access_key_id: Template,
    /// The access key's secret.
    pub secret_access_key: Template,
    /// The token of temporary credentials; left out where its secret does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_token: Option<Template>,
}

impl AwsSigV4Definition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let region = fields.required("region", read::template);
        let service = fields.required("service", read::template);
        let access_key_id = fields.required("access_key_id", read::template);
        let secret_access_key = fields.required("secret_access_key", read::template);
        let session_token = fields.optional("session_token", read::template);
        Some(Self {
            region: region?,
            service: service?,
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token,
        })
    }

    /// Every template with its key.
    pub fn templates(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        [
            ("region", Some(&self.region)),
            ("service", Some(&self.service)),
            ("access_key_id", Some(&self.access_key_id)),
            ("secret_access_key", Some(&self.secret_access_key)),
            ("session_token", self.session_token.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, template)| Some((key, template?)))
    }
}
