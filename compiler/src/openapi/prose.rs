//! Descriptions made plain: CommonMark and HTML without their markup, and bounded.
//!
//! What reads a description is a model that pays for every character. Links keep their words, lists
//! stay lists, code keeps its back quotes. Characters that nobody can see are left out: they have
//! been used to hide instructions.

/// Characters of a description within a schema.
pub const SCHEMA_LIMIT: usize = 300;
/// Characters of a tool's description.
pub const TOOL_LIMIT: usize = 1_000;

/// A text within its bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded {
    /// The text.
    pub text: String,
    /// Whether something was cut off.
    pub cut: bool,
}

/// Characters of a text that are looked at: nothing behind them is ever kept.
const READ: usize = 16_384;

/// The text without markup.
#[must_use]
pub fn clean(text: &str) -> String {
    let text = text.char_indices().nth(READ).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    if is_plain(text) {
        return text.trim().to_owned();
    }
    let visible: String = text.replace("\r\n", "\n").chars().filter(|c| is_visible(*c)).collect();
    let text = unescape(&without_tags(&visible));
    join_lines(text.lines())
}

/// At most `limit` characters, cut behind a sentence where there is one, behind a word otherwise.
#[must_use]
pub fn shorten(text: &str, limit: usize) -> Bounded {
    let Some((end, _)) = text.char_indices().nth(limit) else {
        return Bounded { text: text.to_owned(), cut: false };
    };
    let room = text.get(..end).unwrap_or_default();
    let sentence = ["\n", ". ", ".\n", "! ", "? "].iter().filter_map(|stop| room.rfind(stop).map(|at| at + 1)).max();
    if let Some(at) = sentence.filter(|at| *at * 2 >= end) {
        return Bounded { text: room.get(..at).unwrap_or_default().trim_end().to_owned(), cut: true };
    }
    let at = room.rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(room.len());
    let words = room.get(..at).unwrap_or_default().trim_end().trim_end_matches([',', ';', ':']);
    Bounded { text: format!("{words}…"), cut: true }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .,:;'\"()/-+=?!%$@{}`".contains(&byte))
        && !text.contains("  ")
        && !text.contains("- ")
}

/// Not a control character, and nothing that has no width or turns the direction of reading.
fn is_visible(c: char) -> bool {
    let hidden = matches!(c,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{00AD}'
        | '\u{E0000}'..='\u{E007F}');
    matches!(c, '\n' | '\t') || !(c.is_control() || hidden)
}

/// HTML tags that descriptions are written with; what else stands between `<` and `>` is text.
const INLINE_TAGS: [&str; 24] = [
    "a", "abbr", "b", "big", "center", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "nobr",
    "s", "small", "span", "strong", "sub", "sup", "tt", "u",
];
const BLOCK_TAGS: [&str; 30] = [
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    "li",
];

fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        match tag(tail, text) {
            Some((replacement, length)) => {
                out.push_str(&replacement);
                rest = tail.get(length..).unwrap_or_default();
            }
            None => {
                out.push('<');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// What stands for the tag, comment or link that `text` begins with, and how long that is. A tag
/// that nobody knows is one only if the whole text closes it somewhere.
fn tag(text: &str, whole: &str) -> Option<(String, usize)> {
    if text.starts_with("<!--") {
        return Some((String::new(), text.find("-->").map_or(text.len(), |at| at + 3)));
    }
    let end = text.find('>')?;
    let inner = text.get(1..end)?;
    if inner.starts_with("http://") || inner.starts_with("https://") {
        return Some((inner.to_owned(), end + 1));
    }
    let closing = inner.starts_with('/');
    let name: String = inner.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    let replacement = match name.as_str() {
        "code" | "tt" | "kbd" => "`",
        "li" if !closing => "\n- ",
        "td" | "th" if closing => " ",
        name if BLOCK_TAGS.contains(&name) => "\n\n",
        name if INLINE_TAGS.contains(&name) => "",
        name if !name.is_empty() && whole.to_ascii_lowercase().contains(&format!("</{name}>")) => "\n\n",
        _ => return None,
    };
    Some((replacement.to_owned(), end + 1))
}

fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    const ENTITIES: [(&str, &str); 8] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&mdash;", "—"),
        ("&amp;", "&"),
    ];
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// Lines that were broken for width become one; paragraphs and list items stay apart.
fn join_lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut apart = true;
    for line in lines {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") || is_rule(line) {
            apart = true;
            continue;
        }
        if line.is_empty() {
            apart = true;
            continue;
        }
        let heading = line.starts_with('#');
        let line = line.trim_start_matches(['#', '>']).trim_start();
        let item = is_item(line) || line.starts_with('|');
        if !out.is_empty() {
            out.push(if apart || item || heading { '\n' } else { ' ' });
        }
        out.push_str(&inline(line));
        apart = heading || line.starts_with('|');
    }
    out.trim().to_owned()
}

/// `---`, `***`, and the line below a table's head.
fn is_rule(line: &str) -> bool {
    line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '*' | '_' | '=' | '|' | ':' | ' '))
}

fn is_item(line: &str) -> bool {
    let numbered = line.split_once(['.', ')']).is_some_and(|(number, rest)| {
        !number.is_empty()
            && number.len() <= 2
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && rest.starts_with(' ')
    });
    ["- ", "* ", "+ ", "• "].iter().any(|mark| line.starts_with(mark)) || numbered
}

/// A line without emphasis, links and repeated spaces.
fn inline(line: &str) -> String {
    let line =
        line.strip_prefix("* ").or_else(|| line.strip_prefix("+ ")).map_or(line.to_owned(), |rest| format!("- {rest}"));
    let text = without_links(&line).replace("**", "").replace("__", "");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out.trim_end().to_owned()
}

/// `[words](address)` becomes `words`.
fn without_links(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        let (before, tail) = rest.split_at(at);
        let Some((words, length)) = link(tail) else {
            out.push_str(before);
            out.push('[');
            rest = tail.get(1..).unwrap_or_default();
            continue;
        };
        out.push_str(before.strip_suffix('!').unwrap_or(before));
        out.push_str(words);
        rest = tail.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The words of the link that `text` begins with, and how long the link is.
fn link(text: &str) -> Option<(&str, usize)> {
    let close = text.find("](")?;
    let words = text.get(1..close)?;
    if words.contains('[') {
        return None;
    }
    let end = close + text.get(close..)?.find(')')?;
    Some((words, end + 1))
}
