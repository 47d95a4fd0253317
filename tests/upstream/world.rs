//! A folder with upstreams in it, the gateway over it, and what is asked of both again and again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient, Service};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::peer::program;
use crate::process::Held;
use crate::served::{Agent, Served, http};
use crate::support::Sandbox;

/// How long a machine with much else to do may take for anything that is not meant to last.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// A gateway with a tool of a REST API, an upstream `good` that is well, and others.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) served: Served,
    pub(crate) agent: Agent,
}

/// The transport of a peer over standard input and output.
pub(crate) fn stdio(options: &[&str]) -> Value {
    let program = program().display().to_string();
    let command = [&[program.as_str(), "stdio"], options].concat();
    json!({ "stdio": command })
}

/// The transport of a program that lies in this way.
pub(crate) fn liar(way: &str) -> Value {
    json!({"stdio": [liar_program().display().to_string(), way]})
}

/// The program that lies.
pub(crate) fn liar_program() -> PathBuf {
    let path = program().with_file_name("liar");
    assert!(path.exists(), "{} is missing; run `cargo build --example liar`", path.display());
    path
}

/// Writes the file of an upstream; JSON is YAML. `more` has the keys besides name and transport.
pub(crate) fn upstream(sandbox: &Sandbox, name: &str, transport: &Value, more: &Value) {
    let mut file = json!({"version": 1, "kind": "upstream", "name": name, "transport": transport});
    if transport.get("stdio").is_none() {
        file["network"] = json!("private");
    }
    for (key, value) in more.as_object().unwrap() {
        file[key] = value.clone();
    }
    sandbox.write(&format!("capabilities/{name}/upstream.yaml"), &file.to_string());
}

impl World {
    /// Starts a gateway with these upstreams beside the one that is well.
    pub(crate) async fn of(upstreams: &[(&str, Value, Value)]) -> Self {
        let sandbox = Sandbox::new();
        for (name, transport, more) in upstreams {
            upstream(&sandbox, name, transport, more);
        }
        Self::over(sandbox, &[]).await
    }

