//! What differs between two texts, line by line, in a bounded number of lines.

use std::time::Duration;

use cap_compiler::pin::shown_text;
use similar::{Change, ChangeTag, TextDiff};

/// A line that only one of two texts has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Differing<'t> {
    /// The first one has it.
    First(&'t str),
    /// The second one has it.
    Second(&'t str),
}

/// The lines that only one of two texts has, in order. Line breaks are not looked at. Of texts that differ so much that
/// this takes too long, more lines than are needed.
pub(super) fn differing<'t>(first: &'t str, second: &'t str) -> Vec<Differing<'t>> {
    let (first, second): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    let diff = TextDiff::configure().timeout(LONGEST_LOOK).diff_slices(&first, &second);
    let only = |change: Change<&str>| match change.tag() {
        ChangeTag::Equal => None,
        ChangeTag::Delete => first.get(change.old_index()?).map(|line| Differing::First(line)),
        ChangeTag::Insert => second.get(change.new_index()?).map(|line| Differing::Second(line)),
    };
    diff.iter_all_changes().filter_map(only).collect()
}

/// A line as people see it: nothing in it is hidden, and it is not longer than a terminal is wide.
pub(super) fn shown(line: Differing<'_>) -> String {
    let (mark, text) = match line {
        Differing::First(text) => ('-', text),
        Differing::Second(text) => ('+', text),
    };
    let cut: String = text.chars().take(LONGEST).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{mark} {}{more}", shown_text(&cut))
}

/// How long it is looked for what two texts have in common.
const LONGEST_LOOK: Duration = Duration::from_millis(200);

/// In characters.
const LONGEST: usize = 160;

#[cfg(test)]
mod tests {
    use super::{Differing, differing};

    fn applied(first: &str, second: &str) -> (Vec<String>, Vec<String>) {
        let lines = differing(first, second);
        let of = |wanted: fn(&Differing<'_>) -> Option<String>| lines.iter().filter_map(wanted).collect();
        (
            of(|line| if let Differing::First(text) = line { Some((*text).to_owned()) } else { None }),
            of(|line| if let Differing::Second(text) = line { Some((*text).to_owned()) } else { None }),
        )
    }

    #[test]
    fn what_only_one_has_is_told() {
        assert_eq!(applied("a\nb\nc\n", "a\nb\nc\n"), (vec![], vec![]));
        assert_eq!(
            applied("a\nb\nc\nd\n", "a\nx\nc\ny\nd\n"),
            (vec!["b".to_owned()], vec!["x".to_owned(), "y".to_owned()])
        );
        assert_eq!(applied("", "a\n"), (vec![], vec!["a".to_owned()]));
        assert_eq!(applied("a\na\na\n", "a\n").0.len(), 2);
    }

    #[test]
    fn texts_without_a_line_in_common_are_bounded() {
        let text = |word: &str| (0..5_000).map(|number| format!("{word} {number}\n")).collect::<String>();
        let (one, other) = applied(&text("one"), &text("other"));
        assert_eq!((one.len(), other.len()), (5_000, 5_000));
    }
}
