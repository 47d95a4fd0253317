//! Names to addresses: as the system does, or as whoever set up the executor says.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;

/// Turns names of servers into addresses. What it gives is judged afterwards, each time it is asked.
pub trait Resolver: Debug + Send + Sync {
    /// The addresses of a name; none is as good as an error.
    fn resolve(&self, name: &str) -> Resolving;
}

/// Addresses that are being looked up.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The system's own resolution.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, name: &str) -> Resolving {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