    /// Starts a gateway over a folder.
    pub(crate) async fn over(sandbox: Sandbox, flags: &[&str]) -> Self {
        upstream(&sandbox, "good", &stdio(&[]), &json!({}));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/pets", get(async || axum::Json(json!({"pets": ["rex"]}))));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let tool = format!(
            "version: 1\nkind: capability\nname: pets\nserver: {server}\nnetwork: private\ndescription: Lists pets.\n\
             input: {{type: object, additionalProperties: false}}\nrequest: {{method: GET, path: /pets}}\n"
        );
        sandbox.write("capabilities/pets.yaml", &tool);
        if flags.contains(&"--locked") {
            sandbox.run(&["pin"]);
        }
        let served = Served::start(&sandbox, flags);
        let agent = served.connect().await;
        let world = Self { sandbox, served, agent };
        world.until_ready("good").await;
        world
    }

    /// What a call of a tool gives.
    pub(crate) async fn invoke(&self, tool: &str, arguments: Value) -> Value {
        let call = self.agent.call("gateway_invoke", json!({"tool": tool, "arguments": arguments}));
        tokio::time::timeout(SOON, call).await.unwrap_or_else(|_| panic!("no answer of `{tool}`"))
    }

    /// The text of a result that is no error.
    pub(crate) async fn answer(&self, tool: &str, arguments: Value) -> String {
        let result = self.invoke(tool, arguments).await;
        assert_ne!(result["isError"], true, "{result}");
        text(&result)
    }

    /// The text of a result that is an error.
    pub(crate) async fn failure(&self, tool: &str, arguments: Value) -> String {
        let result = self.invoke(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        text(&result)
    }

    /// Others are not disturbed: they answer, and soon.
    pub(crate) async fn others_answer(&self) {
        let start = Instant::now();
        assert!(self.answer("pets", json!({})).await.contains("rex"));
        assert!(self.answer("good__whoami", json!({})).await.contains("session"));
        assert!(start.elapsed() < Duration::from_secs(8), "others were slow: {:?}", start.elapsed());
    }

    /// What `/health` says of an upstream.
    pub(crate) async fn health(&self, name: &str) -> Value {
        let health = self.served.health().await;
        let upstreams = health["upstreams"].as_array().cloned().unwrap_or_default();
        upstreams.into_iter().find(|entry| entry["name"] == name).unwrap_or_default()
    }

    /// What agents are told of an upstream.
    pub(crate) async fn listed(&self, name: &str) -> Value {
        let servers = self.agent.call("gateway_list_servers", json!({})).await;
        let servers = servers["structuredContent"]["servers"].as_array().cloned().unwrap_or_default();
        servers.into_iter().find(|entry| entry["name"] == name || entry["server"] == name).unwrap_or_default()
    }

    pub(crate) async fn until_state(&self, name: &str, state: &str) {
        let start = Instant::now();
        loop {
            let health = self.health(name).await;
            if health["status"] == state {
                return;
            }
            assert!(start.elapsed() < SOON, "`{name}` is not {state}: {health}\n{}", self.served.log().join("\n"));
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Until an upstream is connected and its tools are served.
    pub(crate) async fn until_ready(&self, name: &str) {
        self.until_state(name, "connected").await;
        self.until("the tools of an upstream", async || {
            self.listed(name).await["tools"].as_u64().is_some_and(|tools| tools > 0)
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, seen: impl AsyncFnMut() -> bool) {
        let log = || self.served.log().join("\n");
        until_or(what, log, seen).await;
    }

    /// The same, with what was seen instead.
    pub(crate) async fn until_told(&self, what: &str, mut seen: impl AsyncFnMut() -> Result<(), String>) {
        let start = Instant::now();
        while let Err(instead) = seen().await {
            let log = || self.served.log().join("\n");
            assert!(start.elapsed() < SOON, "not seen: {what}; but {instead}\n{}", log());
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Until both people and agents are told that an upstream is unavailable, and why.
    pub(crate) async fn until_unavailable(&self, name: &str, reason: &str) {
        self.until_told(name, async || {
            let (health, listed) = (self.health(name).await, self.listed(name).await);
            let said = health["reason"].as_str().unwrap_or_default();
            let told = health["status"] == "unavailable" && said.contains(reason);
            // What is seen at two moments may be two attempts.
            let both = listed["status"] == "unavailable"
                && listed["reason"].as_str().is_some_and(|said| said.contains(reason));
            if told && both { Ok(()) } else { Err(format!("{health} {listed}")) }
        })
        .await;
    }

    pub(crate) fn held(&self) -> Held {
        Held::by(self.served.child.id())
    }

    /// A client of the gateway that answers what it is asked.
    pub(crate) async fn client<S: Service<RoleClient>>(
        &self,
        handler: S,
        mode: ClientLifecycleMode,
    ) -> RunningService<RoleClient, S> {
        client_at(&self.served.url, handler, mode).await
    }
}

pub(crate) async fn client_at<S: Service<RoleClient>>(
    url: &str,
    handler: S,
    mode: ClientLifecycleMode,
) -> RunningService<RoleClient, S> {
    let config = StreamableHttpClientTransportConfig::with_uri(url);
    let transport = StreamableHttpClientTransport::with_client(http(), config);
    handler.serve_with_lifecycle(transport, mode).await.unwrap()
}

/// The parameters of `gateway_invoke`.
pub(crate) fn invoking(tool: &str, arguments: &Value) -> CallToolRequestParams {
    let Value::Object(call) = json!({"tool": tool, "arguments": arguments}) else { unreachable!() };
    CallToolRequestParams::new("gateway_invoke").with_arguments(call)
}

pub(crate) async fn until(what: &str, seen: impl AsyncFnMut() -> bool) {
    until_or(what, String::new, seen).await;
}

async fn until_or(what: &str, more: impl Fn() -> String, mut seen: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !seen().await {
        assert!(start.elapsed() < SOON, "not seen: {what}\n{}", more());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// The first text of a result.
pub(crate) fn text(result: &Value) -> String {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned()
}

/// Megabytes.
pub(crate) const MB: u64 = 1 << 20;
