//! A text as entries, each with the comments that belong to it.
//!
//! A comment on its own lines belongs to the entry below it, or, at the end of a block, to the block if
//! it is indented as the block is. A comment behind something belongs to the entry that ends there.

use std::collections::VecDeque;

use serde_json::Value;

use crate::syntax::{Bracket, Comment, Gap, Stand, TextStyle, Token, TokenKind, TokenStream};

/// The text of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// Lines before the document.
    pub(super) directives: Vec<String>,
    /// Comments at the head of the file.
    pub(super) head: Vec<Comment>,
    /// Whether an empty line follows the head.
    pub(super) head_blank: bool,
    /// All entries; the root is the first.
    pub(super) entries: Vec<Entry>,
}

/// The index of an [`Entry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryId(pub(super) usize);

/// A member of a mapping, an item of a list, or the root.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Its key, if it is a member.
    pub(super) key: Option<Key>,
    /// Comments above it.
    pub(super) above: Vec<Comment>,
    /// Whether an empty line stands between what is above it and itself.
    pub(super) blank: bool,
    /// Comments behind its key or its value.
    pub(super) behind: Vec<String>,
    /// The anchor and the tag of its value.
    pub(super) properties: Option<String>,
    /// Its value.
    pub(super) node: Node,
    /// Comments at the end of its value, which is a collection.
    pub(super) tail: Vec<Comment>,
}

/// The key of a member.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Its text.
    pub(super) text: String,
    /// Its anchor and tag.
    pub(super) properties: Option<String>,
    /// Whether it is an alias, whose name is the text, or the `<<` of a merge.
    pub(super) sort: KeySort,
}

/// Sorts of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeySort {
    /// A text.
    Text,
    /// An alias or `<<`: written as it is.
    Verbatim,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A scalar.
    Scalar(Value, TextStyle),
    /// An alias, with its `*`.
    Alias(String),
    /// The members of a mapping.
    Mapping(Vec<EntryId>),
    /// The items of a list.
    List(Vec<EntryId>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Scalar(Value::Null, TextStyle::Inline)
    }
}

impl Tree {
    /// The entry with this index.
    pub(super) fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(id.0)
    }

    /// The entries of a collection.
    pub(super) fn children(&self, id: EntryId) -> &[EntryId] {
        match self.entry(id).map(|entry| &entry.node) {
            Some(Node::Mapping(children) | Node::List(children)) => children,
            Some(Node::Scalar(..) | Node::Alias(_)) | None => &[],
        }
    }

    /// The key of a member.
    pub(super) fn key(&self, id: EntryId) -> Option<&str> {
        self.entry(id)?.key.as_ref().map(|key| key.text.as_str())
    }

    /// Puts the entries of a collection in another order.
    pub(super) fn arrange(&mut self, id: EntryId, order: Vec<EntryId>) {
        let first = order.first().copied().filter(|first| self.children(id).first() != Some(first));
        if let Some(first) = first.and_then(|first| self.entries.get_mut(first.0)) {
            first.lead();
        }
        if let Some(Entry { node: Node::Mapping(children) | Node::List(children), .. }) = self.entries.get_mut(id.0) {
            *children = order;
        }
    }

    /// Moves comments to where they can be written: one stands behind an entry at most, none between the
    /// `-` of an item and the first of its parts, and none of the first entry is taken for the file's.
    pub(super) fn settle(&mut self) {
        // A part has a higher index than what holds it.
        for index in (1..self.entries.len()).rev() {
            if let Some(entry) = self.entries.get_mut(index) {
                let more = entry.behind.split_off(entry.behind.len().min(1));
                entry.above.extend(more.into_iter().map(alone));
            }
            if self.key(EntryId(index)).is_none() {
                self.hoist(EntryId(index));
            }
        }
        let first = self.children(ROOT).first().and_then(|first| self.entry(*first));
        if !self.head.is_empty() && first.is_some_and(|first| !first.above.is_empty()) {
            self.head_blank = true;
        }
    }

    /// What is above the first part of an item goes above the item.
    fn hoist(&mut self, item: EntryId) {
        let Some(first) = self.children(item).first().copied() else { return };
        let Some(first) = self.entries.get_mut(first.0) else { return };
        let (mut above, blank) = (std::mem::take(&mut first.above), std::mem::take(&mut first.blank));
        let Some(entry) = self.entries.get_mut(item.0) else { return };
        if let Some(top) = above.first_mut() {
            top.blank |= std::mem::replace(&mut entry.blank, blank);
        }
        entry.above.append(&mut above);
    }

    /// Whether any part of the text is an alias.
    pub(super) fn has_aliases(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.node, Node::Alias(_)) || entry.key.as_ref().is_some_and(aliased))
    }
}

