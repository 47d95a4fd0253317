//! Tools that show how the caller treats the peer: which session, which process, what was passed on,
//! and what becomes of calls that last, are large or never end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::request::Parts;
use rmcp::ErrorData;
use rmcp::model::Tool;
use serde_json::json;

use super::{Answer, Call, bare, fail, say, structured, tool};
use crate::shared::{Counts, die};

/// The most that `big` answers with.
const LARGEST: u64 = 256 << 20;

pub(super) fn list() -> Vec<Tool> {
    let whoami = "Answers with a random id of this process and one of this session, and how often this session asked. \
                  Over HTTP in revision 2026-07-28 there are no sessions, and each request has an id of its own.";
    let sleep = "Answers after `ms` milliseconds. A call that is cancelled ends at once and is counted.";
    let count = "Answers with how many calls of `sleep` were cancelled, and how many sleep now.";
    let bytes = json!({"bytes": {"type": "integer", "minimum": 0, "maximum": LARGEST}});
    vec![
        bare("whoami", whoami),
        tool("sleep", sleep, &json!({"ms": {"type": "integer", "minimum": 0}}), &["ms"]),
        bare("cancelled_count", count),
        bare("session_count", "Answers with how many sessions of clients before 2026-07-28 there are over HTTP."),
        bare("die", "Ends the process at once, without an answer."),
        tool("big", "Answers with a text of `bytes` bytes.", &bytes, &["bytes"]),
        tool("meta_echo", "Answers with the `_meta` and the arguments that it got.", &json!({}), &[]),
        tool(
            "env",
            "Answers with the value of one environment variable.",
            &json!({"name": {"type": "string"}}),
            &["name"],
        ),
        bare("cwd", "Answers with the folder that the process runs in."),
        tool("header", "Answers with one header of the HTTP request.", &json!({"name": {"type": "string"}}), &["name"]),
    ]
}

pub(super) async fn call(call: &Call<'_>) -> Option<Answer> {
    Some(match call.name.as_str() {
        "whoami" => whoami(call),
        "sleep" => sleep(call).await,
        "cancelled_count" => {
            let counts = &call.server.shared.counts;
            let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
            structured(json!({"cancelled": read(&counts.cancelled), "sleeping": read(&counts.sleeping)}))
        }
        "session_count" => structured(json!({"sessions": call.server.shared.sessions.sessions.read().await.len()})),
        "die" => die(),
        "big" => call.number("bytes").and_then(|bytes| big(bytes.min(LARGEST))),
        "meta_echo" => structured(json!({"meta": call.cx().meta, "arguments": call.arguments})),
        "env" => call.text("name").and_then(|name| match std::env::var(name) {
            Ok(value) => say(&value),
            Err(_) => fail(&format!("`{name}` is not set")),
        }),
        "cwd" => match std::env::current_dir() {
            Ok(folder) => say(&folder.display().to_string()),
            Err(error) => fail(&error.to_string()),
        },
        "header" => call.text("name").and_then(|name| header(call, name)),
        _ => return None,
    })
}

fn whoami(call: &Call<'_>) -> Answer {
    let calls = Counts::add(&call.server.asked);
    structured(json!({"process": call.server.shared.process, "session": call.server.session, "calls": calls}))
}

/// Counts a call as sleeping, and as cancelled if it is dropped before it was done.
struct Sleeping<'a> {
    counts: &'a Counts,
    done: bool,
}

impl Drop for Sleeping<'_> {
    fn drop(&mut self) {
        self.counts.sleeping.fetch_sub(1, Ordering::Relaxed);
        if !self.done {
            Counts::add(&self.counts.cancelled);
        }
    }
}

async fn sleep(call: &Call<'_>) -> Answer {
    let ms = call.number("ms")?;
    let counts = &call.server.shared.counts;
    Counts::add(&counts.sleeping);
    let mut sleeping = Sleeping { counts, done: false };
    tokio::select! {
        () = call.cx().ct.cancelled() => Err(ErrorData::internal_error("the call was cancelled", None)),
        () = tokio::time::sleep(Duration::from_millis(ms)) => {
            sleeping.done = true;
            say(&format!("slept {ms} ms"))
        }
    }
}

fn big(bytes: u64) -> Answer {
    let length = usize::try_from(bytes).unwrap_or_default();
    let line = "0123456789abcdef".repeat(4);
    let text: String = line.chars().cycle().take(length).collect();
    say(&text)
}

fn header(call: &Call<'_>, name: &str) -> Answer {
    let Some(parts) = call.cx().extensions.get::<Parts>() else { return fail("there is no HTTP here") };
    let values: Vec<&str> = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() { fail(&format!("there is no header `{name}`")) } else { say(&values.join(", ")) }
}
