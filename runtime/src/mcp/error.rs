//! What can be wrong with a call, in words that say how to mend it. Never a fault of the gateway.

use cap_compiler::pin::Quarantined;

use super::meta_tool::{MOST_DESCRIBED, MetaTool};
use crate::execute::ToolError;
use crate::registry::{Lookup, SearchRequest, reasons};
use crate::telemetry::{Ending, Outcome};
use crate::upstream::UpstreamFault;

/// Why a call was not answered; shown to the agent as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("the gateway is stopping, nothing was sent; call again when it is back")]
    Stopping,
    #[error("the gateway stopped before there was an answer; the call may have taken effect all the same")]
    CutOff,
    #[error("`{tool}` needs the argument `{argument}`")]
    Missing { tool: &'static str, argument: &'static str },
    #[error("`{tool}` has no argument `{argument}`{}", did_you_mean(nearest.as_slice()))]
    UnknownArgument { tool: &'static str, argument: String, nearest: Vec<String> },
    #[error("`{argument}` must be {wanted}")]
    WrongType { argument: &'static str, wanted: &'static str },
    #[error("`limit` must be between 1 and {}", SearchRequest::MAXIMUM_LIMIT)]
    Limit,
    #[error("`tools` must name between 1 and {MOST_DESCRIBED} tools")]
    DescribedCount,
    #[error("`cursor` is not a `next_cursor` of this gateway; leave it out to start from the first page")]
    Cursor,
    #[error("there is no server `{name}`{}; `gateway_list_servers` names them all", did_you_mean(nearest.as_slice()))]
    UnknownServer { name: String, nearest: Vec<String> },
    #[error("there is no tool `{name}`{}; `gateway_search_tools` finds tools by what they do", did_you_mean(nearest.as_slice()))]
    UnknownTool { name: String, nearest: Vec<String> },
    #[error(
        "`{name}` is not listed here; run it with `gateway_invoke` and {{\"tool\": \"{name}\", \"arguments\": {{…}}}}"
    )]
    NotExposed { name: String },
    #[error("`{name}` is one of the gateway's own tools; call it directly")]
    Indirect { name: &'static str },
    #[error("`{name}` is quarantined: {}; a person must review it before it can be used", reasons.join("; "))]
    Quarantined { name: String, reasons: Vec<String> },
    #[error("`{name}` is a tool of an MCP server and has no pages; leave out `cursor` and `collect`")]
    NoPages { name: String },
    #[error(transparent)]
    Tool(#[from] ToolError),
    #[error(transparent)]
    Upstream(#[from] UpstreamFault),
}

impl Outcome for CallError {
    fn ending(&self) -> Ending {
        Ending::Failed(match self {
            Self::Tool(error) => error.kind().name(),
            Self::Upstream(fault) => fault.kind(),
            Self::Quarantined { .. } => "quarantined",
            Self::Stopping | Self::CutOff => "stopping",
            Self::UnknownTool { .. } | Self::NotExposed { .. } | Self::Indirect { .. } => "unknown_tool",
            Self::Missing { .. }
            | Self::UnknownArgument { .. }
            | Self::WrongType { .. }
            | Self::Limit
            | Self::DescribedCount
            | Self::Cursor
            | Self::NoPages { .. }
            | Self::UnknownServer { .. } => "arguments",
        })
    }
}

impl CallError {
    /// The error of a tool that was not found.
    pub(super) fn unknown_tool(name: &str, nearest: &[&str]) -> Self {
        match MetaTool::named(name) {
            Some(tool) => Self::Indirect { name: tool.name() },
            None => Self::UnknownTool { name: name.to_owned(), nearest: owned(nearest) },
        }
    }

    /// The error of a tool that is held back.
    pub(super) fn quarantined(held: &Quarantined) -> Self {
        Self::Quarantined { name: held.tool.as_str().to_owned(), reasons: reasons(held) }
    }

    /// The error of a lookup, if it found nothing.
    pub(super) fn of(name: &str, lookup: &Lookup<'_>) -> Option<Self> {
        match lookup {
            Lookup::Found(_) => None,
            Lookup::Quarantined(held) => Some(Self::quarantined(held)),
            Lookup::Unknown { nearest } => Some(Self::unknown_tool(name, nearest)),
        }
    }

    /// The error of a server that was not found.
    pub(super) fn unknown_server(name: &str, nearest: Option<&str>) -> Self {
        Self::UnknownServer { name: name.to_owned(), nearest: nearest.map(str::to_owned).into_iter().collect() }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn did_you_mean(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => format!("; did you mean `{name}`?"),
        names => format!("; the nearest are `{}`", names.join("`, `")),
    }
}
