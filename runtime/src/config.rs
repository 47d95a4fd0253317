//! `cap.yaml`: static settings, read once when a command starts.
//!
//! Capabilities are dynamic and watched; what is said here changes with a restart. Every setting is
//! optional, and a flag of the command wins over it.

mod secrets;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use cap_compiler::definition::{Fields, Node, Sink, read};
use cap_compiler::diagnostic::Outcome;
use cap_compiler::source::SourceId;
use cap_compiler::syntax;
use schemars::JsonSchema;
use url::Url;

pub use secrets::SecretsSettings;

/// Where the gateway listens when nothing else is said.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 39400);

/// The folder that is served when nothing else is said.
pub const DEFAULT_CAPABILITIES: &str = "capabilities";

/// The name of the settings file.
pub const SETTINGS_FILE: &str = "cap.yaml";

/// Settings as they are written; what is `None` or empty was not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(title = "Settings of cap")]
pub struct Settings {
    /// The address to listen on, such as `127.0.0.1:39400`.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// The capabilities folders, relative to this file.
    #[schemars(with = "Option<Vec<String>>", default)]
    pub capabilities: Vec<PathBuf>,
    /// Globs of tools that are listed to agents directly, beside the gateway's own.
    #[schemars(default)]
    pub expose: Vec<String>,
    /// Refuse files that `cap.lock` does not list.
    pub locked: Option<bool>,
    /// Serve only what is signed: a file with allowed signers in OpenSSH's format, relative to this file.
    #[schemars(with = "Option<String>")]
    pub require_signature: Option<PathBuf>,
    /// How many of the allowed signers must have signed; 1 if nothing is said.
    #[schemars(range(min = 1, max = 100))]
    pub signatures: Option<u32>,
    /// Where secrets come from: the path of a file with one `NAME=value` a line, or a mapping.
    #[schemars(schema_with = "secrets::schema", default)]
    pub secrets: SecretsSettings,
    /// Host names, beside loopback ones, under which clients may reach the gateway.
    #[schemars(default)]
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages that may call the gateway, such as `https://console.example.com`.
    #[schemars(default)]
    pub allowed_origins: Vec<String>,
    /// A file that gets a line for each call, relative to this file; `-` is standard error.
    #[schemars(with = "Option<String>")]
    pub audit: Option<PathBuf>,
    /// How the log is written.
    pub log: Option<LogFormat>,
    /// Where spans of calls are sent: the base URL of an OpenTelemetry collector.
    #[schemars(with = "Option<String>")]
    pub otlp: Option<Url>,
    /// Where a document is published that says who this gateway is, for logins to MCP servers: an `https` URL
    /// with a path. It is the client's identifier there.
    #[schemars(with = "Option<String>")]
    pub client_metadata_url: Option<Url>,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Reads a settings file.
#[must_use]
pub fn parse(source: &SourceId, text: &[u8]) -> Outcome<Settings> {
    let tree = match syntax::parse_definition(source, text) {
        Ok(tree) if tree.is_null() => serde_json::json!({}),
        Ok(tree) => tree,
        Err(diagnostic) => return Outcome::failed(*diagnostic),
    };
    let sink = Sink::new(source);
    let value = Node::root(&tree, &sink).fields(Settings::read);
    Outcome { value, diagnostics: sink.into_diagnostics() }
}

impl Settings {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let listen = fields.optional("listen", |node: Node<'_>| {
            node.parsed("an address such as `127.0.0.1:39400`", |text| text.parse().ok())
        });
        let capabilities = fields.optional("capabilities", read::texts).unwrap_or_default();
        let expose = fields.optional("expose", read::texts).unwrap_or_default();
        let locked = fields.optional("locked", read::boolean);
        let require_signature = fields.optional("require_signature", read::text).map(PathBuf::from);
        let signatures = fields.optional("signatures", |node: Node<'_>| node.integer(1, 100));
        let secrets = fields.optional("secrets", SecretsSettings::read).unwrap_or_default();
        let allowed_hosts = fields.optional("allowed_hosts", read::texts).unwrap_or_default();
        let allowed_origins = fields.optional("allowed_origins", read::texts).unwrap_or_default();
        let audit = fields.optional("audit", read::text).map(PathBuf::from);
        let log = fields.optional("log", |node: Node<'_>| node.parsed("`human` or `json`", LogFormat::parse));
        let otlp = fields.optional("otlp", |node: Node<'_>| {
            node.parsed("the URL of a collector such as `http://127.0.0.1:4318`", collector)
        });
        let client_metadata_url = fields.optional("client_metadata_url", |node: Node<'_>| {
            node.parsed(
                "an `https` URL with a path, such as `https://gateway.example.com/client.json`",
                client_document,
            )
        });
        let capabilities = capabilities.into_iter().map(PathBuf::from).collect();
        Some(Self {
            listen,
            capabilities,
            expose,
            locked,
            require_signature,
            signatures,
            secrets,
            allowed_hosts,
            allowed_origins,
            audit,
            log,
            otlp,
            client_metadata_url,
        })
    }

    /// Makes relative paths relative to the settings file's folder.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        if folder.as_os_str().is_empty() || folder == Path::new(".") {
            return self;
        }
        self.capabilities = self.capabilities.iter().map(|path| folder.join(path)).collect();
        self.require_signature = self.require_signature.map(|path| folder.join(path));
        self.secrets = self.secrets.in_folder(folder);
        self.audit = self.audit.map(|path| if path == Path::new("-") { path } else { folder.join(path) });
        self
    }
}

impl LogFormat {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "human" => Some(Self::Human),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The base URL of a collector. What goes with requests to it, such as a token, does not belong into
/// an address, which is logged: the collector's headers are set in the environment.
#[must_use]
pub fn collector(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (bare && url.has_host() && matches!(url.scheme(), "http" | "https")).then_some(url)
}

/// What may be a client's identifier (OAuth Client ID Metadata Document): a URL that everybody reads alike.
#[must_use]
pub fn client_document(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (bare && url.scheme() == "https" && url.has_host() && url.path() != "/").then_some(url)
}
