//! Logging in on another device (RFC 8628): a code for a person to type, and asking until they have.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::client::OAuthClient;
use super::discovery::{Wanted, find};
use super::endpoint::{EndpointError, exchange, post};
use super::login::Login;
use super::obtain::{keep, push_shared};
use super::token::TokenStatus;
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Where the server does not say, and what it asks for when it was asked too often.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest life of a code that is waited for.
const LONGEST: Duration = Duration::from_secs(1800);

/// A login that waits for a person on another device.
pub struct DeviceLogin {
    /// What the person types there.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// How long it is waited for.
    pub expires_in: Duration,
    client: Arc<OAuthClient>,
    device_code: SecretString,
    interval: Duration,
}

impl Executor {
    /// Asks for a code.
    ///
    /// # Errors
    /// When a secret or an endpoint is missing, or the server fails.
    pub async fn begin_device_login(&self, login: &Login) -> Result<DeviceLogin, ToolError> {
        let client = self.client(login).await?;
        let url = find(self, &client, Wanted::DeviceAuthorization).await?;
        find(self, &client, Wanted::Token).await?;
        let scope = client.scopes.join(" ");
        let mut fields = Vec::new();
        push_shared(&mut fields, &client, &scope);
        let answer = post(self, &client, &url, &fields).await.map_err(EndpointError::shown)?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(one_line);
        let missing = |name: &str| ToolError::Token {
            host: url.host_str().unwrap_or_default().to_owned(),
            reason: format!("its answer has no `{name}`"),
        };
        let seconds = |name: &str| answer.get(name).and_then(Value::as_u64).map(Duration::from_secs);
        Ok(DeviceLogin {
            device_code: answer
                .get("device_code")
                .and_then(Value::as_str)
                .map(SecretString::from)
                .ok_or_else(|| missing("device_code"))?,
            user_code: text("user_code").ok_or_else(|| missing("user_code"))?,
            // Some servers still use the name of a draft.
            verification_uri: text("verification_uri")
                .or_else(|| text("verification_url"))
                .ok_or_else(|| missing("verification_uri"))?,
            verification_uri_complete: text("verification_uri_complete"),
            expires_in: seconds("expires_in").unwrap_or(LONGEST).min(LONGEST),
            interval: seconds("interval").unwrap_or(PAUSE).clamp(Duration::from_millis(500), LONGEST),
            client,
        })
    }

    /// Waits until the person is done.
    ///
    /// # Errors
    /// `Login` when they said no or did nothing, `Token` when the server fails.
    pub async fn finish_device_login(&self, login: DeviceLogin) -> Result<TokenStatus, ToolError> {
        let client = &login.client;
        let url = find(self, client, Wanted::Token).await?;
        let deadline = Instant::now() + login.expires_in;
        let mut interval = login.interval;
        let fields = [("grant_type", DEVICE_GRANT), ("device_code", login.device_code.expose_secret())];
        while Instant::now() + interval < deadline {
            sleep(interval).await;
            match exchange(self, client, &url, &fields).await {
                Ok(token) => {
                    let token = keep(self, client, token, None).await?;
                    self.tokens().entry(&client.name).forget();
                    return Ok(token.status());
                }
                Err(error) if error.is("authorization_pending") => {}
                Err(error) if error.is("slow_down") => interval += PAUSE,
                Err(error) if error.is("access_denied") => {
                    return Err(client.login_needed("was not finished: the person said no"));
                }
                Err(error) if error.is("expired_token") => break,
                // RFC 8628, section 3.5: what did not get through is tried again, less often.
                Err(EndpointError::Failed(ToolError::Token { .. })) => interval = (interval * 2).min(LONGEST),
                Err(error) => return Err(error.shown()),
            }
        }
        Err(client.login_needed("was not finished: nobody typed the code in time"))
    }
}

/// A server's text for a terminal: bounded, and without what would steer it.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(2_000).collect()
}

impl std::fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceLogin").field("verification_uri", &self.verification_uri).finish_non_exhaustive()
    }
}
