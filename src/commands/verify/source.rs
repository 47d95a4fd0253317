//! `cap verify --source`: compiles a document again in memory, as its api was imported, and compares every file
//! of the api's folder with what comes of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cap_compiler::definition::{self, ApiDefinition, Definition, ImportRecord, SourceRecord};
use cap_compiler::diagnostic::{Diagnostic, nearest};
use cap_compiler::import::merge::{Files, Made};
use cap_compiler::import::{DocumentSource, Import, import};
use cap_compiler::pin::shown_text;
use cap_compiler::source::SourceId;
use cap_runtime::disk::read_bounded;

use super::lines::{differing, shown};
use crate::address::is_url;
use crate::args::VerifyArgs;
use crate::commands::import::{ApiFolder, Texts, options, resolved};
use crate::document::read_document;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

/// An api whose files were imported.
struct Imported {
    folder: PathBuf,
    api: Box<ApiDefinition>,
}

pub(super) fn run(document: &str, args: &VerifyArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.folders, output)?;
    let api = find(args.api.as_deref(), &workspace.folders, output)?;
    let record = api.api.import.clone().unwrap_or_default();
    tell_settings(api.api.import.as_ref(), output);
    refuse_addresses(&record, args, output)?;
    let (source, loader) = read_document(document, output)?;
    let names = if args.overlay.is_empty() {
        record.overlays.iter().map(|name| resolved(name, &api.folder)).collect()
    } else {
        args.overlay.clone()
    };
    let overlays: Result<Vec<DocumentSource>, Exit> =
        names.iter().map(|name| Ok(read_document(name, output)?.0)).collect();
    let mut options = options(Some(api.api.name.clone()), record, overlays?);
    options.version = api.api.source.as_ref().and_then(|source| source.cap.clone());
    if api.api.import.is_none() {
        options.record = None;
    }
    let made = import(&source, &options, &loader);
    let errors: Vec<Diagnostic> = made.diagnostics.iter().filter(|fault| fault.is_error()).cloned().collect();
    if made.files.is_empty() {
        output.diagnostics(&errors, &Texts { document: &loader, overlays: &options.overlays });
        output.status(Tone::Bad, "Failure", &format!("nothing comes of {}", source.id));
        return Ok(Exit::Failure);
    }
    let folder = ApiFolder::read(api.folder.clone()).map_err(|error| {
        output.error(&format!("cannot read the api's folder: {error}"), None);
        Exit::Environment
    })?;
    let recorded = api.api.source.clone().unwrap_or_default();
    let origin = tell_origin(&recorded, &source_of(&made), &source.id, output);
    Ok(compare(&folder, &made, origin, output))
}

/// Whoever wrote the file that is verified must not choose an address that is asked.
fn refuse_addresses(record: &ImportRecord, args: &VerifyArgs, output: &Output) -> Result<(), Exit> {
    let Some(url) = record.overlays.iter().find(|name| args.overlay.is_empty() && is_url(name)) else { return Ok(()) };
    let message =
        format!("`api.yaml` names the overlay {}, which is not fetched because a file says so", shown_text(url));
    output.error(&message, Some("name the overlays that are right with --overlay"));
    Err(Exit::Usage)
}

/// What the api's own file says about its import is believed, so it is shown.
fn tell_settings(record: Option<&ImportRecord>, output: &Output) {
    let Some(record) = record else { return };
    let lists = [
        ("overlays", &record.overlays),
        ("include", &record.include),
        ("exclude", &record.exclude),
        ("tags", &record.tags),
        ("methods", &record.methods),
        ("media types", &record.media_types),
    ];
    let lists = lists.iter().filter(|(_, values)| !values.is_empty());
    let mut said: Vec<String> = lists.map(|(name, values)| format!("{name} {}", values.join(", "))).collect();
    said.extend(record.server.iter().map(|server| format!("server {server}")));
    if !said.is_empty() {
        output.status(Tone::Good, "Settings", &shown_text(&said.join("; ")));
        output.detail("(as its api.yaml says)");
    }
}

/// Whether a document is the one that was imported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Recorded,
    Another,
}

/// Says where the document, its overlays or this program are others than those that were recorded.
fn tell_origin(recorded: &SourceRecord, found: &SourceRecord, document: &SourceId, output: &Output) -> Origin {
    let mut origin = Origin::Recorded;
    let mut tell = |text: &str| {
        output.status(Tone::Warning, "Another", text);
        origin = Origin::Another;
    };
    let digest = |record: &SourceRecord| shown_text(record.document.as_deref().unwrap_or("without a digest"));
    if recorded.document.is_none() {
        tell("api.yaml does not say which document it was imported from");
    } else if recorded.document != found.document {
        let (was, is) = (digest(recorded), digest(found));
        tell(&format!("{document} is not the document that was imported: it is {is}, and {was} was"));
    }
    if recorded.overlays != found.overlays {
        tell("the overlays are not those that were applied");
    }
    if let Some(version) = recorded.cap.as_deref().filter(|version| *version != env!("CARGO_PKG_VERSION")) {
        let own = env!("CARGO_PKG_VERSION");
        let version = shown_text(version);
        output.detail(&format!("(imported by cap {version}; this is cap {own}, which may compile another text)"));
    }
    origin
}

/// What the api's file says of the document when it is compiled now: of one in several files, the digest is of all.
fn source_of(made: &Import) -> SourceRecord {
    let text = made.files.iter().find(|(path, _)| path.rsplit('/').next() == Some(API_FILE));
    let api = text.and_then(|(path, text)| definition::parse(&SourceId::new(path), text.as_bytes()).value);
    match api {
        Some(Definition::Api(api)) => api.source.unwrap_or_default(),
        Some(_) | None => SourceRecord::default(),
    }
}

