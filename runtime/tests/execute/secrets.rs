//! Credentials: where they go, what is said when they are missing, and that they do not come back.

use std::io::Write as _;

use cap_compiler::capability::{Binding, Computed, Credential, Expression, Parameter, Piece, SecretName, Text};
use cap_runtime::execute::{Executor, ExecutorSettings, ToolError};
use cap_runtime::secret::Secrets;
use serde_json::json;

use super::support::{Server, anything, bound, call, form, object, prepared, secret, simple};

fn executor(secrets: &[(&str, &str)]) -> Executor {
    let secrets = secrets.iter().fold(Secrets::none(), |all, (name, value)| all.with_value(name, (*value).into()));
    Executor::new(ExecutorSettings { secrets, ..ExecutorSettings::default() }).unwrap()
}

#[tokio::test]
async fn each_credential_has_its_place() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/x?fixed=1");
    call.auth = vec![vec![
        Credential::Basic { username: Text::literal("me"), password: secret("PASS") },
        Credential::Header { name: "X-Key".to_owned(), value: secret("KEY") },
        Credential::Query { name: "key".to_owned(), value: secret("KEY") },
        Credential::Cookie { name: "sid".to_owned(), value: secret("KEY") },
    ]];
    let executor = executor(&[("PASS", "p@ss:word"), ("KEY", "k&1 ü")]);
    let tool = prepared(call, anything());
    executor.call(&tool, &object(json!({}))).await.unwrap();
    let seen = server.last();
    assert_eq!(seen.header("authorization").unwrap(), "Basic bWU6cEBzczp3b3Jk");
    assert_eq!(seen.header("x-key").unwrap(), "k&1 ü");
    assert_eq!(seen.target, "/x?fixed=1&key=k%261%20%C3%BC");
    assert_eq!(seen.header("cookie").unwrap(), "sid=k%261%20%C3%BC");
    let shown = executor.plan(&tool, &object(json!({}))).unwrap().render();
    assert!(shown.contains("Authorization: Basic base64(me:{secret.PASS})\nX-Key: {secret.KEY}\n"), "{shown}");
    assert!(shown.contains("&key={secret.KEY}\n") && !shown.contains("k&1"), "{shown}");
}

#[tokio::test]
async fn the_first_complete_alternative_is_chosen() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/x");
    call.auth = vec![vec![Credential::Bearer(secret("ONE"))], vec![Credential::Bearer(secret("TWO"))]];
    let tool = prepared(call.clone(), anything());
    executor(&[("TWO", "second")]).call(&tool, &object(json!({}))).await.unwrap();
    assert_eq!(server.last().header("authorization").unwrap(), "Bearer second");
    let error = executor(&[]).call(&tool, &object(json!({}))).await.unwrap_err();
    assert_eq!(error, ToolError::MissingSecret { names: vec!["ONE".to_owned()] });
    assert!(error.to_string().contains("environment variable `ONE`"), "{error}");
    call.auth.push(Vec::new());
    executor(&[]).call(&prepared(call, anything()), &object(json!({}))).await.unwrap();
    assert_eq!(server.last().header("authorization"), None);
}

#[tokio::test]
async fn headers_may_hold_and_compute_secrets() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/x");
    let computed = Expression::Computed(Computed {
        source: "secret.KEY | upper".to_owned(),
        arguments: Vec::new(),
        secrets: vec![SecretName("KEY".to_owned())],
    });
    let text = Text { pieces: vec![Piece::Literal("v=".to_owned()), Piece::Hole(computed)] };
    call.headers.push(Parameter { value: Binding::Text(text), ..simple("X-Sign") });
    let tool = prepared(call, anything());
    executor(&[("KEY", "abcd")]).call(&tool, &object(json!({}))).await.unwrap();
    assert_eq!(server.last().header("x-sign").unwrap(), "v=ABCD");
}

