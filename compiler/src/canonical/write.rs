//! Entries to text. What has no comments is written by the YAML writer of imports; this writes the lines
//! between.

use serde_json::{Map, Value};

use super::tree::{Entry, EntryId, KeySort, Node, ROOT, Tree};
use crate::import::emit;
use crate::syntax::{Comment, TextStyle};

/// Columns that one level is indented.
const STEP: usize = 2;

/// Writes a file.
pub(super) fn write(tree: &Tree) -> String {
    let mut writer = Writer { tree, spread: spread(tree), out: String::new() };
    writer.file();
    writer.out
}

struct Writer<'t> {
    tree: &'t Tree,
    /// Of each entry, whether its value is a collection that stands in lines of its own because of what
    /// belongs to its parts.
    spread: Vec<bool>,
    out: String,
}

/// Decides bottom-up; a part has a higher index than what holds it.
fn spread(tree: &Tree) -> Vec<bool> {
    let mut spread = vec![false; tree.entries.len()];
    for (index, entry) in tree.entries.iter().enumerate().rev() {
        let is_noted = |child: &EntryId| {
            tree.entry(*child).is_some_and(is_noted) || spread.get(child.0).copied().unwrap_or_default()
        };
        let open = match &entry.node {
            Node::Mapping(children) | Node::List(children) => {
                let marked = !entry.tail.is_empty() || is_special(entry);
                !children.is_empty() && (marked || children.iter().any(is_noted))
            }
            Node::Scalar(..) | Node::Alias(_) => false,
        };
        if let Some(place) = spread.get_mut(index) {
            *place = open;
        }
    }
    spread
}

/// Whether the writer of imports does not know how to write it.
fn is_noted(entry: &Entry) -> bool {
    !entry.above.is_empty() || entry.blank || !entry.behind.is_empty() || is_special(entry)
}

fn is_special(entry: &Entry) -> bool {
    let special_key = entry.key.as_ref().is_some_and(|key| key.properties.is_some() || key.sort == KeySort::Verbatim);
    let special_node = match &entry.node {
        Node::Scalar(Value::String(text), TextStyle::Literal | TextStyle::Folded) => text.contains('\n'),
        Node::Scalar(Value::String(text), TextStyle::Inline) => is_code(text, TextStyle::Inline),
        Node::Alias(_) => true,
        Node::Scalar(..) | Node::Mapping(_) | Node::List(_) => false,
    };
    entry.properties.is_some() || special_key || special_node
}

impl<'t> Writer<'t> {
    fn file(&mut self) {
        let tree = self.tree;
        for line in &tree.directives {
            self.line(0, line);
        }
        let Some(root) = tree.entry(ROOT) else { return };
        match &root.properties {
            Some(properties) => self.line(0, &format!("--- {properties}")),
            None if !tree.directives.is_empty() => self.line(0, "---"),
            None => {}
        }
        self.comments(&tree.head, 0);
        if tree.head_blank && !tree.head.is_empty() {
            self.blank();
        }
        if tree.children(ROOT).is_empty() {
            self.comments(&root.tail, 0);
            return self.line(0, "{}");
        }
        for child in tree.children(ROOT) {
            self.member(*child, 0);
        }
        self.comments(&root.tail, 0);
    }

    fn member(&mut self, id: EntryId, indent: usize) {
        self.above(id, &[], indent);
        self.pad(indent);
        self.member_body(id, indent);
    }

    /// A member from its key on.
    fn member_body(&mut self, id: EntryId, indent: usize) {
        let Some(entry) = self.tree.entry(id) else { return };
        let start = self.out.len();
        if self.is_spread(id) || is_special(entry) {
            self.special_member(id, entry, indent);
        } else {
            let key = self.tree.key(id).unwrap_or_default();
            self.out.push_str(&emit::entry(key, &self.value(id), indent));
        }
        if let Some(comment) = entry.behind.first() {
            let line_end =
                self.out.get(start..).and_then(|text| text.find('\n')).map_or(self.out.len(), |at| start + at);
            self.out.insert_str(line_end, &format!(" {comment}"));
        }
    }

