//! Imported files against their document: what was edited by hand is told, and nothing else is.

use crate::support::{Sandbox, shared};

const DOCUMENT: &str = r#"{"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"},
  "servers": [{"url": "https://shop.example"}],
  "paths": {
    "/orders": {"get": {"operationId": "list_orders", "description": "List the orders.",
      "responses": {"200": {"description": "Orders."}}}},
    "/orders/{id}": {"get": {"operationId": "read_order", "description": "Read one order.",
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
      "responses": {"200": {"description": "An order."}}}}
  }}"#;

const OVERLAY: &str = "overlay: 1.0.0\ninfo: {title: Words, version: '1'}\nactions:\n  \
                       - target: $.paths['/orders'].get\n    update: {description: List every order.}\n";

fn imported(flags: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("openapi.json", DOCUMENT);
    sandbox.write("words.yaml", OVERLAY);
    sandbox.ok(&[&["import", "openapi.json"], flags].concat());
    sandbox
}

#[test]
fn what_was_imported_is_what_the_document_compiles_to() {
    for flags in [&[][..], &["--api", "orders"], &["--overlay", "words.yaml", "--include", "*list*"]] {
        let sandbox = imported(flags);
        let said = sandbox.ok(&["verify", "--source", "openapi.json"]).stderr;
        assert!(said.contains("exactly as the document compiles"), "{said}");
        assert_eq!(said.contains("Settings"), flags.len() > 2, "{said}");
    }
    let sandbox = imported(&[]);
    for api in ["shop", "capabilities/shop"] {
        sandbox.ok(&["verify", "--source", "openapi.json", api]);
    }
    let api = sandbox.read("capabilities/shop/api.yaml");
    assert!(api.replace('"', "").contains(&format!("cap: {}\n", env!("CARGO_PKG_VERSION"))), "{api}");
}

#[test]
fn no_address_is_asked_because_the_verified_file_names_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/words.yaml", listener.local_addr().unwrap());
    let sandbox = imported(&["--overlay", "words.yaml"]);
    let api = sandbox.read("capabilities/shop/api.yaml");
    assert!(api.contains("words.yaml"), "{api}");
    sandbox.write("capabilities/shop/api.yaml", &api.replace("../../words.yaml", &url));
    let run = sandbox.run(&["verify", "--source", "openapi.json"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains(&url) && run.stderr.contains("--overlay"), "{}", run.stderr);
    assert!(listener.accept().is_err(), "it was asked");
}

#[test]
fn each_edit_is_told_with_its_lines() {
    let sandbox = imported(&[]);
    let orders = sandbox.read("capabilities/shop/list_orders.yaml");
    sandbox.write("capabilities/shop/list_orders.yaml", &orders.replace("List the orders.", "List\u{202e} all."));
    std::fs::remove_file(sandbox.path().join("capabilities/shop/read_order.yaml")).unwrap();
    sandbox.write("capabilities/shop/more.yaml", &orders);
    let run = sandbox.run(&["verify", "--source", "openapi.json"]);
    assert_eq!(run.code, 1, "{run:?}");
    for text in [
        "Changed capabilities/shop/list_orders.yaml: edited since it was imported",
        "- description: List the orders.",
        "+ description: List\\u{202e} all.",
        "Missing capabilities/shop/read_order.yaml",
        "Added capabilities/shop/more.yaml",
        "3 files below capabilities/shop are not what the document compiles to",
    ] {
        assert!(run.stderr.contains(text), "{text}: {}", run.stderr);
    }
    sandbox.write("capabilities/shop/list_orders.yaml", &orders.replace('\n', "\r\n"));
    let run = sandbox.run(&["verify", "--source", "openapi.json"]);
    assert!(run.code == 1 && run.stderr.contains("only line breaks differ"), "{run:?}");
}

#[test]
fn another_document_is_told_with_what_it_changes() {
    let sandbox = imported(&[]);
    sandbox.write("openapi.json", &format!("{DOCUMENT}\n"));
    let run = sandbox.run(&["verify", "--source", "openapi.json"]);
    assert!(run.code == 1 && run.stderr.contains("is not the document that was imported"), "{run:?}");
    assert!(run.stderr.contains("api.yaml: as it was imported"), "{run:?}");
    let run = sandbox.run(&["verify", "--source", "nowhere.json"]);
    assert_eq!(run.code, 5, "{run:?}");
    let run = sandbox.run(&["verify", "--source", "openapi.json", "shopp"]);
    assert!(run.code == 2 && run.stderr.contains("did you mean `shop`"), "{run:?}");
    // Without the overlay that was applied, other files come of it.
    let sandbox = imported(&["--overlay", "words.yaml"]);
    sandbox.write("words.yaml", &OVERLAY.replace("every", "each"));
    let run = sandbox.run(&["verify", "--source", "openapi.json"]);
    assert!(run.code == 1 && run.stderr.contains("the overlays are not those"), "{run:?}");
    sandbox.write("earlier.yaml", OVERLAY);
    sandbox.ok(&["verify", "--source", "openapi.json", "--overlay", "earlier.yaml"]);
}

/// What is told stays short, however much was edited.
#[test]
fn what_is_told_is_bounded() {
    let sandbox = imported(&[]);
    let lines: String = (0..5_000).map(|number| format!("# line {number}\n")).collect();
    for number in 0..100 {
        sandbox.write(&format!("capabilities/shop/more_{number}.yaml"), &lines);
    }
    let api = sandbox.read("capabilities/shop/api.yaml");
    sandbox.write("capabilities/shop/api.yaml", &format!("{api}{lines}"));
    let run = sandbox.run(&["verify", "--source", "openapi.json"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.lines().count() < 80, "{}", run.stderr);
    assert!(run.stderr.contains("… and 4980 lines") && run.stderr.contains("… and 61 files more"), "{}", run.stderr);
}

/// Of a document in several files, all of them count.
#[test]
fn every_file_of_a_document_counts() {
    let sandbox = Sandbox::new();
    let document = DOCUMENT.replace("\"schema\": {\"type\": \"string\"}", "\"schema\": {\"$ref\": \"id.json\"}");
    assert_ne!(document, DOCUMENT);
    sandbox.write("openapi.json", &document);
    sandbox.write("id.json", r#"{"type": "string", "minLength": 3}"#);
    sandbox.ok(&["import", "openapi.json"]);
    sandbox.ok(&["verify", "--source", "openapi.json"]);
    sandbox.write("id.json", r#"{"type": "string", "minLength": 4}"#);
    let run = sandbox.run(&["verify", "--source", "openapi.json"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("is not the document that was imported"), "{run:?}");
    assert!(run.stderr.contains("read_order.yaml: as it was imported"), "{run:?}");
}

/// Real documents are imported, and are what was imported.
#[test]
fn real_documents_are_what_was_imported() {
    let Some(shared) = shared("real_documents_are_what_was_imported") else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(shared.join("corpus/specs")).unwrap() {
        let path = entry.unwrap().path();
        if path.metadata().unwrap().len() > 200_000 {
            continue;
        }
        let sandbox = Sandbox::new();
        let document = path.to_string_lossy().into_owned();
        let import = sandbox.run(&["import", &document, "--server", "https://api.example.com", "--api", "api"]);
        if import.code == 0 && sandbox.path().join("capabilities/api/api.yaml").exists() {
            let run = sandbox.run(&["verify", "--source", &document, "api"]);
            assert_eq!(run.code, 0, "{document}: {}", run.stderr);
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} documents were imported");
}
