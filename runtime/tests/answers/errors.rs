//! Failures say what the server said, and what to do.

use super::support::{Server, invoke, tool, typed};

async fn failed(
    status: u16,
    media_type: &'static str,
    body: &'static str,
    header: (&'static str, &'static str),
) -> String {
    let server = Server::start(move |_| {
        let mut answer = typed(status, media_type, body);
        answer.headers_mut().insert(header.0, header.1.parse().unwrap());
        answer
    })
    .await;
    invoke(tool(&server, &[])).await.unwrap_err().to_string()
}

const NONE: (&str, &str) = ("x-none", "");

#[tokio::test]
async fn problem_details_are_told_in_full() {
    let body = r#"{"type":"https://example.com/odd","title":"Odd","detail":"The ship has no mast","instance":"/ships/7","status":422,"invalid-params":[{"name":"mast"}]}"#;
    let said = failed(422, "application/problem+json", body, NONE).await;
    for part in
        ["Odd: The ship has no mast (https://example.com/odd)", "instance: \"/ships/7\"", "[{\"name\":\"mast\"}]"]
    {
        assert!(said.contains(part), "{said}");
    }
}

#[tokio::test]
async fn lists_pages_and_xml_are_words() {
    let body = r#"{"errors":[{"message":"No field `mast`"},{"title":"Bad","detail":"so bad"}]}"#;
    let said = failed(400, "application/json", body, NONE).await;
    assert!(said.contains("No field `mast`\nBad: so bad"), "{said}");
    let said = failed(500, "text/html", "<html><script>x</script><h1>Down</h1><p>Try later</p></html>", NONE).await;
    assert!(said.contains("# Down\nTry later") && !said.contains('<'), "{said}");
    let body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>Not &amp; here</Message></Error>";
    let said = failed(404, "application/xml", body, NONE).await;
    assert!(said.contains("Code: NoSuchKey\nMessage: Not & here"), "{said}");
}

#[tokio::test]
async fn waits_and_challenges_are_told() {
    let said = failed(429, "text/plain", "slow", ("ratelimit-reset", "120")).await;
    assert!(said.contains("wait 120 s"), "{said}");
    let said = failed(401, "text/plain", "no", ("www-authenticate", "Bearer scope=\"ships\"")).await;
    assert!(said.contains("the server asks for: Bearer scope=\"ships\""), "{said}");
}

#[tokio::test]
async fn long_failures_are_bounded() {
    let said = failed(500, "text/plain", Box::leak("word ".repeat(100_000).into_boxed_str()), NONE).await;
    assert!(said.len() < 3_000, "{}", said.len());
}
