//! A document, imported and compiled, with what must be true of any.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::capability::Capability;
use cap_compiler::compile::{ParsedFile, compile, parse_file};
use cap_compiler::import::{DocumentSource, Import, ImportOptions, SecretNeed, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{SourceId, SourceLoader};
use cap_runtime::execute::Secrets;
use serde_json::Value;

use super::cases::Case;

pub(crate) struct Document {
    pub(crate) operations: usize,
    pub(crate) skipped: usize,
    /// What should not be.
    pub(crate) faults: Vec<String>,
    /// By the pointer of the operation: the tool, and its definition as a tree.
    tools: BTreeMap<String, (Capability, Value)>,
    needs: Vec<SecretNeed>,
}

/// Reads the other files of a document.
struct Folder(PathBuf);

impl SourceLoader for Folder {
    fn list(&self) -> io::Result<Vec<SourceId>> {
        Ok(Vec::new())
    }

    fn read(&self, id: &SourceId) -> io::Result<Arc<[u8]>> {
        std::fs::read(self.0.join(id.as_str())).map(Into::into)
    }
}

impl Document {
    pub(crate) fn import(specs: &Path, file: &Path) -> Self {
        let id = SourceId::new(&file.to_string_lossy());
        let source = DocumentSource { id, bytes: std::fs::read(specs.join(file)).unwrap() };
        let result = import(&source, &ImportOptions::default(), &Folder(specs.to_owned()));
        let mut document = Self {
            operations: result.summary.operations,
            skipped: result.summary.skipped.len(),
            faults: Vec::new(),
            tools: BTreeMap::new(),
            needs: result.summary.secrets.clone(),
        };
        document.compile(&result);
        document
    }

    fn compile(&mut self, result: &Import) {
        if result.summary.imported + self.skipped != self.operations {
            self.faults.push("operations are neither imported nor named".to_owned());
        }
        let files: Vec<Arc<ParsedFile>> = result
            .files
            .iter()
            .map(|(path, text)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes())))
            .collect();
        let compiled = compile(&files, &Pins::default());
        let errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        self.faults.extend(errors.map(|it| format!("{} {} ({})", it.code, it.message, it.primary.place.source)));
        if compiled.capabilities.len() != result.summary.imported {
            self.faults.push(format!("{} of {} tools compile", compiled.capabilities.len(), result.summary.imported));
        }
        let texts: BTreeMap<&str, &str> =
            result.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let mut names = BTreeSet::new();
        for capability in compiled.capabilities {
            self.faults.extend(faults_of(&capability));
            if !names.insert(capability.tool.to_string()) {
                self.faults.push(format!("{} stands twice", capability.tool));
            }
            let id = &capability.origin.definition;
            let tree = cap_compiler::syntax::parse_definition(id, texts[id.as_str()].as_bytes()).unwrap();
            let operation = tree["source"]["operation"].as_str().unwrap().to_owned();
            self.tools.insert(operation, (capability, tree["request"].clone()));
        }
    }

    /// The tool of a case, and the `request` of its definition.
    pub(crate) fn tool(&self, case: &Case) -> Option<(&Capability, &Value)> {
        let path = case.path.replace('~', "~0").replace('/', "~1");
        let own = format!("/paths/{path}/{}", case.method.to_ascii_lowercase());
        let additional = format!("/paths/{path}/additionalOperations/{}", case.method);
        let found = self.tools.get(&own).or_else(|| self.tools.get(&additional))?;
        Some((&found.0, &found.1))
    }

    /// The credentials of a case under the names that the import gave them.
    pub(crate) fn secrets(&self, case: &Case) -> Secrets {
        let credentials = case.auth.as_ref().and_then(|auth| auth["credentials"].as_object());
        let mut secrets = Secrets::none();
        for need in &self.needs {
            let Some(credential) = credentials.and_then(|credentials| credentials.get(&need.scheme)) else { continue };
            let key = match need.name.rsplit('_').next() {
                Some("USERNAME") if credential.get("username").is_some() => "username",
                Some("PASSWORD") if credential.get("password").is_some() => "password",
                _ => ["token", "access_token", "value"]
                    .into_iter()
                    .find(|key| credential.get(*key).is_some())
                    .unwrap_or_default(),
            };
            secrets = secrets.with_value(&need.name, credential[key].as_str().unwrap_or_default().into());
        }
        secrets
    }
}

/// What agents could not use.
fn faults_of(capability: &Capability) -> Vec<String> {
    let mut faults = Vec::new();
    let tool = &capability.tool;
    let is_legal = |name: &str, extra: &str| {
        !name.is_empty()
            && name.len() <= 64
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c) || extra.contains(c))
    };
    if !is_legal(tool.as_str(), "") {
        faults.push(format!("`{tool}` is not a name"));
    }
    if let Err(error) = jsonschema::draft202012::new(&capability.input) {
        faults.push(format!("{tool}: {error}"));
    }
    let properties = capability.input["properties"].as_object().into_iter().flatten();
    faults.extend(
        properties.filter(|(name, _)| !is_legal(name, ".")).map(|(name, _)| format!("{tool}: `{name}` is not a name")),
    );
    faults
}
