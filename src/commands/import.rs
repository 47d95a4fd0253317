//! `cap import`: an OpenAPI document to capability files.

use std::collections::BTreeMap;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use cap_compiler::diagnostic::{Diagnostic, Severity};
use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::report::Tally;
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::config::DEFAULT_CAPABILITIES;
use cap_runtime::disk::read_bounded;

use super::call::executor;
use super::schema::{FILES, schema};
use crate::args::ImportArgs;
use crate::disk::write_atomic;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural, tally_text};

/// Where the schemas for editors are, seen from an api's folder. The folder is hidden, so that it
/// is neither compiled nor pinned.
pub(crate) const SCHEMA_BASE: &str = "../.schemas/";

/// The largest document, in bytes.
const LARGEST: u64 = 64 << 20;

pub(crate) fn run(args: &ImportArgs, output: &Output) -> Result<Exit, Exit> {
    let document = read_document(&args.document, output)?;
    let options = ImportOptions {
        api: args.api.clone(),
        server: args.server.clone(),
        include: args.include.clone(),
        exclude: args.exclude.clone(),
        tags: args.tag.clone(),
        methods: args.method.clone(),
        media_types: args.media_type.clone(),
        schema_base: Some(SCHEMA_BASE.to_owned()),
    };
    let progress = output.progress(&format!("compiling {}", document.id));
    let imported = import(&document, &options);
    progress.finish_and_clear();
    report(&document, &imported, args, output);
    if imported.files.is_empty() {
        output.status(Tone::Bad, "Failure", &format!("nothing was imported from {}", document.id));
        return Ok(Exit::Failure);
    }
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_CAPABILITIES));
    let changes = Changes::of(&imported, &folder);
    if args.dry_run {
        changes.show(output);
        output.status(Tone::Good, "Finished", "nothing was written (--dry-run)");
        return Ok(Exit::Success);
    }
    let edited = changes.edited.len();
    let written = write(&imported, &changes, &folder, args, output)?;
    summarise(&imported, written, &folder, output);
    if edited > 0 && !args.force {
        return Ok(Exit::Failure);
    }
    Ok(Exit::Success)
}

fn read_document(name: &str, output: &Output) -> Result<DocumentSource, Exit> {
    let failed = |message: String, help: Option<&str>| {
        output.error(&message, help);
        Exit::Environment
    };
    if name == "-" {
        let mut bytes = Vec::new();
        let result = stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes);
        result.map_err(|error| failed(format!("cannot read standard input: {error}"), None))?;
        if bytes.len() as u64 > LARGEST {
            return Err(failed(format!("the document is larger than {} MiB", LARGEST >> 20), None));
        }
        return Ok(DocumentSource { id: SourceId::new("<stdin>"), bytes });
    }
    if name.starts_with("http://") || name.starts_with("https://") {
        let executor = executor(None, output)?;
        let runtime = tokio::runtime::Runtime::new().map_err(|error| failed(format!("cannot start: {error}"), None))?;
        let progress = output.progress(&format!("fetching {name}"));
        let fetched = runtime.block_on(executor.fetch_document(name));
        progress.finish_and_clear();
        let bytes = fetched.map_err(|error| failed(format!("cannot fetch the document: {error}"), None))?;
        return Ok(DocumentSource { id: SourceId::new(name), bytes });
    }
    let bytes = read_bounded(Path::new(name)).map_err(|error| {
        failed(format!("cannot read `{name}`: {error}"), Some("name a file, an http(s) URL, or `-` for standard input"))
    })?;
    Ok(DocumentSource { id: SourceId::new(name), bytes: bytes.to_vec() })
}

fn report(document: &DocumentSource, imported: &Import, args: &ImportArgs, output: &Output) {
    let mut loader = MemoryLoader::default();
    loader.insert(document.id.as_str(), document.bytes.clone());
    let (notes, said): (Vec<Diagnostic>, Vec<Diagnostic>) =
        imported.diagnostics.iter().cloned().partition(|diagnostic| diagnostic.severity == Severity::Note);
    output.diagnostics(&said, &loader);
    if args.notes {
        output.diagnostics(&notes, &loader);
    }
}

