//! `cap`: turns REST APIs into reviewed MCP tools, and serves them.
//!
//! This file parses the command line and calls the command; the work is done in `cap-compiler`
//! (text to capabilities) and `cap-runtime` (capabilities to MCP).

mod address;
mod args;
mod catalog;
mod clients;
mod commands;
mod demo;
mod disk;
mod document;
mod exit;
mod log;
mod output;
mod secrets;
mod upstreams;
mod workspace;

use std::io::Write;
use std::process::ExitCode;

use cap_runtime::secret::net;
use clap::Parser;

use args::{Cli, Command};
use output::Output;

fn main() -> ExitCode {
    mask_panics();
    let cli = Cli::parse();
    let output = Output::new();
    let result = match &cli.command {
        Command::Import(args) => commands::import::run(args, &output),
        Command::Add(args) => commands::add::run(args, &output),
        Command::Connect(args) => commands::connect::run(args, &output),
        Command::Remove(args) => commands::remove::run(args, &output),
        Command::Check(args) => commands::check::run(args, &output),
        Command::Fmt(args) => commands::fmt::run(args, &output),
        Command::Diff(args) => commands::diff::run(args, &output),
        Command::Pin(args) => commands::pin::run(args, &output),
        Command::Sign(args) => commands::sign::run(args, &output),
        Command::Verify(args) => commands::verify::run(args, &output),
        Command::List(args) => commands::list::run(args, &output),
        Command::Show(args) => commands::show::run(args, &output),
        Command::Search(args) => commands::search::run(args, &output),
        Command::Call(args) => commands::call::run(args, &output),
        Command::Auth(args) => commands::auth::run(args, &output),
        Command::Serve(args) => commands::serve::run(args, &output),
        Command::Secret(command) => commands::secret::run(command, &output),
        Command::Explain(args) => commands::explain::run(args, &output),
        Command::Completions(args) => Ok(commands::completions::run(args, &output)),
        Command::Schema(args) => Ok(commands::schema::run(args, &output)),
        Command::Demo(args) => commands::demo::run(args, &output),
    };
    // A command that cannot go on gives its exit code as an error, to leave with `?`.
    result.unwrap_or_else(|exit| exit).into()
}

/// A panic's message may quote what was worked on; secrets in it are masked as they are everywhere.
fn mask_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = format!("internal error: {panic}\n");
        _ = anstream::stderr().write_all(net::masked(&text).as_bytes());
    }));
}
