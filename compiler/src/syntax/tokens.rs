//! A YAML text as its tokens, with all that a tree of values leaves out: comments, empty lines, styles,
//! anchors and tags. For whoever lays a text out anew.
//!
//! It only takes texts that [`super::parse_definition`] reads; what nodes mean is decided there.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Value;

use super::scalar::scalar_value;
use super::yaml::CharCursor;

/// What YAML takes for white space: less than Unicode does.
const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// A text, taken apart.
#[derive(Clone, Debug, Default)]
pub struct TokenStream {
    /// Lines that begin with `%`, before the document.
    pub directives: Vec<String>,
    /// The nodes, in order.
    pub tokens: Vec<Token>,
    /// What stands behind the last node.
    pub end: Gap,
}

/// A node of the text, or the end of a collection.
#[derive(Clone, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its anchor and tag as they are written; most have none.
    pub properties: Option<String>,
    /// The column at which it begins, in bytes.
    pub column: usize,
    /// What stands before it.
    pub before: Gap,
}

/// Sorts of tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// A value: as text, which it is if it is a key, and as what it means.
    Scalar(String, Value, TextStyle),
    /// An alias, with its `*`.
    Alias(String),
    /// The beginning of a mapping.
    Mapping(Bracket),
    /// The beginning of a list.
    List(Bracket),
    /// The end of a collection.
    Close,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextStyle {
    /// Plain or in quotes.
    Inline,
    /// Behind `|`.
    Literal,
    /// Behind `>`.
    Folded,
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    /// With an entry a line.
    Block,
    /// Within `{}` or `[]`.
    Flow,
}

/// What stands between two tokens.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    /// The comments.
    pub comments: Vec<Comment>,
    /// The columns of the `-` that begin items.
    pub dashes: Vec<usize>,
    /// Whether an empty line follows the last token or comment.
    pub blank: bool,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its text, from `#` on, without white space at its end.
    pub text: String,
    /// The column of the `#`.
    pub column: usize,
    /// What it stands behind.
    pub stand: Stand,
    /// Whether an empty line stands before it.
    pub blank: bool,
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// On a line of its own, or behind nothing but a `-`.
    Alone,
    /// On the line on which the token before it ends.
    Behind,
}

/// Takes a text apart; `None` if it does not parse.
#[must_use]
pub fn tokens(text: &str) -> Option<TokenStream> {
    let mut scan =
        Scan { text, at: 0, line: Line::default(), lines: 0, stand: Stand::Alone, dash: None, tokens: Vec::new() };
    let mut cursor = CharCursor::new(text);
    let mut stream = TokenStream::default();
    let mut open = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let bytes = cursor.bytes_of(span);
        match event {
            Event::DocumentStart(_) => stream.directives = directives(text.get(..bytes.start)?),
            Event::Scalar(value, style, anchor, tag) => {
                scan.scalar(&value, style, bytes, anchor != 0 || tag.is_some(), tag.as_deref())?;
            }
            Event::Alias(_) => scan.alias(bytes)?,
            Event::SequenceStart(..) => open.push(scan.open(bytes, TokenKind::List)?),
            Event::MappingStart(..) => open.push(scan.open(bytes, TokenKind::Mapping)?),
            Event::SequenceEnd | Event::MappingEnd => scan.close(bytes, open.pop()?)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }
    stream.end = scan.gap(text.len())?;
    stream.tokens = scan.tokens;
    Some(stream)
}

fn directives(head: &str) -> Vec<String> {
    head.lines().filter(|line| line.starts_with('%')).map(|line| line.trim_end_matches(WHITE).to_owned()).collect()
}

struct Scan<'t> {
    text: &'t str,
    /// Where the next gap begins.
    at: usize,
    /// The line that a column was asked of last.
    line: Line,
    /// Line breaks since the last token, comment or `-`.
    lines: usize,
    /// What a comment would stand behind.
    stand: Stand,
    /// If a `-` is the last, whether an empty line is above it.
    dash: Option<bool>,
    tokens: Vec<Token>,
}

