//! `cap secret`: what the encrypted vault holds, and which secrets the definitions need.

mod list;
mod rekey;
mod rm;
mod set;

use crate::args::SecretCommand;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(command: &SecretCommand, output: &Output) -> Result<Exit, Exit> {
    match command {
        SecretCommand::Set(args) => set::run(args, output),
        SecretCommand::List(args) => list::run(args, output),
        SecretCommand::Rm(args) => rm::run(args, output),
        SecretCommand::Rekey(args) => rekey::run(args, output),
    }
}
