//! An endpoint for each server that somebody asks for, for as long as there is such a server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use super::SingleServer;
use crate::mcp::Gateway;
use crate::mcp::endpoint::{Admitted, config};
use crate::registry::{Caller, View};

type Endpoint = StreamableHttpService<SingleServer, LocalSessionManager>;

/// The endpoints of single servers. Clones are one.
#[derive(Clone)]
pub struct SingleEndpoints {
    gateway: Gateway,
    admitted: Admitted,
    endpoints: Arc<Mutex<BTreeMap<String, Endpoint>>>,
}

impl SingleEndpoints {
    /// None yet; each will take what is `admitted`.
    #[must_use]
    pub fn new(gateway: Gateway, admitted: Admitted) -> Self {
        Self { gateway, admitted, endpoints: Arc::default() }
    }

    /// The endpoint of a server.
    ///
    /// # Errors
    /// What to say where there is no such server.
    pub fn of(&self, name: &str) -> Result<Endpoint, String> {
        let snapshot = self.gateway.snapshot();
        let view = View::of(&snapshot, Caller::Anyone);
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.retain(|known, _| view.server(known).is_ok());
        if let Err(near) = view.server(name) {
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(format!("there is no such server{near}\n"));
        }
        if let Some(known) = endpoints.get(name) {
            return Ok(known.clone());
        }
        let (gateway, own): (Gateway, Arc<str>) = (self.gateway.clone(), Arc::from(name));
        let service = StreamableHttpService::new(
            move || Ok(SingleServer::new(gateway.clone(), Arc::clone(&own))),
            Arc::new(LocalSessionManager::default()),
            config(&self.admitted),
        );
        endpoints.insert(name.to_owned(), service.clone());
        Ok(service)
    }
}

impl std::fmt::Debug for SingleEndpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SingleEndpoints").finish_non_exhaustive()
    }
}
