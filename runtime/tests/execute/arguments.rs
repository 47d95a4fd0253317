//! Arguments against the input schema.

use cap_runtime::execute::{ErrorKind, ToolError};
use serde_json::{Value, json};

use super::support::{Server, call, executor, form, object, prepared};

fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["owner"],
        "properties": {
            "owner": {"type": "string"},
            "state": {"type": "string", "enum": ["open", "closed", "all"]},
            "labels": {"type": "array", "items": {"type": "string"}},
            "page": {"type": "integer", "minimum": 1},
            "options": {"type": "object", "properties": {"depth": {"type": "integer"}}},
            "draft": {"type": ["boolean", "null"]},
            "when": {"type": "string", "format": "date-time"},
            "code": {"type": "string", "pattern": "^(a+)+$"},
        }
    })
}

fn plan(arguments: Value) -> Result<Vec<String>, ToolError> {
    let mut call = call("http://127.0.0.1:1", "/x");
    call.query = vec![form("owner"), form("labels"), form("page"), form("options"), form("draft")];
    executor().plan(&prepared(call, schema()), &object(arguments)).map(|plan| plan.notes)
}

fn refused(arguments: Value) -> String {
    let error = plan(arguments).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Arguments);
    error.to_string()
}

#[test]
fn good_arguments_are_not_touched() {
    assert!(
        plan(json!({"owner": "a", "labels": ["x"], "page": 2, "draft": null, "when": "whenever"})).unwrap().is_empty()
    );
}

#[test]
fn errors_name_the_argument_and_what_would_do() {
    let rows = [
        (json!({}), "`owner` is missing: it must be a string"),
        (
            json!({"owner": "a", "state": "opn"}),
            "`state` must be one of `\"open\"`, `\"closed\"`, `\"all\"` (perhaps `open`)",
        ),
        (json!({"owner": "a", "stat": "open"}), "`stat` is not an argument; did you mean `state`?"),
        (json!({"owner": 5}), "`owner` must be a string, not the number `5`; write `\"5\"`"),
        (json!({"owner": "a", "page": 0}), "`page` must be at least 1, not `0`"),
        (json!({"owner": "a", "labels": ["x", {}]}), "`labels[1]` must be a string"),
        (json!({"owner": "a", "options": {"depth": "x"}}), "`options.depth` must be an integer"),
    ];
    for (arguments, expected) in rows {
        let text = refused(arguments);
        assert!(text.contains(expected), "wanted: {expected}\ngot: {text}");
    }
}

#[test]
fn all_problems_are_told_within_bounds() {
    let text = refused(json!({"state": "x", "page": "many", "labels": 5}));
    assert_eq!(text.lines().count(), 5, "{text}");
    let long = refused(json!({"owner": "a", "page": "9".repeat(10_000) + "x"}));
    assert!(long.len() < 400, "{long}");
}

#[test]
fn one_reading_is_repaired_and_noted() {
    let rows = [
        (json!({"owner": "a", "page": null}), "`page` was null and was left out"),
        (json!({"owner": "a", "page": "3"}), "`page` was JSON in a string; it was read as `3`"),
        (json!({"owner": "a", "labels": "bug"}), "`labels` was a single value; it was sent as the list `[\"bug\"]`"),
        (json!({"owner": "a", "labels": "[\"bug\"]"}), "`labels` was JSON in a string; it was read as `[\"bug\"]`"),
        (
            json!({"owner": "a", "options": "{\"depth\": 1}"}),
            "`options` was JSON in a string; it was read as `{\"depth\":1}`",
        ),
        (json!({"owner": "a", "draft": "true"}), "`draft` was JSON in a string; it was read as `true`"),
    ];
    for (arguments, expected) in rows {
        assert_eq!(plan(arguments).unwrap(), [expected]);
    }
    assert_eq!(plan(json!({"owner": "a", "options": "{\"depth\": \"1\"}"})).unwrap().len(), 2);
}

#[test]
fn several_readings_are_left_to_the_caller() {
    refused(json!({"owner": null}));
    refused(json!({"owner": ["a"]}));
    refused(json!({"owner": "a", "labels": 5}));
    let inside = refused(json!({"owner": "a", "options": "{\"depth\": \"x\"}"}));
    assert!(inside.contains("`options.depth`"), "{inside}");
}

#[test]
fn a_schema_that_cannot_be_used_is_the_definitions_fault() {
    for schema in [json!({"type": "nonsense"}), json!({"$ref": "https://example.com/x.json"}), json!({"pattern": "("})]
    {
        let error =
            executor().plan(&prepared(call("http://127.0.0.1:1", "/"), schema), &object(json!({}))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition, "{error}");
    }
}

#[test]
fn schemas_that_lead_back_to_themselves_end() {
    let recursive = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": false});
    let tool = prepared(call("http://127.0.0.1:1", "/"), recursive);
    executor().plan(&tool, &object(json!({"next": {"next": {}}}))).unwrap();
    executor().plan(&tool, &object(json!({"next": {"other": {}}}))).unwrap_err();
    for circle in [
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"anyOf": [{"$ref": "#"}, {"type": "string"}]}),
    ] {
        let _ = executor().plan(&prepared(call("http://127.0.0.1:1", "/"), circle), &object(json!({"a": 1})));
    }
}

#[test]
fn patterns_do_not_hang() {
    let start = std::time::Instant::now();
    refused(json!({"owner": "a", "code": "a".repeat(50_000) + "b"}));
    let behind = json!({"properties": {"code": {"type": "string", "pattern": "^(?=a)(a+)+$"}}});
    let tool = prepared(call("http://127.0.0.1:1", "/"), behind);
    let error = executor().plan(&tool, &object(json!({"code": "a".repeat(5_000) + "b"}))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Arguments);
    assert!(start.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn nothing_is_sent_when_arguments_do_not_fit() {
    let server = Server::start().await;
    let tool = prepared(call(&server.url(), "/x"), schema());
    executor().call(&tool, &object(json!({"nope": 1}))).await.unwrap_err();
    assert!(server.seen().is_empty());
}
