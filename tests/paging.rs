//! Pages of a real server, read by `cap call` and by an MCP client of `cap serve`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use support::Sandbox;

/// How many letters there are, and how many of them on a page.
const ALL: usize = 7;
const PAGE: usize = 3;

/// Seven letters, three on a page, behind a token and behind a `Link` header.
fn post_office() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(|stream| answer(&mut stream.unwrap())));
    url
}

fn answer(stream: &mut TcpStream) {
    let mut bytes = vec![0; 16384];
    let read = stream.read(&mut bytes).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
    let target = text.split(' ').nth(1).unwrap_or_default();
    let from: usize =
        target.split(['?', '&']).find_map(|pair| pair.strip_prefix("marker=")).map_or(0, |it| it.parse().unwrap());
    let letters: Vec<Value> = (from..ALL.min(from + PAGE)).map(|id| json!({"id": id})).collect();
    let next = (from + PAGE < ALL).then(|| from + PAGE);
    let link = next.map(|next| format!("link: </letters?marker={next}>; rel=\"next\"\r\n")).unwrap_or_default();
    let body = json!({"letters": letters, "next_marker": next.map(|next| next.to_string())}).to_string();
    let head = format!("content-type: application/json\r\ncontent-length: {}\r\nconnection: close", body.len());
    _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{link}{head}\r\n\r\n{body}").as_bytes());
}

/// The same letters twice: `by_token` gives an argument, `by_link` follows addresses.
fn sandbox(server: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let styles = [
        ("by_token", "{style: cursor, argument: marker, next: /next_marker, items: /letters}"),
        ("by_link", "{style: link, items: /letters}"),
    ];
    for (name, pagination) in styles {
        sandbox.write(
            &format!("capabilities/{name}.yaml"),
            &format!(
                "version: 1\nkind: capability\nname: {name}\ndescription: Lists letters.\nserver: {server}\n\
                 network: private\ninput:\n  type: object\n  properties: {{marker: {{type: string}}, \
                 sender: {{type: string}}}}\nrequest:\n  method: GET\n  path: /letters\n  query: {{marker: \"{{{{ marker }}}}\", \
                 sender: \"{{{{ sender }}}}\"}}\nresponse:\n  schema:\n    type: object\n    required: [letters]\n    \
                 properties: {{letters: {{type: array, items: {{type: object, required: [id]}}}}}}\n\
                 pagination: {pagination}\n"
            ),
        );
    }
    sandbox.write(
        "capabilities/unpaged.yaml",
        &format!(
            "version: 1\nkind: capability\nname: unpaged\ndescription: Lists letters.\nserver: {server}\n\
             network: private\ninput: {{type: object}}\nrequest: {{method: GET, path: /letters}}\n"
        ),
    );
    sandbox
}

fn ids(value: &Value) -> Vec<u64> {
    value["letters"].as_array().unwrap().iter().map(|letter| letter["id"].as_u64().unwrap()).collect()
}

const TOOLS: [&str; 2] = ["by_token", "by_link"];

#[test]
fn a_person_reads_page_after_page() {
    let sandbox = sandbox(&post_office());
    for tool in TOOLS {
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..3 {
            let mut args = vec!["call", tool, "--arg", "sender=me"];
            args.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor]));
            let run = sandbox.ok(&args);
            seen.extend(ids(&run.json()));
            cursor = run.stderr.split("--cursor ").nth(1).map(|it| it.split_whitespace().next().unwrap().to_owned());
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen, cursor), ((0..7).collect::<Vec<_>>(), None), "{tool}");
    }
}

#[test]
fn a_person_collects_pages_and_a_program_finds_the_cursor() {
    let sandbox = sandbox(&post_office());
    for tool in TOOLS {
        let run = sandbox.ok(&["call", tool, "--collect", "5"]);
        assert_eq!(ids(&run.json()), [0, 1, 2, 3, 4, 5], "{tool}");
        assert!(run.stderr.contains("6 items of 2 pages"), "{}", run.stderr);

        let result = sandbox.ok(&["call", tool, "--collect", "5", "--format", "json"]).json();
        assert_eq!(ids(&result["structuredContent"]), [0, 1, 2, 3, 4, 5], "{tool}");
        let cursor = result["_meta"]["next_cursor"].as_str().unwrap();
        let last = sandbox.ok(&["call", tool, "--cursor", cursor, "--format", "json"]).json();
        assert_eq!((ids(&last["structuredContent"]), &last["_meta"]), (vec![6], &Value::Null), "{tool}");
    }
}

