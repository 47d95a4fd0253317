//! The MCP methods of one server, dispatched. What the server does not offer is not found.

#![expect(deprecated, reason = "older revisions subscribe and set levels with requests")]

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CancelTaskRequest, ClientRequest, CompleteRequest,
    CompleteRequestMethod, CompleteRequestParams, CompleteResult, ConstString, CustomRequest, CustomResult,
    DiscoverResult, GetPromptRequest, GetPromptRequestMethod, GetPromptRequestParams, GetPromptResponse, GetTaskParams,
    GetTaskRequest, GetTaskResult, InitializeRequestParams, InitializeResult, ListPromptsRequest,
    ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequest, ListResourceTemplatesRequestMethod,
    ListResourceTemplatesResult, ListResourcesRequest, ListResourcesRequestMethod, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequest, ReadResourceRequestMethod, ReadResourceRequestParams,
    ReadResourceResponse, ServerCapabilities, ServerConfig, ServerResult, SetLevelRequest, SetLevelRequestMethod,
    SetLevelRequestParams, SubscribeRequest, SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequest,
    UnsubscribeRequestParams, UpdateTaskParams, UpdateTaskRequest,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use super::{SingleServer, changes};

/// Methods whose parameters are read here. A request for one of them that comes as a custom one could not be read.
const READ: [&str; 11] = [
    "completion/complete",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "tasks/cancel",
    "tasks/get",
    "tasks/update",
    "tools/call",
    "tools/list",
];

/// How the names of MCP's own methods begin; others belong to extensions. What of these is not read here is of
/// another revision.
const OWN: [&str; 15] = [
    "completion/",
    "elicitation/",
    "initialize",
    "logging/",
    "notifications/",
    "ping",
    "prompts/",
    "resources/",
    "roots/",
    "sampling/",
    "server/",
    "skills/",
    "subscriptions/",
    "tasks/",
    "tools/",
];

/// A result that is one of these kinds.
macro_rules! expect {
    ($result:expr, $($kind:ident),+) => {
        match $result {
            $(ServerResult::$kind(result) => Ok(result.into()),)+
            _ => Err(ErrorData::internal_error("the upstream answered what is no result of this request", None)),
        }
    };
}

impl SingleServer {
    /// Refuses what the server does not offer.
    fn offered<M: ConstString>(&self, has: impl Fn(&ServerCapabilities) -> bool) -> Result<(), ErrorData> {
        let known = self.remote().and_then(|remote| remote.info());
        let offered = known.is_some_and(|info| has(&info.capabilities));
        if offered { Ok(()) } else { Err(ErrorData::method_not_found::<M>()) }
    }
}

impl SingleServer {
    /// Whether the upstream speaks 2026-07-28 or later.
    fn speaks_newer(&self) -> bool {
        let info = self.remote().and_then(|remote| remote.info());
        info.is_some_and(|info| !info.protocol_version.has_initialize())
    }
}

