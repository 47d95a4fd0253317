//! Whatever an agent sends as a value arrives as that value and as nothing else: each place of a
//! request is read back by decoders of this test's own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests may panic and talk")]

mod decode;
#[path = "../execute/support.rs"]
#[allow(dead_code, reason = "shared with the tests of single calls, which use all of it")]
mod support;
mod wire;

use std::collections::BTreeSet;

use cap_compiler::capability::{Body, BodyContent, BodyPart, HttpCall, PathPiece, Style, Text};
use cap_runtime::execute::{ErrorKind, RequestPlan, ToolError};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use self::support::{anything, bound, call, executor, form, object, prepared, simple, styled};

/// Few and without a file of failures: each run is a new draw, and what fails becomes a test.
/// `PROPTEST_CASES` asks for more.
pub(crate) fn settings() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { 64 };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

fn planned(call: HttpCall, arguments: Value) -> Result<RequestPlan, ToolError> {
    executor().plan(&prepared(call, anything()), &object(arguments))
}

/// A text with what ends, begins or escapes something in some place of a request.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        select(vec!["/", "..", ".", "?", "#", "&", "=", ";", ",", "+", " ", "%", "%2e", "%2F", "[", "]", "\\", "\""]),
        select(vec![
            "@",
            ":",
            "|",
            "{{ q }}",
            "{% raw %}",
            "a",
            "B",
            "0",
            "~",
            "-",
            "_",
            "ü",
            "日",
            "🦀",
            "'",
            "<",
            "--"
        ]),
    ];
    prop_oneof![3 => vec(token, 0..6).prop_map(|parts| parts.concat()), 1 => any::<String>()]
}

/// A text that can stand in a path: what no encoding makes safe is left out.
pub(crate) fn segment() -> impl Strategy<Value = String> {
    let safe = |text: &String| !text.chars().any(char::is_control) && !text.trim_matches('.').is_empty();
    // `%2e` is two dots' worth of trouble only once a server decodes twice; it stays a value.
    text().prop_filter("a path cannot have it", safe)
}

fn members() -> impl Strategy<Value = Vec<(String, String)>> {
    btree_map(segment(), text(), 1..4).prop_map(|members| members.into_iter().collect())
}

fn as_object(members: &[(String, String)]) -> Value {
    Value::Object(members.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>())
}

