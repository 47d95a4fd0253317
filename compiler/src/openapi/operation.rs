//! The operations of a document: first their outlines, which cost nothing and give names, then one
//! by one all that they say.

use serde_json::Value;

use super::parameter::read_parameters;
use super::{Document, Parameter, Report, RequestBody, Requirements, Server, Spot, body, security, server};
use crate::capability::is_method;
use crate::diagnostic::{Code, Diagnostic};

/// The methods that a path item may have, in the order in which operations are listed. `query` came
/// with OpenAPI 3.2; no older document means anything else by it.
pub const METHODS: [&str; 9] = ["get", "head", "post", "put", "patch", "delete", "options", "trace", "query"];

/// Characters of a path; servers refuse longer ones.
const LONGEST_PATH: usize = 2_048;

/// An operation as far as it must be known to name and select it.
#[derive(Clone, Debug)]
pub struct Outline<'d> {
    /// The key of its path item.
    pub path: &'d str,
    /// In lower case, one of [`METHODS`]; or as `additionalOperations` spells it.
    pub method: &'d str,
    /// Its `operationId`, if that is text.
    pub id: Option<&'d str>,
    /// Its tags.
    pub tags: Vec<&'d str>,
    /// The operation.
    pub spot: Spot<'d>,
    /// The path item that holds it.
    pub item: Spot<'d>,
}

/// All that an operation says, with its references followed.
#[derive(Clone, Debug)]
pub struct Operation<'d> {
    /// Its outline.
    pub outline: Outline<'d>,
    /// A short name.
    pub summary: Option<&'d str>,
    /// What it does.
    pub description: Option<&'d str>,
    /// The author advises against new use.
    pub deprecated: bool,
    /// Parameters, those of the path item included, in the document's order.
    pub parameters: Vec<Parameter<'d>>,
    /// The request body.
    pub body: Option<RequestBody<'d>>,
    /// The `responses` object.
    pub responses: Option<Spot<'d>>,
    /// Its own security; `None` means the document's.
    pub security: Option<Requirements>,
    /// Its own servers, or its path item's; empty means the document's.
    pub servers: Vec<Server>,
}

/// The outlines of all operations, sorted by path and method.
#[must_use]
pub fn outlines<'d>(document: &'d Document, report: &Report) -> Vec<Outline<'d>> {
    let Some(paths) = document.member(&document.spot(), "paths", report) else { return Vec::new() };
    let mut members: Vec<(&str, Spot<'_>)> = paths.members().filter(|(path, _)| !path.starts_with("x-")).collect();
    members.sort_by_key(|(path, _)| *path);
    members.into_iter().flat_map(|(path, item)| of_path(document, path, &item, report)).collect()
}

fn of_path<'d>(document: &'d Document, path: &'d str, item: &Spot<'d>, report: &Report) -> Vec<Outline<'d>> {
    let Some(target) = document.follow(item.clone(), report) else { return Vec::new() };
    if !target.value.is_object() {
        report.say(unreadable("a path item", &target));
        return Vec::new();
    }
    // A path item may have members beside its reference; they come first.
    let member = |method: &'static str| Some((method, item.get(method).or_else(|| target.get(method))?));
    let own = METHODS.into_iter().filter_map(member);
    let additional = target.get("additionalOperations");
    let additional = additional.iter().flat_map(Spot::members);
    own.chain(additional).filter_map(|(method, spot)| outline(document, path, method, spot, &target, report)).collect()
}

fn outline<'d>(
    document: &'d Document,
    path: &'d str,
    method: &'d str,
    spot: Spot<'d>,
    item: &Spot<'d>,
    report: &Report,
) -> Option<Outline<'d>> {
    // Documents in several files keep operations in files of their own.
    let spot = document.follow(spot, report)?;
    if !spot.value.is_object() {
        report.say(unreadable("an operation", &spot));
        return None;
    }
    Some(Outline {
        path,
        method,
        id: spot.text("operationId").map(str::trim).filter(|id| !id.is_empty()),
        tags: tags(&spot),
        spot,
        item: item.clone(),
    })
}

fn tags<'d>(spot: &Spot<'d>) -> Vec<&'d str> {
    let tags = spot.value.get("tags").and_then(Value::as_array);
    tags.into_iter().flatten().filter_map(Value::as_str).map(str::trim).filter(|tag| !tag.is_empty()).collect()
}

impl<'d> Operation<'d> {
    /// Reads all of an operation; what is wrong in it is reported and left out.
    ///
    /// # Errors
    /// Why it cannot be called at all.
    pub fn read(document: &'d Document, outline: Outline<'d>, report: &Report) -> Result<Self, String> {
        if !is_method(&outline.method.to_ascii_uppercase()) {
            return Err(format!("its method `{}` is not an HTTP method", outline.method));
        }
        if outline.path.len() > LONGEST_PATH {
            return Err(format!("its path has more than {LONGEST_PATH} characters"));
        }
        let spot = outline.spot.clone();
        let servers = server::servers(&spot, report);
        let servers = if servers.is_empty() { server::servers(&outline.item, report) } else { servers };
        Ok(Self {
            summary: spot.text("summary").or_else(|| outline.item.text("summary")),
            description: spot.text("description").or_else(|| outline.item.text("description")),
            deprecated: spot.flag("deprecated"),
            parameters: read_parameters(document, &outline, report),
            body: body::read(document, &outline, report)?,
            responses: document.member(&spot, "responses", report),
            security: security::requirements(&spot),
            servers,
            outline,
        })
    }
}

/// Says that something is not the mapping that OpenAPI has there.
pub(super) fn unreadable(wanted: &str, spot: &Spot<'_>) -> Diagnostic {
    Diagnostic::new(Code::UNREADABLE_ITEM, format!("{wanted} must be a mapping"), spot.address.place())
        .label("this is left out")
}
