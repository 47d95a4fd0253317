//! OpenSSH's patterns: `*` for any text, `?` for one character, lists with commas, `!` before what is not meant.

/// Whether a list of patterns means a name: one of them does, and none with `!`.
pub(super) fn list_matches(list: &[String], name: &str) -> bool {
    let refused = |pattern: &String| pattern.strip_prefix('!').is_some_and(|pattern| matches(pattern, name));
    let meant = |pattern: &String| !pattern.starts_with('!') && matches(pattern, name);
    !list.iter().any(refused) && list.iter().any(meant)
}

/// Whether a pattern may mean more than the name that it is.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '!'])
}

/// Tries the last star again wherever the rest does not fit: the time is that of one text times the other.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut here) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, here));
                at += 1;
            }
            Some(c) if *c == '?' || Some(c) == name.get(here) => (at, here) = (at + 1, here + 1),
            Some(_) | None => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    (at, here) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}
