//! What upstream MCP servers cost the gateway: CPU time of a call beside the direct one, the start of many,
//! and memory of idle ones.
//!
//! The upstream is the peer of `tests/support/peer`, which has to be built before:
//! `cargo build --release --example peer`. `CAP_BENCH_CALLS` sets the number of calls of each line.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench that cannot go on stops, and says what it saw"
)]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::{Gateway, call, client, count, cpu_of, measurable};

fn main() {
    let peer = Path::new(env!("CARGO_BIN_EXE_cap")).with_file_name("examples").join("peer");
    if !measurable() || !peer.exists() {
        return println!("skipped: there is no /proc, or no peer: cargo build --release --example peer");
    }
    let calls: usize = std::env::var("CAP_BENCH_CALLS").ok().and_then(|it| it.parse().ok()).unwrap_or(5_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        overhead(&peer, calls).await;
        many(&peer).await;
    });
}

/// A call to an upstream, directly and through the gateway.
async fn overhead(peer: &Path, calls: usize) {
    let server = Peer::http(peer);
    println!(
        "{:<34} {:>11} {:>8} {:>14} {:>9} {:>9}",
        "", "connections", "calls/s", "CPU us a call", "p50 us", "p99 us"
    );
    for connections in [1, 16] {
        run(&server.url, &|_| cpu_of(server.child.id()), connections, calls, &direct)
            .await
            .print("the upstream alone", connections);
    }
    let transports = [
        ("through the gateway, HTTP", format!("{{http: {}}}", server.url)),
        ("through the gateway, stdio", format!("{{stdio: [{}, stdio]}}", peer.display())),
    ];
    for (name, transport) in transports {
        let folder = upstreams(1, &transport, "*");
        let gateway = Gateway::start(folder.path(), &[]);
        ready(&gateway, 1).await;
        run(&gateway.url, &|_| 0.0, 4, 500, &relayed).await;
        for connections in [1, 16] {
            run(&gateway.url, &|_| gateway.cpu(), connections, calls, &relayed).await.print(name, connections);
        }
    }
}

/// Many upstreams: how long they take to start together, and what they cost while nobody calls.
async fn many(peer: &Path) {
    println!("\n{:<34} {:>10} {:>8} {:>14}", "", "upstreams", "tools", "all served, ms");
    let program = format!("{{stdio: [{}, stdio, --tools, \"40\", --delay-start, \"1000\"]}}", peer.display());
    for number in [1, 50] {
        let folder = upstreams(number, &program, "generated_*");
        let begun = Instant::now();
        let gateway = Gateway::start(folder.path(), &[]);
        let listening = begun.elapsed();
        ready(&gateway, number * 40).await;
        let took = begun.elapsed().as_millis();
        println!(
            "{:<34} {number:>10} {:>8} {took:>14}",
            format!("listening after {} ms", listening.as_millis()),
            number * 40
        );
    }
    println!("\n{:<34} {:>10} {:>20}", "", "upstreams", "resident MB");
    let server = Peer::http(peer);
    let idle = [
        ("HTTP, no tools served", format!("{{http: {}}}", server.url)),
        ("stdio, no tools served", format!("{{stdio: [{}, stdio]}}", peer.display())),
    ];
    for (name, transport) in idle {
        for number in [1, 50] {
            let folder = upstreams(number, &transport, "nothing");
            let gateway = Gateway::start(folder.path(), &[]);
            connected(&gateway, number).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            println!("{name:<34} {number:>10} {:>20.1}", gateway.resident());
        }
    }
}

/// The peer behind HTTP, as a process of its own.
struct Peer {
    child: Child,
    url: String,
}

impl Peer {
    fn http(peer: &Path) -> Self {
        let mut child = Command::new(peer).arg("http").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().strip_prefix("Listening ")?.trim().to_owned())).unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A folder with so many upstreams, `up0` and so on.
fn upstreams(number: usize, transport: &str, allow: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for at in 0..number {
        let place: PathBuf = folder.path().join(format!("capabilities/up{at}"));
        fs::create_dir_all(&place).unwrap();
        let network = if transport.contains("http:") { "network: private\n" } else { "" };
        let text = format!(
            "version: 1\nkind: upstream\nname: up{at}\ntransport: {transport}\n{network}allow: [\"{allow}\"]\n"
        );
        fs::write(place.join("upstream.yaml"), text).unwrap();
    }
    folder
}

/// Waits until so many tools are served.
async fn ready(gateway: &Gateway, tools: usize) {
    wait(gateway, |health| health["tools"].as_u64() >= Some(tools as u64)).await;
}

/// Waits until so many upstreams are connected.
async fn connected(gateway: &Gateway, number: usize) {
    let all = |health: &Value| {
        let upstreams = health["upstreams"].as_array().cloned().unwrap_or_default();
        upstreams.iter().filter(|it| it["status"] == "connected").count() == number
    };
    wait(gateway, all).await;
}

async fn wait(gateway: &Gateway, is_done: impl Fn(&Value) -> bool) {
    let url = gateway.url.replace("/mcp", "/health");
    let client = client();
    loop {
        let text = client.get(&url).send().await.unwrap().text().await.unwrap();
        if is_done(&serde_json::from_str(&text).unwrap()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a number of calls took.
struct Run {
    per_second: f64,
    /// Microseconds.
    cpu: f64,
    /// Microseconds.
    p50: f64,
    /// Microseconds.
    p99: f64,
}

impl Run {
    fn print(&self, name: &str, connections: usize) {
        let Self { per_second, cpu, p50, p99 } = self;
        println!("{name:<34} {connections:>11} {per_second:>8.0} {cpu:>14.1} {p50:>9.0} {p99:>9.0}");
    }
}

/// How one call is made: the tool and its arguments.
type Asking = dyn Fn(usize) -> (&'static str, Value) + Sync;

fn direct(number: usize) -> (&'static str, Value) {
    ("add", json!({"a": number, "b": 1}))
}

fn relayed(number: usize) -> (&'static str, Value) {
    ("gateway_invoke", json!({"tool": "up0__add", "arguments": {"a": number, "b": 1}}))
}

async fn run(url: &str, cpu: &dyn Fn(()) -> f64, connections: usize, calls: usize, asking: &Asking) -> Run {
    let (before, start) = (cpu(()), Instant::now());
    let work = (0..connections).map(|_| work(url, calls / connections, asking));
    let mut times: Vec<Duration> = futures::future::join_all(work).await.into_iter().flatten().collect();
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), cpu(()) - before);
    times.sort();
    let microseconds = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e6;
    let made = count(times.len());
    Run { per_second: made / elapsed, cpu: cpu * 1e6 / made, p50: microseconds(50), p99: microseconds(99) }
}

/// Calls one after the other over a connection of its own; gives the time of each.
async fn work(url: &str, calls: usize, asking: &Asking) -> Vec<Duration> {
    let client = client();
    let mut times = Vec::with_capacity(calls);
    for number in 0..calls {
        let (tool, arguments) = asking(number);
        let start = Instant::now();
        let text = call(&client, url, tool, arguments).await;
        assert!(text.contains("sum"), "{text}");
        times.push(start.elapsed());
    }
    times
}
