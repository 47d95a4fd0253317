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

/// A text of somebody else in one line, in which nothing is hidden, between quotes.
pub(super) fn quoted(text: &str) -> String {
    // Between backticks stand names, in sentences that others read by them.
    let visible: String = text.replace('`', "'").chars().flat_map(visible).collect();
    let shown: String = visible.chars().take(LONGEST).collect();
    let more = if visible.chars().count() > LONGEST { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

/// In characters.
const LONGEST: usize = 160;
