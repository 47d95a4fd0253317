//! What goes between a client and an upstream while a call runs: cancellation, progress, and questions, also where
//! the two speak revisions of different kinds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResponse, ClientCapabilities, ClientConfig, ClientRequest,
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult, ElicitationAction,
    Implementation, InputRequiredResult, ProgressNotificationParam, ProtocolVersion, SamplingMessage,
    ServerNotification, SubscriptionFilter,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestContext, RunningService};
use rmcp::{ClientHandler, ClientLifecycleMode, ErrorData, RoleClient};
use serde_json::{Value, json};

use crate::peer::Peer;
use crate::served::http;
use crate::world::{SOON, World, client_at, invoking, stdio, until};

/// A client that answers what it is asked, and keeps what it is told.
#[derive(Clone, Default)]
struct Person {
    progress: Arc<Mutex<Vec<f64>>>,
    asked: Arc<Mutex<usize>>,
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let can = ClientCapabilities::builder().enable_elicitation().enable_sampling().build();
        ClientConfig::new(can, Implementation::new("test", "1"))
    }

    async fn create_elicitation(
        &self,
        _: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        *self.asked.lock().unwrap() += 1;
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(json!({"name": "Ada"})))
    }

    async fn create_message(
        &self,
        _: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        *self.asked.lock().unwrap() += 1;
        Ok(CreateMessageResult::new(SamplingMessage::assistant_text("Paris"), "a model".to_owned()))
    }

    async fn on_progress(&self, note: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.lock().unwrap().push(note.progress);
    }
}

type Client = RunningService<RoleClient, Person>;

fn modern() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

/// Clients of both kinds.
async fn clients(world: &World) -> [Client; 2] {
    [
        world.client(Person::default(), ClientLifecycleMode::Initialize).await,
        world.client(Person::default(), modern()).await,
    ]
}

/// Peers of both kinds over HTTP, and one over standard input and output.
struct Peers {
    _peers: [Peer; 2],
    world: World,
}

const NAMES: [&str; 4] = ["older", "newer", "oldpipe", "newpipe"];

impl Peers {
    async fn start() -> Self {
        let peers = [Peer::start(&["--revision", "legacy"]), Peer::start(&["--revision", "modern"])];
        let remote = |peer: &Peer| json!({"http": peer.url});
        let world = World::of(&[
            ("older", remote(&peers[0]), json!({})),
            ("newer", remote(&peers[1]), json!({})),
            ("oldpipe", stdio(&["--revision", "legacy"]), json!({})),
            ("newpipe", stdio(&["--revision", "modern"]), json!({})),
        ])
        .await;
        for name in NAMES {
            world.until_ready(name).await;
        }
        Self { _peers: peers, world }
    }
}

async fn counts(world: &World, name: &str) -> (u64, u64) {
    let counts = world.invoke(&format!("{name}__cancelled_count"), json!({})).await["structuredContent"].take();
    (counts["cancelled"].as_u64().unwrap(), counts["sleeping"].as_u64().unwrap())
}

