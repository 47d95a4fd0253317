//! References to variables in values, in the ways that MCP clients and shells write them: `$VAR` as the
//! whole value, and `${VAR}`, `${VAR:-default}`, `${env:VAR}`, `${input:name}` and `{{ secret.NAME }}`
//! anywhere in it. Each becomes a secret of its name.

/// A value taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// The value as a template.
    pub(super) template: String,
    /// What is no reference.
    pub(super) literal: String,
    /// The secrets that are named.
    pub(super) names: Vec<String>,
}

/// Names that editors fill in themselves, and nobody else knows.
const OF_EDITORS: [&str; 8] =
    ["workspaceFolder", "workspaceFolderBasename", "workspaceRoot", "userHome", "file", "cwd", "pathSeparator", "/"];

/// Takes a value apart.
///
/// # Errors
/// The variable that only the client knows.
pub(super) fn parts(value: &str) -> Result<Parts, String> {
    let mut parts = Parts::default();
    if let Some(name) = value.strip_prefix('$').filter(|name| is_variable(name)) {
        parts.refer(name);
        return Ok(parts);
    }
    let mut rest = value;
    while let Some((before, reference, after)) = next(rest) {
        parts.keep(before);
        parts.refer(&variable(reference)?);
        rest = after;
    }
    parts.keep(rest);
    Ok(parts)
}

/// The variable that only an editor knows, if a text has one.
pub(super) fn of_editor(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, reference, after)) = next(rest) {
        if let Err(name) = variable(reference) {
            return Some(name);
        }
        rest = after;
    }
    None
}

impl Parts {
    fn keep(&mut self, text: &str) {
        self.template.push_str(text);
        self.literal.push_str(text);
    }

    fn refer(&mut self, name: &str) {
        let name = secret_name(name);
        self.template.push_str(&format!("{{{{ secret.{name} }}}}"));
        self.names.push(name);
    }
}

/// A name as secrets have it: capital letters, digits and `_`.
pub(super) fn secret_name(text: &str) -> String {
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let name: String = if is_name {
        text.to_owned()
    } else {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
    };
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() { format!("_{name}") } else { name }
}

/// The text before the next reference, what stands in it, and the text after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let shell = text.find("${").and_then(|at| cut(text, at, "${", "}"));
    let ours = text.find("{{").and_then(|at| cut(text, at, "{{", "}}"));
    match (shell, ours) {
        (Some(shell), Some(ours)) => Some(if shell.0.len() < ours.0.len() { shell } else { ours }),
        (shell, ours) => shell.or(ours),
    }
}

fn cut<'t>(text: &'t str, at: usize, open: &str, close: &str) -> Option<(&'t str, &'t str, &'t str)> {
    let (before, from) = text.split_at_checked(at)?;
    let (inside, after) = from.strip_prefix(open)?.split_once(close)?;
    let known = if open == "{{" { inside.trim().starts_with("secret.") } else { is_reference(inside) };
    known.then_some((before, inside.trim(), after))
}

fn is_reference(inside: &str) -> bool {
    let name = inside.split(":-").next().unwrap_or_default();
    let name = name.strip_prefix("env:").or_else(|| name.strip_prefix("input:")).unwrap_or(name);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-. /:".contains(c))
}

/// The name of a variable, without what says where it comes from.
fn variable(reference: &str) -> Result<String, String> {
    let name = reference.split(":-").next().unwrap_or_default();
    let known = ["secret.", "env:", "input:"].iter().find_map(|begin| name.strip_prefix(begin));
    match known {
        Some(name) if name.starts_with(|c: char| c.is_ascii_lowercase()) && !reference.starts_with("secret.") => {
            Ok(name.to_ascii_uppercase())
        }
        Some(name) => Ok(name.to_owned()),
        None if OF_EDITORS.contains(&name) || name.contains(':') => Err(format!("${{{name}}}")),
        None => Ok(name.to_owned()),
    }
}

fn is_variable(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_secrets() {
        for (value, template) in [
            ("$TOKEN", "{{ secret.TOKEN }}"),
            ("${TOKEN}", "{{ secret.TOKEN }}"),
            ("Bearer ${env:TOKEN}", "Bearer {{ secret.TOKEN }}"),
            ("${input:github-token}", "{{ secret.GITHUB_TOKEN }}"),
            ("{{ secret.X }}", "{{ secret.X }}"),
            ("{{secret.X}}:${Y:-z}", "{{ secret.X }}:{{ secret.Y }}"),
            ("pa$$word", "pa$$word"),
            ("${", "${"),
            ("${a{b}", "${a{b}"),
            ("$1", "$1"),
        ] {
            assert_eq!(parts(value).map(|parts| parts.template), Ok(template.to_owned()), "{value}");
        }
        assert_eq!(parts("${workspaceFolder}/x"), Err("${workspaceFolder}".to_owned()));
        assert_eq!(parts("Bearer ${X}").map(|parts| parts.literal), Ok("Bearer ".to_owned()));
    }
}
