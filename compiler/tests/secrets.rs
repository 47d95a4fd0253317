//! One secret in several files: noted where it goes to different hosts, and not where it does not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use cap_compiler::compile::{Content, compile, parse_file};
use cap_compiler::diagnostic::Code;
use cap_compiler::pin::Pins;
use cap_compiler::source::SourceId;

fn noted(files: &[&str]) -> usize {
    let parsed = files.iter().enumerate().map(|(at, text)| {
        let file = parse_file(&SourceId::new(&format!("f{at}/api.yaml")), format!("version: 1\n{text}").as_bytes());
        assert!(matches!(file.content, Content::Definition(_)), "{text}: {:?}", file.diagnostics);
        Arc::new(file)
    });
    let compilation = compile(&parsed.collect::<Vec<_>>(), &Pins::default());
    assert!(!compilation.diagnostics.iter().any(cap_compiler::diagnostic::Diagnostic::is_error));
    compilation.diagnostics.iter().filter(|it| it.code == Code::SECRET_SHARED).count()
}

fn api(name: &str, server: &str, auth: &str) -> String {
    format!("kind: api\nname: {name}\nserver: {server}\nauth: {auth}\n")
}

const TOKEN: &str = "{bearer: \"{{ secret.TOKEN }}\"}";

#[test]
fn different_hosts_are_noted_once_for_each_file() {
    let one = api("one", "https://a.example/v1", TOKEN);
    let two = api("two", "https://b.example", &format!("[{TOKEN}, {{query: {{key: \"{{{{ secret.TOKEN }}}}\"}}}}]"));
    let tool = format!(
        "kind: capability\nname: three\ndescription: Asks.\nserver: https://c.example\nauth: {TOKEN}\n\
         input: {{type: object}}\nrequest: {{method: GET, path: /}}\n"
    );
    assert_eq!(noted(&[&one, &two]), 1);
    assert_eq!(noted(&[&one, &two, &tool]), 2);
}

#[test]
fn what_may_well_be_one_secret_is_not_noted() {
    let one = api("one", "https://a.example/v1", TOKEN);
    let same = api("two", "https://A.example:8443/v2", TOKEN);
    let also = format!("{}servers: {{old: https://a.example}}\n", api("three", "https://new.example", TOKEN));
    let unknown = api("four", "\"https://{{ secret.TENANT }}.example\"", TOKEN);
    let imported = api("five", "https://five.invalid", TOKEN);
    assert_eq!(noted(&[&one, &same, &also, &unknown, &imported]), 0);
    let aws = "{aws_sigv4: {service: s3, region: eu, access_key_id: \"{{ secret.ID }}\", secret_access_key: \"{{ secret.KEY }}\"}}";
    assert_eq!(noted(&[&api("one", "https://a.example", aws), &api("two", "https://b.example", aws)]), 0);
}

#[test]
fn secrets_of_a_client_go_to_the_authorization_server() {
    let client = |token_url: &str| {
        format!(
            "{{oauth2: {{grant: client_credentials, token_url: {token_url}, client_id: me, \
             client_secret: \"{{{{ secret.CLIENT }}}}\"}}}}"
        )
    };
    let (login, other) = (client("https://login.example/token"), client("https://sign-in.example/token"));
    assert_eq!(noted(&[&api("one", "https://a.example", &login), &api("two", "https://b.example", &login)]), 0);
    assert_eq!(noted(&[&api("one", "https://a.example", &login), &api("two", "https://a.example", &other)]), 1);
}
