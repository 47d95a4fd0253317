//! A capability with nothing special about it; tests change what they are about.

#![allow(dead_code, reason = "each test file uses its part")]

use cap_compiler::capability::{
    Annotations, AnswerRules, Call, Capability, HttpCall, Limits, Network, Origin, PathPiece, ServerName, Text,
    ToolName,
};
use cap_compiler::source::SourceId;
use serde_json::json;

/// A tool of a server, with any arguments.
pub(crate) fn capability(server: &str, tool: &str, call: HttpCall) -> Capability {
    Capability {
        tool: ToolName(tool.to_owned()),
        server: ServerName(server.to_owned()),
        title: None,
        description: "A test.".to_owned(),
        deprecated: false,
        tags: Vec::new(),
        annotations: Annotations { read_only: true, destructive: false, idempotent: true, open_world: true },
        input: (&json!({"type": "object"})).into(),
        output: None,
        answer: AnswerRules::default(),
        call: Call::Http(Box::new(call)),
        limits: Limits::default(),
        origin: Origin { definition: SourceId::new("test.yaml"), api: None, dependencies: Vec::new() },
    }
}

/// A GET below a private server with nothing else.
pub(crate) fn get(server: &str, path: &str) -> HttpCall {
    HttpCall {
        method: "GET".to_owned(),
        server: Text::literal(server),
        network: Network::Private,
        path: vec![PathPiece::Literal(path.to_owned())],
        query: Vec::new(),
        headers: Vec::new(),
        cookies: Vec::new(),
        body: None,
        auth: Vec::new(),
        idempotency_key: None,
        transport: None,
    }
}
