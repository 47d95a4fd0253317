//! Expressions that read the request as it is sent: evaluated last, when everything else is there.
//!
//! The query comes first, because headers may sign it; then the headers in their order, each of which
//! may read those before it. All of them have the same time.

use serde_json::{Map, Value};

use super::error::ToolError;
use super::plan::{
    CompiledExpression, Evaluated, Sealed, SealedPiece, SignedRequest, join_pairs, percent_encode, plain_text,
};
use super::wire::{Opener, WireRequest};

/// Adds what signs a request to it.
///
/// # Errors
/// `Definition` when an expression fails, `MissingSecret` when its secret is gone.
pub(super) fn sign(
    request: &mut WireRequest,
    query: &[(&str, &Sealed)],
    headers: &[(&str, &Sealed)],
    now_ms: u64,
    opener: &mut Opener<'_>,
) -> Result<(), ToolError> {
    let mut pairs = Vec::with_capacity(query.len());
    for (name, value) in query {
        pairs.push((percent_encode(name), percent_encode(&text(value, request, now_ms, opener)?)));
    }
    if !pairs.is_empty() {
        let added = join_pairs(&pairs);
        let whole = match request.url.query().filter(|query| !query.is_empty()) {
            Some(query) => format!("{query}&{added}"),
            None => added,
        };
        request.url.set_query(Some(&whole));
    }
    for (name, value) in headers {
        let value = text(value, request, now_ms, opener)?;
        request.headers.push(((*name).to_owned(), value));
    }
    Ok(())
}

/// A text whose expressions may read the request.
fn text(sealed: &Sealed, request: &WireRequest, now_ms: u64, opener: &mut Opener<'_>) -> Result<String, ToolError> {
    let mut out = String::new();
    for piece in &sealed.pieces {
        match piece {
            SealedPiece::Signed { expression, secrets } => {
                let mut values = Map::new();
                for name in secrets {
                    values.insert(name.0.clone(), Value::String(opener.value(name)?));
                }
                let computed =
                    evaluate(expression, &values, request, now_ms).map_err(|reason| opener.definition(reason))?;
                // Whoever has a signature can send the same request once more.
                if let Some(name) = secrets.first() {
                    opener.mask.add(&name.0, &computed);
                }
                out.push_str(&computed);
            }
            SealedPiece::Plain(_) | SealedPiece::Secret(_) | SealedPiece::Computed { .. } => {
                out.push_str(&opener.open(&Sealed { pieces: vec![piece.clone()] })?);
            }
        }
    }
    Ok(out)
}

fn evaluate(
    expression: &CompiledExpression,
    secrets: &Map<String, Value>,
    request: &WireRequest,
    now_ms: u64,
) -> Result<String, String> {
    let seen = SignedRequest {
        method: &request.method,
        url: &request.url,
        headers: &request.headers,
        body: request.body.as_deref().unwrap_or_default(),
        now_ms,
    };
    match expression.evaluate_signed(&seen, secrets) {
        Evaluated::Value(value) => Ok(plain_text(&value)),
        Evaluated::Absent => Err(format!("`{}` reads something that the request does not have", expression.source())),
        Evaluated::Failed(reason) => Err(format!("`{}` failed: {reason}", expression.source())),
    }
}
