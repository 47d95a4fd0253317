//! `cap demo`: the whole of cap in one tour, on an embedded API and without network.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_compiler::import::{DocumentSource, ImportOptions, import};
use cap_compiler::pin::Policy;
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::http::{self, Admission};
use cap_runtime::secret::{MemoryStore, Secrets};
use cap_runtime::start::{StartError, StartSettings, Started, start};
use cap_runtime::telemetry::Telemetry;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::import::{SCHEMA_BASE, write_files};
use super::pin;
use crate::args::{DemoArgs, FolderArgs, PinArgs, SecretArgs};
use crate::demo::agent::{Agent, AgentError};
use crate::demo::pet_store::{DOCUMENT, PetStore, TOKEN};
use crate::disk::write_atomic;
use crate::exit::Exit;
use crate::output::{Output, plural};

pub(crate) fn run(args: &DemoArgs, output: &Output) -> Result<Exit, Exit> {
    let runtime = tokio::runtime::Runtime::new().map_err(DemoError::from);
    let result = runtime.and_then(|runtime| runtime.block_on(tour(args, output)));
    match result {
        Ok(()) => Ok(Exit::Success),
        Err(error) => {
            output.error(&format!("the tour ended early: {error}"), None);
            Err(Exit::Failure)
        }
    }
}

/// Why the tour ended early.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error("{0}")]
    Unexpected(String),
}

/// What the steps share.
struct Tour<'a> {
    output: &'a Output,
    folder: TempDir,
    store: PetStore,
}

async fn tour(args: &DemoArgs, output: &Output) -> Result<(), DemoError> {
    let tour = Tour { output, folder: tempfile::tempdir()?, store: PetStore::start().await? };
    tour.import()?;
    tour.pin()?;
    let stop = CancellationToken::new();
    let (url, _started) = tour.serve(&stop).await?;
    let agent = Agent::connect(&url).await?;
    tour.find_and_invoke(&agent).await?;
    tour.drop_a_file(&agent).await?;
    tour.tamper(&agent).await?;
    agent.leave().await;
    if args.once {
        output.data("\nThat was the tour. Next: cap import YOUR_OPENAPI_DOCUMENT\n");
    } else {
        output.data(&format!(
            "\nThat was the tour. The gateway keeps serving at {url} until you press Ctrl-C.\n\
             Connect a client, for example: claude mcp add --transport http cap-demo {url}\n\
             The capabilities are in {}\n",
            tour.root().display()
        ));
        tokio::signal::ctrl_c().await?;
    }
    stop.cancel();
    Ok(())
}

