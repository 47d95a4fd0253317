//! JSON Pointers (RFC 6901): the symbolic address of a node.

use std::fmt;

/// The way from the root of a document to one of its nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// The whole document.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The pointer to a child of this node: a key of a mapping or the decimal index of an item.
    #[must_use]
    pub fn child(&self, token: impl Into<String>) -> Self {
        let mut tokens = self.tokens.clone();
        tokens.push(token.into());
        Self { tokens }
    }

    /// The pointer to the item at `index` of this node.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.child(index.to_string())
    }

    /// A pointer from its tokens, unescaped.
    #[must_use]
    pub fn of<const N: usize>(tokens: [&str; N]) -> Self {
        Self { tokens: tokens.iter().map(|token| (*token).to_owned()).collect() }
    }

    /// Reads `/a~1b/0`; `None` if it is neither empty nor begins with `/`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::root());
        }
        let rest = text.strip_prefix('/')?;
        Some(Self { tokens: rest.split('/').map(unescape).collect() })
    }

    /// The unescaped tokens, outermost first.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The node that holds this one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, front) = self.tokens.split_last()?;
        Some(Self { tokens: front.to_vec() })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for token in &self.tokens {
            write!(f, "/{}", token.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
