//! The expressions of a capability that need the template language, compiled once.
//!
//! Arguments are values here, never template text: what looks like a template in a value stays
//! text. Only this file and `digest.rs` know minijinja in the runtime.

use std::fmt;
use std::sync::LazyLock;

use minijinja::value::{Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};
use serde_json::{Map, Value};
use url::Url;

use super::digest;

/// Steps that one expression may take. Expressions are short; this ends runaway loops only.
const FUEL: u64 = 100_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // An absent argument may be tested and given a default, but not printed.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    digest::register(&mut environment);
    environment
});

/// An expression that is ready to be evaluated.
pub(crate) struct CompiledExpression {
    source: String,
    expression: Result<Expression<'static, 'static>, String>,
}

/// What an expression gave.
pub(crate) enum Evaluated {
    /// A value.
    Value(Value),
    /// Nothing, because an argument that it reads was not given.
    Absent,
    /// It cannot be evaluated; the reason may quote values.
    Failed(String),
}

impl CompiledExpression {
    pub(crate) fn new(source: &str) -> Self {
        let expression = ENVIRONMENT.compile_expression_owned(source.to_owned()).map_err(|error| describe(&error));
        Self { source: source.to_owned(), expression }
    }

    /// The expression's text.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates it with arguments, and with secrets where they are allowed.
    pub(crate) fn evaluate(&self, arguments: &Map<String, Value>, secrets: &Map<String, Value>) -> Evaluated {
        let expression = match &self.expression {
            Ok(expression) => expression,
            Err(reason) => return Evaluated::Failed(reason.clone()),
        };
        evaluated(expression.eval(context(arguments, secrets)))
    }

    /// Evaluates it with the request as it is sent, the time, and secrets.
    pub(crate) fn evaluate_signed(&self, request: &SignedRequest<'_>, secrets: &Map<String, Value>) -> Evaluated {
        match &self.expression {
            Ok(expression) => evaluated(expression.eval(request.context(secrets))),
            Err(reason) => Evaluated::Failed(reason.clone()),
        }
    }
}

/// A request as expressions read it.
pub(crate) struct SignedRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    /// Those that are known so far; of equal names the last is read.
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a [u8],
    /// Milliseconds since 1970.
    pub(crate) now_ms: u64,
}

impl SignedRequest<'_> {
    fn context(&self, secrets: &Map<String, Value>) -> minijinja::Value {
        let value = |text: &str| minijinja::Value::from(text.to_owned());
        let headers = self.headers.iter().map(|(name, it)| (name.to_ascii_lowercase(), value(it)));
        let body = match std::str::from_utf8(self.body) {
            Ok(text) => value(text),
            Err(_) => minijinja::Value::from_bytes(self.body.to_vec()),
        };
        let request = minijinja::Value::from_pairs([
            ("method", value(self.method)),
            ("url", value(self.url.as_str())),
            ("host", value(&host(self.url))),
            ("path", value(self.url.path())),
            ("query", value(self.url.query().unwrap_or_default())),
            ("headers", minijinja::Value::from_pairs(headers)),
            ("body", body),
        ]);
        minijinja::Value::from_pairs([
            ("request", request),
            ("now", minijinja::Value::from(self.now_ms / 1000)),
            ("now_ms", minijinja::Value::from(self.now_ms)),
            ("secret", minijinja::Value::from(Serde(secrets))),
        ])
    }
}

/// The `Host` header: the port stands in it unless it is the scheme's own.
pub(crate) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn evaluated(result: Result<minijinja::Value, Error>) -> Evaluated {
    match result {
        Ok(value) if value.kind() == ValueKind::Bytes => {
            Evaluated::Failed("it gives bytes; `| hex` or `| base64` makes text of them".to_owned())
        }
        Ok(value) if value.is_undefined() || value.is_none() => Evaluated::Absent,
        Ok(value) => match serde_json::to_value(&value) {
            Ok(value) => Evaluated::Value(value),
            Err(error) => Evaluated::Failed(error.to_string()),
        },
        Err(error) if error.kind() == ErrorKind::UndefinedError => Evaluated::Absent,
        Err(error) => Evaluated::Failed(describe(&error)),
    }
}

/// The names in scope: each argument by itself and in `args`, and `secret`.
fn context(arguments: &Map<String, Value>, secrets: &Map<String, Value>) -> minijinja::Value {
    let plain = arguments.iter().map(|(name, value)| (name.clone(), minijinja::Value::from(Serde(value))));
    let args = minijinja::Value::from(Serde(arguments));
    let secret = minijinja::Value::from(Serde(secrets));
    minijinja::Value::from_pairs(plain.chain([("args".to_owned(), args), ("secret".to_owned(), secret)]))
}

fn describe(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

impl fmt::Debug for CompiledExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CompiledExpression").field(&self.source).finish()
    }
}

impl PartialEq for CompiledExpression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