/// Tells every file that is not what the document compiles to.
fn compare(folder: &ApiFolder, made: &Import, origin: Origin, output: &Output) -> Exit {
    let expected = Made::of(made).files;
    let names: BTreeSet<&String> = expected.keys().chain(folder.files.keys()).collect();
    let (mut wrong, mut told) = (0, 0);
    for name in names {
        let (makes, stands) = (expected.get(name), folder.files.get(name));
        if makes == stands {
            continue;
        }
        wrong += 1;
        if wrong <= MOST_FILES {
            told += tell_file(name, makes, stands, folder, MOST_LINES.saturating_sub(told), output);
        }
    }
    if wrong > MOST_FILES {
        output.detail(&format!("… and {} more", plural(wrong - MOST_FILES, "file")));
    }
    let place = folder.path.display();
    if wrong == 0 && origin == Origin::Recorded {
        let files = plural(expected.len(), "file");
        output.status(Tone::Good, "Verified", &format!("{files} below {place}, exactly as the document compiles"));
        return Exit::Success;
    }
    let text = match wrong {
        0 => format!("{place} is what the document compiles to, but was imported from another"),
        1 => format!("1 file below {place} is not what the document compiles to"),
        _ => format!("{wrong} files below {place} are not what the document compiles to"),
    };
    output.status(Tone::Bad, "Failure", &text);
    output.detail("(`cap import --update` merges what the document says now with what was edited)");
    Exit::Failure
}

/// One file that differs; gives how many lines of it were shown.
fn tell_file(
    name: &str,
    makes: Option<&String>,
    stands: Option<&String>,
    folder: &ApiFolder,
    room: usize,
    output: &Output,
) -> usize {
    let path = folder.path.join(name);
    let path = path.display();
    let (Some(makes), Some(stands)) = (makes, stands) else {
        let (verb, why) = match stands {
            None => ("Missing", "the document makes it"),
            Some(_) => ("Added", "the document does not make it"),
        };
        output.status(Tone::Bad, verb, &format!("{path}: {why}"));
        return 0;
    };
    output.status(Tone::Bad, "Changed", &format!("{path}: {}", who_changed(name, stands, folder.base.as_ref())));
    let lines = differing(makes, stands);
    if lines.is_empty() {
        output.detail("(only line breaks differ)");
    }
    let most = room.min(MOST_LINES_OF_ONE);
    lines.iter().take(most).for_each(|line| output.detail(&shown(*line)));
    if lines.len() > most {
        output.detail(&format!("… and {}", plural(lines.len() - most, "line")));
    }
    lines.len().min(most)
}

/// Whether a person made the change, as far as the base of the last import tells.
fn who_changed(name: &str, stands: &str, base: Option<&Files>) -> &'static str {
    match base.and_then(|base| base.get(name)) {
        Some(base) if *base == stands => "as it was imported, and the document makes another one now",
        Some(_) => "edited since it was imported",
        None => "not what the document makes",
    }
}

/// The api that was named by its name or its folder, or the only one.
fn find(wanted: Option<&Path>, folders: &[PathBuf], output: &Output) -> Result<Imported, Exit> {
    if let Some(folder) = wanted.filter(|path| path.join(API_FILE).is_file()) {
        return read(folder).ok_or_else(|| {
            let help = "`cap check` shows what is wrong with it";
            output.error(&format!("`{}` cannot be read", folder.join(API_FILE).display()), Some(help));
            Exit::Failure
        });
    }
    let mut known: Vec<Imported> = folders.iter().flat_map(|folder| below(folder)).collect();
    known.retain(|it| it.api.source.is_some() || it.api.import.is_some());
    let is_named = |it: &Imported| wanted.is_none_or(|wanted| Path::new(&it.api.name) == wanted);
    let names: Vec<String> = known.iter().map(|it| it.api.name.clone()).collect();
    known.retain(is_named);
    let only = known.pop().filter(|_| known.is_empty());
    only.ok_or_else(|| {
        let near = wanted.and_then(|wanted| nearest(&wanted.to_string_lossy(), names.iter().map(String::as_str)));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "name the folder of an api with an `api.yaml`".to_owned(),
            None => format!("name one of {}", names.join(", ")),
        };
        let message = match wanted {
            Some(wanted) => format!("there is no imported api `{}`", wanted.display()),
            None if names.is_empty() => "there is no imported api".to_owned(),
            None => "there are several imported apis".to_owned(),
        };
        output.error(&message, Some(&help));
        Exit::Usage
    })
}

/// The apis of a capabilities folder.
fn below(folder: &Path) -> Vec<Imported> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| read(folder)).collect()
}

fn read(folder: &Path) -> Option<Imported> {
    let path = folder.join(API_FILE);
    let bytes = read_bounded(&path).ok()?;
    let outcome = definition::parse(&SourceId::new(&path.to_string_lossy()), &bytes);
    match outcome.value? {
        Definition::Api(api) => Some(Imported { folder: folder.to_owned(), api }),
        Definition::Capability(_) | Definition::Schemas(_) | Definition::Upstream(_) => None,
    }
}

const API_FILE: &str = "api.yaml";

/// How many files are told one by one.
const MOST_FILES: usize = 40;
/// How many lines are shown of all files, and of one.
const MOST_LINES: usize = 200;
const MOST_LINES_OF_ONE: usize = 20;
