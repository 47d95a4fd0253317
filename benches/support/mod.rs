//! The built binary as a process of its own, and what it uses, read from `/proc`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Clock ticks in a second, in `/proc`.
const TICKS: f64 = 100.0;

/// The newest revision of MCP: stateless, an agent's cheapest way.
pub(crate) const REVISION: &str = "2026-07-28";

/// Whether this system says what a process uses.
pub(crate) fn measurable() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// `cap serve` over `capabilities/` of a folder.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) url: String,
}

impl Gateway {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(folder: &Path, flags: &[&str]) -> Self {
        let more = std::env::var("CAP_BENCH_FLAGS").unwrap_or_default();
        let mut child = Command::new(env!("CARGO_BIN_EXE_cap"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            .args(more.split_whitespace())
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().split_once("Listening ")?.1.trim().to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.unwrap() }
    }

    /// Seconds of CPU time until now, of the user's and the system's part.
    pub(crate) fn cpu(&self) -> f64 {
        cpu_of(self.child.id())
    }

    /// Megabytes that are resident now.
    pub(crate) fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Seconds of CPU time of a process until now, of the user's and the system's part.
pub(crate) fn cpu_of(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // Fields 14 and 15 of proc(5); the first after the name is field 3.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS
}

/// A client for one connection.
pub(crate) fn client() -> reqwest::Client {
    // A second installation is refused, which is as good as the first.
    _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).build().unwrap()
}

/// Calls one of the gateway's tools and gives the text of the reply.
pub(crate) async fn call(client: &reqwest::Client, url: &str, tool: &str, arguments: Value) -> String {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": tool,
        "arguments": arguments,
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }});
    let request = client
        .post(url)
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("mcp-protocol-version", REVISION)
        .header("mcp-method", "tools/call")
        .header("mcp-name", tool)
        .body(message.to_string());
    request.send().await.unwrap().text().await.unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