#[test]
fn a_person_is_told_which_cursors_mean_nothing() {
    let sandbox = sandbox(&post_office());
    let cursor = |tool: &str| {
        let result = sandbox.ok(&["call", tool, "--format", "json"]).json();
        result["_meta"]["next_cursor"].as_str().unwrap().to_owned()
    };
    let refused = |args: &[&str], said: &str| {
        let run = sandbox.run(args);
        assert_eq!((run.code, run.stderr.contains(said)), (4, true), "{args:?}: {}", run.stderr);
    };
    for (tool, other) in [("by_token", "by_link"), ("by_link", "by_token")] {
        refused(&["call", tool, "--cursor", &cursor(other)], "is no cursor of this tool");
        refused(&["call", tool, "--cursor", &cursor(tool), "--arg", "sender=me"], "is no cursor of this tool");
        refused(&["call", tool, "--cursor", "nonsense"], "is no cursor of this tool");
    }
    refused(&["call", "unpaged", "--collect", "5"], "says nothing of pages");
    assert_eq!(sandbox.run(&["call", "by_link", "--collect", "0"]).code, 2);
    assert_eq!(sandbox.run(&["call", "by_link", "--collect", "5", "--dry-run"]).code, 2);
}

#[test]
fn what_is_imported_is_paged() {
    let (server, sandbox) = (post_office(), Sandbox::new());
    let list = |operation: &str, parameter: &str, headers: &str| {
        format!(
            "get:\n      operationId: {operation}\n      parameters: [{{name: {parameter}, in: query, schema: {{type: \
             string}}}}]\n      responses:\n        '200':\n          description: Letters.\n          headers: {headers}\n          \
             content: {{application/json: {{schema: {{$ref: '#/components/schemas/Letters'}}}}}}\n"
        )
    };
    sandbox.write(
        "post.yaml",
        &format!(
            "openapi: 3.0.3\ninfo: {{title: Post, version: '1'}}\nservers: [{{url: https://post.example}}]\npaths:\n  /letters:\n    {}  \
             /Letters:\n    {}components:\n  schemas:\n    Letters:\n      type: object\n      properties:\n        letters: \
             {{type: array, items: {{type: object}}}}\n        next_marker: {{type: string, nullable: true}}\n",
            list("by_token", "marker", "{}"),
            list("by_link", "sender", "{Link: {schema: {type: string}}}"),
        ),
    );
    sandbox.ok(&["import", "post.yaml", "--api", "post", "--server", &server]);
    for tool in ["post__by_token", "post__by_link"] {
        let run = sandbox.ok(&["call", tool, "--collect", "100"]);
        assert_eq!(ids(&run.json()), [0, 1, 2, 3, 4, 5, 6], "{tool}");
    }
}

