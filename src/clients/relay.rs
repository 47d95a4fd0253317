//! Servers that a client reaches through `mcp-remote`, a program that relays to a URL: the gateway reaches
//! the URL itself.

use crate::upstreams::Reach;

/// The server behind a relay, with its headers.
pub(super) struct Relayed {
    pub(super) reach: Reach,
    pub(super) headers: Vec<(String, String)>,
}

/// Takes a command line of the relay apart; `None` if it is another program, or says what is not known here.
pub(super) fn relayed(command: &[String], env: &[(String, String)]) -> Option<Relayed> {
    // Windows runs scripts through its shell.
    let command = match command {
        [shell, slash_c, rest @ ..] if ["cmd", "cmd.exe"].contains(&shell.as_str()) && slash_c == "/c" => rest,
        command => command,
    };
    let (program, rest) = command.split_first()?;
    let program = program.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut words = rest.iter().map(String::as_str);
    if !is_relay(program) {
        let runs = ["npx", "npx.cmd", "bunx", "pnpx"].contains(&program);
        let name = words.find(|word| !matches!(*word, "-y" | "--yes"));
        if !runs || !name.is_some_and(is_relay) {
            return None;
        }
    }
    let url = words.next().filter(|word| crate::address::is_url(word))?.to_owned();
    let (mut headers, mut is_sse) = (Vec::new(), false);
    while let Some(word) = words.next() {
        match word {
            "--header" => {
                let (name, value) = words.next()?.split_once(':')?;
                headers.push((name.trim().to_owned(), filled(value.trim(), env)));
            }
            "--transport" => is_sse = words.next()?.starts_with("sse"),
            "--allow-http" | "--debug" | "--silent" => {}
            // The port that a browser comes back to.
            port if port.bytes().all(|byte| byte.is_ascii_digit()) => {}
            _ => return None,
        }
    }
    Some(Relayed { reach: if is_sse { Reach::Sse(url) } else { Reach::Http(url) }, headers })
}

fn is_relay(word: &str) -> bool {
    word == "mcp-remote" || word.starts_with("mcp-remote@")
}

/// A value with the variables that the entry sets itself.
fn filled(value: &str, env: &[(String, String)]) -> String {
    env.iter().fold(value.to_owned(), |value, (name, of)| value.replace(&format!("${{{name}}}"), of))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &[&str]) -> Option<(Reach, Vec<(String, String)>)> {
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let env = [("AUTH".to_owned(), "Bearer x".to_owned())];
        relayed(&line, &env).map(|relayed| (relayed.reach, relayed.headers))
    }

    #[test]
    fn a_relay_is_its_server() {
        let url = || "https://a.example/mcp".to_owned();
        let header = vec![("Authorization".to_owned(), "Bearer x".to_owned())];
        let line = ["npx", "-y", "mcp-remote@latest", "https://a.example/mcp", "--header", "Authorization:${AUTH}"];
        assert_eq!(taken(&line), Some((Reach::Http(url()), header)));
        let line = ["mcp-remote", "https://a.example/mcp", "9696", "--transport", "sse-only"];
        assert_eq!(taken(&line), Some((Reach::Sse(url()), Vec::new())));
        assert_eq!(taken(&["npx", "mcp-remote", "https://a.example/mcp", "--static-oauth-client-info", "x"]), None);
        assert_eq!(taken(&["npx", "other", "https://a.example/mcp"]), None);
        assert_eq!(taken(&["npx"]), None);
        assert_eq!(
            taken(&["cmd", "/c", "npx", "mcp-remote", "https://a.example/mcp"]),
            Some((Reach::Http(url()), Vec::new()))
        );
    }
}
