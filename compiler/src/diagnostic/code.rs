//! The table of diagnostic codes.
//!
//! A code is one rule. It never changes its meaning and is never used again. `docs/diagnostics.md`
//! has a section for each, and `fixtures/diagnostics/` a file.

use std::fmt;

use super::Severity;

/// A diagnostic's code, such as `CAP0203`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

/// What the table knows of a code.
#[derive(Clone, Copy, Debug)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// The severity of its diagnostics.
    pub severity: Severity,
    /// The rule in a few words.
    pub title: &'static str,
}

macro_rules! codes {
    ($($name:ident = $number:literal, $severity:ident, $title:literal;)*) => {
        impl Code {
            $(
                #[doc = $title]
                pub const $name: Self = Self($number);
            )*
        }

        const TABLE: &[CodeInfo] = &[
            $(CodeInfo { code: Code::$name, severity: Severity::$severity, title: $title },)*
        ];
    };
}

codes! {
    // 01: the text and its shape
    SYNTAX = 101, Error, "the text is not valid YAML or JSON";
    DUPLICATE_KEY = 102, Error, "a mapping has the same key twice";
    TEXT_LIMIT = 103, Error, "the text is too large, too deep or repeats itself too often";
    NOT_UTF8 = 104, Error, "the file is not UTF-8 text";
    UNKNOWN_KEY = 105, Error, "a key that nothing reads";
    MISSING_KEY = 106, Error, "a required key is missing";
    WRONG_TYPE = 107, Error, "a value has the wrong type";
    INVALID_VALUE = 108, Error, "a value is not one of those allowed";
    UNREADABLE = 109, Error, "a file cannot be read";

    // 02: what a definition means
    TEMPLATE_SYNTAX = 201, Error, "a template does not parse";
    UNKNOWN_FILTER = 202, Error, "a template uses a filter or test that does not exist";
    UNKNOWN_ARGUMENT = 203, Error, "a template names an argument that the input does not have";
    OPTIONAL_IN_PATH = 204, Error, "a path needs an argument that may be left out";
    UNUSED_ARGUMENT = 205, Warning, "an argument is never sent";
    INPUT_NOT_OBJECT = 206, Error, "the input schema is not an object at its root";
    INVALID_SCHEMA = 207, Error, "a schema is not valid JSON Schema 2020-12";
    ARGUMENT_NAME = 208, Error, "an argument's name cannot be used by agents";
    SECRET_NOT_ALLOWED = 209, Error, "a secret stands where no credential belongs";
    TOOL_NAME = 210, Error, "a tool's name is too long or has other characters";
    DUPLICATE_TOOL = 211, Error, "two files define the same tool";
    UNKNOWN_API = 212, Error, "no file defines the api that a capability names";
    DUPLICATE_SERVER = 213, Error, "several files use one name for an api, an upstream or a stand-alone tool";
    SERVER_CHOICE = 214, Error, "server and credentials must be said in exactly one place";
    SERVER_URL = 215, Error, "a server is not an absolute http or https URL";
    METHOD = 216, Error, "the method is not an HTTP method";
    REQUEST_PATH = 217, Error, "the path is not a path";
    HEADER = 218, Error, "a header's name or value cannot be sent";
    BODY_FORM = 219, Error, "a body must have exactly one form";
    PARAMETER_STYLE = 220, Error, "a style does not exist at this place";
    UNKNOWN_SCHEMA = 221, Error, "a schema reference leads nowhere";
    UNKNOWN_SCHEME = 222, Error, "no such credential or server in the api's file";
    ANNOTATION_METHOD = 223, Warning, "an annotation contradicts the method";
    EMPTY_DESCRIPTION = 224, Warning, "a description says nothing";
    PRIVATE_SERVER = 225, Error, "a private server needs `network: private`";
    UPSTREAM_TRANSPORT = 226, Error, "an upstream must have exactly one transport";
    REQUIRED_UNKNOWN = 227, Error, "`required` names a property that does not exist";
    WRITTEN_CREDENTIAL = 228, Warning, "a credential stands in the file";
    BODY_CHOICE = 229, Error, "the media types of a body cannot be chosen from";
    XML_ELEMENT = 230, Error, "an XML element cannot be written as it is said";

    OAUTH_GRANT = 231, Error, "a grant of OAuth 2.0 does not have what it needs, or has what it does not read";
    OAUTH_ENDPOINT = 232, Error, "an endpoint of OAuth 2.0 is not an https URL";
    AUTHORIZATION_TWICE = 233, Error, "two credentials that go together want the same header";
    REQUEST_SCOPE = 234, Error, "the request or the time is read where it is not known";
    DIGEST_AS_TEXT = 235, Error, "a digest is used as text";

    SECRET_SHARED = 241, Note, "one secret is sent to different hosts";

    PLACEHOLDER_SERVER = 239, Warning, "a server is a placeholder";

    PROXY_URL = 250, Error, "a proxy is not an http or https URL";
    TLS_CERTIFICATE = 251, Error, "certificates cannot be used as they are said";
    IDEMPOTENCY_KEY = 252, Warning, "an idempotency key that its method does not need";
    TIMEOUTS = 253, Warning, "a timeout that is never reached";

    ANSWER_SHAPE = 245, Error, "what is kept of an answer cannot be found out";
    PAGINATION_ARGUMENT = 246, Error, "pagination names an argument that the input does not have";
    PAGINATION_KEYS = 247, Error, "a pagination style lacks a key or has one of another";
    ANSWER_KEPT = 248, Error, "an answer cannot be kept";

    // 03: pins
    DIGEST_DIFFERS = 301, Error, "a file is not what was pinned";
    UNPINNED = 302, Warning, "a file is not pinned";
    PINNED_MISSING = 303, Warning, "a pinned file does not exist";
    LOCK_LINE = 304, Error, "a line of cap.lock is not a digest and a path";
    MOVED = 305, Warning, "a pinned file was moved";
    TOOLS_FILE = 306, Error, "a tools.json is no list of approved tools";
    TOOL_DIFFERS = 307, Error, "a tool of an upstream is not what was approved";
    TOOL_UNAPPROVED = 308, Warning, "nobody has approved a tool of an upstream";
    ALLOWED_SIGNERS = 320, Error, "a line of allowed signers names no signer";
    UNVERIFIED_KEY = 321, Warning, "an allowed signer has a key whose signatures are not verified";
    SIGNATURE_BLOCK = 322, Warning, "a part of cap.lock.sig is no signature";
    NOT_SIGNED = 323, Error, "cap.lock is not signed by the signers that are wanted";

    // 04: importing OpenAPI
    NOT_OPENAPI = 401, Error, "the text is not an OpenAPI document";
    OPENAPI_VERSION = 402, Error, "the document's version is not one that is imported";
    REPEATED_KEY = 403, Warning, "a mapping of the document has the same key twice";
    DANGLING_REFERENCE = 404, Warning, "a reference leads nowhere";
    EXTERNAL_REFERENCE = 405, Warning, "a reference leads to a file that cannot be read";
    REFERENCE_LOOP = 406, Warning, "a reference leads back to itself";
    OPERATION_SKIPPED = 407, Error, "an operation cannot be imported";
    NOTHING_SELECTED = 408, Warning, "no operation was selected";
    NO_SERVER = 409, Warning, "the document names no server that can be called";
    SERVER_LEFT_OUT = 410, Warning, "a server of the document cannot be used";
    SERVER_REPLACED = 411, Note, "an operation's own server was moved to the server that was asked for";
    UNDECLARED_SCHEME = 412, Warning, "a security requirement names a scheme that is not declared";
    UNSUPPORTED_SCHEME = 413, Warning, "a security scheme is of a kind that cannot be sent";
    TOKEN_FROM_ELSEWHERE = 414, Note, "a security scheme needs a token that is obtained elsewhere";
    NO_SECURITY = 415, Note, "the document declares no credentials";
    UNDECLARED_PLACEHOLDER = 416, Warning, "a path placeholder has no parameter";
    UNUSED_PATH_PARAMETER = 417, Warning, "a path parameter has no placeholder";
    UNREADABLE_PARAMETER = 418, Warning, "a parameter has no name or no known location";
    RESERVED_HEADER = 419, Note, "a header parameter that OpenAPI says to ignore";
    UNDEFINED_STYLE = 420, Warning, "a parameter's style does not exist at its location";
    PATH_SUFFIX = 421, Note, "a path key has a fragment or a query";
    BODY_IGNORED = 422, Warning, "a body that its method does not have";
    MEDIA_TYPE_CHOSEN = 423, Note, "one of several media types was chosen";
    MEDIA_TYPE_UNREADABLE = 424, Warning, "a media type is not one";
    SCHEMA_VALUE = 425, Warning, "a schema keyword has a value that means nothing";
    SCHEMA_TYPE = 426, Warning, "a schema names a type that does not exist";
    SCHEMA_PATTERN = 427, Warning, "a pattern is not a regular expression";
    SCHEMA_EXAMPLE = 428, Warning, "a default or example does not fit its schema";
    SCHEMA_KEYWORD = 429, Note, "a schema keyword that JSON Schema does not have";
    ARGUMENT_RENAMED = 430, Note, "an argument has another name than on the wire";
    OPERATION_RENAMED = 431, Note, "several operations wanted the same name";
    TEXT_SHORTENED = 432, Note, "a description was shortened";
    UNREADABLE_ITEM = 433, Warning, "a part of the document is not what OpenAPI has there";
    API_NAME = 434, Warning, "the name asked for the api cannot be used";
    OVERLAY_VERSION = 435, Error, "an overlay is not one, or of a version that is not read";
    OVERLAY_TARGET = 436, Error, "an overlay's target is not a JSONPath";
    OVERLAY_ACTION = 437, Error, "an overlay's action cannot be done";
    OVERLAY_UNMATCHED = 438, Warning, "an overlay's action selects nothing";
    IMPORT_CONFLICT = 439, Error, "a person and the document changed the same value";
    NOT_INDENTED = 440, Warning, "a continuation line of the document is not indented";
    TOKEN_OBTAINED = 441, Note, "tokens of a security scheme can be obtained by the gateway";
    FLOW_LEFT_OUT = 442, Warning, "a flow of a security scheme cannot be used";
    PAGES_UNCERTAIN = 445, Note, "how a list is paged does not follow from the document";
    REPEATED_PARAMETER = 448, Warning, "an operation has two parameters of one name and place";

    // 06: advice
    WORDLESS_DESCRIPTION = 601, Advice, "a description says no more than the name";
    MARKUP_IN_DESCRIPTION = 602, Advice, "a description has HTML in it";
    UNDESCRIBED_ARGUMENTS = 603, Advice, "arguments have no description";
    LARGE_INPUT = 604, Advice, "an input schema is very large";
    NAMES_ALIKE = 605, Advice, "names of tools are easily taken for one another";
    SAME_REQUEST = 606, Advice, "two tools send the same request";
    SAME_DESCRIPTION = 607, Advice, "several tools have the same description";
    TEXT_CUT = 608, Advice, "a comma has cut a text in two";
}

impl Code {
    /// What the table knows of it.
    #[must_use]
    pub fn info(self) -> CodeInfo {
        let unknown = CodeInfo { code: self, severity: Severity::Error, title: "" };
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
pub fn all_codes() -> &'static [CodeInfo] {
    TABLE
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CAP{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
