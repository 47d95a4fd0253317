//! Where a long request can be divided: people ask for several things in one text, and each has a tool
//! of its own.
//!
//! Only punctuation divides. Words such as "and" join the names of one thing as often as two things,
//! and dividing there too was measured to gain nothing.

/// Where clauses end in `text`, in bytes, ascending.
pub(super) fn ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, next)| *next);
        if divides(character, next) {
            ends.push(at);
        }
    }
    ends
}

/// A full stop or a comma inside of `1.5`, `1,000` or `example.org` divides nothing.
fn divides(character: char, next: char) -> bool {
    match character {
        ';' | '\n' | '。' | '？' | '！' | '，' | '、' | '；' => true,
        '.' | '?' | '!' | ':' => next.is_whitespace() || matches!(next, '"' | '\''),
        ',' => next.is_whitespace(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_divided() {
        assert_eq!(ends("add 1.5 and 1,000, then stop. Go on"), [17, 28]);
        assert_eq!(ends(""), Vec::<usize>::new());
    }
}
