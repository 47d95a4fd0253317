//! The three-way merge of imports.
//!
//! A folder of `fixtures/merges/` is a case: `base.yaml`, `ours.yaml` and `theirs.yaml` give either
//! `merged.yaml` or `conflict.stderr`. `BLESS=1` writes those anew; review the difference.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "golden files are written where a crash costs nothing"
)]

use std::path::{Path, PathBuf};

use cap_compiler::import::merge::{Fate, Files, Made, Merged, Policy, Side, merge_file, plan, read_base, write_base};
use cap_compiler::import::{DocumentSource, ImportOptions, import};
use cap_compiler::report::{Colour, Places, render_terminal};
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_compiler::syntax::parse_definition;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn merged(base: &str, ours: &str, theirs: &str) -> Merged {
    merge_file(&SourceId::new("ours.yaml"), base, ours, theirs, None)
}

#[test]
fn each_case_merges_as_it_did() {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(fixtures().join("merges")).unwrap() {
        let case = entry.unwrap().path();
        let text = |name: &str| read(&case.join(name));
        let (name, found) = match merged(&text("base.yaml"), &text("ours.yaml"), &text("theirs.yaml")) {
            Merged::Both(text) => ("merged.yaml", text),
            Merged::Conflict(diagnostics) => {
                let mut loader = MemoryLoader::default();
                loader.insert("ours.yaml", text("ours.yaml").into_bytes());
                let places = Places::of(&diagnostics, &loader);
                ("conflict.stderr", render_terminal(&diagnostics, &places, Colour::Never))
            }
            other @ (Merged::Ours | Merged::Theirs) => panic!("{}: {other:?}", case.display()),
        };
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(case.join(name), &found).unwrap();
        }
        if text(name) != found {
            faults.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(faults.is_empty(), "run with BLESS=1 and review:\n{}", faults.join("\n"));
}

#[test]
fn a_conflict_is_settled_by_a_side() {
    let case = fixtures().join("merges/conflict");
    let text = |name: &str| read(&case.join(name));
    let settled = |side: Side| {
        let source = SourceId::new("ours.yaml");
        merge_file(&source, &text("base.yaml"), &text("ours.yaml"), &text("theirs.yaml"), Some(side))
    };
    let Merged::Both(ours) = settled(Side::Ours) else { panic!("{:?}", settled(Side::Ours)) };
    assert!(ours.contains("maximum: 50") && ours.contains("What we bake."), "{ours}");
    assert!(ours.contains("colour:"), "what is no conflict is taken over: {ours}");
    let Merged::Both(theirs) = settled(Side::Theirs) else { panic!("{:?}", settled(Side::Theirs)) };
    assert!(theirs.contains("maximum: 200") && theirs.contains("Sold-out"), "{theirs}");
}

#[test]
fn line_breaks_stay_as_they_are() {
    let case = fixtures().join("merges/lists");
    let text = |name: &str| read(&case.join(name));
    let ours = format!("\u{FEFF}{}", text("ours.yaml").replace('\n', "\r\n"));
    let Merged::Both(both) = merged(&text("base.yaml"), &ours, &text("theirs.yaml")) else { panic!("a conflict") };
    assert_eq!(both, format!("\u{FEFF}{}", text("merged.yaml").replace('\n', "\r\n")));
    let base = text("base.yaml").replace('\n', "\r\n");
    assert_eq!(merged(&text("base.yaml"), &base, &text("theirs.yaml")), Merged::Theirs);
}

/// The files of an import, by name.
fn imported(change: impl Fn(&str) -> String) -> Files {
    let text = change(&read(&fixtures().join("openapi/pet_store.yaml")));
    let document = DocumentSource { id: SourceId::new("pet_store.yaml"), bytes: text.into_bytes() };
    let files = import(&document, &ImportOptions::default(), &MemoryLoader::default()).files;
    files.into_iter().map(|(path, text)| (path.rsplit('/').next().unwrap().to_owned(), text)).collect()
}

fn newer(text: &str) -> String {
    text.replace("listPets", "listAllPets")
        .replace("summary: List pets", "summary: List the pets")
        .replace("Which page to list", "The page to list")
        .replace("newest first", "oldest first")
        .replace("{type: string, format: uuid}", "{type: string, maxLength: 90}")
        .replace("bornAfter: {type: string, format: date}", "bornAfter: {type: string, format: date-time}")
}

/// Every way to change one value of a text, one after another.
fn edits(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut edits = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let with = |new: String| {
            let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            lines[index] = new;
            lines.join("\n") + "\n"
        };
        edits.push(with(format!("{line}   # a remark")));
        edits.push(with(format!("# a remark\n{line}")));
        edits.push(with(line.replace("string", "number")));
        edits.push(with(line.replace("the", "each")));
        edits.push(with(line.replace('[', "[ours, ")));
        edits.push(with(String::new()));
    }
    edits.retain(|edit| parse(edit).is_some());
    edits
}

fn parse(text: &str) -> Option<Value> {
    parse_definition(&SourceId::new(""), text.as_bytes()).ok()
}

