//! Advice of `cap check`: who gets it, in which form, and that a thousand equal ones are one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use support::{Sandbox, copy, project};

fn tool(name: &str, description: &str) -> String {
    format!(
        "version: 1\nkind: capability\nname: {name}\nserver: https://{name}.example\ndescription: {description}\n\
         input: {{type: object, properties: {{}}}}\nrequest: {{method: GET, path: /}}\n"
    )
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/list_loans.yaml", &tool("list_loans", "Lists the loans."));
    sandbox
}

#[test]
fn advice_is_for_people_and_for_who_asks() {
    let sandbox = sandbox();
    // Standard error is no terminal here.
    assert!(!sandbox.ok(&["check"]).stderr.contains("advice"));
    assert!(!sandbox.ok(&["check", "--advice", "never"]).stderr.contains("advice"));
    let run = sandbox.ok(&["check", "--advice", "always"]);
    assert!(run.stderr.contains("advice[CAP0601]: the description says no more"), "{}", run.stderr);
    assert!(run.stderr.contains("1 file: 1 piece of advice"), "{}", run.stderr);
}

#[test]
fn advice_fails_nothing_unless_that_is_asked_for() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run(&["check", "--deny", "advice"]).code, 1);
    assert_eq!(sandbox.run(&["check", "--deny", "warnings", "--advice", "always"]).code, 0);
    sandbox
        .write("capabilities/list_loans.yaml", &tool("list_loans", "List what a reader has at home, with due days."));
    assert_eq!(sandbox.run(&["check", "--deny", "advice,warnings"]).code, 0);
    sandbox.write("capabilities/list_loans.yaml", &tool("list_loans", "\"-\""));
    assert_eq!(sandbox.run(&["check"]).code, 0);
    assert_eq!(sandbox.run(&["check", "--deny", "warnings"]).code, 1);
}

#[test]
fn programs_get_it_in_their_formats() {
    let sandbox = sandbox();
    let json = sandbox.ok(&["check", "--format", "json", "--advice", "always"]).json();
    assert_eq!((&json["advice"], &json["warnings"]), (&1.into(), &0.into()));
    assert_eq!(json["diagnostics"][0]["severity"], "advice");
    assert_eq!(json["diagnostics"][0]["place"]["line"], 5);
    let run = sandbox.ok(&["check", "--format", "github", "--advice", "always"]);
    assert!(run.stdout.starts_with("::notice file=capabilities/list_loans.yaml,line=5"), "{}", run.stdout);
}

#[test]
fn a_thousand_equal_ones_are_one() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/api.yaml", "version: 1\nkind: api\nname: shop\nserver: https://shop.example\n");
    for index in 0..1_000 {
        let path = format!("capabilities/list_{index}_orders.yaml");
        let text = format!(
            "version: 1\nkind: capability\nname: list_{index}_orders\napi: shop\ndescription: List orders {index}\n\
             input:\n  type: object\n  properties:\n    a: {{type: string}}\n    b: {{type: string}}\n\
             request:\n  method: GET\n  path: /{index}\n  query:\n    a: \"{{{{ a }}}}\"\n    b: \"{{{{ b }}}}\"\n"
        );
        sandbox.write(&path, &text);
    }
    let run = sandbox.ok(&["check", "--advice", "always"]);
    assert_eq!(run.stderr.matches("advice[").count(), 2, "{}", run.stderr);
    assert!(run.stderr.lines().count() < 30, "{}", run.stderr);
    assert!(run.stderr.contains("and 995 more of this server"), "{}", run.stderr);
    assert!(run.stderr.contains("2000 pieces of advice"), "{}", run.stderr);
}

/// Texts that are made to be looked at again and again: of each, what a naive look does takes minutes.
#[test]
fn texts_that_multiply_are_advised_on_in_bounded_work() {
    let signs = tool("list_signs", &format!("\"List signs {}\"", "<".repeat(6 << 20)));
    let words = tool("list_words", &format!("\"{}\"", "the ".repeat(400_000)))
        + &format!("title: \"{}\"\n", "word ".repeat(400_000));
    let refs: String = (0..2_000).map(|index| format!("    a{index}: {{$ref: \"#/$defs/own\"}}\n")).collect();
    let branches = "{$ref: \"#/$defs/own\"}, ".repeat(2_000);
    let own = format!("  $defs:\n    own:\n      anyOf: [{branches}{{type: string}}]\n");
    let referring = tool("list_refs", "List what there is, with all of its branches.")
        .replace(
            "input: {type: object, properties: {}}\n",
            &format!("input:\n  type: object\n  properties:\n{refs}{own}"),
        )
        .replace("path: /}", "path: /, query: {a: \"{{ a0 }}\"}}");
    // Each of many parts has a long name above it.
    let parts = "0, ".repeat(120_000);
    let named = format!("input: {{type: object, properties: {{}}, {}: [{parts}{{x: null}}]}}", "k".repeat(4 << 20));
    let long = tool("list_longs", "List what has a long name above it.")
        .replace("input: {type: object, properties: {}}", &named);
    for (text, code) in [(signs, None), (words, Some("CAP0601")), (referring, Some("CAP0603")), (long, None)] {
        let sandbox = Sandbox::new();
        sandbox.write("capabilities/tool.yaml", &text);
        let json = sandbox.run(&["check", "--format", "json", "--advice", "always"]).json();
        assert_eq!(json["errors"], 0, "{}", json["diagnostics"]);
        let codes: Vec<&str> =
            json["diagnostics"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
        assert!(code.is_none_or(|code| codes.contains(&code)), "{codes:?}");
    }
}

/// What was edited since it was pinned is not served, and is what somebody works on.
#[test]
fn what_is_held_back_is_looked_at() {
    let sandbox = sandbox();
    sandbox
        .write("capabilities/list_loans.yaml", &tool("list_loans", "List what a reader has at home, with due days."));
    sandbox.ok(&["pin"]);
    sandbox.write("capabilities/list_loans.yaml", &tool("list_loans", "Lists the loans."));
    assert!(sandbox.ok(&["check", "--advice", "always"]).stderr.contains("CAP0601"));
}

#[test]
fn one_file_is_compared_with_its_folder_and_spoken_of_alone() {
    let sandbox = Sandbox::new();
    copy(&project().join("fixtures/diagnostics/CAP0605_look_alike"), &sandbox.path().join("capabilities"));
    sandbox.write("capabilities/library/list_loans.yaml", &tool("list_loans", "Lists the loans."));
    let run = sandbox.ok(&["check", "--advice", "always", "capabilities/library/find_overdue_l0ans.yaml"]);
    assert!(run.stderr.contains("CAP0605") && !run.stderr.contains("CAP0601"), "{}", run.stderr);
}

/// What the project shows as examples is what it advises.
#[test]
fn shipped_definitions_need_no_advice_on_their_words() {
    let sandbox = Sandbox::new();
    copy(&project().join("fixtures/definitions"), &sandbox.path().join("capabilities"));
    let json = sandbox.ok(&["check", "--format", "json", "--advice", "always"]).json();
    let codes: Vec<&str> =
        json["diagnostics"].as_array().unwrap().iter().filter_map(|it| it["code"].as_str()).collect();
    assert!(!codes.iter().any(|code| matches!(*code, "CAP0602" | "CAP0604" | "CAP0605" | "CAP0606")), "{codes:?}");
}
