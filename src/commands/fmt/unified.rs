//! What changes in a text, as a unified diff.

use std::fmt::Write;
use std::ops::Range;

/// Lines shown round a change.
const CONTEXT: usize = 3;
/// Beyond so many differing lines, the middle of a text is shown as replaced: looking for the shortest
/// way would take longer than reading it.
const MOST: usize = 2_000;

/// Lines of one text that lines of the other take the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edit {
    old: Range<usize>,
    new: Range<usize>,
}

/// A unified diff; empty if there is no difference.
pub(super) fn diff(name: &str, old: &str, new: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = edits(&before, &after);
    if edits.is_empty() && old == new {
        return String::new();
    }
    let mut out = format!("--- {name}\n+++ {name}\n");
    let mut rest = edits.as_slice();
    while let Some((first, more)) = rest.split_first() {
        let mut end = first.old.end;
        let near = more.iter().take_while(|edit| {
            let is_near = edit.old.start <= end + 2 * CONTEXT;
            end = if is_near { edit.old.end } else { end };
            is_near
        });
        let count = 1 + near.count();
        let (hunk, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        write_hunk(&mut out, hunk, &before, &after);
        rest = later;
    }
    if edits.is_empty() {
        out.push_str("(only line breaks, white space at the end or a byte-order mark)\n");
    }
    out
}

fn write_hunk(out: &mut String, hunk: &[Edit], before: &[&str], after: &[&str]) {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return };
    let lead = CONTEXT.min(first.old.start);
    let trail = CONTEXT.min(before.len() - last.old.end);
    let old = first.old.start - lead..last.old.end + trail;
    let new = first.new.start - lead..last.new.end + trail;
    let place = |range: &Range<usize>| format!("{},{}", range.start + usize::from(!range.is_empty()), range.len());
    // Writing to a String cannot fail.
    _ = writeln!(out, "@@ -{} +{} @@", place(&old), place(&new));
    let mut at = old.start;
    for edit in hunk {
        lines(out, ' ', before.get(at..edit.old.start));
        lines(out, '-', before.get(edit.old.clone()));
        lines(out, '+', after.get(edit.new.clone()));
        at = edit.old.end;
    }
    lines(out, ' ', before.get(at..old.end));
}

fn lines(out: &mut String, mark: char, lines: Option<&[&str]>) {
    for line in lines.unwrap_or_default() {
        _ = writeln!(out, "{mark}{line}");
    }
}

fn edits(before: &[&str], after: &[&str]) -> Vec<Edit> {
    let head = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let room = before.len().min(after.len()) - head;
    let tail = before.iter().rev().zip(after.iter().rev()).take(room).take_while(|(old, new)| old == new).count();
    let old = before.get(head..before.len() - tail).unwrap_or_default();
    let new = after.get(head..after.len() - tail).unwrap_or_default();
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    let kept = if old.len() + new.len() > MOST { Vec::new() } else { common(old, new) };
    let mut edits = Vec::new();
    let (mut x, mut y) = (0, 0);
    for (i, j) in kept.into_iter().chain([(old.len(), new.len())]) {
        if x < i || y < j {
            edits.push(Edit { old: head + x..head + i, new: head + y..head + j });
        }
        (x, y) = (i + 1, j + 1);
    }
    edits
}

/// The longest common subsequence, as pairs of indices.
fn common(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut lengths = vec![0_u16; (old.len() + 1) * width];
    let length = |lengths: &[u16], i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or_default();
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            let best = if left == right {
                length(&lengths, i + 1, j + 1) + 1
            } else {
                length(&lengths, i + 1, j).max(length(&lengths, i, j + 1))
            };
            if let Some(place) = lengths.get_mut(i * width + j) {
                *place = best;
            }
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while let (Some(left), Some(right)) = (old.get(i), new.get(j)) {
        if left == right {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length(&lengths, i + 1, j) >= length(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
