//! What an import says of the files it wrote, kept and removed.

use cap_compiler::import::Import;
use cap_compiler::import::merge::{Change, Fate, Plan};
use cap_compiler::report::Tally;
use cap_compiler::source::MemoryLoader;

use super::folder::ApiFolder;
use crate::output::{Output, Tone, plural, tally_text};

/// Files that are named one by one when an import changes them.
const NAMED: usize = 40;

/// Shows what would be done.
pub(super) fn show_dry(plan: &Plan, folder: &ApiFolder, output: &Output) {
    for change in &plan.changes {
        let verb = match change.fate {
            Fate::Added => "Would add",
            Fate::Updated => "Would update",
            Fate::Merged => "Would merge",
            Fate::Removed => "Would remove",
            Fate::Unchanged | Fate::Deleted | Fate::Kept | Fate::Differs | Fate::Conflict => continue,
        };
        let tone = if change.fate == Fate::Removed { Tone::Warning } else { Tone::Good };
        output.status(tone, verb, &described(change, folder));
    }
    show_kept(plan, folder, output);
}

/// Shows the files of an import that was not the first.
pub(super) fn show_done(plan: &Plan, folder: &ApiFolder, output: &Output) {
    let verb = |fate: Fate| match fate {
        Fate::Added => Some("Added"),
        Fate::Updated => Some("Updated"),
        Fate::Merged => Some("Merged"),
        Fate::Removed => Some("Removed"),
        Fate::Unchanged | Fate::Deleted | Fate::Kept | Fate::Differs | Fate::Conflict => None,
    };
    if folder.base.is_some() {
        let changed: Vec<(&str, &Change)> =
            plan.changes.iter().filter_map(|change| Some((verb(change.fate)?, change))).collect();
        for (verb, change) in changed.iter().take(NAMED) {
            output.status(Tone::Good, verb, &described(change, folder));
        }
        if changed.len() > NAMED {
            output.detail(&format!("(and {} more)", changed.len() - NAMED));
        }
    }
    show_kept(plan, folder, output);
}

/// Diagnostics about files, and files that are not as the document has them.
fn show_kept(plan: &Plan, folder: &ApiFolder, output: &Output) {
    let mut loader = MemoryLoader::default();
    for (name, text) in &folder.files {
        loader.insert(&format!("{}/{name}", shown(folder)), text.clone().into_bytes());
    }
    let diagnostics: Vec<_> = plan.changes.iter().flat_map(|change| change.diagnostics.clone()).collect();
    output.diagnostics(&diagnostics, &loader);
    let of = |fate: Fate| plan.changes.iter().filter(move |change| change.fate == fate);
    for change in of(Fate::Conflict) {
        output.status(Tone::Bad, "Conflict", &format!("{} stays as it is", described(change, folder)));
    }
    for change in of(Fate::Differs) {
        let name = described(change, folder);
        output.status(Tone::Warning, "Kept", &format!("{name} differs from what the document compiles to"));
    }
    if of(Fate::Differs).next().is_some() {
        output.detail("(import into another folder with --out to compare, or overwrite them with --force)");
    }
    let deleted: Vec<&str> = of(Fate::Deleted).map(|change| change.name.as_str()).collect();
    if !deleted.is_empty() {
        let text = format!("{} (--restore writes what was deleted)", deleted.join(", "));
        output.status(Tone::Warning, "Not written", &text);
    }
}

/// The last lines of an import.
pub(super) fn show_end(imported: &Import, plan: &Plan, folder: &ApiFolder, output: &Output) {
    let summary = &imported.summary;
    for skipped in &summary.skipped {
        output.status(Tone::Warning, "Skipped", &format!("{}: {}", skipped.operation, skipped.reason));
    }
    let counts = tally_text(Tally::of(&imported.diagnostics));
    let of = format!("{} of {}", summary.imported, plural(summary.operations, "operation"));
    let said = if counts.is_empty() { String::new() } else { format!(" ({counts})") };
    output.status(Tone::Good, "Imported", &format!("{of}{said}"));
    let place = folder.path.display();
    if folder.base.is_some() {
        let tone = if has_conflicts(plan) { Tone::Warning } else { Tone::Good };
        output.status(tone, "Finished", &format!("{} below {place}", counted(plan)));
    } else {
        let written = plan.changes.iter().filter(|change| change.text.is_some()).count();
        output.status(Tone::Good, "Wrote", &format!("{} below {place}", plural(written, "file")));
    }
    for secret in &summary.secrets {
        let about = [secret.description.clone().unwrap_or_default(), secret.urls.join(" ")].join(" ");
        let line = format!("{} ({}) {}", secret.name, secret.sent_as, about.trim());
        output.status(Tone::Warning, "Secret", line.trim_end());
    }
    output.detail("(review the files, then run `cap check` and `cap pin`)");
}

/// Whether something is left for a person to settle.
pub(super) fn has_conflicts(plan: &Plan) -> bool {
    plan.changes.iter().any(|change| matches!(change.fate, Fate::Conflict | Fate::Differs))
}

/// `1 added, 2 merged (edits kept), 10 unchanged`.
pub(super) fn counted(plan: &Plan) -> String {
    let parts = [
        (Fate::Added, "added"),
        (Fate::Updated, "updated"),
        (Fate::Merged, "merged (edits kept)"),
        (Fate::Unchanged, "unchanged"),
        (Fate::Removed, "removed"),
        (Fate::Kept, "kept though the document lost it"),
        (Fate::Deleted, "not written"),
        (Fate::Differs, "kept"),
    ];
    let count = |fate: Fate| plan.changes.iter().filter(|change| change.fate == fate).count();
    let mut texts: Vec<String> = parts
        .into_iter()
        .filter(|(fate, _)| count(*fate) > 0)
        .map(|(fate, words)| format!("{} {words}", count(fate)))
        .collect();
    if count(Fate::Conflict) > 0 {
        texts.push(plural(count(Fate::Conflict), "conflict"));
    }
    texts.join(", ")
}

fn described(change: &Change, folder: &ApiFolder) -> String {
    let api = folder.path.file_name().unwrap_or_default().to_string_lossy();
    match &change.was {
        Some(was) => format!("{api}/{} (was {was})", change.name),
        None => format!("{api}/{}", change.name),
    }
}

/// The folder as diagnostics name it.
pub(super) fn shown(folder: &ApiFolder) -> String {
    folder.path.to_string_lossy().replace('\\', "/")
}
