//! Descriptions lose their markup and keep their meaning.

use cap_compiler::openapi::prose::{clean, shorten};

#[test]
fn markup_goes_and_words_stay() {
    for (written, plain) in [
        ("Plain text.", "Plain text."),
        ("  spaces   between  ", "spaces between"),
        ("See [the guide](https://a.b/c) now", "See the guide now"),
        ("![logo](x.png) A **bold** word", "logo A bold word"),
        ("A line\nthat goes on\n\nA paragraph", "A line that goes on\nA paragraph"),
        ("# Title\nText", "Title\nText"),
        ("Items:\n* one\n* two\n  goes on", "Items:\n- one\n- two goes on"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("<p>One</p><p>Two<br/>three</p>", "One\nTwo\nthree"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("Use <code>id</code> &amp; &lt;name&gt;", "Use `id` & <name>"),
        ("Give <id> or <YOUR_TOKEN>", "Give <id> or <YOUR_TOKEN>"),
        ("<Note kind=\"x\">Careful</Note> now", "Careful\nnow"),
        ("See <https://a.b/c>.", "See https://a.b/c."),
        ("```json\n{\"a\": 1}\n```", "{\"a\": 1}"),
        ("seen<!-- not seen -->", "seen"),
        ("a list [of, things] and f(x)[0]", "a list [of, things] and f(x)[0]"),
        ("snake_case and 2 * 3 * 4", "snake_case and 2 * 3 * 4"),
        ("a\u{200B}b\u{202E}c\u{E0041}d\u{7}", "abcd"),
    ] {
        assert_eq!(clean(written), plain, "{written:?}");
    }
}

#[test]
fn long_texts_end_behind_a_sentence_or_a_word() {
    let kept = shorten("One sentence. Another sentence that is long.", 20);
    assert_eq!((kept.text.as_str(), kept.cut), ("One sentence.", true));
    let kept = shorten("no sentence ends here at all", 15);
    assert_eq!((kept.text.as_str(), kept.cut), ("no sentence…", true));
    assert!(!shorten("short", 5).cut);
    assert_eq!(shorten(&"é".repeat(50), 10).text.chars().count(), 11);
}
