//! Text that may hold secrets which nobody has looked up yet.
//!
//! A plan is made of these where a credential can stand, so that planning, printing and comparing
//! plans never touches a secret's value.

use std::fmt;
use std::sync::Arc;

use cap_compiler::capability::SecretName;
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
