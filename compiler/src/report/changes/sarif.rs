//! Changes as SARIF 2.1.0, which code scanning reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Origin, Review, Shown};
use crate::diff::{ChangeCode, ChangeInfo, Group, Member, all_changes};
use crate::pin::{Digest, visible};
use crate::report::sarif::{MOST_RESULTS, level, log, uri};

/// Renders changes as a SARIF log with one run. What would be more than readers take is left out.
#[must_use]
pub fn render_sarif(review: &Review<'_>) -> Value {
    let used: BTreeSet<ChangeCode> = review.changes.groups.iter().map(|group| group.code).collect();
    let rules: Vec<&ChangeInfo> = all_changes().iter().filter(|info| used.contains(&info.code)).collect();
    let members = review.changes.groups.iter().flat_map(|group| group.members.iter().map(move |it| (group, it)));
    let results: Vec<Value> = members.take(MOST_RESULTS).map(|(group, it)| result(group, it, &rules, review)).collect();
    log("cap-diff/", &rules.iter().map(|info| rule(info)).collect::<Vec<_>>(), &results)
}

fn rule(info: &ChangeInfo) -> Value {
    json!({
        "id": info.code,
        "shortDescription": {"text": info.title},
        "defaultConfiguration": {"level": level(info.severity)},
        "properties": {"tags": [info.class.name()]},
    })
}

fn result(group: &Group, member: &Member, rules: &[&ChangeInfo], review: &Review<'_>) -> Value {
    let text = format!("`{}`: {}", seen(&member.subject), seen(&group.sentence));
    let index = rules.iter().position(|info| info.code == group.code).unwrap_or_default();
    let mut result = json!({
        "ruleId": group.code,
        "ruleIndex": index,
        "level": level(group.severity()),
        "message": {"text": text},
        "locations": [],
        "partialFingerprints": {"change/v1": Digest::of(format!("{} {text}", group.code).as_bytes()).to_string()},
        "properties": {"class": group.class().name()},
    });
    if let Value::Object(map) = &mut result {
        let place = review.place(member);
        let mut at = json!({"logicalLocations": [{"fullyQualifiedName": seen(&member.subject), "kind": "function"}]});
        if let (Value::Object(at), Some(place)) = (&mut at, place) {
            at.insert("physicalLocation".to_owned(), physical(&place));
        }
        map.insert("locations".to_owned(), json!([at]));
        if let (Some(old), Some(_)) = (&member.old, &member.new) {
            map.insert("relatedLocations".to_owned(), json!([related(&review.old, old)]));
        }
    }
    result
}

fn related(origin: &Origin<'_>, place: &crate::diagnostic::Place) -> Value {
    json!({"physicalLocation": physical(&origin.find(place)), "message": {"text": format!("as it was in {}", seen(origin.label))}})
}

fn physical(place: &Shown) -> Value {
    json!({
        "artifactLocation": {"uri": uri(&place.file)},
        "region": {"startLine": place.line, "startColumn": place.column},
    })
}

fn seen(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}
