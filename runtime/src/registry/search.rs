//! Searching a view: one code path for the agent's tool and for the command line.

use serde::Serialize;

use super::{RegisteredTool, View, signature};
use crate::index::{Found, Hit};

/// A search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// What is wanted, in plain words.
    pub query: String,
    /// How many matches at most; [`SearchRequest::DEFAULT_LIMIT`] if not given.
    pub limit: Option<usize>,
    /// Only tools of this server.
    pub server: Option<String>,
    /// Only tools with one of these tags, whatever their case; all tools if there are none.
    pub tags: Vec<String>,
    /// Only tools that change nothing, as their annotations say.
    pub read_only: bool,
}

/// The answer to a search.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SearchReply {
    /// Best first.
    pub matches: Vec<Match>,
    /// How many tools match at all.
    pub total: usize,
    /// What to try instead, where nothing matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A tool that matches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// The unique name.
    pub tool: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, shortened.
    pub description: String,
    /// The server it belongs to.
    pub server: String,
    /// Comparable within one reply.
    pub score: f64,
    /// The arguments in one line.
    pub arguments: String,
    /// How its server is, where it cannot be called now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
}

impl SearchRequest {
    /// How many matches are given when a request does not say.
    pub const DEFAULT_LIMIT: usize = 8;
    /// How many matches are given at most.
    pub const MAXIMUM_LIMIT: usize = 50;
    /// How many tags are looked for at most.
    pub const MAXIMUM_TAGS: usize = 16;

    /// Whether it asks for some tools only, whatever they do.
    pub(super) fn is_filtered(&self) -> bool {
        self.server.is_some() || !self.tags.is_empty() || self.read_only
    }

    /// Whether a tool passes its filters.
    fn admits(&self, tool: &RegisteredTool) -> bool {
        if !self.is_filtered() {
            return true;
        }
        let capability = tool.capability();
        let has = |wanted: &String| capability.tags.iter().any(|tag| same_tag(tag, wanted));
        self.server.as_deref().is_none_or(|name| tool.server() == name)
            && (self.tags.is_empty() || self.tags.iter().any(has))
            && (!self.read_only || capability.annotations.read_only)
    }
}

/// Tags are written by people, here with a capital and there without.
pub(super) fn same_tag(one: &str, another: &str) -> bool {
    let lower = |tag| str::trim(tag).chars().flat_map(char::to_lowercase);
    lower(one).eq(lower(another))
}

impl View<'_> {
    /// The tools that fit a request best.
    #[must_use]
    pub fn search(&self, request: &SearchRequest) -> SearchReply {
        let limit = request.limit.unwrap_or(SearchRequest::DEFAULT_LIMIT).clamp(1, SearchRequest::MAXIMUM_LIMIT);
        let found = self.ranked(request, limit);
        let matches: Vec<Match> = found.hits.iter().filter_map(|hit| self.shown(*hit)).collect();
        let hint = matches.is_empty().then(|| self.hint(request));
        SearchReply { matches, total: found.total, hint }
    }

    /// The ranking that everything else is made of.
    pub(super) fn ranked(&self, request: &SearchRequest, limit: usize) -> Found {
        let tools = self.snapshot.tools();
        let admits = |at: usize| tools.get(at).is_some_and(|tool| self.admits(tool) && request.admits(tool));
        self.snapshot.index().search(&request.query, limit, admits)
    }

    fn shown(&self, hit: Hit) -> Option<Match> {
        let tool = self.snapshot.tools().get(hit.tool)?;
        let capability = tool.capability();
        Some(Match {
            tool: tool.name().to_owned(),
            title: capability.title.clone(),
            description: shortened(&capability.description, LONGEST_DESCRIPTION),
            server: tool.server().to_owned(),
            score: hit.score,
            arguments: signature(&capability.input.read()),
            status: self.trouble(tool).map(|state| state.name().as_str()),
        })
    }
}

/// The text in one line, cut after a word where it is longer than `limit` characters.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let room = limit.saturating_sub(length + usize::from(length > 0));
        let characters = word.chars().count();
        if characters > room {
            if line.is_empty() {
                line.extend(word.chars().take(room));
            }
            line.push('…');
            return line;
        }
        if length > 0 {
            line.push(' ');
        }
        line.push_str(word);
        length = line.chars().count();
    }
    line
}

/// In characters.
const LONGEST_DESCRIPTION: usize = 200;
