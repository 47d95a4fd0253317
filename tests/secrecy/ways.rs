//! The other ways out: standard output as a transport, imports from URLs, logins.

use std::io::{BufRead, BufReader, Read, Write};

use serde_json::{Value, json};

use super::planted::{CLIENT, DOCUMENT, assert_clean, assert_files_are_clean};
use super::server::server;
use super::support::Sandbox;
use super::{command, planted, run, tools};

#[test]
fn a_gateway_on_standard_output_writes_no_secret() {
    let sandbox = planted(&server());
    let mut child =
        command(&sandbox, &["serve", "--stdio", "--audit", "audit.jsonl", "--log", "json"]).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut log = Vec::new();
        stderr.read_to_end(&mut log).unwrap();
        log
    });
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |id: usize, method: &str, params: Value| {
        writeln!(input, "{}", json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).unwrap();
        loop {
            let line = lines.next().expect("the gateway ended").unwrap();
            assert_clean(&format!("standard output after {params}"), line.as_bytes());
            let said: Value = serde_json::from_str(&line).unwrap();
            if said["id"] == id {
                break said;
            }
        }
    };
    let client = json!({"name": "test", "version": "1"});
    ask(0, "initialize", json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}));
    for (at, tool) in tools().into_iter().enumerate() {
        let said = ask(at + 1, "tools/call", json!({"name": "gateway_invoke", "arguments": {"tool": tool}}));
        assert!(said["result"].is_object(), "{said}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    let log = log.join().unwrap();
    assert!(String::from_utf8_lossy(&log).contains("oauth_echo"), "the log is talkative");
    assert_clean("the log", &log);
    assert!(sandbox.read("audit.jsonl").lines().count() > 10);
    assert_files_are_clean(sandbox.path());
}

#[test]
fn an_import_writes_no_credential_of_a_url() {
    let (server, sandbox) = (server(), Sandbox::new());
    let import = |args: &[&str]| {
        let said = run(&sandbox, &[&["import"], args].concat(), "");
        // The command line is the person's own; what is said of it is not.
        assert_clean(&format!("cap import of {}", args[0].split('?').next().unwrap()), said.as_bytes());
        said
    };
    let document = format!("{server}/document?v=2&access_token={DOCUMENT}");
    let said = import(&[&document, "--api", "echo", "--notes"]);
    assert!(
        said.contains("Imported 1 of 1") && said.contains("`access_token` of the URL is not written down"),
        "{said}"
    );
    assert!(said.contains(&format!("{server}/document?v=2:")), "diagnostics name the document: {said}");
    let api = sandbox.read("capabilities/echo/api.yaml");
    assert!(api.contains(&format!("document: {server}/document?v=2\n")), "{api}");
    assert!(import(&["--update", "echo"]).contains("Updating echo"));
    // Servers that give the request back, and URLs that are no good.
    for path in ["failure", "html", "echo", "redirect", "broken"] {
        import(&[&format!("{server}/{path}?access_token={DOCUMENT}"), "--api", "none"]);
    }
    for url in [
        server.replace("://", &format!("://me:{DOCUMENT}@")),
        format!("https://me:{DOCUMENT}@[nowhere/"),
        format!("http://nowhere.invalid/document?key={DOCUMENT}"),
    ] {
        assert!(import(&[&url, "--api", "none"]).contains("error: cannot fetch the document"), "{url}");
    }
    import(&[&document, "--api", "more", "--overlay", &format!("{server}/failure?sig={DOCUMENT}")]);
    assert_files_are_clean(sandbox.path());
}

/// An api to log in to, and one whose authorization server denies and tells all.
fn shops(server: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, token) in [("shop", "token"), ("denied", "denied")] {
        sandbox.write(
            &format!("capabilities/{name}/api.yaml"),
            &format!(
                "version: 1\nkind: api\nname: {name}\nserver: {server}\nnetwork: private\nauth:\n  oauth2:\n    \
                 grant: device_code\n    token_url: {server}/{token}\n    device_authorization_url: {server}/device\n    \
                 client_id: me\n    client_secret: \"{{{{ secret.CLIENT_SECRET }}}}\"\n"
            ),
        );
        sandbox.write(
            &format!("capabilities/{name}/echo.yaml"),
            &format!(
                "version: 1\nkind: capability\nname: echo\napi: {name}\ndescription: Asks.\ninput: {{type: object}}\n\
                 request: {{method: GET, path: /echo}}\n"
            ),
        );
    }
    assert_clean("secret set", run(&sandbox, &["secret", "set", "CLIENT_SECRET"], CLIENT).as_bytes());
    sandbox
}

#[test]
fn logins_write_no_secret() {
    let sandbox = shops(&server());
    let said = |args: &[&str], wanted: &str| {
        let said = run(&sandbox, args, "");
        assert!(said.contains(wanted), "cap {args:?}: {said}");
        assert_clean(&format!("cap {args:?}"), said.as_bytes());
    };
    said(&["auth", "status"], "shop");
    said(&["auth", "login", "shop"], "Logged in to shop");
    said(&["auth", "login", "denied"], "invalid_grant");
    said(&["auth", "status"], "shop");
    said(&["auth", "status", "--json"], "\"stored\": true");
    said(&["call", "shop__echo"], "\"got\"");
    said(&["call", "denied__echo"], "cap auth login denied");
    said(&["secret", "list"], "CLIENT_SECRET");
    assert_files_are_clean(sandbox.path());
    said(&["auth", "logout", "shop"], "shop");
    assert_files_are_clean(sandbox.path());
}
