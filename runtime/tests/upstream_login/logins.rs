//! Logins that go well, by each kind of client.

use std::sync::Arc;

use cap_runtime::execute::{LoginRequest, Revoked};
use cap_runtime::secret::{MemoryStore, SecretStore};
use serde_json::json;
use url::Url;

use super::client::{BACK, executor, log_in, login, login_at};
use super::server::{Form, Server};

fn store() -> Arc<dyn SecretStore> {
    Arc::new(MemoryStore::default())
}

#[tokio::test]
async fn the_server_says_how_and_a_client_is_registered() {
    let (server, store) = (Server::start().await, store());
    let executor = executor(&store);
    assert_eq!(executor.login_status(&login(&server)).await.unwrap(), None);
    let begun = executor.begin_code_login(&login(&server), &BACK.into()).await.unwrap();
    let asked: Form = begun.url.query_pairs().into_owned().collect();
    assert_eq!((asked["client_id"].as_str(), asked["scope"].as_str()), ("client-1", "notes:read"));
    assert_eq!(asked["resource"], server.url());
    let query = server.log_in(&begun.url);
    let status = executor.finish_code_login(begun, &query).await.unwrap();
    assert!(status.usable && status.refreshable, "{status:?}");
    assert_eq!(status.scopes, ["notes:read"]);
    assert_eq!(executor.login_status(&login(&server)).await.unwrap(), Some(status));
    let asked = server.books().asked[0].clone();
    let registered = server.books().registered[0].clone();
    assert_eq!((&asked["resource"], asked["client_id"].as_str()), (&server.url(), "client-1"));
    assert_eq!(registered["redirect_uris"], json!([BACK]));
    assert_eq!(registered["token_endpoint_auth_method"], "none");
    assert_eq!(registered["grant_types"], json!(["authorization_code", "refresh_token"]));
}

#[tokio::test]
async fn without_a_place_in_the_challenge_the_well_known_ones_are_read() {
    for (metadata, place) in [
        ((true, true), "/.well-known/oauth-protected-resource/mcp"),
        ((false, true), "/.well-known/oauth-protected-resource"),
    ] {
        let server = Server::start().await;
        server.books().challenge = Some("realm=\"notes\", scope=\"notes:write\"".to_owned());
        server.books().metadata = metadata;
        let status = log_in(&server, &executor(&store())).await.unwrap();
        assert_eq!(status.scopes, ["notes:write"], "what the challenge asks for goes before the metadata");
        let paths = server.books().paths.clone();
        assert_eq!(paths.iter().rfind(|path| path.contains("protected-resource")).unwrap(), place);
    }
}

#[tokio::test]
async fn a_server_without_resource_metadata_is_its_own_authorization_server() {
    let server = Server::start().await;
    server.books().challenge = Some("realm=\"notes\"".to_owned());
    server.books().metadata = (false, false);
    log_in(&server, &executor(&store())).await.unwrap();
    assert_eq!(server.books().asked[0]["resource"], server.url());
}

#[tokio::test]
async fn a_token_is_asked_for_what_the_server_calls_itself() {
    let server = Server::start().await;
    server.lie("resource", json!(server.origin()));
    log_in(&server, &executor(&store())).await.unwrap();
    assert_eq!(server.books().asked[0]["resource"], server.origin());
}

#[tokio::test]
async fn the_document_of_the_settings_is_the_client_where_the_server_reads_such() {
    let server = Server::start().await;
    let document = Url::parse("https://gateway.example/client.json").unwrap();
    let request = LoginRequest { client_metadata_url: Some(document.clone()), ..BACK.into() };
    let executor = executor(&store());
    let begun = executor.begin_code_login(&login(&server), &request).await.unwrap();
    assert!(begun.url.query().unwrap().contains("client_id=client-1"), "{}", begun.url);
    server.lie("documents", json!(true));
    server.know(document.as_str());
    // What a server says of itself is kept for a while; another process reads it anew.
    let executor = super::client::executor(&store());
    let begun = executor.begin_code_login(&login(&server), &request).await.unwrap();
    let query = server.log_in(&begun.url);
    executor.finish_code_login(begun, &query).await.unwrap();
    assert_eq!(server.books().asked[0]["client_id"], document.as_str());
    assert_eq!(server.books().registered.len(), 1, "of the first attempt");
}

