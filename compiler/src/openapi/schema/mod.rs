//! Schemas in the document's dialect to JSON Schema 2020-12, as small as they can be said.
//!
//! OpenAPI 3.0's words (`nullable`, boolean `exclusiveMinimum`, `example`) become JSON Schema's;
//! what JSON Schema has no word for (`xml`, `discriminator`, `x-…`) stays out; values that mean
//! nothing (`enum: []`, `required: true`) are reported and left out. References stay references: a
//! schema that is referred to is shared, has a name, and is converted once (see `shared.rs`).

mod discriminator;
mod fits;
mod keyword;
mod name;
mod object;
mod shared;
mod values;

pub use object::PlainObject;
pub use shared::{SharedSchemas, is_binary, is_text_like};

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use self::keyword::{Kind, kind};
use super::prose;
use super::reference::reference_of;
use super::{Address, Document, Report, Spot, Trail, Version};
use crate::diagnostic::{Code, Diagnostic};

/// Which way the described value travels: `readOnly` properties are not sent, `writeOnly` ones do
/// not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Both ways; nothing is left out.
    Whole,
    /// To the server.
    Input,
    /// From the server.
    Output,
}

/// Which file a schema is written to, and so how it refers to shared ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An operation's own file.
    Operation,
    /// The file of shared schemas.
    Schemas,
}

/// What a conversion is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Which way the value travels.
    pub direction: Direction,
    /// Which file it is written to.
    pub holder: Holder,
}

/// Converts schemas, and remembers which shared ones they need.
pub struct Converter<'d> {
    document: &'d Document,
    report: &'d Report,
    shared: SharedSchemas<'d>,
    /// Which patterns are regular expressions.
    patterns: BTreeMap<String, bool>,
}

impl<'d> Converter<'d> {
    /// A converter for the schemas of one document.
    #[must_use]
    pub fn new(document: &'d Document, report: &'d Report) -> Self {
        Self { document, report, shared: SharedSchemas::new(document), patterns: BTreeMap::new() }
    }

