//! Arguments of programs. A definition's `stdio` has no templates, so a credential among them has no
//! place in a file.

use super::credential::{is_certain, is_credential, is_path, is_random, is_sensitive_name, scheme};

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

/// The number of the first argument that is long and without order. It may be a credential; identifiers of
/// documents and digests are like it, and a digest behind `@` is one.
pub(super) fn doubtful_in(command: &[String]) -> Option<usize> {
    let unpinned = |argument: &String| {
        let (name, digest) = argument.rsplit_once('@')?;
        let digest = digest.strip_prefix("sha256:").unwrap_or(digest);
        digest.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| name.to_owned())
    };
    let is_doubtful = |argument: &String| {
        let argument = unpinned(argument).unwrap_or_else(|| argument.clone());
        !is_path(&argument) && is_random(&argument)
    };
    command.iter().skip(1).position(is_doubtful).map(|index| index + 1)
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
        || is_certain(argument)
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

    #[test]
    fn digests_are_no_credentials_and_identifiers_may_be() {
        let doubtful = |argument: &str| doubtful_in(&["x".to_owned(), argument.to_owned()]);
        let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(doubtful(&format!("ghcr.io/a/b@sha256:{digest}")), None);
        assert_eq!(doubtful("git+https://github.com/a/b@0123456789abcdef0123456789abcdef01234567"), None);
        assert_eq!(doubtful("/nix/store/1b9p07z77phvv2hf6gm9f28syp39f1ag-x/bin/y"), None);
        assert_eq!(doubtful("1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"), Some(1));
        let line = ["docker", "run", &format!("ghcr.io/a/b@sha256:{digest}")].map(str::to_owned);
        assert_eq!(credential_in(&line), None);
    }
}
