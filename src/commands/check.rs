//! `cap check`: every fault of the definitions, at its place.

use std::path::{Path, PathBuf};

use cap_compiler::advice::advise;
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::pin::Policy;
use cap_compiler::report::{Places, Tally, render_github, render_json, render_sarif};
use cap_compiler::source::SourceId;

use crate::args::{CheckArgs, FolderArgs, Format};
use crate::exit::Exit;
use crate::output::{Output, Tone, plural, tally_text};
use crate::workspace::Workspace;

pub(crate) fn run(args: &CheckArgs, output: &Output) -> Result<Exit, Exit> {
    let (folders, only) = targets(&args.paths);
    let folder_args = FolderArgs { capabilities: folders, config: args.config.clone() };
    let workspace = Workspace::open(&folder_args, output)?;
    if let Some(missing) = args.paths.iter().find(|path| !path.exists()) {
        output.error(&format!("`{}` does not exist", missing.display()), None);
        return Err(Exit::Environment);
    }
    let (loader, loaded) = workspace.load(Policy::AllowUnlisted, output)?;
    let mut diagnostics = loaded.diagnostics;
    let mut files = loaded.files;
    if !only.is_empty() {
        diagnostics.retain(|diagnostic| only.contains(&diagnostic.primary.place.source));
        files = only.len();
    }
    if args.advice.is_wanted(args.format) {
        // What is held back is what was edited since the last review.
        let tools: Vec<_> = loaded.tools.iter().map(|tool| &*tool.pinned).chain(&loaded.unserved).collect();
        diagnostics.extend(advise(&tools, &only));
    }
    match args.format {
        Format::Human => {
            output.diagnostics(&diagnostics, loader.sources());
            summarise(&diagnostics, files, output);
        }
        Format::Json => output.json(&render_json(&diagnostics, &Places::of(&diagnostics, loader.sources()))),
        Format::Github => output.data(&render_github(&diagnostics, &Places::of(&diagnostics, loader.sources()))),
        Format::Sarif => output.json(&render_sarif(&diagnostics, &Places::of(&diagnostics, loader.sources()))),
    }
    let is_denied = args.advice.denies(Tally::of(&diagnostics));
    if is_denied || diagnostics.iter().any(Diagnostic::is_error) { Ok(Exit::Failure) } else { Ok(Exit::Success) }
}

/// The folders to load, and the files to which the report is limited. A file is linked with the
/// folder that holds it.
fn targets(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<SourceId>) {
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut only = Vec::new();
    for path in paths {
        let folder = if path.is_file() {
            only.push(SourceId::new(&path.to_string_lossy()));
            match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                Some(_) | None => Path::new("."),
            }
        } else {
            path.as_path()
        };
        if !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    // A folder among the paths is reported whole.
    if paths.iter().any(|path| path.is_dir()) {
        only.clear();
    }
    (folders, only)
}

fn summarise(diagnostics: &[Diagnostic], files: usize, output: &Output) {
    let tally = Tally::of(diagnostics);
    let counts = tally_text(tally);
    let files = plural(files, "file");
    if tally.errors > 0 {
        output.status(Tone::Bad, "Failure", &format!("{files} checked: {counts}"));
        output.detail("(`cap explain CODE` says more about a code)");
    } else if counts.is_empty() {
        output.status(Tone::Good, "Checked", &format!("{files}, nothing to say"));
    } else {
        output.status(Tone::Good, "Checked", &format!("{files}: {counts}"));
    }
}