#[tokio::test]
async fn a_client_of_the_file_goes_before_all_others() {
    let server = Server::start().await;
    server.know("by-hand");
    let lines = format!(
        "network: private\nauth:\n  oauth2:\n    grant: authorization_code\n    issuer: {}\n    client_id: by-hand\n",
        server.origin()
    );
    let login = login_at(&server.url(), &lines).unwrap();
    assert!(!login.is_described());
    let executor = executor(&store());
    let begun = executor.begin_code_login(&login, &BACK.into()).await.unwrap();
    let query = server.log_in(&begun.url);
    executor.finish_code_login(begun, &query).await.unwrap();
    let asked = server.books().asked[0].clone();
    assert_eq!((asked["client_id"].as_str(), &asked["resource"]), ("by-hand", &server.url()));
    assert_eq!(server.books().registered.len(), 0);
}

#[test]
fn other_credentials_leave_no_room_for_a_login() {
    for lines in
        ["auth:\n  bearer: \"{{ secret.TOKEN }}\"\n", "headers:\n  authorization: \"Token {{ secret.TOKEN }}\"\n"]
    {
        assert_eq!(login_at("https://notes.example/mcp", lines), None, "{lines}");
    }
    assert!(login_at("https://notes.example/mcp", "headers:\n  X-Team: a\n").is_some());
}

#[tokio::test]
async fn the_next_login_is_made_by_the_same_client_and_asks_for_more_if_told_to() {
    let (server, store) = (Server::start().await, store());
    let executor = executor(&store);
    log_in(&server, &executor).await.unwrap();
    let before = executor.registered_callback(&login(&server)).await.unwrap();
    assert_eq!(before.unwrap().as_str(), BACK);
    let request = LoginRequest { scopes: vec!["notes:write".to_owned()], ..BACK.into() };
    let begun = executor.begin_code_login(&login(&server), &request).await.unwrap();
    let query = server.log_in(&begun.url);
    let status = executor.finish_code_login(begun, &query).await.unwrap();
    assert_eq!(status.scopes, ["notes:read", "notes:write"]);
    assert_eq!(server.books().registered.len(), 1);
    // Another callback is another client.
    let begun = executor.begin_code_login(&login(&server), &"http://127.0.0.1:1/callback".into()).await.unwrap();
    assert!(begun.url.query().unwrap().contains("client_id=client-2"), "{}", begun.url);
}

#[tokio::test]
async fn logging_out_tells_the_server_and_leaves_nothing() {
    let (server, store) = (Server::start().await, store());
    let executor = executor(&store);
    log_in(&server, &executor).await.unwrap();
    assert_eq!(store.names().unwrap().len(), 2);
    assert_eq!(executor.logout(&login(&server)).await.unwrap(), Revoked::Revoked);
    let revoked = server.books().revoked.clone();
    assert_eq!((revoked[0]["token"].as_str(), revoked[0]["client_id"].as_str()), ("refresh-1-secret", "client-1"));
    assert_eq!(store.names().unwrap(), Vec::<String>::new());
    assert_eq!(executor.logout(&login(&server)).await.unwrap(), Revoked::Nothing);
}

#[tokio::test]
async fn at_another_url_it_is_another_login() {
    let (server, store) = (Server::start().await, store());
    let executor = executor(&store);
    log_in(&server, &executor).await.unwrap();
    let other = login_at(&format!("{}/mcp2", server.origin()), "network: private\n").unwrap();
    assert_eq!(executor.login_status(&other).await.unwrap(), None);
}
