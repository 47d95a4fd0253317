//! The lines of the audit log.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::secret::net::masked;
use crate::telemetry::CallRecord;

/// A line of the audit log of `cap serve`.
#[derive(JsonSchema)]
#[schemars(title = "Line of the audit log of cap", untagged)]
#[expect(dead_code, reason = "it has the schema of both; each is written alone")]
enum AuditLine<'a> {
    Call(CallLine<'a>),
    Event(EventLine),
}

/// A call of a tool.
#[derive(JsonSchema, Serialize)]
struct CallLine<'a> {
    /// When the call began, in UTC.
    #[schemars(extend("format" = "date-time"))]
    time: String,
    #[schemars(extend("const" = "call"))]
    event: &'static str,
    /// Names the request, also in the log and in spans.
    id: String,
    /// Who called.
    principal: &'a str,
    /// The tool's name; of one that does not exist, if it could be one.
    tool: Option<Cow<'a, str>>,
    /// The api that the tool belongs to.
    api: Option<&'a str>,
    /// `ok`, `cancelled`, or what went wrong.
    outcome: &'static str,
    /// The HTTP method.
    method: Option<&'a str>,
    /// Host and port of the server; a secret in them stays a name.
    host: Option<String>,
    /// The status of the last answer.
    status: Option<u16>,
    /// How often a request was sent.
    attempts: u32,
    /// Bytes of request bodies, all attempts together.
    bytes_sent: u64,
    /// Bytes of answers' bodies, all attempts together, decompressed.
    bytes_received: u64,
    /// From request to answer.
    duration_ms: f64,
    /// The part of it that went by waiting for limits and between tries.
    waited_ms: f64,
    /// Whether the answer is from an earlier call.
    cached: bool,
    /// The digest of the digests of the files that the tool was made from.
    definition: Option<String>,
    /// The keyed digest of the arguments.
    arguments: Option<String>,
}

/// Something about the log itself.
#[derive(JsonSchema, Serialize)]
struct EventLine {
    /// When it happened, in UTC.
    #[schemars(extend("format" = "date-time"))]
    time: String,
    #[schemars(extend("enum" = ["started", "stopped", "gap"]))]
    event: &'static str,
    /// Of a gap, how many lines are missing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    /// The version of the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
}

/// The JSON Schema of a line.
#[must_use]
pub fn audit_schema() -> Value {
    SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<AuditLine<'_>>().to_value()
}

/// The line of a call that ended now. Its time is when it began.
pub(super) fn call(record: &CallRecord<'_>) -> Vec<u8> {
    let now = SystemTime::now();
    line(&CallLine {
        time: rfc3339(now.checked_sub(record.duration).unwrap_or(now)),
        event: "call",
        id: record.id.to_string(),
        principal: record.principal,
        // All other texts are from definitions; the name of a tool that is not there is a caller's.
        tool: record.tool.map(|name| if record.capability.is_some() { name.into() } else { masked(name) }),
        api: record.api,
        outcome: record.ending.name(),
        method: record.method(),
        host: record.host(),
        status: record.status,
        attempts: record.attempts,
        bytes_sent: record.sent,
        bytes_received: record.received,
        duration_ms: milliseconds(record.duration),
        waited_ms: milliseconds(record.waited),
        cached: record.cached,
        definition: record.definition.map(|digest| format!("sha256:{digest}")),
        arguments: record.arguments.map(|digest| format!("hmac-sha256:{digest}")),
    })
}

/// The line of an event that happens now.
pub(super) fn event(event: &'static str) -> Vec<u8> {
    let version = Some(env!("CARGO_PKG_VERSION"));
    line(&EventLine { time: rfc3339(SystemTime::now()), event, lost: None, version })
}

/// The line that stands where others are missing.
pub(super) fn gap(lost: u64) -> Vec<u8> {
    line(&EventLine { time: rfc3339(SystemTime::now()), event: "gap", lost: Some(lost), version: None })
}

fn line(line: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(640);
    // Plain data with text for keys: there is nothing that could fail.
    _ = serde_json::to_writer(&mut bytes, line);
    bytes.push(b'\n');
    bytes
}

/// With three digits after the point.
fn milliseconds(duration: Duration) -> f64 {
    let microseconds = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(microseconds) / 1000.0
}

/// The time in UTC with milliseconds, such as `2026-11-21T06:16:30.553Z`.
fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// Year, month and day of a number of days since 1970 in the Gregorian calendar. Years are counted
/// from March, so that the leap day is the last one; 400 of them have 146,097 days.
fn date(days: u64) -> (u64, u64, u64) {
    let since_march = days + 719_468;
    let (era, day_of_era) = (since_march / 146_097, since_march % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::rfc3339;

    #[test]
    fn times_are_written_as_everyone_reads_them() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_795_241_790_553, "2026-11-21T06:16:30.553Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_millis(milliseconds)), text);
        }
    }
}
