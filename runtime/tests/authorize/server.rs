//! A small authorization server and the api that takes its tokens: RFC 6749, 7009, 7636, 8414, 8628
//! and 9207, as strict as they are, and with failures on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

type Form = BTreeMap<String, String>;

/// One request to the token endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) form: Form,
    pub(crate) authorization: Option<String>,
}

/// One request to the api.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) asked: Vec<Asked>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) revoked: Vec<Form>,
    /// Access tokens and when they end.
    tokens: BTreeMap<String, Instant>,
    refresh: BTreeSet<String>,
    /// Codes with their challenge and redirect URI.
    codes: BTreeMap<String, (String, String)>,
    issued: usize,
    /// Seconds that a token is good for.
    pub(crate) life: Option<u64>,
    /// How long an answer of the token endpoint takes.
    pub(crate) slow: Duration,
    /// Statuses that the token endpoint answers with next.
    pub(crate) failures: Vec<u16>,
    /// What the token endpoint says to a device, in order, before it gives a token.
    pub(crate) device: Vec<&'static str>,
    /// Whether the api refuses every token.
    pub(crate) refuses_all: bool,
    /// The issuer in the metadata, if it is not the server's own.
    pub(crate) other_issuer: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    books: Arc<Mutex<Books>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), books: Arc::default() };
        server.books().life = Some(3600);
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    pub(crate) fn asked(&self) -> usize {
        self.books().asked.len()
    }

    pub(crate) fn last(&self) -> Seen {
        self.books().seen.last().unwrap().clone()
    }

    /// Ends every access token at once.
    pub(crate) fn end_access(&self) {
        self.books().tokens.clear();
    }

    pub(crate) fn end_refresh(&self) {
        self.books().refresh.clear();
    }

    /// Makes a refresh token good.
    pub(crate) fn allow_refresh(&self, token: &str) {
        self.books().refresh.insert(token.to_owned());
    }

    /// The refresh token that a person got somewhere else.
    pub(crate) fn log_in_refresh(&self) -> String {
        self.allow_refresh("refresh-0");
        "refresh-0".to_owned()
    }

    /// What a person's browser does: logs in at `url`, and comes back with this query.
    pub(crate) fn log_in(&self, url: &Url) -> String {
        let asked: Form = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["state"].len() >= 32, "{asked:?}");
        let mut books = self.books();
        let code = format!("code-{}", books.codes.len());
        books.codes.insert(code.clone(), (asked["code_challenge"].clone(), asked["redirect_uri"].clone()));
        let pairs = [("code", code.as_str()), ("state", &asked["state"]), ("iss", &self.url())];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}

impl Books {
    fn issue(&mut self, refresh: bool) -> Response {
        self.issued += 1;
        let (access, next) = (format!("access-{}", self.issued), format!("refresh-{}", self.issued));
        let life = self.life.unwrap_or(3600);
        self.tokens.insert(access.clone(), Instant::now() + Duration::from_secs(life));
        let mut body = json!({"access_token": access, "token_type": "Bearer", "scope": "orders:read orders:write"});
        if let Some(life) = self.life {
            body["expires_in"] = json!(life);
        }
        if refresh {
            self.refresh.insert(next.clone());
            body["refresh_token"] = json!(next);
        }
        answer_json(200, &body)
    }

    fn token(&mut self, form: &Form) -> Response {
        if let Some(status) = (!self.failures.is_empty()).then(|| self.failures.remove(0)) {
            return (StatusCode::from_u16(status).unwrap(), "out of order").into_response();
        }
        let no = |word: &str| answer_json(400, &json!({"error": word, "error_description": format!("{form:?}")}));
        let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        match said("grant_type") {
            "client_credentials" => self.issue(false),
            // Rotation: a refresh token is good once.
            "refresh_token" if self.refresh.remove(said("refresh_token")) => self.issue(true),
            "authorization_code" => {
                let Some((challenge, redirect_uri)) = self.codes.remove(said("code")) else {
                    return no("invalid_grant");
                };
                let shown = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(said("code_verifier")));
                if shown != challenge || redirect_uri != said("redirect_uri") {
                    return no("invalid_grant");
                }
                self.issue(true)
            }
            "urn:ietf:params:oauth:grant-type:device_code" if said("device_code") == "device-code" => {
                match (!self.device.is_empty()).then(|| self.device.remove(0)) {
                    Some(word) => no(word),
                    None => self.issue(true),
                }
            }
            _ => no("invalid_grant"),
        }
    }

    /// The client's credentials, in the header or in the body.
    fn knows(form: &Form, authorization: Option<&str>) -> bool {
        match authorization {
            Some(basic) => {
                let pair = basic.strip_prefix("Basic ").and_then(|text| BASE64_STANDARD.decode(text).ok());
                pair.as_deref() == Some(b"gate%3Away:s%2Bcr%25et" as &[u8])
            }
            None if form.contains_key("client_secret") => {
                form["client_id"] == "gate:way" && form["client_secret"] == "s+cr%et"
            }
            None => form.get("client_id").is_some_and(|id| id == "public"),
        }
    }
}

fn answer_json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn answer(State(server): State<Server>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    let headers: BTreeMap<String, String> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let form: Form = form_urlencoded::parse(&body).into_owned().collect();
    let authorization = headers.get("authorization").cloned();
    match parts.uri.path() {
        "/.well-known/oauth-authorization-server" => {
            let issuer = server.books().other_issuer.clone().unwrap_or_else(|| server.url());
            let at = |path: &str| format!("{}{path}", server.url());
            answer_json(
                200,
                &json!({
                    "issuer": issuer,
                    "token_endpoint": at("/token"),
                    "authorization_endpoint": at("/authorize"),
                    "device_authorization_endpoint": at("/device"),
                    "revocation_endpoint": at("/revoke"),
                    "authorization_response_iss_parameter_supported": true,
                }),
            )
        }
        "/token" | "/device" | "/revoke" if !Books::knows(&form, authorization.as_deref()) => {
            answer_json(401, &json!({"error": "invalid_client"}))
        }
        "/token" => {
            server.books().asked.push(Asked { form: form.clone(), authorization });
            let slow = server.books().slow;
            tokio::time::sleep(slow).await;
            server.books().token(&form)
        }
        "/device" => answer_json(
            200,
            &json!({"device_code": "device-code", "user_code": "WDJB-MJHT", "verification_uri": "https://login.example/device",
                    "expires_in": 60, "interval": 0}),
        ),
        "/revoke" => {
            server.books().revoked.push(form);
            StatusCode::OK.into_response()
        }
        _ => {
            let bearer = authorization.as_deref().and_then(|it| it.strip_prefix("Bearer ")).map(str::to_owned);
            let mut books = server.books();
            let target = parts.uri.to_string();
            books.seen.push(Seen { method: parts.method.to_string(), target, headers, body });
            let good = bearer.is_none_or(|token| {
                token == "ready" || books.tokens.get(&token).is_some_and(|end| Instant::now() < *end)
            });
            if good && !books.refuses_all {
                answer_json(200, &json!({"ok": true}))
            } else {
                answer_json(401, &json!({"error": "no such token", "seen": authorization}))
            }
        }
    }
}
