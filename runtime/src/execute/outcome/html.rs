//! HTML as text: one pass over the tags, without a tree, so that no nesting costs more than its bytes.
//!
//! Headings, paragraphs, lists and rows keep their lines, links keep their targets. Scripts and styles go.

use std::fmt::Write as _;

/// Elements whose content nobody reads.
const SILENT: [&str; 7] = ["script", "style", "noscript", "template", "svg", "head", "iframe"];
const BLOCKS: [&str; 24] = [
    "p",
    "div",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "aside",
    "nav",
    "ul",
    "ol",
    "table",
    "tr",
    "form",
    "pre",
    "blockquote",
    "figure",
    "dl",
    "dt",
    "dd",
    "br",
    "hr",
    "body",
    "title",
];

/// The text of a page.
pub(super) fn text(page: &str) -> String {
    let mut writer = Writer::default();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        writer.words(before);
        rest = writer.markup(tag);
    }
    writer.words(rest);
    writer.finish()
}

#[derive(Default)]
struct Writer {
    out: String,
    link: Option<String>,
}

impl Writer {
    /// Reads what begins with `<`, and gives what comes after it.
    fn markup<'p>(&mut self, tag: &'p str) -> &'p str {
        if let Some(comment) = tag.strip_prefix("<!--") {
            return comment.split_once("-->").map_or("", |(_, rest)| rest);
        }
        let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
        if !tag.get(1..).is_some_and(|it| it.starts_with(begins)) {
            self.words("<");
            return tag.get(1..).unwrap_or_default();
        }
        let Some((inside, rest)) = tag.get(1..).and_then(|it| it.split_once('>')) else { return "" };
        let name: String = inside.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        let name = name.trim_end_matches('/').to_ascii_lowercase();
        if SILENT.contains(&name.as_str()) && !inside.ends_with('/') {
            return if name == "head" { self.head(rest) } else { after_end(rest, &name) };
        }
        self.tag(&name, inside);
        rest
    }

    /// Of a head, only the title.
    fn head<'p>(&mut self, rest: &'p str) -> &'p str {
        let end = find_end(rest, "head").unwrap_or(0);
        let head = rest.get(..end).unwrap_or_default();
        if let Some(title) = find(head, "<title").and_then(|at| head.get(at..)).and_then(|it| it.split_once('>')) {
            let words = find_end(title.1, "title").and_then(|end| title.1.get(..end)).unwrap_or_default();
            self.words(words);
            self.line();
        }
        rest.get(end..).unwrap_or_default()
    }

    fn tag(&mut self, name: &str, inside: &str) {
        match name {
            "a" => self.link = attribute(inside, "href"),
            "/a" => {
                if let Some(target) = self.link.take().filter(|target| !target.starts_with(['#', 'j'])) {
                    let _ = write!(self.out, " ({target})");
                }
            }
            "img" => self.words(&attribute(inside, "alt").unwrap_or_default()),
            "li" => {
                self.line();
                self.out.push_str("- ");
            }
            "td" | "th" => self.out.push('\t'),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line();
                let level = name.chars().nth(1).and_then(|c| c.to_digit(10)).unwrap_or(1);
                (0..level).for_each(|_| self.out.push('#'));
                self.out.push(' ');
            }
            "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" => self.line(),
            name if BLOCKS.contains(&name.trim_start_matches('/')) => self.line(),
            _ => {}
        }
    }

    fn line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn words(&mut self, raw: &str) {
        let decoded = decode(raw);
        let spaced = decoded.starts_with(char::is_whitespace);
        for (index, word) in decoded.split_whitespace().enumerate() {
            if (index > 0 || spaced) && !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
        if decoded.ends_with(char::is_whitespace) && !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) {
            self.out.push(' ');
        }
    }

    fn finish(self) -> String {
        let lines = self.out.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn after_end<'p>(rest: &'p str, name: &str) -> &'p str {
    let end = find_end(rest, name).and_then(|at| rest.get(at..)).unwrap_or_default();
    end.split_once('>').map_or("", |(_, after)| after)
}

fn find_end(text: &str, name: &str) -> Option<usize> {
    find(text, &format!("</{name}"))
}

/// Like `find`, whatever the case of ASCII letters. `wanted` begins with `<`.
fn find(text: &str, wanted: &str) -> Option<usize> {
    let at = |start: &usize| text.get(*start..start + wanted.len()).is_some_and(|it| it.eq_ignore_ascii_case(wanted));
    text.match_indices('<').map(|(start, _)| start).find(at)
}

fn attribute(inside: &str, name: &str) -> Option<String> {
    let mut rest = inside;
    while let Some(at) = find_name(rest, name) {
        let after = rest.get(at + name.len()..)?.trim_start();
        if let Some(value) = after.strip_prefix('=').map(str::trim_start) {
            let value = match value.chars().next()? {
                quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
                _ => value.split(char::is_whitespace).next()?,
            };
            return Some(decode(value).trim().to_owned()).filter(|value| !value.is_empty());
        }
        rest = after;
    }
    None
}

fn find_name(text: &str, name: &str) -> Option<usize> {
    let found = |(at, _): &(usize, char)| {
        text.get(*at + 1..at + 1 + name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name))
    };
    text.char_indices().filter(|(_, c)| c.is_whitespace()).find(found).map(|(at, space)| at + space.len_utf8())
}

const ENTITIES: [(&str, &str); 14] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("copy", "©"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("bull", "•"),
    ("middot", "·"),
];

fn decode(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        out.push_str(before);
        let named = entity.get(1..).and_then(|it| it.split_once(';')).filter(|(name, _)| name.len() < 10);
        match named.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((text, after)) => {
                out.push_str(&text);
                rest = after;
            }
            None => {
                out.push('&');
                rest = entity.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).map(String::from);
    }
    ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
}
