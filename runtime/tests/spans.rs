//! The span of a call: what it says, and what it must not. In a process of its own, because who
//! listens is set once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use cap_runtime::telemetry::{RemoteParent, Telemetry, TelemetrySettings, TraceParent};
use rmcp::model::{CallToolRequestParams, RequestMetaObject};
use serde_json::{Value, json};
use support::serve::{Client, Era, Server, answering, connect, connect_through, contents_of, snapshot};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Span, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What an agent says and a server answers, and no span may have.
const WORD: &str = "xyzzy-4711";

type Fields = BTreeMap<String, String>;

/// Keeps the spans of calls with the last value of each field, and the text of all that is said.
#[derive(Clone, Debug, Default)]
struct Listening {
    /// In the order in which they were made; identifiers are used again.
    calls: Arc<Mutex<Vec<(Id, Fields)>>>,
    said: Arc<Mutex<Vec<String>>>,
}

struct Reading<'a>(&'a mut Fields);

impl Visit for Reading<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Listening {
    fn note(&self, fields: &Fields) {
        self.said.lock().unwrap().push(format!("{fields:?}"));
    }

    /// The fields of the span that was made last.
    fn last(&self) -> Fields {
        self.calls.lock().unwrap().last().unwrap().1.clone()
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Listening {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Reading(&mut fields));
        self.note(&fields);
        if attributes.metadata().name() == "call" {
            self.calls.lock().unwrap().push((id.clone(), fields));
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields::new();
        record.record(&mut Reading(&mut fields));
        self.note(&fields);
        if let Some((_, call)) = self.calls.lock().unwrap().iter_mut().rev().find(|(known, _)| known == id) {
            call.append(&mut fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Reading(&mut fields));
        // Those who ask for the library's messages by name get them, as the documentation says.
        if event.metadata().target().starts_with("cap_") {
            self.note(&fields);
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Adopting(Arc<Mutex<Vec<TraceParent>>>);

impl RemoteParent for Adopting {
    fn adopt(&self, span: &Span, parent: TraceParent) {
        assert_eq!(span.metadata().map(tracing::Metadata::name), Some("call"));
        self.0.lock().unwrap().push(parent);
    }
}

async fn invoke(client: &Client, arguments: Value, meta: Option<Value>) {
    let arguments = json!({"tool": "api__read", "arguments": arguments}).as_object().cloned().unwrap();
    let mut request = CallToolRequestParams::new("gateway_invoke").with_arguments(arguments);
    request.meta = meta.map(|meta| serde_json::from_value::<RequestMetaObject>(meta).unwrap());
    client.call_tool(request).await.unwrap();
}

#[tokio::test]
async fn a_span_says_what_was_called_and_what_it_came_to_and_nothing_that_was_said() {
    let listening = Listening::default();
    let subscriber = tracing_subscriber::registry().with(listening.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let adopting = Adopting::default();
    let telemetry =
        Telemetry::new(TelemetrySettings { parents: Some(Arc::new(adopting.clone())), ..TelemetrySettings::default() });
    let api = answering(|_| (200, WORD)).await;
    let mut failing = contents_of(answering(|_| (500, WORD)).await);
    let mut served = contents_of(api);
    failing.tools[0] = support::serve::renamed(&failing.tools[0], "bad", "bad__read");
    served.tools.append(&mut failing.tools);
    let server = Server::start_with(snapshot(1, served), &["*"], telemetry).await;
    let client = connect(&server, Era::Modern).await;

    invoke(&client, json!({"owner": WORD}), None).await;
    let span = listening.last();
    for (field, value) in [("tool", "api__read"), ("api", "api"), ("status", "200"), ("bytes", "10"), ("attempts", "1")]
    {
        assert_eq!(span.get(field).map(String::as_str), Some(value), "{field} of {span:?}");
    }
    assert!(span.contains_key("id") && !span.contains_key("error"), "{span:?}");
    let known = ["tool", "api", "id", "status", "bytes", "attempts", "error", "otel.status_code"];
    assert!(span.keys().all(|field| known.contains(&field.as_str())), "{span:?}");

    let arguments = json!({"owner": WORD}).as_object().cloned().unwrap();
    client.call_tool(CallToolRequestParams::new("bad__read").with_arguments(arguments)).await.unwrap();
    let span = listening.last();
    assert_eq!((span["status"].as_str(), span["error"].as_str()), ("500", "\"status\""), "{span:?}");

    invoke(&client, json!({"owner": 1, WORD: [WORD]}), None).await;
    let span = listening.last();
    assert_eq!((span.get("attempts"), span["error"].as_str()), (None, "\"arguments\""), "{span:?}");
    let said = listening.said.lock().unwrap().join("\n");
    assert!(!said.contains(WORD), "{said}");

    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    invoke(&client, json!({"owner": "o"}), Some(json!({"traceparent": parent}))).await;
    invoke(&client, json!({"owner": "o"}), Some(json!({"traceparent": "not one"}))).await;
    // A header counts where the message says nothing.
    let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let headers = [("traceparent".parse().unwrap(), other.parse().unwrap())].into_iter().collect();
    let http = reqwest::Client::builder().no_proxy().default_headers(headers).build().unwrap();
    let traced = connect_through(&server, Era::Legacy, http).await;
    invoke(&traced, json!({"owner": "o"}), None).await;
    invoke(&traced, json!({"owner": "o"}), Some(json!({"traceparent": parent}))).await;
    let adopted = adopting.0.lock().unwrap().clone();
    assert_eq!(adopted, [parent, other, parent].map(|text| TraceParent::parse(text).unwrap()));
    server.stop().await;
}
