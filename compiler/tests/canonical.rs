//! The canonical layout of definition files: it changes bytes, never what they mean, and it loses no comment.
//!
//! A folder of `fixtures/layouts/` is a case: `before.yaml` gives `after.yaml`. `BLESS=1` writes those
//! anew; review the difference.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "golden files are written where a crash costs nothing"
)]

use std::path::{Path, PathBuf};

use cap_compiler::canonical::{KeyOrders, Refusal, canonical};
use cap_compiler::definition::parse;
use cap_compiler::import::emit::emit;
use cap_compiler::import::{DocumentSource, ImportOptions, import};
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_compiler::syntax::parse_definition;
use proptest::prelude::*;
use serde_json::Value;

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(folder)
}

fn source() -> SourceId {
    SourceId::new("file.yaml")
}

fn value(text: &str) -> Option<Value> {
    parse_definition(&source(), text.as_bytes()).ok()
}

fn laid_out(text: &str, orders: &KeyOrders) -> String {
    canonical(&source(), text.as_bytes(), orders).unwrap_or_else(|refusal| panic!("{refusal:?}\n{text}"))
}

/// What must hold of any text that parses. `notes` are comments that stand in it, each once.
fn check(text: &str, notes: &[String], orders: &KeyOrders) -> String {
    let once = laid_out(text, orders);
    assert_eq!(value(&once), value(text), "the meaning changed:\n{text}\n=>\n{once}");
    let definition = |text: &str| parse(&source(), text.as_bytes()).value;
    assert_eq!(definition(&once), definition(text), "the definition changed:\n{text}\n=>\n{once}");
    let twice = laid_out(&once, orders);
    assert_eq!(twice, once, "not settled:\n{text}\n=>\n{once}\n=>\n{twice}");
    for note in notes {
        assert_eq!(once.matches(note.as_str()).count(), 1, "{note}:\n{text}\n=>\n{once}");
    }
    assert!(once.ends_with('\n') && !once.contains('\r'), "{once}");
    once
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn each_case_is_laid_out_as_it_was() {
    let orders = KeyOrders::of_definitions();
    let mut faults = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(fixtures("layouts")).unwrap() {
        let case = entry.unwrap().path();
        let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap_or_default();
        let found = check(&read("before.yaml"), &[], &orders);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(case.join("after.yaml"), &found).unwrap();
        }
        if read("after.yaml") != found {
            faults.push(format!("{}:\n{found}", case.display()));
        }
        cases += 1;
    }
    assert!(cases > 0 && faults.is_empty(), "run with BLESS=1 and review:\n{}", faults.join("\n"));
}

#[test]
fn what_import_writes_is_canonical() {
    let orders = KeyOrders::of_definitions();
    let files = yaml_files(&fixtures("imported"));
    assert!(files.len() > 50);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(laid_out(&text, &orders), text, "{}", file.display());
    }
}

#[test]
fn what_import_writes_of_real_documents_is_canonical() {
    let Some(shared) = std::env::var_os("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set");
        return;
    };
    let orders = KeyOrders::of_definitions();
    let mut files = 0;
    for entry in std::fs::read_dir(Path::new(&shared).join("corpus/specs")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let document = DocumentSource { id: SourceId::new(&path.to_string_lossy()), bytes };
        let imported = import(&document, &ImportOptions::default(), &MemoryLoader::default());
        for (name, text) in imported.files {
            assert_eq!(laid_out(&text, &orders), text, "{} {name}", path.display());
            files += 1;
        }
    }
    assert!(files > 3_000, "{files}");
}

/// Comments at random places of every file of the fixtures that parses.
#[test]
fn comments_survive_wherever_they_stand() {
    let orders = KeyOrders::of_definitions();
    let mut noted = 0;
    for (seed, file) in yaml_files(&fixtures("")).into_iter().enumerate() {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let Some(before) = value(&text).filter(|value| value.is_object() && text.len() < 20_000) else { continue };
        let mut random = Random(seed as u64);
        for _ in 0..6 {
            let (commented, notes) = with_comments(&text, &before, &mut random);
            noted += notes.len();
            check(&commented, &notes, &orders);
        }
    }
    assert!(noted > 5_000, "{noted}");
}

