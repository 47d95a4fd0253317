//! What is made of an answer: what is kept of it, and how its pages hang together.

use std::time::Duration;

use super::ArgumentName;

/// What is made of a successful answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerRules {
    /// The members that are kept, each as the names on the way to it; empty keeps all.
    pub fields: Vec<Vec<String>>,
    /// A jq filter.
    pub select: Option<String>,
    /// How long an answer is fresh, whatever its server says.
    pub cache: Option<Duration>,
    /// How the next page is found.
    pub pagination: Option<Pagination>,
}

/// How the pages of an answer hang together. Places are JSON Pointers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pagination {
    /// How the next page is found.
    pub next: NextPage,
    /// The list in the answer; empty for the answer itself.
    pub items: String,
    /// The argument that says how many items a page has.
    pub size: Option<ArgumentName>,
    /// The number of all items.
    pub total: Option<String>,
    /// A boolean: whether there is a next page.
    pub more: Option<String>,
}

/// How the next page is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextPage {
    /// A `Link` header with `rel="next"`.
    Link,
    /// The answer has its URL.
    Url {
        /// Where.
        next: String,
    },
    /// An argument takes a cursor that the answer has.
    Cursor {
        /// The argument.
        argument: ArgumentName,
        /// Where the cursor is.
        next: String,
    },
    /// An argument takes a member of the last item.
    After {
        /// The argument.
        argument: ArgumentName,
        /// Where the member is, within the item.
        member: String,
    },
    /// An argument takes the number of a page.
    Page {
        /// The argument.
        argument: ArgumentName,
        /// The number of the first one.
        start: u32,
    },
    /// An argument takes the number of items to pass over.
    Offset {
        /// The argument.
        argument: ArgumentName,
        /// The number of the first one.
        start: u32,
    },
}
