//! A small MCP server that wants tokens, with its authorization server: MCP "Authorization", RFC 6749, 7009,
//! 7591, 7636, 8414, 8707, 9207 and 9728, as strict as they are, and wrong on demand.

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
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

pub(crate) type Form = BTreeMap<String, String>;

/// One request to the MCP server.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) headers: BTreeMap<String, String>,
}

/// A code that was given to a browser.
struct Code {
    challenge: String,
    redirect_uri: String,
    client: String,
    resource: String,
    scope: String,
}

pub(crate) struct Books {
    pub(crate) seen: Vec<Seen>,
    /// What came to the token endpoint.
    pub(crate) asked: Vec<Form>,
    pub(crate) registered: Vec<Value>,
    pub(crate) revoked: Vec<Form>,
    /// Paths that were asked for.
    pub(crate) paths: Vec<String>,
    /// Access tokens with their ends and scopes.
    tokens: BTreeMap<String, (Instant, String)>,
    refresh: BTreeMap<String, String>,
    codes: BTreeMap<String, Code>,
    clients: BTreeSet<String>,
    issued: usize,
    /// Seconds that a token is good for.
    pub(crate) life: u64,
    /// How long an answer of the token endpoint takes.
    pub(crate) slow: Duration,
    /// What metadata says in place of the truth: `resource`, `issuer`, `authorization_server`, …
    pub(crate) lies: BTreeMap<&'static str, Value>,
    /// Whether clients are registered.
    pub(crate) registers: bool,
    /// What the challenge says after `Bearer`, if not where the metadata is.
    pub(crate) challenge: Option<String>,
    /// Whether there is resource metadata for the path, and for the root.
    pub(crate) metadata: (bool, bool),
}

