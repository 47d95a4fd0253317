//! URLs of documents as they are shown and written down: without what a server takes for a credential.

/// Words in the name of a query parameter whose value is nobody else's business.
const CREDENTIALS: [&str; 14] = [
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "signature",
    "sig",
    "key",
    "auth",
    "authorization",
    "credential",
    "jwt",
    "session",
    "code",
];

/// A URL that may be shown, and what it lost.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    pub(crate) url: String,
    /// The names of parameters.
    pub(crate) without: Vec<&'a str>,
    /// Their values, and the password of the user.
    pub(crate) secrets: Vec<&'a str>,
}

pub(crate) fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

/// A file's name is as it is; a URL loses its user and its credentials.
pub(crate) fn shown(name: &str) -> Shown<'_> {
    let whole = || Shown { url: name.to_owned(), without: Vec::new(), secrets: Vec::new() };
    let Some((scheme, rest)) = name.split_once("://").filter(|_| is_url(name)) else { return whole() };
    let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (hidden, kept): (Vec<&str>, Vec<&str>) =
        query.into_iter().flat_map(|it| it.split('&')).partition(|it| is_credential(it));
    let mut url = format!("{scheme}://{host}{path}");
    if query.is_some() && (hidden.is_empty() || !kept.is_empty()) {
        url = format!("{url}?{}", kept.join("&"));
    }
    if let Some(fragment) = fragment {
        url = format!("{url}#{fragment}");
    }
    let values = hidden.iter().filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    let secrets = values.chain(user.split_once(':').map(|(_, password)| password)).collect();
    Shown { url, without: hidden.iter().map(|pair| parameter(pair)).collect(), secrets }
}

fn parameter(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

fn is_credential(pair: &str) -> bool {
    let name = parameter(pair).to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| CREDENTIALS.iter().any(|known| word == *known || (known.len() > 4 && word.ends_with(known))))
        || name.ends_with("key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let shown = |url: &str| shown(url).url;
        assert_eq!(shown("https://me:pw@api.example/a.json?v=2&access_token=x"), "https://api.example/a.json?v=2");
        assert_eq!(shown("https://api.example/a.json?X-Amz-Signature=x&apikey=y"), "https://api.example/a.json");
        assert_eq!(shown("https://api.example?sig=x#top"), "https://api.example#top");
        for plain in
            ["https://api.example/a.json?format=yaml&monkeys=2", "https://api.example/?", "a?token=b.yaml", "-"]
        {
            let whole = super::shown(plain);
            assert_eq!((whole.url.as_str(), whole.without.len()), (plain, 0));
        }
        let lost = super::shown("http://me:pw@a.example/?my_token=1&b=2");
        assert_eq!((lost.without, lost.secrets), (vec!["my_token"], vec!["1", "pw"]));
    }
}
