//! Spans of calls to an OpenTelemetry collector: OTLP over HTTP, as protobuf.
//!
//! Spans wait in a queue of bounded size and are sent in batches by a thread of its own. A collector
//! that does not answer costs spans and a line in the log, never a call anything.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cap_runtime::telemetry::{RemoteParent, TraceParent};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

/// Sends spans until it is closed.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    provider: SdkTracerProvider,
}

impl Export {
    /// Makes ready to send to the collector at `base`. Must be called within a tokio runtime, on
    /// which requests are made. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub(crate) fn new(base: &Url) -> Result<Self, ExporterBuildError> {
        let endpoint = format!("{}/v1/traces", base.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new())
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()?;
        let batches = BatchConfigBuilder::default().with_max_queue_size(QUEUE).with_scheduled_delay(GATHER).build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let resource = Resource::builder().with_service_name("cap").build();
        Ok(Self {
            provider: SdkTracerProvider::builder().with_span_processor(processor).with_resource(resource).build(),
        })
    }

    /// Takes the spans of calls, and nothing that other libraries say.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + Send + Sync + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("cap"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|it| it.is_span() && it.target().starts_with("cap_runtime::execute")))
    }

    /// Sends what waits, within a time. Blocks.
    pub(crate) fn close(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST_WORDS) {
            tracing::warn!(%error, "not all spans were sent to the collector");
        }
    }
}

/// A caller's trace goes on in the span of its call.
impl RemoteParent for Export {
    fn adopt(&self, span: &Span, parent: TraceParent) {
        let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let (trace, caller) = (TraceId::from(parent.trace_id), SpanId::from(parent.span_id));
        let remote = SpanContext::new(trace, caller, flags, true, TraceState::default());
        // Failing means that nobody exports this span.
        _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote));
    }
}

/// Posts batches on the runtime, because the thread that makes them has none.
struct Collector {
    runtime: Handle,
    /// Made with the first batch: by then the runtime has chosen its TLS.
    client: OnceLock<reqwest::Client>,
    failing: AtomicBool,
}

impl Collector {
    fn new() -> Self {
        Self { runtime: Handle::current(), client: OnceLock::new(), failing: AtomicBool::new(false) }
    }

    fn client(&self) -> Result<reqwest::Client, HttpError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let made = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(self.client.get_or_init(|| made).clone())
    }

    async fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client()?;
        let posted = self.runtime.spawn(async move { client.send_bytes(request).await });
        posted.await?
    }

    /// A fault is logged once, when it comes, and once more when it goes.
    fn tell(&self, result: &Result<Response<Bytes>, HttpError>) {
        let fault = match result {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        let before = self.failing.swap(fault.is_some(), Ordering::Relaxed);
        match fault {
            Some(fault) if !before => {
                tracing::warn!("spans cannot be sent to the collector and are dropped: {fault}");
            }
            None if before => tracing::info!("spans are sent to the collector again"),
            Some(_) | None => {}
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let result = self.post(request).await;
            self.tell(&result);
            result
        })
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

/// Spans that wait at most; more are dropped.
const QUEUE: usize = 4096;
/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);
/// How long a collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of the process waits for the last batch.
const LAST_WORDS: Duration = Duration::from_secs(3);
