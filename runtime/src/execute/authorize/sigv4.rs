//! AWS Signature Version 4 of a request, in its headers. It signs the request as it is sent: method,
//! path, query, the headers that are known by then, and the body.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::token::now_ms;
use crate::execute::plan::{hex, host, percent_encode};
use crate::execute::wire::WireRequest;

/// An access key and what it signs for, looked up.
pub(in crate::execute) struct AccessKey {
    pub(in crate::execute) region: String,
    pub(in crate::execute) service: String,
    pub(in crate::execute) id: String,
    pub(in crate::execute) secret: SecretString,
    pub(in crate::execute) session_token: Option<SecretString>,
}

/// Headers that proxies and clients change, and those that hold the signature.
const UNSIGNED: [&str; 5] = ["authorization", "user-agent", "x-amzn-trace-id", "expect", "connection"];

/// Adds the signature's headers to a request, for this moment.
pub(in crate::execute) fn sign(request: &mut WireRequest, key: &AccessKey) {
    sign_at(request, key, now_ms() / 1000);
}

fn sign_at(request: &mut WireRequest, key: &AccessKey, now: u64) {
    let time = timestamp(now);
    let date = time.get(..8).unwrap_or_default().to_owned();
    let payload = hex(&Sha256::digest(request.body.as_deref().unwrap_or_default()));
    set(request, "X-Amz-Date", &time);
    if key.service.starts_with("s3") {
        set(request, "X-Amz-Content-Sha256", &payload);
    }
    if let Some(token) = &key.session_token {
        set(request, "X-Amz-Security-Token", token.expose_secret());
    }
    let (canonical, signed_headers) = canonical_request(request, key, &payload);
    let scope = format!("{date}/{}/{}/aws4_request", key.region, key.service);
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(&canonical)));
    let signature = hex(&hmac(&signing_key(key, &date), text.as_bytes()));
    let credential = format!("{}/{scope}", key.id);
    let value =
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}");
    set(request, "Authorization", &value);
}

fn set(request: &mut WireRequest, name: &str, value: &str) {
    request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    request.headers.push((name.to_owned(), value.to_owned()));
}

/// The canonical request and the names of the headers in it.
fn canonical_request(request: &WireRequest, key: &AccessKey, payload: &str) -> (String, String) {
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .filter(|(name, _)| !UNSIGNED.contains(&name.as_str()))
        .collect();
    headers.push(("host".to_owned(), host(&request.url)));
    // Stable, so that equal names keep their order.
    headers.sort_by(|(a, _), (b, _)| a.cmp(b));
    headers.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 = format!("{},{}", first.1, later.1);
        }
        same
    });
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let (path, query) = (canonical_path(request, key), canonical_query(request));
    (format!("{}\n{path}\n{query}\n{lines}\n{names}\n{payload}", request.method), names)
}

/// Every service but S3 signs the path encoded once more, and without empty segments.
fn canonical_path(request: &WireRequest, key: &AccessKey) -> String {
    let path = request.url.path();
    if key.service.starts_with("s3") {
        return path.split('/').map(reencoded).collect::<Vec<_>>().join("/");
    }
    let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(percent_encode).collect();
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// Sorted by encoded name and value.
fn canonical_query(request: &WireRequest) -> String {
    let query = request.url.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (reencoded(name), reencoded(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Text of a URL with exactly the characters encoded that AWS wants encoded.
fn reencoded(text: &str) -> String {
    percent_encoding::percent_encode(&percent_encoding::percent_decode_str(text).collect::<Vec<u8>>(), UNRESERVED)
        .to_string()
}

/// All but letters, digits, `-`, `.`, `_` and `~`.
const UNRESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn signing_key(key: &AccessKey, date: &str) -> Vec<u8> {
    let first = format!("AWS4{}", key.secret.expose_secret());
    [date, &key.region, &key.service, "aws4_request"]
        .into_iter()
        .fold(first.into_bytes(), |derived, part| hmac(&derived, part.as_bytes()))
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, so there is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Seconds since 1970 as `20150830T123600Z`.
fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days of the civil calendar, counted from 1 March of the year 0 in eras of 400 years.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests;
