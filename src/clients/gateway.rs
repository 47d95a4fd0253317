//! The gateway as clients know it: its entry in each client's way, and whether an entry is its own.

use std::path::Path;

use serde_json::{Map, Value};
use url::{Host, Url};

use super::Client;
use crate::upstreams::Reach;

/// What the gateway is known by.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    /// The port it listens on.
    pub(crate) port: u16,
    /// Further host names that lead to it.
    pub(crate) hosts: Vec<String>,
}

/// How a client reaches the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GatewayReach {
    /// At a URL.
    Url(String),
    /// By starting a program: its path and its arguments.
    Program(String, Vec<String>),
}

impl Gateway {
    /// Whether a server is the gateway itself.
    pub(crate) fn is_reached_by(&self, reach: &Reach) -> bool {
        match reach {
            Reach::Http(url) | Reach::Sse(url) => self.is_own_url(url),
            Reach::Stdio(command) => {
                let program = command.first().map(String::as_str).unwrap_or_default();
                // Programs of other systems stand in files that are carried along.
                let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
                let is_cap = Path::new(name).file_stem().is_some_and(|stem| stem == "cap");
                (is_cap && command.iter().any(|argument| argument == "serve"))
                    || command.iter().skip(1).any(|argument| self.is_own_url(argument))
            }
        }
    }

    fn is_own_url(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let is_own_host = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || self.hosts.iter().any(|host| host == name),
            Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
            Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
            None => false,
        };
        is_own_host && url.port_or_known_default() == Some(self.port) && is_own_path(url.path())
    }
}

/// `/mcp`, and the addresses of single servers below it.
fn is_own_path(path: &str) -> bool {
    path.strip_prefix("/mcp").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The gateway's entry in a client's file.
pub(crate) fn entry(client: Client, reach: &GatewayReach) -> Map<String, Value> {
    let says_type = matches!(client, Client::ClaudeCode | Client::VsCode);
    let mut entry = Map::new();
    match reach {
        GatewayReach::Url(url) => {
            if says_type {
                entry.insert("type".to_owned(), "http".into());
            }
            let key = if client == Client::Windsurf { "serverUrl" } else { "url" };
            entry.insert(key.to_owned(), url.as_str().into());
        }
        GatewayReach::Program(program, arguments) => {
            if says_type {
                entry.insert("type".to_owned(), "stdio".into());
            }
            entry.insert("command".to_owned(), program.as_str().into());
            entry.insert("args".to_owned(), arguments.clone().into());
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_knows_itself() {
        let gateway = Gateway { port: 39400, hosts: vec!["tools.example".to_owned()] };
        let url = |url: &str| gateway.is_reached_by(&Reach::Http(url.to_owned()));
        let command = |line: &str| gateway.is_reached_by(&Reach::Stdio(line.split(' ').map(str::to_owned).collect()));
        assert!(
            url("http://127.0.0.1:39400/mcp") && url("http://localhost:39400/mcp/") && url("http://[::1]:39400/mcp")
        );
        assert!(url("http://tools.example:39400/mcp") && url("http://127.0.0.1:39400/mcp/servers/x"));
        assert!(!url("http://127.0.0.1:39400/mcpx"));
        assert!(!url("http://127.0.0.1:8000/mcp") && !url("https://other.example:39400/mcp") && !url("no url"));
        assert!(command("/usr/bin/cap serve --stdio") && command("C:\\bin\\cap.exe serve --stdio"));
        assert!(command("npx mcp-remote http://127.0.0.1:39400/mcp"));
        assert!(!command("cap check") && !command("npx server serve"));
    }
}