    /// The document whose schemas these are.
    #[must_use]
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// Where faults are reported.
    #[must_use]
    pub fn report(&self) -> &'d Report {
        self.report
    }

    /// One schema in the one dialect.
    pub fn convert(&mut self, spot: &Spot<'d>, view: View) -> Value {
        self.node(spot.value, Trail::Start(&spot.address), view)
    }

    /// All shared schemas that conversions so far refer to, and those that they refer to in turn.
    pub fn shared_schemas(&mut self) -> Map<String, Value> {
        let mut done: BTreeMap<String, Value> = BTreeMap::new();
        while let Some((name, spot, direction)) = self.shared.next_pending() {
            let schema = self.convert(&spot, View { direction, holder: Holder::Schemas });
            done.insert(name, schema);
        }
        done.into_iter().collect()
    }

    fn node(&mut self, value: &'d Value, trail: Trail<'_>, view: View) -> Value {
        match value {
            Value::Bool(_) => value.clone(),
            Value::Object(map) => match reference_of(value) {
                Some(reference) => self.reference(reference, map, trail, view),
                None => Value::Object(self.keywords(map, trail, view, Siblings::No)),
            },
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.unusable("a schema", value, trail);
                Value::Object(Map::new())
            }
        }
    }

    fn reference(&mut self, reference: &str, map: &'d Map<String, Value>, trail: Trail<'_>, view: View) -> Value {
        let beside = self.keywords(map, trail, view, Siblings::of(self.document.version()));
        let target = self.document.target(reference, trail, self.report);
        let Some(target) = target.and_then(|target| self.document.follow(target, self.report)) else {
            return Value::Object(beside);
        };
        let mut schema = if shared::is_small(target.value) {
            let schema = self.node(target.value, Trail::Start(&target.address), view);
            let Value::Object(map) = schema else { return schema };
            map
        } else {
            let name = self.shared.want(self.document, &target, view.direction);
            let file = if view.holder == Holder::Operation { "schemas.yaml" } else { "" };
            Map::from_iter([("$ref".to_owned(), format!("{file}#/$defs/{name}").into())])
        };
        schema.extend(beside);
        if map.get("nullable") == Some(&Value::Bool(true)) {
            return Value::Object(values::or_null(schema));
        }
        Value::Object(schema)
    }

    /// The keywords of one schema object, in the order in which people read them.
    fn keywords(
        &mut self,
        map: &'d Map<String, Value>,
        trail: Trail<'_>,
        view: View,
        siblings: Siblings,
    ) -> Map<String, Value> {
        let mut ranked: Vec<(u8, &'static str, Value)> = Vec::with_capacity(map.len());
        for (key, value) in map {
            let Some((rank, name, kind)) = kind(key) else {
                self.unknown_keyword(key, trail);
                continue;
            };
            if !siblings.keep(kind) || (value.is_null() && !matches!(kind, Kind::Const | Kind::Default)) {
                continue;
            }
            let here = Trail::Key(&trail, key);
            if let Some(value) = self.keyword(kind, value, map, here, view) {
                ranked.push((rank, name, value));
            }
        }
        ranked.sort_by_key(|(rank, ..)| *rank);
        let mut schema: Map<String, Value> = Map::new();
        for (_, name, value) in ranked {
            schema.entry(name).or_insert(value);
        }
        self.finish(&mut schema, map, trail);
        if siblings == Siblings::No { values::nullable(schema, map) } else { schema }
    }

    fn keyword(
        &mut self,
        kind: Kind,
        value: &'d Value,
        map: &'d Map<String, Value>,
        here: Trail<'_>,
        view: View,
    ) -> Option<Value> {
        match kind {
            Kind::Skip => None,
            Kind::Schema => Some(self.node(value, here, view)),
            Kind::Items => self.items(value, here, view),
            Kind::Open => self.open(value, map, here, view),
            Kind::List => self.list(value, map, here, view),
            Kind::Properties => self.properties(value, here, view),
            Kind::Members => self.members(value, here, view),
            Kind::Required => self.required(value, map, here, view),
            Kind::Description => self.description(value, here),
            Kind::Title => self.title(value, here),
            Kind::Default | Kind::Const => Some(value.clone()),
            Kind::Type => self.types(value, here),
            Kind::Format => values::format(value, map),
            Kind::Pattern => self.pattern(value, here),
            Kind::Enum => self.choices(value, map, here),
            Kind::Flag => (*value == Value::Bool(true)).then_some(Value::Bool(true)),
            Kind::Text => value.as_str().map(Into::into),
            Kind::Count => self.count(value, here),
            Kind::Bound => self.bound(value, here),
            Kind::Strict => self.strict(value, map, here),
            // Examples help to write a value, not to read one.
            Kind::Example | Kind::Examples if view.direction == Direction::Output => None,
            Kind::Example => values::example(value),
            Kind::Examples => values::examples(value),
            Kind::Plain => value.is_object().then(|| value.clone()),
        }
    }

    fn description(&self, value: &Value, here: Trail<'_>) -> Option<Value> {
        let bounded = prose::shorten(&prose::clean(value.as_str()?), prose::SCHEMA_LIMIT);
        if bounded.cut {
            self.report.count("", || shortened(&here.address()), Code::TEXT_SHORTENED);
        }
        (!bounded.text.is_empty()).then(|| bounded.text.into())
    }

    fn items(&mut self, value: &'d Value, here: Trail<'_>, view: View) -> Option<Value> {
        // A list is a tuple in older drafts; its first schema stands for all.
        match value {
            Value::Array(items) => {
                self.unusable("`items`", value, here);
                items.first().map(|first| self.node(first, Trail::Item(&here, 0), view))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                Some(self.node(value, here, view))
            }
        }
    }

    /// `additionalProperties`: open is the default, and worth a word only where nothing else is said.
    fn open(&mut self, value: &'d Value, map: &'d Map<String, Value>, here: Trail<'_>, view: View) -> Option<Value> {
        let schema = match value {
            Value::Bool(_) | Value::Object(_) => self.node(value, here, view),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                self.unusable("`additionalProperties`", value, here);
                return None;
            }
        };
        let anything = schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty);
        match (anything, map.contains_key("properties")) {
            (true, true) => None,
            (true, false) => Some(Value::Bool(true)),
            (false, _) => Some(schema),
        }
    }

    fn list(&mut self, value: &'d Value, map: &'d Map<String, Value>, here: Trail<'_>, view: View) -> Option<Value> {
        let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
            self.unusable("a list of schemas", value, here);
            return None;
        };
        let mut schemas: Vec<Value> =
            items.iter().enumerate().map(|(index, item)| self.node(item, Trail::Item(&here, index), view)).collect();
        if let Some(discriminator) = map.get("discriminator") {
            self.tell_apart(&mut schemas, items, discriminator, here);
        }
        Some(Value::Array(schemas))
    }

    fn properties(&mut self, value: &'d Value, here: Trail<'_>, view: View) -> Option<Value> {
        let Some(members) = value.as_object() else {
            self.unusable("`properties`", value, here);
            return None;
        };
        let mut schemas = Map::new();
        for (name, member) in members {
            let trail = Trail::Key(&here, name);
            if !shared::is_hidden(self.document, member, trail, view.direction) {
                schemas.insert(name.clone(), self.node(member, trail, view));
            }
        }
        Some(Value::Object(schemas))
    }

    fn members(&mut self, value: &'d Value, here: Trail<'_>, view: View) -> Option<Value> {
        let Some(members) = value.as_object() else {
            self.unusable("a mapping of schemas", value, here);
            return None;
        };
        let convert =
            |(name, member): (&String, &'d Value)| (name.clone(), self.node(member, Trail::Key(&here, name), view));
        Some(Value::Object(members.iter().map(convert).collect()))
    }

    fn required(
        &mut self,
        value: &'d Value,
        map: &'d Map<String, Value>,
        here: Trail<'_>,
        view: View,
    ) -> Option<Value> {
        let Some(items) = value.as_array() else {
            self.unusable("`required`", value, here);
            return None;
        };
        let properties = map.get("properties").and_then(Value::as_object);
        let hidden = |name: &str| {
            let member = properties.and_then(|properties| properties.get(name));
            member.is_some_and(|member| shared::is_hidden(self.document, member, here, view.direction))
        };
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let texts = items.iter().filter_map(Value::as_str);
        let names: Vec<&str> = texts.filter(|name| known.insert(name) && !hidden(name)).collect();
        (!names.is_empty()).then(|| names.into())
    }

    /// Reports a value that is left out because the keyword cannot have it.
    fn unusable(&self, what: &str, value: &Value, trail: Trail<'_>) {
        let say = || {
            let shown: String = value.to_string().chars().take(40).collect();
            Diagnostic::new(Code::SCHEMA_VALUE, format!("{what} cannot be `{shown}`"), trail.address().place())
                .label("this is left out")
        };
        self.report.count(what, say, Code::SCHEMA_VALUE);
    }

    fn unknown_keyword(&self, key: &str, trail: Trail<'_>) {
        let say = || {
            Diagnostic::new(
                Code::SCHEMA_KEYWORD,
                format!("`{key}` means nothing in a schema"),
                trail.address().child(key).key(),
            )
            .label("this is left out")
        };
        self.report.count(key, say, Code::SCHEMA_KEYWORD);
    }
}

/// Says that a description is longer than what is kept of it.
#[must_use]
pub fn shortened(address: &Address) -> Diagnostic {
    Diagnostic::new(Code::TEXT_SHORTENED, "a long description was shortened", address.place())
        .label("agents see its beginning")
        .help("put what matters first; the imported text can be edited")
}

/// What is read beside a `$ref`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Siblings {
    /// There is no `$ref`.
    No,
    /// Everything: OpenAPI 3.1.
    All,
    /// What only describes: OpenAPI 3.0 says to ignore them, and means what constrains.
    Annotations,
}

impl Siblings {
    fn of(version: Version) -> Self {
        match version {
            Version::V2_0 | Version::V3_0 => Self::Annotations,
            Version::V3_1 | Version::V3_2 => Self::All,
        }
    }

    fn keep(self, kind: Kind) -> bool {
        self != Self::Annotations
            || matches!(kind, Kind::Title | Kind::Description | Kind::Default | Kind::Example | Kind::Examples)
    }
}
