//! Where redirects lead, without a network.

use cap_compiler::capability::Network;
use url::Url;

use super::{MAX_REDIRECTS, Next, next, stripped};
use crate::execute::send::Answer;
use crate::execute::wire::WireRequest;

fn request(method: &str) -> WireRequest {
    WireRequest {
        method: method.to_owned(),
        url: Url::parse("https://api.example/files/7").unwrap(),
        network: Network::Public,
        headers: vec![
            ("Accept".to_owned(), "*/*".to_owned()),
            ("Authorization".to_owned(), "Bearer secret".to_owned()),
            ("X-Key".to_owned(), "secret".to_owned()),
            ("Cookie".to_owned(), "secret".to_owned()),
        ],
        body: None,
        connection: None,
        secret_url: false,
    }
}

fn to(location: &str) -> Answer {
    Answer {
        status: 302,
        content_type: None,
        location: Some(location.to_owned()),
        retry_after: None,
        headers: Vec::new(),
        body: Vec::new(),
        cut: false,
        kept: None,
    }
}

fn refusal(request: &WireRequest, location: &str) -> String {
    next(request, &to(location), 0).unwrap_err().to_string()
}

#[test]
fn the_same_origin_gets_the_same_request() {
    let there = Url::parse("https://api.example/new?x=1").unwrap();
    assert_eq!(next(&request("GET"), &to("/new?x=1"), 0).unwrap(), Next::Same(there));
    assert!(next(&request("GET"), &to("/new"), MAX_REDIRECTS).is_err());
    assert!(next(&request("POST"), &to("/new"), 0).is_err());
}

#[test]
fn another_origin_gets_nothing_of_it() {
    let there = Url::parse("https://store.example/7?signature=x").unwrap();
    let asked = next(&request("GET"), &to(there.as_str()), 0).unwrap();
    assert_eq!(asked, Next::Other(there.clone()));
    let sent = stripped(&request("GET"), there);
    assert_eq!(sent.headers, [("Accept".to_owned(), "*/*".to_owned())]);
    assert_eq!(sent.network, Network::Public);
}

#[test]
fn places_that_nobody_may_lead_to() {
    let places = [
        "http://store.example/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://0x7f000001/",
        "https://user:pass@api.example/",
        "https://user@store.example/",
        "ftp://store.example/",
        "file:///etc/passwd",
        "https:///",
    ];
    for place in places {
        refusal(&request("GET"), place);
        refusal(&request("HEAD"), place);
    }
    // Another port is another origin.
    assert!(refusal(&request("GET"), "https://10.0.0.1:8443/").contains("private"));
}

#[test]
fn a_url_with_credentials_leads_nowhere_else() {
    let secret = WireRequest { secret_url: true, ..request("GET") };
    assert!(refusal(&secret, "https://store.example/").contains("credentials"));
    assert!(next(&secret, &to("/new"), 0).is_ok());
    let with_body = WireRequest { body: Some(b"{}".to_vec()), ..request("GET") };
    assert!(refusal(&with_body, "https://store.example/").contains("body"));
}
