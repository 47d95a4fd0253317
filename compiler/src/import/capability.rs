//! One operation to one definition.

use serde_json::{Map, Value};

use super::api::ApiPlan;
use super::arguments::{self, Target};
use super::body::{self, BodyPlan};
use super::parameters::{self, Sent};
use super::path::{PathPart, PathTemplate};
use super::{ImportOptions, annotations, idempotency, pages, response};
use crate::definition::{
    CapabilityDefinition, LimitsDefinition, ParameterDefinition, RequestDefinition, ResponseDefinition, SourceRecord,
    Template, TemplateValue, argument_expression,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::schema::{Converter, shortened};
use crate::openapi::{Location, METHODS, Operation, Outline, prose};
use crate::syntax::Pointer;

/// Characters of a title.
const TITLE_LIMIT: usize = 120;

/// The arguments of an operation and what they are for.
struct Arguments {
    path: PathTemplate,
    sent: Vec<Sent>,
    body: Option<BodyPlan>,
    /// Names of the parameters' arguments, in the order of `sent`.
    names: Vec<String>,
    /// Names of the body's arguments, in the order of its fields.
    body_names: Vec<String>,
}

/// Builds the definition of an operation.
///
/// # Errors
/// Why it cannot be one.
pub(super) fn build<'d>(
    name: &str,
    operation: &Operation<'d>,
    plan: &ApiPlan,
    options: &ImportOptions,
    converter: &mut Converter<'d>,
) -> Result<CapabilityDefinition, String> {
    let arguments = Arguments::of(operation, options, converter);
    arguments.report_renamed(operation, converter);
    let answer = response::answer(operation, converter);
    let request = arguments.request(operation, answer.accept)?;
    let (title, description) = texts(operation, converter);
    Ok(CapabilityDefinition {
        name: name.to_owned(),
        api: Some(plan.definition.name.clone()),
        server: plan.servers.of_operation(operation).map(|name| Template::literal(&name)),
        network: None,
        proxy: None,
        tls: None,
        title,
        description,
        tags: operation.outline.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        deprecated: operation.deprecated,
        annotations: annotations::annotations(operation, name),
        auth: None,
        security: plan.security.of_operation(operation),
        input: arguments.input(),
        request,
        response: ResponseDefinition { schema: answer.schema, ..ResponseDefinition::default() },
        pagination: pages::pages(operation, &arguments.named(), converter),
        limits: LimitsDefinition::default(),
        // The document's digest stands in the api's file only: here it would change every file with
        // every new edition of the document.
        source: Some(SourceRecord {
            operation: Some(pointer_of(&operation.outline).to_string()),
            ..SourceRecord::default()
        }),
    })
}