/// What an import would do to the files that are there.
struct Changes {
    /// Files that do not exist yet, or are as they were imported.
    fresh: Vec<String>,
    /// Files that already are what the import makes.
    same: usize,
    /// Files that somebody edited, or that an older document made.
    edited: Vec<String>,
    /// Files of this api that the document no longer has.
    gone: Vec<String>,
}

impl Changes {
    fn of(imported: &Import, folder: &Path) -> Self {
        let mut changes = Self { fresh: Vec::new(), same: 0, edited: Vec::new(), gone: Vec::new() };
        for (path, text) in &imported.files {
            match std::fs::read(folder.join(path)) {
                Ok(bytes) if bytes == text.as_bytes() => changes.same += 1,
                Ok(_) => changes.edited.push(path.clone()),
                Err(_) => changes.fresh.push(path.clone()),
            }
        }
        let made: BTreeMap<&str, ()> = imported.files.iter().map(|(path, _)| (path.as_str(), ())).collect();
        let entries = std::fs::read_dir(folder.join(&imported.api_name)).into_iter().flatten().flatten();
        changes.gone = entries
            .map(|entry| format!("{}/{}", imported.api_name, entry.file_name().to_string_lossy()))
            .filter(|path| path.ends_with(".yaml") && !made.contains_key(path.as_str()))
            .collect();
        changes.gone.sort();
        changes
    }

    fn show(&self, output: &Output) {
        for path in &self.fresh {
            output.status(Tone::Good, "Would write", path);
        }
        for path in &self.edited {
            output.status(Tone::Warning, "Differs", path);
        }
    }
}

/// Writes what is new. What differs from the file that is there stays, unless `--force`.
fn write(
    imported: &Import,
    changes: &Changes,
    folder: &Path,
    args: &ImportArgs,
    output: &Output,
) -> Result<usize, Exit> {
    let wanted = |path: &String| changes.fresh.contains(path) || (args.force && changes.edited.contains(path));
    let written = write_files(imported, folder, wanted).map_err(|error| {
        output.error(&format!("cannot write: {error}"), None);
        Exit::Environment
    })?;
    for path in changes.edited.iter().filter(|_| !args.force) {
        output.status(Tone::Warning, "Kept", &format!("{path} differs from what the document compiles to"));
    }
    for path in &changes.gone {
        output.status(Tone::Warning, "Kept", &format!("{path} is not in the document"));
    }
    if !changes.edited.is_empty() && !args.force {
        output.detail("(import into another folder with --out to compare, or overwrite them with --force)");
    }
    Ok(written)
}

/// Writes those files of an import that are `wanted`, with the schemas that their first lines name.
///
/// # Errors
/// When a file cannot be written; those before it are there.
pub(crate) fn write_files(
    imported: &Import,
    folder: &Path,
    wanted: impl Fn(&String) -> bool,
) -> std::io::Result<usize> {
    for (kind, name) in FILES {
        write_atomic(&folder.join(".schemas").join(name), &format!("{:#}\n", schema(kind)))?;
    }
    let mut written = 0;
    for (path, text) in imported.files.iter().filter(|(path, _)| wanted(path)) {
        write_atomic(&folder.join(path), text)?;
        written += 1;
    }
    Ok(written)
}

fn summarise(imported: &Import, written: usize, folder: &Path, output: &Output) {
    let summary = &imported.summary;
    for skipped in &summary.skipped {
        output.status(Tone::Warning, "Skipped", &format!("{}: {}", skipped.operation, skipped.reason));
    }
    let counts = tally_text(Tally::of(&imported.diagnostics));
    let of = format!("{} of {}", summary.imported, plural(summary.operations, "operation"));
    let said = if counts.is_empty() { String::new() } else { format!(" ({counts})") };
    output.status(Tone::Good, "Imported", &format!("{of}{said}"));
    let place = folder.join(&imported.api_name);
    output.status(Tone::Good, "Wrote", &format!("{} below {}", plural(written, "file"), place.display()));
    for secret in &summary.secrets {
        let about = [secret.description.clone().unwrap_or_default(), secret.urls.join(" ")].join(" ");
        let line = format!("{} ({}) {}", secret.name, secret.sent_as, about.trim());
        output.status(Tone::Warning, "Secret", line.trim_end());
    }
    output.detail("(review the files, then run `cap check` and `cap pin`)");
}
