//! What a schema says to a model beside which values it accepts, and how that changed. What it accepts is compared
//! by [`super::schema`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Change;
use super::code::ChangeCode;
use super::sent::{differing, quoted};
use super::tool::Both;
use crate::json_schema::{Shape, shape_of};

/// Which of a tool's schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Input,
    Result,
}

impl Part {
    /// Where it stands in a definition.
    fn tokens(self) -> &'static [&'static str] {
        match self {
            Self::Input => &["input"],
            Self::Result => &["response", "schema"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Input => "its arguments",
            Self::Result => "its result",
        }
    }
}

/// What is said in a schema, by its place. Of a schema in it that is new, nothing is told here: it is told as new.
#[derive(Default)]
struct Said {
    schemas: BTreeSet<Vec<String>>,
    words: BTreeMap<Vec<String>, Word>,
    /// Names and words that no comparison of values looks at.
    texts: BTreeSet<String>,
}

/// One thing that is said, and the names on the way to it.
struct Word {
    names: Vec<String>,
    text: String,
}

/// How the words of a schema changed.
pub(super) fn of_schema(both: &Both<'_>, part: Part, old: &Value, new: &Value) -> Vec<Change> {
    let (before, after) = (Said::of(old), Said::of(new));
    let places: BTreeSet<&Vec<String>> = before.words.keys().chain(after.words.keys()).collect();
    let on_both = |place: &[String]| {
        place.split_last().is_some_and(|(_, schema)| before.schemas.contains(schema) && after.schemas.contains(schema))
    };
    let texts = |place: &Vec<String>| {
        let text = |said: &Said| said.words.get(place).map(|word| word.text.clone()).unwrap_or_default();
        (text(&before), text(&after))
    };
    let mut changed: Vec<&Vec<String>> = places.into_iter().filter(|it| on_both(it)).collect();
    changed.retain(|place| {
        let (was, is) = texts(place);
        was != is
    });
    let told = changed.iter().take(MOST_WORDS).map(|place| {
        let names = [&after, &before].into_iter().find_map(|said| Some(&said.words.get(*place)?.names));
        let (was, is) = texts(place);
        let key = place.last().map(String::as_str).unwrap_or_default();
        let at = shown_place(key, names.map(Vec::as_slice).unwrap_or_default());
        let tokens: Vec<&str> = part.tokens().iter().copied().chain(place.iter().map(String::as_str)).collect();
        both.change(ChangeCode::ARGUMENT_WORDS, sentence(&at, &was, &is), &tokens).saying(&was, &is)
    });
    let mut changes: Vec<Change> = told.collect();
    let left = changed.len().saturating_sub(MOST_WORDS);
    if left > 0 {
        let sentence = format!("{left} more texts of {} are others, which are not shown", part.name());
        changes.push(both.change(ChangeCode::ARGUMENT_WORDS, sentence, part.tokens()));
    }
    changes
}

/// A change that nothing else told: a text that is read and is in one of the schemas only.
pub(super) fn otherwise(both: &Both<'_>, part: Part, [old, new]: [&Value; 2], told: &[Change]) -> Option<Change> {
    if old == new {
        return None;
    }
    let (before, after) = (Said::of(old), Said::of(new));
    let told: BTreeSet<&String> = told.iter().filter_map(|it| it.texts.as_ref()).flat_map(|(a, b)| [a, b]).collect();
    let fresh = after.texts.difference(&before.texts).find(|it| !told.contains(it));
    let gone = before.texts.difference(&after.texts).find(|it| !told.contains(it));
    let name = part.name();
    let sentence = match (gone, fresh) {
        (Some(was), Some(is)) => {
            let (one, another) = differing(was, is);
            format!("a text of {name} is {}; it was {}", quoted(&another), quoted(&one))
        }
        (None, Some(is)) => format!("a text of {name} is {}", quoted(is)),
        (Some(was), None) => format!("a text of {name} is gone; it was {}", quoted(was)),
        (None, None) => return None,
    };
    Some(both.change(ChangeCode::ARGUMENT_WORDS, sentence, part.tokens()))
}

fn sentence(at: &str, was: &str, is: &str) -> String {
    let (one, another) = differing(was, is);
    match (was, is) {
        ("", _) => format!("{at} is {}", quoted(&another)),
        (_, _) => format!("{at} says {}; it said {}", quoted(&another), quoted(&one)),
    }
}

impl Said {
    fn of(schema: &Value) -> Self {
        let mut said = Self::default();
        said.schema(schema, &mut Vec::new(), &mut Vec::new());
        said
    }

    fn schema(&mut self, schema: &Value, path: &mut Vec<String>, names: &mut Vec<String>) {
        if path.len() > DEEPEST {
            return;
        }
        match schema {
            Value::Object(map) => {
                self.schemas.insert(path.clone());
                for (keyword, value) in map {
                    path.push(keyword.clone());
                    self.keyword(keyword, value, path, names);
                    path.pop();
                }
            }
            // A list of schemas, or `items` as it once was.
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.named(&index.to_string(), item, path, names);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn named(&mut self, name: &str, schema: &Value, path: &mut Vec<String>, names: &mut Vec<String>) {
        path.push(name.to_owned());
        names.push(name.to_owned());
        self.schema(schema, path, names);
        names.pop();
        path.pop();
    }

    fn keyword(&mut self, keyword: &str, value: &Value, path: &mut Vec<String>, names: &mut Vec<String>) {
        match (shape_of(keyword), value) {
            (Shape::NamedSchemas, Value::Object(members)) => {
                for (name, member) in members {
                    self.texts.insert(name.clone());
                    self.named(name, member, path, names);
                }
            }
            (Shape::Schema, _) if keyword == "items" => self.schema(value, path, names),
            (Shape::Schema | Shape::Schemas, _) => {
                names.push(keyword.to_owned());
                self.schema(value, path, names);
                names.pop();
            }
            (Shape::NamedSchemas | Shape::Data, _) => self.data(keyword, value, path, names),
        }
    }

    fn data(&mut self, keyword: &str, value: &Value, path: &[String], names: &[String]) {
        if CONSTRAINTS.contains(&keyword) {
            return;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        self.texts.insert(text.clone());
        if !COMPARED_ELSEWHERE.contains(&keyword) {
            self.words.insert(path.to_vec(), Word { names: names.to_vec(), text });
        }
    }
}

/// A place in a schema as people read it: `` the description of `filter.tags` ``.
fn shown_place(key: &str, names: &[String]) -> String {
    let shown = super::schema::shown_text;
    let key = if WORDS.contains(&key) { key.to_owned() } else { format!("`{}`", shown(&key.replace('`', "'"))) };
    match names {
        [] => format!("the {key} of the whole"),
        names => format!("the {key} of `{}`", shown(&names.join("."))),
    }
}

/// Words that have a name in a sentence.
const WORDS: [&str; 5] = ["title", "description", "default", "examples", "$comment"];
/// What says which values are accepted.
const CONSTRAINTS: [&str; 22] = [
    "$ref",
    "$dynamicRef",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "format",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
];
/// What is compared where arguments are, or names schemas; it counts where nothing else is told.
const COMPARED_ELSEWHERE: [&str; 8] = [
    "contentEncoding",
    "contentMediaType",
    "dependentRequired",
    "$id",
    "$schema",
    "$anchor",
    "$dynamicAnchor",
    "$vocabulary",
];
/// Texts that are told one by one.
const MOST_WORDS: usize = 50;
/// Definitions and documents are not read any deeper.
const DEEPEST: usize = 256;
