//! What comes back from a call, as written: its schema, what is kept of it, and how its pages
//! hang together.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::fields::{Fields, Node};
use super::limits::{read_duration, write_duration};
use super::read;
use super::schema_value::json_schema_value;

/// What comes back from a successful call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct ResponseDefinition {
    /// JSON Schema 2020-12 of the answer's body; with `select`, of what the filter makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "json_schema_value")]
    pub schema: Option<Value>,
    /// The members of a JSON answer that are kept, such as `[id, owner.login]`; lists are passed through.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub fields: Vec<String>,
    /// A jq filter over a JSON answer, such as `.items[] | {id, name}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
    /// How long an answer is used again for the same request, such as `60s`. Without it, the server decides.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_duration")]
    #[schemars(with = "Option<String>")]
    pub cache: Option<Duration>,
}

/// How the pages of an answer hang together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PaginationDefinition {
    /// How the next page is found.
    pub style: PageStyle,
    /// The argument that names the page. Not for `link` and `next_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// The JSON Pointer of the next page's cursor or URL in the answer, such as `/meta/next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// For `cursor`: the JSON Pointer, within the last item, of what the next page begins after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_item: Option<String>,
    /// The JSON Pointer of the list in the answer; without it, the answer is the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// The argument that says how many items a page has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The number of the first page (1 if not said) or item (0 if not said).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// The JSON Pointer of the number of all items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// The JSON Pointer of a boolean: whether there is a next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<String>,
}

/// How the next page is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageStyle {
    /// A `Link` header with `rel="next"` (RFC 8288).
    Link,
    /// An argument takes a cursor that the answer has.
    Cursor,
    /// An argument takes the number of a page.
    Page,
    /// An argument takes the number of items to pass over.
    Offset,
    /// The answer has the next page's URL.
    NextUrl,
}

const STYLES: [(&str, PageStyle); 5] = [
    ("link", PageStyle::Link),
    ("cursor", PageStyle::Cursor),
    ("page", PageStyle::Page),
    ("offset", PageStyle::Offset),
    ("next_url", PageStyle::NextUrl),
];

impl PageStyle {
    /// Its name in a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        STYLES.iter().find(|(_, style)| *style == self).map_or("", |(name, _)| name)
    }
}

impl ResponseDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            schema: fields.optional("schema", read::schema),
            fields: fields.optional("fields", read::texts).unwrap_or_default(),
            select: fields.optional("select", read::text),
            cache: fields.optional("cache", read_duration),
        })
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl PaginationDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let style = fields.required("style", |node| node.choice(&STYLES));
        let definition = Self {
            style: PageStyle::Link,
            argument: fields.optional("argument", read::text),
            next: fields.optional("next", pointer),
            last_item: fields.optional("last_item", pointer),
            items: fields.optional("items", pointer),
            size: fields.optional("size", read::text),
            start: fields.optional("start", |node| node.integer(0, 1_000_000)),
            total: fields.optional("total", pointer),
            more: fields.optional("more", pointer),
        };
        Some(Self { style: style?, ..definition })
    }
}

fn pointer(node: Node<'_>) -> Option<String> {
    node.parsed("a JSON Pointer such as `/items`", |text| text.starts_with('/').then(|| text.to_owned()))
}
