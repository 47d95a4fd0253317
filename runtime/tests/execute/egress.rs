//! Which servers are called at all, and where redirects lead.

use cap_compiler::capability::Network;
use cap_runtime::execute::{ErrorKind, ToolError};
use serde_json::json;

use super::support::{Server, call, invoke};

#[tokio::test]
async fn private_servers_need_the_authors_word() {
    let server = Server::start().await;
    let port = server.address.port();
    let hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0", "[::1]", "[::ffff:127.0.0.1]"];
    for host in hosts {
        let mut call = call(&format!("http://{host}:{port}"), "/x");
        call.network = Network::Public;
        let error = invoke(call, json!({})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{host}: {error}");
        assert!(error.to_string().contains("network: private"), "{error}");
    }
    assert!(server.seen().is_empty());
    invoke(call(&format!("http://localhost:{port}"), "/x"), json!({})).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn odd_servers_are_refused() {
    for server in ["ftp://example.com", "http://user:pass@example.com", "file:///etc", "http://[ff02::1]", "nonsense"] {
        let error = invoke(call(server, "/x"), json!({})).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Refused | ErrorKind::Definition), "{server}: {error}");
        assert!(!error.to_string().contains("pass@"), "{error}");
    }
}

#[tokio::test]
async fn redirects_stay_at_home() {
    let server = Server::start().await;
    invoke(call(&server.url(), "/redirect/same"), json!({})).await.unwrap();
    assert_eq!(server.last().target, "/landed?x=1");

    let error = invoke(call(&server.url(), "/redirect/other"), json!({})).await.unwrap_err();
    assert!(
        matches!(&error, ToolError::Redirect { location, .. } if location == "http://localhost:1/stolen"),
        "{error}"
    );

    let mut post = call(&server.url(), "/redirect/same");
    post.method = "POST".to_owned();
    assert_eq!(invoke(post, json!({})).await.unwrap_err().kind(), ErrorKind::Refused);

    let before = server.seen().len();
    let error = invoke(call(&server.url(), "/redirect/loop"), json!({})).await.unwrap_err();
    assert!(error.to_string().contains("too many redirects"), "{error}");
    assert_eq!(server.seen().len() - before, 6);
}
