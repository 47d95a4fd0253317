//! The step between a plan and the wire that may take time: tokens are obtained for the credentials
//! that need one. A request without them goes through here without waiting.

use std::sync::Arc;

use tokio::time::timeout;

use super::authorize::{OAuthClient, Owner, Token, choose, ready_token};
use super::error::ToolError;
use super::executor::Executor;
use super::plan::{PlannedCredential, PlannedOAuth2, RequestPlan};
use super::wire::{self, Opener, WireRequest};

/// The tokens of a request, in the order of its credentials.
pub(super) type Issued = Vec<(Arc<OAuthClient>, Arc<Token>)>;

impl Executor {
    /// A request with its credentials, and the tokens among them that were obtained for it.
    ///
    /// # Errors
    /// `MissingSecret`, `Login`, `Token`, `Refused` or `Definition`.
    pub(super) async fn assemble(
        &self,
        plan: &RequestPlan,
        opener: &mut Opener<'_>,
    ) -> Result<(WireRequest, Issued), ToolError> {
        let credentials = choose(plan, opener.secrets)?;
        let mut issued = Vec::new();
        for credential in credentials {
            if let PlannedCredential::OAuth2(oauth2) = credential {
                issued.extend(self.issue(plan, oauth2, opener).await?);
            }
        }
        let request = wire::assemble(plan, credentials, &issued, opener)?;
        Ok((request, issued))
    }

    /// The same request with other tokens than the api refused, if there are others.
    ///
    /// # Errors
    /// As [`Executor::assemble`].
    pub(super) async fn assemble_again(
        &self,
        plan: &RequestPlan,
        opener: &mut Opener<'_>,
        refused: &Issued,
    ) -> Result<Option<WireRequest>, ToolError> {
        let mut issued = Vec::with_capacity(refused.len());
        for (client, token) in refused {
            issued.push((Arc::clone(client), self.in_time(plan, client, Some(token)).await?));
        }
        let same = issued.iter().zip(refused).all(|((_, token), (_, refused))| token.is(refused));
        if same {
            return Ok(None);
        }
        let credentials = choose(plan, opener.secrets)?;
        wire::assemble(plan, credentials, &issued, opener).map(Some)
    }

    /// A token, unless a person has set one.
    async fn issue(
        &self,
        plan: &RequestPlan,
        oauth2: &PlannedOAuth2,
        opener: &mut Opener<'_>,
    ) -> Result<Option<(Arc<OAuthClient>, Arc<Token>)>, ToolError> {
        if ready_token(oauth2, opener)?.is_some() {
            return Ok(None);
        }
        let transport = plan.transport.as_deref();
        let owner = Owner { tool: &plan.tool, api: &plan.api, network: plan.network, transport };
        let client = Arc::new(OAuthClient::open(oauth2, owner, opener)?);
        let token = self.in_time(plan, &client, None).await?;
        Ok(Some((client, token)))
    }

    /// A token within the time of a call. Who gives up waiting does not end the task that obtains it.
    pub(super) async fn in_time(
        &self,
        plan: &RequestPlan,
        client: &Arc<OAuthClient>,
        refused: Option<&Arc<Token>>,
    ) -> Result<Arc<Token>, ToolError> {
        let limit = plan.limits.timeout.unwrap_or(self.default_timeout());
        let waited = timeout(limit, self.token(client, refused)).await;
        waited.unwrap_or_else(|_| {
            let host = format!("the authorization server of {}", plan.api);
            Err(ToolError::Token { host, reason: "no answer within the time of the call; try again".to_owned() })
        })
    }
}
