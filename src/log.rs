//! The log of `cap serve`, and the spans that are sent to a collector.
//!
//! Standard error belongs to the log; standard output belongs to the protocol.

mod export;

use std::io::IsTerminal;

use cap_runtime::config::LogFormat;
use cap_runtime::secret::net::MaskingWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

pub(crate) use export::Export;

/// Begins to log; spans go to `export` as well. Must be called within a tokio runtime.
pub(crate) fn start(format: LogFormat, export: Option<&Export>) {
    // Failing means that a log is already set up, as it is within the demo.
    _ = match export {
        // One filter in front of everything costs the least.
        None => tracing_subscriber::registry().with(written(format).and_then(filter())).try_init(),
        // Spans are exported whatever the log leaves out.
        Some(export) => {
            tracing_subscriber::registry().with(written(format).with_filter(filter())).with(export.layer()).try_init()
        }
    };
}

fn written(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let lines = fmt::layer().with_writer(|| MaskingWriter(std::io::stderr()));
    match format {
        LogFormat::Human => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

fn filter() -> EnvFilter {
    let asked = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    // The MCP library logs whole messages, arguments and answers included, and ends of connections as
    // errors; it is heard only by those who ask for it by name.
    let asked = if asked.contains("rmcp") { asked } else { format!("{asked},rmcp=off,tantivy=warn") };
    EnvFilter::try_new(asked).unwrap_or_else(|_| EnvFilter::new("info,rmcp=off,tantivy=warn"))
}
