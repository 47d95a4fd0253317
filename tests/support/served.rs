//! `cap serve` as a process, and an agent that talks to it.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on fails"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
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

/// The gateway as a process, ended with the test. All that it says on standard error is kept.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) url: String,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Served {
    pub(crate) fn start(sandbox: &Sandbox, flags: &[&str]) -> Self {
        Self::of(sandbox.command(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat()))
    }

    /// Runs `cap serve`, in plain words or in JSON, and waits until it listens.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let url = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the gateway ended: {said:?}")).unwrap();
            let at = line.find("http://127.0.0.1:").filter(|_| line.to_lowercase().contains("listening"));
            let url = at.map(|at| line[at..].split('"').next().unwrap().trim().to_owned());
            said.push(line);
            if let Some(url) = url {
                break url;
            }
        };
        let log = Arc::new(Mutex::new(said));
        let kept = Arc::clone(&log);
        // The log must be read, or the gateway would wait for a reader.
        let read = move || lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line));
        Self { child, url, log, reader: Some(std::thread::spawn(read)) }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        http().get(self.url.replace("/mcp", path)).send().await.unwrap().text().await.unwrap()
    }

    /// Asks it to end, waits until it did, and gives the whole log.
    #[cfg(unix)]
    pub(crate) fn end(mut self) -> Vec<String> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()));
        assert!(self.child.wait().unwrap().success(), "{:?}", self.log());
        self.read()
    }

    /// Ends it as a crash does, with nothing written on the way out, and gives the whole log.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.read()
    }

    fn read(&mut self) -> Vec<String> {
        self.reader.take().unwrap().join().unwrap();
        self.log()
    }

    pub(crate) async fn connect(&self) -> Agent {
        let client = http();
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        Agent(().serve_with_lifecycle(transport, mode).await.unwrap())
    }

    pub(crate) async fn health(&self) -> Value {
        serde_json::from_str(&self.get("/health").await).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
        if std::thread::panicking() {
            println!("the gateway said\n{}", self.log().join("\n"));
        }
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
