//! Tools that send notifications before they answer: progress, log messages, and many of them.

#![expect(deprecated, reason = "logging is deprecated, and still spoken")]

use std::time::Duration;

use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, Tool};
use serde_json::json;
use tokio::time::sleep;

use super::{Answer, Call, bare, say, tool};
use crate::asking::is_modern;
use crate::shared::locked;

const PAUSE: Duration = Duration::from_millis(50);

pub(super) fn list() -> Vec<Tool> {
    let flood = "Sends `count` notifications, then answers with how many: of progress if the call has a progress \
                 token, log messages otherwise.";
    vec![
        bare("test_tool_with_progress", "Reports progress 0, 50 and 100 of 100, then answers."),
        bare("test_tool_with_logging", "Logs three messages at level info, then answers."),
        bare("test_logging_tool", "Logs a message if the client asked for log messages, then answers."),
        tool("flood", flood, &json!({"count": {"type": "integer", "minimum": 0}}), &["count"]),
    ]
}

pub(super) async fn call(call: &Call<'_>) -> Option<Answer> {
    Some(match call.name.as_str() {
        "test_tool_with_progress" => {
            for done in [0, 50, 100] {
                progress(call, done, 100).await;
                sleep(PAUSE).await;
            }
            say("Progress was reported.")
        }
        "test_tool_with_logging" => {
            for text in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                log(call, text).await;
                sleep(PAUSE).await;
            }
            say("Messages were logged.")
        }
        "test_logging_tool" => {
            log(call, "A message of test_logging_tool").await;
            say("A message was logged if that was asked for.")
        }
        "flood" => flood(call).await,
        _ => return None,
    })
}

async fn flood(call: &Call<'_>) -> Answer {
    let count = call.number("count")?;
    let with_progress = call.cx().meta.get_progress_token().is_some();
    for number in 1..=count {
        if with_progress {
            progress(call, number, count).await;
        } else {
            log(call, &format!("message {number} of {count}")).await;
        }
    }
    say(&format!("{count} sent"))
}

async fn progress(call: &Call<'_>, done: u64, total: u64) {
    let Some(token) = call.cx().meta.get_progress_token() else { return };
    let (done_of, total_of) = (float(done), float(total));
    let note = ProgressNotificationParam::new(token, done_of).with_total(total_of);
    // A client that has gone is noticed when the answer is sent.
    let _ = call.cx().peer.notify_progress(note.with_message(format!("{done} of {total}"))).await;
}

fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

/// Logs at level info, if the client wants to hear of that.
async fn log(call: &Call<'_>, text: &str) {
    let least = if is_modern(call.cx()) { call.cx().meta.log_level() } else { Some(*locked(&call.server.level)) };
    if !least.is_some_and(|least| matches!(least, LoggingLevel::Debug | LoggingLevel::Info)) {
        return;
    }
    let note = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(text)).with_logger("peer");
    let _ = call.cx().peer.notify_logging_message(note).await;
}
