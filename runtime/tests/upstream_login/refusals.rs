//! Logins that must not be made: who speaks for another, who knows too little, and addresses that are nobody's
//! business.

use std::sync::Arc;

use cap_runtime::execute::{ErrorKind, Executor, ExecutorSettings, Resolver, Resolving, ToolError};
use cap_runtime::secret::{MemoryStore, SecretStore, Secrets};
use serde_json::{Value, json};

use super::client::{BACK, executor, log_in, login, login_at};
use super::server::Server;

fn store() -> Arc<dyn SecretStore> {
    Arc::new(MemoryStore::default())
}

async fn refused(server: &Server) -> ToolError {
    let store = store();
    let error = log_in(server, &executor(&store)).await.unwrap_err();
    assert_eq!(store.names().unwrap(), Vec::<String>::new(), "nothing is kept of it");
    assert_eq!(server.books().asked.len(), 0, "no code was shown to anybody");
    error
}

#[tokio::test]
async fn metadata_that_speaks_for_another_is_refused() {
    for (what, value, said) in [
        ("resource", json!("http://127.0.0.1:1/mcp"), "of another resource"),
        ("resource", json!("https://notes.example/mcp"), "of another resource"),
        ("resource", Value::Null, "of another resource"),
        ("issuer", json!("https://login.example"), "of another issuer"),
        ("authorization_server", json!("http://127.0.0.1:1"), "from `127.0.0.1`: "),
        ("code_challenge_methods_supported", json!(["plain"]), "`S256`"),
        ("code_challenge_methods_supported", Value::Null, "`S256`"),
        ("authorization_endpoint", Value::Null, "`authorization_endpoint`"),
        ("authorization_endpoint", json!("javascript:alert(1)"), "scheme"),
        ("token_endpoint", json!("file:///etc/passwd"), "scheme"),
        ("token_endpoint", json!("http://169.254.169.254/token"), "metadata service"),
        ("authorization_server", json!("http://169.254.169.254"), "metadata service"),
        ("registration_endpoint", Value::Null, "registers no clients"),
        ("registration_endpoint", json!("ftp://127.0.0.1/"), "scheme"),
    ] {
        let server = Server::start().await;
        server.lie(what, value.clone());
        let error = refused(&server).await.to_string();
        assert!(error.contains(said), "{what}: {value}: {error}");
    }
}

#[tokio::test]
async fn a_registration_that_is_refused_says_what_to_do() {
    let server = Server::start().await;
    server.books().registers = false;
    let error = refused(&server).await.to_string();
    for words in ["invalid_redirect_uri: not from here", "`client_id`", "auth: {oauth2"] {
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_wants_no_login_is_not_logged_in_to() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/mcp", axum::routing::post(|| async { "hello" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let login = login_at(&format!("http://{address}/mcp"), "network: private\n").unwrap();
    let error = executor(&store()).begin_code_login(&login, &BACK.into()).await.unwrap_err();
    assert!(error.to_string().contains("answers without a login"), "{error}");
}

#[tokio::test]
async fn a_callback_of_another_login_is_refused() {
    type Change = fn(String) -> String;
    let server = Server::start().await;
    let executor = executor(&store());
    let changes: [(&str, Change); 4] = [
        ("`state`", |query| query.replace("state=", "state=x")),
        ("`iss`", |query| query.replace("iss=http", "iss=https")),
        ("no `iss`", |query| query.replace("&iss=", "&other=")),
        ("access_denied", |query| query.replace("code=code", "error=access_denied&not=code")),
    ];
    for (said, change) in changes {
        let begun = executor.begin_code_login(&login(&server), &BACK.into()).await.unwrap();
        let query = change(server.log_in(&begun.url));
        let error = executor.finish_code_login(begun, &query).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Login, "{error}");
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
    assert_eq!(server.books().asked.len(), 0, "no code was sent to the token endpoint");
}

/// Names that lead to this machine, whatever they are.
#[derive(Debug)]
struct Here;

impl Resolver for Here {
    fn resolve(&self, _name: &str) -> Resolving {
        Box::pin(async { Ok(vec![std::net::Ipv4Addr::LOCALHOST.into()]) })
    }
}

#[tokio::test]
async fn nothing_in_the_clear_and_nothing_private_for_a_public_upstream() {
    let server = Server::start().await;
    let settings = ExecutorSettings {
        secrets: Secrets::none(),
        tokens: store(),
        resolver: Arc::new(Here),
        ..ExecutorSettings::default()
    };
    let executor = Executor::new(settings).unwrap();
    for url in ["http://notes.example/mcp".to_owned(), format!("https://notes.example:{}/mcp", server.address.port())] {
        let login = login_at(&url, "").unwrap();
        let error = executor.begin_code_login(&login, &BACK.into()).await.unwrap_err();
        assert!(error.to_string().contains("https only") || error.to_string().contains("private"), "{url}: {error}");
    }
    assert_eq!(server.books().paths, Vec::<String>::new(), "nobody was asked");
}
