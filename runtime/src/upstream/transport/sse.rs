//! HTTP+SSE (MCP 2024-11-05): one stream of events from the server, whose first event names the address
//! that messages are posted to. The SDK does not have it any more.

use std::sync::Arc;

use futures::StreamExt;
use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::body::{BodyError, events};
use super::http::HttpFault;
use crate::execute::{Door, DoorRequest, Executor, ToolError};

/// A connection to an older server.
pub(in crate::upstream) struct SseTransport {
    executor: Executor,
    door: Arc<Door>,
    endpoint: String,
    messages: mpsc::Receiver<RxJsonRpcMessage<RoleClient>>,
    reading: JoinHandle<()>,
}

impl SseTransport {
    /// Opens the stream and waits for its first event.
    ///
    /// # Errors
    /// When there is no stream, or it does not begin as it should.
    pub(in crate::upstream) async fn connect(executor: Executor, door: Door, limit: usize) -> Result<Self, HttpFault> {
        let headers = vec![("Accept".to_owned(), "text/event-stream".to_owned())];
        let request = DoorRequest { method: "GET", headers, body: None, target: None };
        let answer = executor.open(&door, &request).await.map_err(HttpFault::Call)?;
        refuse(answer.status)?;
        let mut stream = events(answer.chunks, limit);
        let endpoint = loop {
            let Some(event) = stream.next().await else { return Err(odd("it ends before it names an address")) };
            let event = event.map_err(|error| odd(&error.to_string()))?;
            if event.event.as_deref() == Some("endpoint") {
                break event.data.unwrap_or_default();
            }
        };
        let (sender, messages) = mpsc::channel(MOST_WAITING);
        let reading = tokio::spawn(async move {
            while let Some(Ok(event)) = stream.next().await {
                let Some(data) = event.data.filter(|data| !data.trim().is_empty()) else { continue };
                match serde_json::from_str(&data) {
                    Ok(message) => {
                        if sender.send(message).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => tracing::debug!(%error, "an upstream sent what is no message"),
                }
            }
        });
        Ok(Self { executor, door: Arc::new(door), endpoint, messages, reading })
    }
}

impl Transport<RoleClient> for SseTransport {
    type Error = HttpFault;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let (executor, door, target) = (self.executor.clone(), Arc::clone(&self.door), self.endpoint.clone());
        async move {
            let body = serde_json::to_vec(&message).map_err(|error| odd(&error.to_string()))?;
            let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
            let request = DoorRequest { method: "POST", headers, body: Some(body), target: Some(target) };
            let answer = executor.open(&door, &request).await.map_err(HttpFault::Call)?;
            refuse(answer.status)
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.reading.abort();
        Ok(())
    }
}

impl Drop for SseTransport {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

fn refuse(status: u16) -> Result<(), HttpFault> {
    match status {
        200..=299 => Ok(()),
        401 => Err(HttpFault::Call(ToolError::Login { api: String::new(), reason: "is needed".to_owned() })),
        status => Err(odd(&format!("it answered {status}"))),
    }
}

fn odd(reason: &str) -> HttpFault {
    HttpFault::Body(BodyError(reason.to_owned()))
}

/// Messages that wait to be looked at; after them, the server waits.
const MOST_WAITING: usize = 64;
