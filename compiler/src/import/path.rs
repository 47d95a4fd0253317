//! Path keys: placeholders, and what does not belong into a path.

/// A path key taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PathTemplate {
    /// The path itself, in order.
    pub(super) pieces: Vec<PathPart>,
    /// What stood behind `?`: names and values in order.
    pub(super) query: Vec<(String, Vec<PathPart>)>,
    /// What stood behind `#`.
    pub(super) fragment: Option<String>,
}

/// Text or a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathPart {
    /// Text as it is.
    Text(String),
    /// The name between `{` and `}`.
    Placeholder(String),
}

impl PathTemplate {
    /// Takes a path key apart.
    pub(super) fn parse(key: &str) -> Self {
        let (path, fragment) = match outside(key, '#') {
            Some((path, fragment)) => (path, Some(fragment.to_owned())),
            None => (key, None),
        };
        let (path, query) = outside(path, '?').unwrap_or((path, ""));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), parts(value))
        });
        Self { pieces: parts(path), query: query.collect(), fragment }
    }

    /// The placeholders of the path, each once.
    pub(super) fn placeholders(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let query = self.query.iter().flat_map(|(_, parts)| parts);
        for part in self.pieces.iter().chain(query) {
            if let PathPart::Placeholder(name) = part
                && !names.contains(&name.as_str())
            {
                names.push(name);
            }
        }
        names
    }
}

/// Splits at the first `mark` that is not within a placeholder.
fn outside(text: &str, mark: char) -> Option<(&str, &str)> {
    let mut open = false;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open = true,
            '}' => open = false,
            c if c == mark && !open => return Some((text.get(..at)?, text.get(at + c.len_utf8()..)?)),
            _ => {}
        }
    }
    None
}

fn parts(text: &str) -> Vec<PathPart> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, tail) = rest.split_at(open);
        let Some(close) = tail.find('}') else { break };
        if !before.is_empty() {
            parts.push(PathPart::Text(before.to_owned()));
        }
        parts.push(PathPart::Placeholder(tail.get(1..close).unwrap_or_default().to_owned()));
        rest = tail.get(close + 1..).unwrap_or_default();
    }
    if !rest.is_empty() {
        parts.push(PathPart::Text(rest.to_owned()));
    }
    parts
}
