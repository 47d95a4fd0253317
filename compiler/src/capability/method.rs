//! HTTP methods.

/// The methods of IANA's registry (RFC 9110, section 16.1), and `PURGE`, which caches know. `CONNECT`
/// and `PRI` are no requests to a resource.
pub const METHODS: [&str; 40] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "QUERY",
    "SEARCH",
    "PROPFIND",
    "PROPPATCH",
    "REPORT",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "LINK",
    "UNLINK",
    "MKCOL",
    "MKCALENDAR",
    "MKACTIVITY",
    "MKWORKSPACE",
    "MKREDIRECTREF",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "UNBIND",
    "REBIND",
    "CHECKIN",
    "CHECKOUT",
    "UNCHECKOUT",
    "LABEL",
    "MERGE",
    "ORDERPATCH",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
    "PURGE",
    "SUBSCRIBE",
];

/// Whether a definition may use this method. Methods are case-sensitive.
#[must_use]
pub fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}
