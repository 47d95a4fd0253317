//! What a call costs the gateway: CPU time of its process, calls a second, and memory over many calls.
//!
//! The built binary serves one tool whose api is a small server in this process, and calls come over
//! keep-alive connections, stateless, as an agent's would. CPU time and memory are those of the gateway
//! alone, read from `/proc`, so a busy machine disturbs them least; compare ratios of one run.
//! `CAP_BENCH_CALLS` sets the number of calls of each line, `CAP_BENCH_FLAGS` further flags of `cap serve`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench that cannot go on stops, and says what it saw"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Clock ticks in a second, in `/proc`.
const TICKS: f64 = 100.0;

/// How `cap serve` is started, and what that is called.
const VARIANTS: [(&str, &[&str]); 2] = [("plain", &[]), ("with audit log", &["--audit", "audit.jsonl"])];

fn main() {
    if !Path::new("/proc/self/stat").exists() {
        return println!("skipped: there is no /proc here");
    }
    let calls: usize = std::env::var("CAP_BENCH_CALLS").ok().and_then(|it| it.parse().ok()).unwrap_or(20_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let api = api().await;
        println!(
            "{:<16} {:>11} {:>8} {:>14} {:>9} {:>9} {:>20}",
            "", "connections", "calls/s", "CPU us a call", "p50 us", "p99 us", "resident MB"
        );
        for (name, flags) in VARIANTS {
            let gateway = Gateway::start(api, flags);
            // Connections, caches and lazily compiled schemas are there before anything is measured.
            gateway.run(4, 500).await;
            for connections in [1, 16] {
                let before = gateway.resident();
                let run = gateway.run(connections, calls).await;
                let resident = format!("{before:.1} -> {:.1}", gateway.resident());
                println!(
                    "{name:<16} {connections:>11} {:>8.0} {:>14.1} {:>9.0} {:>9.0} {resident:>20}",
                    run.per_second, run.cpu, run.p50, run.p99
                );
            }
        }
    });
}

/// An api that answers every request with the same small object.
async fn api() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = || async { ([("content-type", "application/json")], r#"{"id":7,"name":"Rex","tags":["a","b"]}"#) };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    address
}

/// A gateway as a process of its own.
struct Gateway {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

/// What a number of calls took.
struct Run {
    per_second: f64,
    /// Microseconds of the gateway's CPU time, of each call.
    cpu: f64,
    /// Microseconds.
    p50: f64,
    /// Microseconds.
    p99: f64,
}

impl Gateway {
    fn start(api: SocketAddr, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("capabilities")).unwrap();
        fs::write(folder.path().join("capabilities/pet.yaml"), definition(api)).unwrap();
        let more = std::env::var("CAP_BENCH_FLAGS").unwrap_or_default();
        let mut child = Command::new(env!("CARGO_BIN_EXE_cap"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            .args(more.split_whitespace())
            .current_dir(folder.path())
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().split_once("Listening ")?.1.trim().to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.unwrap(), _folder: folder }
    }

    async fn run(&self, connections: usize, calls: usize) -> Run {
        let (cpu, start) = (self.cpu(), Instant::now());
        let workers: Vec<_> =
            (0..connections).map(|_| tokio::spawn(work(self.url.clone(), calls / connections))).collect();
        let mut times: Vec<Duration> = Vec::with_capacity(calls);
        for worker in workers {
            times.extend(worker.await.unwrap());
        }
        let (elapsed, cpu) = (start.elapsed().as_secs_f64(), self.cpu() - cpu);
        times.sort();
        let microseconds = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e6;
        let made = count(times.len());
        Run { per_second: made / elapsed, cpu: cpu * 1e6 / made, p50: microseconds(50), p99: microseconds(99) }
    }

    /// Seconds of CPU time until now, of the user's and the system's part.
    fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // Fields 14 and 15 of proc(5); the first after the name is field 3.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS
    }

    /// Megabytes that are resident now.
    fn resident(&self) -> f64 {
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

fn definition(api: SocketAddr) -> String {
    format!(
        "version: 1\nkind: capability\nname: pet\nserver: http://{api}\nnetwork: private\n\
         description: Shows a pet.\n\
         input:\n  type: object\n  additionalProperties: false\n  required: [id]\n  \
         properties: {{id: {{type: integer}}, fields: {{type: string}}, lang: {{type: string}}}}\n\
         request: {{method: GET, path: \"/pets/{{{{ id }}}}\", query: {{fields: \"{{{{ fields }}}}\", lang: \"{{{{ lang }}}}\"}}}}\n"
    )
}

/// Calls one after the other over a connection of its own; gives the time of each.
async fn work(url: String, calls: usize) -> Vec<Duration> {
    // A second installation is refused, which is as good as the first.
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).build().unwrap();
    let mut times = Vec::with_capacity(calls);
    for number in 0..calls {
        let start = Instant::now();
        let answer = client
            .post(&url)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", REVISION)
            .header("mcp-method", "tools/call")
            .header("mcp-name", "gateway_invoke")
            .body(message(number).to_string())
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        assert!(text.contains("Rex"), "{text}");
        times.push(start.elapsed());
    }
    times
}

fn message(number: usize) -> Value {
    let arguments = json!({"id": number, "fields": "name,tags", "lang": "en"});
    json!({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {
        "name": "gateway_invoke",
        "arguments": {"tool": "pet", "arguments": arguments},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    }})
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below")]
fn count(number: usize) -> f64 {
    number as f64
}

const REVISION: &str = "2026-07-28";
