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

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;

use support::{Gateway, call, count, measurable};

/// How `cap serve` is started, and what that is called.
const VARIANTS: [(&str, &[&str]); 2] = [("plain", &[]), ("with audit log", &["--audit", "audit.jsonl"])];

fn main() {
    if !measurable() {
        return println!("skipped: there is no /proc here");
    }
    let calls: usize = std::env::var("CAP_BENCH_CALLS").ok().and_then(|it| it.parse().ok()).unwrap_or(20_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = capabilities(api().await);
        println!(
            "{:<16} {:>11} {:>8} {:>14} {:>9} {:>9} {:>20}",
            "", "connections", "calls/s", "CPU us a call", "p50 us", "p99 us", "resident MB"
        );
        for (name, flags) in VARIANTS {
            let gateway = Gateway::start(folder.path(), flags);
            // Connections, caches and lazily compiled schemas are there before anything is measured.
            run(&gateway, 4, 500).await;
            for connections in [1, 16] {
                let before = gateway.resident();
                let run = run(&gateway, connections, calls).await;
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

fn capabilities(api: SocketAddr) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("capabilities")).unwrap();
    fs::write(folder.path().join("capabilities/pet.yaml"), definition(api)).unwrap();
    folder
}

async fn run(gateway: &Gateway, connections: usize, calls: usize) -> Run {
    let (cpu, start) = (gateway.cpu(), Instant::now());
    let workers: Vec<_> =
        (0..connections).map(|_| tokio::spawn(work(gateway.url.clone(), calls / connections))).collect();
    let mut times: Vec<Duration> = Vec::with_capacity(calls);
    for worker in workers {
        times.extend(worker.await.unwrap());
    }
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), gateway.cpu() - cpu);
    times.sort();
    let microseconds = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e6;
    let made = count(times.len());
    Run { per_second: made / elapsed, cpu: cpu * 1e6 / made, p50: microseconds(50), p99: microseconds(99) }
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
    let client = support::client();
    let mut times = Vec::with_capacity(calls);
    for number in 0..calls {
        let arguments = json!({"id": number, "fields": "name,tags", "lang": "en"});
        let start = Instant::now();
        let text = call(&client, &url, "gateway_invoke", json!({"tool": "pet", "arguments": arguments})).await;
        assert!(text.contains("Rex"), "{text}");
        times.push(start.elapsed());
    }
    times
}
