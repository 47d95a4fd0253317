//! Servers that point elsewhere.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::gateway::{Names, Running, compiled, tool};
use super::server::{Wild, answer};

/// A server that points to `location` once for each of its paths `/1`, `/2` and so on down to `/0`.
async fn pointing(location: String) -> Wild {
    Wild::answering(move |head, _| {
        let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        match path.parse::<usize>() {
            Ok(0) => answer(302, &format!("Location: {location}\r\n"), ""),
            Ok(left) => answer(302, &format!("Location: /{}\r\n", left - 1), ""),
            Err(_) => answer(200, "", "landed"),
        }
    })
    .await
}

#[tokio::test]
async fn no_redirect_leads_to_a_private_address() {
    let trap = Wild::answering(|_, _| answer(200, "", "trapped")).await;
    let port = trap.address.port();
    let locations = [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://user:password@127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://elsewhere.example:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1:1/".to_owned(),
    ];
    // Every name leads to this machine.
    let names = Names::of(&[&["127.0.0.1"]]);
    for location in locations {
        let server = pointing(location.clone()).await;
        let tools = compiled(&[tool("once", &server.url(), "/0", ""), tool("chain", &server.url(), "/4", "")]);
        let running = Running::with(tools, names.settings()).await;
        for name in ["once", "chain"] {
            let error = running.refusal(name, json!({})).await;
            assert!(error.contains("not followed") || error.contains("was not called"), "{location}: {error}");
            assert!(!error.contains("trapped"), "{error}");
        }
        running.stop();
    }
    assert_eq!(trap.connections.load(Ordering::SeqCst), 0);
    // The one public name with `https` was looked up, and what it led to was refused.
    assert!(names.asked.lock().unwrap().contains(&"elsewhere.example".to_owned()));
}

#[tokio::test]
async fn six_redirects_are_too_many() {
    let server = pointing("/landed".to_owned()).await;
    let running = Running::of(&[tool("five", &server.url(), "/4", ""), tool("six", &server.url(), "/5", "")]).await;
    assert_eq!(running.invoke("five", json!({})).await.unwrap(), "landed");
    let error = running.refusal("six", json!({})).await;
    assert!(error.contains("too many redirects"), "{error}");
}

#[tokio::test]
async fn what_changes_something_is_not_sent_elsewhere() {
    let server = pointing("/landed".to_owned()).await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let text = tool("t", &server.url(), "/0", "").replace("method: GET", &format!("method: {method}"));
        let running = Running::of(&[text]).await;
        let before = server.count();
        assert!(running.refusal("t", json!({})).await.contains("not followed"));
        assert_eq!(server.count() - before, 1, "{method}");
        running.stop();
    }
}
