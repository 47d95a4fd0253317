//! The gateway as clients meet it: a real listener and real MCP clients of both eras.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cap_compiler::capability::{ServerName, ToolName};
use cap_compiler::pin::Quarantined;
use rmcp::model::{CallToolRequestParams, CallToolResult, SubscriptionFilter};
use serde_json::{Value, json};
use support::serve::{Era, Server, connect, contents, snapshot};

async fn call(client: &support::serve::Client, tool: &'static str, arguments: Value) -> CallToolResult {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.unwrap()
}

fn text(result: &CallToolResult) -> &str {
    result.content.first().and_then(|block| block.as_text()).map(|text| text.text.as_str()).unwrap_or_default()
}

async fn structured(client: &support::serve::Client, tool: &'static str, arguments: Value) -> Value {
    let result = call(client, tool, arguments).await;
    assert_ne!(result.is_error, Some(true), "{}", text(&result));
    let structured = result.structured_content.clone().unwrap();
    assert_eq!(text(&result), structured.to_string());
    structured
}

async fn failure(client: &support::serve::Client, tool: &'static str, arguments: Value) -> String {
    let result = call(client, tool, arguments).await;
    assert_eq!(result.is_error, Some(true));
    text(&result).to_owned()
}

#[tokio::test]
async fn an_agent_finds_describes_and_runs_a_tool_in_both_eras() {
    let server = Server::start(snapshot(1, contents()), &[]).await;
    for era in [Era::Legacy, Era::Modern] {
        let client = connect(&server, era).await;
        let tools = client.list_all_tools().await.unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(
            names,
            [
                "gateway_search_tools",
                "gateway_describe_tools",
                "gateway_invoke",
                "gateway_list_servers",
                "gateway_list_tools"
            ]
        );
        let found = structured(&client, "gateway_search_tools", json!({"query": "open a new issue", "limit": 3})).await;
        assert_eq!(found["matches"][0]["tool"], "github__issues_create");
        assert_eq!(found["matches"][0]["arguments"], "owner: string, state?: open|closed");
        let described = structured(
            &client,
            "gateway_describe_tools",
            json!({"tools": ["github__issues_create", "github__issue_create"]}),
        )
        .await;
        assert_eq!(described["tools"][0]["inputSchema"]["required"], json!(["owner"]));
        assert_eq!(described["tools"][0]["pin"], "unpinned");
        assert!(described["tools"][1]["error"].as_str().unwrap().contains("`github__issues_create`"));
        // The server is closed, so the call fails; that it is a tool error of this call is the point.
        let failed =
            failure(&client, "gateway_invoke", json!({"tool": "github__issues_create", "arguments": {"owner": "o"}}))
                .await;
        assert!(!failed.is_empty());
        client.cancel().await.unwrap();
    }
    server.stop().await;
}