impl Entry {
    /// Makes it the first of its collection: no empty line is above it.
    fn lead(&mut self) {
        match self.above.first_mut() {
            Some(comment) => comment.blank = false,
            None => self.blank = false,
        }
    }
}

fn aliased(key: &Key) -> bool {
    key.sort == KeySort::Verbatim
}

/// The root of a tree.
pub(super) const ROOT: EntryId = EntryId(0);

/// Gives each comment to an entry.
pub(super) fn tree(stream: TokenStream) -> Tree {
    let mut build = Build::default();
    build.entries.push(Entry::default());
    for token in stream.tokens {
        build.token(token);
    }
    build.gap(stream.end);
    let rest = std::mem::take(&mut build.waiting);
    if let Some(root) = build.entries.first_mut() {
        root.tail.extend(rest);
    }
    let mut tree = Tree { directives: stream.directives, entries: build.entries, ..Tree::default() };
    split_head(&mut tree);
    tree
}

#[derive(Default)]
struct Build {
    entries: Vec<Entry>,
    frames: Vec<Frame>,
    /// Comments on their own lines that no entry has yet.
    waiting: Vec<Comment>,
    /// Columns of the `-` of items that are to come.
    dashes: VecDeque<usize>,
    /// The entry that the last token belongs to.
    last: Option<EntryId>,
    /// Whether an empty line stands before the next token.
    blank: bool,
}

/// A collection that is not closed.
struct Frame {
    holder: EntryId,
    bracket: Bracket,
    content: Content,
    /// Where its entries begin; not known before the first.
    column: Option<usize>,
    entries: Vec<EntryId>,
}

enum Content {
    Items,
    /// The member whose value comes next.
    Members(Option<EntryId>),
}

impl Build {
    fn token(&mut self, token: Token) {
        let Token { kind, properties, column, before } = token;
        self.gap(before);
        match kind {
            TokenKind::Close => self.close(),
            TokenKind::Scalar(text, value, style) => {
                if self.awaits_key() {
                    let sort = if text == "<<" && style == TextStyle::Inline && value_is_merge(&value) {
                        KeySort::Verbatim
                    } else {
                        KeySort::Text
                    };
                    self.key(Key { text, properties, sort }, column);
                } else {
                    self.place(Node::Scalar(value, style), properties);
                }
            }
            TokenKind::Alias(name) if self.awaits_key() => {
                self.key(Key { text: name, properties, sort: KeySort::Verbatim }, column);
            }
            TokenKind::Alias(name) => self.place(Node::Alias(name), properties),
            TokenKind::Mapping(bracket) => self.open(bracket, Content::Members(None), properties),
            TokenKind::List(bracket) => self.open(bracket, Content::Items, properties),
        }
    }

    fn gap(&mut self, gap: Gap) {
        for comment in gap.comments {
            match self.last.and_then(|last| self.entries.get_mut(last.0)) {
                Some(entry) if comment.stand == Stand::Behind => entry.behind.push(comment.text),
                Some(_) | None => self.waiting.push(comment),
            }
        }
        self.dashes.extend(gap.dashes);
        self.blank = gap.blank;
    }

