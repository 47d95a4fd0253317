//! The table of changes. A code is one kind of change; it never changes its meaning. `docs/changes.md` has a
//! section for each.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::diagnostic::Severity;

/// The code of a change, such as `DIFF103`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeCode(u16);

/// What a change means for agents and for those who are responsible for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Calls that were right are refused, or answers are not what they were.
    Breaking,
    /// Something is reached, or is given a secret, that was not.
    Reach,
    /// A call does something else.
    Effect,
    /// Whether calls that were right still are is not decided.
    Undecided,
    /// What the model reads.
    Words,
    /// Nothing that worked stops working.
    Compatible,
    /// Nothing that anybody would notice.
    Trivial,
}

/// What the table knows of a code.
#[derive(Clone, Copy, Debug)]
pub struct ChangeInfo {
    /// The code.
    pub code: ChangeCode,
    /// Its class.
    pub class: Class,
    /// How much it matters.
    pub severity: Severity,
    /// The change in a few words.
    pub title: &'static str,
}

macro_rules! changes {
    ($($name:ident = $number:literal, $class:ident, $severity:ident, $title:literal;)*) => {
        impl ChangeCode {
            $(
                #[doc = $title]
                pub const $name: Self = Self($number);
            )*
        }

        const TABLE: &[ChangeInfo] = &[
            $(ChangeInfo {
                code: ChangeCode::$name, class: Class::$class, severity: Severity::$severity, title: $title,
            },)*
        ];
    };
}

