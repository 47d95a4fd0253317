//! An MCP server to test against: `peer stdio` and `peer http`, in every revision that rmcp speaks.
//!
//! It offers what the official conformance suite asks of a server, and tools that show how a client
//! or a gateway treats it: who shares a session, who cancels, what was passed on. It trusts its
//! callers and is for tests on one machine.

mod asking;
mod http;
mod listeners;
mod options;
mod prompts;
mod resources;
mod server;
mod shared;
mod tools;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use rmcp::ServiceExt;
use rmcp::transport::stdio;

use options::{Command, Options};
use server::PeerServer;
use shared::Shared;

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    tokio::time::sleep(Duration::from_millis(options.delay_start)).await;
    if let Some(lifetime) = options.die_after {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(lifetime)).await;
            shared::die()
        });
    }
    let shared = Arc::new(Shared::new(&options));
    match options.command {
        Command::Stdio => {
            let running = PeerServer::new(shared).serve(stdio()).await.map_err(io::Error::other)?;
            running.waiting().await.map(|_| ()).map_err(io::Error::other)
        }
        Command::Http { port } => http::serve(shared, &options, port).await,
    }
}
