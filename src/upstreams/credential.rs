//! What looks like a credential: by the name that it stands under, or by itself.
//!
//! It errs towards "yes": a plain value that is taken for a secret costs a person one command, a
//! credential that is taken for a plain value ends in a repository.

/// Parts of names whose values are nobody else's business.
const SENSITIVE: [&str; 12] = [
    "AUTHORIZATION",
    "APIKEY",
    "CREDENTIAL",
    "COOKIE",
    "KEY",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATE",
    "SECRET",
    "SIGNATURE",
    "TOKEN",
];
/// Words of names that mean the same, and are parts of harmless words.
const SENSITIVE_WORDS: [&str; 8] = ["AUTH", "PAT", "PWD", "PASS", "JWT", "DSN", "BEARER", "PIN"];
/// How tokens of well-known services begin.
const PREFIXES: [&str; 40] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "sk-",
    "sk_",
    "rk_",
    "pk-lf-",
    "xoxa-",
    "xoxb-",
    "xoxe",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "SG.",
    "npm_",
    "pypi-",
    "hf_",
    "lin_api_",
    "ntn_",
    "secret_",
    "figd_",
    "dop_v1_",
    "shpat_",
    "ATATT",
    "ctx7sk-",
    "tvly-",
    "fc-",
    "eyJ",
    "nvapi-",
    "-----BEGIN",
];
/// The first words of `Authorization`.
const SCHEMES: [&str; 5] = ["Bearer", "Basic", "Token", "ApiKey", "Digest"];
/// Values of switches.
const SWITCHES: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "none", "null"];
/// Shorter runs of letters and digits are words with a number.
const RUN: usize = 16;

/// Whether a value is kept out of files.
pub(super) fn is_credential(name: &str, value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && ((is_sensitive_name(name) && !is_harmless(name, value)) || is_sensitive_value(value))
}

/// Whether a name says that its value is secret.
pub(super) fn is_sensitive_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SENSITIVE.iter().any(|part| name.contains(part))
        || name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| SENSITIVE_WORDS.contains(&word))
}

/// Whether a value of a name that says "secret" is none: a switch, a limit, the place of a file.
fn is_harmless(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let counts = ["TOKENS", "KEYS", "LENGTH", "LIMIT", "COUNT", "TTL"].iter().any(|word| upper.contains(word));
    let places = ["FILE", "PATH", "DIR", "CREDENTIALS"].iter().any(|word| upper.contains(word));
    SWITCHES.iter().any(|word| value.eq_ignore_ascii_case(word))
        || (counts && value.bytes().all(|byte| byte.is_ascii_digit()))
        || (places && is_path(value))
}

/// Whether a value shows by itself that it is secret.
pub(super) fn is_sensitive_value(value: &str) -> bool {
    is_certain(value) || is_random(value.trim())
}

/// Whether a value is a credential, and not only long and without order.
pub(super) fn is_certain(value: &str) -> bool {
    let value = value.trim();
    let begins = PREFIXES.iter().any(|prefix| value.strip_prefix(prefix).is_some_and(|rest| rest.len() >= 8));
    begins || scheme(value).is_some() || is_url_with_password(value)
}

/// `Bearer x` taken apart, for each of the schemes.
pub(super) fn scheme(value: &str) -> Option<(&str, &str)> {
    let (word, rest) = value.trim().split_once(' ')?;
    let rest = rest.trim();
    let is_token = !rest.is_empty() && !rest.contains(char::is_whitespace);
    (is_token && SCHEMES.iter().any(|known| word.eq_ignore_ascii_case(known))).then_some((word, rest))
}

/// Whether what is left of a value beside its references is only the name of a scheme.
pub(super) fn is_scheme_name(rest: &str) -> bool {
    SCHEMES.iter().any(|known| rest.trim().eq_ignore_ascii_case(known))
}

pub(super) fn is_path(value: &str) -> bool {
    let mut bytes = value.bytes();
    let drive = matches!((bytes.next(), bytes.next(), bytes.next()), (Some(_), Some(b':'), Some(b'\\' | b'/')));
    ["/", "./", "../", "~"].iter().any(|begin| value.starts_with(begin)) || drive
}

/// `postgres://user:password@host/`, or a URL with a parameter that is a credential.
fn is_url_with_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    user.is_some_and(|user| user.contains(':'))
        || query.split('&').filter_map(|pair| pair.split_once('=')).any(|(name, value)| is_credential(name, value))
}

/// Whether some part of a value is a long run of letters and digits in no order, or a UUID.
pub(super) fn is_random(value: &str) -> bool {
    if value.chars().any(char::is_whitespace) {
        return false;
    }
    let parts: Vec<&str> = value.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let uuid =
        parts.windows(5).any(|five| five.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && five.iter().all(hex));
    uuid || parts.iter().any(|part| part.len() >= RUN && is_mixed(part) && entropy(part) >= 3.0)
}

/// Letters and digits by turns, as words with a number at their end are not.
fn is_mixed(part: &str) -> bool {
    let kinds: Vec<bool> = part.bytes().map(|byte| byte.is_ascii_digit()).collect();
    kinds.windows(2).filter(|pair| pair.first() != pair.last()).count() >= 3
}

/// Bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_by_name_or_by_sight() {
        let secret = [
            ("Authorization", "anything"),
            ("GITHUB_TOKEN", "short"),
            ("X-Api-Key", "k"),
            ("DB_PASSWORD", "1234"),
            ("LINE", "ghp_0123456789abcdef"),
            ("LINE", "sk-proj-0123456789"),
            ("LINE", "Bearer x"),
            ("DATABASE_URL", "postgres://me:pw@db.example/x"),
            ("URL", "https://a.example/?api_key=x"),
            ("ID", "9f8b7c6d5e4f3a2b1c0d9e8f"),
            ("ID", "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d"),
            ("LINE", "-----BEGIN PRIVATE KEY-----\nabc"),
        ];
        for (name, value) in secret {
            assert!(is_credential(name, value), "{name}={value}");
        }
        let plain = [
            ("MODEL", "claude-3-5-sonnet-20241022"),
            ("LOG_LEVEL", "debug"),
            ("MAX_TOKENS", "4096"),
            ("USE_TOKEN", "true"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/key.json"),
            ("AUTHOR", "Somebody Else"),
            ("BASE_URL", "https://api.example.com/v1/organisations"),
            ("PATH", "/usr/local/bin:/usr/bin"),
            ("TOKEN", ""),
            ("TITLE", "Basic usage of tools"),
            ("PACKAGE", "@modelcontextprotocol/server-filesystem@2025.8.21"),
        ];
        for (name, value) in plain {
            assert!(!is_credential(name, value), "{name}={value}");
        }
    }
}
