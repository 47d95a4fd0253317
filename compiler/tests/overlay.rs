//! Overlays over the pet store: what they change, and what is said of wrong ones.
//!
//! `fixtures/overlays/CAPnnnn_what_is_wrong.yaml` is a case, its golden text stands beside it.
//! `BLESS=1` writes the texts anew; review the difference.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "golden files are written where a crash costs nothing"
)]

use std::path::{Path, PathBuf};

use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::report::{Colour, Places, render_terminal};
use cap_compiler::source::{MemoryLoader, SourceId};

const HEAD: &str = "overlay: 1.1.0\ninfo: {title: Test, version: '1'}\nactions:\n";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn pet_store() -> DocumentSource {
    let bytes = std::fs::read(fixtures().join("openapi/pet_store.yaml")).unwrap();
    DocumentSource { id: SourceId::new("pet_store.yaml"), bytes }
}

fn with_overlays(texts: &[String]) -> Import {
    let source = |(index, text): (usize, &String)| DocumentSource {
        id: SourceId::new(&format!("overlay{index}.yaml")),
        bytes: text.clone().into_bytes(),
    };
    let overlays = texts.iter().enumerate().map(source).collect();
    import(&pet_store(), &ImportOptions { overlays, ..ImportOptions::default() }, &MemoryLoader::default())
}

fn with(actions: &str) -> Import {
    with_overlays(&[format!("{HEAD}{actions}")])
}

fn file<'i>(import: &'i Import, name: &str) -> &'i str {
    let wanted = format!("pet_store/{name}.yaml");
    let found = import.files.iter().find(|(path, _)| *path == wanted);
    &found.unwrap_or_else(|| panic!("no {name}: {:?}", import.diagnostics)).1
}

fn said(import: &Import, texts: &[(&str, &[u8])]) -> String {
    let mut loader = MemoryLoader::default();
    for (name, bytes) in texts {
        loader.insert(name, *bytes);
    }
    render_terminal(&import.diagnostics, &Places::of(&import.diagnostics, &loader), Colour::Never)
}

#[test]
fn wrong_overlays_are_explained() {
    let mut differences = Vec::new();
    for entry in std::fs::read_dir(fixtures().join("overlays")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let overlays = vec![DocumentSource { id: SourceId::new(&name), bytes: bytes.clone() }];
        let result =
            import(&pet_store(), &ImportOptions { overlays, ..ImportOptions::default() }, &MemoryLoader::default());
        let about = result.diagnostics.iter().filter(|it| it.primary.place.source.as_str() == name).cloned().collect();
        let text = said(&Import { diagnostics: about, ..Import::default() }, &[(&name, &bytes)]);
        assert!(text.contains(&name[..7]), "{name}: {text}");
        assert_eq!(result.files.is_empty(), text.contains("error["), "{name}: an overlay applies whole or not at all");
        let golden = path.with_extension("stderr");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != text {
            differences.push(format!("{name}:\n{text}"));
        }
    }
    assert!(differences.is_empty(), "run with BLESS=1 and review:\n{}", differences.join("\n"));
}

#[test]
fn mappings_merge_lists_grow_and_texts_are_replaced() {
    let result = with(
        "
  - target: $.paths['/pets'].get
    update:
      summary: Pets for sale
      tags: [shop]
      x-new: {deep: {value: 1}}
  - target: $.paths['/pets'].get.parameters
    update: {name: colour, in: query, description: Only pets of this colour., schema: {type: string}}
  - target: $.info.title
    update: Pet Store
",
    );
    let text = file(&result, "list_pets");
    assert!(text.contains("title: Pets for sale\n"), "{text}");
    assert!(text.contains("tags: [pets, shop]\n"), "{text}");
    assert!(text.contains("Only pets of this colour."), "{text}");
    assert!(text.contains("newest first"), "what the overlay does not name stays: {text}");
}

