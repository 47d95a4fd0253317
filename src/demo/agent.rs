//! An MCP client that does what an agent would.

use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::Value;

/// An agent, connected to a gateway.
pub(crate) struct Agent {
    session: RunningService<RoleClient, ()>,
}

/// Why the agent could not do its part.
#[derive(Debug, thiserror::Error)]
#[error("the agent failed: {0}")]
pub(crate) struct AgentError(String);

/// What a tool answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// All of its text.
    pub(crate) text: String,
    /// Its structured content.
    pub(crate) structured: Value,
    /// Whether the tool said that it failed.
    pub(crate) failed: bool,
}

impl Agent {
    /// Connects in the newest revision of MCP.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub(crate) async fn connect(url: &str) -> Result<Self, AgentError> {
        let client = reqwest::Client::builder().no_proxy().build().map_err(failed)?;
        let config = StreamableHttpClientTransportConfig::with_uri(url);
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        let session = ().serve_with_lifecycle(transport, mode).await.map_err(failed)?;
        Ok(Self { session })
    }

    /// The names of the tools that the gateway lists.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub(crate) async fn tools(&self) -> Result<Vec<String>, AgentError> {
        let tools = self.session.list_all_tools().await.map_err(failed)?;
        Ok(tools.into_iter().map(|tool| tool.name.to_string()).collect())
    }

    /// Calls a tool of the gateway.
    ///
    /// # Errors
    /// When the gateway does not answer; a tool that fails is a [`Reply`].
    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> Result<Reply, AgentError> {
        let Value::Object(arguments) = arguments else {
            return Err(AgentError("arguments are an object".to_owned()));
        };
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        self.session.call_tool(request).await.map(Reply::of).map_err(failed)
    }

    /// Leaves.
    pub(crate) async fn leave(self) {
        _ = self.session.cancel().await;
    }
}

impl Reply {
    fn of(result: CallToolResult) -> Self {
        let texts = result.content.iter().filter_map(ContentBlock::as_text).map(|text| text.text.as_str());
        Self {
            text: texts.collect::<Vec<_>>().join("\n"),
            structured: result.structured_content.unwrap_or_default(),
            failed: result.is_error == Some(true),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> AgentError {
    AgentError(error.to_string())
}
