//! One value of a header, a variable or a URL as a template: credentials become secrets with names.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::credential::{is_credential, is_scheme_name, is_sensitive_value, scheme};
use super::reference::{parts, secret_name};

/// A secret that a file names.
#[derive(Clone, Debug)]
pub(crate) struct NeededSecret {
    /// Its name.
    pub(crate) name: String,
    /// What it was for, such as `the header Authorization`.
    pub(crate) purpose: String,
    /// Its value, if that was said; a reference has none.
    pub(crate) value: Option<SecretString>,
}

/// What a value belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Header,
    Variable,
    Query,
}

/// Collects the secrets of one file, so that two values never share a name.
#[derive(Debug)]
pub(super) struct Templates<'a> {
    server: &'a str,
    needed: BTreeMap<String, NeededSecret>,
    /// Names that other files gave to values.
    taken: &'a Taken,
}

/// Secrets that were named, with their values.
pub(crate) type Taken = BTreeMap<String, SecretString>;

/// Names that say nothing of whose they are.
const GENERIC: [&str; 14] = [
    "ACCESS",
    "API",
    "APIKEY",
    "APP",
    "AUTH",
    "AUTHORIZATION",
    "CLIENT",
    "ID",
    "KEY",
    "PASSWORD",
    "PRIVATE",
    "SECRET",
    "TOKEN",
    "USER",
];

impl<'a> Templates<'a> {
    pub(super) fn of(server: &'a str, taken: &'a Taken) -> Self {
        Self { server, needed: BTreeMap::new(), taken }
    }

    /// The secrets that were named, by name.
    pub(super) fn into_needed(self) -> Vec<NeededSecret> {
        self.needed.into_values().collect()
    }

    /// A value as a template.
    ///
    /// # Errors
    /// The variable that only the client knows.
    pub(super) fn value(&mut self, owner: Owner, key: &str, value: &str) -> Result<String, String> {
        let parts = parts(value)?;
        let literal = parts.literal.trim();
        let plain = literal.is_empty() || (is_scheme_name(literal) && !parts.names.is_empty());
        if !plain && (owner == Owner::Query || is_credential(key, literal)) {
            return Ok(self.whole(owner, key, value));
        }
        for name in parts.names {
            self.need(name, purpose(owner, key), None);
        }
        Ok(parts.template)
    }

    /// A URL without what looks like a credential in its path.
    ///
    /// # Errors
    /// The variable that only the client knows.
    pub(super) fn url(&mut self, url: &str) -> Result<String, String> {
        let Some((scheme, rest)) = url.split_once("://") else { return self.plain(url) };
        let mut pieces = rest.split('/');
        let mut whole = format!("{scheme}://{}", self.plain(pieces.next().unwrap_or_default())?);
        for piece in pieces {
            whole.push('/');
            if is_sensitive_value(piece) {
                whole.push_str(&self.secret("URL_KEY", "the path of the URL", piece));
            } else {
                whole.push_str(&self.plain(piece)?);
            }
        }
        Ok(whole)
    }

    /// Text that is kept but for its references.
    fn plain(&mut self, text: &str) -> Result<String, String> {
        let parts = parts(text)?;
        for name in parts.names {
            self.need(name, "the URL".to_owned(), None);
        }
        Ok(parts.template)
    }

    /// A value that is a credential, but for the scheme before it.
    fn whole(&mut self, owner: Owner, key: &str, value: &str) -> String {
        let purpose = purpose(owner, key);
        match scheme(value).filter(|_| owner == Owner::Header) {
            Some((scheme, credential)) => format!("{scheme} {}", self.secret(key, &purpose, credential)),
            None => {
                let own = secret_name(key);
                if owner == Owner::Variable && !is_generic(key) && !self.is_taken(&own, value) {
                    return self.refer(own, purpose, value);
                }
                self.secret(key, &purpose, value)
            }
        }
    }

    /// A secret named after the server and the key.
    fn secret(&mut self, key: &str, purpose: &str, value: &str) -> String {
        let server = secret_name(&self.server.to_ascii_uppercase().replace('-', "_"));
        let key = words(key).to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let key = key.strip_prefix("X_").unwrap_or(&key).trim_matches('_');
        let key = if key.ends_with("AUTHORIZATION") { "TOKEN" } else { key };
        let wanted = if key.starts_with(&format!("{server}_")) { key.to_owned() } else { format!("{server}_{key}") };
        let name = self.free(&wanted, value);
        self.refer(name, purpose.to_owned(), value)
    }

