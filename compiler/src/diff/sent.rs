//! Texts of a request as people read them, and where they lead.

use crate::capability::{Expression, Piece, Text};
use crate::pin::visible;

/// A text as a definition has it.
pub(super) fn shown(text: &Text) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Hole(expression) => format!("{{{{ {} }}}}", shown_expression(expression)),
    };
    text.pieces.iter().map(piece).collect()
}

pub(super) fn shown_expression(expression: &Expression) -> String {
    match expression {
        Expression::Argument(name) => name.0.clone(),
        Expression::Secret(name) => format!("secret.{}", name.0),
        Expression::Computed(computed) | Expression::Signed(computed) => computed.source.clone(),
    }
}

/// Scheme, host and port of a URL.
pub(super) fn origin(url: &Text) -> String {
    let text = shown(url);
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let end = rest.find(['/', '?', '#']).filter(|end| !rest.get(..*end).unwrap_or_default().contains("{{"));
    format!("{scheme}://{}", end.and_then(|end| rest.get(..end)).unwrap_or(rest))
}

/// A text of somebody else in one line, in which nothing is hidden, between quotes. Of a long one, its beginning and
/// its end.
pub(super) fn quoted(text: &str) -> String {
    // Between backticks stand names, in sentences that others read by them.
    let visible: Vec<char> = text.replace('`', "'").chars().flat_map(visible).collect();
    let left = visible.len().saturating_sub(LONGEST);
    if left <= LITTLE {
        return format!("\"{}\"", visible.iter().collect::<String>());
    }
    let front: String = visible.iter().take(LONGEST - END).collect();
    let end: String = visible.iter().skip(visible.len() - END).collect();
    format!("\"{front}… ({left} more characters) …{end}\"")
}

/// Both texts without most of what they begin and, where they are long, end with together.
pub(super) fn differing(was: &str, is: &str) -> (String, String) {
    let (one, another): (Vec<char>, Vec<char>) = (was.chars().collect(), is.chars().collect());
    let start = one.iter().zip(&another).take_while(|(one, another)| one == another).count();
    let most = one.len().min(another.len()) - start;
    let end = one.iter().rev().zip(another.iter().rev()).take(most).take_while(|(one, other)| one == other).count();
    let front = start.saturating_sub(LEAD);
    let is_long = one.len().max(another.len()) - front > LONGEST;
    let back = if is_long { end.saturating_sub(LEAD) } else { 0 };
    let cut = |all: &[char]| {
        let middle: String = all.iter().take(all.len() - back).skip(front).collect();
        format!("{}{middle}{}", if front > 0 { "…" } else { "" }, if back > 0 { "…" } else { "" })
    };
    (cut(&one), cut(&another))
}

/// In characters.
const LONGEST: usize = 160;
/// What is shown of the end of a text that is longer.
const END: usize = 60;
/// Characters that are not worth leaving out.
const LITTLE: usize = 20;
/// What is kept of that in which two texts agree.
const LEAD: usize = 40;
