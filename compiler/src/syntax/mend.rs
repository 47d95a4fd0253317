//! Lines that other YAML readers accept and YAML 1.2 does not: the continuation of a quoted text or
//! of a flow collection that is not indented more than the node that holds it.
//!
//! Inside quotes and brackets indentation means nothing, so such lines can be indented without
//! changing what the text says. Only documents of other people are read this way, and only after
//! they were refused as they are; a definition is corrected by its author.

use std::ops::Range;

/// A text with its continuation lines indented.
pub(super) struct Mended {
    /// The text.
    pub(super) text: String,
    /// Where spaces were put in: bytes of the mended text before which they stand, and how many.
    insertions: Vec<(usize, usize)>,
    /// Where the first of them was put into the original.
    pub(super) first: usize,
}

impl Mended {
    /// Bytes of the original text for bytes of the mended one.
    pub(super) fn original(&self, bytes: &Range<usize>) -> Range<usize> {
        let back = |at: usize| {
            let inserted = self.insertions.iter().take_while(|(end, _)| *end <= at).map(|(_, count)| count);
            at - inserted.sum::<usize>()
        };
        back(bytes.start)..back(bytes.end)
    }
}

/// The text with what is within quotes and brackets indented far enough; `None` if it is already.
pub(super) fn mend(text: &str) -> Option<Mended> {
    let mut scan = Scan { open: Open::Nothing, column: 0, block: None };
    let mut mended = String::with_capacity(text.len() + 256);
    let mut insertions = Vec::new();
    let mut first = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let missing = scan.missing(line);
        if missing > 0 {
            first.get_or_insert(at);
            mended.extend(std::iter::repeat_n(' ', missing));
            insertions.push((mended.len(), missing));
        }
        mended.push_str(line);
        at += line.len();
        scan.line(line.trim_end_matches(['\n', '\r']));
    }
    first.map(|first| Mended { text: mended, insertions, first })
}

/// What is open at the end of a line.
enum Open {
    Nothing,
    Quoted(char),
    /// Brackets within one another, and a quote that is open in them.
    Flow(usize, Option<char>),
}

/// A reader that knows just enough of YAML to tell what stands within quotes and brackets.
struct Scan {
    open: Open,
    /// The column of the innermost key or dash of the line on which it was opened.
    column: usize,
    /// The column of the key of a block scalar, whose lines are text.
    block: Option<usize>,
}

impl Scan {
    /// How many spaces a line lacks.
    fn missing(&self, line: &str) -> usize {
        let body = line.trim_start_matches(' ');
        if matches!(self.open, Open::Nothing) || body.trim().is_empty() {
            return 0;
        }
        (self.column + 1).saturating_sub(line.len() - body.len())
    }

    fn line(&mut self, line: &str) {
        let rest = match &self.open {
            Open::Nothing => return self.start(line),
            Open::Quoted(quote) => match behind_quote(line, *quote) {
                Some(rest) => rest,
                None => return,
            },
            Open::Flow(depth, quote) => return self.flow(line, *depth, *quote),
        };
        self.open = Open::Nothing;
        self.value(rest);
    }

    /// A line of block style: dashes and keys, and then a value.
    fn start(&mut self, line: &str) {
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        if body.trim().is_empty() || self.block.is_some_and(|column| indent > column) {
            return;
        }
        self.block = None;
        self.column = indent;
        let mut rest = body;
        while let Some(item) = rest.strip_prefix("- ") {
            let item = item.trim_start_matches(' ');
            self.column = line.len() - item.len();
            rest = item;
        }
        if rest.len() < body.len() && key(rest).is_none() {
            // An item that is a value belongs to its dash.
            self.column = self.column.saturating_sub(2);
        }
        match key(rest) {
            Some(value) => self.value(value),
            None => self.value(rest),
        }
    }

    fn value(&mut self, text: &str) {
        let text = text.trim_start();
        match text.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = text.get(1..).unwrap_or_default();
                if behind_quote(inner, quote).is_none() {
                    self.open = Open::Quoted(quote);
                }
            }
            Some('{' | '[') => self.flow(text, 0, None),
            Some('|' | '>') => self.block = Some(self.column),
            Some('&' | '!') => {
                if let Some((_, rest)) = text.split_once(' ') {
                    self.value(rest);
                }
            }
            _ => {}
        }
    }

    /// Text within brackets. A quote opens only where a value may begin.
    fn flow(&mut self, text: &str, depth: usize, quote: Option<char>) {
        let (mut depth, mut quote) = (depth, quote);
        let mut before = ',';
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Some('"'), '\\') => drop(chars.next()),
                (Some('\''), '\'') if chars.peek() == Some(&'\'') => drop(chars.next()),
                (Some(open), c) if c == open => quote = None,
                (Some(_), _) => {}
                (None, '{' | '[') => depth += 1,
                (None, '}' | ']') => depth = depth.saturating_sub(1),
                (None, '"' | '\'') if matches!(before, ',' | ':' | '{' | '[') => quote = Some(c),
                (None, '#') if before == ' ' => break,
                (None, _) => {}
            }
            if depth == 0 && quote.is_none() {
                self.open = Open::Nothing;
                return;
            }
            if !c.is_whitespace() {
                before = c;
            }
        }
        self.open = Open::Flow(depth, quote);
    }
}

/// What stands behind the key that `text` begins with.
fn key(text: &str) -> Option<&str> {
    let value = match text.chars().next()? {
        quote @ ('"' | '\'') => behind_quote(text.get(1..)?, quote)?.trim_start().strip_prefix(':')?,
        '{' | '[' | '#' | '|' | '>' => return None,
        _ => match text.split_once(": ") {
            Some((key, value)) if !key.contains(" #") => value,
            _ => text.strip_suffix(':')?.get(..0)?,
        },
    };
    (value.is_empty() || value.starts_with(' ') || text.contains(": ")).then_some(value)
}

/// What stands behind the end of a quoted text.
fn behind_quote(text: &str, quote: char) -> Option<&str> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => drop(chars.next()),
            '\'' if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') => drop(chars.next()),
            c if c == quote => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}
