//! Descriptions that an agent cannot choose by.

use std::ops::Range;

use super::Finding;
use crate::capability::{Call, Capability};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::syntax::Pointer;

/// Words that say nothing beside a name.
const FILLERS: [&str; 34] = [
    "a",
    "an",
    "the",
    "of",
    "to",
    "for",
    "in",
    "on",
    "by",
    "from",
    "with",
    "and",
    "or",
    "this",
    "that",
    "is",
    "are",
    "be",
    "all",
    "any",
    "one",
    "it",
    "its",
    "api",
    "endpoint",
    "operation",
    "method",
    "request",
    "call",
    "used",
    "allows",
    "you",
    "will",
    "can",
];

/// Words, beside fillers, of a description that can be taken for its name. A longer one says something by
/// the order of its words.
const MOST_WORDS: usize = 4;

/// Texts that stand where nobody has written one yet.
const PLACEHOLDERS: [&str; 10] =
    ["todo", "tbd", "fixme", "description", "string", "n/a", "none", "no description", "lorem ipsum", "placeholder"];

/// Elements of HTML that stand in descriptions.
const ELEMENTS: [&str; 24] = [
    "p",
    "br",
    "b",
    "i",
    "a",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "th",
    "div",
    "span",
    "strong",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "code",
    "pre",
    "img",
    "blockquote",
];

/// Characters of the longest name among them.
const LONGEST_ELEMENT: usize = 10;
/// Bytes of a tag: what is longer is a text between two signs.
const LONGEST_TAG: usize = 200;

pub(super) fn check(capability: &Capability) -> Vec<Finding> {
    let text = capability.description.trim();
    // What has no words at all is a warning already.
    if text.len() < 3 {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = wordless(capability, text).into_iter().collect();
    findings.extend(markup(capability, text));
    findings
}

/// Whether a description is one that is reported by itself.
pub(super) fn is_wordless(capability: &Capability) -> bool {
    wordless(capability, capability.description.trim()).is_some()
}

fn wordless(capability: &Capability, text: &str) -> Option<Finding> {
    let (reason, message, label) = fault_of(capability, text)?;
    let diagnostic =
        Diagnostic::new(Code::WORDLESS_DESCRIPTION, format!("{message} `{}`", capability.tool), place(capability))
            .label(label)
            .help(
                "say what it does, when to use it and what comes back; an agent chooses among many tools by this text",
            );
    Some(Finding::new(capability, reason, diagnostic))
}

type Fault = (&'static str, &'static str, &'static str);

fn fault_of(capability: &Capability, text: &str) -> Option<Fault> {
    let lower = text.to_lowercase();
    let bare = lower.trim_end_matches(['.', ':', '!', '…']);
    if PLACEHOLDERS.contains(&bare) || ["todo:", "todo ", "tbd:", "fixme:"].iter().any(|mark| lower.starts_with(mark)) {
        return Some(("placeholder", "a placeholder is the description of", "nobody has written this yet"));
    }
    if is_request(capability, text) {
        return Some(("request", "only the request is the description of", "agents do not know the server's paths"));
    }
    let known = stems(&format!(
        "{} {} {}",
        capability.tool,
        capability.server,
        capability.title.as_deref().unwrap_or_default()
    ));
    let said = stems(text);
    let weighty = said.iter().filter(|word| !FILLERS.contains(&word.as_str())).count();
    if weighty <= MOST_WORDS && said.iter().all(|word| FILLERS.contains(&word.as_str()) || known.contains(word)) {
        return Some(("name", "the description says no more than the name of", "the name says this already"));
    }
    (said.len() < 3).then_some((
        "short",
        "the description is too short to choose by: that of",
        "fewer than three words",
    ))
}

/// Whether the text is a method and a path, or a path.
fn is_request(capability: &Capability, text: &str) -> bool {
    let Call::Http(http) = &capability.call else { return false };
    let path = text.strip_prefix(http.method.as_str()).unwrap_or(text).trim();
    path.starts_with('/') && !path.contains(char::is_whitespace)
}

/// The words of a text or name, in lower case and without a plural's `s`.
fn stems(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_lower = false;
    for c in text.chars().chain([' ']) {
        let ends = !c.is_alphanumeric() || (c.is_uppercase() && before_lower);
        if ends && !word.is_empty() {
            words.push(stem(&std::mem::take(&mut word)));
        }
        before_lower = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// What is left of a word without the endings that a name and a sentence differ by.
fn stem(word: &str) -> String {
    let stem = match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    };
    match stem.as_str() {
        "gets" | "retrieve" | "return" | "fetch" | "show" | "read" => "get".to_owned(),
        "add" | "new" | "post" => "create".to_owned(),
        "remove" => "delete".to_owned(),
        "modify" | "edit" | "change" | "patch" | "put" => "update".to_owned(),
        _ => stem,
    }
}

fn markup(capability: &Capability, text: &str) -> Option<Finding> {
    let bytes = element(text)?;
    let source = &capability.origin.definition;
    let start = capability.description.len() - capability.description.trim_start().len();
    let place = Place::within(source, Pointer::of(["description"]), start + bytes.start..start + bytes.end);
    let message = format!("HTML is in the description of `{}`", capability.tool);
    let diagnostic = Diagnostic::new(Code::MARKUP_IN_DESCRIPTION, message, place)
        .label("agents read this as it is")
        .help("write plain text, or Markdown where structure helps");
    Some(Finding::new(capability, "markup", diagnostic))
}

/// The first tag of HTML. What a `<` begins is looked at once, however many there are: texts come from outside.
fn element(text: &str) -> Option<Range<usize>> {
    let mut close = 0;
    for (at, _) in text.match_indices('<') {
        let rest = text.get(at + 1..)?;
        if close <= at {
            close = at + 1 + rest.find('>')?;
        }
        if close - at <= LONGEST_TAG && is_element(rest) {
            return Some(at..close + 1);
        }
    }
    None
}

/// Whether a text begins with the name of an element, or with `/` and one.
fn is_element(text: &str) -> bool {
    let text = text.trim_start_matches('/');
    let length = text.bytes().take(LONGEST_ELEMENT + 1).take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = text.split_at_checked(length).unwrap_or_default();
    rest.starts_with([' ', '/', '\n', '>']) && ELEMENTS.contains(&name.to_ascii_lowercase().as_str())
}

fn place(capability: &Capability) -> Place {
    Place::value(&capability.origin.definition, Pointer::of(["description"]))
}
