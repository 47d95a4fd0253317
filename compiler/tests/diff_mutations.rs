//! Every key of every definition among the fixtures, changed and taken away: whatever compiles to something else
//! is a change that the comparison tells of.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on fails, and says what it saw")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::compile::{ParsedFile, compile, parse_file};
use cap_compiler::diff::{Changes, Class, Side, compare};
use cap_compiler::pin::Pins;
use cap_compiler::source::SourceId;
use cap_compiler::syntax::parse_definition;
use serde_json::{Value, json};

type Files = BTreeMap<SourceId, Arc<ParsedFile>>;

/// Folders with definitions that compile.
fn folders() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let within = |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut folders = within(&fixtures.join("imported"));
    folders.extend(within(&fixtures.join("diff")).into_iter().map(|pair| pair.join("new")));
    folders.sort();
    folders
}

fn texts(folder: &Path, top: &Path, found: &mut BTreeMap<SourceId, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, top, found);
        } else if path.extension().is_some_and(|it| it == "yaml") && path.file_name().unwrap() != "cap.yaml" {
            let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
            found.insert(SourceId::new(&name), fs::read(&path).unwrap());
        }
    }
}

fn side(files: &Files) -> (Side, bool) {
    let compilation = compile(files.values(), &Pins::default());
    (Side::of(&compilation, &BTreeMap::new()), compilation.failed.is_empty())
}

/// All that is compared; where a file is, no mutation changes.
fn shown(side: &Side) -> String {
    format!("{:?} {:?} {:?}", side.capabilities, side.servers, side.upstreams)
}

/// What else could stand in the place of a value; nothing for what is only there to hold others.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(it) => vec![json!(!it)],
        Value::Number(it) => it.as_i64().map(|it| vec![json!(it + 1)]).unwrap_or_default(),
        Value::String(it) => {
            let swapped = ["http://other.example/x", "private", "none", "POST", "other", "SECOND", "2s", "query"];
            let mut others: Vec<Value> = swapped.iter().filter(|other| *other != it).map(|it| json!(it)).collect();
            others.push(json!(format!("{it}x")));
            others
        }
        Value::Array(items) if !items.is_empty() => vec![json!(items.iter().skip(1).collect::<Vec<_>>())],
        Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

/// Each tree that is the given one with one difference, and where that is.
fn mutations(tree: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut waiting = vec![String::new()];
    while let Some(at) = waiting.pop() {
        let here = tree.pointer(&at).unwrap();
        let step = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match here {
            Value::Object(map) => {
                for key in map.keys() {
                    let mut without = tree.clone();
                    without.pointer_mut(&at).unwrap().as_object_mut().unwrap().shift_remove(key);
                    found.push((format!("{} taken away", step(key)), without));
                    waiting.push(step(key));
                }
            }
            Value::Array(items) => waiting.extend((0..items.len()).map(|index| step(&index.to_string()))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        for other in others(here) {
            let mut changed = tree.clone();
            let text = format!("{at} is {other}");
            *changed.pointer_mut(&at).unwrap() = other;
            found.push((text, changed));
        }
    }
    found
}

/// Whether a change of this key is about hosts or credentials. In one of the two directions it is a wider reach.
fn is_about_reach(what: &str) -> bool {
    ["/auth", "/schemes", "/security", "/network", "/proxy", "/tls", "/transport"]
        .iter()
        .any(|key| what.starts_with(key))
}

/// Whether another text stands where a model reads it: the value of a keyword that says something, in a schema or
/// of a tool. What is named like such a keyword is an argument, and holds a schema instead of a text.
fn is_of_words(what: &str) -> bool {
    let Some((at, _)) = what.split_once(" is \"") else { return false };
    let in_schema = ["/input/", "/response/schema/"].iter().any(|start| at.starts_with(start));
    let is_data = ["/enum/", "/const/", "/required/"].iter().any(|within| at.contains(within));
    let key = at.rsplit('/').next().unwrap_or_default();
    let says = |key: &str| matches!(key, "title" | "description" | "example" | "$comment") || key.starts_with("x-");
    matches!(at, "/title" | "/description") || in_schema && !is_data && says(key)
}

#[test]
fn whatever_compiles_to_something_else_is_told() {
    let (mut silent, mut told, mut failed, mut of_words) = (BTreeSet::new(), 0, 0, 0);
    for folder in folders() {
        let mut all = BTreeMap::new();
        texts(&folder, &folder, &mut all);
        let parsed: Files =
            all.iter().map(|(source, bytes)| (source.clone(), Arc::new(parse_file(source, bytes)))).collect();
        let (before, _) = side(&parsed);
        let was = shown(&before);
        // Of large folders the first files are enough: the rest is like them.
        for (source, bytes) in all.iter().take(MOST_FILES) {
            let Ok(tree) = parse_definition(source, bytes) else { continue };
            for (what, changed) in mutations(&tree) {
                let mut files = parsed.clone();
                files.insert(source.clone(), Arc::new(parse_file(source, changed.to_string().as_bytes())));
                let (after, compiles) = side(&files);
                if !compiles {
                    failed += 1;
                } else if shown(&after) != was {
                    told += 1;
                    let reach = |changes: &Changes| changes.count(Class::Reach) > 0;
                    if is_about_reach(&what) && !reach(&compare(&before, &after)) && !reach(&compare(&after, &before)) {
                        silent.insert(format!("{}: {source}: {what} (no reach)", folder.display()));
                    }
                    let words = |changes: &Changes| changes.count(Class::Words) > 0;
                    if is_of_words(&what) {
                        of_words += 1;
                        if !words(&compare(&before, &after)) || !words(&compare(&after, &before)) {
                            silent.insert(format!("{}: {source}: {what} (no words)", folder.display()));
                        }
                    }
                    // What is new in one direction is gone in the other.
                    for (from, to, way) in [(&before, &after, "there"), (&after, &before, "back")] {
                        if compare(from, to).is_empty() {
                            silent.insert(format!("{}: {source}: {what} ({way})", folder.display()));
                        }
                    }
                }
            }
        }
    }
    println!("{told} changes, {of_words} of them of words, {failed} that do not compile, {} not told", silent.len());
    assert!(told > 3_000 && of_words > 300, "{told}, {of_words} of words");
    assert!(silent.is_empty(), "{:#?}", silent.iter().take(100).collect::<Vec<_>>());
}

const MOST_FILES: usize = 12;
