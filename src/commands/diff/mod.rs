//! `cap diff`: what changes for agents between two sets of capabilities.

mod chosen;
mod compiled;
mod git;
mod pinned;
mod settings;
mod terminal;
mod tree;

use cap_compiler::diff::{Class, compare};
use cap_compiler::report::Places;
use cap_compiler::report::changes::{Origin, Review, render_github, render_json, render_markdown, render_sarif};

use crate::args::{DiffArgs, DiffFormat};
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;
use chosen::Texts;
use compiled::Compiled;

pub(crate) fn run(args: &DiffArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.folders, output)?;
    let (old, new) = chosen::both(args, &workspace, output)?;
    let mut before = Compiled::of(&old, None);
    let mut after = Compiled::of(&new, Some(&before));
    if let (Some(old), Some(new)) = (&old.settings, &new.settings) {
        (before.side.settings, after.side.settings) = (old.clone(), new.clone());
    }
    tell_faults(&old, &before, output);
    tell_faults(&new, &after, output);
    let changes = compare(&before.side, &after.side);
    let places = |texts: &Texts, of: fn(&cap_compiler::diff::Member) -> Option<&cap_compiler::diagnostic::Place>| {
        Places::at(changes.groups.iter().flat_map(|group| group.members.iter().filter_map(of)), &texts.loader())
    };
    let (old_places, new_places) = (places(&old, |it| it.old.as_ref()), places(&new, |it| it.new.as_ref()));
    let denied: Vec<Class> = args.deny.iter().filter_map(|it| it.class()).collect();
    let review = Review {
        changes: &changes,
        old: Origin { label: &old.label, prefix: &old.prefix, places: &old_places },
        new: Origin { label: &new.label, prefix: &new.prefix, places: &new_places },
        denied: &denied,
    };
    match args.format {
        DiffFormat::Human => terminal::show(&review, after.unpinned, output),
        DiffFormat::Json => output.json(&render_json(&review)),
        DiffFormat::Markdown => output.data(&render_markdown(&review)),
        DiffFormat::Github => output.data(&render_github(&review)),
        DiffFormat::Sarif => output.json(&render_sarif(&review)),
    }
    if denied.iter().any(|class| review.is_denied(*class)) { Ok(Exit::Denied) } else { Ok(Exit::Success) }
}

/// What does not compile is no tool, and so looks as if it was taken away.
fn tell_faults(texts: &Texts, compiled: &Compiled, output: &Output) {
    if compiled.failed > 0 {
        let (files, what) = (plural(compiled.failed, "file"), &texts.label);
        let text = match compiled.failed {
            1 => format!("{files} of {what} does not compile; its tools are missing"),
            _ => format!("{files} of {what} do not compile; their tools are missing"),
        };
        output.status(Tone::Warning, "Warning", &text);
    }
}
