//! A gateway while people log in and out elsewhere, and while tokens end.

use std::sync::Arc;
use std::time::Duration;

use cap_runtime::secret::{MemoryStore, SecretStore};

use super::client::{Gateway, executor, log_in, login};
use super::server::Server;

const MINE: &str = "Bearer token-of-the-agent";

fn store() -> Arc<dyn SecretStore> {
    Arc::new(MemoryStore::default())
}

/// A gateway whose upstream somebody has logged in to.
async fn logged_in() -> (Server, Arc<dyn SecretStore>, Gateway) {
    let (server, store) = (Server::start().await, store());
    log_in(&server, &executor(&store)).await.unwrap();
    let gateway = Gateway::start(&server, &store).await;
    (server, store, gateway)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_runs_finds_a_login_that_another_process_made() {
    let (server, store) = (Server::start().await, store());
    let gateway = Gateway::start(&server, &store).await;
    let agent = gateway.connect(MINE).await;
    log_in(&server, &executor(&store)).await.unwrap();
    agent.until("notes__read", "done").await;
    // Restarted, it goes on from there.
    drop((agent, gateway));
    let gateway = Gateway::start(&server, &store).await;
    gateway.connect(MINE).await.until("notes__read", "done").await;
    assert_eq!(server.grants("authorization_code"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_shows_the_gateway_goes_no_further() {
    let (server, _store, gateway) = logged_in().await;
    let agent = gateway.connect(MINE).await;
    agent.until("notes__read", "done").await;
    let seen = server.authorizations();
    assert_eq!(seen.last().unwrap().as_deref(), Some("Bearer access-1-secret"));
    let books = server.books();
    assert!(books.seen.iter().all(|seen| seen.headers.values().all(|value| !value.contains("of-the-agent"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_with_a_token_that_ended_renew_it_once() {
    let (server, _store, gateway) = logged_in().await;
    let agent = gateway.connect(MINE).await;
    agent.until("notes__read", "done").await;
    server.end_access();
    server.books().slow = Duration::from_millis(200);
    let answers = futures::future::join_all((0..100).map(|_| agent.call("notes__read"))).await;
    assert!(answers.iter().all(|answer| answer.contains("done")), "{answers:?}");
    assert_eq!(server.grants("refresh_token"), 1);
    let asked = server.books().asked.last().unwrap().clone();
    assert_eq!((asked["refresh_token"].as_str(), &asked["resource"]), ("refresh-1-secret", &server.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends() {
    let (server, store) = (Server::start().await, store());
    server.books().life = 2;
    log_in(&server, &executor(&store)).await.unwrap();
    let gateway = Gateway::start(&server, &store).await;
    let agent = gateway.connect(MINE).await;
    agent.until("notes__read", "done").await;
    for _ in 0..12 {
        let answer = agent.call("notes__read").await;
        assert!(answer.contains("done"), "{answer}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(server.grants("refresh_token") >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_the_server_ended_is_asked_for_and_found_when_it_is_made() {
    let (server, store, gateway) = logged_in().await;
    let agent = gateway.connect(MINE).await;
    agent.until("notes__read", "done").await;
    server.end_access();
    server.end_refresh();
    let answer = agent.until("notes__read", "cap auth login notes").await;
    assert!(!answer.contains("secret"), "{answer}");
    let asked = server.grants("refresh_token");
    for _ in 0..5 {
        agent.call("notes__read").await;
    }
    assert_eq!(server.grants("refresh_token"), asked, "what was refused is not asked for again");
    log_in(&server, &executor(&store)).await.unwrap();
    agent.until("notes__read", "done").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_logout_the_server_is_spoken_to_as_a_stranger() {
    let (server, store, gateway) = logged_in().await;
    let agent = gateway.connect(MINE).await;
    agent.until("notes__read", "done").await;
    executor(&store).logout(&login(&server)).await.unwrap();
    server.end_access();
    agent.until("notes__read", "cap auth login notes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_the_server_forgot_is_registered_again() {
    let (server, store, gateway) = logged_in().await;
    let agent = gateway.connect(MINE).await;
    agent.until("notes__read", "done").await;
    server.end_access();
    server.end_clients();
    agent.until("notes__read", "cap auth login notes").await;
    log_in(&server, &executor(&store)).await.unwrap();
    agent.until("notes__read", "done").await;
    assert_eq!(server.books().registered.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_lacking_is_named_and_costs_nothing_else() {
    let (_server, _store, gateway) = logged_in().await;
    let agent = gateway.connect(MINE).await;
    agent.until("notes__read", "done").await;
    let answer = agent.call("notes__write").await;
    assert!(answer.contains("cap auth login notes --scope notes:write") && !answer.contains("$("), "{answer}");
    assert!(answer.contains("refused the call") && !answer.contains("may have taken effect"), "{answer}");
    assert!(agent.call("notes__read").await.contains("done"));
}
