//! Changes for programs.

use serde_json::{Map, Value, json};

use super::{Origin, Review};
use crate::diagnostic::Place;
use crate::diff::{Class, Group, Member};
use crate::report::severity_name;

/// Renders changes as one JSON object. Lines and columns count from one.
#[must_use]
pub fn render_json(review: &Review<'_>) -> Value {
    let count = |class: Class| (class.name().to_owned(), json!(review.changes.count(class)));
    let counts: Map<String, Value> = Class::ALL.into_iter().map(count).collect();
    let denied: Vec<&str> = Class::ALL.into_iter().filter(|class| review.is_denied(*class)).map(Class::name).collect();
    json!({
        "version": 1,
        "old": review.old.label,
        "new": review.new.label,
        "tools": {
            "before": review.changes.tools_before,
            "after": review.changes.tools_after,
            "changed": review.changes.tools_changed,
        },
        "counts": counts,
        "denied": denied,
        "changes": review.changes.groups.iter().map(|it| group(it, review)).collect::<Vec<_>>(),
    })
}

fn group(group: &Group, review: &Review<'_>) -> Value {
    json!({
        "code": group.code,
        "class": group.class().name(),
        "severity": severity_name(group.severity()),
        "sentence": group.sentence,
        "count": group.members.len(),
        "subjects": group.members.iter().map(|it| member(it, review)).collect::<Vec<_>>(),
    })
}

fn member(member: &Member, review: &Review<'_>) -> Value {
    let mut shown = json!({
        "name": member.subject,
        "old": member.old.as_ref().map(|it| place(it, &review.old)),
        "new": member.new.as_ref().map(|it| place(it, &review.new)),
    });
    if let (Some((was, is)), Value::Object(shown)) = (&member.texts, &mut shown) {
        shown.insert("was".to_owned(), json!(was));
        shown.insert("is".to_owned(), json!(is));
    }
    shown
}

fn place(place: &Place, origin: &Origin<'_>) -> Value {
    let shown = origin.find(place);
    json!({
        "file": shown.file,
        "pointer": place.pointer.to_string(),
        "line": shown.line,
        "column": shown.column,
    })
}
