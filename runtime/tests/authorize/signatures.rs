//! Signatures over the request as it is sent, computed once more from what a server received.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::client::{GET, call_with, executor, tool};
use super::server::{Seen, Server};

const POST: &str = "method: POST\npath: /api/orders\nquery: {q: \"{{ what }}\"}\n\
                    body: {json: {what: \"{{ what }}\", note: \"{{ note }}\"}}";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn near(seconds: u64) -> bool {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().abs_diff(seconds) < 10
}

#[tokio::test]
async fn a_header_signs_the_bytes_that_are_sent() {
    let server = Server::start().await;
    let auth = "auth:\n  header:\n    X-Key: \"{{ secret.ID }}\"\n    X-Signature: \"v1={{ [request.method, request.path, \
                request.query, request.headers['x-timestamp'], request.body | sha256 | hex] | join('\\n') \
                | hmac_sha256(secret.KEY) | hex }}\"\nheaders: {X-Timestamp: \"{{ now }}\"}\n";
    let tool = tool(&server.url(), auth, POST);
    let executor = executor(&[("ID", "client-7"), ("KEY", "signing-key")]);
    // Text that looks like a template, that is no ASCII, and that would change a URL.
    let arguments = json!({"what": "{{ secret.KEY }} ü&?#", "note": "two\nlines"});
    call_with(&executor, &tool, arguments).await.unwrap();
    let seen = server.last();
    let (path, query) = seen.target.split_once('?').unwrap();
    let timestamp = &seen.headers["x-timestamp"];
    assert!(near(timestamp.parse().unwrap()), "{timestamp}");
    let text = format!("POST\n{path}\n{query}\n{timestamp}\n{}", hex(&Sha256::digest(&seen.body)));
    assert_eq!(seen.headers["x-signature"], format!("v1={}", hex(&hmac256(b"signing-key", text.as_bytes()))));
    assert_eq!(seen.headers["x-key"], "client-7");
    assert!(String::from_utf8_lossy(&seen.body).contains("{{ secret.KEY }}"));
}

