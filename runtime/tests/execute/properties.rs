//! What holds of every value: whoever decodes the request by the book gets it back, and it adds no
//! segment, key, header or pair.

use cap_compiler::capability::{Binding, Body, BodyContent, HttpCall, Parameter, PathPiece, Style, Text};
use cap_runtime::execute::{PlannedBody, PlannedContent, RequestPlan, ToolError};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::*;

/// Texts that have a meaning somewhere on the way.
const TELLING: [&str; 16] = [
    "..",
    ".",
    "%2e%2e",
    "a/b",
    "a\\b",
    "?q=1",
    "#f",
    "a&b=c",
    "a=b;c=d",
    "a+b c",
    "{{ x }}",
    "100%",
    "[x]",
    "a,b|c",
    "https://other.example",
    "\u{2028}ü\u{1F600}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![select(&TELLING[..]).prop_map(str::to_owned), ".{0,12}", "[ -~]{1,12}"]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 1..4)
}

fn planned(call: HttpCall, value: &Value) -> Result<RequestPlan, ToolError> {
    executor().plan(&prepared(call, anything()), &object(json!({"v": value})))
}

fn at_path(style: Style, explode: bool) -> HttpCall {
    let mut call = call("https://api.example.com", "/before/");
    call.path.push(PathPiece::Value(styled("v", style, explode)));
    call.path.push(PathPiece::Literal("/after".to_owned()));
    call
}

fn query(call: HttpCall, value: &Value) -> String {
    let plan = planned(call, value).unwrap();
    plan.query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Pairs as any server reads them.
fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn named(name: &str, values: &[String]) -> Vec<(String, String)> {
    values.iter().map(|value| (name.to_owned(), value.clone())).collect()
}

fn form_text(content: Vec<Parameter>, value: &Value) -> String {
    let mut call = call("https://api.example.com", "/x");
    let media_type = Text::literal("application/x-www-form-urlencoded");
    call.method = "POST".to_owned();
    call.body =
        Some(Body { media_type, optional: false, content: BodyContent::Form(content), empty: None, choice: None });
    match planned(call, value).unwrap().body {
        Some(PlannedBody { content: PlannedContent::Text(text), .. }) => text,
        other => panic!("{other:?}"),
    }
}

/// What no encoding makes safe in a path: nothing, dots however they are spelled, and control characters.
fn may_be_refused(value: &str) -> bool {
    let dots = value.to_lowercase().replace("%2e", ".");
    dots.trim_matches('.').is_empty() || value.chars().any(char::is_control)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_path_value_is_one_segment(value in text()) {
        match planned(at_path(Style::Simple, false), &json!(value)) {
            Ok(plan) => {
                let segments: Vec<&str> = plan.path.split('/').collect();
                prop_assert_eq!(segments.len(), 4, "{}", plan.path);
                prop_assert!(plan.path.is_ascii() && !plan.path.contains(['?', '#', '\\', ' ']), "{}", plan.path);
                prop_assert_eq!(decoded(segments[2]), value);
            }
            Err(error) => prop_assert!(may_be_refused(&value), "{:?}: {}", value, error),
        }
    }

    #[test]
    fn a_list_in_a_path_is_one_segment(values in texts()) {
        match planned(at_path(Style::Simple, false), &json!(values)) {
            Ok(plan) => {
                let segments: Vec<&str> = plan.path.split('/').collect();
                prop_assert_eq!(segments.len(), 4, "{}", plan.path);
                let items: Vec<String> = segments[2].split(',').map(decoded).collect();
                prop_assert_eq!(items, values);
            }
            Err(error) => prop_assert!(values.iter().any(|it| may_be_refused(it)), "{:?}: {}", values, error),
        }
    }

    #[test]
    fn a_query_value_is_one_pair(name in text(), values in texts()) {
        prop_assume!(!name.is_empty());
        let mut one = call("https://api.example.com", "/x");
        one.query.push(Parameter { name: name.clone(), ..form("v") });
        let many = one.clone();
        prop_assert_eq!(pairs(&query(one, &json!(values[0]))), named(&name, &values[..1]));
        prop_assert_eq!(pairs(&query(many, &json!(values))), named(&name, &values));
    }

    #[test]
    fn a_list_in_one_pair_has_its_items(values in texts()) {
        let mut call = call("https://api.example.com", "/x");
        call.query.push(styled("v", Style::Form, false));
        let text = query(call, &json!(values));
        let items: Vec<String> = text.strip_prefix("v=").unwrap().split(',').map(decoded).collect();
        prop_assert_eq!(items, values);
    }

    #[test]
    fn a_deep_object_has_its_members(key in "[a-z\\[\\]&= ü]{1,6}", value in text()) {
        let mut call = call("https://api.example.com", "/x");
        call.query.push(styled("v", Style::DeepObject, true));
        let found = pairs(&query(call, &json!({key.clone(): value})));
        prop_assert_eq!(found, vec![(format!("v[{key}]"), value)]);
    }

    #[test]
    fn a_form_field_is_one_pair(name in text(), values in texts()) {
        prop_assume!(!name.is_empty());
        let field = || Parameter { name: name.clone(), ..form("v") };
        prop_assert_eq!(pairs(&form_text(vec![field()], &json!(values[0]))), named(&name, &values[..1]));
        prop_assert_eq!(pairs(&form_text(vec![field()], &json!(values))), named(&name, &values));
    }

    #[test]
    fn a_cookie_value_is_one_cookie(value in text()) {
        let mut call = call("https://api.example.com", "/x");
        call.cookies.push(form("v"));
        let plan = planned(call, &json!(value)).unwrap();
        prop_assert_eq!(plan.cookies.len(), 1);
        prop_assert!(plan.cookies[0].bytes().all(|byte| byte.is_ascii_graphic() && !b";,\"\\".contains(&byte)));
        prop_assert_eq!(decoded(plan.cookies[0].strip_prefix("v=").unwrap()), value);
    }
}

/// All places at once, over a real connection, as a server sees them.
#[test]
fn what_is_sent_is_what_was_given() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start());
    let executor = executor();
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(value in text())| {
        prop_assume!(!may_be_refused(&value));
        let mut call = at_path(Style::Simple, false);
        call.server = Text::literal(server.url());
        call.method = "POST".to_owned();
        call.query.push(form("v"));
        call.headers.push(Parameter { name: "X-Value".to_owned(), ..simple("v") });
        let media_type = Text::literal("application/json");
        let content = BodyContent::Json(Binding::Object(vec![("v".to_owned(), bound("v"))]));
        call.body = Some(Body { media_type, optional: false, content, empty: None, choice: None });
        let arguments = object(json!({"v": value}));
        runtime.block_on(executor.call(&prepared(call, anything()), &arguments)).unwrap();
        let seen = server.last();
        let (path, query) = seen.target.split_once('?').unwrap();
        let segments: Vec<String> = path.split('/').map(decoded).collect();
        prop_assert_eq!(segments, ["", "before", value.as_str(), "after"]);
        prop_assert_eq!(pairs(query), named("v", std::slice::from_ref(&value)));
        let headers: Vec<_> = seen.headers.iter().filter(|(name, _)| name == "x-value").collect();
        prop_assert_eq!(headers.len(), 1);
        // White space round a header's value is no part of it.
        let trim = |text: &str| text.trim_matches([' ', '\t']).to_owned();
        prop_assert_eq!(trim(&String::from_utf8_lossy(&headers[0].1)), trim(&value));
        prop_assert_eq!(serde_json::from_slice::<Value>(&seen.body).unwrap(), json!({"v": value}));
    });
}
