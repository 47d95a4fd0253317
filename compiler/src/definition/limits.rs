//! Limits and the network rule, shared by apis, capabilities and upstreams.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::circuit_breaker::CircuitBreakerDefinition;
use super::fields::{Fields, Node};
use crate::capability::Rate;

/// Bounds on calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LimitsDefinition {
    /// Time for the whole call, such as `10s`, `500ms` or `2m`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_duration")]
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Duration>,
    /// Time for a connection to stand, such as `2s`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_duration")]
    #[schemars(with = "Option<String>")]
    pub connect_timeout: Option<Duration>,
    /// The longest silence of the server, before its answer and within it, such as `5s`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_duration")]
    #[schemars(with = "Option<String>")]
    pub read_timeout: Option<Duration>,
    /// How often a request that may be repeated is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10))]
    pub retries: Option<u32>,
    /// Size of an answer, such as `4MiB` or `500KiB`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_size")]
    #[schemars(with = "Option<String>")]
    pub max_response: Option<u64>,
    /// Size of what an agent is shown of an answer, such as `64KiB`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_size")]
    #[schemars(with = "Option<String>")]
    pub max_output: Option<u64>,
    /// Calls per time, such as `20/s` or `1000/h`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_rate")]
    #[schemars(with = "Option<String>")]
    pub rate: Option<Rate>,
    /// Calls at one time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// When a server that fails is left alone for a while: `{failures: 5, pause: 30s}`, or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreakerDefinition>,
}

/// Which addresses a server may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkDefinition {
    /// Public addresses only: the default.
    Public,
    /// Private, loopback and link-local addresses too.
    Private,
}

impl LimitsDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let time = read_duration;
        let size = |node: Node<'_>| node.quantity("a size such as `4MiB` or `500KiB`", "B", parse_size);
        Some(Self {
            timeout: fields.optional("timeout", time),
            connect_timeout: fields.optional("connect_timeout", time),
            read_timeout: fields.optional("read_timeout", time),
            retries: fields.optional("retries", |node| node.integer(0, 10)),
            max_response: fields.optional("max_response", size),
            max_output: fields.optional("max_output", size),
            rate: fields.optional("rate", |node| node.quantity("a rate such as `20/s` or `1000/h`", "/s", parse_rate)),
            concurrency: fields.optional("concurrency", |node| node.integer(1, u32::MAX)),
            circuit_breaker: fields.optional("circuit_breaker", CircuitBreakerDefinition::read),
        })
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl NetworkDefinition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        node.choice(&[("public", Self::Public), ("private", Self::Private)])
    }
}

pub(super) const DURATIONS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
const SIZES: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];
const RATES: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

/// `10s`, `500ms`, `2m`, `1h`: a whole number and a unit.
/// A time such as `10s`.
pub(super) fn read_duration(node: Node<'_>) -> Option<Duration> {
    node.quantity("a time such as `10s`, `500ms` or `2m`", "s", parse_duration)
}

pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let milliseconds = parse_quantity(text, &DURATIONS)?;
    (milliseconds > 0 && milliseconds <= 24 * 3_600_000).then(|| Duration::from_millis(milliseconds))
}

fn parse_size(text: &str) -> Option<u64> {
    parse_quantity(text, &SIZES).filter(|bytes| *bytes > 0)
}

fn parse_rate(text: &str) -> Option<Rate> {
    let (calls, unit) = text.split_once('/')?;
    let seconds = RATES.iter().find(|(name, _)| *name == unit.trim())?.1;
    let calls: u32 = calls.trim().parse().ok()?;
    (calls > 0).then(|| Rate { calls, per: Duration::from_secs(seconds) })
}

fn parse_quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (unit, factor) = units.iter().find(|(unit, _)| {
        text.strip_suffix(unit).is_some_and(|number| number.trim_end().ends_with(|c: char| c.is_ascii_digit()))
    })?;
    let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    number.checked_mul(*factor)
}

pub(super) fn write_quantity(value: u64, units: &[(&str, u64)]) -> String {
    let (unit, factor) = units
        .iter()
        .filter(|(_, factor)| value.is_multiple_of(*factor))
        .max_by_key(|(_, factor)| *factor)
        .copied()
        .unwrap_or(("", 1));
    format!("{}{unit}", value / factor)
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
pub(super) fn write_duration<S: Serializer>(value: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let milliseconds = value.map_or(0, |value| u64::try_from(value.as_millis()).unwrap_or(u64::MAX));
    serializer.serialize_str(&write_quantity(milliseconds, &DURATIONS))
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn write_size<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&write_quantity(value.unwrap_or_default(), &SIZES))
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn write_rate<S: Serializer>(value: &Option<Rate>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(rate) = value else { return serializer.serialize_none() };
    let unit = RATES.iter().find(|(_, seconds)| *seconds == rate.per.as_secs()).map_or("s", |(unit, _)| unit);
    serializer.serialize_str(&format!("{}/{unit}", rate.calls))
}
