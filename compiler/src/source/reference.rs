//! URI references between source files (RFC 3986, section 5).

use url::Url;

use super::SourceId;

impl SourceId {
    /// The file that a URI reference without fragment names, seen from this file; `None` if it is
    /// no reference to a file or to an http or https URL.
    #[must_use]
    pub fn resolve(&self, reference: &str) -> Option<Self> {
        if let Some(base) = self.url() {
            let url = base.join(reference).ok()?;
            return is_web(&url).then(|| Self(url.as_str().into()));
        }
        match scheme(reference) {
            Some("http" | "https") => Url::parse(reference).ok().map(|url| Self(url.as_str().into())),
            Some(_) => None,
            None => Some(self.beside(&percent_decoded(reference))),
        }
    }

    /// The URL that names this file, if it came from one.
    #[must_use]
    pub fn url(&self) -> Option<Url> {
        Url::parse(&self.0).ok().filter(is_web)
    }

    /// The URI reference by which `base` refers to this file.
    #[must_use]
    pub fn reference_from(&self, base: &Self) -> String {
        let encoded = |path: &str| path.replace('%', "%25").replace('#', "%23").replace('?', "%3F");
        if let Some(url) = self.url() {
            let relative = base.url().and_then(|base| base.make_relative(&url));
            return relative.unwrap_or_else(|| self.0.to_string());
        }
        if self.0.starts_with('/') != base.0.starts_with('/') {
            return encoded(&self.0);
        }
        let split = |path: &str| -> Vec<String> { path.split('/').map(str::to_owned).collect() };
        let (own, from) = (split(&self.0), split(base.folder()));
        let from: Vec<String> = from.into_iter().filter(|part| !part.is_empty()).collect();
        let own: Vec<String> = own.into_iter().filter(|part| !part.is_empty()).collect();
        let common = own.iter().zip(&from).take_while(|(one, other)| one == other).count();
        let up = vec![".."; from.len() - common];
        let down = own.iter().skip(common).map(String::as_str);
        encoded(&up.into_iter().chain(down).collect::<Vec<_>>().join("/"))
    }

    /// A path seen from this file's folder. Other than [`SourceId::join`], it may lead above the
    /// folder that the program was started in: a person named the document, and with it its files.
    fn beside(&self, path: &str) -> Self {
        let path = path.replace('\\', "/");
        if path.starts_with('/') {
            return Self(path.into());
        }
        let absolute = self.0.starts_with('/');
        let mut parts: Vec<&str> = self.folder().split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                ".." if absolute => {}
                name => parts.push(name),
            }
        }
        let start = if absolute { "/" } else { "" };
        Self(format!("{start}{}", parts.join("/")).into())
    }
}

/// Text with its percent-encoding undone; what would not be UTF-8 stays as it is.
#[must_use]
pub fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    String::from_utf8(decoded(text.as_bytes())).unwrap_or_else(|_| text.to_owned())
}

fn decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// The scheme of an absolute URI. One letter is a drive, not a scheme.
fn scheme(reference: &str) -> Option<&str> {
    let (scheme, _) = reference.split_once(':')?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.len() > 1 && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(legal))
        .then_some(scheme)
}
