//! Answers that are read while they come.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::HeaderMap;

use super::{Bounds, Clients, SendError, classify};
use crate::execute::wire::WireRequest;

/// An answer that has begun.
pub(crate) struct Opened {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, decompressed. Whoever reads it bounds it.
    pub(crate) chunks: BoxStream<'static, Result<Bytes, SendError>>,
}

impl Clients {
    /// Sends a request and gives its answer as soon as it begins.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn open(&self, request: &WireRequest, bounds: &Bounds) -> Result<Opened, SendError> {
        let mut response = self.exchange(request, bounds).await?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let chunks = response.bytes_stream().map(|chunk| chunk.map_err(classify)).boxed();
        Ok(Opened { status, headers, chunks })
    }
}
