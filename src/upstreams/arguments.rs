//! Arguments of programs. A definition's `stdio` has no templates, so a credential among them has no
//! place in a file.

use super::credential::{is_credential, is_sensitive_name, is_sensitive_value, scheme};

/// The first argument that holds a credential: its place, and the bytes of it to hide.
pub(super) fn credential_in(command: &[String]) -> Option<(usize, usize)> {
    let mut before = "";
    for (index, argument) in command.iter().enumerate().skip(1) {
        if let Some(from) = hidden_from(before, argument) {
            return Some((index, from));
        }
        before = argument;
    }
    None
}

/// From where an argument is a credential.
fn hidden_from(before: &str, argument: &str) -> Option<usize> {
    let is_reference = |value: &str| value.trim().starts_with('$');
    // `--api-key=value`, `KEY=value`, `Header: value`
    if let Some(at) = argument.find(['=', ':']).filter(|at| *at > 0 && !argument.contains("://")) {
        let (name, value) = argument.split_at(at);
        let value = value.get(1..).unwrap_or_default();
        let bare = scheme(value).map_or(value, |(_, rest)| rest);
        if !is_reference(bare) && is_name(name) && is_credential(name, value) {
            return Some(at + 1);
        }
    }
    // `--api-key value`
    let flag = before.starts_with('-') && before.len() > 2 && ends_sensitive(before) && !argument.starts_with('-');
    if (flag && !is_reference(argument) && is_credential("TOKEN", argument) && !is_place(argument))
        || is_sensitive_value(argument)
    {
        return Some(0);
    }
    None
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// `--api-key`, but not `--key-file`.
fn ends_sensitive(flag: &str) -> bool {
    flag.rsplit(['-', '_']).next().is_some_and(is_sensitive_name)
}

fn is_place(argument: &str) -> bool {
    argument.contains(['/', '\\', '.']) || argument.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_among_arguments_are_found() {
        let found = |line: &[&str]| credential_in(&line.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(found(&["npx", "server", "--api-key", "abcdef"]), Some((3, 0)));
        assert_eq!(found(&["npx", "server", "--api-key=abcdef"]), Some((2, 10)));
        assert_eq!(found(&["docker", "run", "-e", "GITHUB_TOKEN=abcdef", "image"]), Some((3, 13)));
        assert_eq!(
            found(&["npx", "mcp-remote", "https://a.example", "--header", "Authorization: Bearer x"]),
            Some((4, 14))
        );
        assert_eq!(found(&["npx", "x", "ghp_0123456789abcdef"]), Some((2, 0)));
        assert_eq!(
            found(&["npx", "-y", "@scope/server@1.2.3", "/home/me/docs", "--port=8080", "--level", "debug"]),
            None
        );
        assert_eq!(found(&["docker", "run", "-e", "GITHUB_TOKEN", "ghcr.io/github/github-mcp-server"]), None);
        assert_eq!(found(&["x", "--header", "Authorization:${AUTH}"]), None);
    }
}
