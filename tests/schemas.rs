//! The generated JSON Schemas: fresh, and of one mind with the compiler.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use cap_compiler::source::SourceId;
use serde_json::Value;
use support::{Sandbox, golden, project};

const KINDS: [(&str, &str); 6] = [
    ("capability", "capability.schema.json"),
    ("api", "api.schema.json"),
    ("schemas", "schemas.schema.json"),
    ("upstream", "upstream.schema.json"),
    ("settings", "cap.schema.json"),
    ("audit", "audit.schema.json"),
];

#[test]
fn the_schemas_in_the_project_are_what_the_program_prints() {
    let sandbox = Sandbox::new();
    let faults: Vec<String> = KINDS
        .iter()
        .filter_map(|(kind, file)| {
            let printed = sandbox.ok(&["schema", kind]).stdout;
            golden(&project().join("schemas").join(file), &printed).err()
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn schema_of(tree: &Value) -> Option<jsonschema::Validator> {
    let kind = tree.get("kind")?.as_str()?;
    let (_, file) = KINDS.iter().find(|(name, _)| *name == kind)?;
    let schema: Value = serde_json::from_slice(&fs::read(project().join("schemas").join(file)).unwrap()).unwrap();
    Some(jsonschema::draft202012::new(&schema).unwrap())
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn tree(path: &Path) -> Option<Value> {
    cap_compiler::syntax::parse_definition(&SourceId::new("x.yaml"), &fs::read(path).unwrap()).ok()
}

#[test]
fn good_files_are_good_by_their_schema() {
    let folders = ["capabilities", "fixtures/definitions", "fixtures/imported"];
    let files: Vec<PathBuf> = folders.iter().flat_map(|folder| yaml_files(&project().join(folder))).collect();
    assert!(files.len() > 30, "only {} files", files.len());
    for file in files {
        let tree = tree(&file).unwrap();
        let faults: Vec<String> = schema_of(&tree).unwrap().iter_errors(&tree).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", file.display());
    }
}

#[test]
fn files_of_a_wrong_shape_are_wrong_by_their_schema() {
    let mut seen = 0;
    for file in yaml_files(&project().join("fixtures/diagnostics")) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // Unknown keys, missing keys and wrong types are what a schema can say.
        let Some(tree) = tree(&file).filter(|_| ["CAP0105", "CAP0106", "CAP0107"].contains(&&name[..7])) else {
            continue;
        };
        let Some(schema) = schema_of(&tree) else { continue };
        assert!(!schema.is_valid(&tree), "{name} is refused by the compiler and accepted by the schema");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} files");
}
