//! `text/event-stream`: events as the HTML specification reads them (section 9.2.6).

use serde_json::{Map, Value};

/// Events of one answer; more are left out.
const MOST: usize = 10_000;

/// The events of a stream, each with its `data`, and `event` and `id` where they were said. An event
/// that no empty line ends is left out, as the specification has it.
pub(super) fn events(text: &str) -> Vec<Value> {
    let mut events = Vec::new();
    let mut open = Event::default();
    for line in lines(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        if !line.is_empty() {
            open.line(line);
            continue;
        }
        events.extend(std::mem::take(&mut open).dispatch());
        if events.len() >= MOST {
            break;
        }
    }
    events
}

/// Whether there were more events than are read.
pub(super) fn is_full(events: &[Value]) -> bool {
    events.len() >= MOST
}

/// Lines that a line ending ends: `\n`, `\r` or both.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.find(['\n', '\r'])?;
        let (line, after) = rest.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        Some(line)
    })
}

#[derive(Default)]
struct Event {
    name: Option<String>,
    id: Option<String>,
    data: Option<String>,
}

impl Event {
    fn line(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "event" => self.name = Some(value.to_owned()),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments, `retry` and what nobody knows.
            _ => {}
        }
    }

    fn dispatch(self) -> Option<Value> {
        let data = self.data?;
        let mut event = Map::new();
        event.extend(self.name.map(|name| ("event".to_owned(), Value::String(name))));
        event.extend(self.id.map(|id| ("id".to_owned(), Value::String(id))));
        let data = serde_json::from_str(&data).unwrap_or(Value::String(data));
        event.insert("data".to_owned(), data);
        Some(Value::Object(event))
    }
}