impl Tour<'_> {
    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn step(&self, title: &str) {
        self.output.data(&format!("\n{title}\n"));
    }

    fn line(&self, text: &str) {
        for line in text.lines() {
            self.output.data(&format!("   {line}\n"));
        }
    }

    fn import(&self) -> Result<(), DemoError> {
        self.step("1. Import: one reviewable file for each operation of an OpenAPI document");
        let server = format!("http://{}/v1", self.store.address);
        self.line(&format!("$ cap import pets.openapi.yaml --api petstore --server {server}"));
        let document = DocumentSource { id: SourceId::new("pets.openapi.yaml"), bytes: DOCUMENT.into() };
        let options = ImportOptions {
            api: Some("petstore".to_owned()),
            server: Some(server),
            schema_base: Some(SCHEMA_BASE.to_owned()),
            ..ImportOptions::default()
        };
        let imported = import(&document, &options, &MemoryLoader::default());
        write_files(&imported, self.root())?;
        let names: Vec<&str> = imported.files.iter().map(|(path, _)| path.as_str()).collect();
        self.line(&format!("{}: {}", plural(names.len(), "file"), names.join(", ")));
        let secrets: Vec<&str> = imported.summary.secrets.iter().map(|secret| secret.name.as_str()).collect();
        self.line(&format!("needs the secret {}, which no agent will see", secrets.join(", ")));
        Ok(())
    }

    fn pin(&self) -> Result<(), DemoError> {
        self.step("2. Pin: record the SHA-256 digest of what was reviewed");
        self.line("$ cap pin");
        let folders = FolderArgs { capabilities: vec![self.root().to_owned()], config: None };
        let args = PinArgs { paths: Vec::new(), check: false, resolve: false, secrets: SecretArgs::default(), folders };
        match pin::run(&args, &Output::silent()) {
            Ok(Exit::Success) => {
                let lock = std::fs::read_to_string(self.root().join("cap.lock"))?;
                self.line(&format!("cap.lock: {}", lock.lines().last().unwrap_or_default()));
                Ok(())
            }
            Ok(_) | Err(_) => Err(DemoError::Unexpected("the import could not be pinned".to_owned())),
        }
    }

    async fn serve(&self, stop: &CancellationToken) -> Result<(String, Started), DemoError> {
        self.step("3. Serve: one MCP endpoint that watches the folder");
        let settings = StartSettings {
            folders: vec![self.root().to_owned()],
            policy: Policy::AllowUnlisted,
            signatures: None,
            tokens: Arc::new(MemoryStore::default()),
            secrets: Secrets::none().with_value("PETSTORE_TOKEN", SecretString::from(TOKEN)),
            expose: Vec::new(),
            telemetry: Telemetry::default(),
        };
        let ready = start(settings, stop)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let started = ready.serve().await;
        let router = http::router(started.gateway.clone(), &Admission::local(address), stop);
        tokio::spawn(http::serve(listener, router, stop.clone()));
        let url = format!("http://{address}/mcp");
        self.line(&format!("$ cap serve --listen {address}"));
        self.line(&format!("{} at {url}", plural(started.gateway.snapshot().tools().len(), "tool")));
        Ok((url, started))
    }

    async fn find_and_invoke(&self, agent: &Agent) -> Result<(), DemoError> {
        self.step("4. An agent connects: it sees five tools, however many there are behind them");
        self.line(&agent.tools().await?.join(", "));

        self.step("5. It searches in plain words, describes what it found, and invokes it");
        let query = "please add a rabbit to the store";
        let found = agent.call("gateway_search_tools", json!({"query": query, "limit": 2})).await?;
        self.line(&format!("search: {query}"));
        for hit in found.structured.pointer("/matches").and_then(Value::as_array).into_iter().flatten() {
            self.line(&format!("  {}({})", text(hit, "/tool"), text(hit, "/arguments")));
        }
        let tool = text(&found.structured, "/matches/0/tool").to_owned();
        let described = agent.call("gateway_describe_tools", json!({"tools": [tool]})).await?;
        self.line(&format!("describe: {} characters of definition", described.text.len()));
        let arguments = json!({"name": "Käthe & Co", "species": "rabbit", "likes": ["hay", "{{ naps }}"]});
        let answer = agent.call("gateway_invoke", json!({"tool": tool, "arguments": arguments})).await?;
        expect(!answer.failed, &answer.text)?;
        self.line("invoke; the request that reached the API:");
        self.line(&indented(&self.store.last_request()));
        self.line(&format!("answer: {}", answer.text));
        Ok(())
    }

    async fn drop_a_file(&self, agent: &Agent) -> Result<(), DemoError> {
        self.step("6. Drop a hand-written YAML file into the folder: a new tool, without a restart");
        write_atomic(&self.root().join("petstore/opening_hours.yaml"), OPENING_HOURS)?;
        self.line(&indented(OPENING_HOURS));
        let ((), waited) = until(async || {
            let reply = agent.call("gateway_search_tools", json!({"query": "when is the shop open"})).await?;
            let first = text(&reply.structured, "/matches/0/tool") == "petstore__opening_hours";
            Ok(first.then_some(()))
        })
        .await?;
        self.line(&format!("found by search after {} ms", waited.as_millis()));
        let arguments = json!({"tool": "petstore__opening_hours", "arguments": {}});
        let answer = agent.call("gateway_invoke", arguments).await?;
        expect(!answer.failed, &answer.text)?;
        self.line(&format!("answer: {}", answer.text));
        Ok(())
    }

    async fn tamper(&self, agent: &Agent) -> Result<(), DemoError> {
        self.step("7. Somebody edits a pinned file: it is quarantined until it is reviewed and pinned again");
        let path = self.root().join("petstore/pets_show.yaml");
        let edited = std::fs::read_to_string(&path)?.replace("method: GET", "method: DELETE");
        write_atomic(&path, &edited)?;
        self.line("petstore/pets_show.yaml: `method: GET` becomes `method: DELETE`");
        let (message, waited) = until(async || {
            let request = json!({"tool": "petstore__pets_show", "arguments": {"pet_id": 1}});
            let reply = agent.call("gateway_invoke", request).await?;
            Ok((reply.failed && reply.text.contains("quarantined")).then_some(reply.text))
        })
        .await?;
        self.line(&format!("after {} ms, gateway_invoke answers:", waited.as_millis()));
        self.line(&indented(&message));
        Ok(())
    }
}

/// What a person would write by hand.
const OPENING_HOURS: &str = "\
version: 1
kind: capability
name: opening_hours
api: petstore
description: Says when the shop is open today.
input: {type: object, additionalProperties: false}
request: {method: GET, path: /hours}
";

/// Asks again until there is an answer, and says how long that took.
async fn until<T>(ask: impl AsyncFn() -> Result<Option<T>, DemoError>) -> Result<(T, Duration), DemoError> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok((answer, start.elapsed()));
        }
        if start.elapsed() > Duration::from_secs(10) {
            return Err(DemoError::Unexpected("a change to the folder was not seen within 10 seconds".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn expect(holds: bool, otherwise: &str) -> Result<(), DemoError> {
    if holds { Ok(()) } else { Err(DemoError::Unexpected(otherwise.to_owned())) }
}
