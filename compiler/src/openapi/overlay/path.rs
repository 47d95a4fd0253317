//! JSONPaths (RFC 9535) to the places they select. Only this file knows the JSONPath library.
//!
//! The library evaluates a whole path at once, and a path such as `$..*..*` selects more than a
//! machine holds. So a path is taken segment by segment: places that are selected twice count once,
//! and there is an end to how many there are.

use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

/// Characters of a path.
const LONGEST: usize = 2_000;
/// Brackets in brackets.
const DEEPEST: usize = 24;
/// Places that one segment may select.
pub(super) const MOST: usize = 200_000;

/// A JSONPath.
#[derive(Debug)]
pub(super) struct Query {
    segments: Vec<Segment>,
}

#[derive(Debug)]
struct Segment {
    reach: Reach,
    /// `$` and the segment's selectors.
    path: JsonPath,
    /// How many selectors it has at most.
    selectors: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Child,
    Descendants,
}

/// Why a text is not a JSONPath.
#[derive(Debug)]
pub(super) struct PathFault {
    /// The byte at which it goes wrong.
    pub(super) at: usize,
    pub(super) message: String,
}

/// A selected place: the way to it from the root.
pub(super) type Steps = Vec<Step>;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Index(usize),
    Key(String),
}

impl Query {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self, PathFault> {
        let fault = |at: usize, message: &str| PathFault { at, message: message.to_owned() };
        if text.len() > LONGEST || deepest(text) > DEEPEST {
            return Err(fault(0, "it is too long, or has too many brackets in brackets"));
        }
        if !text.starts_with('$') {
            return Err(fault(0, "a JSONPath begins with `$`"));
        }
        if let Err(error) = JsonPath::parse(text) {
            let chars = error.position().saturating_sub(1);
            let at = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
            return Err(PathFault { at, message: format!("the path cannot be read from here: {}", error.message()) });
        }
        let mut segments = Vec::new();
        let mut at = 1;
        while let Some((reach, range, selectors)) = next_segment(text, at) {
            let written = text.get(range.clone()).unwrap_or_default();
            if root_in_filter(written) {
                return Err(fault(range.start, "a filter that looks at the root, `$`, is not supported"));
            }
            let path = JsonPath::parse(&format!("${written}")).map_err(|error| fault(range.start, error.message()))?;
            at = range.end;
            segments.push(Segment { reach, path, selectors });
        }
        if !text.get(at..).unwrap_or_default().trim().is_empty() {
            return Err(fault(at, "the path cannot be read from here"));
        }
        Ok(Self { segments })
    }

    /// The places that it selects, each once and sorted; `None` if they are too many.
    pub(super) fn select(&self, root: &Value) -> Option<Vec<Steps>> {
        let mut places = vec![Steps::new()];
        for segment in &self.segments {
            let mut found = Vec::new();
            for place in places {
                segment.select(at(root, &place)?, place, &mut found)?;
            }
            found.sort();
            found.dedup();
            if found.len() > MOST {
                return None;
            }
            places = found;
        }
        Some(places)
    }
}

impl Segment {
    fn select(&self, value: &Value, place: Steps, found: &mut Vec<Steps>) -> Option<()> {
        if self.selectors.saturating_mul(children(value)) > 4 * MOST {
            return None;
        }
        for node in self.path.query_located(value).iter() {
            let mut steps = place.clone();
            steps.extend(node.location().iter().map(|element| match element {
                PathElement::Name(name) => Step::Key((*name).to_owned()),
                PathElement::Index(index) => Step::Index(*index),
            }));
            found.push(steps);
        }
        // One node is selected once by each selector and each of its holders that were selected.
        // Sorting waits until there is much to sort, so that it costs little for each place.
        if found.len() > 2 * MOST {
            found.sort();
            found.dedup();
            if found.len() > MOST {
                return None;
            }
        }
        if self.reach == Reach::Descendants {
            self.descend(value, place, found)?;
        }
        Some(())
    }

    fn descend(&self, value: &Value, mut place: Steps, found: &mut Vec<Steps>) -> Option<()> {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate().filter(|(_, item)| children(item) > 0) {
                    place.push(Step::Index(index));
                    self.select(item, place.clone(), found)?;
                    place.pop();
                }
            }
            Value::Object(map) => {
                for (key, member) in map.iter().filter(|(_, member)| children(member) > 0) {
                    place.push(Step::Key(key.clone()));
                    self.select(member, place.clone(), found)?;
                    place.pop();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        Some(())
    }
}

/// The value at a place.
pub(super) fn at<'v>(root: &'v Value, place: &[Step]) -> Option<&'v Value> {
    place.iter().try_fold(root, |value, step| match step {
        Step::Index(index) => value.get(*index),
        Step::Key(key) => value.get(key),
    })
}

/// The value at a place, to be changed.
pub(super) fn at_mut<'v>(root: &'v mut Value, place: &[Step]) -> Option<&'v mut Value> {
    place.iter().try_fold(root, |value, step| match step {
        Step::Index(index) => value.get_mut(*index),
        Step::Key(key) => value.get_mut(key),
    })
}

fn children(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The segment that begins at `start`: its reach, the bytes of its selectors (without the second
/// dot of `..`), and how many they are at most. The path is known to be well-formed.
fn next_segment(text: &str, start: usize) -> Option<(Reach, std::ops::Range<usize>, usize)> {
    let rest = text.get(start..)?;
    let start = start + (rest.len() - rest.trim_start().len());
    let rest = rest.trim_start();
    let (reach, from) = match rest.strip_prefix("..") {
        Some(after) if after.starts_with('[') => (Reach::Descendants, start + 2),
        Some(_) => (Reach::Descendants, start + 1),
        None => (Reach::Child, start),
    };
    let selectors = text.get(from..)?;
    if selectors.starts_with('[') {
        let mut commas = 0;
        let mut depth = 0_usize;
        for (at, c) in outside_quotes(selectors) {
            match c {
                '[' | '(' => depth += 1,
                ']' | ')' => depth = depth.saturating_sub(1),
                ',' => commas += 1,
                _ => {}
            }
            if depth == 0 {
                return Some((reach, from..from + at + 1, commas + 1));
            }
        }
        return None;
    }
    let name = selectors.strip_prefix('.')?;
    let length = name.find(['.', '[', ' ', '\t', '\n', '\r']).unwrap_or(name.len());
    (length > 0).then(|| (reach, from..from + 1 + length, 1))
}

fn root_in_filter(segment: &str) -> bool {
    segment.starts_with('[') && outside_quotes(segment).any(|(_, c)| c == '$')
}

fn deepest(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut most = 0;
    for (_, c) in outside_quotes(text) {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// The characters of a path that stand outside of quotes.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut escaped = false;
    text.char_indices().filter(move |(_, c)| {
        if escaped {
            escaped = false;
            return false;
        }
        match (quote, c) {
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == *c => quote = None,
            (None, '"' | '\'') => quote = Some(*c),
            (Some(_), _) => {}
            (None, _) => return true,
        }
        false
    })
}