fn said(result: &rmcp::model::CallToolResult) -> String {
    serde_json::to_value(result).unwrap()["content"][0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_call_that_its_client_cancels_is_cancelled_at_the_upstream() {
    let Peers { world, _peers } = Peers::start().await;
    for (round, client) in clients(&world).await.into_iter().enumerate() {
        for name in NAMES {
            let request = CallToolRequest::new(invoking(&format!("{name}__sleep"), &json!({"ms": 600_000})));
            let options = PeerRequestOptions::no_options();
            let sent = client.send_cancellable_request(ClientRequest::CallToolRequest(request), options).await.unwrap();
            let before = round as u64;
            until(name, async || counts(&world, name).await == (before, 1)).await;
            sent.cancel(None).await.unwrap();
            until(name, async || counts(&world, name).await == (before + 1, 0)).await;
        }
    }
}

#[tokio::test]
async fn a_call_whose_client_goes_away_is_cancelled_at_the_upstream() {
    let Peers { world, _peers } = Peers::start().await;
    // Over 2026-07-28 a client that closes the stream of its answer has cancelled.
    for name in NAMES {
        let calling = modern_call(&world, &format!("{name}__sleep"), &json!({"ms": 600_000}));
        let calling = tokio::spawn(async move { calling.await.chunk().await });
        until(name, async || counts(&world, name).await == (0, 1)).await;
        calling.abort();
        until(name, async || counts(&world, name).await == (1, 0)).await;
    }
    // Before, one that ends its session.
    for name in NAMES {
        let client = world.client(Person::default(), ClientLifecycleMode::Initialize).await;
        let request = CallToolRequest::new(invoking(&format!("{name}__sleep"), &json!({"ms": 600_000})));
        let options = PeerRequestOptions::no_options();
        let sent = client.send_cancellable_request(ClientRequest::CallToolRequest(request), options).await.unwrap();
        until(name, async || counts(&world, name).await == (1, 1)).await;
        client.cancel().await.unwrap();
        drop(sent);
        until(name, async || counts(&world, name).await == (2, 0)).await;
    }
}

/// A call of a client of 2026-07-28 that speaks HTTP itself.
fn modern_call(world: &World, tool: &str, arguments: &Value) -> impl Future<Output = reqwest::Response> + use<> {
    let params = json!({
        "name": "gateway_invoke",
        "arguments": {"tool": tool, "arguments": arguments},
        "_meta": {
            "progressToken": "a token",
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let request = http().post(&world.served.url).header("accept", "application/json, text/event-stream");
    let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/call");
    let request = request.header("mcp-name", "gateway_invoke");
    let sent = request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})).send();
    async { sent.await.unwrap() }
}

#[tokio::test]
async fn progress_comes_in_order_and_before_the_result() {
    let Peers { world, _peers } = Peers::start().await;
    for name in NAMES {
        let answer = modern_call(&world, &format!("{name}__test_tool_with_progress"), &json!({})).await;
        let body = answer.text().await.unwrap();
        let messages: Vec<Value> =
            body.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()).collect();
        let (result, notes) = messages.split_last().unwrap();
        assert!(result["result"].to_string().contains("Progress was reported"), "{name}: {body}");
        let progress: Vec<f64> = notes.iter().filter_map(|note| note["params"]["progress"].as_f64()).collect();
        assert_eq!(progress, [0.0, 50.0, 100.0], "{name}: {body}");
        assert!(notes.iter().all(|note| note["params"]["progressToken"] == "a token"), "{body}");
    }
    for client in clients(&world).await {
        for name in NAMES {
            client.service().progress.lock().unwrap().clear();
            client.call_tool(invoking(&format!("{name}__test_tool_with_progress"), &json!({}))).await.unwrap();
            until("three notes", async || client.service().progress.lock().unwrap().len() == 3).await;
        }
    }
}

#[tokio::test]
async fn a_client_that_was_told_that_it_listens_misses_nothing_from_then_on() {
    let Peers { world, _peers } = Peers::start().await;
    let watched = "test://watched-resource";
    let Value::Object(touch) = json!({"uri": watched}) else { unreachable!() };
    for name in NAMES {
        let url = format!("{}/servers/{name}", world.served.url);
        for _ in 0..20 {
            let client = client_at(&url, Person::default(), modern()).await;
            let filter = SubscriptionFilter::builder().resource_subscriptions([watched]).build();
            let mut listening = client.listen(filter).await.unwrap();
            client.call_tool(CallToolRequestParams::new("touch").with_arguments(touch.clone())).await.unwrap();
            let told =
                tokio::time::timeout(SOON, listening.next()).await.unwrap_or_else(|_| panic!("{name}: not told"));
            let Some(ServerNotification::ResourceUpdatedNotification(told)) = told.unwrap() else { panic!("{name}") };
            assert_eq!(told.params.uri, watched);
        }
    }
}

#[tokio::test]
async fn a_client_is_asked_in_the_way_of_its_own_revision() {
    let Peers { world, _peers } = Peers::start().await;
    for client in clients(&world).await {
        for name in NAMES {
            let before = *client.service().asked.lock().unwrap();
            let result = client.call_tool(invoking(&format!("{name}__ask_person"), &json!({}))).await.unwrap();
            assert_eq!(said(&result), r#"person: accept {"name":"Ada"}"#, "{name}");
            let result = client.call_tool(invoking(&format!("{name}__ask_model"), &json!({}))).await.unwrap();
            assert_eq!(said(&result), "LLM response: Paris", "{name}");
            assert_eq!(*client.service().asked.lock().unwrap(), before + 2);
        }
    }
    // Who cannot be asked is not asked; the call ends all the same.
    for mode in [ClientLifecycleMode::Initialize, modern()] {
        let client = world.client((), mode).await;
        for name in NAMES {
            let called = client.call_tool(invoking(&format!("{name}__ask_person"), &json!({})));
            let called = tokio::time::timeout(Duration::from_secs(30), called).await.unwrap();
            assert!(called.map_or(true, |result| !said(&result).contains("accept")), "{name}");
        }
    }
}

/// The first half of a call that asks its client.
async fn asked(client: &Client, tool: &str) -> InputRequiredResult {
    match client.call_tool_once(invoking(tool, &json!({}))).await.unwrap() {
        CallToolResponse::InputRequired(required) => required,
        other @ (CallToolResponse::Complete(_) | CallToolResponse::Task(_) | _) => {
            panic!("nothing was asked: {other:?}")
        }
    }
}

/// The second half.
async fn retried(client: &Client, tool: &str, state: &str, key: &str) -> Result<Value, String> {
    let mut params = invoking(tool, &json!({}));
    let answer = json!({"action": "accept", "content": {"name": "Ada"}});
    params.input_responses = Some(serde_json::from_value(json!({ (key): answer })).unwrap());
    params.request_state = Some(state.to_owned());
    let CallToolResponse::Complete(result) = client.call_tool_once(params).await.map_err(|error| error.to_string())?
    else {
        return Err("it asks again".to_owned());
    };
    let result = serde_json::to_value(result).unwrap();
    if result["isError"] == true { Err(result["content"][0]["text"].as_str().unwrap().to_owned()) } else { Ok(result) }
}

#[tokio::test]
async fn a_call_that_waits_is_gone_on_with_by_its_own_retry_only() {
    let Peers { world, _peers } = Peers::start().await;
    let client = world.client(Person::default(), modern()).await;
    for name in ["older", "oldpipe"] {
        let (tool, other) = (format!("{name}__ask_person"), format!("{name}__whoami"));
        let required = asked(&client, &tool).await;
        let state = required.request_state.clone().unwrap();
        let requests = serde_json::to_value(required.input_requests.unwrap()).unwrap();
        let key = requests.as_object().unwrap().keys().next().unwrap().clone();
        for (tool, state) in [
            (tool.as_str(), "another state"),
            (tool.as_str(), ""),
            (other.as_str(), state.as_str()),
            ("newer__ask_person", state.as_str()),
        ] {
            let refused = retried(&client, tool, state, &key).await.unwrap_err();
            println!("{tool}: {refused}");
        }
        let refused = retried(&client, &other, &state, &key).await.unwrap_err();
        assert!(refused.contains("no call") && refused.contains("requestState"), "{refused}");
        // None of them cost the call that waits, which is gone on with once.
        let result = retried(&client, &tool, &state, &key).await.unwrap();
        assert!(result.to_string().contains("person: accept"), "{result}");
        let refused = retried(&client, &tool, &state, &key).await.unwrap_err();
        assert!(refused.contains("no call"), "{refused}");
    }
}

#[tokio::test]
async fn calls_that_wait_and_are_forgotten_are_bounded() {
    let Peers { world, _peers } = Peers::start().await;
    let client = world.client(Person::default(), modern()).await;
    let before = world.held();
    let calls = (0..200).map(|_| asked(&client, "older__ask_person"));
    let asked = futures::future::join_all(calls).await;
    assert_eq!(asked.len(), 200);
    world.others_answer().await;
    let after = world.held();
    assert!(after.grown(&before) < 30 * crate::world::MB && after.children == before.children, "{before:?} {after:?}");
    // The upstream still answers each of them on a stream of its own, and there are places for no more than its file says.
    assert!(after.files <= before.files + 256, "{before:?} {after:?}");
}
