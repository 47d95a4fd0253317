//! Says what is wrong with an argument: which one, what was given, what is wanted, and the nearest
//! thing that would do.

use cap_compiler::diagnostic::nearest;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::execute::error::ArgumentProblem;

/// Characters of a given value that are quoted.
const SHOWN: usize = 80;
/// Allowed values that are listed.
const CHOICES: usize = 20;

/// The problems in one error of the schema.
pub(crate) fn describe(error: &ValidationError<'_>, schema: &Value) -> Vec<ArgumentProblem> {
    let place = error.instance_path().as_str();
    let name = argument_name(place);
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other kinds are about the value in its place")]
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let missing = property.as_str().unwrap_or_default();
            vec![problem(join(&name, missing), missing_message(schema, place, missing))]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|key| problem(join(&name, key), unknown_message(schema, place, key))).collect()
        }
        _ => vec![problem(name, message(error))],
    }
}

fn problem(argument: String, message: String) -> ArgumentProblem {
    ArgumentProblem { argument, message }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add kinds, and says something sensible for each")]
fn message(error: &ValidationError<'_>) -> String {
    let given = shown(error.instance());
    match error.kind() {
        ValidationErrorKind::Type { kind } => {
            let advice = type_advice(error.instance(), kind);
            format!("must be {}, not {} {given}{advice}", types(kind), type_name(error.instance()))
        }
        ValidationErrorKind::Enum { options } => format!("must be {}, not {given}", choices(options, error.instance())),
        ValidationErrorKind::Constant { expected_value } => format!("must be {}, not {given}", shown(expected_value)),
        ValidationErrorKind::Pattern { pattern } => {
            format!("must match the pattern `{}`; {given} does not", bounded(pattern, SHOWN))
        }
        ValidationErrorKind::BacktrackLimitExceeded { .. } | ValidationErrorKind::RegexEngineFailure { .. } => {
            "takes too long to match against its pattern".to_owned()
        }
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}, not {given}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}, not {given}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be more than {limit}, not {given}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be less than {limit}, not {given}"),
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters; {given} has fewer"),
        ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters; {given} has more"),
        ValidationErrorKind::MinItems { limit } => format!("must have at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("must have at most {limit} items"),
        ValidationErrorKind::UniqueItems => "must not have the same item twice".to_owned(),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            format!("fits none of the {} forms it can have; {}", context.len(), nearest_form(context))
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            "fits more than one of the forms it can have; exactly one must fit".to_owned()
        }
        ValidationErrorKind::Required { .. }
        | ValidationErrorKind::AdditionalProperties { .. }
        | ValidationErrorKind::UnevaluatedProperties { .. } => bounded(&error.to_string(), 200),
        _ => format!("does not fit: {}", bounded(&error.to_string(), 200)),
    }
}

/// What keeps a value from the form that it comes closest to: the one with the fewest errors.
fn nearest_form(context: &[Vec<ValidationError<'static>>]) -> String {
    let Some(error) =
        context.iter().filter(|form| !form.is_empty()).min_by_key(|form| form.len()).and_then(|f| f.first())
    else {
        return "no form can fit".to_owned();
    };
    let name = argument_name(error.instance_path().as_str());
    if let ValidationErrorKind::Required { property } = error.kind() {
        return format!("for the nearest, `{}` is missing", join(&name, property.as_str().unwrap_or_default()));
    }
    format!("for the nearest, `{name}` {}", message(error))
}

fn missing_message(schema: &Value, place: &str, missing: &str) -> String {
    match properties(schema, place).and_then(|properties| properties.get(missing)) {
        Some(wanted) => format!("is missing: it must be {}", wanted_kind(wanted)),
        None => "is missing".to_owned(),
    }
}

fn unknown_message(schema: &Value, place: &str, key: &str) -> String {
    let names = properties(schema, place).into_iter().flatten().map(|(name, _)| name.as_str());
    match nearest(key, names.clone()) {
        Some(known) => format!("is not an argument; did you mean `{known}`?"),
        None if place.is_empty() => {
            let known: Vec<String> = names.take(CHOICES).map(|name| format!("`{name}`")).collect();
            format!(
                "is not an argument; known are {}",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            )
        }
        None => "is not known here".to_owned(),
    }
}

/// The properties of the schema at an instance's place, as far as plain nesting leads there.
fn properties<'a>(schema: &'a Value, place: &str) -> Option<&'a serde_json::Map<String, Value>> {
    let mut at = follow(schema, schema);
    for token in place.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let below = at.get("properties").and_then(|properties| properties.get(&key));
        at = follow(schema, below.or_else(|| at.get("items"))?);
    }
    at.get("properties")?.as_object()
}

fn follow<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

/// What a schema wants, in a few words.
fn wanted_kind(schema: &Value) -> String {
    if let Some(options) = schema.get("enum") {
        return choices(options, &Value::Null);
    }
    let kind = match schema.get("type") {
        Some(Value::String(name)) => article(name),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).map(article).collect::<Vec<_>>().join(" or ")
        }
        _ => "a value".to_owned(),
    };
    match schema.get("format").and_then(Value::as_str) {
        Some(format) => format!("{kind} ({format})"),
        None => kind,
    }
}

fn choices(options: &Value, given: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let listed: Vec<String> = options.iter().take(CHOICES).map(shown).collect();
    let more = options.len().saturating_sub(CHOICES);
    let mut text = match listed.as_slice() {
        [only] => only.clone(),
        _ => format!("one of {}", listed.join(", ")),
    };
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    let near = given.as_str().and_then(|given| nearest(given, options.iter().filter_map(Value::as_str)));
    if let Some(near) = near {
        text.push_str(&format!(" (perhaps `{near}`)"));
    }
    text
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => article(kind.as_str()),
        TypeKind::Multiple(kinds) => kinds.iter().map(|kind| article(kind.as_str())).collect::<Vec<_>>().join(" or "),
    }
}

/// How to write a value that only has the wrong type.
fn type_advice(given: &Value, kind: &TypeKind) -> String {
    let wants_text = types(kind).contains("a string");
    if wants_text && (given.is_number() || given.is_boolean()) {
        return format!("; write `\"{given}\"`");
    }
    String::new()
}

fn article(type_name: &str) -> String {
    match type_name {
        "null" => "null".to_owned(),
        "array" | "integer" | "object" => format!("an {type_name}"),
        _ => format!("a {type_name}"),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "the value",
        Value::Bool(_) => "the boolean",
        Value::Number(_) => "the number",
        Value::String(_) => "the string",
        Value::Array(_) => "the array",
        Value::Object(_) => "the object",
    }
}

fn shown(value: &Value) -> String {
    format!("`{}`", bounded(&value.to_string(), SHOWN))
}

/// The first characters of a text, with a mark if there are more.
pub(crate) fn bounded(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `/labels/0/name` as people write it: `labels[0].name`.
pub(crate) fn argument_name(pointer: &str) -> String {
    pointer
        .split('/')
        .skip(1)
        .fold(String::new(), |name, token| join(&name, &token.replace("~1", "/").replace("~0", "~")))
}

fn join(name: &str, token: &str) -> String {
    if name.is_empty() {
        token.to_owned()
    } else if token.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{name}[{token}]")
    } else {
        format!("{name}.{token}")
    }
}
