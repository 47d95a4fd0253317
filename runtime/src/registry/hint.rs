//! What to say where a search finds nothing: what may have been meant, and where to look.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use cap_compiler::diagnostic::nearest;

use super::search::{SearchRequest, same_tag};
use super::{RegisteredTool, View};

impl View<'_> {
    /// What may have been meant when nothing was found.
    pub(super) fn hint(&self, request: &SearchRequest) -> String {
        let filters = [self.unknown_server(request), self.unknown_tag(request), self.without_filters(request)];
        filters.into_iter().flatten().next().unwrap_or_else(|| self.nearest_words(&request.query))
    }

    fn unknown_server(&self, request: &SearchRequest) -> Option<String> {
        let near = self.server(request.server.as_deref()?).err()?;
        Some(near.map_or_else(
            || "there is no such server; `gateway_list_servers` names them".to_owned(),
            |name| format!("there is no such server; did you mean `{name}`?"),
        ))
    }

    fn unknown_tag(&self, request: &SearchRequest) -> Option<String> {
        let tags: BTreeSet<&str> = self.tools().flat_map(|tool| &tool.capability().tags).map(String::as_str).collect();
        let unknown = request.tags.iter().find(|wanted| !tags.iter().any(|tag| same_tag(tag, wanted)))?;
        Some(match nearest(unknown, tags.iter().copied()) {
            Some(tag) => format!("no tool has the tag `{unknown}`; did you mean `{tag}`?"),
            None => format!("no tool has the tag `{unknown}`; search without `tags`"),
        })
    }

    /// What there would be without the filters.
    fn without_filters(&self, request: &SearchRequest) -> Option<String> {
        if !request.is_filtered() {
            return None;
        }
        let found = self.ranked(&SearchRequest { query: request.query.clone(), ..SearchRequest::default() }, 1);
        let best = self.snapshot.tools().get(found.hits.first()?.tool)?.name();
        Some(format!(
            "nothing matches with these filters; the search without them finds {}, first `{best}`",
            found.total
        ))
    }

    /// Words like those of the query that names of tools have, and the largest servers.
    fn nearest_words(&self, query: &str) -> String {
        let known = self.known_words();
        let words = query.split_whitespace().filter(|word| word.len() <= LONGEST_WORD).take(MOST_WORDS);
        let near: BTreeSet<&str> = words.filter_map(|word| nearest(word, known.iter().map(String::as_str))).collect();
        let words = if near.is_empty() {
            "try other words".to_owned()
        } else {
            format!("the nearest words are {}", near.into_iter().collect::<Vec<_>>().join(", "))
        };
        let mut servers: Vec<_> = self.servers().filter(|server| server.tools > 0).collect();
        servers.sort_by_key(|server| Reverse(server.tools));
        let more = if servers.len() > MOST_SERVERS { ", …" } else { "" };
        let names: Vec<&str> = servers.iter().take(MOST_SERVERS).map(|server| server.name.as_str()).collect();
        format!("nothing matches; {words}; there are tools of {}{more}", names.join(", "))
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

/// In bytes.
const LONGEST_WORD: usize = 40;
/// How many words of a query are looked for.
const MOST_WORDS: usize = 6;
/// How many servers are named.
const MOST_SERVERS: usize = 8;
