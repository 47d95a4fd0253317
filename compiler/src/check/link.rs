//! Which file refers to which: apis by name, shared schemas by path, and names that stand twice.

use std::collections::BTreeMap;

use crate::definition::{ApiDefinition, CapabilityDefinition, Definition, SchemasDefinition};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// A definition and the file that holds it.
#[derive(Debug)]
pub struct Unit<'a, T> {
    /// The file.
    pub source: &'a SourceId,
    /// What it says.
    pub definition: &'a T,
}

impl<T> Clone for Unit<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Unit<'_, T> {}

/// The api of a capability.
pub type LinkedApi<'a> = Unit<'a, ApiDefinition>;

/// A capability and the files that it refers to.
#[derive(Clone, Copy, Debug)]
pub struct Linked<'a> {
    /// The capability's file.
    pub source: &'a SourceId,
    /// What it says.
    pub definition: &'a CapabilityDefinition,
    /// Its api, if it names one.
    pub api: Option<LinkedApi<'a>>,
    /// All files, to follow schema references.
    pub project: &'a Project<'a>,
}

/// All definitions of one compilation, by what others call them.
#[derive(Clone, Debug, Default)]
pub struct Project<'a> {
    apis: BTreeMap<&'a str, LinkedApi<'a>>,
    schemas: BTreeMap<&'a SourceId, &'a SchemasDefinition>,
    servers: BTreeMap<&'a str, &'a SourceId>,
}

impl<'a> Project<'a> {
    /// Files definitions under their names; servers that two files define are reported, and the
    /// first of `definitions` keeps the name.
    #[must_use]
    pub fn of(definitions: &[(&'a SourceId, &'a Definition)]) -> (Self, Vec<Diagnostic>) {
        let mut project = Self::default();
        let mut diagnostics = Vec::new();
        for &(source, definition) in definitions {
            match definition {
                Definition::Api(api) => {
                    if project.claim(&api.name, source, &mut diagnostics) {
                        project.apis.insert(&api.name, Unit { source, definition: api });
                    }
                }
                Definition::Upstream(upstream) => {
                    project.claim(&upstream.name, source, &mut diagnostics);
                }
                Definition::Schemas(schemas) => {
                    project.schemas.insert(source, schemas);
                }
                Definition::Capability(_) => {}
            }
        }
        (project, diagnostics)
    }

    fn claim(&mut self, name: &'a str, source: &'a SourceId, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let Some(first) = self.servers.get(name) else {
            self.servers.insert(name, source);
            return true;
        };
        diagnostics.push(
            Diagnostic::new(
                Code::DUPLICATE_SERVER,
                format!("`{name}` is defined twice"),
                Place::value(source, Pointer::of(["name"])),
            )
            .label("defined here again")
            .also(Place::value(first, Pointer::of(["name"])), "first defined here")
            .help("give one of the two another name"),
        );
        false
    }

    /// The api with this name.
    #[must_use]
    pub fn api(&self, name: &str) -> Option<LinkedApi<'a>> {
        self.apis.get(name).copied()
    }

    /// Whether an api or upstream has this name.
    #[must_use]
    pub fn is_server(&self, name: &str) -> bool {
        self.servers.contains_key(name)
    }

    /// Whether the api or upstream of this name is the one in this file.
    #[must_use]
    pub fn is_owner(&self, name: &str, source: &SourceId) -> bool {
        self.servers.get(name).is_some_and(|owner| *owner == source)
    }

    /// The shared schemas in this file.
    #[must_use]
    pub fn schemas(&self, source: &SourceId) -> Option<&'a SchemasDefinition> {
        self.schemas.get(source).copied()
    }

    /// Finds the api that a capability names.
    ///
    /// # Errors
    /// When no file defines it, or when a stand-alone capability has the name of an api or upstream.
    pub fn link(
        &'a self,
        source: &'a SourceId,
        definition: &'a CapabilityDefinition,
    ) -> Result<Linked<'a>, Box<Diagnostic>> {
        let api = match &definition.api {
            None => {
                // `files__read` would be a tool of the server `files`.
                let server = definition.name.split_once("__").map_or(definition.name.as_str(), |(server, _)| server);
                match self.servers.get(server) {
                    Some(other) => return Err(taken_name(source, server, other)),
                    None => None,
                }
            }
            Some(name) => Some(self.api(name).ok_or_else(|| self.unknown_api(source, name))?),
        };
        Ok(Linked { source, definition, api, project: self })
    }

    fn unknown_api(&self, source: &SourceId, name: &str) -> Box<Diagnostic> {
        let place = Place::value(source, Pointer::of(["api"]));
        let diagnostic = Diagnostic::new(Code::UNKNOWN_API, format!("no file defines the api `{name}`"), place)
            .label("no `kind: api` file has this name");
        Box::new(match nearest(name, self.apis.keys().copied()) {
            Some(known) => diagnostic.help(format!("did you mean `{known}`?")),
            None if source.folder().rsplit('/').next() == Some(name) => {
                diagnostic.help(format!("add `api.yaml` to this folder, with `kind: api` and `name: {name}`"))
            }
            None => diagnostic.help(format!("add a file `{name}/api.yaml` with `kind: api` and `name: {name}`")),
        })
    }
}

/// A stand-alone capability is served beside the apis, so it cannot have the name of one.
fn taken_name(source: &SourceId, name: &str, other: &SourceId) -> Box<Diagnostic> {
    let place = Place::value(source, Pointer::of(["name"]));
    Box::new(
        Diagnostic::new(Code::DUPLICATE_SERVER, format!("`{name}` is the name of an api or upstream"), place)
            .label("a stand-alone tool needs a name of its own")
            .also(Place::value(other, Pointer::of(["name"])), "this has the name")
            .help(format!("rename the tool, or add `api: {name}` if it belongs to that api")),
    )
}
