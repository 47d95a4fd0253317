//! JSON Pointers to bytes in a JSON text, without reading what lies beside the way.
//!
//! OpenAPI documents are large, and JSON is not always readable as YAML. This scan knows just
//! enough of JSON to step over values; whether the text is JSON is not its question.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Located, Pointer};

/// Finds nodes in a JSON text; `None` if the text is not JSON as far as it had to be read.
pub(super) fn locate(text: &str, wanted: &BTreeSet<Pointer>) -> Option<BTreeMap<Pointer, Located>> {
    let mut ways = Branch::default();
    for pointer in wanted {
        ways.insert(pointer);
    }
    let mut scan = Scan { bytes: text.as_bytes(), text, at: 0, left: wanted.len(), found: BTreeMap::new() };
    scan.value(&ways, None)?;
    Some(scan.found)
}

/// The wanted pointers as a tree, so that the scan descends only where one leads.
#[derive(Default)]
struct Branch<'p> {
    wanted: Option<&'p Pointer>,
    children: BTreeMap<&'p str, Branch<'p>>,
}

struct Scan<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    left: usize,
    found: BTreeMap<Pointer, Located>,
}

impl<'p> Branch<'p> {
    fn insert(&mut self, pointer: &'p Pointer) {
        let mut branch = self;
        for token in pointer.tokens() {
            branch = branch.children.entry(token).or_default();
        }
        branch.wanted = Some(pointer);
    }
}

impl Scan<'_> {
    /// A value on the way to something wanted. Recursion is as deep as the longest wanted pointer.
    fn value(&mut self, branch: &Branch<'_>, key: Option<Range<usize>>) -> Option<()> {
        self.space();
        if branch.children.is_empty() || !matches!(self.peek()?, b'{' | b'[') {
            return self.leaf(branch, key);
        }
        self.record(branch, key, self.at..self.at, None);
        if self.peek()? == b'{' { self.members(branch) } else { self.items(branch) }
    }

    fn leaf(&mut self, branch: &Branch<'_>, key: Option<Range<usize>>) -> Option<()> {
        let start = self.at;
        let first = self.peek()?;
        self.skip()?;
        if matches!(first, b'{' | b'[') {
            self.record(branch, key, start..start, None);
        } else {
            let raw = self.text.get(start..self.at)?;
            let scalar = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
            self.record(branch, key, start..self.at, Some(scalar));
        }
        Some(())
    }

    fn members(&mut self, branch: &Branch<'_>) -> Option<()> {
        self.at += 1;
        loop {
            self.space();
            match self.peek()? {
                b'}' => break,
                b',' => self.at += 1,
                b'"' => {
                    let start = self.at;
                    self.string()?;
                    let key = start..self.at;
                    let name: String = serde_json::from_str(self.text.get(key.clone())?).ok()?;
                    self.space();
                    self.expect(b':')?;
                    self.step(branch.children.get(name.as_str()), Some(key))?;
                }
                _ => return None,
            }
            if self.left == 0 {
                return Some(());
            }
        }
        self.at += 1;
        Some(())
    }

    fn items(&mut self, branch: &Branch<'_>) -> Option<()> {
        self.at += 1;
        let mut index = 0_usize;
        loop {
            self.space();
            match self.peek()? {
                b']' => break,
                b',' => self.at += 1,
                _ => {
                    self.step(branch.children.get(index.to_string().as_str()), None)?;
                    index += 1;
                }
            }
            if self.left == 0 {
                return Some(());
            }
        }
        self.at += 1;
        Some(())
    }

    fn step(&mut self, branch: Option<&Branch<'_>>, key: Option<Range<usize>>) -> Option<()> {
        match branch {
            Some(branch) => self.value(branch, key),
            None => {
                self.space();
                self.skip()
            }
        }
    }

    fn record(&mut self, branch: &Branch<'_>, key: Option<Range<usize>>, value: Range<usize>, scalar: Option<String>) {
        let Some(pointer) = branch.wanted else { return };
        if !self.found.contains_key(pointer) {
            self.left = self.left.saturating_sub(1);
            self.found.insert(pointer.clone(), Located { key, value, scalar });
        }
    }

    /// Steps over one value of any depth.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.space();
            match self.peek()? {
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                b'"' => self.string()?,
                _ => self.word()?,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let ok = self.peek()? == byte;
        self.at += 1;
        ok.then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}
