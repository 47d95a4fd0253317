//! `cap import`: an OpenAPI document to capability files.

mod clients;
mod folder;
mod record;
mod summary;
mod update;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::definition::ImportRecord;
use cap_compiler::diagnostic::{Diagnostic, Severity};
use cap_compiler::import::merge::{Made, Plan, Policy, Side, plan};
use cap_compiler::import::{DocumentSource, Import, import};
use cap_compiler::source::{SourceId, SourceLoader};
use cap_runtime::config::DEFAULT_CAPABILITIES;

pub(crate) use self::folder::{ApiFolder, write_schemas};
pub(crate) use self::record::{options, resolved};

use self::summary::{counted, has_conflicts, show_done, show_dry, show_end, shown};
use crate::args::{ConflictSide, ImportArgs};
use crate::disk::write_atomic;
use crate::document::{DocumentLoader, read_document};
use crate::exit::Exit;
use crate::output::{Output, Tone};

/// Where the schemas for editors are, seen from an api's folder. The folder is hidden, so that it
/// is neither compiled nor pinned.
pub(crate) const SCHEMA_BASE: &str = "../.schemas/";

/// One document that is to be imported, and how.
struct Job {
    document: String,
    overlays: Vec<String>,
    api: Option<String>,
    record: ImportRecord,
    /// The api's folder, if there is one already.
    place: Option<PathBuf>,
}

pub(crate) fn run(args: &ImportArgs, output: &Output) -> Result<Exit, Exit> {
    if let Some(clients) = &args.from_clients {
        return clients::run(clients, args, output);
    }
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_CAPABILITIES));
    if let Some(names) = &args.update {
        return update::run(names, args, &folder, output);
    }
    let job = Job {
        document: args.document.clone().unwrap_or_default(),
        overlays: args.overlay.clone(),
        api: args.api.clone(),
        record: record::of_arguments(args, &folder),
        place: None,
    };
    one(job, args, output)
}

/// Imports one document into its folder.
fn one(job: Job, args: &ImportArgs, output: &Output) -> Result<Exit, Exit> {
    let (document, loader) = read_document(&job.document, output)?;
    let mut overlays = Vec::new();
    for name in &job.overlays {
        overlays.push(read_document(name, output)?.0);
    }
    let options = options(job.api, job.record, overlays);
    let progress = output.progress(&format!("compiling {}", document.id));
    let imported = import(&document, &options, &loader);
    progress.finish_and_clear();
    report(&imported, &Texts { document: &loader, overlays: &options.overlays }, args, output);
    if imported.files.is_empty() && imported.summary.operations == 0 && !has_errors(&imported) {
        output.status(Tone::Warning, "Finished", "the document describes no operation that could become a tool");
        return Ok(Exit::Success);
    }
    if imported.files.is_empty() {
        output.status(Tone::Bad, "Failure", &format!("nothing was imported from {}", document.id));
        return Ok(Exit::Failure);
    }
    let place = job.place.unwrap_or_else(|| {
        let folder = args.out.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_CAPABILITIES));
        folder.join(&imported.api_name)
    });
    let folder = ApiFolder::read(place).map_err(|error| {
        output.error(&format!("cannot read the api's folder: {error}"), None);
        Exit::Environment
    })?;
    let plan = plan(&shown(&folder), folder.base.as_ref(), &folder.files, &Made::of(&imported), policy(args));
    finish(&imported, &plan, &folder, args, output)
}

fn has_errors(imported: &Import) -> bool {
    imported.diagnostics.iter().any(Diagnostic::is_error)
}

/// Carries out a plan, or shows it.
fn finish(
    imported: &Import,
    plan: &Plan,
    folder: &ApiFolder,
    args: &ImportArgs,
    output: &Output,
) -> Result<Exit, Exit> {
    let exit = if has_conflicts(plan) { Exit::Failure } else { Exit::Success };
    if args.dry_run {
        show_dry(plan, folder, output);
        output.status(Tone::Good, "Finished", &format!("{}; nothing was written (--dry-run)", counted(plan)));
        return Ok(exit);
    }
    folder.carry_out(plan).map_err(|error| {
        output.error(&format!("cannot write: {error}"), None);
        Exit::Environment
    })?;
    show_done(plan, folder, output);
    show_end(imported, plan, folder, output);
    Ok(exit)
}

fn policy(args: &ImportArgs) -> Policy {
    let settle = args.conflicts.map(|side| match side {
        ConflictSide::Ours => Side::Ours,
        ConflictSide::Theirs => Side::Theirs,
    });
    Policy { settle, overwrite: args.force, restore: args.restore }
}

fn report(imported: &Import, loader: &Texts, args: &ImportArgs, output: &Output) {
    let (notes, said): (Vec<Diagnostic>, Vec<Diagnostic>) =
        imported.diagnostics.iter().cloned().partition(|diagnostic| diagnostic.severity == Severity::Note);
    output.diagnostics(&said, loader);
    if args.notes {
        output.diagnostics(&notes, loader);
    }
}

/// What diagnostics of an import speak of: the document's files and the overlays.
pub(crate) struct Texts<'t> {
    pub(crate) document: &'t DocumentLoader,
    pub(crate) overlays: &'t [DocumentSource],
}

impl SourceLoader for Texts<'_> {
    fn list(&self) -> io::Result<Vec<SourceId>> {
        self.document.list()
    }

    fn read(&self, id: &SourceId) -> io::Result<Arc<[u8]>> {
        match self.overlays.iter().find(|overlay| overlay.id == *id) {
            Some(overlay) => Ok(overlay.bytes.as_slice().into()),
            None => self.document.read(id),
        }
    }
}

/// Writes all files of an import into a new folder, with the schemas that their first lines name.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub(crate) fn write_files(imported: &Import, folder: &Path) -> io::Result<()> {
    write_schemas(folder)?;
    imported.files.iter().try_for_each(|(path, text)| write_atomic(&folder.join(path), text))
}