#[test]
fn what_is_removed_is_not_imported() {
    let result = with(
        "
  - {target: '$.paths.*.delete', remove: true}
  - {target: \"$..parameters[?@.name == 'status' || @.name == 'tags']\", remove: true}
",
    );
    assert!(!result.files.iter().any(|(path, _)| path.contains("delete")), "{:?}", result.files);
    let text = file(&result, "list_pets");
    assert!(!text.contains("status:") && !text.contains("tags: \"{{"), "{text}");
    assert!(text.contains("page:"), "{text}");
}

#[test]
fn what_is_copied_stands_twice() {
    let result = with(
        "
  - target: $.paths
    update: {/animals: {}}
  - target: $.paths['/animals']
    copy: $.paths['/pets']
  - target: $.paths['/animals'].get.operationId
    update: listAnimals
  - {target: \"$.paths['/animals']['post', 'head']\", remove: true}
",
    );
    assert!(file(&result, "list_animals").contains("path: /animals\n"));
    assert!(file(&result, "list_pets").contains("path: /pets\n"));
}

#[test]
fn overlays_apply_in_order_and_are_recorded() {
    let first = format!("{HEAD}  - {{target: $.info.title, update: First}}\n");
    let second = format!("{HEAD}  - {{target: \"$.info[?@ == 'First']\", update: Second}}\n");
    let result = with_overlays(&[first.clone(), second.clone()]);
    assert_eq!(result.api_name, "second");
    let (_, api) = result.files.iter().find(|(path, _)| path == "second/api.yaml").unwrap();
    assert_eq!(api.matches("sha256:").count(), 3, "{api}");
    assert_eq!(with_overlays(&[second, first]).api_name, "first");
}

#[test]
fn json_overlays_and_number_versions_are_read() {
    let text = r#"{"overlay": "1.0.0", "info": {"title": "T", "version": "1"}, "extends": "other.yaml",
        "actions": [{"target": "$.info", "update": {"title": "From JSON"}}]}"#;
    assert_eq!(with_overlays(&[text.to_owned()]).api_name, "from_json");
    let text = text.replace("\"1.0.0\"", "1.1");
    assert_eq!(with_overlays(&[text]).api_name, "from_json");
}

#[test]
fn no_overlay_makes_the_document_grow_without_end() {
    let doubling = "  - {target: $.info, copy: $}\n".repeat(60);
    let result = with(&doubling);
    assert!(result.files.is_empty());
    assert!(said(&result, &[]).contains("too large or too deep"), "{}", said(&result, &[]));
    // Each of these would select more places than the last, and then everything is added to each.
    for target in ["$..*..*..*..*..*", "$..[*,*,*,*,*,*,*,*]..[*,*,*,*,*,*,*,*]..*", "$..*"] {
        let result = with(&format!("  - {{target: '{target}', remove: false, copy: $}}\n"));
        assert!(result.files.is_empty(), "{target}");
    }
    let brackets = format!("  - {{target: '$[?{}@.a{}]', remove: true}}\n", "(".repeat(900), ")".repeat(900));
    assert!(with(&brackets).files.is_empty());
}

#[test]
fn paths_of_every_form_select_what_they_say() {
    let titles = |target: &str| {
        let result = with(&format!("  - target: {target}\n    update: {{x-seen: true}}\n"));
        said(&result, &[]).matches("CAP0438").count() + said(&result, &[]).matches("error[CAP043").count()
    };
    for target in [
        "$.paths['/pets'].get",
        "'$[\"paths\"][\"/pets\"].get'",
        "$.paths['/pets']['get', 'post']",
        "$..get",
        "$..['get']",
        "$.paths.*.get.parameters[0]",
        "$.paths.*.get.parameters[-1:]",
        "$.paths[?@.get].get",
        "\"$.paths.*.get[?@.in == 'query']\"",
        "\"$.paths.*.*.parameters[?@.name == 'page' && @.in == 'query']\"",
        "\"$.paths.*.*.parameters[?match(@.name, 'p.*')]\"",
        "\"$.paths.*[?length(@.tags) == 1]\"",
        "$",
    ] {
        let expected = usize::from(target.contains("get[?"));
        assert_eq!(titles(target), expected, "{target}");
    }
}
