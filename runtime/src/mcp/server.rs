//! The MCP methods, dispatched; each answer is made elsewhere.

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListPromptsRequestMethod,
    ListPromptsResult, ListResourceTemplatesRequestMethod, ListResourceTemplatesResult, ListResourcesRequestMethod,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig,
    SubscriptionFilter, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use super::convert::{self, Structured, Way};
use super::error::CallError;
use super::meta_tool::{INSTRUCTIONS, MetaTool};
use super::origin::origin;
use super::relay::{Logging, Seen, is_modern};
use super::tools::{self, Answered, Asked, ForClient};
use super::{ClientSession, FRESH_MS, exposure, progress};
use crate::execute::{PageRequest, Progress, Unheard};
use crate::registry::{Caller, Lookup, Snapshot, View};
use crate::upstream::UpstreamFault;

impl ServerHandler for ClientSession {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("cap", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    /// Asked by the HTTP transport, which compares header parameters with the schema.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        if let Some(tool) = MetaTool::named(name) {
            return Some(tool.definition());
        }
        let snapshot = self.snapshot();
        match View::of(&snapshot, Caller::Anyone).tool(name) {
            Lookup::Found(tool) if self.inner.exposure.covers(name) => Some(exposure::definition(tool)),
            Lookup::Found(_) | Lookup::Quarantined(_) | Lookup::Unknown { .. } => None,
        }
    }

    /// Everything on one page: there are clients that read no second one.
    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let snapshot = self.snapshot();
        let view = View::of(&snapshot, caller(&context));
        let mut tools: Vec<Tool> = MetaTool::ALL.into_iter().map(MetaTool::definition).collect();
        tools.extend(exposure::exposed(view, &self.inner.exposure));
        let listed = ListToolsResult::with_all_items(tools);
        Ok(match context.protocol_version() {
            Some(version) if version >= ProtocolVersion::V_2026_07_28 => {
                listed.with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public)
            }
            _ => listed,
        })
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(_under_way) = self.inner.drain.begin() else {
            return Ok(convert::failure(&CallError::Stopping).into());
        };
        let snapshot = self.snapshot();
        let allowed = Structured::of(context.protocol_version().as_ref());
        let way = if MetaTool::named(&request.name).is_some() { Way::Invoked } else { Way::Direct };
        let called = tokio::select! {
            called = self.told(request, &snapshot, &context) => called,
            () = self.inner.drain.over() => return Ok(convert::failure(&CallError::CutOff).into()),
            () = context.ct.cancelled() => return Err(ErrorData::internal_error("the call was cancelled", None)),
        };
        let result: CallToolResult = match called {
            Ok(Answered::Outcome { tool, outcome }) => convert::outcome(&tool, outcome, allowed, way),
            Ok(Answered::Result(result)) => result.map_err(|error| fault(&error))?,
            Ok(Answered::Upstream(result)) => return convert::upstream(*result, allowed),
            Err(CallError::Upstream(UpstreamFault::Refused { error, .. })) if convert::is_for_client(&error) => {
                return Err(*error);
            }
            Err(error) => convert::failure(&error),
        };
        Ok(result.into())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.inner.listeners.add_peer(context.peer);
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.session.accepts(self.seen());
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let _subscribed = self.inner.listeners.add_sink(context.sink().clone());
        if self.session.accepted().is_some_and(|before| before != self.seen()) {
            let _ = context.sink().notify_tool_list_changed().await;
        }
        context.cancelled().await;
        Ok(())
    }

    // Only tools are offered; an empty list would claim more.

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListPromptsRequestMethod>())
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourcesRequestMethod>())
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourceTemplatesRequestMethod>())
    }
}

impl ClientSession {
    /// How things stand: what is told of here is the tools alone.
    fn seen(&self) -> Seen {
        Seen { tools: *self.inner.registry.changes().borrow(), activity: 0 }
    }

    /// Answers a call, and tells a client that asked for it what happens meanwhile.
    async fn told(
        &self,
        request: CallToolRequestParams,
        snapshot: &Snapshot,
        context: &RequestContext<RoleServer>,
    ) -> Result<Answered, CallError> {
        let Some(token) = context.meta.get_progress_token() else {
            return self.answer(request, snapshot, context, &Unheard).await;
        };
        let (told, telling) = progress::telling(token, context.peer.clone());
        let answering = async move { self.answer(request, snapshot, context, &told).await };
        // The last note goes out before the answer: after it, a client no longer listens.
        tokio::join!(answering, telling.run()).0
    }

    /// Answers a call from one snapshot.
    async fn answer(
        &self,
        request: CallToolRequestParams,
        snapshot: &Snapshot,
        context: &RequestContext<RoleServer>,
        progress: &dyn Progress,
    ) -> Result<Answered, CallError> {
        let view = View::of(snapshot, caller(context));
        let inner = &self.inner;
        let retry = (request.input_responses, request.request_state);
        // The gateway's own endpoint declares no logging; newer clients ask for it with each request.
        let logging = if is_modern(context) { Logging::Passed } else { Logging::Dropped };
        let client = ForClient { context, session: &self.session, parked: &inner.parked, retry: &retry, logging };
        let asked = || Asked {
            view,
            executor: &inner.executor,
            telemetry: &inner.telemetry,
            origin: origin(context, &inner.telemetry),
            progress,
            client,
        };
        let arguments = request.arguments.unwrap_or_default();
        let name = request.name.as_ref();
        if let Some(tool) = MetaTool::named(name) {
            return tools::call(tool, arguments, asked()).await;
        }
        if self.inner.exposure.covers(name) {
            return tools::invoke(name, &arguments, &PageRequest::default(), asked()).await;
        }
        let unlisted = CallError::NotExposed { name: name.to_owned() };
        Err(CallError::of(name, &view.tool(name)).unwrap_or(unlisted))
    }
}

/// Who asks; the one place where a request's identity will be read.
fn caller(_context: &RequestContext<RoleServer>) -> Caller {
    Caller::Anyone
}

fn fault(error: &serde_json::Error) -> ErrorData {
    tracing::error!(%error, "internal error: an answer could not be serialized");
    ErrorData::internal_error("internal error: the answer could not be serialized", None)
}
