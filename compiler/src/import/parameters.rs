//! Parameters to arguments: which are sent, and what an agent is told about each.

use serde_json::{Map, Value, json};

use super::path::PathTemplate;
use crate::capability::is_connection_header;
use crate::definition::{ParameterDefinition, PathParameterDefinition, TemplateValue};
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::schema::{Converter, Direction, Holder, View, is_text_like, shortened};
use crate::openapi::{Location, Operation, Parameter, Serialization, Spot, prose};

/// Header parameters that no caller sets: OpenAPI says to ignore the first three, which follow from
/// other parts of the document.
const RESERVED_HEADERS: [&str; 4] = ["accept", "content-type", "authorization", "proxy-authorization"];

fn is_reserved(header: &str) -> bool {
    is_connection_header(header) || RESERVED_HEADERS.iter().any(|reserved| reserved.eq_ignore_ascii_case(header))
}

/// A parameter on its way to an argument.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// The name on the wire.
    pub(super) wire: String,
    /// Where it is sent.
    pub(super) location: Location,
    /// Whether it must be given.
    pub(super) required: bool,
    /// What the agent is told.
    pub(super) schema: Value,
    /// How it is written.
    pub(super) serialization: Serialization,
}

/// The parameters of an operation that are sent, path parameters first.
pub(super) fn sent<'d>(operation: &Operation<'d>, path: &PathTemplate, converter: &mut Converter<'d>) -> Vec<Sent> {
    let mut sent: Vec<Sent> = Vec::new();
    for name in path.placeholders() {
        let declared = operation
            .parameters
            .iter()
            .find(|it| it.location == Location::Path && it.name == name)
            .or_else(|| operation.parameters.iter().find(|it| in_path_query(it, name, path)));
        match declared {
            Some(parameter) => {
                let mut it = of_parameter(parameter, converter);
                (it.location, it.required) = (Location::Path, true);
                sent.push(it);
            }
            None => sent.push(undeclared(operation, name, converter)),
        }
    }
    for parameter in &operation.parameters {
        if !is_sent(parameter, path, converter) {
            continue;
        }
        match query_fields(parameter, converter) {
            Some(fields) => sent.extend(fields),
            None => sent.push(of_parameter(parameter, converter)),
        }
    }
    sent
}

/// A query string that is a form of known fields: one parameter for each.
fn query_fields<'d>(parameter: &Parameter<'d>, converter: &mut Converter<'d>) -> Option<Vec<Sent>> {
    let form = Serialization::Content("application/x-www-form-urlencoded".to_owned());
    if parameter.location != Location::QueryString || parameter.serialization != form {
        return None;
    }
    let object = converter.plain_object(parameter.schema.as_ref()?)?;
    let view = View { direction: Direction::Input, holder: Holder::Operation };
    let field = |(name, spot): &(&'d str, Spot<'d>)| Sent {
        wire: (*name).to_owned(),
        location: Location::Query,
        required: parameter.required && object.required.contains(name),
        schema: Some(converter.convert(spot, view))
            .filter(Value::is_object)
            .unwrap_or_else(|| Value::Object(Map::new())),
        serialization: Serialization::Style { style: None, explode: None, allow_reserved: false },
    };
    Some(object.properties.iter().map(field).collect())
}

/// A query parameter whose placeholder the path key's own query has.
fn in_path_query(parameter: &Parameter<'_>, name: &str, path: &PathTemplate) -> bool {
    parameter.location == Location::Query && parameter.name == name && path.query.iter().any(|(wire, _)| wire == name)
}

fn is_sent(parameter: &Parameter<'_>, path: &PathTemplate, converter: &Converter<'_>) -> bool {
    match parameter.location {
        Location::Path => {
            if !path.placeholders().contains(&parameter.name) {
                report_unused(parameter, converter);
            }
            false
        }
        Location::Header if is_reserved(parameter.name) => {
            report_reserved(parameter, converter);
            false
        }
        Location::Query => {
            !(path.placeholders().contains(&parameter.name) && in_path_query(parameter, parameter.name, path))
        }
        Location::QueryString | Location::Header | Location::Cookie => true,
    }
}

fn of_parameter<'d>(parameter: &Parameter<'d>, converter: &mut Converter<'d>) -> Sent {
    let view = View { direction: Direction::Input, holder: Holder::Operation };
    let schema = parameter.schema.as_ref().map(|spot| converter.convert(spot, view));
    let mut schema = match schema {
        Some(Value::Object(map)) => map,
        Some(_) | None => Map::new(),
    };
    if let Some(text) = parameter.description {
        describe(&mut schema, text, parameter, converter);
    }
    if parameter.deprecated {
        schema.insert("deprecated".to_owned(), Value::Bool(true));
    }
    add_example(&mut schema, parameter);
    Sent {
        wire: parameter.name.to_owned(),
        location: parameter.location,
        required: parameter.required,
        serialization: shortest(parameter, converter),
        schema: Value::Object(schema),
    }
}