fn query_text(plan: &RequestPlan) -> String {
    plan.query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn in_path(style: Style, explode: bool, value: &Value) -> String {
    let mut call = call("https://api.example.com", "/x/");
    call.path.push(PathPiece::Value(styled("p", style, explode)));
    call.path.push(PathPiece::Literal("/end".to_owned()));
    let path = planned(call, json!({"p": value})).unwrap().path;
    let segments: Vec<&str> = path.split('/').collect();
    assert_eq!((segments.len(), segments[1], segments[3]), (4, "x", "end"), "{path}");
    assert!(!path.contains(['?', '#']), "{path}");
    segments[2].to_owned()
}

fn in_query(style: Style, explode: bool, value: &Value) -> String {
    let mut call = call("https://api.example.com", "/x");
    call.query.push(styled("q", style, explode));
    let plan = planned(call, json!({"q": value})).unwrap();
    assert_eq!(plan.path, "/x");
    query_text(&plan)
}

fn with_body(content: BodyContent, arguments: Value) -> Result<RequestPlan, ToolError> {
    let mut call = call("https://api.example.com", "/x");
    call.method = "POST".to_owned();
    call.body = Some(Body { media_type: Text::default(), optional: false, content, empty: None, choice: None });
    planned(call, arguments)
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn a_text_in_a_path_is_one_segment(value in segment()) {
        prop_assert_eq!(decode::percent(&in_path(Style::Simple, false, &json!(value))), Some(value.clone()));
        let label = in_path(Style::Label, false, &json!(value));
        prop_assert_eq!(decode::percent(label.strip_prefix('.').unwrap()), Some(value.clone()));
        let matrix = in_path(Style::Matrix, true, &json!(value));
        prop_assert_eq!(decode::percent(matrix.strip_prefix(";p=").unwrap()), Some(value));
    }

    #[test]
    fn a_list_in_a_path_is_one_segment(values in vec(segment(), 1..4)) {
        let value = json!(values);
        prop_assert_eq!(decode::items(&in_path(Style::Simple, true, &value), ","), Some(values.clone()));
        let matrix = in_path(Style::Matrix, true, &value);
        prop_assert_eq!(decode::items(matrix.strip_prefix(";p=").unwrap(), ";p="), Some(values));
    }

    #[test]
    fn an_object_in_a_path_is_one_segment(
        members in btree_map(segment(), segment(), 1..4).prop_map(|members| members.into_iter().collect::<Vec<_>>()),
    ) {
        let value = as_object(&members);
        prop_assert_eq!(decode::alternating(&in_path(Style::Simple, false, &value), ","), Some(members.clone()));
        prop_assert_eq!(decode::assignments(&in_path(Style::Simple, true, &value), ','), Some(members.clone()));
        let matrix = in_path(Style::Matrix, true, &value);
        prop_assert_eq!(decode::assignments(matrix.strip_prefix(';').unwrap(), ';'), Some(members));
    }

    #[test]
    fn any_text_in_a_path_stays_in_its_segment_or_is_refused(first in any::<String>(), second in text()) {
        let mut call = call("https://api.example.com", "/x/");
        call.path.extend([PathPiece::Value(simple("a")), PathPiece::Value(simple("b"))]);
        match planned(call, json!({"a": first, "b": second})) {
            Ok(plan) => {
                prop_assert_eq!(plan.path.matches('/').count(), 2, "{}", plan.path);
                let segment = decode::percent(plan.path.rsplit('/').next().unwrap()).unwrap();
                prop_assert!(!matches!(segment.as_str(), "" | "." | ".."));
                prop_assert_eq!(segment, format!("{first}{second}"));
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Arguments),
        }
    }

    #[test]
    fn a_text_in_a_query_is_one_value(value in text()) {
        let expected = Some(vec![("q".to_owned(), value.clone())]);
        for style in [Style::Form, Style::SpaceDelimited, Style::PipeDelimited, Style::DeepObject] {
            prop_assert_eq!(decode::pairs(&in_query(style, true, &json!(value))), expected.clone());
        }
    }

    #[test]
    fn a_list_in_a_query_is_that_list(values in vec(text(), 1..5)) {
        let repeated: Vec<_> = values.iter().map(|value| ("q".to_owned(), value.clone())).collect();
        prop_assert_eq!(decode::pairs(&in_query(Style::Form, true, &json!(values))), Some(repeated));
        let delimited = in_query(Style::Form, false, &json!(values));
        let [(name, list)] = decode::raw_pairs(&delimited)[..] else { panic!("{delimited}") };
        prop_assert_eq!((name, decode::items(list, ",")), ("q", Some(values.clone())));
        let deep = decode::pairs(&in_query(Style::DeepObject, true, &json!(values))).unwrap();
        prop_assert!(deep.iter().all(|(name, _)| name == "q[]"));
        prop_assert_eq!(deep.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), values);
    }

    #[test]
    fn an_object_in_a_query_is_that_object(members in members()) {
        let value = as_object(&members);
        prop_assert_eq!(decode::pairs(&in_query(Style::Form, true, &value)), Some(members.clone()));
        let delimited = in_query(Style::Form, false, &value);
        let [(name, list)] = decode::raw_pairs(&delimited)[..] else { panic!("{delimited}") };
        prop_assert_eq!((name, decode::alternating(list, ",")), ("q", Some(members)));
    }

    #[test]
    fn a_deep_object_is_that_object(
        outer in btree_map("[^\\[\\]]{1,4}", btree_map("[^\\[\\]]{1,4}", text(), 1..3), 1..3),
    ) {
        let sent = decode::pairs(&in_query(Style::DeepObject, true, &json!(outer))).unwrap();
        let found = sent.iter().map(|(key, value)| (decode::brackets(key).unwrap(), value.as_str())).collect::<Vec<_>>();
        let expected = outer.iter().flat_map(|(first, inner)| {
            inner.iter().map(move |(second, value)| (("q", vec![first.as_str(), second.as_str()]), value.as_str()))
        });
        prop_assert_eq!(found, expected.collect::<Vec<_>>());
    }

    /// The members of an object may become keys, but never one that is somebody else's.
    #[test]
    fn no_member_takes_another_parameters_key(
        mut members in btree_map("[a-c&=]{1,2}", text(), 0..4), style in select(vec![Style::Form, Style::DeepObject]),
        takes: bool, other in text(),
    ) {
        let (named, taken) = if style == Style::Form { ("admin", "admin") } else { ("q[admin]", "admin") };
        if takes {
            members.insert(taken.to_owned(), "stolen".to_owned());
        }
        let mut call = call("https://api.example.com", "/x");
        call.query.extend([styled("q", style, true), form(named)]);
        call.query[1].value = bound("other");
        match planned(call, json!({"q": members, "other": other})) {
            Ok(plan) => {
                prop_assert!(!takes);
                let sent = decode::pairs(&query_text(&plan)).unwrap();
                prop_assert_eq!(sent.iter().filter(|(key, _)| key == named).count(), 1);
                let keys: BTreeSet<&str> = sent.iter().map(|(key, _)| key.trim_start_matches("q[").trim_end_matches(']')).collect();
                prop_assert!(keys.iter().all(|key| *key == taken || members.contains_key(*key)), "{:?}", keys);
            }
            Err(error) => prop_assert!(takes, "{error}"),
        }
    }

    #[test]
    fn a_header_has_one_line_and_its_value(value in prop_oneof![text(), ".*[\r\n\u{0}].*"]) {
        let mut call = call("https://api.example.com", "/x");
        call.headers.push(simple("X-Note"));
        match planned(call, json!({"X-Note": value})) {
            Ok(plan) => {
                let sent: Vec<String> = plan.headers.iter().filter(|(name, _)| name == "X-Note").map(|(_, it)| it.to_string()).collect();
                prop_assert_eq!(plan.headers.len(), 2);
                prop_assert!(!value.chars().any(char::is_control));
                prop_assert_eq!(sent, [value]);
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Arguments);
                prop_assert!(value.chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn a_list_in_a_header_is_that_list(values in vec("[^,\\pC]{1,5}", 1..4)) {
        let mut call = call("https://api.example.com", "/x");
        call.headers.push(simple("X-Note"));
        let plan = planned(call, json!({"X-Note": values})).unwrap();
        let sent = plan.headers[0].1.to_string();
        prop_assert_eq!(sent.split(',').collect::<Vec<_>>(), values);
    }

    #[test]
    fn a_cookie_is_one_cookie(value in text()) {
        let mut call = call("https://api.example.com", "/x");
        call.cookies.push(form("c"));
        let plan = planned(call, json!({"c": value})).unwrap();
        prop_assert_eq!(plan.cookies.len(), 1);
        prop_assert!(!plan.cookies[0].contains([';', ' ', ',', '"', '\\']), "{}", plan.cookies[0]);
        prop_assert_eq!(decode::percent(plan.cookies[0].strip_prefix("c=").unwrap()), Some(value));
    }

    #[test]
    fn a_form_body_is_its_fields(one in text(), many in vec(text(), 1..4), members in members()) {
        let mut fields = vec![form("one"), form("many"), styled("members", Style::Form, false)];
        fields[2].value = bound("members");
        let arguments = json!({"one": one, "many": many, "members": as_object(&members)});
        let plan = with_body(BodyContent::Form(fields), arguments).unwrap();
        let body = String::from_utf8(plan.body.unwrap().content.to_bytes()).unwrap();
        let pairs = decode::raw_pairs(&body);
        let (last, first) = pairs.split_last().unwrap();
        let first: Vec<_> = first.iter().map(|(name, value)| (*name, decode::form(value).unwrap())).collect();
        let expected: Vec<_> = std::iter::once(("one", one)).chain(many.into_iter().map(|it| ("many", it))).collect();
        prop_assert_eq!(first, expected);
        prop_assert_eq!((last.0, decode::alternating(last.1, ",")), ("members", Some(members)));
    }

    #[test]
    fn a_json_body_is_its_value(value in text(), members in members()) {
        let sent = json!({"value": value, "members": as_object(&members), "list": [null, 1.5, true, value]});
        let plan = with_body(BodyContent::Json(bound("body")), json!({"body": sent})).unwrap();
        let read: Value = serde_json::from_slice(&plan.body.unwrap().content.to_bytes()).unwrap();
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn a_multipart_body_is_its_parts(values in vec(text(), 1..4), name in "[^\\pC%]{1,5}", filename in text()) {
        let part = |name: &str| BodyPart {
            name: name.to_owned(), value: bound("v"), binary: false, content_type: None, headers: Vec::new(), encoding: None,
            filename: Some(Text { pieces: vec![cap_compiler::capability::Piece::Hole(support::argument("f"))] }),
        };
        let content = BodyContent::Multipart(vec![part(&name)]);
        let plan = with_body(content, json!({"v": values, "f": filename})).unwrap();
        let body = plan.body.unwrap();
        let boundary = body.media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let expected: Vec<_> = values.into_iter().map(|value| (name.clone(), value.into_bytes())).collect();
        prop_assert_eq!(decode::multipart(&body.content.to_bytes(), boundary), Some(expected));
    }
}
