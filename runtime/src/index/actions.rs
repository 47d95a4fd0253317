//! The verbs that REST and MCP tools are named with, in four classes.
//!
//! "Show me", "list" and "get" ask for the same kind of tool, and a request seldom has the very verb of
//! the tool's name. So a name with such a verb also has its class as a term, and so has a request, also
//! where the verb is one that says nothing otherwise. The classes are closed: they are what the methods
//! of HTTP do, not a dictionary of synonyms.

/// The class of a verb, by its stem.
pub(super) fn class(stem: &str) -> Option<&'static str> {
    match stem {
        "get" | "list" | "fetch" | "retriev" | "show" | "find" | "search" | "queri" | "view" | "read" | "lookup" => {
            Some("~read")
        }
        "creat" | "add" | "new" | "make" | "open" | "post" => Some("~create"),
        "updat" | "edit" | "chang" | "modifi" | "set" | "patch" => Some("~update"),
        "delet" | "remov" => Some("~delete"),
        _ => None,
    }
}

/// What the terms of classes begin with; stems are of letters and digits.
pub(super) const ACTION: char = '~';
