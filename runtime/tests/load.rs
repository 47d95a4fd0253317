//! Loading again gives what loading anew gives, whatever changed in between.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and files in a temporary folder need no care"
)]

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use cap_compiler::pin::{Digest, Policy};
use cap_runtime::load::{Loaded, Loader};

/// A path and the texts that its file may have; at times it is not there.
type Choice = (&'static str, &'static [&'static str]);

const CHOICES: [Choice; 8] = [
    (
        "a/api.yaml",
        &[
            "version: 1\nkind: api\nname: a\nserver: https://a.example\n",
            "version: 1\nkind: api\nname: a\nserver: https://b.example\nheaders: {X-Key: \"{{ secret.KEY }}\"}\n",
            "version: 1\nkind: api\nname: other\nserver: https://a.example\n",
            "version: 1\nkind: api\nname: a\nserver: nowhere\n",
            "version: 1\nkind: [",
        ],
    ),
    (
        "b/api.yaml",
        &[
            "version: 1\nkind: api\nname: b\nserver: https://b.example\nauth: {bearer: \"{{ secret.KEY }}\"}\n",
            "version: 1\nkind: api\nname: a\nserver: https://thief.example\n",
        ],
    ),
    (
        "a/schemas.yaml",
        &[
            "version: 1\nkind: schemas\n$defs:\n  Name: {type: string}\n  Other: {$ref: '#/$defs/Name'}\n",
            "version: 1\nkind: schemas\n$defs:\n  Name: {type: string, maxLength: 5}\n",
            "version: 1\nkind: schemas\n$defs:\n  Nothing: {type: string}\n",
            "version: 1\nkind: schemas\n$defs:\n  Name: {type: string}\n  Other: {$ref: '#/$defs/Nowhere'}\n",
        ],
    ),
    ("a/one.yaml", &[ONE, "version: 1\nkind: capability\nname: one\napi: b\n", "kind: capability\napi: a\n"]),
    ("a/copy.yaml", &[ONE]),
    ("a/named.yaml", &[NAMED, LONG_NAMED]),
    (
        "a.yaml",
        &[
            "version: 1\nkind: capability\nname: a\nserver: https://a.example\ndescription: Stands alone.\n\
             input: {type: object, additionalProperties: false}\nrequest: {method: GET, path: /}\n",
            "version: 1\nkind: capability\nname: alone\nserver: https://c.example\ndescription: Stands alone.\n\
             auth: {bearer: \"{{ secret.KEY }}\"}\n\
             input: {type: object, additionalProperties: false}\nrequest: {method: GET, path: /}\n",
        ],
    ),
    (
        "odd.yaml",
        &[
            "version: 1\nkind: api\nname: b\nserver: https://odd.example\ndescription: |\n  Text.\n# \nkind: capability\napi: x\n",
            "version: 1\n\"kind\": api\nname: b\ntitle: \"\nkind: capability\n\napi: x\"\nserver: https://odd.example\n",
        ],
    ),
];

const ONE: &str = "version: 1\nkind: capability\nname: one\napi: a\ndescription: One.\n\
                   input: {type: object, additionalProperties: false}\nrequest: {method: GET, path: /one}\n";
const NAMED: &str = "version: 1\nkind: capability\nname: named\napi: a\ndescription: Takes a name.\n\
                     input: {type: object, additionalProperties: false, required: [name], \
                     properties: {name: {$ref: 'schemas.yaml#/$defs/Name'}}}\n\
                     request: {method: GET, path: '/{{ name }}'}\n";
const LONG_NAMED: &str = "version: 1\nkind: capability\nname: named\napi: a\ndescription: Takes no name.\n\
                          input: {type: object, additionalProperties: false, properties: {unused: {type: string}}}\n\
                          request: {method: GET, path: /}\n";

#[test]
fn loading_again_is_loading_anew() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("capabilities");
    fs::create_dir_all(root.join("a")).unwrap();
    fs::create_dir_all(root.join("b")).unwrap();
    for policy in [Policy::AllowUnlisted, Policy::RequireLocked] {
        let mut loader = Loader::new(std::slice::from_ref(&root), policy);
        let mut state: u64 = 7;
        let mut drawn = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut served = 0;
        for step in 0..600 {
            let (path, texts) = CHOICES[drawn(CHOICES.len())];
            match texts.get(drawn(texts.len() + 1)) {
                Some(text) => fs::write(root.join(path), text).unwrap(),
                None => _ = fs::remove_file(root.join(path)),
            }
            if drawn(5) == 0 {
                pin(&root, drawn(3));
            }
            let again = loader.load().unwrap();
            let anew = Loader::new(std::slice::from_ref(&root), policy).load().unwrap();
            compare(&again, &anew, &format!("step {step}: {path}"));
            served += anew.tools.len();
        }
        assert!(served > 100, "only {served} tools were served in all steps");
    }
}

/// Lists some of the files as they are.
fn pin(root: &Path, which: usize) {
    let listed = CHOICES.iter().enumerate().filter(|(at, _)| at % 3 != which);
    let lines =
        listed.filter_map(|(_, (path, _))| Some(format!("{}  {path}\n", Digest::of(&fs::read(root.join(path)).ok()?))));
    fs::write(root.join("cap.lock"), lines.collect::<String>()).unwrap();
}

fn compare(again: &Loaded, anew: &Loaded, what: &str) {
    assert_eq!(again.diagnostics, anew.diagnostics, "{what}");
    assert_eq!(again.pins, anew.pins, "{what}");
    assert_eq!(again.fingerprint, anew.fingerprint, "{what}");
    // What is served in its last good form, or held back in it, nobody who begins now can know.
    let kept = |file: &cap_compiler::source::SourceId| again.stale.contains(file);
    let tools = |loaded: &Loaded| -> Vec<_> {
        let tools = loaded.tools.iter().filter(|tool| !kept(&tool.origin.definition));
        tools.map(|tool| ((*tool.pinned).clone(), tool.pin(), tool.files.digest())).collect()
    };
    assert_eq!(tools(again), tools(anew), "{what}");
    for held in &anew.quarantined {
        assert!(again.quarantined.contains(held), "{what}: {held:?}");
    }
}

/// A file that was read long ago is known by its looks. No program can make it look the same.
#[test]
fn what_looks_the_same_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    fs::write(&path, ONE.replace("api: a", "server: https://a.example")).unwrap();
    let mut loader = Loader::new(&[folder.path().to_owned()], Policy::AllowUnlisted);
    sleep(Duration::from_millis(2_100));
    let first = loader.load().unwrap();
    assert!(loader.load_unless(Some(first.fingerprint)).unwrap().is_none());
    let times = fs::metadata(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap().replace("description: One.", "description: Two.");
    fs::write(&path, text).unwrap();
    let times = FileTimes::new().set_modified(times.modified().unwrap()).set_accessed(times.accessed().unwrap());
    File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    sleep(Duration::from_millis(2_100));
    let second = loader.load_unless(Some(first.fingerprint)).unwrap().unwrap();
    assert_eq!(second.tools[0].description, "Two.");
    assert!(loader.load_unless(Some(second.fingerprint)).unwrap().is_none());
}

fn write_all(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }
}

