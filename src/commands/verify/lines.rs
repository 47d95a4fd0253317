//! What differs between two texts, line by line, in a bounded number of lines.

use cap_compiler::pin::shown_text;

/// A line that only one of two texts has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Differing<'t> {
    /// The first one has it.
    First(&'t str),
    /// The second one has it.
    Second(&'t str),
}

/// The lines that only one of two texts has, in order. Of texts that differ too much to be compared within bounds,
/// all lines between what they have in common at their ends.
pub(super) fn differing<'t>(first: &'t str, second: &'t str) -> Vec<Differing<'t>> {
    let (first, second): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    let head = first.iter().zip(&second).take_while(|(one, other)| one == other).count();
    let (first, second) = (first.get(head..).unwrap_or_default(), second.get(head..).unwrap_or_default());
    let tail = first.iter().rev().zip(second.iter().rev()).take_while(|(one, other)| one == other).count();
    let first = first.get(..first.len() - tail).unwrap_or_default();
    let second = second.get(..second.len() - tail).unwrap_or_default();
    if first.len().saturating_mul(second.len()) > MOST_CELLS {
        let first = first.iter().map(|line| Differing::First(line));
        return first.chain(second.iter().map(|line| Differing::Second(line))).collect();
    }
    walk(first, second, &common(first, second))
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

/// How many lines the rests from each pair of places on have in common, row by row.
fn common(first: &[&str], second: &[&str]) -> Vec<Vec<u32>> {
    let mut rows = vec![vec![0; second.len() + 1]];
    for line in first.iter().rev() {
        let mut row = vec![0_u32; second.len() + 1];
        if let Some(below) = rows.last() {
            for (at, other) in second.iter().enumerate().rev() {
                let cell = |row: &Vec<u32>, at: usize| row.get(at).copied().unwrap_or_default();
                let best =
                    if line == other { cell(below, at + 1) + 1 } else { cell(below, at).max(cell(&row, at + 1)) };
                if let Some(place) = row.get_mut(at) {
                    *place = best;
                }
            }
        }
        rows.push(row);
    }
    rows.reverse();
    rows
}

fn walk<'t>(first: &[&'t str], second: &[&'t str], common: &[Vec<u32>]) -> Vec<Differing<'t>> {
    let rest = |one: usize, other: usize| common.get(one).and_then(|row| row.get(other)).copied().unwrap_or_default();
    let (mut one, mut other, mut lines) = (0, 0, Vec::new());
    loop {
        match (first.get(one), second.get(other)) {
            (None, None) => return lines,
            (Some(a), Some(b)) if a == b => (one, other) = (one + 1, other + 1),
            (Some(a), right) if right.is_none() || rest(one + 1, other) >= rest(one, other + 1) => {
                lines.push(Differing::First(a));
                one += 1;
            }
            (_, Some(b)) => {
                lines.push(Differing::Second(b));
                other += 1;
            }
            (Some(_), None) => return lines,
        }
    }
}

/// How much two texts may differ to be compared line by line: some megabytes of memory.
const MOST_CELLS: usize = 1 << 20;

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
