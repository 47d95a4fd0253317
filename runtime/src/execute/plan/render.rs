//! A request plan as text, for dry runs. Secrets appear by name.

use std::fmt::Write as _;

use super::encode::{is_json, join_pairs};
use super::{PlannedBody, PlannedContent, PlannedCredential, PlannedOAuth2, PlannedPart, RequestPlan};

impl RequestPlan {
    /// The HTTP request as text, with the credentials of the first alternative. Every secret is
    /// shown as `{secret.NAME}`.
    #[must_use]
    pub fn render(&self) -> String {
        let credentials = self.auth.first().map(Vec::as_slice).unwrap_or_default();
        let mut out = format!("{} {}\n", self.method, self.url(credentials));
        for (name, value) in &self.headers {
            line(&mut out, name, value);
        }
        if let Some(key) = self.idempotency_key.as_ref().filter(|key| !self.has_header(key)) {
            line(&mut out, key, "<a new one for each call>");
        }
        for credential in credentials {
            match credential {
                PlannedCredential::Bearer(token) => line(&mut out, "Authorization", format_args!("Bearer {token}")),
                PlannedCredential::Basic { username, password } => {
                    line(&mut out, "Authorization", format_args!("Basic base64({username}:{password})"));
                }
                PlannedCredential::Header(name, value) => line(&mut out, name, value),
                PlannedCredential::OAuth2(oauth2) => line(&mut out, "Authorization", self.shown_token(oauth2)),
                PlannedCredential::AwsSigV4(key) => {
                    let scope = format_args!("{}/{}", key.region, key.service);
                    line(&mut out, "Authorization", format_args!("AWS4-HMAC-SHA256 {{signature for {scope}}}"));
                }
                PlannedCredential::Query(..) | PlannedCredential::Cookie(..) => {}
            }
        }
        let cookies = self.shown_cookies(credentials);
        if !cookies.is_empty() {
            line(&mut out, "Cookie", cookies.join("; "));
        }
        if let Some(body) = &self.body {
            line(&mut out, "Content-Type", &body.media_type);
            let _ = write!(out, "\n{}\n", body.render());
        }
        out
    }

    fn has_header(&self, wanted: &str) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    }

    /// A ready token by its secret, and where the others come from.
    fn shown_token(&self, oauth2: &PlannedOAuth2) -> String {
        let ready = oauth2.token.as_ref().map(|token| format!("{token}, or else ")).unwrap_or_default();
        format!("Bearer {ready}{{oauth2 token of {}}}", self.api)
    }

    fn url(&self, credentials: &[PlannedCredential]) -> String {
        let mut query: Vec<String> = self.query.iter().map(|pair| join_pairs(std::slice::from_ref(pair))).collect();
        for credential in credentials {
            if let PlannedCredential::Query(name, value) = credential {
                query.push(format!("{name}={value}"));
            }
        }
        let mark = match (query.is_empty(), self.path.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        format!("{}{}{mark}{}", self.server, self.path, query.join("&"))
    }

    fn shown_cookies(&self, credentials: &[PlannedCredential]) -> Vec<String> {
        let mut cookies = self.cookies.clone();
        for credential in credentials {
            if let PlannedCredential::Cookie(name, value) = credential {
                cookies.push(format!("{name}={value}"));
            }
        }
        cookies
    }
}

impl PlannedBody {
    fn render(&self) -> String {
        match &self.content {
            PlannedContent::Text(text) if is_json(&self.media_type) => pretty(text),
            PlannedContent::Text(text) => text.clone(),
            PlannedContent::Bytes(bytes) => size(bytes.len()),
            PlannedContent::Multipart { boundary, parts } => {
                let parts: String = parts.iter().map(|part| render_part(part, boundary)).collect();
                format!("{parts}--{boundary}--")
            }
        }
    }
}

fn render_part(part: &PlannedPart, boundary: &str) -> String {
    let content = match std::str::from_utf8(&part.bytes) {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => size(part.bytes.len()),
    };
    format!("--{boundary}\n{}\n\n{content}\n", part.head().replace("\r\n", "\n"))
}

fn pretty(text: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(text);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| text.to_owned())
}

fn size(bytes: usize) -> String {
    format!("<{bytes} bytes>")
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{name}: {value}");
}
