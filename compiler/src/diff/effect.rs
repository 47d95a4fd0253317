//! What a call does: hints about its effects, its method, tries, and answers that are kept.

use super::change::Change;
use super::code::ChangeCode;
use super::tool::{Both, Seen};
use crate::capability::{AnswerRules, Capability, HttpCall, Limits};
use crate::lower::implied_by;

/// How the hints about a tool changed.
pub(super) fn of_annotations(both: &Both<'_>, before: &Seen, after: &Seen) -> Vec<Change> {
    let (old, new) = (before.annotations, after.annotations);
    let mut changes = Vec::new();
    let mut say = |code, sentence: &str| changes.push(both.change(code, sentence, &["annotations"]));
    let same_method = both.old.capability().zip(both.new.capability()).is_none_or(|(one, another)| {
        one.call.http().map(|call| &call.method) == another.call.http().map(|call| &call.method)
    });
    match (old.read_only, new.read_only) {
        (true, false) => say(ChangeCode::NOW_WRITES, "the tool only read; it may change something now"),
        (false, true) if same_method => {
            say(ChangeCode::SAID_HARMLESS, "the tool is said to only read, and sends what it sent");
        }
        (false, true) => say(ChangeCode::EFFECT_REDUCED, "the tool only reads now"),
        _ => {}
    }
    match (old.destructive, new.destructive) {
        (false, true) => say(ChangeCode::NOW_DESTRUCTIVE, "the tool may overwrite or delete now"),
        (true, false) if same_method && !new.read_only => {
            say(ChangeCode::SAID_HARMLESS, "the tool is said to destroy nothing, and sends what it sent");
        }
        (true, false) => say(ChangeCode::EFFECT_REDUCED, "the tool no longer overwrites or deletes"),
        _ => {}
    }
    match (old.idempotent, new.idempotent) {
        (true, false) if same_method && new.read_only == old.read_only => {
            say(ChangeCode::NOT_REPEATABLE, "a second call is no longer said to be the same as one");
        }
        (false, true) if same_method => {
            say(ChangeCode::RETRIES_UNSAFE, "a second call is said to be the same as one, so that it is tried again");
        }
        _ => {}
    }
    if !old.open_world && new.open_world {
        say(ChangeCode::NOW_WRITES, "the tool is said to reach things outside of its server now");
    }
    changes
}

/// What of the effect of a new tool deserves a look: hints that say less than its method, tries, an answer that is kept.
pub(super) fn of_new(capability: &Capability, call: &HttpCall) -> Vec<(ChangeCode, String)> {
    let method = &call.method;
    let (said, implied) = (capability.annotations, implied_by(method));
    let mut found = Vec::new();
    let mut say = |code, sentence: String| found.push((code, sentence));
    if said.read_only && !implied.read_only {
        say(ChangeCode::SAID_HARMLESS, format!("the tool is said to only read, and its method is `{method}`"));
    } else if implied.destructive && !said.destructive {
        say(ChangeCode::SAID_HARMLESS, format!("the tool is said to destroy nothing, and its method is `{method}`"));
    }
    let has_key = call.idempotency_key.is_some();
    if said.idempotent && !said.read_only && !implied.idempotent && !has_key {
        let sentence = format!("a second call is said to be the same as one, and its method is `{method}`");
        say(ChangeCode::RETRIES_UNSAFE, sentence);
    }
    let tries = capability.limits.retries.unwrap_or_default();
    if tries > 0 && !said.idempotent && !said.read_only && !has_key {
        say(ChangeCode::RETRIES_UNSAFE, format!("a call that must not happen twice may be tried again {tries} times"));
    }
    if capability.answer.cache.is_some() {
        let is_private = call.auth.iter().any(|set| !set.is_empty());
        match (said.read_only, is_private) {
            (false, _) => say(ChangeCode::PRIVATE_CACHED, KEPT_WITH_EFFECT.to_owned()),
            (true, true) => say(ChangeCode::PRIVATE_CACHED, KEPT_OF_ONE.to_owned()),
            (true, false) => {}
        }
    }
    found
}

/// How the effect of a request and of its answer changed.
pub(super) fn of_capability(both: &Both<'_>, before: &Capability, after: &Capability) -> Vec<Change> {
    let mut changes = Vec::new();
    if let (Some(old), Some(new)) = (before.call.http(), after.call.http()) {
        if old.method != new.method {
            let sentence = format!("its method is `{}`; it was `{}`", new.method, old.method);
            changes.push(both.change(ChangeCode::METHOD_CHANGED, sentence, &["request", "method"]));
        }
        changes.extend(of_key(both, old.idempotency_key.as_deref(), new.idempotency_key.as_deref()));
        changes.extend(of_tries(both, before, after, new));
        changes.extend(of_cache(both, before, after, new));
    }
    changes.extend(of_answer(both, &before.answer, &after.answer));
    changes.extend(of_limits(both, before.limits, after.limits));
    changes
}

