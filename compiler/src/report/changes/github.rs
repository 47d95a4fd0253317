//! Changes as GitHub workflow commands, which show up at their lines in a pull request. What is compatible is
//! no annotation: GitHub shows few of them.

use super::Review;
use crate::diagnostic::Severity;
use crate::diff::{Class, Group};
use crate::pin::visible;
use crate::report::github::{data, property};

/// Renders one workflow command for each group of changes.
#[must_use]
pub fn render_github(review: &Review<'_>) -> String {
    let shown = |group: &&Group| !matches!(group.class(), Class::Compatible | Class::Trivial);
    review.changes.groups.iter().filter(shown).map(|group| command(group, review) + "\n").collect()
}

fn command(group: &Group, review: &Review<'_>) -> String {
    let name = match group.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice | Severity::Note => "notice",
    };
    let first = group.members.first();
    let place = first
        .and_then(|member| review.place(member))
        .map(|it| format!("file={},line={},col={},", property(&seen(&it.file)), it.line, it.column));
    let subject = first.map(|member| member.subject.as_str()).unwrap_or_default();
    let more = match group.members.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let title = format!("{} {}: {}", group.code, group.class().name(), seen(subject));
    let text = format!("{}{more}: {}", seen(subject), seen(&group.sentence));
    format!("::{name} {}title={}::{}", place.unwrap_or_default(), property(&title), data(&text))
}

fn seen(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}
