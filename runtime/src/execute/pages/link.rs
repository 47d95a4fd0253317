//! The `Link` header (RFC 8288), as far as the next page goes.

/// The target of the link with `rel="next"`.
pub(super) fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (_, begun) = rest.split_once('<')?;
        let (target, after) = begun.split_once('>')?;
        let end = end_of_link(after);
        let (parameters, following) = after.split_at(end);
        if parameters.split(';').any(is_next) {
            return Some(target.trim());
        }
        rest = following;
    }
}

/// Where the parameters of a link end: at a comma that stands in no quotes.
fn end_of_link(text: &str) -> usize {
    let mut quoted = false;
    let end = text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    });
    end.unwrap_or(text.len())
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let relations = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel") && relations.split_whitespace().any(|it| it.eq_ignore_ascii_case("next"))
}
