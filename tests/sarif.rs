//! Every log in SARIF 2.1.0 that `cap` writes is one, and says what the other formats say.
//!
//! The schema here says in words of our own what matters for logs like ours; `tests/review/run` asks the validator
//! that its users have.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Value, json};
use support::{Sandbox, copy, project};

/// The parts of the SARIF 2.1.0 schema that matter for a log like ours, in words of our own.
fn sarif_schema() -> Value {
    let message = json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}});
    let level = json!({"enum": ["none", "note", "warning", "error"]});
    let physical = json!({
        "type": "object",
        "required": ["artifactLocation"],
        "properties": {
            "artifactLocation": {"type": "object", "required": ["uri"], "properties": {
                "uri": {"type": "string", "pattern": "^[A-Za-z0-9%._~/-]+$"},
            }},
            "region": {"type": "object", "additionalProperties": false, "required": ["startLine"], "properties": {
                "startLine": {"type": "integer", "minimum": 1},
                "startColumn": {"type": "integer", "minimum": 1},
                "endLine": {"type": "integer", "minimum": 1},
                "endColumn": {"type": "integer", "minimum": 1},
            }},
        },
    });
    let location = json!({"type": "object", "additionalProperties": false, "properties": {
        "physicalLocation": physical,
        "logicalLocations": {"type": "array", "items": {"type": "object"}},
        "message": message,
    }});
    let result = json!({"type": "object", "required": ["message", "ruleId"], "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": level,
        "message": message,
        "locations": {"type": "array", "minItems": 1, "items": location},
        "relatedLocations": {"type": "array", "items": location},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "properties": {"type": "object"},
    }, "additionalProperties": false});
    let rule = json!({"type": "object", "required": ["id"], "properties": {
        "id": {"type": "string"}, "shortDescription": message, "help": message,
        "defaultConfiguration": {"type": "object", "properties": {"level": level}},
        "properties": {"type": "object", "properties": {"tags": {"type": "array", "uniqueItems": true}}},
    }});
    let driver = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string"}, "semanticVersion": {"type": "string"},
        "rules": {"type": "array", "uniqueItems": true, "items": rule},
    }});
    json!({"type": "object", "required": ["version", "runs"], "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {"type": "object", "required": ["tool", "results"], "properties": {
            "tool": {"type": "object", "required": ["driver"], "properties": {"driver": driver}},
            "automationDetails": {"type": "object", "properties": {"id": {"type": "string"}}},
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            "results": {"type": "array", "items": result},
        }}},
    }, "additionalProperties": false})
}

fn judge() -> Validator {
    jsonschema::draft202012::new(&sarif_schema()).unwrap()
}

/// What is in a folder of fixtures.
fn cases(folder: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(project().join(folder)).unwrap();
    let mut all: Vec<PathBuf> = all.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_none_or(|extension| extension != "stderr"));
    all.sort();
    assert!(all.len() > 50, "{folder}");
    all
}

fn assert_is_log(log: &Value, judge: &Validator, what: &str) {
    let faults: Vec<String> = judge.iter_errors(log).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{what}: {faults:?}");
    let run = &log["runs"][0];
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"], "{what}");
    }
}

#[test]
fn every_log_of_changes_is_one() {
    let judge = judge();
    for case in cases("fixtures/diff") {
        let sandbox = Sandbox::new();
        for side in ["old", "new"] {
            fs::create_dir_all(sandbox.path().join(side)).unwrap();
            copy(&case.join(side), &sandbox.path().join(side));
        }
        let log = sandbox.run(&["diff", "old", "new", "--format", "sarif"]).json();
        assert_is_log(&log, &judge, &case.display().to_string());
    }
}

#[test]
fn every_log_of_diagnostics_is_one_and_says_what_the_json_says() {
    let judge = judge();
    for case in cases("fixtures/diagnostics") {
        let sandbox = Sandbox::new();
        let to = sandbox.path().join("capabilities");
        let to = if case.is_dir() { to } else { to.join(case.file_name().unwrap()) };
        copy(&case, &to);
        let (sarif, json) = (sandbox.run(&["check", "--format", "sarif"]), sandbox.run(&["check", "--format", "json"]));
        assert_eq!(sarif.code, json.code);
        let (log, said) = (sarif.json(), json.json());
        let what = case.display().to_string();
        assert_is_log(&log, &judge, &what);
        let results = log["runs"][0]["results"].as_array().unwrap();
        let said = said["diagnostics"].as_array().unwrap();
        assert_eq!(results.len(), said.len(), "{what}");
        for (result, said) in results.iter().zip(said) {
            assert_eq!(result["ruleId"], said["code"], "{what}");
            // SARIF has no advice.
            let level = said["severity"].as_str().map(|it| it.replace("advice", "note"));
            assert_eq!(result["level"].as_str(), level.as_deref(), "{what}");
            assert!(result["message"]["text"].as_str().unwrap().starts_with(said["message"].as_str().unwrap()));
            assert_eq!(result["relatedLocations"].as_array().unwrap().len(), said["related"].as_array().unwrap().len());
            let region = &result["locations"][0]["physicalLocation"]["region"];
            assert_eq!(region["startLine"], said["place"]["line"], "{what}");
            assert_eq!(region["startColumn"], said["place"]["column"], "{what}");
        }
    }
}

#[test]
fn a_region_counts_characters_and_ends_behind_the_last() {
    let sandbox = Sandbox::new();
    let text = "version: 1\nkind: capability\nname: greet\ndescription: Grüßt alle.\ngröße: 1\nserver: https://a.example\n\
                input: {type: object}\nrequest: {method: GET, path: /}\n";
    sandbox.write("capabilities/gruß dich.yaml", text);
    let log = sandbox.run(&["check", "--format", "sarif"]).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let unknown = results.iter().find(|result| result["ruleId"] == "CAP0105").unwrap();
    let place = &unknown["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "capabilities/gru%C3%9F%20dich.yaml");
    assert_eq!(place["region"], json!({"startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 6}));
}
