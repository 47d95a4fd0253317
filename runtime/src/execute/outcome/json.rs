//! JSON answers: parsed, masked, shaped, held against the output schema, and cut so that they stay JSON.

use serde_json::Value;

use super::schema::Kept;
use super::{Content, Reading, ToolOutcome, cut, cut_note, media, shape};
use crate::execute::plan::is_json;
use crate::execute::send::Answer;

/// The answer as JSON, if it is whole.
pub(crate) fn value(answer: &Answer) -> Option<Value> {
    let media_type = media::essence(answer);
    let fit = !answer.cut && media::is_text(&media_type, &answer.body) && !media::is_json_lines(&media_type);
    fit.then(|| serde_json::from_str(&media::decode(answer)).ok()).flatten()
}

pub(super) fn read(answer: &Answer, media_type: &str, decoded: String, reading: &Reading<'_>) -> ToolOutcome {
    if answer.cut {
        return read_cut(answer, &decoded, reading);
    }
    match serde_json::from_str(&decoded) {
        Ok(value) => finish(value, Some(decoded), reading),
        Err(_) => {
            let mut outcome = super::plain(answer, media_type, decoded, reading);
            if is_json(media_type) {
                outcome.notes.push("the server calls its answer JSON, but it is not".to_owned());
            }
            outcome
        }
    }
}

/// What came of an answer that is longer than what is read: ended where its last whole part ends.
fn read_cut(answer: &Answer, decoded: &str, reading: &Reading<'_>) -> ToolOutcome {
    match cut::closed(decoded).and_then(|text| serde_json::from_str(&text).ok()) {
        Some(value) => {
            let mut outcome = finish(value, None, reading);
            outcome.notes.insert(0, cut_note(answer));
            outcome
        }
        None => super::plain(answer, "text/plain", decoded.to_owned(), reading),
    }
}

/// Makes an outcome of a value. `text` is how the server wrote it, and is shown where nothing changes.
pub(crate) fn finish(mut value: Value, text: Option<String>, reading: &Reading<'_>) -> ToolOutcome {
    let mut notes = Vec::new();
    // JSON has many spellings of one text, so secrets are looked for in what it says.
    let mut text = if reading.mask.value(&mut value) { None } else { text };
    let rules = &reading.tool.capability().answer;
    if let Some(filter) = reading.tool.filter() {
        match filter.run(&value) {
            Ok(selected) => (value, text) = (selected, None),
            Err(reason) => {
                notes.push(format!("`response.select` could not be applied ({reason}); this is the whole answer"));
            }
        }
    }
    if !rules.fields.is_empty() {
        (value, text) = (shape::keep(value, &rules.fields), None);
    }
    let mut text = text.unwrap_or_else(|| value.to_string());
    if text.len() > reading.max_output {
        shrink(&mut value, &mut text, reading, &mut notes);
    }
    let structured = kept(Some(value), reading, &mut notes);
    ToolOutcome { content: vec![Content::Text(text)], structured, notes, next_cursor: None }
}

fn shrink(value: &mut Value, text: &mut String, reading: &Reading<'_>, notes: &mut Vec<String>) {
    let of = cut::size(value);
    let dropped = cut::shrink(value, reading.max_output);
    *text = value.to_string();
    if dropped.is_empty() {
        return;
    }
    let told = dropped.iter().rev().take(MOST_TOLD).map(|one| {
        let place = if one.path.is_empty() { String::new() } else { format!(" of `{}`", one.path) };
        format!("{} of {} {}{place}", one.kept, one.of, one.unit)
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let rules = &reading.tool.capability().answer;
    let size = rules.pagination.as_ref().and_then(|pagination| pagination.size.as_ref());
    let advice = match size {
        Some(size) => format!("ask for smaller pages with `{}`", size.0),
        None => "ask for less, with a filter or a page".to_owned(),
    };
    notes.push(format!("the answer is longer than what is shown ({} of {of} bytes): {told}; {advice}", text.len()));
}

const MOST_TOLD: usize = 3;
/// Bytes of a value that are held against the schema.
const LONGEST_CHECKED: usize = 512 * 1024;

/// The value, if it keeps to the output schema.
pub(super) fn kept(value: Option<Value>, reading: &Reading<'_>, notes: &mut Vec<String>) -> Option<Value> {
    let value = value?;
    let Some(checker) = reading.tool.output_checker() else { return Some(value) };
    if reading.max_output > LONGEST_CHECKED && cut::size(&value) > LONGEST_CHECKED {
        notes.push("the answer is too long to be held against the output schema, and is text only".to_owned());
        return None;
    }
    match checker.check(&value) {
        Kept::Fully => Some(value),
        // What cannot be checked cannot be promised.
        Kept::Unknown => None,
        Kept::Not(told) => {
            notes.push(format!("the answer differs from the output schema, and is text only: {told}"));
            None
        }
    }
}