#[tokio::test]
async fn a_query_parameter_signs_what_stands_before_it() {
    let server = Server::start().await;
    let auth = "auth:\n  query:\n    key: \"{{ secret.ID }}\"\n    signature: \"{{ request.url | hmac_sha256(secret.KEY) | base64 }}\"\n";
    let tool = tool(&server.url(), auth, GET);
    call_with(&executor(&[("ID", "7"), ("KEY", "signing-key")]), &tool, json!({"what": "a b"})).await.unwrap();
    let seen = server.last();
    let (before, signature) = seen.target.split_once("&signature=").unwrap();
    assert_eq!(before, "/api/orders?q=a%20b&key=7");
    let expected = BASE64_STANDARD.encode(hmac256(b"signing-key", format!("{}{before}", server.url()).as_bytes()));
    let sent = percent_encoding::percent_decode_str(signature).decode_utf8().unwrap();
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn every_digest_is_the_one_of_its_name() {
    let server = Server::start().await;
    let mut lines = "auth:\n  header:\n".to_owned();
    for filter in ["sha256", "sha512", "sha1", "md5"] {
        lines.push_str(&format!("    X-{filter}: \"{{{{ request.host | {filter} | hex }}}}\"\n"));
    }
    for filter in ["hmac_sha512", "hmac_sha1"] {
        lines.push_str(&format!("    X-{filter}: \"{{{{ request.host | {filter}(secret.KEY) | base64url }}}}\"\n"));
    }
    // A digest is bytes, so it can be the key of the next one.
    lines.push_str("    X-Chain: \"{{ request.host | hmac_sha256('a' | hmac_sha256(secret.KEY)) | hex }}\"\n");
    let tool = tool(&server.url(), &lines, GET);
    call_with(&executor(&[("KEY", "k")]), &tool, json!({})).await.unwrap();
    let headers = server.last().headers;
    let host = server.address.to_string();
    assert_eq!(headers["host"], host);
    assert_eq!(headers["x-sha256"], hex(&Sha256::digest(&host)));
    assert_eq!(headers["x-sha512"], hex(&Sha512::digest(&host)));
    assert_eq!(headers["x-sha1"], hex(&Sha1::digest(&host)));
    assert_eq!(headers["x-md5"], hex(&Md5::digest(&host)));
    let mut mac = Hmac::<Sha512>::new_from_slice(b"k").unwrap();
    mac.update(host.as_bytes());
    assert_eq!(headers["x-hmac_sha512"], BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    let mut mac = Hmac::<Sha1>::new_from_slice(b"k").unwrap();
    mac.update(host.as_bytes());
    assert_eq!(headers["x-hmac_sha1"], BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    assert_eq!(headers["x-chain"], hex(&hmac256(&hmac256(b"k", b"a"), host.as_bytes())));
}

#[tokio::test]
async fn a_signature_of_what_is_not_there_is_a_fault_of_the_definition() {
    let server = Server::start().await;
    let auth = "auth:\n  header:\n    X-Sign: \"{{ request.headers['x-none'] | hmac_sha256(secret.KEY) | hex }}\"\n";
    let error = call_with(&executor(&[("KEY", "k")]), &tool(&server.url(), auth, GET), json!({})).await.unwrap_err();
    assert!(error.to_string().contains("the definition of `shop__order` is at fault"), "{error}");
    assert!(server.books().seen.is_empty());
}

#[tokio::test]
async fn a_dry_run_shows_what_is_computed() {
    let auth = "auth:\n  header:\n    X-Sign: \"{{ request.body | hmac_sha256(secret.KEY) | hex }}\"\n";
    let shown = executor(&[]).plan(&tool("https://shop.example", auth, GET), &serde_json::Map::new()).unwrap().render();
    assert!(shown.contains("X-Sign: {request.body | hmac_sha256(secret.KEY) | hex}\n"), "{shown}");
}

const AWS: &str = "auth:\n  aws_sigv4:\n    region: eu-central-1\n    service: SERVICE\n    access_key_id: \"{{ secret.ID }}\"\n    \
                   secret_access_key: \"{{ secret.KEY }}\"\n    session_token: \"{{ secret.SESSION }}\"\n";

/// The signature that AWS would compute of what arrived.
fn aws_signature(seen: &Seen, service: &str, path: &str, query: &str) -> String {
    let authorization = &seen.headers["authorization"];
    let signed = authorization.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    let lines: String = signed.split(';').map(|name| format!("{name}:{}\n", seen.headers[name].trim())).collect();
    let payload = hex(&Sha256::digest(&seen.body));
    let canonical = format!("{}\n{path}\n{query}\n{lines}\n{signed}\n{payload}", seen.method);
    let time = &seen.headers["x-amz-date"];
    let scope = format!("{}/eu-central-1/{service}/aws4_request", &time[..8]);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let key = [&time[..8], "eu-central-1", service, "aws4_request"]
        .iter()
        .fold(b"AWS4the-secret".to_vec(), |key, part| hmac256(&key, part.as_bytes()));
    hex(&hmac256(&key, text.as_bytes()))
}

#[tokio::test]
async fn aws_signs_the_request_that_arrives() {
    let server = Server::start().await;
    let secrets = [("ID", "AKID"), ("KEY", "the-secret"), ("SESSION", "the session")];
    let tool = tool(&server.url(), &AWS.replace("SERVICE", "execute-api"), POST);
    call_with(&executor(&secrets), &tool, json!({"what": "b c+d"})).await.unwrap();
    let seen = server.last();
    let authorization = &seen.headers["authorization"];
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{authorization}");
    assert!(
        authorization.contains("SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token"),
        "{authorization}"
    );
    let expected = aws_signature(&seen, "execute-api", "/api/orders", "q=b%20c%2Bd");
    assert!(authorization.ends_with(&format!("Signature={expected}")), "{authorization}");
    // Without its secret there is no session.
    call_with(&executor(&secrets[..2]), &tool, json!({})).await.unwrap();
    assert!(!server.last().headers.contains_key("x-amz-security-token"));
}

#[tokio::test]
async fn aws_encodes_paths_once_more_but_for_s3() {
    let server = Server::start().await;
    let secrets = [("ID", "AKID"), ("KEY", "the-secret")];
    let request = "method: GET\npath: \"/api/{{ what | default('x') }}\"\nquery: {b: \"2\", a: \"{{ note }}\"}";
    for (service, path) in [("execute-api", "/api/a%2520b%252Fc"), ("s3", "/api/a%20b%2Fc")] {
        let tool = tool(&server.url(), &AWS.replace("SERVICE", service), request);
        call_with(&executor(&secrets), &tool, json!({"what": "a b/c", "note": "=&"})).await.unwrap();
        let seen = server.last();
        assert_eq!(seen.target, "/api/a%20b%2Fc?b=2&a=%3D%26");
        let expected = aws_signature(&seen, service, path, "a=%3D%26&b=2");
        let authorization = &seen.headers["authorization"];
        assert!(authorization.ends_with(&format!("Signature={expected}")), "{authorization}");
        assert_eq!(seen.headers.contains_key("x-amz-content-sha256"), service == "s3");
    }
}
