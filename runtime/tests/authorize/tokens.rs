//! Tokens of calls: obtained once, kept, renewed, given up.

use std::sync::Arc;
use std::time::Duration;

use cap_runtime::execute::{ErrorKind, ToolError};
use cap_runtime::secret::{MemoryStore, SecretStore};
use serde_json::json;

use super::client::{call, executor, oauth2, stored, tool};
use super::server::Server;

const SECRETS: [(&str, &str); 2] = [("ID", "gate:way"), ("SECRET", "s+cr%et")];

const CLIENT: &str = "grant: client_credentials\ntoken_url: URL/token\nclient_id: \"{{ secret.ID }}\"\n\
                      client_secret: \"{{ secret.SECRET }}\"\nscopes: [orders:read, orders:write]\n\
                      parameters: {audience: https://shop.example}\nresource: https://shop.example/api";

const REFRESH: &str = "grant: refresh_token\ntoken_url: URL/token\nclient_id: \"{{ secret.ID }}\"\n\
                       client_secret: \"{{ secret.SECRET }}\"\nrefresh_token: \"{{ secret.REFRESH }}\"";

#[tokio::test]
async fn client_credentials_are_sent_as_the_definition_says() {
    let server = Server::start().await;
    let tool = oauth2(&server.url(), CLIENT);
    call(&executor(&SECRETS), &tool).await.unwrap();
    assert_eq!(server.last().headers["authorization"], "Bearer access-1");
    let asked = server.books().asked[0].clone();
    assert_eq!(asked.authorization.as_deref(), Some("Basic Z2F0ZSUzQXdheTpzJTJCY3IlMjVldA=="));
    let form = json!(asked.form);
    let wanted = json!({
        "grant_type": "client_credentials", "scope": "orders:read orders:write",
        "audience": "https://shop.example", "resource": "https://shop.example/api",
    });
    assert_eq!(form, wanted);
}

#[tokio::test]
async fn the_client_shows_itself_in_the_body_where_that_is_wanted() {
    let server = Server::start().await;
    let tool = oauth2(&server.url(), &format!("{CLIENT}\nclient_authentication: post"));
    call(&executor(&SECRETS), &tool).await.unwrap();
    let asked = server.books().asked[0].clone();
    assert_eq!((asked.authorization, asked.form["client_secret"].as_str()), (None, "s+cr%et"));
}