/// A linear congruential generator: the same places each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// The text with comments and empty lines put in where they change no value.
fn with_comments(text: &str, before: &Value, random: &mut Random) -> (String, Vec<String>) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut notes = Vec::new();
    for number in 0..12 {
        let note = format!("# note {number}.");
        let mut tried = lines.clone();
        let at = random.below(lines.len() + 1);
        match random.below(3) {
            0 if at < lines.len() => tried[at] = format!("{} {note}", lines[at]),
            1 => tried.insert(at, String::new()),
            _ => {
                let near = lines.get(at).map_or(0, |line| line.len() - line.trim_start().len());
                let indent = [near, near, 0, random.below(12)][random.below(4)];
                tried.insert(at, format!("{}{note}", " ".repeat(indent)));
            }
        }
        let joined = tried.join("\n") + "\n";
        if value(&joined).as_ref() == Some(before) {
            // In a text, `#` is no comment, and in one with the same value it is.
            if joined.contains(&note) {
                notes.push(note);
            }
            lines = tried;
        }
    }
    (lines.join("\n") + "\n", notes)
}

#[test]
fn line_breaks_of_windows_and_a_byte_order_mark_go() {
    let orders = KeyOrders::of_definitions();
    let text = "\u{FEFF}# head\r\n\r\nname: a # b\r\ntext: |\r\n  one\r\n\r\n  two\r\n# end\r\n";
    let found = check(text, &[], &orders);
    assert_eq!(found, "# head\n\nname: a # b\ntext: |\n  one\n\n  two\n# end\n");
}

