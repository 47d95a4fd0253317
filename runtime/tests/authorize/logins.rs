//! Logins of a person: with a browser, on another device; and logging out.

use std::sync::Arc;

use cap_runtime::execute::{ErrorKind, Login, Prepared, Revoked, logins};
use cap_runtime::secret::{MemoryStore, SecretStore};

use super::client::{call, executor, oauth2, stored};
use super::server::Server;

const CODE: &str = "grant: authorization_code\nissuer: URL\nclient_id: public\nscopes: [orders:read]";
const DEVICE: &str = "grant: device_code\nissuer: URL\nclient_id: public";
const BACK: &str = "http://127.0.0.1:7777/callback";

/// What somebody makes of a callback.
type Change = fn(String) -> String;

fn login(tool: &Prepared) -> Login {
    let mut found = logins([tool, tool]);
    assert_eq!(found.len(), 1, "the same settings are one login");
    found.remove(0)
}

#[tokio::test]
async fn a_person_logs_in_with_a_browser_and_calls_go_on_from_there() {
    let server = Server::start().await;
    let (tool, executor) = (oauth2(&server.url(), CODE), executor(&[]));
    let error = call(&executor, &tool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Login, "{error}");
    assert!(error.to_string().contains("cap auth login shop"), "{error}");
    let login = login(&tool);
    assert_eq!(executor.login_status(&login).await.unwrap(), None);
    let begun = executor.begin_code_login(&login, &BACK.into()).await.unwrap();
    let query = server.log_in(&begun.url);
    let status = executor.finish_code_login(begun, &query).await.unwrap();
    assert!(status.usable && status.refreshable && status.expires_at.is_some(), "{status:?}");
    assert_eq!(status.scopes, ["orders:read", "orders:write"]);
    call(&executor, &tool).await.unwrap();
    assert_eq!(server.last().headers["authorization"], "Bearer access-1");
    server.end_access();
    call(&executor, &tool).await.unwrap();
    assert_eq!(server.last().headers["authorization"], "Bearer access-2");
}

#[tokio::test]
async fn a_callback_that_answers_another_login_is_refused() {
    let server = Server::start().await;
    let (tool, executor) = (oauth2(&server.url(), CODE), executor(&[]));
    let login = login(&tool);
    let changes: [(&str, Change); 4] = [
        ("state", |query| query.replace("state=", "state=x")),
        ("iss", |query| query.replace("iss=http", "iss=https")),
        ("no `iss`", |query| query.replace("&iss=", "&other=")),
        ("access_denied", |query| query.replace("code=code", "error=access_denied&not=code")),
    ];
    for (said, change) in changes {
        let begun = executor.begin_code_login(&login, &BACK.into()).await.unwrap();
        let query = change(server.log_in(&begun.url));
        let error = executor.finish_code_login(begun, &query).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Login, "{error}");
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
    assert_eq!(server.asked(), 0, "no code was sent to the token endpoint");
}

#[tokio::test]
async fn a_code_is_good_for_the_verifier_that_it_was_asked_with() {
    let server = Server::start().await;
    let (tool, executor) = (oauth2(&server.url(), CODE), executor(&[]));
    let login = login(&tool);
    let begun = executor.begin_code_login(&login, &BACK.into()).await.unwrap();
    // Somebody put another challenge into the URL that the person opened.
    let mut url = begun.url.clone();
    let changed: Vec<(String, String)> = begun
        .url
        .query_pairs()
        .map(|(name, value)| {
            (name.to_string(), if name == "code_challenge" { "other".to_owned() } else { value.to_string() })
        })
        .collect();
    url.query_pairs_mut().clear().extend_pairs(changed);
    let query = server.log_in(&url);
    let error = executor.finish_code_login(begun, &query).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Token, "{error}");
    assert!(!error.to_string().contains("code-0"), "{error}");
}

#[tokio::test]
async fn a_person_logs_in_on_another_device() {
    let server = Server::start().await;
    server.books().device = vec!["authorization_pending", "authorization_pending"];
    let (tool, executor) = (oauth2(&server.url(), DEVICE), executor(&[]));
    let begun = executor.begin_device_login(&login(&tool)).await.unwrap();
    assert_eq!(
        (begun.user_code.as_str(), begun.verification_uri.as_str()),
        ("WDJB-MJHT", "https://login.example/device")
    );
    executor.finish_device_login(begun).await.unwrap();
    assert_eq!(server.asked(), 3);
    call(&executor, &tool).await.unwrap();
}

#[tokio::test]
async fn a_device_is_slower_when_it_is_told_to_and_ends_when_the_person_says_no() {
    let server = Server::start().await;
    server.books().device = vec!["slow_down", "access_denied"];
    let (tool, executor) = (oauth2(&server.url(), DEVICE), executor(&[]));
    let begun = executor.begin_device_login(&login(&tool)).await.unwrap();
    let before = std::time::Instant::now();
    let error = executor.finish_device_login(begun).await.unwrap_err();
    assert!(error.to_string().contains("said no"), "{error}");
    assert!(before.elapsed().as_secs() >= 5, "it waited {:?}", before.elapsed());
}

#[tokio::test]
async fn logging_out_tells_the_server_and_forgets() {
    let server = Server::start().await;
    let store: Arc<dyn SecretStore> = Arc::new(MemoryStore::default());
    let (tool, executor) = (oauth2(&server.url(), CODE), stored(&[], &store));
    let login = login(&tool);
    let begun = executor.begin_code_login(&login, &BACK.into()).await.unwrap();
    let query = server.log_in(&begun.url);
    executor.finish_code_login(begun, &query).await.unwrap();
    assert_eq!(executor.logout(&login).await.unwrap(), Revoked::Revoked);
    let revoked = server.books().revoked.clone();
    assert_eq!((revoked.len(), revoked[0]["token"].as_str()), (1, "refresh-1"));
    assert_eq!(store.names().unwrap(), Vec::<String>::new());
    assert_eq!(call(&executor, &tool).await.unwrap_err().kind(), ErrorKind::Login);
    assert_eq!(executor.logout(&login).await.unwrap(), Revoked::Nothing);
}

#[tokio::test]
async fn a_login_that_the_server_ended_has_to_be_made_again() {
    let server = Server::start().await;
    let (tool, executor) = (oauth2(&server.url(), CODE), executor(&[]));
    let begun = executor.begin_code_login(&login(&tool), &BACK.into()).await.unwrap();
    let query = server.log_in(&begun.url);
    executor.finish_code_login(begun, &query).await.unwrap();
    server.end_access();
    server.end_refresh();
    let error = call(&executor, &tool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Login, "{error}");
    assert!(error.to_string().contains("has ended"), "{error}");
}
