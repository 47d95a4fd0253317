//! A small REST API in memory, which remembers the last request to show it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The document that describes the API.
pub(crate) const DOCUMENT: &str = include_str!("pets.openapi.yaml");

/// The token that the API wants.
pub(crate) const TOKEN: &str = "demo-token-7f3a";

/// The API, serving.
#[derive(Clone, Debug)]
pub(crate) struct PetStore {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    shared: Shared,
}

type Shared = Arc<Mutex<Store>>;

#[derive(Debug, Default)]
struct Store {
    pets: BTreeMap<u64, Value>,
    last_request: String,
}

impl PetStore {
    /// Starts the API on a free loopback port.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let mut store = Store::default();
        for (id, name, species) in [(1, "Mira", "cat"), (2, "Odin", "dog")] {
            store.pets.insert(id, json!({"id": id, "name": name, "species": species, "status": "available"}));
        }
        let shared = Arc::new(Mutex::new(store));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, shared })
    }

    /// The last request as it arrived, without its credential.
    pub(crate) fn last_request(&self) -> String {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).last_request.clone()
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let authorized = head.headers.get(header::AUTHORIZATION).is_some_and(|value| *value == format!("Bearer {TOKEN}"));
    let mut store = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    store.last_request = describe(&head.method, target, authorized, &body);
    if !authorized {
        return problem(StatusCode::UNAUTHORIZED, "the token is missing or wrong");
    }
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    let segments: Vec<&str> = head.uri.path().trim_matches('/').split('/').collect();
    match (head.method, segments.as_slice()) {
        (Method::GET, ["v1", "pets"]) => {
            let pets: Vec<Value> = store.pets.values().rev().cloned().collect();
            Json(json!({"pets": pets})).into_response()
        }
        (Method::POST, ["v1", "pets"]) => (StatusCode::CREATED, Json(store.add(&sent))).into_response(),
        (Method::GET, ["v1", "hours"]) => Json(json!({"today": "9:00 to 18:00"})).into_response(),
        (method, ["v1", "pets", id, rest @ ..]) => store.one(&method, id, rest, &sent),
        _ => problem(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

impl Store {
    fn add(&mut self, sent: &Value) -> Value {
        let id = self.pets.keys().last().map_or(1, |last| last + 1);
        let pet = json!({
            "id": id, "name": sent["name"], "species": sent["species"], "status": "available", "likes": sent["likes"],
        });
        self.pets.insert(id, pet.clone());
        pet
    }

    fn one(&mut self, method: &Method, id: &str, rest: &[&str], sent: &Value) -> Response {
        let Some(pet) = id.parse().ok().and_then(|id: u64| self.pets.get_mut(&id)) else {
            return problem(StatusCode::NOT_FOUND, "there is no such pet");
        };
        match (method, rest) {
            (&Method::GET, []) => Json(pet.clone()).into_response(),
            (&Method::PUT, ["adoption"]) => {
                pet["status"] = json!("adopted");
                pet["owner"] = sent["person"].clone();
                Json(pet.clone()).into_response()
            }
            (&Method::DELETE, []) => {
                self.pets.retain(|key, _| key.to_string() != id);
                StatusCode::NO_CONTENT.into_response()
            }
            _ => problem(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done to a pet"),
        }
    }
}

fn describe(method: &Method, target: &str, authorized: bool, body: &[u8]) -> String {
    let credential = if authorized { "Bearer … (the right token)" } else { "none, or a wrong one" };
    let mut text = format!("{method} {target}\nAuthorization: {credential}");
    if !body.is_empty() {
        text.push_str(&format!("\n{}", String::from_utf8_lossy(body)));
    }
    text
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({"status": status.as_u16(), "detail": detail}).to_string();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], Body::from(body)).into_response()
}
