//! One question to an upstream, for commands: what it lists, and one call without a client behind it.

use std::sync::Arc;

use cap_compiler::pin::{ApprovedTools, Pin, Policy};
use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest, JsonObject, RequestMetaObject, ServerResult};
use serde_json::Value;

use super::catalog::{Catalog, catalog, value};
use super::connection::{Caller, connect};
use super::fault::{ConnectFault, UpstreamFault};
use super::keeper::gateway;
use super::listing::list;
use super::remote::Remote;
use super::running::Event;
use crate::execute::Executor;
use crate::load::LoadedUpstream;

/// What is known of an upstream without a connection: its tools as they were approved.
#[must_use]
pub fn offline(loaded: &LoadedUpstream, policy: Policy) -> Catalog {
    catalog(loaded, None, policy)
}

/// Connects to an upstream and asks which tools it has, in the form in which they are approved. Tools that
/// are not served are not among them.
///
/// # Errors
/// Why they cannot be known.
pub async fn ask_tools(loaded: &LoadedUpstream, executor: &Executor) -> Result<ApprovedTools, ConnectFault> {
    let caller = Caller { info: gateway(), home: None };
    let connection = Arc::new(connect(&loaded.upstream, executor, &caller).await?);
    let listed = list(&connection).await;
    connection.close().await;
    let exposed = &loaded.upstream.exposed;
    let tools = listed.map_err(ConnectFault::Failed)?;
    let tools: Vec<Value> = tools.iter().filter(|tool| exposed.covers(&tool.name)).map(value).collect();
    Ok(ApprovedTools::of(&tools))
}

impl Remote {
    /// Calls a tool under the gateway's name of it. The upstream cannot ask anything: there is no client.
    ///
    /// # Errors
    /// Why there is no result; `Ok(None)` if there is no such tool.
    pub async fn call_once(&self, served: &str, arguments: JsonObject) -> Result<Option<Value>, UpstreamFault> {
        let connection = self.shared_connection().await?;
        let catalog = self.catalog();
        let Some(tool) = catalog.tools.iter().find(|tool| tool.capability.tool.as_str() == served) else {
            return Ok(None);
        };
        let params = CallToolRequestParams::new(tool.definition.name.clone()).with_arguments(arguments);
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let mut sent = self.send(&connection, request, RequestMetaObject::default()).await?;
        loop {
            match sent.running.next().await {
                Event::Note(_) => {}
                // Nobody is there to answer, which is what dropping it says.
                Event::Ask(ask) => drop(ask),
                Event::Done(Ok(ServerResult::InputRequiredResult(_))) => {
                    let reason = "it asks for something that only a client can answer".to_owned();
                    return Err(UpstreamFault::Odd { name: self.name().to_owned(), reason });
                }
                Event::Done(result) => {
                    let result = result.map_err(|error| self.fault(error))?;
                    return Ok(Some(serde_json::to_value(result).unwrap_or_default()));
                }
            }
        }
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn connected(&self) -> Result<(), UpstreamFault> {
        self.shared_connection().await.map(|_| ())
    }

    /// How far the lock file vouches for what it serves.
    #[must_use]
    pub fn pin(&self) -> Option<Pin> {
        self.loaded().admitted.as_ref().ok().map(cap_compiler::pin::Pinned::pin)
    }
}
