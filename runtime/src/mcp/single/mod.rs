//! `/mcp/servers/{name}`: one server alone, under its own tool names. Of an upstream its resources, prompts
//! and completions too, as if the client spoke to it directly. What approval is about is tools: those that were not
//! approved are not there, and of the rest nobody was asked.

mod changes;
mod endpoints;
mod methods;

use std::sync::Arc;
use std::time::Duration;

use cap_compiler::pin::Digest;
use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientRequest, Implementation, ListToolsResult, ServerCapabilities,
    ServerConfig, ServerResult, Tool,
};
use rmcp::service::RequestContext;
use tokio::time::timeout;

use super::convert::{self, Structured, Way};
use super::error::CallError;
use super::origin::origin;
use super::relay::{Logging, Relay, Seen, Session, is_modern};
use super::tools::{self, Answered, Asked, ForClient};
use super::{Gateway, exposure};
use crate::execute::{PageRequest, Unheard};
use crate::registry::{Caller, Snapshot, View};
use crate::upstream::{Remote, UpstreamFault};

pub use endpoints::SingleEndpoints;

/// One server as one client has it.
#[derive(Clone)]
pub struct SingleServer {
    gateway: Gateway,
    name: Arc<str>,
    session: Arc<Session>,
}

impl SingleServer {
    fn new(gateway: Gateway, name: Arc<str>) -> Self {
        Self { gateway, name, session: Arc::default() }
    }

    /// The upstream that it is, if it is one.
    fn remote(&self) -> Option<Arc<Remote>> {
        self.gateway.snapshot().upstream(&self.name).cloned()
    }

    /// What it says of itself: an upstream its own words, once they are known.
    fn config(&self) -> ServerConfig {
        let tools = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        let Some(remote) = self.remote() else {
            return ServerConfig::new(tools)
                .with_server_info(Implementation::new(self.name.to_string(), env!("CARGO_PKG_VERSION")));
        };
        let Some(info) = remote.info() else { return ServerConfig::new(tools) };
        let mut capabilities = info.capabilities.clone();
        if let Some(offered) = &mut capabilities.tools {
            // What is approved may change where the upstream itself does not.
            offered.list_changed = Some(true);
        }
        let mut config = ServerConfig::new(capabilities);
        if let Some(info) = &info.server_info {
            config = config.with_server_info(info.clone());
        }
        config.instructions = info.instructions.clone();
        config
    }

    /// How things stand.
    fn seen(&self) -> Seen {
        let activity = self.remote().map_or(0, |remote| remote.activity());
        Seen { tools: *self.gateway.inner.registry.changes().borrow(), activity }
    }

    /// Waits for an upstream that is being connected to, so that what it offers is known.
    async fn settle(&self) {
        if let Some(remote) = self.remote().filter(|remote| remote.info().is_none()) {
            let _ = timeout(PATIENCE, remote.shared_connection()).await;
        }
    }

    /// The tools under their own names.
    fn tools(&self, snapshot: &Snapshot) -> Vec<Tool> {
        let view = View::of(snapshot, Caller::Anyone);
        if let Some(remote) = view.upstream(&self.name) {
            return remote.catalog().tools.iter().map(|tool| tool.definition.clone()).collect();
        }
        let own = view.tools().filter(|tool| tool.server() == &*self.name);
        own.map(|tool| {
            let mut definition = exposure::definition(tool);
            definition.name = tool.local_name().to_owned().into();
            definition
        })
        .collect()
    }

    /// The tool of that name.
    fn tool(&self, snapshot: &Snapshot, own: &str) -> Option<Tool> {
        let view = View::of(snapshot, Caller::Anyone);
        if let Some(remote) = view.upstream(&self.name) {
            let catalog = remote.catalog();
            return catalog.tools.iter().find(|tool| tool.definition.name == own).map(|tool| tool.definition.clone());
        }
        let served = self.served_name(snapshot, own)?;
        let mut definition = exposure::definition(view.tool(&served).found()?);
        definition.name = own.to_owned().into();
        Some(definition)
    }

