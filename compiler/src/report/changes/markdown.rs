//! Changes as a comment of a pull request: a table, then what matters most, then the rest folded.
//!
//! Nothing in a text of others becomes markup, a link or a mention: every character with a meaning is written
//! as its number, and what is between backticks stands in a code element, where nobody is mentioned.

use super::Review;
use crate::diff::{Class, Group};
use crate::pin::visible;

/// The first line, by which a comment is found again.
const MARK: &str = "<!-- cap diff -->";

/// Renders changes as Markdown of at most 60,000 characters.
#[must_use]
pub fn render_markdown(review: &Review<'_>) -> String {
    let mut page = Page { text: format!("{MARK}\n"), left_out: 0, length: MARK.len() + 1 };
    page.push(&heading(review));
    if review.changes.is_empty() {
        page.push("\nNothing changes for agents.\n");
        return page.text;
    }
    page.push(&table(review));
    for class in Class::ALL {
        section(class, review, &mut page);
    }
    if page.left_out > 0 {
        let text = format!("\n{} more are left out here; `cap diff` shows them.\n", lines(page.left_out));
        page.text.push_str(&text);
    }
    page.text
}

/// Text of bounded length, in characters.
struct Page {
    text: String,
    length: usize,
    left_out: usize,
}

impl Page {
    fn push(&mut self, text: &str) {
        self.length += text.chars().count();
        self.text.push_str(text);
    }

    fn has_room(&self, text: &str) -> bool {
        self.length + text.chars().count() <= ROOM
    }
}

fn heading(review: &Review<'_>) -> String {
    let changes = review.changes;
    format!(
        "## What changes for agents\n\n{} against {}: {} of {} tools are not as they were.\n",
        code(review.new.label),
        code(review.old.label),
        changes.tools_changed,
        changes.tools_before.max(changes.tools_after),
    )
}

fn table(review: &Review<'_>) -> String {
    let mut text = "\n| class | changes | |\n|---|---:|---|\n".to_owned();
    for class in Class::ALL.into_iter().filter(|class| review.changes.count(*class) > 0) {
        let denied = if review.is_denied(class) { "not wanted" } else { "" };
        text.push_str(&format!("| {} | {} | {denied} |\n", class.name(), review.changes.count(class)));
    }
    text
}

fn section(class: Class, review: &Review<'_>, page: &mut Page) {
    let groups: Vec<&Group> = review.of_class(class).collect();
    if groups.is_empty() {
        return;
    }
    let is_open = matches!(class, Class::Breaking | Class::Reach);
    let (begin, end) = if is_open {
        (format!("\n### {}\n\n", class.name()), "")
    } else {
        let count = review.changes.count(class);
        (format!("\n<details><summary>{}: {count}</summary>\n\n", class.name()), "\n</details>\n")
    };
    page.push(&begin);
    for group in groups {
        let line = line(group);
        if page.left_out == 0 && page.has_room(&line) {
            page.push(&line);
        } else {
            page.left_out += 1;
        }
    }
    page.push(end);
}

fn line(group: &Group) -> String {
    let names: Vec<String> = group.members.iter().take(SHOWN).map(|member| code(&member.subject)).collect();
    let subjects = match group.members.len() {
        0..=SHOWN => names.join(", "),
        count => format!("{count} tools ({}, …)", names.join(", ")),
    };
    format!("- **{}** {subjects}: {}\n", group.code, prose(&group.sentence))
}

fn lines(count: usize) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// A sentence: what stands between backticks is code.
fn prose(sentence: &str) -> String {
    let mut text = String::new();
    for (index, part) in sentence.split('`').enumerate() {
        if index % 2 == 1 {
            text.push_str(&code(part));
        } else {
            // Outside of code a mention would be one, however the sign is written.
            text.push_str(&escaped(part).replace("&#64;", "<code>&#64;</code>").replace("&#35;", "<code>&#35;</code>"));
        }
    }
    text
}

/// Every character that could mean something, as its number.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(visible) {
        let plain = c.is_alphanumeric() || matches!(c, ' ' | ',' | ';' | '(' | ')' | '…');
        if plain {
            out.push(c);
        } else {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
    }
    out
}

/// Room for lines, in characters; closing tags and the last line fit into what is left of 60,000.
const ROOM: usize = 59_000;
/// How many tools of a group are named.
const SHOWN: usize = 8;
