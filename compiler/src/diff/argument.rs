//! Arguments and results: gaps between schemas as changes of a tool.
//!
//! Arguments that were right have to stay right; a result has to stay what callers were told. So the two are
//! asked about in opposite directions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::Change;
use super::code::ChangeCode;
use super::schema::{Certainty, Gap, Rule, Step, are_same, gaps, shown_text};
use super::tool::Both;

/// How the arguments of a tool changed.
pub(super) fn of_input(both: &Both<'_>, old: &Value, new: &Value) -> Vec<Change> {
    // What differs in neither meaning nor words, only in the writing, is not worth a line; words are told elsewhere.
    let encoded = of_encodings(both, old, new);
    if are_same(old, new) {
        return encoded;
    }
    let refused = gaps(old, new);
    let more = gaps(new, old);
    let is_required =
        |path: &[Step]| refused.iter().any(|gap| gap.rule == Rule::Required && gap.path.as_slice() == path);
    // What must be given is refused whatever it was before.
    let told = refused.iter().filter(|gap| gap.rule != Rule::Described || !is_required(&gap.path));
    let mut changes: Vec<Change> = told.map(|gap| narrowed(both, gap)).collect();
    let beyond = more.iter().filter(|gap| !refused.iter().any(|known| is_said_by(known, gap)));
    changes.extend(beyond.map(|gap| widened(both, gap)));
    changes.extend(encoded);
    if changes.is_empty() {
        changes.push(both.change(
            ChangeCode::SCHEMA_REWRITTEN,
            "its arguments are described in another way",
            &["input"],
        ));
    }
    changes
}

/// Texts that were to be encoded and are not, or the reverse. The schema accepts them all the same, and something
/// else is sent.
fn of_encodings(both: &Both<'_>, old: &Value, new: &Value) -> Vec<Change> {
    let (before, after) = (encodings(old), encodings(new));
    let differing = after.iter().filter_map(|(path, is)| {
        let was = before.get(path)?;
        (was != is).then(|| {
            let sentence = undecided(&name(path, "the input"), was, is);
            both.change(ChangeCode::INPUT_UNDECIDED, sentence, &pointer(&["input"], path))
        })
    });
    differing.collect()
}

/// How each text of the arguments stands for something else, as far as it is described in its place.
fn encodings(schema: &Value) -> BTreeMap<Vec<Step>, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![(Vec::new(), schema)];
    while let Some((path, schema)) = waiting.pop() {
        let text = |key: &str| Some(format!("{key} {}", shown_text(schema.get(key)?.as_str()?)));
        let said: Vec<String> = ["contentEncoding", "contentMediaType"].into_iter().filter_map(text).collect();
        let below = |step: Step| path.iter().cloned().chain([step]).collect::<Vec<_>>();
        let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        waiting.extend(members.map(|(name, schema)| (below(Step::Member(name.clone())), schema)));
        waiting.extend(schema.get("items").map(|items| (below(Step::Items), items)));
        found.insert(path, if said.is_empty() { "plain text".to_owned() } else { said.join(", ") });
    }
    found
}

/// Whether what a gap in one direction says is the other side of what is said already.
fn is_said_by(known: &Gap, gap: &Gap) -> bool {
    known.path == gap.path && (known.rule == gap.rule || known.rule == Rule::Member || known.rule == Rule::Described)
        || known.path == gap.path && known.rule == Rule::Required && gap.rule == Rule::Member
        || known.rule == Rule::Member && gap.path.starts_with(&known.path)
}

/// Of a gap, what was and what is: the schema that should be covered is the old one.
fn narrowed(both: &Both<'_>, gap: &Gap) -> Change {
    let at = name(&gap.path, "the input");
    let (was, is) = (&gap.covered, &gap.covering);
    let (code, sentence) = match (gap.rule, gap.certainty) {
        (Rule::Described, _) => {
            let sentence = format!("{at} is described now; a caller who sent it before may be refused");
            (ChangeCode::MEMBER_DESCRIBED, sentence)
        }
        (_, Certainty::Undecided) => (ChangeCode::INPUT_UNDECIDED, undecided(&at, was, is)),
        (Rule::Member, _) => (ChangeCode::ARGUMENT_REMOVED, format!("{at} is no longer accepted")),
        (Rule::Required, _) if was == "not described" => {
            (ChangeCode::ARGUMENT_REQUIRED, format!("{at} is new and must be given"))
        }
        (Rule::Required, _) => (ChangeCode::ARGUMENT_REQUIRED, format!("{at} must be given")),
        (Rule::Type, _) => (ChangeCode::TYPE_NARROWED, format!("{at} is {is}; it was {was}")),
        (Rule::Enum, _) => (ChangeCode::ENUM_NARROWED, format!("{at} no longer accepts {was}; it accepts {is}")),
        (Rule::Bound | Rule::Text, _) => (ChangeCode::CONSTRAINT_TIGHTENED, format!("{at} has {is}; it had {was}")),
        (Rule::Others, _) => {
            let of = name(parent(&gap.path), "the input");
            let sentence = match is.as_str() {
                "nothing" => format!("members of {of} that are not described are no longer accepted"),
                is => format!("members of {of} that are not described are {is}; they were {was}"),
            };
            (ChangeCode::OTHERS_REFUSED, sentence)
        }
        (Rule::Alternatives, _) => {
            (ChangeCode::ALTERNATIVE_GONE, format!("{at} no longer accepts {was}: no alternative does"))
        }
        (Rule::Other, _) => (ChangeCode::TYPE_NARROWED, format!("{at} accepts {is}; it accepted {was}")),
    };
    both.change(code, sentence, &pointer(&["input"], &gap.path))
}

