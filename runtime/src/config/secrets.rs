//! `secrets` in `cap.yaml`: where credentials come from, beside the environment.

use std::path::{Path, PathBuf};

use cap_compiler::definition::{Fields, Node, read};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// Where secrets come from. Written as the path of a secrets file, or as a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
pub struct SecretsSettings {
    /// A file with secrets, one `NAME=value` a line, relative to this file.
    #[schemars(with = "Option<String>")]
    pub file: Option<PathBuf>,
    /// A folder with one file for each secret, such as `/run/secrets`.
    #[schemars(with = "Option<String>")]
    pub folder: Option<PathBuf>,
    /// The encrypted vault, relative to this file.
    #[schemars(with = "Option<String>")]
    pub vault: Option<PathBuf>,
    /// The vault's key file, relative to this file.
    #[schemars(with = "Option<String>")]
    pub vault_key: Option<PathBuf>,
    /// A command, as a list of arguments, that prints the vault's passphrase.
    #[schemars(default)]
    pub vault_passphrase: Vec<String>,
    /// A command, as a list of arguments, that prints a secret; `{name}` stands for its name.
    #[schemars(default)]
    pub command: Vec<String>,
}

impl SecretsSettings {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        if let Value::String(path) = node.value() {
            return Some(Self { file: Some(PathBuf::from(path)), ..Self::default() });
        }
        node.fields(Self::read_fields)
    }

    fn read_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let mut path = |key| fields.optional(key, read::text).map(PathBuf::from);
        let (file, folder, vault, vault_key) = (path("file"), path("folder"), path("vault"), path("vault_key"));
        let vault_passphrase = fields.optional("vault_passphrase", read::texts).unwrap_or_default();
        let command = fields.optional("command", read::texts).unwrap_or_default();
        Some(Self { file, folder, vault, vault_key, vault_passphrase, command })
    }

    /// Makes relative paths relative to `folder`.
    pub(super) fn in_folder(mut self, folder: &Path) -> Self {
        for path in [&mut self.file, &mut self.folder, &mut self.vault, &mut self.vault_key].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self
    }
}

/// A path, or a mapping.
pub(super) fn schema(generator: &mut SchemaGenerator) -> Schema {
    let mapping = generator.subschema_for::<SecretsSettings>();
    schemars::json_schema!({
        "description": "Where secrets come from: the path of a file with one `NAME=value` a line, or a mapping.",
        "anyOf": [{"type": "string"}, mapping]
    })
}
