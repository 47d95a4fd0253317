//! Opens an address in the person's browser, if this machine has a way.

use std::process::{Command, Stdio};

/// Whether a program took the address. The address is an argument of its own, so nothing in it is read by
/// a shell.
pub(super) fn open(url: &impl std::fmt::Display) -> bool {
    let address = url.to_string();
    let programs: &[(&str, &[&str])] = if cfg!(target_os = "macos") {
        &[("open", &[])]
    } else if cfg!(windows) {
        &[("rundll32", &["url.dll,FileProtocolHandler"])]
    } else {
        &[("xdg-open", &[]), ("gio", &["open"])]
    };
    programs.iter().any(|(program, arguments)| started(program, arguments, &address))
}

fn started(program: &str, arguments: &[&str], address: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = cfg!(windows) || std::env::split_paths(&folders).any(|folder| folder.join(program).is_file());
    let mut command = Command::new(program);
    command.args(arguments).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    found && command.spawn().is_ok()
}