impl Arguments {
    fn of<'d>(operation: &Operation<'d>, options: &ImportOptions, converter: &mut Converter<'d>) -> Self {
        let path = PathTemplate::parse(operation.outline.path);
        report_suffix(&path, operation, converter);
        let mut sent = parameters::sent(operation, &path, converter);
        idempotency::relax(operation.outline.method, &mut sent);
        let body = body::plan(operation, &options.media_types, converter);
        let fields = body.as_ref().map(|body| body.fields.as_slice()).unwrap_or_default();
        let wanted: Vec<(Target, &str)> = sent
            .iter()
            .map(|it| (Target::Parameter(it.location), it.wire.as_str()))
            .chain(fields.iter().map(|field| (field.target, field.wire.as_str())))
            .collect();
        let mut names = arguments::names(&wanted);
        let body_names = names.split_off(sent.len());
        Self { path, sent, body, names, body_names }
    }

    /// The input schema.
    fn input(&self) -> Value {
        let mut properties = Map::new();
        for (it, name) in self.sent.iter().zip(&self.names) {
            properties.insert(name.clone(), it.schema.clone());
        }
        for (field, name) in self.body.iter().flat_map(|body| &body.fields).zip(&self.body_names) {
            properties.insert(name.clone(), field.schema.clone());
        }
        let sent = self.sent.iter().zip(&self.names).filter(|(it, _)| it.required);
        let (body_required, keywords) =
            self.body.as_ref().map(|body| body.conditions(&self.body_names)).unwrap_or_default();
        let required: Vec<String> = sent.map(|(_, name)| name.clone()).chain(body_required).collect();
        let mut input = Map::new();
        input.insert("type".to_owned(), "object".into());
        input.insert("additionalProperties".to_owned(), Value::Bool(false));
        if !required.is_empty() {
            input.insert("required".to_owned(), required.into());
        }
        if !properties.is_empty() {
            input.insert("properties".to_owned(), Value::Object(properties));
        }
        input.extend(keywords);
        Value::Object(input)
    }

    /// The parameters, each with the name of its argument.
    fn named(&self) -> Vec<(&Sent, &str)> {
        self.sent.iter().zip(self.names.iter().map(String::as_str)).collect()
    }

    fn request(&self, operation: &Operation<'_>, accept: Option<String>) -> Result<RequestDefinition, String> {
        let path = self.path_template()?;
        let mut request = RequestDefinition {
            method: operation.outline.method.to_ascii_uppercase(),
            path,
            path_parameters: Vec::new(),
            query: Vec::new(),
            query_string: None,
            headers: Vec::new(),
            cookies: Vec::new(),
            body: self.body.as_ref().map(|body| body.definition(&self.body_names)),
            idempotency_key: idempotency::key(operation.outline.method, &self.sent),
        };
        for (it, name) in self.sent.iter().zip(&self.names) {
            let entry = || (it.wire.clone(), parameters::definition(it, name));
            match it.location {
                Location::Path => {
                    let style = parameters::path_definition(it, name).map(|style| (name.clone(), style));
                    request.path_parameters.extend(style);
                }
                Location::Query => request.query.push(entry()),
                Location::QueryString => request.query_string = Some(parameters::definition(it, name)),
                Location::Header => request.headers.push(entry()),
                Location::Cookie => request.cookies.push(entry()),
            }
        }
        self.add_path_query(&mut request)?;
        if let Some(accept) = accept {
            let value = TemplateValue::Literal(Value::String(accept));
            request.headers.insert(0, ("Accept".to_owned(), ParameterDefinition::plain(value)));
        }
        Ok(request)
    }

    /// What stood behind `?` in the path key is sent always; a declared parameter is stronger.
    fn add_path_query(&self, request: &mut RequestDefinition) -> Result<(), String> {
        for (wire, parts) in self.path.query.iter().rev() {
            if request.query.iter().any(|(known, _)| known == wire) {
                continue;
            }
            let template = self.template(parts)?;
            let value = if template.is_literal() {
                TemplateValue::Literal(Value::String(template.source))
            } else {
                TemplateValue::Template(template)
            };
            request.query.insert(0, (wire.clone(), ParameterDefinition::plain(value)));
        }
        Ok(())
    }

    fn path_template(&self) -> Result<Template, String> {
        let encode = |part: &PathPart| match part {
            PathPart::Text(text) => PathPart::Text(encoded(text)),
            PathPart::Placeholder(name) => PathPart::Placeholder(name.clone()),
        };
        let mut parts: Vec<PathPart> = self.path.pieces.iter().map(encode).collect();
        if !matches!(parts.first(), Some(PathPart::Text(text)) if text.starts_with('/')) {
            parts.insert(0, PathPart::Text("/".to_owned()));
        }
        let hole = |part: &PathPart| match part {
            PathPart::Text(text) => text.clone(),
            PathPart::Placeholder(_) => "x".to_owned(),
        };
        let shape: String = parts.iter().map(hole).collect();
        if shape.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err("its path has a segment `.` or `..`".to_owned());
        }
        self.template(&parts)
    }

    fn template(&self, parts: &[PathPart]) -> Result<Template, String> {
        let mut source = String::new();
        for part in parts {
            match part {
                PathPart::Text(text) => source.push_str(&escaped(text)),
                PathPart::Placeholder(wire) => {
                    let index = self.sent.iter().position(|it| it.location == Location::Path && it.wire == *wire);
                    let name = index.and_then(|index| self.names.get(index)).map_or(wire.as_str(), String::as_str);
                    source.push_str("{{ ");
                    source.push_str(&argument_expression(name));
                    source.push_str(" }}");
                }
            }
        }
        Template::parse(&source).map_err(|error| format!("its path cannot be written as a template: {}", error.message))
    }

    fn report_renamed(&self, operation: &Operation<'_>, converter: &Converter<'_>) {
        let wires = self.sent.iter().map(|it| it.wire.as_str());
        let fields = self.body.iter().flat_map(|body| &body.fields).map(|field| field.wire.as_str());
        let names = self.names.iter().chain(&self.body_names);
        for (wire, name) in wires.chain(fields).zip(names).filter(|(wire, name)| wire != name) {
            let say = || {
                let message = format!("`{wire}` has another name as an argument");
                Diagnostic::new(Code::ARGUMENT_RENAMED, message, operation.outline.spot.address.key())
                    .label(format!("agents give it as `{name}`"))
            };
            converter.report().count("", say, Code::ARGUMENT_RENAMED);
        }
    }
}

/// Where the document declares an operation, whatever file it is written in.
pub(super) fn pointer_of(outline: &Outline<'_>) -> Pointer {
    let item = Pointer::of(["paths", outline.path]);
    let own = METHODS.contains(&outline.method);
    if own { item.child(outline.method) } else { item.child("additionalOperations").child(outline.method) }
}

/// The text of a path with what no path may hold as it is.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || matches!(c, '?' | '#') {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Text in which nothing is taken for a hole.
fn escaped(text: &str) -> String {
    ["{{", "{%", "{#"].iter().fold(text.to_owned(), |text, mark| {
        if text.contains(mark) { text.replace(mark, &format!("{{{{ '{mark}' }}}}")) } else { text }
    })
}

/// Title and description: each from what the document has, and never both the same.
fn texts(operation: &Operation<'_>, converter: &Converter<'_>) -> (Option<String>, String) {
    let summary = operation.summary.map(prose::clean).filter(|text| !text.is_empty());
    let long = operation.description.map(prose::clean).filter(|text| !text.is_empty());
    let outline = &operation.outline;
    let title = summary.as_deref().map(|text| one_line(text, TITLE_LIMIT));
    let Some(text) = long.or(summary) else {
        return (None, format!("{} {}", outline.method.to_ascii_uppercase(), outline.path));
    };
    let bounded = prose::shorten(&text, prose::TOOL_LIMIT);
    if bounded.cut {
        let say = || shortened(&outline.spot.address.child("description"));
        converter.report().count("tool", say, Code::TEXT_SHORTENED);
    }
    let same = |title: &String| title.eq_ignore_ascii_case(bounded.text.trim_end_matches('.'));
    (title.filter(|title| !same(title)), bounded.text)
}

fn one_line(text: &str, limit: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    prose::shorten(line.trim_end_matches('.'), limit).text
}

fn report_suffix(path: &PathTemplate, operation: &Operation<'_>, converter: &Converter<'_>) {
    if path.fragment.is_none() && path.query.is_empty() {
        return;
    }
    let say = || {
        let message = "a path key has a fragment or a query".to_owned();
        Diagnostic::new(Code::PATH_SUFFIX, message, operation.outline.item.address.key())
            .label("the query is always sent, the fragment never")
    };
    converter.report().count("", say, Code::PATH_SUFFIX);
}