changes! {
    TOOL_REMOVED = 101, Breaking, Error, "a tool is gone";
    TOOL_RENAMED = 102, Breaking, Error, "a tool has another name";
    ARGUMENT_REMOVED = 103, Breaking, Error, "an argument is no longer accepted";
    ARGUMENT_REQUIRED = 104, Breaking, Error, "an argument must be given";
    TYPE_NARROWED = 105, Breaking, Error, "an argument accepts fewer types";
    ENUM_NARROWED = 106, Breaking, Error, "an argument accepts fewer values";
    CONSTRAINT_TIGHTENED = 107, Breaking, Error, "an argument has a tighter bound";
    OTHERS_REFUSED = 108, Breaking, Error, "members that are not described are refused";
    ALTERNATIVE_GONE = 109, Breaking, Error, "an alternative is no longer accepted";
    RESULT_CHANGED = 110, Breaking, Error, "a result may be what it was not";
    RESULT_UNDESCRIBED = 111, Breaking, Error, "a result is no longer described";
    RESULT_CUT = 112, Breaking, Error, "something else is made of an answer";

    SERVER_CHANGED = 201, Reach, Error, "another host or scheme is reached";
    NETWORK_PRIVATE = 202, Reach, Error, "private addresses are allowed";
    PROXY_CHANGED = 203, Reach, Error, "connections go through another proxy";
    TLS_CHANGED = 204, Reach, Error, "certificates are others";
    SECRET_NAMED = 205, Reach, Error, "a secret is used that was not";
    SECRET_ELSEWHERE = 206, Reach, Error, "a secret is sent where it was not";
    SCOPE_WIDENED = 207, Reach, Error, "a token is asked for more";
    AUTH_WEAKENED = 208, Reach, Error, "credentials are gone or weaker";
    PROGRAM_CHANGED = 209, Reach, Error, "an upstream runs another program";
    ENVIRONMENT_CHANGED = 210, Reach, Error, "a program has another environment";
    TRANSPORT_CHANGED = 211, Reach, Error, "an upstream is reached in another way";
    UPSTREAM_ADDED = 212, Reach, Error, "an upstream is new";
    EXPOSURE_WIDENED = 213, Reach, Error, "tools of an upstream are served that nobody approved or that were hidden";
    AUTHORIZATION_SERVER = 214, Reach, Error, "tokens come from elsewhere or are for something else";
    SETTING_CHANGED = 215, Reach, Error, "a setting of the gateway is another";
    CREDENTIAL_CHANGED = 216, Reach, Error, "credentials are made in another way";

    NOW_WRITES = 301, Effect, Warning, "a tool that only read may change something";
    NOW_DESTRUCTIVE = 302, Effect, Warning, "a tool may overwrite or delete";
    METHOD_CHANGED = 303, Effect, Warning, "the method is another";
    RETRIES_UNSAFE = 304, Effect, Warning, "a call that must not happen twice may be tried again";
    PRIVATE_CACHED = 305, Effect, Warning, "an answer is kept that is private or has an effect";
    REQUEST_CHANGED = 306, Effect, Warning, "another request is sent";
    SAID_HARMLESS = 307, Effect, Warning, "a tool is said to do less than its request suggests";
    KEY_GONE = 308, Effect, Warning, "tries of one call are no longer known by a key";
    NOT_REPEATABLE = 309, Effect, Warning, "a second call may do something more";

    TITLE_CHANGED = 401, Words, Warning, "a title is another";
    DESCRIPTION_CHANGED = 402, Words, Warning, "a description is another";
    ARGUMENT_WORDS = 403, Words, Warning, "what is said of an argument or result is another";
    HIDDEN_CHARACTERS = 404, Words, Error, "a text has characters that nobody sees";
    INSTRUCTIONS = 405, Words, Error, "a text speaks to the model";
    SERVER_WORDS = 406, Words, Warning, "what is said of a server is another";

    TOOL_ADDED = 501, Compatible, Note, "a tool is new";
    ARGUMENT_ADDED = 502, Compatible, Note, "an optional argument is new";
    ARGUMENT_OPTIONAL = 503, Compatible, Note, "an argument may be left out";
    INPUT_WIDENED = 504, Compatible, Note, "an argument accepts more";
    RESULT_NARROWED = 505, Compatible, Note, "a result is described more closely";
    REACH_REDUCED = 506, Compatible, Note, "less is reached";
    EFFECT_REDUCED = 507, Compatible, Note, "a call does less";
    LIMITS_CHANGED = 508, Compatible, Note, "limits of calls are others";
    UPSTREAM_REMOVED = 509, Compatible, Note, "an upstream is gone";

    FILE_MOVED = 601, Trivial, Note, "a file is elsewhere";
    SCHEMA_REWRITTEN = 602, Trivial, Note, "a schema says the same in another way";
    LABELS_CHANGED = 603, Trivial, Note, "tags or the mark of deprecation are others";
    SETTING_OF_LOOKS = 604, Trivial, Note, "a setting of the gateway is another that changes no call";

    INPUT_UNDECIDED = 701, Undecided, Warning, "whether an argument accepts what it accepted is not decided";
    RESULT_UNDECIDED = 702, Undecided, Warning, "whether a result is what it was is not decided";
    MEMBER_DESCRIBED = 703, Undecided, Warning, "a member that could be anything is described";
}

impl ChangeCode {
    /// What the table knows of it.
    #[must_use]
    pub fn info(self) -> ChangeInfo {
        let unknown = ChangeInfo { code: self, class: Class::Undecided, severity: Severity::Error, title: "" };
        TABLE.iter().find(|info| info.code == self).copied().unwrap_or(unknown)
    }

    /// The code that `text` names, in any case, if there is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let wanted = text.trim().to_ascii_uppercase();
        TABLE.iter().map(|info| info.code).find(|code| code.to_string() == wanted)
    }
}

/// Every code, in order.
#[must_use]
pub fn all_changes() -> &'static [ChangeInfo] {
    TABLE
}

impl Class {
    /// Every class, what matters most first.
    pub const ALL: [Self; 7] =
        [Self::Breaking, Self::Reach, Self::Effect, Self::Undecided, Self::Words, Self::Compatible, Self::Trivial];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Reach => "reach",
            Self::Effect => "effect",
            Self::Undecided => "undecided",
            Self::Words => "words",
            Self::Compatible => "compatible",
            Self::Trivial => "trivial",
        }
    }
}

impl fmt::Display for ChangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DIFF{:03}", self.0)
    }
}

impl fmt::Debug for ChangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ChangeCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