fn pin_all(root: &Path, files: &[(&str, &str)]) {
    let lines = files.iter().map(|(path, _)| format!("{}  {path}\n", Digest::of(&fs::read(root.join(path)).unwrap())));
    fs::write(root.join("cap.lock"), lines.collect::<String>()).unwrap();
}

const API: &str = CHOICES[0].1[0];
const STRICT: &str = CHOICES[2].1[1];
const LAX: &str = CHOICES[2].1[0];

/// A path in a moved file may lead to another file than the one that it was reviewed with.
#[test]
fn a_moved_file_is_pinned_only_with_what_it_refers_to() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let files = [("a/api.yaml", API), ("a/schemas.yaml", STRICT), ("a/named.yaml", NAMED), ("b/schemas.yaml", LAX)];
    write_all(root, &files);
    pin_all(root, &files);
    let mut loader = Loader::new(&[root.to_owned()], Policy::RequireLocked);
    assert_eq!(loader.load().unwrap().tools.len(), 1);

    fs::rename(root.join("a/named.yaml"), root.join("b/named.yaml")).unwrap();
    for loaded in [loader.load().unwrap(), loader.emptied().load().unwrap()] {
        assert_eq!((loaded.tools.len(), loaded.quarantined.len()), (0, 1), "another schema stands there");
        assert_eq!(loaded.quarantined[0].problems.len(), 1);
    }
    fs::rename(root.join("b/named.yaml"), root.join("a/other.yaml")).unwrap();
    assert_eq!(loader.load().unwrap().tools.len(), 1, "the same schema stands there");
    fs::rename(root.join("a"), root.join("c")).unwrap();
    assert_eq!(loader.load().unwrap().tools.len(), 1, "all of them were moved");
}

/// What a tool was made of before its api broke it is not what is pinned now.
#[test]
fn a_last_good_form_is_not_pinned_by_what_came_after() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let api =
        "version: 1\nkind: api\nname: a\nserver: https://a.example\nschemes: {key: {bearer: \"{{ secret.KEY }}\"}}\n";
    let one = ONE.replace("description", "security: [[key]]\ndescription");
    let files = [("a/api.yaml", api), ("a/one.yaml", one.as_str())];
    write_all(root, &files);
    pin_all(root, &files);
    let mut loader = Loader::new(&[root.to_owned()], Policy::RequireLocked);
    assert_eq!(loader.load().unwrap().tools.len(), 1);
    write_all(root, &[("a/api.yaml", &api.replace("key:", "token:"))]);
    pin_all(root, &files);
    let loaded = loader.load().unwrap();
    assert_eq!((loaded.tools.len(), loaded.quarantined.len()), (0, 1));
    assert!(loaded.quarantined[0].problems[0].diagnostic().message.contains("last good form"));
    let mut lenient = Loader::new(&[root.to_owned()], Policy::AllowUnlisted);
    write_all(root, &files);
    pin_all(root, &files);
    assert_eq!(lenient.load().unwrap().locked(), 1);
    write_all(root, &[("a/api.yaml", &api.replace("key:", "token:"))]);
    pin_all(root, &files);
    let loaded = lenient.load().unwrap();
    assert_eq!((loaded.tools.len(), loaded.locked(), loaded.stale.len()), (1, 0, 1));
}