/// The parameter's own description is nearer than its schema's.
fn describe(schema: &mut Map<String, Value>, text: &str, parameter: &Parameter<'_>, converter: &Converter<'_>) {
    let bounded = prose::shorten(&prose::clean(text), prose::SCHEMA_LIMIT);
    if bounded.cut {
        let say = || shortened(&parameter.spot.address.child("description"));
        converter.report().count("", say, Code::TEXT_SHORTENED);
    }
    if bounded.text.is_empty() {
        return;
    }
    schema.shift_remove("description");
    let at = usize::from(schema.contains_key("type"));
    schema.shift_insert(at.min(schema.len()), "description".to_owned(), bounded.text.into());
}

/// A parameter's example, where it is short, fits, and the schema has none.
fn add_example(schema: &mut Map<String, Value>, parameter: &Parameter<'_>) {
    let told = ["examples", "enum", "const", "default", "$ref"].iter().any(|key| schema.contains_key(*key));
    let Some(example) = parameter.example.as_ref().filter(|_| !told) else { return };
    let fits = match (example.value, schema.get("type").and_then(Value::as_str)) {
        (Value::String(text), Some("string")) => !text.is_empty() && text.len() <= 64,
        (Value::Number(number), Some("integer")) => number.is_i64() || number.is_u64(),
        (Value::Number(_), Some("number")) => true,
        _ => false,
    };
    if fits {
        schema.insert("examples".to_owned(), json!([example.value]));
    }
}

/// The serialization without what makes no difference.
fn shortest<'d>(parameter: &Parameter<'d>, converter: &Converter<'d>) -> Serialization {
    use crate::capability::Style;

    let Serialization::Style { style, explode, allow_reserved } = parameter.serialization.clone() else {
        return parameter.serialization.clone();
    };
    let schema = parameter.schema.clone().and_then(|spot| converter.document().follow(spot, converter.report()));
    let single = schema.is_some_and(|spot| is_text_like(spot.value));
    let prefixed = matches!(style, Some(Style::Label | Style::Matrix));
    let default = match style {
        Some(style) => style == Style::Form,
        None => matches!(parameter.location, Location::Query | Location::Cookie),
    };
    Serialization::Style {
        style: style.filter(|_| !single || prefixed),
        explode: explode.filter(|explode| !single && *explode != default && style != Some(Style::DeepObject)),
        allow_reserved,
    }
}

fn undeclared<'d>(operation: &Operation<'d>, name: &str, converter: &Converter<'d>) -> Sent {
    let address = &operation.outline.item.address;
    converter.report().count(
        name,
        || {
            Diagnostic::new(
                Code::UNDECLARED_PLACEHOLDER,
                format!("path placeholder `{{{name}}}` has no parameter"),
                address.key(),
            )
            .label("it becomes a required text argument")
            .help(format!("declare a parameter `{name}` with `in: path`"))
        },
        Code::UNDECLARED_PLACEHOLDER,
    );
    Sent {
        wire: name.to_owned(),
        location: Location::Path,
        required: true,
        schema: json!({"type": "string"}),
        serialization: Serialization::Style { style: None, explode: None, allow_reserved: false },
    }
}

fn report_unused(parameter: &Parameter<'_>, converter: &Converter<'_>) {
    let say = || {
        Diagnostic::new(
            Code::UNUSED_PATH_PARAMETER,
            format!("the path has no placeholder for parameter `{}`", parameter.name),
            parameter.spot.address.place(),
        )
        .label("this is left out")
        .help(format!("write `{{{}}}` into the path, or remove the parameter", parameter.name))
    };
    converter.report().count(parameter.name, say, Code::UNUSED_PATH_PARAMETER);
}

fn report_reserved(parameter: &Parameter<'_>, converter: &Converter<'_>) {
    let say = || {
        Diagnostic::new(
            Code::RESERVED_HEADER,
            format!("header parameter `{}` is ignored", parameter.name),
            parameter.spot.address.place(),
        )
        .label("media types, security and the HTTP client say what is sent")
    };
    converter.report().count(&parameter.name.to_ascii_lowercase(), say, Code::RESERVED_HEADER);
}

/// How a query parameter, header or cookie is written in a definition.
pub(super) fn definition(sent: &Sent, argument: &str) -> ParameterDefinition {
    let mut definition = ParameterDefinition::plain(TemplateValue::argument(argument));
    match &sent.serialization {
        Serialization::Style { style, explode, allow_reserved } => {
            (definition.style, definition.explode) = (*style, *explode);
            definition.allow_reserved = *allow_reserved;
        }
        Serialization::Content(media_type) => definition.content = Some(media_type.clone()),
    }
    definition
}

/// How a path parameter is written in a definition, if more than its value is to be said.
pub(super) fn path_definition(sent: &Sent, argument: &str) -> Option<PathParameterDefinition> {
    let definition = match &sent.serialization {
        Serialization::Style { style: None, explode: None, .. } => return None,
        Serialization::Style { style, explode, .. } => PathParameterDefinition {
            name: (argument != sent.wire).then(|| sent.wire.clone()),
            style: *style,
            explode: *explode,
            content: None,
        },
        Serialization::Content(media_type) => {
            PathParameterDefinition { content: Some(media_type.clone()), ..PathParameterDefinition::default() }
        }
    };
    Some(definition)
}