    fn refer(&mut self, name: String, purpose: String, value: &str) -> String {
        let template = format!("{{{{ secret.{name} }}}}");
        self.need(name, purpose, Some(SecretString::from(value)));
        template
    }

    /// The name, or one with a number if another value has it.
    fn free(&self, wanted: &str, value: &str) -> String {
        if !self.is_taken(wanted, value) {
            return wanted.to_owned();
        }
        let mut numbered = (2..).map(|number: u32| format!("{wanted}_{number}"));
        numbered.find(|name| !self.is_taken(name, value)).unwrap_or_else(|| wanted.to_owned())
    }

    /// Whether another value has the name, or one that is not known.
    fn is_taken(&self, name: &str, value: &str) -> bool {
        let is_other = |known: &SecretString| known.expose_secret() != value;
        let here = self.needed.get(name).is_some_and(|known| known.value.as_ref().is_none_or(is_other));
        here || self.taken.get(name).is_some_and(is_other)
    }

    fn need(&mut self, name: String, purpose: String, value: Option<SecretString>) {
        self.needed.entry(name.clone()).or_insert(NeededSecret { name, purpose, value });
    }
}

/// `exaApiKey` as `exa_Api_Key`.
fn words(key: &str) -> String {
    let mut words = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() && words.ends_with(|before: char| before.is_ascii_lowercase()) {
            words.push('_');
        }
        words.push(c);
    }
    words
}

fn is_generic(key: &str) -> bool {
    key.to_ascii_uppercase().split(|c: char| !c.is_ascii_alphanumeric()).all(|word| GENERIC.contains(&word))
}

fn purpose(owner: Owner, key: &str) -> String {
    let kind = match owner {
        Owner::Header => "the header",
        Owner::Variable => "the variable",
        Owner::Query => "the query parameter",
    };
    format!("{kind} {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(owner: Owner, key: &str, value: &str) -> String {
        Templates::of("my-server", &Taken::new()).value(owner, key, value).unwrap()
    }

    #[test]
    fn credentials_get_names() {
        assert_eq!(made(Owner::Header, "Authorization", "Bearer abc"), "Bearer {{ secret.MY_SERVER_TOKEN }}");
        assert_eq!(made(Owner::Header, "X-Api-Key", "abc"), "{{ secret.MY_SERVER_API_KEY }}");
        assert_eq!(made(Owner::Query, "apiKey", "abc"), "{{ secret.MY_SERVER_API_KEY }}");
        assert_eq!(made(Owner::Variable, "API_KEY", "abc"), "{{ secret.MY_SERVER_API_KEY }}");
        assert_eq!(made(Owner::Variable, "GITHUB_TOKEN", "abc"), "{{ secret.GITHUB_TOKEN }}");
        assert_eq!(made(Owner::Variable, "LOG_LEVEL", "debug"), "debug");
        assert_eq!(made(Owner::Header, "Authorization", "Bearer ${X}"), "Bearer {{ secret.X }}");
        assert_eq!(made(Owner::Header, "Authorization", "Bearer abc${X}"), "Bearer {{ secret.MY_SERVER_TOKEN }}");
    }

    #[test]
    fn two_values_never_share_a_name() {
        let taken = Taken::new();
        let mut templates = Templates::of("s", &taken);
        templates.value(Owner::Header, "X-Key", "one").unwrap();
        assert_eq!(templates.value(Owner::Header, "Key", "two").unwrap(), "{{ secret.S_KEY_2 }}");
        assert_eq!(templates.value(Owner::Header, "Key", "one").unwrap(), "{{ secret.S_KEY }}");
        assert_eq!(templates.into_needed().len(), 2);
    }

    #[test]
    fn urls_lose_keys_in_their_path() {
        let taken = Taken::new();
        let mut templates = Templates::of("zap", &taken);
        let url = templates.url("https://a.example/mcp/sk-ak-0123456789abcdef/sse").unwrap();
        assert_eq!(url, "https://a.example/mcp/{{ secret.ZAP_URL_KEY }}/sse");
    }
}
