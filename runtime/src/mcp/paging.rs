//! Cursors: the name of the last tool of a page, so that a page is right after any reload.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::CallError;

/// How many tools a page has.
pub(super) const PAGE: usize = 50;

/// The cursor of the page after the tool `last`.
pub(super) fn after(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{PREFIX}{last}"))
}

/// The tool that a cursor's page comes after.
pub(super) fn parse(cursor: &str) -> Result<String, CallError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CallError::Cursor)?;
    let text = String::from_utf8(bytes).map_err(|_| CallError::Cursor)?;
    text.strip_prefix(PREFIX).map(str::to_owned).ok_or(CallError::Cursor)
}

const PREFIX: &str = "after:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        assert_eq!(parse(&after("github__é")).unwrap(), "github__é");
        assert!(["", "2", "abc", "!"].iter().all(|wrong| parse(wrong).is_err()));
    }
}