fn undecided(at: &str, was: &str, is: &str) -> String {
    match (was, is) {
        ("", is) => format!("whether {at} accepts what it accepted is not decided: {is}"),
        (was, is) => format!("whether {at} accepts what it accepted is not decided: {was} became {is}"),
    }
}

/// Of a gap in the other direction: the schema that should be covered is the new one.
fn widened(both: &Both<'_>, gap: &Gap) -> Change {
    let at = name(&gap.path, "the input");
    let (is, was) = (&gap.covered, &gap.covering);
    let (code, sentence) = match (gap.rule, gap.certainty) {
        (Rule::Member, _) => (ChangeCode::ARGUMENT_ADDED, format!("{at} is new and may be given")),
        (Rule::Required, Certainty::Refused) => (ChangeCode::ARGUMENT_OPTIONAL, format!("{at} may be left out")),
        (Rule::Described, _) => (ChangeCode::INPUT_WIDENED, format!("{at} is no longer described")),
        (Rule::Others, _) => (
            ChangeCode::INPUT_WIDENED,
            format!("members of {} that are not described are accepted", name(parent(&gap.path), "the input")),
        ),
        (Rule::Enum | Rule::Alternatives, Certainty::Refused) => {
            (ChangeCode::INPUT_WIDENED, format!("{at} accepts {is} too"))
        }
        (Rule::Type, Certainty::Refused) => (ChangeCode::INPUT_WIDENED, format!("{at} is {is}; it was {was}")),
        (_, Certainty::Refused) if is.is_empty() => (ChangeCode::INPUT_WIDENED, format!("{at} accepts more")),
        (_, Certainty::Refused) => (ChangeCode::INPUT_WIDENED, format!("{at} has {is}; it had {was}")),
        (_, Certainty::Undecided) => {
            (ChangeCode::INPUT_WIDENED, format!("{at} accepts what it accepted, perhaps more"))
        }
    };
    both.change(code, sentence, &pointer(&["input"], &gap.path))
}

/// How the result of a tool changed.
pub(super) fn of_result(both: &Both<'_>, old: Option<&Value>, new: Option<&Value>) -> Vec<Change> {
    let at = &["response", "schema"];
    match (old, new) {
        (None, None) => Vec::new(),
        (Some(_), None) => {
            vec![both.change(ChangeCode::RESULT_UNDESCRIBED, "its result is no longer described", at)]
        }
        (None, Some(_)) => vec![both.change(ChangeCode::RESULT_NARROWED, "its result is described now", at)],
        (Some(old), Some(new)) if are_same(old, new) => Vec::new(),
        (Some(old), Some(new)) => {
            let other = gaps(new, old);
            if !other.is_empty() {
                return other.iter().map(|gap| of_result_gap(both, gap)).collect();
            }
            let (code, sentence) = match gaps(old, new).as_slice() {
                [] => (ChangeCode::SCHEMA_REWRITTEN, "its result is described in another way".to_owned()),
                [first, ..] => {
                    let place = name(&first.path, "the result");
                    (ChangeCode::RESULT_NARROWED, format!("its result is described more closely, first at {place}"))
                }
            };
            vec![both.change(code, sentence, at)]
        }
    }
}

fn of_result_gap(both: &Both<'_>, gap: &Gap) -> Change {
    let at = name(&gap.path, "the whole");
    let (is, was) = (&gap.covered, &gap.covering);
    let (code, sentence) = match (gap.rule, gap.certainty) {
        (Rule::Described, _) => (ChangeCode::RESULT_CHANGED, format!("{at} of the result is no longer described")),
        (_, Certainty::Undecided) => {
            (ChangeCode::RESULT_UNDECIDED, format!("whether {at} of the result is what it was is not decided"))
        }
        (Rule::Member, _) => (
            ChangeCode::RESULT_CHANGED,
            format!("{at} of the result is new, where callers were told of no other member"),
        ),
        (Rule::Required, _) if is == "optional" => {
            (ChangeCode::RESULT_CHANGED, format!("{at} of the result may be missing"))
        }
        (Rule::Required, _) => (ChangeCode::RESULT_CHANGED, format!("{at} of the result is gone")),
        (Rule::Enum | Rule::Alternatives, _) => (
            ChangeCode::RESULT_CHANGED,
            format!("{at} of the result may be {is} too, which was not among what it could be"),
        ),
        (_, Certainty::Refused) => (ChangeCode::RESULT_CHANGED, format!("{at} of the result is {is}; it was {was}")),
    };
    both.change(code, sentence, &pointer(&["response", "schema"], &gap.path))
}

fn parent(path: &[Step]) -> &[Step] {
    path.split_last().map_or(path, |(_, front)| front)
}

/// A place in a value as people write it: `` `filter.tags[]` ``.
fn name(path: &[Step], whole: &str) -> String {
    if path.is_empty() {
        return whole.to_owned();
    }
    let mut text = String::new();
    for step in path {
        match step {
            Step::Member(name) if text.is_empty() => text.push_str(&shown_text(name)),
            Step::Member(name) => text.push_str(&format!(".{}", shown_text(name))),
            Step::Others => text.push_str(".*"),
            Step::Item(index) => text.push_str(&format!("[{index}]")),
            Step::Items => text.push_str("[]"),
        }
    }
    format!("`{}`", text.trim_start_matches('.'))
}

/// The place of a gap in a definition; what stands behind a reference is found at the reference.
fn pointer<'p>(start: &[&'p str], path: &'p [Step]) -> Vec<&'p str> {
    let mut tokens = start.to_vec();
    for step in path {
        match step {
            Step::Member(name) => tokens.extend(["properties", name.as_str()]),
            Step::Others => tokens.push("additionalProperties"),
            Step::Item(_) => tokens.push("prefixItems"),
            Step::Items => tokens.push("items"),
        }
    }
    tokens
}
