//! placeholder
use crate::{args::DemoArgs, exit::Exit, output::Output};
pub(crate) fn run(_args: &DemoArgs, _output: &Output) -> Result<Exit, Exit> {
    Ok(Exit::Success)
}