/// A line of which a part is known.
#[derive(Clone, Copy, Default)]
struct Line {
    start: usize,
    /// Up to here there is no line break behind its start.
    known: usize,
}

impl Scan<'_> {
    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        bytes: Range<usize>,
        marked: bool,
        tag: Option<&Tag>,
    ) -> Option<()> {
        let (before, properties, mut start) = self.begin(&bytes, marked)?;
        let written = match style {
            ScalarStyle::Literal => TextStyle::Literal,
            ScalarStyle::Folded => TextStyle::Folded,
            ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => TextStyle::Inline,
        };
        if written != TextStyle::Inline && marked {
            // The header stands between the properties and the text.
            start = self.line_end(start);
        }
        let kind = TokenKind::Scalar(value.to_owned(), scalar_value(value, style, tag), written);
        self.push(kind, properties, bytes.start, before);
        let end = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.quote_end(start)?,
            ScalarStyle::Plain if self.is_unwritten(value, start) => return Some(()),
            ScalarStyle::Plain => self.plain_end(start..bytes.end.max(start))?,
            ScalarStyle::Literal | ScalarStyle::Folded => {
                start + self.text.get(start..bytes.end.max(start))?.trim_end_matches(WHITE).len()
            }
        };
        self.pass(end);
        Some(())
    }

    /// Whether a value is one that an author left out: it has the place of whatever comes after it.
    fn is_unwritten(&self, value: &str, start: usize) -> bool {
        value.is_empty() || value == "~" && self.byte(start) != Some(b'~')
    }

    /// The byte behind a plain text, in which no comment can stand; `None` if one seems to.
    fn plain_end(&self, bytes: Range<usize>) -> Option<usize> {
        let text = self.text.get(bytes.clone())?.trim_end_matches(WHITE);
        let holds_comment = text.match_indices('#').any(|(at, _)| text.get(..at).is_some_and(|it| it.ends_with(WHITE)));
        (!holds_comment).then_some(bytes.start + text.len())
    }

    fn alias(&mut self, bytes: Range<usize>) -> Option<()> {
        let before = self.gap(bytes.start)?;
        let name = self.text.get(bytes.clone())?.trim_end_matches(WHITE);
        self.push(TokenKind::Alias(name.to_owned()), None, bytes.start, before);
        self.pass(bytes.start + name.len());
        Some(())
    }

    fn open(&mut self, bytes: Range<usize>, kind: fn(Bracket) -> TokenKind) -> Option<Bracket> {
        let marked = matches!(self.byte(bytes.start), Some(b'&' | b'!')) && !bytes.is_empty();
        let (before, properties, start) = self.begin(&bytes, marked)?;
        let is_flow = matches!(self.byte(start), Some(b'{' | b'[')) && (marked || !bytes.is_empty());
        let bracket = if is_flow { Bracket::Flow } else { Bracket::Block };
        self.push(kind(bracket), properties, bytes.start, before);
        if is_flow {
            self.pass(start + 1);
        }
        Some(bracket)
    }

    fn close(&mut self, bytes: Range<usize>, bracket: Bracket) -> Option<()> {
        let before = self.gap(bytes.start)?;
        self.push(TokenKind::Close, None, bytes.start, before);
        if bracket == Bracket::Flow {
            self.pass(bytes.start + 1);
        }
        Some(())
    }

    /// What stands before a node, its properties, and where what is behind them begins.
    fn begin(&mut self, bytes: &Range<usize>, marked: bool) -> Option<(Gap, Option<String>, usize)> {
        let mut gap = self.gap(bytes.start)?;
        if !marked {
            return Some((gap, None, bytes.start));
        }
        let mut properties = Vec::new();
        let mut at = bytes.start;
        while let Some(byte) = self.byte(at).filter(|_| at < bytes.end) {
            at = match byte {
                b'&' | b'!' => {
                    let end = self.word_end(at);
                    properties.push(self.text.get(at..end)?.to_owned());
                    end
                }
                b'#' => self.comment(at, &mut gap)?,
                b'\n' => self.line_break(at),
                b' ' | b'\t' | b'\r' => at + 1,
                _ => break,
            };
        }
        self.at = at;
        // A header with a comment is a part of the gap that the caller cannot see.
        if matches!(self.byte(at), Some(b'|' | b'>')) && at < bytes.end {
            let mut header = self.gap(self.line_end(at).min(bytes.end))?;
            gap.comments.append(&mut header.comments);
        }
        Some((gap, Some(properties.join(" ")), at))
    }

    /// Goes on to `end`, which is where something begins.
    fn gap(&mut self, end: usize) -> Option<Gap> {
        let mut gap = Gap::default();
        let mut above_header = None;
        let mut at = self.at;
        while let Some(byte) = self.byte(at).filter(|_| at < end) {
            at = match byte {
                b'#' => self.comment(at, &mut gap)?,
                b'\n' => self.line_break(at),
                b'-' if self.is_dash(at) => {
                    let column = self.column(at);
                    gap.dashes.push(column);
                    self.dash = Some(self.is_below_blank());
                    (self.lines, self.stand) = (0, Stand::Alone);
                    at + 1
                }
                b'%' if self.column(at) == 0 => self.line_end(at),
                b'|' | b'>' => {
                    // The lines behind the header of a block belong to its text.
                    above_header = Some(self.is_below_blank());
                    at + 1
                }
                _ => at + 1,
            };
        }
        self.at = self.at.max(at);
        gap.blank = above_header.unwrap_or(self.is_below_blank());
        Some(gap)
    }

    /// Reads the comment that begins here; gives where its line ends.
    fn comment(&mut self, at: usize, gap: &mut Gap) -> Option<usize> {
        let end = self.line_end(at);
        let text = self.text.get(at..end)?.trim_end_matches(WHITE).to_owned();
        let column = self.column(at);
        gap.comments.push(Comment { text, column, stand: self.stand, blank: self.is_below_blank() });
        (self.lines, self.dash) = (0, None);
        Some(end)
    }

    fn line_break(&mut self, at: usize) -> usize {
        self.lines += 1;
        self.stand = Stand::Alone;
        at + 1
    }

    /// Whether an empty line stands above what comes now, or above the `-` before it.
    fn is_below_blank(&self) -> bool {
        self.dash.unwrap_or(self.lines > 1)
    }

    fn push(&mut self, kind: TokenKind, properties: Option<String>, start: usize, before: Gap) {
        let column = self.column(start);
        self.tokens.push(Token { kind, properties, column, before });
    }

    /// Something ends here.
    fn pass(&mut self, end: usize) {
        self.at = self.at.max(end);
        (self.lines, self.stand, self.dash) = (0, Stand::Behind, None);
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn is_dash(&self, at: usize) -> bool {
        let free = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace());
        free(at.checked_sub(1).and_then(|before| self.byte(before))) && free(self.byte(at + 1))
    }

    /// A text may be one long line: what was looked at for one column is not looked at for the next.
    fn column(&mut self, at: usize) -> usize {
        if at < self.line.start {
            self.line = Line::default();
        }
        let Line { start, known } = self.line;
        let fresh = self.text.get(known..at.max(known)).unwrap_or_default();
        let start = fresh.rfind('\n').map_or(start, |newline| known + newline + 1);
        self.line = Line { start, known: known.max(at) };
        at - start
    }

    fn line_end(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |newline| at + newline)
    }

    fn word_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find(|c: char| WHITE.contains(&c) || matches!(c, ',' | '[' | ']' | '{' | '}'))
            .map_or(self.text.len(), |length| at + length)
    }

    /// The byte behind a quoted text.
    fn quote_end(&self, start: usize) -> Option<usize> {
        let quote = self.byte(start)?;
        let mut at = start + 1;
        loop {
            match self.byte(at)? {
                b'\\' if quote == b'"' => at += 2,
                byte if byte == quote && quote == b'\'' && self.byte(at + 1) == Some(b'\'') => at += 2,
                byte if byte == quote => return Some(at + 1),
                _ => at += 1,
            }
        }
    }
}
