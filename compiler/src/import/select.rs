//! Which operations are asked for.

use globset::{GlobBuilder, GlobMatcher};

use super::ImportOptions;
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::{Document, Outline};

/// Whether the options ask for this operation.
pub(super) fn is_selected(api: &str, name: &str, outline: &Outline<'_>, options: &ImportOptions) -> bool {
    let tool = format!("{api}__{name}");
    let names = [Some(name), Some(tool.as_str()), outline.id, Some(outline.path)];
    let matches = |globs: &[String]| globs.iter().any(|glob| matches_one(glob, &names));
    let tagged = |tag: &String| outline.tags.iter().any(|own| own.eq_ignore_ascii_case(tag.trim()));
    let method = |method: &String| outline.method.eq_ignore_ascii_case(method.trim());
    (options.include.is_empty() || matches(&options.include))
        && !matches(&options.exclude)
        && (options.tags.is_empty() || options.tags.iter().any(tagged))
        && (options.methods.is_empty() || options.methods.iter().any(method))
}

/// Says that nothing is left to import.
pub(super) fn nothing(document: &Document, operations: usize) -> Diagnostic {
    let place = document.spot().address.child("paths").place();
    if operations == 0 {
        return Diagnostic::new(Code::NOTHING_SELECTED, "the document has no operations", place)
            .help("webhooks and callbacks are calls that the API makes; they become no tools");
    }
    Diagnostic::new(Code::NOTHING_SELECTED, format!("none of the {operations} operations was selected"), place)
        .help("loosen `--include`, `--exclude`, `--tag` or `--method`; they must all agree")
}

fn matches_one(glob: &str, names: &[Option<&str>]) -> bool {
    let matcher = matcher(glob);
    names.iter().flatten().any(|name| *name == glob || matcher.as_ref().is_some_and(|matcher| matcher.is_match(name)))
}

/// A glob that is none still selects the name that it spells.
fn matcher(glob: &str) -> Option<GlobMatcher> {
    GlobBuilder::new(glob).literal_separator(false).build().ok().map(|glob| glob.compile_matcher())
}