    fn awaits_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Members(None), .. }))
    }

    fn key(&mut self, key: Key, column: usize) {
        let id = self.enter(Entry { key: Some(key), ..Entry::default() }, column);
        if let Some(Frame { content: Content::Members(waiting), .. }) = self.frames.last_mut() {
            *waiting = Some(id);
        }
        self.last = Some(id);
    }

    /// A new entry of the innermost collection, with the comments that wait.
    fn enter(&mut self, mut entry: Entry, column: usize) -> EntryId {
        let id = EntryId(self.entries.len());
        entry.above = std::mem::take(&mut self.waiting);
        entry.blank = self.blank;
        if let Some(frame) = self.frames.last_mut() {
            if frame.entries.is_empty() {
                entry.lead();
            }
            frame.column.get_or_insert(column);
            frame.entries.push(id);
        }
        self.entries.push(entry);
        id
    }

    /// The entry that gets the value that comes now.
    fn target(&mut self) -> EntryId {
        match self.frames.last_mut() {
            None => ROOT,
            Some(Frame { content: Content::Members(key), .. }) => key.take().unwrap_or(ROOT),
            Some(Frame { content: Content::Items, .. }) => {
                let column = self.dashes.pop_front().unwrap_or_default();
                self.enter(Entry::default(), column)
            }
        }
    }

    fn place(&mut self, node: Node, properties: Option<String>) {
        let id = self.target();
        self.take_waiting(id);
        if let Some(entry) = self.entries.get_mut(id.0) {
            entry.node = node;
            entry.properties = properties;
        }
        self.last = Some(id);
    }

    /// Comments between a key and its value go above both.
    fn take_waiting(&mut self, id: EntryId) {
        if id != ROOT
            && let Some(entry) = self.entries.get_mut(id.0)
            && let Some(first) = self.waiting.first_mut()
        {
            first.blank = std::mem::take(&mut entry.blank);
            entry.above.append(&mut self.waiting);
        }
    }

    fn open(&mut self, bracket: Bracket, content: Content, properties: Option<String>) {
        let holder = self.target();
        if bracket == Bracket::Flow {
            self.take_waiting(holder);
            self.last = Some(holder);
        }
        if let Some(entry) = self.entries.get_mut(holder.0) {
            entry.properties = properties;
        }
        self.frames.push(Frame { holder, bracket, content, column: None, entries: Vec::new() });
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let count = match frame.bracket {
            Bracket::Flow => self.waiting.len(),
            Bracket::Block => self.tail_length(frame.column.unwrap_or_default()),
        };
        let tail: Vec<Comment> = self.waiting.drain(..count).collect();
        let Some(holder) = self.entries.get_mut(frame.holder.0) else { return };
        if frame.entries.is_empty() && frame.holder != ROOT {
            // There is no line for it in an empty collection.
            holder.above.extend(tail);
        } else {
            holder.tail = tail;
        }
        holder.node = match frame.content {
            Content::Items => Node::List(frame.entries),
            Content::Members(_) => Node::Mapping(frame.entries),
        };
        if frame.bracket == Bracket::Flow {
            self.last = Some(frame.holder);
        }
    }

    /// How many of the waiting comments belong to the block that ends, whose entries begin at `column`.
    fn tail_length(&self, column: usize) -> usize {
        let outer = self.frames.iter().rev().find_map(|frame| frame.column);
        let least = outer.map_or(0, |outer| column.max(outer + 1));
        self.waiting.iter().take_while(|comment| comment.column >= least).count()
    }
}

/// A comment on a line of its own.
fn alone(text: String) -> Comment {
    Comment { text, column: 0, stand: Stand::Alone, blank: false }
}

fn value_is_merge(value: &Value) -> bool {
    value.as_str() == Some("<<")
}

/// Comments at the head of the file stay there; those that an empty line parts from them, and none from
/// the first entry, belong to that entry.
fn split_head(tree: &mut Tree) {
    let first = match tree.entries.first().map(|root| &root.node) {
        Some(Node::Mapping(entries) | Node::List(entries)) => entries.first().copied(),
        Some(Node::Scalar(..) | Node::Alias(_)) | None => None,
    };
    let behind = tree.entries.first_mut().map(|root| std::mem::take(&mut root.behind)).unwrap_or_default();
    let behind = behind.into_iter().map(alone);
    let Some(entry) = first.and_then(|first| tree.entries.get_mut(first.0)) else {
        tree.head.extend(behind);
        return;
    };
    let group = if entry.blank {
        entry.above.len()
    } else {
        entry.above.iter().rposition(|it| it.blank).unwrap_or(entry.above.len())
    };
    let group = entry.above.split_off(group);
    tree.head = std::mem::replace(&mut entry.above, group);
    tree.head_blank =
        entry.above.first_mut().map_or(std::mem::take(&mut entry.blank), |comment| std::mem::take(&mut comment.blank));
    tree.head.extend(behind);
}