#[tokio::test]
async fn a_secret_outside_of_a_credentials_place_is_refused() {
    let mut call = call("http://127.0.0.1:1", "/x");
    let hole = Expression::Secret(SecretName("KEY".to_owned()));
    call.query.push(Parameter { value: Binding::Value(hole), ..simple("q") });
    let error = executor(&[("KEY", "abcd")]).call(&prepared(call, anything()), &object(json!({}))).await.unwrap_err();
    assert!(matches!(error, ToolError::Definition { .. }), "{error}");
}

#[tokio::test]
async fn a_secret_that_comes_back_is_masked() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/reflect");
    call.auth = vec![vec![Credential::Bearer(secret("TOKEN"))]];
    let executor = executor(&[("TOKEN", "very-secret")]);
    let error = executor.call(&prepared(call, anything()), &object(json!({}))).await.unwrap_err();
    let text = format!("{error} {error:?} {:?}", ExecutorSettings::default());
    assert!(text.contains("Bearer {secret.TOKEN}") && !text.contains("very-secret"), "{text}");
}

#[tokio::test]
async fn a_secret_is_masked_in_every_spelling() {
    const VALUE: &str = "very/secret/key";
    let server = Server::start().await;
    for path in ["/reflect/escaped", "/reflect/late", "/reflect/bytes"] {
        let mut call = call(&server.url(), path);
        call.auth = vec![vec![Credential::Bearer(secret("TOKEN"))]];
        let result = executor(&[("TOKEN", VALUE)]).call(&prepared(call, anything()), &object(json!({}))).await;
        let text = match &result {
            Ok(outcome) => format!("{outcome:?}"),
            Err(error) => format!("{error:?}"),
        };
        // What is base64 in the answer is looked into.
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
        let decoded: String = words
            .filter_map(|word| base64::Engine::decode(&base64::prelude::BASE64_STANDARD, word).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        assert!(!format!("{text}{decoded}").contains("very/"), "{path}: {text} {decoded}");
        assert!(!text.contains("ver\\u0079"), "{path}: {text}");
    }
}

#[tokio::test]
async fn an_object_cannot_bring_the_key_of_a_credential_or_of_another_parameter() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/x");
    call.query = vec![
        Parameter { value: bound("filter"), ..form("filter") },
        Parameter { value: bound("page"), ..form("page") },
    ];
    call.auth = vec![vec![Credential::Query { name: "api_key".to_owned(), value: secret("KEY") }]];
    let tool = prepared(call, anything());
    let executor = executor(&[("KEY", "right-one")]);
    for member in ["api_key", "page"] {
        let arguments = object(json!({"filter": {member: "mine"}}));
        let error = executor.call(&tool, &arguments).await.unwrap_err();
        assert!(matches!(&error, ToolError::Arguments { .. }) && error.to_string().contains(member), "{error}");
    }
    executor.call(&tool, &object(json!({"filter": {"state": "open"}}))).await.unwrap();
    assert_eq!(server.last().target, "/x?state=open&api_key=right-one");
}

#[tokio::test]
async fn the_secrets_file_is_read_again_when_it_changes() {
    let server = Server::start().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "# comment\n\nTOKEN = 'first'\nEMPTY=").unwrap();
    let secrets = Secrets::none().with_file(file.path()).unwrap();
    let executor = Executor::new(ExecutorSettings { secrets, ..ExecutorSettings::default() }).unwrap();
    let mut call = call(&server.url(), "/x");
    call.auth = vec![vec![Credential::Bearer(secret("TOKEN"))]];
    let tool = prepared(call, anything());
    executor.call(&tool, &object(json!({}))).await.unwrap();
    assert_eq!(server.last().header("authorization").unwrap(), "Bearer first");
    file.as_file_mut().set_len(0).unwrap();
    std::fs::OpenOptions::new().append(true).open(file.path()).unwrap().write_all(b"TOKEN=second\n").unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    file.as_file().set_modified(later).unwrap();
    // What was read is taken as it is for half a second.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    executor.call(&tool, &object(json!({}))).await.unwrap();
    assert_eq!(server.last().header("authorization").unwrap(), "Bearer second");
}

#[test]
fn a_broken_secrets_file_says_the_line_and_not_its_text() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "A=1\nhunter2").unwrap();
    let error = Secrets::none().with_file(file.path()).unwrap_err().to_string();
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
}
