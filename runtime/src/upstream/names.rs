//! The names that an upstream's tools are served under: `{upstream}__{tool}`, where `{tool}` has only
//! what every client takes. They depend on the set of tools, and on nothing else.

use std::collections::{BTreeMap, BTreeSet};

use cap_compiler::pin::Digest;

/// The longest name that every client takes.
const LONGEST: usize = 64;
/// Digits that tell two names apart.
const MARK: usize = 8;

/// Served names, by the server's own; a name that two tools would have gets the digest of each.
pub(super) fn served_names<'a>(upstream: &str, tools: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let tools: BTreeSet<&str> = tools.into_iter().collect();
    let mut wanted: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for tool in tools {
        wanted.entry(format!("{upstream}__{}", plain(tool))).or_default().push(tool);
    }
    let mut names = BTreeMap::new();
    for (name, tools) in &wanted {
        for tool in tools {
            let exact = name.strip_prefix(upstream).and_then(|rest| rest.strip_prefix("__")) == Some(*tool);
            let alone = exact || tools.len() == 1;
            let served = if alone && name.len() <= LONGEST { name.clone() } else { marked(name, tool) };
            names.insert(*tool, served);
        }
    }
    names
}

/// The name with the beginning of a digest of the tool's own name.
fn marked(name: &str, tool: &str) -> String {
    let mark: String = Digest::of(tool.as_bytes()).to_string().chars().take(MARK).collect();
    let room: String = name.chars().take(LONGEST - MARK - 1).collect();
    format!("{room}_{mark}")
}

/// Letters, digits, `_` and `-`.
fn plain(tool: &str) -> String {
    tool.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::served_names;

    #[test]
    fn names_are_those_of_the_server_where_they_can_be() {
        let names = served_names("files", ["read_file", "dir.list", "dir/list", "dir_list", "größe"]);
        assert_eq!(names["read_file"], "files__read_file");
        assert_eq!(names["dir_list"], "files__dir_list");
        assert!(names["dir.list"].starts_with("files__dir_list_"));
        assert_ne!(names["dir.list"], names["dir/list"]);
        assert_eq!(names["größe"], "files__gr__e");
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (a, b) = (format!("{}a", "x".repeat(80)), format!("{}b", "x".repeat(80)));
        let names = served_names("up", [a.as_str(), b.as_str()]);
        assert!(names.values().all(|name| name.len() == 64));
        assert_ne!(names[a.as_str()], names[b.as_str()]);
    }
}
