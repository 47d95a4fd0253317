//! `cap serve` as a process, and an agent that talks to it.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on fails"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};

use crate::support::Sandbox;

/// How soon a change must be seen, on a machine that has much else to do.
pub(crate) const SOON: Duration = Duration::from_secs(5);

pub(crate) fn http() -> reqwest::Client {
    // A second installation is refused, which is as good as the first.
    _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The gateway as a process, ended with the test.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(sandbox: &Sandbox, flags: &[&str]) -> Self {
        let args = [&["serve", "--listen", "127.0.0.1:0"], flags].concat();
        let mut child = sandbox.command(&args).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("the gateway ended").unwrap();
            if let Some((_, url)) = line.split_once("Listening ") {
                break url.trim().to_owned();
            }
        };
        // The log must be read, or the gateway would wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    pub(crate) async fn connect(&self) -> Agent {
        let client = http();
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        Agent(().serve_with_lifecycle(transport, mode).await.unwrap())
    }

    pub(crate) async fn health(&self) -> Value {
        let url = self.url.replace("/mcp", "/health");
        let text = http().get(url).send().await.unwrap();
        serde_json::from_slice(&text.bytes().await.unwrap()).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

pub(crate) struct Agent(pub(crate) RunningService<RoleClient, ()>);

impl Agent {
    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> Value {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let result = self.0.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.unwrap();
        serde_json::to_value(result).unwrap()
    }

    /// The description under which a tool is found, if it is.
    pub(crate) async fn found(&self, query: &str, tool: &str) -> Option<String> {
        let reply = self.call("gateway_search_tools", json!({"query": query})).await;
        let matches = reply["structuredContent"]["matches"].as_array()?.clone();
        let hit = matches.into_iter().find(|hit| hit["tool"] == tool)?;
        Some(hit["description"].as_str()?.to_owned())
    }

    /// Searches until the answer is as it should be.
    pub(crate) async fn until(&self, what: &str, query: &str, tool: &str, wanted: impl Fn(Option<&str>) -> bool) {
        let start = Instant::now();
        loop {
            let found = self.found(query, tool).await;
            if wanted(found.as_deref()) {
                println!("{what}: seen after {:?}", start.elapsed());
                return;
            }
            assert!(start.elapsed() < SOON, "{what}: not seen; search gives {found:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