#[test]
fn json_stays_json() {
    let orders = KeyOrders::of_definitions();
    let found =
        check(r#"{"name": "a", "kind": "schemas", "$defs": {"b": {"type": "string"}}, "version": 1}"#, &[], &orders);
    assert!(found.starts_with("{\n  \"version\": 1,\n  \"kind\": \"schemas\",\n  \"$defs\": {"), "{found}");
}

#[test]
fn what_does_not_parse_is_refused_with_its_place() {
    let orders = KeyOrders::of_definitions();
    for text in ["a: b: c", "a: 1\na: 2", "a: [", "a: 1\n---\nb: 2"] {
        let refusal = canonical(&source(), text.as_bytes(), &orders).unwrap_err();
        assert!(matches!(refusal, Refusal::Faulty(_)), "{text}: {refusal:?}");
    }
}

#[test]
fn what_is_no_mapping_stays() {
    let orders = KeyOrders::of_definitions();
    for text in ["", "# only a comment", "- a\n-   b", "just   text"] {
        assert_eq!(laid_out(text, &orders), text);
    }
}

#[test]
fn directives_anchors_aliases_merges_and_tags_stay() {
    let orders = KeyOrders::of_definitions();
    let text = "%YAML 1.2\n---\n# head\nz: &z  {a: 1, b: &t [x]} # note\ny: *z\nm: {<<: *z, c: !!str 5}\nk: [*t, !x {a: b}, ! 5]\n\
                *t2 : 1\n";
    let text = text.replace("*t2 : 1\n", "s: &t2 key\n*t2 : 1\n? &u other\n: !!null ''\n");
    let found = check(&text, &["# head".to_owned(), "# note".to_owned()], &orders);
    for kept in ["%YAML 1.2", "&z", "*z", "<<: *z", "!!str \"5\"", "*t2 : 1", "! \"5\"", "!!null"] {
        assert!(found.contains(kept), "{kept} in\n{found}");
    }
}

/// A tree, and for each node how it is written.
#[derive(Clone, Debug)]
enum Written {
    Scalar(&'static str),
    Block(&'static str),
    Mapping(Vec<(Option<usize>, Written)>, Choice),
    List(Vec<(Option<usize>, Written)>, Choice),
}

/// Flow or block, and how far a block is indented.
type Choice = (bool, usize);

fn scalar() -> impl Strategy<Value = Written> {
    prop::sample::select(vec![
        "a",
        "1",
        "1.50",
        "0x1F",
        "true",
        "Off",
        "~",
        "''",
        "'it''s # x'",
        "\"a\\tb # y\"",
        "\"two\\nlines\"",
        "a#b",
        "http://x.example/#y",
        "'# no comment'",
        "\"{{ x }}\"",
        "\"{{ x | join('\\n') }}\"",
        "-1e3",
        "'null'",
        "\"tail \"",
        "'  lead'",
        "\"a\\n\\nb\\n\\n\"",
    ])
    .prop_map(Written::Scalar)
}

/// Lines of a block text; the header is at the first line break.
fn block() -> impl Strategy<Value = Written> {
    prop::sample::select(vec![
        "|\na\nb",
        "|-\na\n# no comment\nb",
        "|+\na\n\n\n",
        ">\na\nb\n\nc",
        ">-\n# no comment",
        "|2\n  a\n b",
        "|\na  \n\tb",
        ">\na\n  more\nb",
        "|\n\n\na",
        "|-\n- a: b\n- c",
        ">+\na\n\n",
        "|\na # b",
    ])
    .prop_map(Written::Block)
}

fn written() -> impl Strategy<Value = Written> {
    prop_oneof![3 => scalar(), 1 => block()].prop_recursive(4, 24, 4, |inner| {
        let notes = prop::option::weighted(0.4, 0..7_usize);
        let entries = prop::collection::vec((notes, inner), 0..4);
        let choice = (prop::bool::weighted(0.35), 1..5_usize);
        prop_oneof![
            (entries.clone(), choice.clone()).prop_map(|(entries, choice)| Written::Mapping(entries, choice)),
            (entries, choice).prop_map(|(entries, choice)| Written::List(entries, choice)),
        ]
    })
}

/// Writes trees in many ways, with comments.
#[derive(Default)]
struct Author {
    out: String,
    notes: Vec<String>,
}

impl Author {
    fn note(&mut self) -> String {
        let note = format!("# note {}.", self.notes.len());
        self.notes.push(note.clone());
        note
    }

    /// What stands above an entry of a block.
    fn above(&mut self, note: Option<usize>, indent: usize) {
        let pad = " ".repeat(indent);
        match note {
            Some(0) => self.out.push('\n'),
            Some(1) => {
                let note = self.note();
                self.out.push_str(&format!("{pad}{note}\n"));
            }
            Some(2) => {
                let (one, other) = (self.note(), self.note());
                self.out.push_str(&format!("\n\n{pad}{one}\n\n{pad}  {other}\n\n\n"));
            }
            Some(3) => {
                let note = self.note();
                self.out.push_str(&format!("{note}\n"));
            }
            _ => {}
        }
    }

    fn behind(&mut self, note: Option<usize>) {
        if matches!(note, Some(4 | 6)) {
            let note = self.note();
            self.out.push_str(&format!("   {note}"));
        }
        self.out.push('\n');
    }

    /// A value behind `key:` or `-`, from the space to the line break.
    fn value(&mut self, value: &Written, note: Option<usize>, indent: usize) {
        match value {
            Written::Scalar(text) => {
                self.out.push_str(&format!(" {text}"));
                self.behind(note);
            }
            Written::Block(text) => {
                let (header, lines) = text.split_once('\n').unwrap();
                self.out.push_str(&format!(" {header}"));
                self.behind(note);
                for line in lines.split('\n') {
                    self.out.push_str(&if line.is_empty() {
                        "\n".to_owned()
                    } else {
                        format!("{}{line}\n", " ".repeat(indent + 2))
                    });
                }
            }
            Written::Mapping(entries, (false, step)) if !entries.is_empty() => {
                self.behind(note);
                self.members(entries, indent + step);
            }
            Written::List(entries, (false, step)) if !entries.is_empty() => {
                self.behind(note);
                self.items(entries, indent + step);
            }
            Written::Mapping(..) | Written::List(..) => {
                self.out.push(' ');
                self.flow(value, indent + 1);
                self.behind(note);
            }
        }
    }

    fn members(&mut self, entries: &[(Option<usize>, Written)], indent: usize) {
        for (index, (note, value)) in entries.iter().enumerate() {
            self.above(*note, indent);
            self.out.push_str(&format!("{}k{index}:", " ".repeat(indent)));
            self.value(value, *note, indent);
        }
        if matches!(entries.last(), Some((Some(5), _))) {
            let note = self.note();
            self.out.push_str(&format!("{}{note}\n", " ".repeat(indent)));
        }
    }

    fn items(&mut self, entries: &[(Option<usize>, Written)], indent: usize) {
        for (note, value) in entries {
            self.above(*note, indent);
            self.out.push_str(&format!("{}-", " ".repeat(indent)));
            self.value(value, *note, indent);
        }
        if matches!(entries.last(), Some((Some(5 | 6), _))) {
            let note = self.note();
            self.out.push_str(&format!("{}{note}\n", " ".repeat(indent)));
        }
    }

    fn flow(&mut self, value: &Written, indent: usize) {
        let (entries, brackets, named) = match value {
            Written::Scalar(text) => return self.out.push_str(text),
            Written::Block(_) => return self.out.push_str("\"block\\ntext\\n\""),
            Written::Mapping(entries, _) => (entries, "{}", true),
            Written::List(entries, _) => (entries, "[]", false),
        };
        self.out.push_str(&brackets[..1]);
        for (index, (note, value)) in entries.iter().enumerate() {
            if matches!(note, Some(1 | 4)) {
                let text = self.note();
                self.out.push_str(&format!(" {text}\n{}", " ".repeat(indent)));
            }
            match (named, note) {
                (true, Some(6)) => self.out.push_str(&format!("a key alone {index}")),
                (true, _) => {
                    self.out.push_str(&format!("k{index}: "));
                    self.flow(value, indent);
                }
                (false, _) => self.flow(value, indent),
            }
            if matches!(note, Some(2)) {
                let text = self.note();
                self.out.push_str(&format!(" {text}\n{}", " ".repeat(indent)));
            }
            self.out.push_str(", ");
            if matches!(note, Some(3 | 5)) {
                let text = self.note();
                self.out.push_str(&format!("{text}\n\n{}", " ".repeat(indent)));
            }
        }
        self.out.push_str(&brackets[1..]);
    }
}

/// Pieces of YAML that mean something, often in a place where they do not.
const PIECES: [&str; 44] = [
    "a",
    "b: ",
    "c: ",
    "a: b",
    "\n",
    "\n",
    "\n",
    "\n  ",
    "\n  ",
    "\n    ",
    "\n\n",
    "- ",
    "\n- ",
    "\n  - ",
    "? ",
    ": ",
    "# c\n",
    " # d\n",
    "\n# e\n",
    "\n  # f\n",
    "&a ",
    "*a",
    "*a ",
    "!t ",
    "!!str ",
    "|\n",
    "|2-\n",
    ">+\n",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "'",
    "\"",
    "\t",
    "%Y 1\n",
    "---\n",
    "...\n",
    "~",
    "1",
    "<<: ",
    " ",
    "\u{e9}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_yaml_keeps_its_meaning_and_its_comments(entries in prop::collection::vec((prop::option::of(0..7_usize), written()), 1..5)) {
        let orders = KeyOrders::of_definitions();
        let mut author = Author::default();
        author.members(&entries, 0);
        // A key that stands twice or a tab where none may be is not what is tried here.
        prop_assume!(value(&author.out).is_some());
        check(&author.out, &author.notes, &orders);
    }

    /// Most of these texts do not parse; what does keeps its meaning however odd it is.
    #[test]
    fn strange_yaml_is_refused_or_keeps_its_meaning(
        pieces in prop::collection::vec(prop::sample::select(PIECES.as_slice()), 1..24),
        named in prop::bool::ANY,
    ) {
        let orders = KeyOrders::of_definitions();
        let text = if named { format!("a: {}", pieces.concat()) } else { pieces.concat() };
        match canonical(&source(), text.as_bytes(), &orders) {
            Err(Refusal::Faulty(_)) => {}
            Err(Refusal::Unfaithful) => prop_assert!(false, "{}", text),
            Ok(_) if value(&text).is_some_and(|value| value.is_object()) => {
                check(&text, &[], &orders);
            }
            Ok(same) => prop_assert_eq!(same, text),
        }
    }

    #[test]
    fn what_the_writer_writes_is_canonical(entries in prop::collection::vec(written(), 1..5)) {
        let orders = KeyOrders::of_definitions();
        let mut author = Author::default();
        let bare: Vec<(Option<usize>, Written)> = entries.into_iter().map(|entry| (None, entry)).collect();
        author.members(&bare, 0);
        let Some(Value::Object(tree)) = value(&author.out) else { return Ok(()) };
        let text = emit("head", &tree);
        prop_assert_eq!(laid_out(&text, &orders), text);
    }
}

/// Columns are counted from the start of the line, and all of this is one: to go back to it from each item takes minutes.
#[test]
fn one_long_line_is_laid_out_in_bounded_work() {
    let items = "a, ".repeat(100_000);
    let text = format!("{{text: {}, list: [{items}b]}}\n", "word ".repeat(1_200_000).trim_end());
    let found = canonical(&source(), text.as_bytes(), &KeyOrders::of_definitions()).unwrap_or_default();
    assert!(found.contains("\nlist:\n  - a\n") && found.ends_with("  - a\n  - b\n"));
}

/// A comment's column decides what it belongs to, also below a node whose tag stands on a line above it.
#[test]
fn columns_are_those_of_their_lines() {
    let text = "a:\n  b: !!map\n    # of c\n    c: 1\n    # of b\n  # of a\nd: [1,\n  2, # two\n  3]\n# the end\n";
    let found = laid_out(text, &KeyOrders::of_definitions());
    assert_eq!(laid_out(&found, &KeyOrders::of_definitions()), found);
    for line in ["    # of b\n", "  # of a\n", "  - 2 # two\n", "\n# the end\n"] {
        assert!(found.contains(line), "{line:?} is not in\n{found}");
    }
}
