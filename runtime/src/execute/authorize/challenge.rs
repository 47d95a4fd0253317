//! What a server says of the tokens that it wants: `WWW-Authenticate: Bearer …` (RFC 6750, section 3;
//! RFC 9728, section 5.1). It is read, and nothing is believed yet.

/// The longest header that is read.
const LONGEST: usize = 8 << 10;
/// Scopes that are taken of one text.
const MOST_SCOPES: usize = 100;
const LONGEST_SCOPE: usize = 200;

/// The first challenge of the scheme `Bearer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::execute) struct Challenge {
    /// Such as `insufficient_scope`.
    pub(in crate::execute) error: Option<String>,
    pub(in crate::execute) scopes: Vec<String>,
    /// Where the server's resource metadata is.
    pub(super) resource_metadata: Option<String>,
}

impl Challenge {
    /// Reads the values of the header; `None` without a challenge of that scheme.
    pub(in crate::execute) fn of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        values.filter_map(|value| std::str::from_utf8(value).ok()).find_map(Self::parse)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.get(..LONGEST).unwrap_or(text);
        let mut found: Option<Self> = None;
        let mut is_bearer = false;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return found;
            }
            let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            if let Some(value) = behind.trim_start_matches([' ', '\t']).strip_prefix('=') {
                let (value, behind) = parameter(value.trim_start_matches([' ', '\t']));
                if let Some(challenge) = found.as_mut().filter(|_| is_bearer) {
                    challenge.take(word, value);
                }
                rest = behind;
            } else {
                // Of several challenges of the scheme, the first counts.
                is_bearer = found.is_none() && word.eq_ignore_ascii_case("bearer");
                if is_bearer {
                    found = Some(Self::default());
                }
                rest = behind;
            }
        }
    }

    fn take(&mut self, name: &str, value: String) {
        match name.to_ascii_lowercase().as_str() {
            "error" => self.error = self.error.take().or(Some(value)),
            "scope" => self.scopes = scopes(value.split(' ')),
            "resource_metadata" => self.resource_metadata = self.resource_metadata.take().or(Some(value)),
            _ => {}
        }
    }
}

/// Scopes of a server. They are shown in commands that people copy, so one that a shell would read as more
/// than a word is none.
pub(super) fn scopes<'a>(said: impl Iterator<Item = &'a str>) -> Vec<String> {
    let plain = |scope: &&str| !scope.is_empty() && scope.len() <= LONGEST_SCOPE && scope.chars().all(is_plain);
    let mut found: Vec<String> = Vec::new();
    for scope in said.filter(plain) {
        if found.len() < MOST_SCOPES && !found.iter().any(|known| known == scope) {
            found.push(scope.to_owned());
        }
    }
    found
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || ":._/-+@,=%".contains(c)
}

/// A token or a quoted string, and what stands behind it.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        let (value, behind) = text.split_at(end);
        return (value.to_owned(), behind);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    fn of(text: &str) -> Option<Challenge> {
        Challenge::of([text.as_bytes()].into_iter())
    }

    #[test]
    fn the_bearer_challenge_is_found_among_others() {
        let found = of("Negotiate abc==, Basic realm=\"a, Bearer b\", bearer  realm = x , Scope=\"a:b a:b c$(d) e\", \
                        resource_metadata=\"https://x.example/\\\"m\", error=insufficient_scope, Bearer scope=z")
        .unwrap_or_default();
        assert_eq!(found.scopes, ["a:b", "e"]);
        assert_eq!(found.resource_metadata.as_deref(), Some("https://x.example/\"m"));
        assert_eq!(found.error.as_deref(), Some("insufficient_scope"));
    }

    #[test]
    fn what_is_no_challenge_says_nothing() {
        for text in ["", ",,,", "Basic realm=x", "=", "\"", "Basic x=\"Bearer", "Bearer ="] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of("Bearer"), Some(Challenge::default()));
        assert_eq!(
            of("Bearer scope=\"never ends").map(|it| it.scopes),
            Some(vec!["never".to_owned(), "ends".to_owned()])
        );
    }
}
