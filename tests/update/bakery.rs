//! A document with a newer edition, what is imported of it, and a person's edits of that.

use std::collections::BTreeMap;
use std::fs;

use super::support::Sandbox;

pub(crate) const DOCUMENT: &str = r##"
openapi: 3.1.0
info: {title: Bakery, version: "1"}
servers: [{url: "https://api.bakery.example/v1"}]
security: [{key: []}]
paths:
  /cakes:
    get:
      operationId: listCakes
      tags: [cakes]
      summary: List cakes
      description: Lists the cakes for sale.
      parameters:
        - {name: limit, in: query, description: How many at most., schema: {type: integer, maximum: 100}}
        - {name: page, in: query, schema: {type: integer}}
      responses: {"200": {description: ok, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Cake"}}}}}}
    post:
      operationId: bakeCake
      summary: Bake a cake
      description: Bakes a cake to order.
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Cake"}}}}
      responses: {"200": {description: ok}}
  /cakes/{cake}:
    parameters: [{name: cake, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getCake
      summary: Show a cake
      description: Shows one cake.
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Cake"}}}}}
    delete:
      operationId: eatCake
      summary: Eat a cake
      description: Eats a cake.
      parameters: [{name: fork, in: query, schema: {type: boolean}}]
      responses: {"200": {description: ok}}
  /orders:
    get:
      operationId: listOrders
      summary: List orders
      description: Lists all orders.
      parameters: [{name: since, in: query, schema: {type: string}}, {name: state, in: query, schema: {type: string, enum: [open, done]}}]
      responses: {"200": {description: ok}}
  /orders/{order}:
    parameters: [{name: order, in: path, required: true, schema: {type: string}}]
    get: {operationId: getOrder, summary: Show an order, description: Shows one order., responses: {"200": {description: ok}}}
    delete: {operationId: cancelOrder, summary: Cancel an order, description: Cancels an order., responses: {"200": {description: ok}}}
  /staff:
    get: {operationId: listStaff, summary: List staff, description: Lists who works here., responses: {"200": {description: ok}}}
  /ovens:
    get: {operationId: listOvens, summary: List ovens, description: Lists the ovens., responses: {"200": {description: ok}}}
  /menu:
    get: {operationId: getMenu, summary: Show the menu, description: Shows the menu., responses: {"200": {description: ok}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Cake:
      type: object
      properties:
        name: {type: string, description: What it is called.}
        layers: {type: integer}
        filling: {$ref: "#/components/schemas/Cake"}
"##;

/// The next edition: each change is one that an edit of the person must survive.
pub(crate) fn newer() -> String {
    let change = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    let changes = [
        ("version: \"1\"}", "version: \"2\"}"),
        // A new argument, and a changed description, of the file with most edits.
        (
            "        - {name: page, in: query,",
            "        - {name: colour, in: query, schema: {type: string}}\n        - {name: page, in: query,",
        ),
        ("Lists the cakes for sale.", "Lists the cakes for sale, with prices."),
        // The same limit as the person's, to something else: the conflict.
        (
            "{name: since, in: query, schema: {type: string}}",
            "{name: since, in: query, schema: {type: string, maxLength: 40}}",
        ),
        ("enum: [open, done]", "enum: [open, done, late]"),
        ("Bakes a cake to order.", "Bakes a cake to order, within a day."),
        ("Shows one cake.", "Shows one cake, with its layers."),
        ("Eats a cake.", "Eats a cake, all of it."),
        ("Lists who works here.", "Lists who works here today."),
        ("layers: {type: integer}", "layers: {type: integer, minimum: 1}"),
        // Operations that are lost, and one that is new.
        (
            "  /ovens:\n    get: {operationId: listOvens, summary: List ovens, description: Lists the ovens., responses: {\"200\": {description: ok}}}\n",
            "",
        ),
        (
            "  /menu:\n    get: {operationId: getMenu, summary: Show the menu, description: Shows the menu., responses: {\"200\": {description: ok}}}\n",
            "  /prices:\n    get: {operationId: listPrices, summary: List prices, responses: {\"200\": {description: ok}}}\n",
        ),
    ];
    changes.iter().fold(DOCUMENT.to_owned(), |text, (from, to)| change(text, from, to))
}

pub(crate) fn bakery() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("docs/bakery.yaml", DOCUMENT);
    sandbox.ok(&["import", "docs/bakery.yaml"]);
    sandbox
}

pub(crate) fn edit(sandbox: &Sandbox, name: &str, from: &str, to: &str) {
    let path = format!("capabilities/bakery/{name}.yaml");
    let text = sandbox.read(&path);
    assert!(text.contains(from), "{from} is not in\n{text}");
    sandbox.write(&path, &text.replacen(from, to, 1));
}

pub(crate) fn file(sandbox: &Sandbox, name: &str) -> String {
    sandbox.read(&format!("capabilities/bakery/{name}.yaml"))
}

pub(crate) fn exists(sandbox: &Sandbox, name: &str) -> bool {
    sandbox.path().join(format!("capabilities/bakery/{name}.yaml")).exists()
}

pub(crate) fn has(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

/// All files of the api, the base among them.
pub(crate) fn all(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let entries = fs::read_dir(sandbox.path().join("capabilities/bakery")).unwrap();
    let path = |entry: fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(|entry| path(entry.unwrap())).collect()
}

/// Twelve edits.
pub(crate) fn edited() -> Sandbox {
    let sandbox = bakery();
    let s = &sandbox;
    // 1 title, 2 tag, 3 comment, 4 an argument's description, 5 a removed argument.
    edit(s, "list_cakes", "title: List cakes", "title: Every cake   # as we say");
    edit(s, "list_cakes", "tags: [cakes]", "tags: [cakes, sweets]");
    edit(s, "list_cakes", "How many at most.", "At most so many cakes.");
    edit(s, "list_cakes", "    page: {type: integer}\n", "");
    edit(s, "list_cakes", "    page: \"{{ page }}\"\n", "    # no pages: the list is short\n");
    // 6 a limit of calls.
    edit(s, "bake_cake", "request:\n", "limits: {timeout: 60s, rate: 1/m}\nrequest:\n");
    // 7 a description of its own.
    edit(s, "get_order", "Shows one order.", "Shows one order of ours.");
    // 8 the order of keys, with air between them.
    let text = file(s, "eat_cake");
    let (front, back) = text.split_once("input:\n").unwrap();
    let (input, request) = back.split_once("request:\n").unwrap();
    let (request, source) = request.split_once("source:").unwrap();
    let turned = format!("{front}\n# what is sent\nrequest:\n{request}\ninput:\n{input}\nsource:{source}");
    s.write("capabilities/bakery/eat_cake.yaml", &turned);
    // 9 a renamed file, 10 a deleted one.
    let folder = s.path().join("capabilities/bakery");
    fs::rename(folder.join("get_cake.yaml"), folder.join("one_cake.yaml")).unwrap();
    fs::remove_file(folder.join("list_staff.yaml")).unwrap();
    // 11 headers of the api, and 12 other credentials.
    edit(s, "api", "import:", "headers: {X-Shop: \"12\"}   # ours\nimport:");
    edit(s, "api", "{{ secret.BAKERY_KEY }}", "{{ secret.OUR_BAKERY_KEY }}");
    // One that the document will change as well, and one whose operation it will lose.
    edit(s, "list_orders", "since: {type: string}", "since: {type: string, maxLength: 20}");
    edit(s, "get_menu", "Shows the menu.", "Shows what there is today.");
    sandbox
}
