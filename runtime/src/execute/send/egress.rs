//! Which addresses a call may reach, decided on the address that is connected to, not on the name.
//!
//! Public servers: global unicast addresses only, as the IANA special-purpose registries list what
//! is not. IPv6 addresses that embed an IPv4 address (mapped, 6to4, NAT64, Teredo) are refused
//! whatever they embed: no public server needs them, and each is a way round a list.
//!
//! `network: private` allows everything but multicast and the metadata services of clouds. Those are
//! allowed only if the api's server is that address literally, because then a person wrote it down.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cap_compiler::capability::Network;
use url::{Host, Url};

/// A range of IPv4 addresses: the first, the length of the prefix, and what it is for.
const SPECIAL_V4: [([u8; 4], u32, &str); 18] = [
    ([0, 0, 0, 0], 8, "an address of this host (RFC 791)"),
    ([10, 0, 0, 0], 8, "a private address (RFC 1918)"),
    ([100, 64, 0, 0], 10, "a carrier's shared address (RFC 6598)"),
    ([127, 0, 0, 0], 8, "a loopback address (RFC 1122)"),
    ([169, 254, 0, 0], 16, "a link-local address (RFC 3927)"),
    ([172, 16, 0, 0], 12, "a private address (RFC 1918)"),
    ([192, 0, 0, 0], 24, "an address for protocols (RFC 6890)"),
    ([192, 0, 2, 0], 24, "a documentation address (RFC 5737)"),
    ([192, 31, 196, 0], 24, "an AS112 address (RFC 7535)"),
    ([192, 52, 193, 0], 24, "a multicast relay address (RFC 7450)"),
    ([192, 88, 99, 0], 24, "a 6to4 relay address (RFC 7526)"),
    ([192, 168, 0, 0], 16, "a private address (RFC 1918)"),
    ([192, 175, 48, 0], 24, "an AS112 address (RFC 7534)"),
    ([198, 18, 0, 0], 15, "a benchmarking address (RFC 2544)"),
    ([198, 51, 100, 0], 24, "a documentation address (RFC 5737)"),
    ([203, 0, 113, 0], 24, "a documentation address (RFC 5737)"),
    ([224, 0, 0, 0], 4, "a multicast address (RFC 5771)"),
    ([240, 0, 0, 0], 4, "a reserved address (RFC 1112)"),
];

/// The same for IPv6, within and outside of 2000::/3, the only range of global unicast addresses.
const SPECIAL_V6: [([u16; 2], u32, &str); 13] = [
    ([0x2001, 0], 23, "an address for protocols, Teredo among them (RFC 2928, RFC 4380)"),
    ([0x2001, 0x0db8], 32, "a documentation address (RFC 3849)"),
    ([0x2002, 0], 16, "a 6to4 address (RFC 3056)"),
    ([0x2620, 0x004f], 32, "an AS112 address (RFC 7534)"),
    ([0x3fff, 0], 20, "a documentation address (RFC 9637)"),
    ([0x0064, 0xff9b], 32, "a NAT64 address (RFC 6052, RFC 8215)"),
    ([0x0100, 0], 16, "a discard address (RFC 6666)"),
    ([0x5f00, 0], 16, "a segment routing address (RFC 9602)"),
    ([0xfc00, 0], 7, "a private address (RFC 4193)"),
    ([0xfe80, 0], 10, "a link-local address (RFC 4291)"),
    ([0xfec0, 0], 10, "a site-local address (RFC 3879)"),
    ([0xff00, 0], 8, "a multicast address (RFC 4291)"),
    ([0, 0], 16, "an address of this host or one that embeds IPv4 (RFC 4291)"),
];

/// Where clouds hand out credentials to whoever asks from inside.
const METADATA: [IpAddr; 8] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023)),
];