    /// What clients see of the tools, in short: equal marks, equal tools.
    fn marks(&self, snapshot: &Snapshot) -> Vec<Option<Digest>> {
        let view = View::of(snapshot, Caller::Anyone);
        if let Some(remote) = view.upstream(&self.name) {
            return remote.catalog().tools.iter().map(|tool| tool.files.digest()).collect();
        }
        let own = view.tools().filter(|tool| tool.server() == &*self.name);
        own.map(|tool| tool.files.digest()).collect()
    }

    /// The same server with nothing of the client's, for tasks that must not keep that alive.
    fn without_session(&self) -> Self {
        Self::new(self.gateway.clone(), Arc::clone(&self.name))
    }

    /// The name in the gateway of a tool under its own name.
    fn served_name(&self, snapshot: &Snapshot, own: &str) -> Option<String> {
        let view = View::of(snapshot, Caller::Anyone);
        if let Some(remote) = view.upstream(&self.name) {
            let catalog = remote.catalog();
            let found = catalog.tools.iter().find(|tool| tool.definition.name == own)?;
            let served = found.capability.tool.as_str();
            // Another server's tool may have the name.
            let is_own = view.tool(served).server() == Some(&*self.name);
            return is_own.then(|| served.to_owned());
        }
        let mut tools = view.tools().filter(|tool| tool.server() == &*self.name);
        tools.find(|tool| tool.local_name() == own).map(|tool| tool.name().to_owned())
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let snapshot = self.gateway.snapshot();
        let allowed = Structured::of(context.protocol_version().as_ref());
        let Some(name) = self.served_name(&snapshot, &request.name) else {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None));
        };
        let inner = &self.gateway.inner;
        let retry = (request.input_responses, request.request_state);
        let client = ForClient {
            context,
            session: &self.session,
            parked: &inner.parked,
            retry: &retry,
            logging: Logging::Passed,
        };
        let asked = Asked {
            view: View::of(&snapshot, Caller::Anyone),
            executor: &inner.executor,
            telemetry: &inner.telemetry,
            origin: origin(context, &inner.telemetry),
            progress: &Unheard,
            client,
        };
        let arguments = request.arguments.unwrap_or_default();
        match tools::invoke(&name, &arguments, &PageRequest::default(), asked).await {
            Ok(Answered::Outcome { tool, outcome }) => {
                Ok(convert::outcome(&tool, outcome, allowed, Way::Single).into())
            }
            Ok(Answered::Upstream(result)) => convert::upstream(*result, allowed),
            Ok(Answered::Result(result)) => {
                result.map(Into::into).map_err(|error| ErrorData::internal_error(error.to_string(), None))
            }
            Err(CallError::Upstream(UpstreamFault::Refused { error, .. })) => Err(*error),
            Err(error) => Ok(convert::failure(&error).into()),
        }
    }

    /// Sends a request on as it is.
    async fn relay(
        &self,
        request: ClientRequest,
        context: &RequestContext<RoleServer>,
    ) -> Result<ServerResult, ErrorData> {
        let Some(remote) = self.remote() else {
            return Err(ErrorData::invalid_request("the server is gone", None));
        };
        let parked = &self.gateway.inner.parked;
        let relay = Relay { remote: &remote, session: &self.session, parked, context, logging: Logging::Passed };
        let relayed = tokio::select! {
            relayed = relay.request(request) => relayed,
            () = context.ct.cancelled() => return Err(ErrorData::internal_error("the request was cancelled", None)),
        };
        relayed.map_err(|fault| {
            if let UpstreamFault::Refused { error, .. } = fault {
                return *error;
            }
            ErrorData::internal_error(fault.to_string(), None)
        })
    }

    fn listed(&self, context: &RequestContext<RoleServer>) -> ListToolsResult {
        let mut tools = self.tools(&self.gateway.snapshot());
        if !is_modern(context) {
            // Older revisions know schemas of objects only, and their clients refuse the whole list.
            for tool in &mut tools {
                tool.output_schema =
                    tool.output_schema.take().filter(|schema| schema.get("type") == Some(&OBJECT.into()));
            }
        }
        let listed = ListToolsResult::with_all_items(tools);
        if is_modern(context) {
            listed.with_ttl_ms(super::FRESH_MS).with_cache_scope(rmcp::model::CacheScope::Public)
        } else {
            listed
        }
    }
}

const OBJECT: &str = "object";

/// How long a client waits for an upstream that is being connected to.
const PATIENCE: Duration = Duration::from_secs(10);