    fn special_member(&mut self, id: EntryId, entry: &Entry, indent: usize) {
        let start = self.out.len();
        if let Some(key) = &entry.key {
            self.key(&key.text, key.properties.as_deref(), key.sort, indent);
        }
        if let Some(properties) = &entry.properties {
            self.out.push(' ');
            self.out.push_str(properties);
        }
        let column = indent + self.out.get(start..).map_or(0, |text| text.chars().count()) + 1;
        match &entry.node {
            Node::Mapping(children) if self.is_spread(id) => {
                self.out.push('\n');
                for child in children {
                    self.member(*child, indent + STEP);
                }
                self.comments(&entry.tail, indent + STEP);
            }
            Node::List(children) if self.is_spread(id) => {
                self.out.push('\n');
                for child in children {
                    self.item(*child, indent + STEP);
                }
                self.comments(&entry.tail, indent + STEP);
            }
            Node::Scalar(..) | Node::Alias(_) | Node::Mapping(_) | Node::List(_) => {
                self.out.push(' ');
                self.leaf(entry, indent, column);
            }
        }
    }

    fn key(&mut self, text: &str, properties: Option<&str>, sort: KeySort, indent: usize) {
        let text = match sort {
            KeySort::Text => emit::key_text(text),
            KeySort::Verbatim => text.to_owned(),
        };
        let long = text.chars().count() > emit::LONGEST_KEY;
        if long {
            self.out.push_str("? ");
        }
        if let Some(properties) = properties {
            self.out.push_str(properties);
            self.out.push(' ');
        }
        self.out.push_str(&text);
        if long {
            self.out.push('\n');
            self.pad(indent);
        }
        // The name of an alias may have a colon in it.
        self.out.push_str(if text.starts_with('*') { " :" } else { ":" });
    }

    /// A scalar, an alias or an empty collection, with the line break.
    fn leaf(&mut self, entry: &Entry, indent: usize, column: usize) {
        let text = match &entry.node {
            Node::Scalar(Value::String(text), style) => written_text(text, *style, indent, column),
            Node::Scalar(value, _) => format!("{value}\n"),
            Node::Alias(name) => format!("{name}\n"),
            Node::Mapping(_) => "{}\n".to_owned(),
            Node::List(_) => "[]\n".to_owned(),
        };
        self.out.push_str(&text);
    }

    fn item(&mut self, id: EntryId, indent: usize) {
        let more = self.no_room(id, indent);
        self.above(id, &more, indent);
        self.pad(indent);
        self.item_body(id, indent);
    }

    /// An item from its `-` on.
    fn item_body(&mut self, id: EntryId, indent: usize) {
        let Some(entry) = self.tree.entry(id) else { return };
        if !self.is_spread(id) {
            let text = self.item_text(id, entry, indent);
            match entry.behind.first().filter(|_| is_one_line(&text)) {
                Some(comment) => self.line(0, &format!("{} {comment}", text.trim_end_matches('\n'))),
                None => self.out.push_str(&text),
            }
            return;
        }
        self.out.push('-');
        if let Some(properties) = &entry.properties {
            self.out.push(' ');
            self.out.push_str(properties);
        }
        let is_inline = entry.properties.is_none() && matches!(entry.node, Node::Mapping(_));
        self.out.push(if is_inline { ' ' } else { '\n' });
        for (index, child) in self.tree.children(id).iter().enumerate() {
            match (&entry.node, index) {
                (Node::Mapping(_), 0) => {
                    self.pad(if is_inline { 0 } else { indent + STEP });
                    self.member_body(*child, indent + STEP);
                }
                (Node::Mapping(_), _) => self.member(*child, indent + STEP),
                // What is above the first stands above all.
                (_, 0) => {
                    self.pad(indent + STEP);
                    self.item_body(*child, indent + STEP);
                }
                _ => self.item(*child, indent + STEP),
            }
        }
        self.comments(&entry.tail, indent + STEP);
    }