#[test]
fn what_one_side_left_alone_is_the_other_side() {
    let base = imported(str::to_owned);
    let theirs = imported(newer);
    for (name, text) in &base {
        if let Some(new) = theirs.get(name) {
            let expected = if new == text { Merged::Ours } else { Merged::Theirs };
            assert_eq!(merged(text, text, new), expected, "{name}");
        }
        for edited in edits(text) {
            assert_eq!(merged(text, &edited, text), Merged::Ours, "{name}");
        }
    }
}

#[test]
fn whatever_is_edited_the_merge_has_both_or_says_so() {
    let base = imported(str::to_owned);
    let theirs = imported(newer);
    let (mut done, mut conflicts) = (0, 0);
    for (name, new) in &theirs {
        let old = if name == "list_all_pets.yaml" { "list_pets.yaml" } else { name };
        let Some(text) = base.get(old).filter(|text| *text != new) else { continue };
        for edited in edits(text) {
            match merged(text, &edited, new) {
                Merged::Both(both) => {
                    done += 1;
                    assert_eq!(merged(new, &both, new), Merged::Ours);
                    // The person's changes are the ones that the document's text lacks, and back.
                    assert_eq!(
                        both.matches("a remark").count(),
                        edited.matches("a remark").count(),
                        "{edited}\n{both}"
                    );
                    match merged(text, new, &edited) {
                        Merged::Both(other) => assert!(same_but_for_order(&parse(&both), &parse(&other)), "{name}"),
                        Merged::Ours => assert_eq!(parse(&both), parse(new)),
                        Merged::Theirs | Merged::Conflict(_) => panic!("{name} merges one way only:\n{edited}"),
                    }
                }
                Merged::Conflict(_) => conflicts += 1,
                Merged::Ours | Merged::Theirs => {}
            }
        }
    }
    assert!(done > 150 && conflicts > 0 && conflicts * 5 < done, "{done} merged, {conflicts} conflicts");
}

/// Lists that merge as sets may come out in another order.
fn same_but_for_order(one: &Option<Value>, other: &Option<Value>) -> bool {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                let mut items: Vec<Value> = items.iter().map(sorted).collect();
                items.sort_by_key(Value::to_string);
                Value::Array(items)
            }
            Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }
    one.as_ref().map(sorted) == other.as_ref().map(sorted)
}

#[test]
fn a_base_comes_back_as_it_was() {
    let files = imported(str::to_owned);
    assert_eq!(read_base(&write_base(&files)), files);
    assert_eq!(read_base(&write_base(&files).replace('\n', "\r\n")), files);
    assert_eq!(read_base(""), Files::new());
}

#[test]
fn a_file_stays_itself_under_another_name() {
    let base = imported(str::to_owned);
    let theirs = Made { files: imported(newer), ..Made::default() };
    let fates = |ours: &Files| -> Vec<(String, Fate, Option<String>)> {
        let plan = plan("pets", Some(&base), ours, &theirs, Policy::default());
        let changes = plan.changes.into_iter().filter(|change| change.name.contains("pets.yaml"));
        changes.map(|change| (change.name, change.fate, change.was)).collect()
    };
    // The document renames the operation.
    let was = Some("list_pets.yaml".to_owned());
    assert_eq!(fates(&base), [("list_all_pets.yaml".to_owned(), Fate::Updated, was)]);
    // The person renames the file: their name stays.
    let mut ours = base.clone();
    let text = ours.remove("list_pets.yaml").unwrap();
    ours.insert("our_pets.yaml".to_owned(), text.replace("\n", "\n\n").replace("title: List pets", "title: Ours"));
    assert!(matches!(fates(&ours).as_slice(), [(name, Fate::Conflict, None)] if name == "our_pets.yaml"));
    ours.insert("our_pets.yaml".to_owned(), text.clone());
    assert_eq!(fates(&ours), [("our_pets.yaml".to_owned(), Fate::Updated, None)]);
    // A copy under another name is a file of its own.
    ours.insert("list_pets.yaml".to_owned(), text);
    assert_eq!(fates(&ours)[0].0, "list_all_pets.yaml");
}

#[test]
fn what_the_document_lost_goes_and_what_cannot_be_read_stays() {
    let base = imported(str::to_owned);
    let mut theirs = Made { files: base.clone(), ..Made::default() };
    theirs.files.remove("list_pets.yaml");
    let fate = |theirs: &Made, ours: &Files| {
        let plan = plan("pets", Some(&base), ours, theirs, Policy::default());
        let change = plan.changes.into_iter().find(|change| change.name == "list_pets.yaml");
        (change.map(|change| change.fate), read_base(&plan.base).contains_key("list_pets.yaml"))
    };
    assert_eq!(fate(&theirs, &base), (Some(Fate::Removed), false));
    // An edited one stays, and is a person's own once it names no operation.
    let mut ours = base.clone();
    let text = base["list_pets.yaml"].replace("List pets", "Ours");
    ours.insert("list_pets.yaml".to_owned(), text.clone());
    assert_eq!(fate(&theirs, &ours), (Some(Fate::Kept), true));
    let (front, _) = text.split_once("source:").unwrap();
    ours.insert("list_pets.yaml".to_owned(), front.to_owned());
    assert_eq!(fate(&theirs, &ours), (None, false));
    // An operation that the document has and that cannot be imported today keeps its file.
    theirs.skipped.insert("/paths/~1pets/get".to_owned());
    assert_eq!(fate(&theirs, &base), (Some(Fate::Unchanged), true));
}