impl ServerHandler for SingleServer {
    fn get_info(&self) -> ServerConfig {
        self.config()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tool(&self.gateway.snapshot(), name)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        self.settle().await;
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn discover(&self, _context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        self.settle().await;
        Ok(DiscoverResult::from_server_info(self.supported_protocol_versions().into_owned(), self.get_info()))
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let told = changes::tell_session(self.without_session(), self.session.uris(), context.peer);
        self.session.keep(tokio::spawn(told));
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.settle().await;
        Ok(self.listed(&context))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let inner = &self.gateway.inner;
        let Some(_under_way) = inner.drain.begin() else {
            return Ok(super::convert::failure(&super::CallError::Stopping).into());
        };
        tokio::select! {
            called = Box::pin(self.call(request, &context)) => called,
            () = inner.drain.over() => Ok(super::convert::failure(&super::CallError::CutOff).into()),
            () = context.ct.cancelled() => Err(ErrorData::internal_error("the call was cancelled", None)),
        }
    }

    async fn complete(
        &self,
        params: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.offered::<CompleteRequestMethod>(|it| it.completions.is_some())?;
        expect!(
            self.relay(ClientRequest::CompleteRequest(CompleteRequest::new(params)), &context).await?,
            CompleteResult
        )
    }

    async fn set_level(
        &self,
        params: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.offered::<SetLevelRequestMethod>(|it| it.logging.is_some())?;
        if self.speaks_newer() {
            // There, each request says which messages it wants.
            self.session.set_level(&params.level);
            return Ok(());
        }
        self.relay(ClientRequest::SetLevelRequest(SetLevelRequest::new(params)), &context).await.map(|_| ())
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.offered::<GetPromptRequestMethod>(|it| it.prompts.is_some())?;
        let result = self.relay(ClientRequest::GetPromptRequest(GetPromptRequest::new(params)), &context).await?;
        expect!(result, GetPromptResult, InputRequiredResult)
    }

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.offered::<ListPromptsRequestMethod>(|it| it.prompts.is_some())?;
        let request = ListPromptsRequest { params: page, ..Default::default() };
        expect!(self.relay(ClientRequest::ListPromptsRequest(request), &context).await?, ListPromptsResult)
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.offered::<ListResourcesRequestMethod>(|it| it.resources.is_some())?;
        let request = ListResourcesRequest { params: page, ..Default::default() };
        expect!(self.relay(ClientRequest::ListResourcesRequest(request), &context).await?, ListResourcesResult)
    }

    async fn list_resource_templates(
        &self,
        page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.offered::<ListResourceTemplatesRequestMethod>(|it| it.resources.is_some())?;
        let request = ListResourceTemplatesRequest { params: page, ..Default::default() };
        let result = self.relay(ClientRequest::ListResourceTemplatesRequest(request), &context).await?;
        expect!(result, ListResourceTemplatesResult)
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.offered::<ReadResourceRequestMethod>(|it| it.resources.is_some())?;
        let result = self.relay(ClientRequest::ReadResourceRequest(ReadResourceRequest::new(params)), &context).await?;
        expect!(result, ReadResourceResult, InputRequiredResult)
    }

    async fn subscribe(
        &self,
        params: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if self.session.follow(self.remote(), &params.uri, &context).await {
            return Ok(());
        }
        self.session.wants(&params.uri);
        self.relay(ClientRequest::SubscribeRequest(SubscribeRequest::new(params)), &context).await.map(|_| ())
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if self.session.unfollow(&params.uri) {
            return Ok(());
        }
        self.relay(ClientRequest::UnsubscribeRequest(UnsubscribeRequest::new(params)), &context).await.map(|_| ())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.session.accepts(self.seen());
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        changes::tell_subscription(self, &context).await;
        Ok(())
    }

    async fn get_task(
        &self,
        params: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        expect!(self.relay(ClientRequest::GetTaskRequest(GetTaskRequest::new(params)), &context).await?, GetTaskResult)
    }

    async fn update_task(
        &self,
        params: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.relay(ClientRequest::UpdateTaskRequest(UpdateTaskRequest::new(params)), &context).await.map(|_| ())
    }

    async fn cancel_task(
        &self,
        params: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.relay(ClientRequest::CancelTaskRequest(CancelTaskRequest::new(params)), &context).await.map(|_| ())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        // A request that the SDK knows and cannot read comes here as well. It must not pass unread: what may be
        // called is decided where calls are understood.
        if READ.contains(&request.method.as_str()) {
            return Err(ErrorData::invalid_params(
                format!("the parameters of `{}` cannot be read", request.method),
                None,
            ));
        }
        if self.remote().is_none() || OWN.iter().any(|own| request.method.starts_with(own)) {
            return Err(ErrorData::new(rmcp::model::ErrorCode::METHOD_NOT_FOUND, request.method, None));
        }
        let result = self.relay(ClientRequest::CustomRequest(request), &context).await?;
        Ok(CustomResult(serde_json::to_value(result).unwrap_or_default()))
    }
}