/// Checks the parts of a server's URL that need no name resolution.
///
/// # Errors
/// Why it must not be called.
pub(crate) fn check_url(url: &Url, network: Network) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is `{}`; only `http` and `https` are called", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has credentials in its URL; they belong in `auth`".to_owned());
    }
    match url.host() {
        None => Err("it has no host".to_owned()),
        Some(Host::Domain(name)) if name.trim_end_matches('.').ends_with(".invalid") => {
            Err("it is a placeholder; write the server's URL into `server` of the api's file".to_owned())
        }
        Some(Host::Domain(_)) => Ok(()),
        Some(Host::Ipv4(address)) => check_literal(IpAddr::V4(address), network),
        Some(Host::Ipv6(address)) => check_literal(IpAddr::V6(address), network),
    }
}

/// Checks a URL that a server named: a literal address in it is nothing that a person wrote down, and is judged
/// like one that a name leads to.
///
/// # Errors
/// Why it must not be reached.
pub(crate) fn check_found(url: &Url, network: Network) -> Result<(), String> {
    check_url(url, network)?;
    match url.host() {
        Some(Host::Ipv4(address)) => check_resolved(IpAddr::V4(address), network),
        Some(Host::Ipv6(address)) => check_resolved(IpAddr::V6(address), network),
        Some(Host::Domain(_)) | None => Ok(()),
    }
}

/// The addresses of a name that may be connected to.
///
/// # Errors
/// Why not, if there are addresses and none of them may.
pub(crate) fn allowed(found: Vec<IpAddr>, network: Network) -> Result<Vec<IpAddr>, String> {
    let mut refused = None;
    let mut allowed = found;
    allowed.retain(|address| check_resolved(*address, network).map_err(|reason| refused = Some(reason)).is_ok());
    match refused {
        Some(reason) if allowed.is_empty() => Err(reason),
        _ => Ok(allowed),
    }
}

/// Checks the address of a proxy, which may be private: a person wrote it down for this api.
///
/// # Errors
/// Why it must not be connected to.
pub(crate) fn check_proxy(proxy: &Url) -> Result<(), String> {
    let address = match proxy.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    check_resolved(address, Network::Private).map_err(|_| "its proxy is not at an address that proxies have".to_owned())
}

/// Checks an address that a name resolved to.
///
/// # Errors
/// Why it must not be connected to.
pub(crate) fn check_resolved(address: IpAddr, network: Network) -> Result<(), String> {
    if METADATA.contains(&address.to_canonical()) {
        return Err(format!("it resolves to {address}, a cloud's metadata service"));
    }
    check_literal(address, network).map_err(|reason| format!("it resolves to {address}: {reason}"))
}

fn check_literal(address: IpAddr, network: Network) -> Result<(), String> {
    let Some(purpose) = special_purpose(address) else { return Ok(()) };
    match network {
        Network::Public => Err(format!("{address} is {purpose}; `network: private` in the api's file would allow it")),
        Network::Private if address.to_canonical().is_multicast() => Err(format!("{address} is {purpose}")),
        Network::Private => Ok(()),
    }
}

/// What an address is for, if it is not a public server's.
fn special_purpose(address: IpAddr) -> Option<&'static str> {
    if METADATA.contains(&address) {
        return Some("a cloud's metadata service");
    }
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    let within = |(first, prefix): ([u8; 4], u32)| (bits ^ u32::from_be_bytes(first)) >> (32 - prefix) == 0;
    SPECIAL_V4.iter().find(|(first, prefix, _)| within((*first, *prefix))).map(|(_, _, purpose)| *purpose)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let [first, second, ..] = address.segments();
    let bits = u32::from(first) << 16 | u32::from(second);
    let within = |start: [u16; 2], prefix: u32| {
        let [start, rest] = start;
        (bits ^ (u32::from(start) << 16 | u32::from(rest))) >> (32 - prefix) == 0
    };
    let listed = SPECIAL_V6.iter().find(|(start, prefix, _)| within(*start, *prefix)).map(|(_, _, purpose)| *purpose);
    let global = first >> 13 == 1;
    listed.or((!global).then_some("no global unicast address (RFC 4291)"))
}

#[cfg(test)]
mod tests;