fn of_key(both: &Both<'_>, old: Option<&str>, new: Option<&str>) -> Option<Change> {
    let (code, sentence) = match (old, new) {
        (old, new) if old == new => return None,
        (Some(key), None) => {
            (ChangeCode::KEY_GONE, format!("the header `{key}` no longer tells the server which tries are one call"))
        }
        (Some(old), Some(new)) => {
            let sentence = format!("the header `{new}` tells the server which tries are one call; it was `{old}`");
            (ChangeCode::KEY_GONE, sentence)
        }
        (None, new) => {
            let key = new.unwrap_or_default();
            (ChangeCode::EFFECT_REDUCED, format!("the header `{key}` tells the server which tries are one call"))
        }
    };
    Some(both.change(code, sentence, &["request", "idempotency_key"]))
}

fn of_tries(both: &Both<'_>, before: &Capability, after: &Capability, call: &HttpCall) -> Option<Change> {
    let tries = |capability: &Capability| capability.limits.retries.unwrap_or_default();
    let safe = after.annotations.idempotent || after.annotations.read_only || call.idempotency_key.is_some();
    let sentence = format!("a call that must not happen twice may be tried again {} times", tries(after));
    (tries(after) > tries(before) && !safe)
        .then(|| both.change(ChangeCode::RETRIES_UNSAFE, sentence, &["limits", "retries"]))
}

fn of_cache(both: &Both<'_>, before: &Capability, after: &Capability, call: &HttpCall) -> Option<Change> {
    let (old, new) = (before.answer.cache, after.answer.cache);
    let is_private = call.auth.iter().any(|set| !set.is_empty());
    let sentence = match (after.annotations.read_only, is_private) {
        _ if new == old => return None,
        _ if new < old => {
            let sentence =
                if new.is_none() { "its answer is no longer kept" } else { "its answer is kept for less time" };
            return Some(both.change(ChangeCode::LIMITS_CHANGED, sentence, &["response", "cache"]));
        }
        (false, _) => KEPT_WITH_EFFECT,
        (true, true) => KEPT_OF_ONE,
        (true, false) => {
            let sentence = "its answer is kept for a time";
            return Some(both.change(ChangeCode::LIMITS_CHANGED, sentence, &["response", "cache"]));
        }
    };
    Some(both.change(ChangeCode::PRIVATE_CACHED, sentence, &["response", "cache"]))
}

fn of_answer(both: &Both<'_>, old: &AnswerRules, new: &AnswerRules) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut say = |sentence: String, at: &str| {
        changes.push(both.change(ChangeCode::RESULT_CUT, sentence, &["response", at]));
    };
    let list = |fields: &[Vec<String>]| fields.iter().map(|it| it.join(".")).collect::<Vec<_>>().join(", ");
    if old.fields != new.fields {
        let gone: Vec<Vec<String>> = old.fields.iter().filter(|it| !new.fields.contains(it)).cloned().collect();
        match (old.fields.is_empty(), new.fields.is_empty(), gone.is_empty()) {
            (true, false, _) => say(format!("only {} of the answer are kept", list(&new.fields)), "fields"),
            (false, false, false) => say(format!("{} of the answer are no longer kept", list(&gone)), "fields"),
            _ => changes.push(both.change(
                ChangeCode::RESULT_NARROWED,
                "more of the answer is kept",
                &["response", "fields"],
            )),
        }
    }
    let mut say = |sentence: &str, at: &str| {
        changes.push(both.change(ChangeCode::RESULT_CUT, sentence, &["response", at]));
    };
    match (&old.select, &new.select) {
        (one, another) if one == another => {}
        (None, Some(_)) => say("a filter makes the result of the answer", "select"),
        (_, Some(_)) => say("another filter makes the result of the answer", "select"),
        (_, None) => say("no filter makes the result of the answer any more", "select"),
    }
    match (&old.pagination, &new.pagination) {
        (one, another) if one == another => {}
        (Some(_), Some(_)) => say("its pages are found in another way", "pagination"),
        (Some(_), None) => say("its answer has no further pages any more", "pagination"),
        (None, _) => changes.push(both.change(
            ChangeCode::RESULT_NARROWED,
            "further pages of its answer can be asked for",
            &["response", "pagination"],
        )),
    }
    changes
}

fn of_limits(both: &Both<'_>, old: Limits, new: Limits) -> Option<Change> {
    if old == new {
        return None;
    }
    let parts = [
        ("timeout", old.timeout != new.timeout),
        ("connect_timeout", old.connect_timeout != new.connect_timeout),
        ("read_timeout", old.read_timeout != new.read_timeout),
        ("retries", old.retries != new.retries),
        ("max_response", old.max_response != new.max_response),
        ("max_output", old.max_output != new.max_output),
        ("rate", old.rate != new.rate),
        ("concurrency", old.concurrency != new.concurrency),
        ("circuit_breaker", old.circuit_breaker != new.circuit_breaker),
    ];
    let names: Vec<String> =
        parts.iter().filter(|(_, differs)| *differs).map(|(name, _)| format!("`{name}`")).collect();
    let are = if names.len() == 1 { "is another" } else { "are others" };
    Some(both.change(ChangeCode::LIMITS_CHANGED, format!("{} of its limits {are}", names.join(", ")), &["limits"]))
}

const KEPT_WITH_EFFECT: &str = "its answer is kept, although a call may change something";
const KEPT_OF_ONE: &str = "its answer is kept, although it is for one login only";
