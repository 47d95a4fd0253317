//! Text that may hold secrets which nobody has looked up yet.
//!
//! A plan is made of these where a credential can stand, so that planning, printing and comparing
//! plans never touches a secret's value.

use std::fmt;
use std::sync::Arc;

use cap_compiler::capability::{Expression, Piece, SecretName, Text};
use serde_json::{Map, Value};

use super::expression::CompiledExpression;

/// Text with secrets by name. `Display` shows the names, never values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sealed {
    pub(crate) pieces: Vec<SealedPiece>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SealedPiece {
    Plain(String),
    Secret(SecretName),
    Computed {
        expression: Arc<CompiledExpression>,
        arguments: Map<String, Value>,
        secrets: Vec<SecretName>,
    },
    /// Reads the request as it is sent, or the time.
    Signed {
        expression: Arc<CompiledExpression>,
        secrets: Vec<SecretName>,
    },
}

impl Sealed {
    /// Text without secrets.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { pieces: vec![SealedPiece::Plain(text.into())] }
    }

    /// A text that reads secrets, and no arguments.
    #[must_use]
    pub(crate) fn of_secrets(text: &Text) -> Self {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => SealedPiece::Plain(text.clone()),
            Piece::Hole(Expression::Secret(name)) => SealedPiece::Secret(name.clone()),
            Piece::Hole(Expression::Argument(name)) => SealedPiece::Plain(format!("{{{}}}", name.0)),
            Piece::Hole(Expression::Computed(computed) | Expression::Signed(computed)) => SealedPiece::Computed {
                expression: Arc::new(CompiledExpression::new(&computed.source)),
                arguments: Map::new(),
                secrets: computed.secrets.clone(),
            },
        };
        Self { pieces: text.pieces.iter().map(piece).collect() }
    }

    /// Whether it reads the request as it is sent.
    pub(crate) fn is_signed(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, SealedPiece::Signed { .. }))
    }

    /// The secrets that it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        self.pieces.iter().flat_map(|piece| match piece {
            SealedPiece::Plain(_) => &[],
            SealedPiece::Secret(name) => std::slice::from_ref(name),
            SealedPiece::Computed { secrets, .. } | SealedPiece::Signed { secrets, .. } => secrets.as_slice(),
        })
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            SealedPiece::Plain(text) => f.write_str(text),
            SealedPiece::Secret(name) => write!(f, "{{secret.{}}}", name.0),
            SealedPiece::Computed { expression, .. } | SealedPiece::Signed { expression, .. } => {
                write!(f, "{{{}}}", expression.source())
            }
        })
    }
}