#[tokio::test]
async fn a_dry_run_names_the_token_and_asks_nobody() {
    let server = Server::start().await;
    let tool = oauth2(&server.url(), CLIENT);
    let shown = executor(&[]).plan(&tool, &serde_json::Map::new()).unwrap().render();
    assert!(shown.contains("Authorization: Bearer {oauth2 token of shop}\n"), "{shown}");
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_ready_token_is_used_as_it_is() {
    let server = Server::start().await;
    let tool = oauth2(&server.url(), &format!("{CLIENT}\ntoken: \"{{{{ secret.TOKEN }}}}\""));
    call(&executor(&[("TOKEN", "ready")]), &tool).await.unwrap();
    assert_eq!((server.last().headers["authorization"].as_str(), server.asked()), ("Bearer ready", 0));
    call(&executor(&SECRETS), &tool).await.unwrap();
    assert_eq!((server.last().headers["authorization"].as_str(), server.asked()), ("Bearer access-1", 1));
    let error = call(&executor(&[]), &tool).await.unwrap_err();
    assert_eq!(error, ToolError::MissingSecret { names: vec!["TOKEN".to_owned()] });
    let error = call(&executor(&[("ID", "gate:way")]), &tool).await.unwrap_err();
    assert_eq!(error, ToolError::MissingSecret { names: vec!["SECRET".to_owned()] });
}

#[tokio::test]
async fn many_calls_at_once_ask_for_one_token() {
    let server = Server::start().await;
    server.books().slow = Duration::from_millis(200);
    let (tool, executor) = (oauth2(&server.url(), CLIENT), executor(&SECRETS));
    let results = futures::future::join_all((0..100).map(|_| call(&executor, &tool))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!((server.asked(), server.books().seen.len()), (1, 100));
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_end_the_request_for_the_token() {
    let server = Server::start().await;
    server.books().slow = Duration::from_millis(300);
    let (tool, executor) = (oauth2(&server.url(), CLIENT), executor(&SECRETS));
    let gone = tokio::time::timeout(Duration::from_millis(100), call(&executor, &tool)).await;
    assert!(gone.is_err(), "{gone:?}");
    call(&executor, &tool).await.unwrap();
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let server = Server::start().await;
    server.books().life = Some(2);
    let (tool, executor) = (oauth2(&server.url(), CLIENT), executor(&SECRETS));
    for _ in 0..14 {
        call(&executor, &tool).await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let refused = server.books().seen.iter().filter(|seen| seen.headers["authorization"] == "Bearer access-1").count();
    assert!((2..=7).contains(&refused), "{refused}");
    assert!((2..=3).contains(&server.asked()), "{}", server.asked());
    // Each call was sent once: no token had expired when it was used.
    assert_eq!(server.books().seen.len(), 14);
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_rotated_ones_are_stored_before_use() {
    let server = Server::start().await;
    let store: Arc<dyn SecretStore> = Arc::new(MemoryStore::default());
    let secrets = [SECRETS[0], SECRETS[1], ("REFRESH", "refresh-0")];
    let tool = oauth2(&server.url(), REFRESH);
    server.books().life = Some(1);
    // The refresh token that a person gave is good once; all others come from the one before.
    let first = server.log_in_refresh();
    assert_eq!(first, "refresh-0");
    for round in 1..=3 {
        call(&stored(&secrets, &store), &tool).await.unwrap();
        assert_eq!(server.last().headers["authorization"], format!("Bearer access-{round}"));
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    let sent: Vec<String> = server.books().asked.iter().map(|asked| asked.form["refresh_token"].clone()).collect();
    assert_eq!(sent, ["refresh-0", "refresh-1", "refresh-2"]);
    server.books().life = Some(3600);
    call(&stored(&secrets, &store), &tool).await.unwrap();
    call(&stored(&secrets, &store), &tool).await.unwrap();
    assert_eq!(server.asked(), 4, "a token that is good is not asked for again after a restart");
    let names = store.names().unwrap();
    assert!(names.len() == 1 && names[0].starts_with("oauth2/shop/"), "{names:?}");
}

#[tokio::test]
async fn another_refresh_token_takes_the_place_of_those_that_were_stored() {
    let server = Server::start().await;
    let store: Arc<dyn SecretStore> = Arc::new(MemoryStore::default());
    server.books().life = Some(1);
    let tool = oauth2(&server.url(), REFRESH);
    server.log_in_refresh();
    call(&stored(&[SECRETS[0], SECRETS[1], ("REFRESH", "refresh-0")], &store), &tool).await.unwrap();
    server.end_refresh();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    server.allow_refresh("given-anew");
    call(&stored(&[SECRETS[0], SECRETS[1], ("REFRESH", "given-anew")], &store), &tool).await.unwrap();
    assert_eq!(server.books().asked.last().unwrap().form["refresh_token"], "given-anew");
}

#[tokio::test]
async fn a_refused_refresh_token_asks_for_a_login() {
    let server = Server::start().await;
    let tool = oauth2(&server.url(), REFRESH);
    let executor = executor(&[SECRETS[0], SECRETS[1], ("REFRESH", "never-issued")]);
    let error = call(&executor, &tool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Login, "{error}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("invalid_grant") && text.contains("cap auth login shop"), "{text}");
    // The server repeats what it was sent.
    assert!(!text.contains("never-issued") && !text.contains("s+cr%et"), "{text}");
    assert!(server.books().seen.is_empty(), "the api was not called");
}

#[tokio::test]
async fn a_401_forces_one_other_token_and_one_more_try() {
    let server = Server::start().await;
    let (tool, executor) = (oauth2(&server.url(), CLIENT), executor(&SECRETS));
    call(&executor, &tool).await.unwrap();
    server.end_access();
    let results = futures::future::join_all((0..10).map(|_| call(&executor, &tool))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(server.asked(), 2);
    // An api that refuses whatever it gets is not asked for ever, and neither is the server.
    server.books().refuses_all = true;
    for _ in 0..5 {
        let error = call(&executor, &tool).await.unwrap_err();
        assert!(matches!(error, ToolError::Status { status: 401, .. }), "{error}");
        assert!(!error.to_string().contains("access-2"), "{error}");
    }
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_failing_server_is_tried_again_and_then_left_alone() {
    let server = Server::start().await;
    server.books().failures = vec![503, 500];
    let (tool, executor) = (oauth2(&server.url(), CLIENT), executor(&SECRETS));
    call(&executor, &tool).await.unwrap();
    assert_eq!(server.asked(), 3);
    let server = Server::start().await;
    server.books().failures = vec![503; 50];
    let tool = oauth2(&server.url(), CLIENT);
    let results = futures::future::join_all((0..20).map(|_| call(&executor, &tool))).await;
    let error = results[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Token, "{error}");
    assert!(error.to_string().contains("503"), "{error}");
    call(&executor, &tool).await.unwrap_err();
    assert_eq!(server.asked(), 3, "all calls share the failure for a moment");
}

#[tokio::test]
async fn endpoints_are_discovered_and_belong_to_the_issuer() {
    let server = Server::start().await;
    let lines = CLIENT.replace("token_url: URL/token", "issuer: URL");
    let tool = oauth2(&server.url(), &lines);
    call(&executor(&SECRETS), &tool).await.unwrap();
    assert_eq!(server.last().headers["authorization"], "Bearer access-1");
    server.books().other_issuer = Some("https://somebody.example".to_owned());
    let error = call(&executor(&SECRETS), &tool).await.unwrap_err();
    assert!(error.to_string().contains("of another issuer"), "{error}");
}

#[tokio::test]
async fn a_token_url_that_comes_from_a_secret_must_be_https() {
    let lines =
        "auth:\n  oauth2:\n    grant: client_credentials\n    token_url: \"{{ secret.WHERE }}\"\n    client_id: x\n";
    let tool = tool("http://127.0.0.1:1", lines, super::client::GET);
    let error = call(&executor(&[("WHERE", "ftp://auth.example/token")]), &tool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
}
