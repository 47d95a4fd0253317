//! Exact names and their beginnings, which are better evidence than any word.

/// The names of all tools, folded and sorted.
#[derive(Debug)]
pub(super) struct Names(Vec<(String, Form, u32)>);

/// Which name of a tool it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Full,
    Local,
}

/// How a query meets a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameMatch {
    /// It is the tool's unique name.
    Full,
    /// It is the name without the server's part.
    Local,
    /// One of the names begins with it.
    Prefix,
}

impl Names {
    /// Takes pairs of full and local names, in the order of the tools.
    pub(super) fn new(names: Vec<(String, String)>) -> Self {
        let mut folded = Vec::with_capacity(names.len() * 2);
        for (tool, (full, local)) in (0..).zip(names) {
            folded.push((fold(&full), Form::Full, tool));
            if local != full {
                folded.push((fold(&local), Form::Local, tool));
            }
        }
        folded.sort_unstable();
        Self(folded)
    }

    /// The tools whose name is the query or begins with it.
    pub(super) fn matches(&self, query: &str) -> impl Iterator<Item = (u32, NameMatch)> {
        let wanted = if query.len() <= LONGEST_NAME { fold(query) } else { String::new() };
        let from = self.0.partition_point(|(name, ..)| *name < wanted);
        let tail = if wanted.chars().count() >= SHORTEST_PREFIX { self.0.get(from..) } else { None };
        tail.unwrap_or_default().iter().map_while(move |(name, form, tool)| {
            let rest = name.strip_prefix(wanted.as_str())?;
            let found = match (rest.is_empty(), form) {
                (true, Form::Full) => NameMatch::Full,
                (true, Form::Local) => NameMatch::Local,
                (false, _) => NameMatch::Prefix,
            };
            Some((*tool, found))
        })
    }
}

/// Letters in lower case, and one separator for all.
fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for character in name.trim().chars() {
        if character.is_alphanumeric() {
            folded.extend(character.to_lowercase());
        } else if !folded.is_empty() && !folded.ends_with('_') {
            folded.push('_');
        }
    }
    folded
}

const LONGEST_NAME: usize = 256;
const SHORTEST_PREFIX: usize = 3;