#[tokio::test]
async fn servers_and_tools_are_listed_by_page() {
    let server = Server::start(snapshot(1, contents()), &[]).await;
    let client = connect(&server, Era::Modern).await;
    let servers = structured(&client, "gateway_list_servers", json!({})).await;
    assert_eq!(
        servers["servers"][0],
        json!({"name": "github", "kind": "api", "title": "GitHub", "tools": 2, "status": "quarantined", "quarantined": 1})
    );
    let first = structured(&client, "gateway_list_tools", json!({})).await;
    assert_eq!(first["tools"].as_array().unwrap().len(), 50);
    let second = structured(&client, "gateway_list_tools", json!({"cursor": first["next_cursor"]})).await;
    assert_eq!(second["tools"].as_array().unwrap().len(), 12);
    assert_eq!(second.get("next_cursor"), None);
    let of_one = structured(&client, "gateway_list_tools", json!({"server": "github"})).await;
    assert_eq!(of_one["tools"].as_array().unwrap().len(), 2);
    assert!(failure(&client, "gateway_list_tools", json!({"cursor": "abc"})).await.contains("`cursor`"));
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_is_right() {
    let server = Server::start(snapshot(1, contents()), &[]).await;
    let client = connect(&server, Era::Legacy).await;
    let unknown = failure(&client, "gateway_invoke", json!({"tool": "github__isues_create"})).await;
    assert!(unknown.contains("`github__issues_create`"), "{unknown}");
    let held = failure(&client, "gateway_invoke", json!({"tool": "github__held"})).await;
    assert!(held.starts_with("`github__held` is quarantined"), "{held}");
    let direct = failure(&client, "github__issues_list", json!({})).await;
    assert!(direct.contains("`gateway_invoke`"), "{direct}");
    let indirect = failure(&client, "gateway_invoke", json!({"tool": "gateway_list_servers"})).await;
    assert!(indirect.contains("directly"), "{indirect}");
    let misspelt = failure(&client, "gateway_search_tools", json!({"query": "x", "servr": "github"})).await;
    assert!(misspelt.contains("did you mean `server`"), "{misspelt}");
    let wrong = failure(&client, "gateway_search_tools", json!({"query": "x", "read_only": "perhaps"})).await;
    assert!(wrong.contains("`read_only` must be true or false"), "{wrong}");
    let issues = json!({"query": "issues", "server": "github", "read_only": true});
    let reading = structured(&client, "gateway_search_tools", issues).await;
    assert!(reading["total"].as_u64().unwrap() > 0);
    let nothing = json!({"query": "issues", "tags": ["nothing"]});
    let nothing = structured(&client, "gateway_search_tools", nothing).await;
    assert_eq!((&nothing["total"], nothing["hint"].is_string()), (&json!(0), true));
    let no_server = failure(&client, "gateway_search_tools", json!({"query": "x", "server": "gihub"})).await;
    assert!(no_server.contains("did you mean `github`"), "{no_server}");
    assert!(client.list_all_prompts().await.is_err());
    assert!(client.list_all_resources().await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn both_eras_hear_of_exposed_tools_that_change() {
    let server = Server::start(snapshot(1, contents()), &["github__*"]).await;
    let legacy = connect(&server, Era::Legacy).await;
    let modern = connect(&server, Era::Modern).await;
    let mut subscription = modern.listen(SubscriptionFilter::builder().tools_list_changed().build()).await.unwrap();
    assert_eq!(modern.list_all_tools().await.unwrap().len(), 7);
    assert!(!failure(&modern, "github__issues_list", json!({"owner": "o"})).await.contains("gateway_invoke"));

    // A tool that is not exposed changes no list.
    let mut unlisted = contents();
    unlisted.tools.retain(|tool| tool.name() != "many__tool_7");
    server.registry.swap(snapshot(2, unlisted));
    assert!(tokio::time::timeout(Duration::from_millis(200), legacy.service().changed.notified()).await.is_err());

    let mut fewer = contents();
    fewer.tools.retain(|tool| tool.name() != "github__issues_list");
    server.registry.swap(snapshot(3, fewer));
    tokio::time::timeout(Duration::from_secs(3), legacy.service().changed.notified()).await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(3), subscription.next()).await.unwrap().unwrap();
    assert!(heard.is_some());
    assert_eq!(legacy.list_all_tools().await.unwrap().len(), 6);
    server.stop().await;
}

#[tokio::test]
async fn pages_of_other_origins_and_other_hosts_are_refused() {
    let server = Server::start(snapshot(1, contents()), &[]).await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let post = |header: &'static str, value: String| {
        support::serve::http()
            .post(server.url())
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header(header, value)
            .body(ping.clone())
            .send()
    };
    assert_eq!(post("origin", "https://evil.example".to_owned()).await.unwrap().status(), 403);
    assert_eq!(post("host", "evil.example".to_owned()).await.unwrap().status(), 403);
    let own = post("origin", format!("http://127.0.0.1:{}", server.address.port())).await.unwrap().status();
    assert_ne!(own, 403);
    server.stop().await;
}

#[tokio::test]
async fn health_names_what_is_held_back() {
    let mut with_problem = contents();
    with_problem.problems.push("`a.yaml` could not be read".to_owned());
    with_problem.quarantined.push(Quarantined {
        tool: ToolName("a__b".to_owned()),
        server: ServerName("a".to_owned()),
        problems: Vec::new(),
    });
    let server = Server::start(snapshot(9, with_problem), &[]).await;
    let url = format!("http://{}/health", server.address);
    let body = support::serve::http().get(url).send().await.unwrap().text().await.unwrap();
    let health: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(health["status"], "degraded");
    assert_eq!((&health["generation"], &health["tools"]), (&json!(9), &json!(62)));
    assert_eq!(health["quarantined"][0]["tool"], "a__b");
    assert_eq!(health["problems"], json!(["`a.yaml` could not be read"]));
    let held = Arc::clone(&server.registry);
    server.stop().await;
    assert_eq!(held.snapshot().generation(), 9);
}

#[tokio::test]
async fn an_answer_comes_back_as_each_revision_allows() {
    let contents = support::serve::contents_of(support::serve::api().await);
    let server = Server::start(snapshot(1, contents), &["api__*"]).await;
    let run = json!({"tool": "api__read", "arguments": {"owner": "o"}});
    let modern = connect(&server, Era::Modern).await;
    let through = call(&modern, "gateway_invoke", run.clone()).await;
    assert!(text(&through).contains("\"number\":1") || text(&through).contains("\"number\": 1"), "{}", text(&through));
    assert_ne!(through.is_error, Some(true));
    let directly = call(&modern, "api__read", json!({"owner": "o"})).await;
    assert_eq!((&directly.content, &directly.structured_content), (&through.content, &through.structured_content));
    let legacy = connect(&server, Era::Legacy).await;
    assert_eq!(call(&legacy, "gateway_invoke", run).await.structured_content, None);
    server.stop().await;
}
