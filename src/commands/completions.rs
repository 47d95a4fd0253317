//! `cap completions`: a shell's completion script.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(args: &CompletionsArgs, output: &Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cap", &mut script);
    output.data(&String::from_utf8_lossy(&script));
    Exit::Success
}
