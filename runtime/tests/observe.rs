//! What is seen of calls from outside: counts, records and spans, with real calls made.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cap_runtime::telemetry::{CallRecord, CallSink, Metrics, Telemetry, TelemetrySettings};
use rmcp::model::CallToolRequestParams;
use serde_json::{Value, json};
use support::serve::{Client, Era, Server, answering, connect, contents, contents_of, http, snapshot};

async fn invoke(client: &Client, tool: &str, arguments: Value) -> bool {
    let arguments = json!({"tool": tool, "arguments": arguments}).as_object().cloned().unwrap();
    let result =
        client.call_tool(CallToolRequestParams::new("gateway_invoke").with_arguments(arguments)).await.unwrap();
    result.is_error != Some(true)
}

async fn scrape(server: &Server) -> String {
    let answer = http().get(format!("http://{}/metrics", server.address)).send().await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    text
}

/// The value of a series.
fn value(scraped: &str, series: &str) -> f64 {
    let line = scraped.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("there is no `{series}` in\n{scraped}")).parse().unwrap()
}

fn counted() -> Telemetry {
    Telemetry::new(TelemetrySettings { metrics: Some(Arc::new(Metrics::new())), ..TelemetrySettings::default() })
}

#[tokio::test]
async fn calls_are_counted_by_api_and_by_what_they_came_to() {
    let api = answering(|path| if path == "/issues" { (200, "[1,2]") } else { (500, "no") }).await;
    let mut served = contents_of(api);
    served.tools.extend(contents().tools);
    served.quarantined = contents().quarantined;
    let server = Server::start_with(snapshot(7, served), &["api__*"], counted()).await;
    let client = connect(&server, Era::Modern).await;
    for _ in 0..3 {
        assert!(invoke(&client, "api__read", json!({"owner": "secret-owner"})).await);
    }
    assert!(!invoke(&client, "api__read", json!({"owner": 1, "unknown-secret": 2})).await);
    assert!(!invoke(&client, "github__issues_list", json!({"owner": "o"})).await);
    assert!(!invoke(&client, "github__held", json!({})).await);
    assert!(!invoke(&client, "nothing of the kind", json!({})).await);
    let direct = json!({"owner": "o"}).as_object().cloned().unwrap();
    client.call_tool(CallToolRequestParams::new("api__read").with_arguments(direct)).await.unwrap();
    let query = json!({"query": "issues"}).as_object().cloned().unwrap();
    client.call_tool(CallToolRequestParams::new("gateway_search_tools").with_arguments(query)).await.unwrap();

    let scraped = scrape(&server).await;
    for (series, expected) in [
        (r#"cap_calls_total{api="api",outcome="ok"}"#, 4.0),
        (r#"cap_calls_total{api="api",outcome="arguments"}"#, 1.0),
        (r#"cap_calls_total{api="github",outcome="network"}"#, 1.0),
        (r#"cap_calls_total{api="github",outcome="quarantined"}"#, 1.0),
        (r#"cap_calls_total{api="",outcome="unknown_tool"}"#, 1.0),
        (r#"cap_call_duration_seconds_count{api="api"}"#, 5.0),
        (r#"cap_call_attempts_total{api="api"}"#, 4.0),
        (r#"cap_call_attempts_total{api="github"}"#, 3.0),
        (r#"cap_upstream_status_total{api="api",class="2xx"}"#, 4.0),
        (r#"cap_upstream_status_total{api="api",class="5xx"}"#, 0.0),
        (r#"cap_response_bytes_total{api="api"}"#, 20.0),
        (r#"cap_calls_in_flight{api="api"}"#, 0.0),
        ("cap_generation", 7.0),
        ("cap_tools", 63.0),
        ("cap_tools_quarantined", 1.0),
        ("cap_problems", 0.0),
        ("cap_searches_total", 1.0),
        ("cap_search_duration_seconds_count", 1.0),
        ("cap_audit_lost_total", 0.0),
    ] {
        assert!((value(&scraped, series) - expected).abs() < 0.5, "{series} is not {expected}\n{scraped}");
    }
    assert!(value(&scraped, r#"cap_call_wait_seconds_total{api="github"}"#) > 0.0, "{scraped}");
    assert!(value(&scraped, r#"cap_requests_total{route="/mcp",status="200"}"#) >= 9.0, "{scraped}");
    assert!(value(&scraped, "process_start_time_seconds") > 1.7e9, "{scraped}");
    assert!(scraped.contains(&format!("cap_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))), "{scraped}");
    for text in ["secret", "issues_list", "api__read", "127.0.0.1", "nothing of the kind", "owner"] {
        assert!(!scraped.contains(text), "`{text}` does not belong into a label\n{scraped}");
    }
    server.stop().await;
}

#[tokio::test]
async fn paths_and_tools_of_a_clients_making_make_no_series() {
    let server = Server::start_with(snapshot(1, contents()), &[], counted()).await;
    let client = connect(&server, Era::Legacy).await;
    let lines = |text: &str| text.lines().count();
    invoke(&client, "no__tool_0", json!({})).await;
    http().get(format!("http://{}/of/my/making/0", server.address)).send().await.unwrap();
    scrape(&server).await;
    let before = lines(&scrape(&server).await);
    for number in 1..20 {
        invoke(&client, &format!("no__tool_{number}"), json!({})).await;
        http().get(format!("http://{}/of/my/making/{number}", server.address)).send().await.unwrap();
    }
    let after = scrape(&server).await;
    assert_eq!(lines(&after), before, "{after}");
    assert!((value(&after, r#"cap_requests_total{route="other",status="404"}"#) - 20.0).abs() < 0.5, "{after}");
    server.stop().await;
}

#[tokio::test]
async fn without_metrics_there_is_no_such_page() {
    let server = Server::start(snapshot(1, contents()), &[]).await;
    let answer = http().get(format!("http://{}/metrics", server.address)).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    server.stop().await;
}

#[derive(Debug, Default)]
struct Kept(Mutex<Vec<String>>);

impl CallSink for Kept {
    fn began(&self, api: Option<&str>) {
        self.0.lock().unwrap().push(format!("began {}", api.unwrap_or("-")));
    }

    fn ended(&self, record: &CallRecord<'_>) {
        let line = format!(
            "{} {} {} {} {:?} {} attempts, {} bytes",
            record.tool.unwrap_or("-"),
            record.ending.name(),
            record.method().unwrap_or("-"),
            record.host().unwrap_or_default().split(':').next().unwrap_or_default(),
            record.status,
            record.attempts,
            record.received,
        );
        self.0.lock().unwrap().push(line);
    }
}

impl Kept {
    fn telemetry() -> (Arc<Self>, Telemetry) {
        let kept = Arc::new(Self::default());
        let sinks: Vec<Arc<dyn CallSink>> = vec![Arc::clone(&kept) as Arc<dyn CallSink>];
        (kept, Telemetry::new(TelemetrySettings { sinks, ..TelemetrySettings::default() }))
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn every_call_leaves_one_record_also_one_that_nobody_waited_for() {
    let (kept, telemetry) = Kept::telemetry();
    let api = answering(|path| if path == "/issues" { (404, "none") } else { (200, "") }).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut served = contents_of(api);
    let mut waiting = contents_of(silent.local_addr().unwrap());
    waiting.tools[0] = support::serve::renamed(&waiting.tools[0], "slow", "slow__read");
    served.tools.append(&mut waiting.tools);
    let server = Server::start_with(snapshot(1, served), &[], telemetry).await;
    let client = connect(&server, Era::Modern).await;
    assert!(!invoke(&client, "api__read", json!({"owner": "o"})).await);
    assert!(!invoke(&client, "a name with spaces", json!({})).await);
    let given_up =
        tokio::time::timeout(Duration::from_millis(300), invoke(&client, "slow__read", json!({"owner": "o"})));
    assert!(given_up.await.is_err());
    drop(client);
    let expected = [
        "began api",
        "api__read status GET 127.0.0.1 Some(404) 1 attempts, 4 bytes",
        "began -",
        "- unknown_tool -  None 0 attempts, 0 bytes",
        "began slow",
        "slow__read cancelled GET 127.0.0.1 None 1 attempts, 0 bytes",
    ];
    for _ in 0..100 {
        if kept.lines().len() == expected.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(kept.lines(), expected);
    server.stop().await;
}
