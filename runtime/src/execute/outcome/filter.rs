//! jq filters: compiled once, run on one answer within bounds.
//!
//! The compiler has let through only filters that end soon. The bounds here hold what is left: how many
//! values come out, how many bytes, and how long that takes.

use std::time::{Duration, Instant};

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars};
use jaq_json::Val;
use serde_json::Value;

use super::cut;

const MOST_OUTPUTS: usize = 100_000;
const MOST_BYTES: usize = 16 << 20;
const LONGEST: Duration = Duration::from_secs(2);

/// A filter that is ready to run.
pub(crate) struct Filter(Result<jaq_core::Filter<JustLut<Val>>, String>);

impl Filter {
    pub(crate) fn new(source: &str) -> Self {
        let arena = Arena::default();
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let program = File { code: source, path: () };
        let modules = Loader::new(definitions).load(&arena, program).map_err(|_| "it does not parse".to_owned());
        Self(modules.and_then(|modules| {
            let compiler = Compiler::default().with_funs(functions);
            compiler.compile(modules).map_err(|_| "it names what does not exist".to_owned())
        }))
    }

    /// What the filter makes of a value: one output as it is, several as a list.
    ///
    /// # Errors
    /// Why there is nothing.
    pub(super) fn run(&self, value: &Value) -> Result<Value, String> {
        let filter = self.0.as_ref().map_err(Clone::clone)?;
        let input = into_val(value).ok_or("the answer cannot be read")?;
        let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
        let begun = Instant::now();
        let (mut outputs, mut bytes) = (Vec::new(), 0);
        for output in filter.id.run((context, input)) {
            let output = output.map_err(|error| match error.get_err() {
                Ok(error) => crate::execute::arguments::bounded(&error.to_string(), 200),
                Err(_) => "it gave up".to_owned(),
            })?;
            let output = from_val(&output)?;
            bytes += cut::size(&output);
            outputs.push(output);
            if outputs.len() > MOST_OUTPUTS || bytes > MOST_BYTES {
                return Err("it makes more of the answer than is allowed".to_owned());
            }
            if begun.elapsed() > LONGEST {
                return Err("it takes too long".to_owned());
            }
        }
        Ok(match <[Value; 1]>::try_from(outputs) {
            Ok([one]) => one,
            Err(outputs) => Value::Array(outputs),
        })
    }
}

fn into_val(value: &Value) -> Option<Val> {
    jaq_json::read::parse_single(value.to_string().as_bytes()).ok()
}

fn from_val(value: &Val) -> Result<Value, String> {
    serde_json::from_str(&value.to_string()).map_err(|_| "it made something that JSON does not have".to_owned())
}
