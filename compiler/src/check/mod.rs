//! Rules: whether definitions make sense, alone and together.
//!
//! One file is one family of rules. A rule adds diagnostics and goes on, so that all faults are
//! seen at once; only what has no error becomes [`Checked`], and only [`Checked`] can be lowered.

mod answer;
mod api;
mod auth;
mod body;
mod capability;
mod filter;
mod headers;
mod input;
mod link;
mod media_types;
mod meta_schema;
mod names;
mod oauth2;
mod parameter;
mod path;
mod request;
mod request_scope;
mod schema;
mod secrets;
mod server;
mod templates;
mod transport;
mod upstream;
mod xml;

pub use link::{Linked, LinkedApi, Project, Unit};
pub(crate) use schema::{ReferenceTarget, resolve_reference};
pub use secrets::check_secrets;
pub(crate) use server::is_private_url;

use std::ops::Deref;

use crate::definition::{ApiDefinition, SchemasDefinition, UpstreamDefinition};
use crate::diagnostic::{Diagnostic, Outcome, Place};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// A value that passed its rules. Made only in this module.
#[derive(Clone, Copy, Debug)]
pub struct Checked<T>(T);

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Checks an api file on its own.
#[must_use]
pub fn check_api<'a>(source: &'a SourceId, api: &'a ApiDefinition) -> Outcome<Checked<Unit<'a, ApiDefinition>>> {
    let mut report = Report::new(source);
    api::check(api, &mut report);
    report.finish(Unit { source, definition: api })
}

/// Checks an upstream file on its own.
#[must_use]
pub fn check_upstream<'a>(
    source: &'a SourceId,
    upstream: &'a UpstreamDefinition,
) -> Outcome<Checked<Unit<'a, UpstreamDefinition>>> {
    let mut report = Report::new(source);
    upstream::check(upstream, &mut report);
    report.finish(Unit { source, definition: upstream })
}

/// Checks a shared schemas file, and that its schemas refer to others that exist.
#[must_use]
pub fn check_schemas(source: &SourceId, schemas: &SchemasDefinition, project: &Project<'_>) -> Vec<Diagnostic> {
    let mut report = Report::new(source);
    for (name, value) in &schemas.defs {
        meta_schema::check(value, &Pointer::of(["$defs", name]), &mut report);
    }
    schema::check_shared_references(project, schemas, &mut report);
    report.diagnostics
}

/// Checks a capability together with the files that it refers to.
#[must_use]
pub fn check_capability(linked: Linked<'_>) -> Outcome<Checked<Linked<'_>>> {
    let mut report = Report::new(linked.source);
    capability::check(&linked, &mut report);
    report.finish(linked)
}

/// Where the rules of one file put what they have to say.
struct Report<'a> {
    source: &'a SourceId,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    fn new(source: &'a SourceId) -> Self {
        Self { source, diagnostics: Vec::new() }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn value(&self, pointer: &Pointer) -> Place {
        Place::value(self.source, pointer.clone())
    }

    fn key(&self, pointer: &Pointer) -> Place {
        Place::key(self.source, pointer.clone())
    }

    fn finish<T>(self, value: T) -> Outcome<Checked<T>> {
        let failed = self.diagnostics.iter().any(Diagnostic::is_error);
        Outcome { value: (!failed).then_some(Checked(value)), diagnostics: self.diagnostics }
    }
}
