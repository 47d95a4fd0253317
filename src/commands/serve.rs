//! placeholder
use crate::{args::ServeArgs, exit::Exit, output::Output};
pub(crate) fn run(_args: &ServeArgs, _output: &Output) -> Result<Exit, Exit> {
    Ok(Exit::Success)
}
