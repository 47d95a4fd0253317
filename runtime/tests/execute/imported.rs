//! From an OpenAPI document to bytes on the wire: import, compile, call.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cap_compiler::capability::Capability;
use cap_compiler::compile::{compile, parse_file};
use cap_compiler::import::{DocumentSource, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::execute::{Prepared, ToolError};
use serde_json::{Value, json};

use super::support::{Seen, Server, executor, object};

/// The tools of a document, called at a server of the test.
pub(crate) struct Imported {
    pub(crate) server: Server,
    tools: BTreeMap<String, Prepared>,
}

impl Imported {
    pub(crate) async fn of(text: &str) -> Self {
        Self::with(text, ImportOptions::default()).await
    }

    pub(crate) async fn with(text: &str, options: ImportOptions) -> Self {
        let server = Server::start().await;
        let options = ImportOptions { api: Some("t".to_owned()), server: Some(server.url()), ..options };
        let source = DocumentSource { id: SourceId::new("test.yaml"), bytes: text.as_bytes().to_vec() };
        let files = import(&source, &options, &MemoryLoader::default()).files;
        let parsed: Vec<_> =
            files.iter().map(|(path, text)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()))).collect();
        let compiled = compile(&parsed, &Pins::default());
        assert_eq!(compiled.diagnostics, Vec::new(), "{files:#?}");
        let named = |it: &Arc<Capability>| (it.tool.to_string(), Prepared::new(Arc::clone(it)));
        Self { server, tools: compiled.capabilities().map(named).collect() }
    }

    pub(crate) fn input(&self, tool: &str) -> Value {
        self.tools[&format!("t__{tool}")].capability().input.read()
    }

    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Result<Seen, ToolError> {
        executor().call(&self.tools[&format!("t__{tool}")], &object(arguments)).await?;
        Ok(self.server.last())
    }

    pub(crate) async fn refusal(&self, tool: &str, arguments: Value) -> String {
        let before = self.server.seen().len();
        let error = self.call(tool, arguments).await.unwrap_err().to_string();
        assert_eq!(self.server.seen().len(), before, "something was sent");
        error
    }
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/openapi").join(name)).unwrap()
}

fn content_type(seen: &Seen) -> String {
    seen.header("content-type").unwrap_or_default()
}

#[tokio::test]
async fn the_default_media_type_needs_no_choice() {
    let api = Imported::of(&fixture("bodies.yaml")).await;
    let seen = api.call("add_note", json!({"title": "a", "stars": 2})).await.unwrap();
    assert_eq!(
        (content_type(&seen).as_str(), seen.text().as_str()),
        ("application/json", r#"{"title":"a","stars":2}"#)
    );
    let seen = api.call("add_note", json!({"title": "a", "content_type": "application/json"})).await.unwrap();
    assert_eq!(content_type(&seen), "application/json");
    let seen = api.call("add_note", json!({"title": "a", "content_type": null})).await.unwrap();
    assert_eq!(content_type(&seen), "application/json");
}

#[tokio::test]
async fn each_media_type_is_sent_in_its_own_form() {
    let api = Imported::of(&fixture("bodies.yaml")).await;
    let send = async |mut arguments: Value, media_type: &str| {
        arguments["content_type"] = json!(media_type);
        let seen = api.call("add_note", arguments).await.unwrap();
        assert_eq!(content_type(&seen), media_type);
        seen.text()
    };
    assert_eq!(send(json!({"title": "a&b"}), "application/vnd.notes.v2+json").await, r#"{"title":"a&b"}"#);
    let form = json!({"title": "a&b", "stars_form": "**"});
    assert_eq!(send(form, "application/x-www-form-urlencoded").await, "title=a%26b&stars=%2A%2A");
    let ready = "<?xml version=\"1.0\"?>\n<note>é &amp; {{ title }}</note>\r\n";
    assert_eq!(send(json!({"body": ready}), "application/xml").await, ready);
}

#[tokio::test]
async fn what_the_selected_media_type_does_not_send_is_refused() {
    let api = Imported::of(&fixture("bodies.yaml")).await;
    let xml = |arguments: Value| {
        let mut arguments = arguments;
        arguments["content_type"] = json!("application/xml");
        arguments
    };
    let error = api.refusal("add_note", xml(json!({"body": "<a/>", "title": "a"}))).await;
    assert!(error.contains("`title` is not sent with `application/xml`"), "{error}");
    assert!(error.contains("set `content_type` to `application/json` or `application/vnd"), "{error}");
    let error = api.refusal("add_note", json!({"title": "a", "body": "<a/>"})).await;
    assert!(error.contains("`body` is not sent with `application/json`"), "{error}");
    let error = api.refusal("add_note", json!({"title": "a", "content_type": "application/yaml"})).await;
    assert!(error.contains("`content_type` must be one of"), "{error}");
    let error = api.refusal("add_note", xml(json!({}))).await;
    assert!(error.contains("`body` is missing"), "{error}");
    let error = api.refusal("add_note", json!({})).await;
    assert!(error.contains("`title` is missing"), "{error}");
    assert!(!error.contains("`body`"), "{error}");
}

#[tokio::test]
async fn an_optional_body_stays_optional_whatever_is_selected() {
    let api = Imported::of(&fixture("bodies.yaml")).await;
    let seen = api.call("add_picture", json!({"note": 1})).await.unwrap();
    assert_eq!((content_type(&seen).as_str(), seen.body.len()), ("", 0));
    let arguments = json!({"note": 1, "content_type_body": "image/jpeg", "body": "/9j/"});
    let seen = api.call("add_picture", arguments).await.unwrap();
    assert_eq!((content_type(&seen).as_str(), seen.body.as_slice()), ("image/jpeg", b"\xff\xd8\xff".as_slice()));
    let error = api.refusal("add_picture", json!({"note": 1, "content_type": "x"})).await;
    assert!(error.contains("picture"), "{error}");
}

#[tokio::test]
async fn files_are_sent_in_parts_and_the_rest_in_any_form() {
    let api = Imported::of(&fixture("bodies.yaml")).await;
    let seen = api.call("add_attachment", json!({"file": "aGk=", "file_filename": "a.txt"})).await.unwrap();
    assert!(content_type(&seen).starts_with("multipart/form-data; boundary="));
    let seen = api.call("add_attachment", json!({"file_id": "f", "content_type": "application/json"})).await.unwrap();
    assert_eq!((content_type(&seen).as_str(), seen.text().as_str()), ("application/json", r#"{"file_id":"f"}"#));
    let error = api.refusal("add_attachment", json!({"file": "aGk=", "content_type": "application/json"})).await;
    assert!(error.contains("`file` is not sent with `application/json`"), "{error}");
}

#[tokio::test]
async fn a_person_may_import_fewer_media_types() {
    let options = |globs: &[&str]| ImportOptions {
        media_types: globs.iter().map(|glob| (*glob).to_owned()).collect(),
        ..ImportOptions::default()
    };
    let api = Imported::with(&fixture("bodies.yaml"), options(&["application/json", "text/plain"])).await;
    assert_eq!(api.input("add_note")["properties"].as_object().unwrap().len(), 2);
    // A body that has none of them keeps its own.
    assert!(api.input("change_note")["properties"]["content_type"].is_object());
    let api = Imported::with(&fixture("bodies.yaml"), options(&["application/*form*", "application/json"])).await;
    let choices = &api.input("add_note")["properties"]["content_type"]["enum"];
    assert_eq!(*choices, json!(["application/x-www-form-urlencoded", "application/json"]));
}