/// The gateway as a process, ended with the test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(sandbox: &Sandbox) -> Self {
        let args = ["serve", "--listen", "127.0.0.1:0", "--expose", "by_*"];
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

    async fn connect(&self) -> Agent {
        _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        Agent(().serve_with_lifecycle(transport, mode).await.unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

struct Agent(RunningService<RoleClient, ()>);

impl Agent {
    async fn call(&self, tool: &'static str, arguments: Value) -> Value {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let result = self.0.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await.unwrap();
        serde_json::to_value(result).unwrap()
    }

    async fn invoke(&self, arguments: Value) -> Value {
        self.call("gateway_invoke", arguments).await
    }

    /// What the gateway says the answer of a tool looks like.
    async fn output_schema(&self, tool: &str) -> Value {
        let described = self.call("gateway_describe_tools", json!({"tools": [tool]})).await;
        let schema = described["structuredContent"]["tools"][0]["outputSchema"].clone();
        assert!(schema.is_object(), "{described}");
        schema
    }
}

fn cursor(result: &Value) -> Option<String> {
    result["_meta"]["next_cursor"].as_str().map(str::to_owned)
}

fn texts(result: &Value) -> String {
    let content = result["content"].as_array().unwrap();
    content.iter().filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_reads_to_the_last_page_and_collects() {
    let sandbox = sandbox(&post_office());
    let served = Served::start(&sandbox);
    let agent = served.connect().await;
    for tool in TOOLS {
        let schema = jsonschema::validator_for(&agent.output_schema(tool).await).unwrap();
        let mut asked = json!({"tool": tool, "arguments": {"sender": "me"}});
        let mut seen = Vec::new();
        for _ in 0..3 {
            let result = agent.invoke(asked.clone()).await;
            assert!(schema.is_valid(&result["structuredContent"]), "{result}");
            seen.extend(ids(&result["structuredContent"]));
            let next = cursor(&result);
            assert_eq!(next.is_some(), texts(&result).contains("call again with the same arguments"), "{result}");
            match next {
                Some(next) => asked["cursor"] = next.into(),
                None => break,
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6], "{tool}");

        let some = agent.invoke(json!({"tool": tool, "arguments": {}, "collect": 4})).await;
        assert!(schema.is_valid(&some["structuredContent"]), "{some}");
        assert_eq!(ids(&some["structuredContent"]), [0, 1, 2, 3, 4, 5]);
        let rest = json!({"tool": tool, "arguments": {}, "collect": 100, "cursor": cursor(&some).unwrap()});
        let rest = agent.invoke(rest).await;
        assert_eq!((ids(&rest["structuredContent"]), cursor(&rest)), (vec![6], None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_nowhere_with_a_cursor_that_is_not_its_own() {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

    let sandbox = sandbox(&post_office());
    let served = Served::start(&sandbox);
    let agent = served.connect().await;
    let first = async |tool: &str| cursor(&agent.invoke(json!({"tool": tool, "arguments": {}})).await).unwrap();
    let own = first("by_link").await;
    let mut said: Value = serde_json::from_slice(&BASE64.decode(&own).unwrap()).unwrap();
    said["u"] = "/admin".into();
    let typed = sandbox.ok(&["call", "by_link", "--format", "json"]).json();
    let foreign = [
        ("forged", BASE64.encode(said.to_string())),
        ("cut", own[1..].to_owned()),
        ("of another tool", first("by_token").await),
        ("of a person's call", cursor(&typed).unwrap()),
        ("of another gateway", {
            let other = Served::start(&sandbox);
            let agent = other.connect().await;
            cursor(&agent.invoke(json!({"tool": "by_link", "arguments": {}})).await).unwrap()
        }),
    ];
    for (whose, foreign) in foreign {
        let result = agent.invoke(json!({"tool": "by_link", "arguments": {}, "cursor": foreign})).await;
        assert_eq!(result["isError"], true, "{whose}: {result}");
        assert!(
            texts(&result).contains("`cursor` is no cursor of this tool with these arguments"),
            "{whose}: {result}"
        );
    }
    let other = json!({"tool": "by_link", "arguments": {"sender": "you"}, "cursor": own});
    assert_eq!(agent.invoke(other).await["isError"], true);
    assert_eq!(agent.invoke(json!({"tool": "by_link", "arguments": {}, "cursor": own})).await["isError"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exposed_tool_says_where_its_next_page_is() {
    let sandbox = sandbox(&post_office());
    let served = Served::start(&sandbox);
    let agent = served.connect().await;
    for tool in TOOLS {
        let result = agent.call(tool, json!({"sender": "me"})).await;
        let next = cursor(&result).unwrap();
        let told = format!(
            "call `gateway_invoke` with `tool`: \"{tool}\", the same arguments as `arguments`, and `cursor`: \"{next}\""
        );
        assert!(texts(&result).contains(&told), "{result}");
        // And that is true.
        let asked = json!({"tool": tool, "arguments": {"sender": "me"}, "cursor": next});
        assert_eq!(ids(&agent.invoke(asked).await["structuredContent"]), [3, 4, 5], "{tool}");
    }
}
