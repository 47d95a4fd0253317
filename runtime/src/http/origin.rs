//! From where requests are taken: which `Host` they may name and which pages may send them.

use std::net::SocketAddr;

/// The hosts and origins that requests to `/mcp` may carry.
///
/// A web page can make a browser send requests to this machine (DNS rebinding), so both are
/// checked. Programs send no `Origin` and are not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Host names, with or without a port.
    pub hosts: Vec<String>,
    /// Origins, such as `https://console.example.com:443`.
    pub origins: Vec<String>,
}

impl Admission {
    /// Loopback names and the address that is listened on, and pages served from there.
    #[must_use]
    pub fn local(listen: SocketAddr) -> Self {
        let mut hosts: Vec<String> = LOOPBACK.iter().map(|host| (*host).to_owned()).collect();
        let own = listen.ip().to_string();
        if !listen.ip().is_unspecified() && !hosts.contains(&own) {
            hosts.push(own);
        }
        let origins = hosts.iter().map(|host| format!("http://{}:{}", bracketed(host), listen.port())).collect();
        Self { hosts, origins }
    }

    /// More hosts and origins, from the settings.
    #[must_use]
    pub fn with(mut self, hosts: &[String], origins: &[String]) -> Self {
        self.hosts.extend_from_slice(hosts);
        self.origins.extend_from_slice(origins);
        self
    }
}

/// The host as it stands in a URL.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

#[cfg(test)]
mod tests {
    use super::Admission;

    #[test]
    fn only_this_machine_is_admitted() {
        let local = Admission::local(([127, 0, 0, 1], 39400).into());
        assert_eq!(local.hosts, ["localhost", "127.0.0.1", "::1"]);
        assert!(local.origins.contains(&"http://[::1]:39400".to_owned()));
        assert_eq!(Admission::local(([0, 0, 0, 0], 1).into()).hosts.len(), 3);
        assert!(Admission::local(([10, 0, 0, 7], 1).into()).hosts.contains(&"10.0.0.7".to_owned()));
    }
}
