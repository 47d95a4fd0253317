//! Searching a view: one code path for the agent's tool and for the command line.

use std::collections::BTreeSet;

use cap_compiler::diagnostic::nearest;
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
}

impl SearchRequest {
    /// How many matches are given when a request does not say.
    pub const DEFAULT_LIMIT: usize = 8;
    /// How many matches are given at most.
    pub const MAXIMUM_LIMIT: usize = 50;
}

impl View<'_> {
    /// The tools that fit a request best.
    #[must_use]
    pub fn search(&self, request: &SearchRequest) -> SearchReply {
        let limit = request.limit.unwrap_or(SearchRequest::DEFAULT_LIMIT).clamp(1, SearchRequest::MAXIMUM_LIMIT);
        let found = self.ranked(&request.query, request.server.as_deref(), limit);
        let matches: Vec<Match> = found.hits.iter().filter_map(|hit| self.shown(*hit)).collect();
        let hint = matches.is_empty().then(|| self.hint(request));
        SearchReply { matches, total: found.total, hint }
    }

    /// The ranking that everything else is made of.
    pub(super) fn ranked(&self, query: &str, server: Option<&str>, limit: usize) -> Found {
        let tools = self.snapshot.tools();
        let admits = |at: usize| {
            tools.get(at).is_some_and(|tool| self.admits(tool) && server.is_none_or(|name| tool.server() == name))
        };
        self.snapshot.index().search(query, limit, admits)
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
        })
    }

    /// What may have been meant when nothing was found.
    fn hint(&self, request: &SearchRequest) -> String {
        if let Some(Err(near)) = request.server.as_deref().map(|name| self.server(name)) {
            return near.map_or_else(
                || "there is no such server; `gateway_list_servers` names them".to_owned(),
                |name| format!("there is no such server; did you mean `{name}`?"),
            );
        }
        let known = self.known_words();
        let words = request.query.split_whitespace().filter(|word| word.len() <= LONGEST_WORD).take(MOST_WORDS);
        let near: BTreeSet<&str> = words.filter_map(|word| nearest(word, known.iter().map(String::as_str))).collect();
        if near.is_empty() {
            return "nothing matches; try other words, or browse with `gateway_list_servers`".to_owned();
        }
        format!("nothing matches; the nearest words are {}", near.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// The words that names of tools and servers are made of.
    fn known_words(self) -> BTreeSet<String> {
        self.tools()
            .map(RegisteredTool::name)
            .flat_map(|name| name.split(['_', '-']))
            .filter(|word| word.len() > 2)
            .map(str::to_lowercase)
            .collect()
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
/// In bytes.
const LONGEST_WORD: usize = 40;
/// How many words of a query are looked for in a hint.
const MOST_WORDS: usize = 6;
