//! Mends arguments that agents often send in a slightly wrong shape.
//!
//! Three repairs, each only where the schema leaves no other reading: `null` for an optional
//! argument is dropped; a string that holds JSON becomes that JSON where text is not wanted; a single
//! value becomes a list of one where a list is wanted. A repair stays only if the schema then has
//! nothing to say about that place.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::refusal::{argument_name, bounded};

/// A repair may uncover one below it: a list in a string whose items are strings of numbers.
const ROUNDS: usize = 3;
/// Places that are looked at in a round.
const PLACES: usize = 16;

/// Repairs `instance` in place and says what was done.
pub(crate) fn repair(validator: &Validator, instance: &mut Value) -> Vec<String> {
    let mut notes = Vec::new();
    for _ in 0..ROUNDS {
        let places = places(validator, instance);
        let before = notes.len();
        for place in places {
            notes.extend(repair_at(validator, instance, &place));
        }
        if notes.len() == before {
            break;
        }
    }
    notes
}

/// Where the schema objects, as JSON Pointers, without the root.
fn places(validator: &Validator, instance: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for error in validator.iter_errors(instance).take(4 * PLACES) {
        let place = error.instance_path().as_str().to_owned();
        if !place.is_empty() && found.len() < PLACES && !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

fn repair_at(validator: &Validator, instance: &mut Value, place: &str) -> Option<String> {
    let given = instance.pointer(place)?.clone();
    let name = argument_name(place);
    if given.is_null() {
        return drop_null(validator, instance, place).then(|| format!("`{name}` was null and was left out"));
    }
    if let Some(parsed) = parsed(&given)
        && accepts(validator, instance, place, parsed)
    {
        return Some(format!("`{name}` was JSON in a string; it was read as {}", shown(instance, place)));
    }
    if !given.is_array() && accepts(validator, instance, place, Value::Array(vec![given])) {
        return Some(format!("`{name}` was a single value; it was sent as the list {}", shown(instance, place)));
    }
    None
}

/// The value in a string, unless it is a string again: then nothing would be gained.
fn parsed(given: &Value) -> Option<Value> {
    let text = given.as_str()?.trim();
    serde_json::from_str(text).ok().filter(|value: &Value| !value.is_string() && !value.is_null())
}

/// Puts a value in place, and keeps it if nothing is wrong there any more, or only further below.
fn accepts(validator: &Validator, instance: &mut Value, place: &str, value: Value) -> bool {
    let deep = value.is_object() || value.is_array();
    let Some(slot) = instance.pointer_mut(place) else { return false };
    let before = std::mem::replace(slot, value);
    // JSON text that gave an object or a list may have faults inside, which are worth telling.
    let unwrapped = deep && before.is_string() && instance.pointer(place).is_some_and(|now| !wraps(now, &before));
    if !objects(validator, instance, place, unwrapped) {
        return true;
    }
    if let Some(slot) = instance.pointer_mut(place) {
        *slot = before;
    }
    false
}

fn wraps(now: &Value, before: &Value) -> bool {
    now.as_array().is_some_and(|items| items.as_slice() == std::slice::from_ref(before))
}

fn objects(validator: &Validator, instance: &Value, place: &str, only_there: bool) -> bool {
    validator.iter_errors(instance).any(|error| {
        let path = error.instance_path().as_str();
        path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || !only_there && rest.starts_with('/'))
    })
}

fn drop_null(validator: &Validator, instance: &mut Value, place: &str) -> bool {
    let Some((parent, token)) = place.rsplit_once('/') else { return false };
    let key = token.replace("~1", "/").replace("~0", "~");
    let mut without = instance.clone();
    let Some(members) = without.pointer_mut(parent).and_then(Value::as_object_mut) else { return false };
    members.shift_remove(&key);
    let missed = validator.iter_errors(&without).any(|error| {
        error.instance_path().as_str() == parent
            && matches!(error.kind(), ValidationErrorKind::Required { property } if property.as_str() == Some(&key))
    });
    if !missed {
        *instance = without;
    }
    !missed
}

fn shown(instance: &Value, place: &str) -> String {
    instance.pointer(place).map_or_else(String::new, |value| format!("`{}`", bounded(&value.to_string(), 80)))
}
