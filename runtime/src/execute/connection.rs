//! How connections of one request are made, with the values of its secrets.

use cap_compiler::capability::Transport;
use secrecy::SecretString;

use super::error::ToolError;
use super::plan::{PlannedTransport, Sealed};
use super::wire::Opener;

/// A proxy and certificates. It holds values of secrets and has no `Debug`.
#[derive(Clone, Default)]
pub(super) struct Connection {
    /// The URL of a proxy, which may hold a user name and a password.
    pub(super) proxy: Option<SecretString>,
    /// PEM certificates of authorities, instead of the system's.
    pub(super) ca: Option<String>,
    /// The client's certificate and its key, as PEM.
    pub(super) identity: Option<SecretString>,
}

impl Connection {
    /// For another origin: the way out stays, what is this server's alone does not.
    pub(super) fn abroad(&self) -> Self {
        Self { proxy: self.proxy.clone(), ca: None, identity: None }
    }
}

/// Looks up what the plan names.
///
/// # Errors
/// `MissingSecret`, or `Definition` when a template fails.
pub(super) fn open(
    planned: Option<&PlannedTransport>,
    opener: &mut Opener<'_>,
) -> Result<Option<Box<Connection>>, ToolError> {
    let Some(planned) = planned else { return Ok(None) };
    let proxy = planned.proxy.as_ref().map(|proxy| opener.open(proxy).map(SecretString::from)).transpose()?;
    let identity = match &planned.identity {
        None => None,
        Some((certificate, key)) => {
            let (certificate, key) = (opener.open(certificate)?, opener.open(key)?);
            Some(SecretString::from(format!("{certificate}\n{key}")))
        }
    };
    Ok(Some(Box::new(Connection { proxy, ca: planned.ca.clone(), identity })))
}

/// The way out for requests to other servers than the definition's: its proxy, and none of its
/// certificates.
///
/// # Errors
/// As [`open`].
pub(super) fn open_way_out(
    planned: Option<&PlannedTransport>,
    opener: &mut Opener<'_>,
) -> Result<Option<Box<Connection>>, ToolError> {
    let Some(proxy) = planned.and_then(|planned| planned.proxy.as_ref()) else { return Ok(None) };
    let proxy = Some(SecretString::from(opener.open(proxy)?));
    Ok(Some(Box::new(Connection { proxy, ca: None, identity: None })))
}

/// The settings of a definition with its templates bound.
///
/// # Errors
/// What `seal` says of a text.
pub(super) fn plan(
    transport: &Transport,
    seal: impl Fn(&cap_compiler::capability::Text) -> Result<Sealed, ToolError>,
) -> Result<PlannedTransport, ToolError> {
    let identity = match &transport.identity {
        None => None,
        Some(identity) => Some((seal(&identity.certificate)?, seal(&identity.key)?)),
    };
    let proxy = transport.proxy.as_ref().map(&seal).transpose()?;
    Ok(PlannedTransport { proxy, ca: transport.ca.clone(), identity })
}