    /// An item that is not spread.
    fn item_text(&self, id: EntryId, entry: &Entry, indent: usize) -> String {
        if !is_special(entry) {
            return emit::list_item(&self.value(id), indent);
        }
        let mut item = Writer { tree: self.tree, spread: Vec::new(), out: "- ".to_owned() };
        if let Some(properties) = &entry.properties {
            item.out.push_str(properties);
            item.out.push(' ');
        }
        let column = indent + item.out.chars().count();
        item.leaf(entry, indent, column);
        item.out
    }

    /// Comments behind an item for which there is no room there, and those behind what begins on its line.
    fn no_room(&self, id: EntryId, indent: usize) -> Vec<&'t String> {
        let Some(entry) = self.tree.entry(id) else { return Vec::new() };
        if !self.is_spread(id) {
            let has_room = entry.behind.is_empty() || is_one_line(&self.item_text(id, entry, indent));
            return entry.behind.iter().filter(|_| !has_room).collect();
        }
        let first = match entry.node {
            Node::List(_) => self.tree.children(id).first(),
            Node::Mapping(_) | Node::Scalar(..) | Node::Alias(_) => None,
        };
        let inner = first.map(|first| self.no_room(*first, indent + STEP)).unwrap_or_default();
        entry.behind.iter().chain(inner).collect()
    }

    /// What stands above an entry.
    fn above(&mut self, id: EntryId, more: &[&String], indent: usize) {
        let Some(entry) = self.tree.entry(id) else { return };
        self.comments(&entry.above, indent);
        for comment in more {
            self.line(indent, comment);
        }
        if entry.blank {
            self.blank();
        }
    }

    fn comments(&mut self, comments: &[Comment], indent: usize) {
        for comment in comments {
            if comment.blank {
                self.blank();
            }
            self.line(indent, &comment.text);
        }
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.pad(indent);
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// An empty line, unless there is one; it may belong to the text of a block.
    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn pad(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn is_spread(&self, id: EntryId) -> bool {
        self.spread.get(id.0).copied().unwrap_or_default()
    }

    /// The value of an entry without aliases in it.
    fn value(&self, id: EntryId) -> Value {
        match self.tree.entry(id).map(|entry| &entry.node) {
            Some(Node::Scalar(value, _)) => value.clone(),
            Some(Node::Mapping(children)) => {
                let members =
                    children.iter().filter_map(|child| Some((self.tree.key(*child)?.to_owned(), self.value(*child))));
                Value::Object(members.collect::<Map<String, Value>>())
            }
            Some(Node::List(children)) => children.iter().map(|child| self.value(*child)).collect(),
            Some(Node::Alias(_)) | None => Value::Null,
        }
    }
}

/// A literal block stays one, whatever its lines are; so does a folded one that would have to be quoted.
fn written_text(text: &str, style: TextStyle, indent: usize, column: usize) -> String {
    if is_code(text, style) {
        return emit::quoted_text(text) + "\n";
    }
    let usual = emit::text(text, indent, column);
    let literal = match style {
        TextStyle::Literal => text.contains('\n'),
        TextStyle::Folded => text.contains('\n') && usual.starts_with('"'),
        TextStyle::Inline => false,
    };
    if literal { emit::literal_text(text, indent).unwrap_or(usual) } else { usual }
}

/// A template in quotes: a line break in it is a part of an expression, such as `join('\n')`.
fn is_code(text: &str, style: TextStyle) -> bool {
    style == TextStyle::Inline && text.contains('\n') && text.contains("{{")
}

fn is_one_line(text: &str) -> bool {
    text.find('\n').is_none_or(|at| at + 1 == text.len())
}
