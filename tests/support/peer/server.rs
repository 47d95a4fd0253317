//! The peer as rmcp's server: one of these a session, or a request where there are no sessions.

#![expect(deprecated, reason = "the level of logging and subscriptions are deprecated, and still spoken")]

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult,
    GetPromptRequestParams, GetPromptResponse, GetTaskParams, GetTaskResult, Implementation, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, LoggingLevel, PaginatedRequestParams,
    ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::shared::{Shared, locked, random_id};
use crate::tools::{self, Call};
use crate::{prompts, resources};

/// How long a client may keep a list; short, because tests change them.
const FRESH_MS: u64 = 1_000;

type Context = RequestContext<RoleServer>;

/// One session with the peer.
pub(crate) struct PeerServer {
    pub(crate) shared: Arc<Shared>,
    /// Tells sessions apart.
    pub(crate) session: String,
    /// Calls of `whoami` in this session.
    pub(crate) asked: AtomicU64,
    /// How often something had changed when subscriptions were accepted that nobody listens for yet.
    known: Mutex<VecDeque<u64>>,
    /// The least level of what is logged, where the client said one.
    pub(crate) level: Mutex<LoggingLevel>,
}

impl PeerServer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let (asked, known) = (AtomicU64::new(0), Mutex::default());
        Self { shared, session: random_id(), asked, known, level: Mutex::new(LoggingLevel::Debug) }
    }
}

/// The page of a list that was asked for, with what clients may keep of it.
macro_rules! listed {
    ($self:ident, $request:ident, $result:ident, $all:expr) => {{
        let (items, next) = $self.shared.page($all, $request.and_then(|request| request.cursor))?;
        let mut result = $result::with_all_items(items).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public);
        result.next_cursor = next;
        Ok(result)
    }};
}

impl ServerHandler for PeerServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_completions()
            .enable_logging()
            .enable_tasks()
            .build();
        let mut info = ServerConfig::new(capabilities).with_server_info(Implementation::new("peer", "1.0.0"));
        info.instructions = self.shared.instructions.clone();
        info
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.shared.revision.versions()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.shared.tool(name)
    }

    async fn on_initialized(&self, cx: NotificationContext<RoleServer>) {
        self.shared.listeners.add_session(&self.session, cx.peer);
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        listed!(self, request, ListToolsResult, self.shared.tools())
    }

    async fn call_tool(&self, request: CallToolRequestParams, cx: Context) -> Result<CallToolResponse, ErrorData> {
        tools::call(&Call::new(self, request, cx)).await
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let changes = self.shared.counts.prompts.load(Ordering::Relaxed);
        listed!(self, request, ListPromptsResult, prompts::list(changes))
    }

    async fn get_prompt(&self, request: GetPromptRequestParams, cx: Context) -> Result<GetPromptResponse, ErrorData> {
        prompts::read(request, &cx).await
    }

    async fn complete(&self, request: CompleteRequestParams, _: Context) -> Result<CompleteResult, ErrorData> {
        prompts::complete(&request)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        listed!(self, request, ListResourcesResult, resources::list())
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        listed!(self, request, ListResourceTemplatesResult, resources::templates())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let read = resources::read(&request.uri)?;
        Ok(read.with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Public).into())
    }

    async fn subscribe(&self, request: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        resources::read(&request.uri)?;
        self.shared.listeners.subscribe(&self.session, &request.uri);
        Ok(())
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        self.shared.listeners.unsubscribe(&self.session, &request.uri);
        Ok(())
    }

    async fn set_level(&self, request: SetLevelRequestParams, cx: Context) -> Result<(), ErrorData> {
        if crate::asking::is_modern(&cx) {
            return Err(ErrorData::method_not_found::<rmcp::model::SetLevelRequestMethod>());
        }
        *locked(&self.level) = request.level;
        Ok(())
    }

    async fn get_task(&self, request: GetTaskParams, _: Context) -> Result<GetTaskResult, ErrorData> {
        self.shared.tasks.get_task(&request.task_id).map(GetTaskResult::new)
    }

    async fn update_task(&self, request: UpdateTaskParams, _: Context) -> Result<(), ErrorData> {
        self.shared.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(&self, request: CancelTaskParams, _: Context) -> Result<(), ErrorData> {
        self.shared.tasks.cancel_task(&request.task_id)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        locked(&self.known).push_back(self.shared.listeners.changes());
        Some(requested.clone())
    }

    async fn listen(&self, cx: SubscriptionContext) -> Result<(), ErrorData> {
        let _subscribed = self.shared.listeners.add_sink(cx.sink().clone());
        let known = locked(&self.known).pop_front();
        if known != Some(self.shared.listeners.changes()) {
            // Something changed since the client was told that it listens; what, nobody knows any more.
            for uri in cx.accepted().resource_subscriptions.iter().flatten() {
                let _ = cx.sink().notify_resource_updated(uri.clone()).await;
            }
            let _ = cx.sink().notify_tool_list_changed().await;
            let _ = cx.sink().notify_prompt_list_changed().await;
        }
        cx.cancelled().await;
        Ok(())
    }
}