impl Default for Books {
    fn default() -> Self {
        Self {
            seen: Vec::new(),
            asked: Vec::new(),
            registered: Vec::new(),
            revoked: Vec::new(),
            paths: Vec::new(),
            tokens: BTreeMap::new(),
            refresh: BTreeMap::new(),
            codes: BTreeMap::new(),
            clients: BTreeSet::new(),
            issued: 0,
            life: 3600,
            slow: Duration::ZERO,
            lies: BTreeMap::new(),
            registers: true,
            challenge: None,
            metadata: (true, false),
        }
    }
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
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The MCP server.
    pub(crate) fn url(&self) -> String {
        format!("{}/mcp", self.origin())
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    pub(crate) fn lie(&self, name: &'static str, value: Value) {
        self.books().lies.insert(name, value);
    }

    /// Ends every access token at once.
    pub(crate) fn end_access(&self) {
        self.books().tokens.clear();
    }

    pub(crate) fn end_refresh(&self) {
        self.books().refresh.clear();
    }

    /// Forgets every client.
    pub(crate) fn end_clients(&self) {
        self.books().clients.clear();
    }

    /// How often a token was asked for with this grant.
    pub(crate) fn grants(&self, grant: &str) -> usize {
        self.books().asked.iter().filter(|form| form["grant_type"] == grant).count()
    }

    /// The tokens that the MCP server saw, in order, without repetitions.
    pub(crate) fn authorizations(&self) -> Vec<Option<String>> {
        let mut all: Vec<_> = self.books().seen.iter().map(|seen| seen.headers.get("authorization").cloned()).collect();
        all.dedup();
        all
    }

    /// What a person's browser does: logs in at `url`, and comes back with this query.
    pub(crate) fn log_in(&self, url: &Url) -> String {
        let asked: Form = url.query_pairs().into_owned().collect();
        assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
        assert!(asked["state"].len() >= 32, "{asked:?}");
        assert_eq!(url.path(), "/authorize");
        let mut books = self.books();
        let code = format!("code-{}-of-a-person", books.codes.len());
        let kept = Code {
            challenge: asked["code_challenge"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
            client: asked["client_id"].clone(),
            resource: asked["resource"].clone(),
            scope: asked.get("scope").cloned().unwrap_or_default(),
        };
        books.codes.insert(code.clone(), kept);
        let pairs = [("code", code.as_str()), ("state", &asked["state"]), ("iss", &self.origin())];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// Makes a client known that somebody registered by hand, or whose document is read.
    pub(crate) fn know(&self, client: &str) {
        self.books().clients.insert(client.to_owned());
    }
}

impl Books {
    fn issue(&mut self, scope: &str) -> Response {
        self.issued += 1;
        let (access, next) = (format!("access-{}-secret", self.issued), format!("refresh-{}-secret", self.issued));
        self.tokens.insert(access.clone(), (Instant::now() + Duration::from_secs(self.life), scope.to_owned()));
        self.refresh.insert(next.clone(), scope.to_owned());
        answer_json(
            200,
            &json!({"access_token": access, "token_type": "bearer", "expires_in": self.life, "refresh_token": next, "scope": scope}),
        )
    }

    fn token(&mut self, form: &Form) -> Response {
        let no = |word: &str| answer_json(400, &json!({"error": word, "error_description": format!("{form:?}")}));
        match form["grant_type"].as_str() {
            "authorization_code" => {
                let Some(code) = self.codes.remove(&form["code"]) else { return no("invalid_grant") };
                let shown = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
                let same = shown == code.challenge && form["redirect_uri"] == code.redirect_uri;
                let same = same && form["client_id"] == code.client && form.get("resource") == Some(&code.resource);
                if same { self.issue(&code.scope) } else { no("invalid_grant") }
            }
            "refresh_token" => {
                let known = self.refresh.remove(&form["refresh_token"]);
                known.map_or_else(|| no("invalid_grant"), |scope| self.issue(&scope))
            }
            _ => no("unsupported_grant_type"),
        }
    }

    fn register(&mut self, document: Value) -> Response {
        if !self.registers {
            return answer_json(400, &json!({"error": "invalid_redirect_uri", "error_description": "not from here"}));
        }
        let id = format!("client-{}", self.registered.len() + 1);
        self.clients.insert(id.clone());
        let mut answer = document.clone();
        answer["client_id"] = json!(id);
        self.registered.push(document);
        answer_json(201, &answer)
    }

    fn said(&self, name: &'static str, truth: impl Into<Value>) -> Value {
        self.lies.get(name).cloned().unwrap_or_else(|| truth.into())
    }

    fn resource(&self, server: &Server) -> Response {
        answer_json(
            200,
            &json!({
                "resource": self.said("resource", server.url()),
                "authorization_servers": [self.said("authorization_server", server.origin())],
                "scopes_supported": ["notes:read"],
            }),
        )
    }

    fn issuer(&self, server: &Server) -> Response {
        let at = |path: &str| format!("{}{path}", server.origin());
        answer_json(
            200,
            &json!({
                "issuer": self.said("issuer", server.origin()),
                "authorization_endpoint": self.said("authorization_endpoint", at("/authorize")),
                "token_endpoint": self.said("token_endpoint", at("/token")),
                "revocation_endpoint": at("/revoke"),
                "registration_endpoint": self.said("registration_endpoint", at("/register")),
                "code_challenge_methods_supported": self.said("code_challenge_methods_supported", json!(["S256"])),
                "client_id_metadata_document_supported": self.said("documents", false),
                "authorization_response_iss_parameter_supported": true,
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            }),
        )
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
    let path = parts.uri.path();
    server.books().paths.push(path.to_owned());
    let knows = |form: &Form| form.get("client_id").is_some_and(|id| server.books().clients.contains(id));
    match path {
        "/.well-known/oauth-protected-resource/mcp" if server.books().metadata.0 => server.books().resource(&server),
        "/.well-known/oauth-protected-resource" if server.books().metadata.1 => server.books().resource(&server),
        "/.well-known/oauth-authorization-server" => server.books().issuer(&server),
        "/token" => {
            server.books().asked.push(form.clone());
            let slow = server.books().slow;
            tokio::time::sleep(slow).await;
            if knows(&form) {
                server.books().token(&form)
            } else {
                answer_json(401, &json!({"error": "invalid_client"}))
            }
        }
        "/register" => server.books().register(serde_json::from_slice(&body).unwrap()),
        "/revoke" => {
            server.books().revoked.push(form);
            StatusCode::OK.into_response()
        }
        "/mcp" => {
            server.books().seen.push(Seen { headers: headers.clone() });
            let message = serde_json::from_slice(&body).unwrap_or_default();
            server.mcp(parts.method.as_str(), headers.get("authorization"), &message)
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Server {
    fn mcp(&self, method: &str, authorization: Option<&String>, message: &Value) -> Response {
        let books = self.books();
        let bearer = authorization.and_then(|it| it.strip_prefix("Bearer "));
        let known = bearer.and_then(|token| books.tokens.get(token)).filter(|(end, _)| Instant::now() < *end);
        let Some((_, scope)) = known else {
            let place = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"", self.origin());
            let challenge = format!("Bearer {}", books.challenge.clone().unwrap_or(place));
            return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], "who are you").into_response();
        };
        if method != "POST" {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let Some(id) = message.get("id") else { return StatusCode::ACCEPTED.into_response() };
        let tool =
            |name: &str| json!({"name": name, "description": "Works on notes.", "inputSchema": {"type": "object"}});
        let result = match message["method"].as_str().unwrap() {
            "initialize" => json!({
                "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                "serverInfo": {"name": "notes", "version": "1"},
            }),
            "tools/list" => json!({"tools": [tool("read"), tool("write")]}),
            "tools/call" if message["params"]["name"] == "write" && !scope.split(' ').any(|it| it == "notes:write") => {
                let challenge =
                    "Bearer error=\"insufficient_scope\", scope=\"notes:write $(x)\", error_description=\"no\"";
                return (StatusCode::FORBIDDEN, [(header::WWW_AUTHENTICATE, challenge)], "no").into_response();
            }
            "tools/call" => json!({"content": [{"type": "text", "text": "done"}]}),
            _ => {
                let error = json!({"code": -32601, "message": "no such method"});
                return answer_json(200, &json!({"jsonrpc": "2.0", "id": id, "error": error}));
            }
        };
        answer_json(200, &json!({"jsonrpc": "2.0", "id": id, "result": result}))
    }
}
