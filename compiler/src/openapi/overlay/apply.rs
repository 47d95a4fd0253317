//! Overlays to a tree, action by action: each works on what the one before left.
//!
//! Neither the tree's depth nor what is added to it can grow beyond bounds, however actions copy
//! what earlier ones copied.

use serde_json::Value;

use super::merge::{Mismatch, depth, merge_selected, sort_of, weight};
use super::path::{MOST, Query, Step, Steps, at, at_mut};
use super::{Action, Effect, Overlay};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::openapi::Report;
use crate::source::SourceId;
use crate::syntax::{Bounds, Pointer};

/// What all actions may add, in the measure of [`weight`].
const GROWTH: usize = 2_000_000;

/// An action and where it stands.
struct At<'a> {
    source: &'a SourceId,
    pointer: Pointer,
}

/// Applies overlays in their order.
///
/// # Errors
/// The first action that cannot be applied; those before it are.
pub(in crate::openapi) fn apply(
    overlays: &[Overlay],
    root: &mut Value,
    report: &Report,
) -> Result<(), Box<Diagnostic>> {
    let mut room = GROWTH;
    for overlay in overlays {
        for (index, action) in overlay.actions.iter().enumerate() {
            let place = At { source: &overlay.source, pointer: Pointer::of(["actions"]).item(index) };
            act(action, root, &place, &mut room, report)?;
        }
    }
    Ok(())
}

fn act(
    action: &Action,
    root: &mut Value,
    place: &At<'_>,
    room: &mut usize,
    report: &Report,
) -> Result<(), Box<Diagnostic>> {
    let selected = select(&action.target, root, place, "target")?;
    if selected.is_empty() {
        report.say(
            Diagnostic::new(Code::OVERLAY_UNMATCHED, "an action of the overlay changes nothing", place.of("target"))
                .label("nothing in the document is selected by this")
                .help("compare it with the document; the action before it may have removed what it selects"),
        );
        return Ok(());
    }
    match &action.effect {
        Effect::Remove => remove(root, selected, place),
        Effect::Update(value) => merge_all(root, &selected, value, "update", place, room),
        Effect::Copy(from) => {
            let value = copied(from, root, place)?;
            merge_all(root, &selected, &value, "copy", place, room)
        }
    }
}

fn select(query: &Query, root: &Value, place: &At<'_>, key: &str) -> Result<Vec<Steps>, Box<Diagnostic>> {
    query.select(root).ok_or_else(|| {
        let label = format!("this selects more than {MOST} places");
        place.fault(key, "an action selects too much", &label, "name the way to them")
    })
}

fn copied(from: &Query, root: &Value, place: &At<'_>) -> Result<Value, Box<Diagnostic>> {
    let sources = select(from, root, place, "copy")?;
    let [source] = sources.as_slice() else {
        let label = format!("this selects {} places", sources.len());
        return Err(place.fault("copy", "`copy` must select one place", &label, "name one place of the document"));
    };
    Ok(at(root, source).cloned().unwrap_or_default())
}

/// Removes places, the last one first, so that the others stay where they are.
fn remove(root: &mut Value, selected: Vec<Steps>, place: &At<'_>) -> Result<(), Box<Diagnostic>> {
    for steps in selected.into_iter().rev() {
        let Some((last, way)) = steps.split_last() else {
            let message = "the whole document cannot be removed";
            return Err(place.fault("target", message, "this is the root", "select what is to be removed"));
        };
        match (at_mut(root, way), last) {
            (Some(Value::Array(items)), Step::Index(index)) if *index < items.len() => {
                items.remove(*index);
            }
            (Some(Value::Object(map)), Step::Key(key)) => {
                map.shift_remove(key);
            }
            (Some(_) | None, _) => {}
        }
    }
    Ok(())
}

fn merge_all(
    root: &mut Value,
    selected: &[Steps],
    value: &Value,
    key: &str,
    place: &At<'_>,
    room: &mut usize,
) -> Result<(), Box<Diagnostic>> {
    check_alike(root, selected, place)?;
    let added = weight(value).saturating_mul(selected.len());
    let deepest = selected.iter().map(Vec::len).max().unwrap_or_default() + depth(value);
    let Some(left) = room.checked_sub(added).filter(|_| deepest <= Bounds::DOCUMENT.depth) else {
        let message = "an action makes the document too large or too deep";
        return Err(place.fault(key, message, "this is added once for each place", "select fewer places"));
    };
    *room = left;
    for steps in selected {
        let Some(target) = at_mut(root, steps) else { continue };
        merge_selected(target, value).map_err(|mismatch| mismatched(&mismatch, key, place))?;
    }
    Ok(())
}

/// The specification: what is selected is all mappings, all lists, or all single values.
fn check_alike(root: &Value, selected: &[Steps], place: &At<'_>) -> Result<(), Box<Diagnostic>> {
    let mut sorts: Vec<&str> = selected.iter().filter_map(|steps| at(root, steps)).map(sort_of).collect();
    sorts.sort_unstable();
    sorts.dedup();
    let [first, second, ..] = sorts.as_slice() else { return Ok(()) };
    let label = format!("one place is {first}, another one {second}");
    Err(place.fault("target", "an action selects values of several sorts", &label, "write an action for each sort"))
}

fn mismatched(mismatch: &Mismatch, key: &str, place: &At<'_>) -> Box<Diagnostic> {
    let pointer = if key == "update" {
        mismatch.keys.iter().fold(place.pointer.child(key), |it, key| it.child(key))
    } else {
        place.pointer.child(key)
    };
    let name = mismatch.keys.last().map_or("the target".to_owned(), |name| format!("`{name}`"));
    let message = format!("{name} is {} in the document and {} in the overlay", mismatch.target, mismatch.update);
    Box::new(
        Diagnostic::new(Code::OVERLAY_ACTION, message, Place::value(place.source, pointer))
            .label("the two cannot be merged")
            .help("remove what the document has with an action of its own, then add this with the next one"),
    )
}

impl At<'_> {
    fn of(&self, key: &str) -> Place {
        Place::value(self.source, self.pointer.child(key))
    }

    fn fault(&self, key: &str, message: &str, label: &str, help: &str) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(Code::OVERLAY_ACTION, message, self.of(key)).label(label).help(help))
    }
}
