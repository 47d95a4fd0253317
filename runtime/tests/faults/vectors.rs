//! Hostile inputs of public test suites, through the MCP endpoint.

use cap_compiler::capability::{Binding, Call, Capability, Expression, Network, Text, ToolName};
use serde_json::{Value, json};
use url::{Host, Url};

use super::gateway::{Names, Running, compiled, rows, settings, tool, written};
use super::server::{Wild, answer, header};

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

/// One tool for each server, which no compiler has seen.
fn at(servers: &[String]) -> Vec<Capability> {
    let one = compiled(&[tool("t", "https://api.example", "/x", "")]).remove(0);
    let of = |(number, server): (usize, &String)| {
        let mut capability = one.clone();
        capability.tool = ToolName(format!("t{number}"));
        capability.server.0 = format!("t{number}");
        capability.limits.retries = Some(0);
        let Call::Http(call) = &mut capability.call else { unreachable!("only requests are tried here") };
        (call.network, call.server) = (Network::Public, Text::literal(server));
        capability
    };
    servers.iter().enumerate().map(of).collect()
}

/// The URL with another port, if it is one.
fn with_port(url: &str, port: u16) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    if parsed.host().is_none() || parsed.set_port(Some(port)).is_err() {
        return url.to_owned();
    }
    parsed.to_string()
}

#[tokio::test]
async fn no_blocked_address_is_called() {
    let trap = Wild::answering(|_, _| answer(200, "", "trapped")).await;
    let blocked: Vec<Value> = rows("ssrf").into_iter().filter(|row| text(row, "expect") == "block").collect();
    // Each as it is, and at the port where somebody listens.
    let servers: Vec<String> = blocked
        .iter()
        .flat_map(|row| [text(row, "url").to_owned(), with_port(text(row, "url"), trap.address.port())])
        .collect();
    // Whatever name it is, it leads to this machine.
    let names = Names::of(&[&["127.0.0.1", "::1"]]);
    let running = Running::with(at(&servers), names.settings()).await;
    for (number, server) in servers.iter().enumerate() {
        let error = running.refusal(&format!("t{number}"), json!({})).await;
        assert!(error.contains("was not called") || error.contains("the definition of"), "{server}: {error}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn hosts_are_what_the_url_standard_says() {
    let trap = Wild::answering(|_, _| answer(200, "", "trapped")).await;
    let rows = rows("url_ip_normalisation");
    let servers: Vec<String> = rows.iter().map(|row| text(row, "input").to_owned()).collect();
    let names = Names::of(&[&["127.0.0.1"]]);
    let running = Running::with(at(&servers), names.settings()).await;
    let mut called = 0;
    for (number, row) in rows.iter().enumerate() {
        // A public address would be called, which a test does not.
        let host = Url::parse(text(row, "input")).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        let public = match &host {
            Some(Host::Ipv4(address)) => !(address.is_loopback() || address.is_private() || address.is_unspecified()),
            Some(Host::Ipv6(address)) => !(address.is_loopback() || address.segments()[0] >> 13 != 1),
            Some(Host::Domain(_)) | None => false,
        };
        if public {
            continue;
        }
        called += 1;
        let before = names.asked.lock().unwrap().len();
        let error = running.refusal(&format!("t{number}"), json!({})).await;
        let asked = names.asked.lock().unwrap().get(before).cloned();
        match (text(row, "expect"), asked) {
            ("failure", asked) => {
                assert_eq!(asked, None, "{row}");
                assert!(error.contains("the definition of") || error.contains("was not called"), "{row}: {error}");
            }
            (_, Some(name)) => assert_eq!(name, text(row, "hostname"), "{row}"),
            (_, None) => {
                assert!(!matches!(host, Some(Host::Domain(_))) || error.contains("was not called"), "{row}: {error}");
            }
        }
    }
    assert!(rows.is_empty() || called > rows.len() / 2, "{called} of {}", rows.len());
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_value_is_one_segment() {
    let server = Wild::answering(|_, _| answer(200, "", "here")).await;
    let request = "{method: GET, path: \"/files/{{ v }}/end\"}";
    let text_of = written("t", &server.url(), "private", request, "");
    let running = Running::of(&[text_of]).await;
    let control = rows("crlf_header").into_iter().filter(|row| text(row, "kind") != "header");
    for row in rows("path_traversal").into_iter().chain(control) {
        let (value, before) = (text(&row, "input"), server.count());
        match running.invoke("t", json!({"v": value})).await {
            Err(error) => {
                assert!(error.contains("do not fit") && error.contains("`v`"), "{row}: {error}");
                assert_eq!(server.count(), before, "{row}");
            }
            Ok(_) => {
                let head = server.heads().pop().unwrap();
                let target = head.split(' ').nth(1).unwrap().to_owned();
                let segments: Vec<&str> = target.split('/').collect();
                assert_eq!(segments.len(), 4, "{row}: {target}");
                assert_eq!(percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap(), value, "{row}");
            }
        }
    }
}

#[tokio::test]
async fn a_value_is_one_header() {
    let server = Wild::answering(|_, _| answer(200, "", "here")).await;
    let rows: Vec<Value> = rows("crlf_header").into_iter().filter(|row| text(row, "kind") == "header").collect();
    let request = "{method: GET, path: /x, headers: {X-Test: \"{{ v }}\"}}";
    let one = compiled(&[written("t", &server.url(), "private", request, "")]).remove(0);
    let of = |(number, row): (usize, &Value)| {
        let mut capability = one.clone();
        capability.tool = ToolName(format!("t{number}"));
        let Call::Http(call) = &mut capability.call else { unreachable!("only requests are tried here") };
        call.headers[0].name = text(row, "name").to_owned();
        assert!(matches!(&call.headers[0].value, Binding::Value(Expression::Argument(_))));
        capability
    };
    let running = Running::with(rows.iter().enumerate().map(of).collect(), settings()).await;
    for (number, row) in rows.iter().enumerate() {
        let error = running.refusal(&format!("t{number}"), json!({"v": text(row, "value")})).await;
        // A wrong name is its author's fault, a wrong value its caller's.
        assert!(error.contains("`v`") || error.contains("the definition of"), "{row}: {error}");
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn templates_in_values_are_text() {
    let server = Wild::answering(|_, _| answer(200, "", "here")).await;
    let request = "{method: POST, path: \"/{{ v }}\", query: {a: \"{{ v }}\", b: \"{{ v ~ '' }}\"}, headers: {X-Test: \"{{ v }}\"}, body: {json: {v: \"{{ v }}\"}}}";
    let text_of = written("t", &server.url(), "private", request, "");
    let running = Running::of(&[text_of]).await;
    for row in rows("template_injection") {
        let value = text(&row, "input");
        running.invoke("t", json!({"v": value})).await.unwrap();
        let head = server.heads().pop().unwrap();
        let url = Url::parse(&format!("http://x{}", head.split(' ').nth(1).unwrap())).unwrap();
        let decoded = percent_encoding::percent_decode_str(url.path()).decode_utf8().unwrap().into_owned();
        assert_eq!(decoded, format!("/{value}"), "{row}");
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs, [("a".to_owned(), value.to_owned()), ("b".to_owned(), value.to_owned())], "{row}");
        assert_eq!(header(&head, "x-test").unwrap(), value.trim(), "{row}");
    }
}
