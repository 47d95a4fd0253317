//! The lowered upstream: all that a runtime needs to know of an MCP server to serve its tools.

use std::collections::BTreeMap;
use std::sync::Arc;

use globset::GlobSet;

use super::{Capability, Limits, SecretName, Server, ServerName, Text};
use crate::source::SourceId;

/// An MCP server whose tools are served.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// What agents see of it.
    pub server: Arc<Server>,
    /// How it is reached.
    pub transport: UpstreamTransport,
    /// Which of its tools are served.
    pub exposed: ExposedTools,
    /// What is said of tools in place of the server's words, by the server's names of them.
    pub overrides: BTreeMap<String, ToolOverride>,
    /// What becomes of tools that nobody has approved.
    pub new_tools: NewTools,
    /// Whether clients share a session with it.
    pub sessions: Sessions,
    /// When it is connected to.
    pub connect: Connect,
    /// Not connected to for now.
    pub paused: bool,
    /// Bounds on calls.
    pub limits: Limits,
    /// Its file.
    pub source: SourceId,
}

/// How an upstream is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum UpstreamTransport {
    /// Streamable HTTP. The call says where requests go, and with which credentials and connections.
    Http(Arc<Capability>),
    /// The HTTP+SSE of 2024-11-05.
    Sse(Arc<Capability>),
    /// A program.
    Stdio(Program),
}

/// A program that is spoken to over its standard input and output.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// What its environment has beside the few variables that every program needs.
    pub environment: BTreeMap<String, Text>,
    /// The folder that it runs in, seen from the upstream file's folder.
    pub directory: Option<String>,
}

/// Which tools of an upstream are served, by the server's own names.
#[derive(Clone, Debug)]
pub struct ExposedTools {
    /// As they are written, to compare.
    patterns: (Option<Vec<String>>, Vec<String>),
    allow: Option<GlobSet>,
    deny: GlobSet,
}

/// What is said of a tool in place of its server's words; what is `None` is the server's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolOverride {
    /// A short name for people.
    pub title: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Topics, for search.
    pub tags: Vec<String>,
    /// Changes nothing.
    pub read_only: Option<bool>,
    /// May overwrite or delete.
    pub destructive: Option<bool>,
    /// Twice is the same as once.
    pub idempotent: Option<bool>,
    /// Reaches things outside of the server.
    pub open_world: Option<bool>,
}

/// What becomes of tools that nobody has approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewTools {
    /// They wait, where there are approved ones.
    #[default]
    Hold,
    /// They are served.
    Serve,
}

/// Whether the clients of a gateway share a session with an upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sessions {
    /// As the upstream shows: one that names sessions gets one for each client.
    #[default]
    Detected,
    /// All share one.
    Shared,
    /// Each has its own.
    Own,
}

/// When an upstream is connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connect {
    /// When the gateway starts.
    #[default]
    Eager,
    /// When one of its tools is called.
    Lazy,
}

impl Upstream {
    /// Its name, the first part of its tools' names.
    #[must_use]
    pub fn name(&self) -> &ServerName {
        &self.server.name
    }

    /// The call that every request to it is like, if it is reached over HTTP.
    #[must_use]
    pub fn door(&self) -> Option<&Arc<Capability>> {
        match &self.transport {
            UpstreamTransport::Http(door) | UpstreamTransport::Sse(door) => Some(door),
            UpstreamTransport::Stdio(_) => None,
        }
    }

    /// Whether a connection to `other` is as good as one to this: only what is shown of it differs.
    #[must_use]
    pub fn is_reached_like(&self, other: &Self) -> bool {
        (&self.transport, self.sessions, self.connect, self.paused, self.limits)
            == (&other.transport, other.sessions, other.connect, other.paused, other.limits)
    }
}

impl PartialEq for Upstream {
    fn eq(&self, other: &Self) -> bool {
        self.is_reached_like(other)
            && (&self.server, &self.exposed, &self.overrides, self.new_tools, &self.source)
                == (&other.server, &other.exposed, &other.overrides, other.new_tools, &other.source)
    }
}

impl Program {
    /// The secrets that its environment names.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        self.environment.values().flat_map(Text::secrets)
    }
}

impl ExposedTools {
    /// The tools that `allow` covers, all if there is none, but those that `deny` does.
    ///
    /// # Errors
    /// The pattern that is none.
    pub fn new(allow: Option<&[String]>, deny: &[String]) -> Result<Self, globset::Error> {
        let patterns = (allow.map(<[String]>::to_vec), deny.to_vec());
        Ok(Self { patterns, allow: allow.map(globs).transpose()?, deny: globs(deny)? })
    }

    /// Whether, by the patterns as they are written, nothing is served that `other` does not serve.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let (allow, deny) = &self.patterns;
        let (more, less) = &other.patterns;
        let allowed = match (allow, more) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(allow), Some(more)) => allow.iter().all(|pattern| more.contains(pattern)),
        };
        allowed && less.iter().all(|pattern| deny.contains(pattern))
    }

    /// Whether a tool is served.
    #[must_use]
    pub fn covers(&self, tool: &str) -> bool {
        self.allow.as_ref().is_none_or(|allow| allow.is_match(tool)) && !self.deny.is_match(tool)
    }
}

impl PartialEq for ExposedTools {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = globset::GlobSetBuilder::new();
    for pattern in patterns {
        set.add(globset::Glob::new(pattern)?);
    }
    set.build()
}
