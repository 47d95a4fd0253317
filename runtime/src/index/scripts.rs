//! What a character is to the splitting of text into words, for all the world's scripts.

/// The kinds of characters whose meeting divides a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Upper,
    /// A small letter, or one of a script that has no capitals.
    Lower,
    Digit,
    /// A letter of a script that puts no spaces between words.
    Unspaced,
    /// It belongs to the letter before it and says nothing by itself.
    Mark,
    /// White space, punctuation, symbols.
    Between,
}

pub(super) fn kind(character: char) -> Kind {
    match character {
        'a'..='z' => Kind::Lower,
        'A'..='Z' => Kind::Upper,
        '0'..='9' => Kind::Digit,
        c if c.is_ascii() => Kind::Between,
        c if is_mark(c) => Kind::Mark,
        c if is_unspaced(c) => Kind::Unspaced,
        c if is_indic_sign(c) => Kind::Lower,
        c if c.is_numeric() => Kind::Digit,
        c if c.is_uppercase() => Kind::Upper,
        c if c.is_alphanumeric() => Kind::Lower,
        _ => Kind::Between,
    }
}

/// Accents written on their own, vowel points, soft hyphens, joiners.
pub(super) fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'
        | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}'
        | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Han, kana, Hangul (whose words carry particles), Thai, Lao, Khmer, Burmese, Tibetan.
fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}' | '\u{e81}'..='\u{ecd}' | '\u{f40}'..='\u{fbc}'
        | '\u{1000}'..='\u{1049}' | '\u{1050}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17d3}'
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{3105}'..='\u{318e}'
        | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97c}' | '\u{ac00}'..='\u{d7fb}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Signs of the scripts of India that are no letters but stand inside of words.
fn is_indic_sign(character: char) -> bool {
    matches!(character, '\u{900}'..='\u{dff}')
        && !character.is_numeric()
        && !matches!(character, '\u{964}' | '\u{965}' | '\u{970}' | '\u{df4}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_a_kind() {
        assert_eq!(
            ['ß', 'Ü', '٣', '天', 'ก', '\u{e48}', '\u{301}', '。', '\u{94d}', '😀'].map(kind),
            [
                Kind::Lower,
                Kind::Upper,
                Kind::Digit,
                Kind::Unspaced,
                Kind::Unspaced,
                Kind::Unspaced,
                Kind::Mark,
                Kind::Between,
                Kind::Lower,
                Kind::Between,
            ]
        );
    }
}
