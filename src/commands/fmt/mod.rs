//! `cap fmt`: the one layout of definition files. Only what changes is written, each file whole.

mod pins;
mod unified;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::canonical::{KeyOrders, Refusal, canonical, canonical_all};
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::config::SETTINGS_FILE;
use cap_runtime::disk::{DiskLoader, Role, read_bounded, role};

use super::schema::schema;
use crate::args::{FmtArgs, FolderArgs, SchemaKind};
use crate::disk::write_in_place;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;
use pins::Pins;

/// How many files are listed one by one.
const SHOWN: usize = 20;

/// How many files are in memory at one time, beside those that change.
const TOGETHER: usize = 256;

/// A file whose layout is another.
#[derive(Debug)]
struct Change {
    path: PathBuf,
    before: Arc<[u8]>,
    text: String,
}

/// What was found in all files.
#[derive(Debug, Default)]
struct Found {
    files: usize,
    changes: Vec<Change>,
    faulty: usize,
}

pub(crate) fn run(args: &FmtArgs, output: &Output) -> Result<Exit, Exit> {
    let orders = KeyOrders::of_definitions().with_kindless(schema(SchemaKind::Settings));
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return standard_input(args, &orders, output);
    }
    let files = files(args, output)?;
    let mut found = Found { files: files.len(), ..Found::default() };
    let progress = output.progress("laying files out");
    for some in files.chunks(TOGETHER) {
        look_at(some, &orders, &mut found, output)?;
    }
    progress.finish_and_clear();
    if args.diff {
        for change in &found.changes {
            let before = String::from_utf8_lossy(&change.before);
            output.data(&unified::diff(&change.path.to_string_lossy(), &before, &change.text));
        }
    }
    if args.check { Ok(report(&found, args, output)) } else { write(&found, args, output) }
}

/// One text, for editors: nothing is printed if it does not parse, so that nothing is replaced.
fn standard_input(args: &FmtArgs, orders: &KeyOrders, output: &Output) -> Result<Exit, Exit> {
    if args.paths.len() > 1 || args.pin {
        output.error("`-` stands alone: standard input is no file that could be pinned", None);
        return Err(Exit::Usage);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
        output.error(&format!("cannot read standard input: {error}"), None);
        Exit::Environment
    })?;
    let source = SourceId::new("<stdin>");
    let result = canonical(&source, &bytes, orders);
    let Some(text) = told(&source, &bytes, result, output) else { return Ok(Exit::Failure) };
    let is_same = text.as_bytes() == bytes;
    if args.diff {
        output.data(&unified::diff("<stdin>", &String::from_utf8_lossy(&bytes), &text));
    } else if !args.check {
        output.data(&text);
    }
    Ok(if args.check && !is_same { Exit::Failure } else { Exit::Success })
}

/// The files to lay out, sorted.
fn files(args: &FmtArgs, output: &Output) -> Result<Vec<PathBuf>, Exit> {
    let mut files = Vec::new();
    if args.paths.is_empty() {
        let folders = FolderArgs { capabilities: Vec::new(), config: args.config.clone() };
        let workspace = Workspace::open(&folders, output)?;
        for folder in &workspace.folders {
            files.extend(definitions(folder, output)?);
        }
        let settings = args.config.as_deref().unwrap_or(Path::new(SETTINGS_FILE));
        files.extend(settings.is_file().then(|| settings.to_owned()));
    }
    for path in &args.paths {
        if path.is_dir() {
            files.extend(definitions(path, output)?);
        } else {
            files.push(one_file(path, output)?);
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn definitions(folder: &Path, output: &Output) -> Result<Vec<PathBuf>, Exit> {
    let found = DiskLoader::new(&[folder.to_owned()]).files().map_err(|error| {
        output.error(&format!("cannot read the folder: {error}"), Some("name files or folders"));
        Exit::Environment
    })?;
    for (file, why) in &found.faults {
        output.error(&format!("cannot read `{file}`: {why}"), None);
    }
    let is_definition = |path: &PathBuf| role(path) == Some(Role::Definition);
    if found.faults.is_empty() {
        Ok(found.files.into_values().filter(is_definition).collect())
    } else {
        Err(Exit::Environment)
    }
}

/// A file that a person names: a definition, or settings.
fn one_file(path: &Path, output: &Output) -> Result<PathBuf, Exit> {
    let is_settings = path.file_name().is_some_and(|name| name == SETTINGS_FILE || name == "cap.yml");
    if !path.is_file() {
        output.error(&format!("`{}` does not exist", path.display()), None);
        return Err(Exit::Environment);
    }
    if role(path) != Some(Role::Definition) && !is_settings {
        output.error(&format!("`{}` is no definition and no settings file", path.display()), Some(ENDINGS));
        return Err(Exit::Environment);
    }
    Ok(path.to_owned())
}

const ENDINGS: &str =
    "definitions end in `.yaml`, `.yml` or `.json`; `tools.json` and `cap.lock` are written by `cap pin`";

/// Reads some files and lays them out.
fn look_at(paths: &[PathBuf], orders: &KeyOrders, found: &mut Found, output: &Output) -> Result<(), Exit> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read_bounded(path).map_err(|error| {
            output.error(&format!("cannot read `{}`: {error}", path.display()), None);
            Exit::Environment
        })?;
        files.push((SourceId::new(&path.to_string_lossy()), bytes));
    }
    for ((path, (source, before)), result) in paths.iter().zip(&files).zip(canonical_all(&files, orders)) {
        match told(source, before, result, output) {
            None => found.faulty += 1,
            Some(text) if text.as_bytes() == &**before => {}
            Some(text) => {
                found.changes.push(Change { path: path.clone(), before: Arc::clone(before), text });
            }
        }
    }
    Ok(())
}

/// The canonical text; what is wrong with a file that has none is said.
fn told(source: &SourceId, bytes: &[u8], result: Result<String, Refusal>, output: &Output) -> Option<String> {
    match result {
        Ok(text) => Some(text),
        Err(Refusal::Faulty(diagnostic)) => {
            let mut loader = MemoryLoader::default();
            loader.insert(source.as_str(), bytes.to_vec());
            output.diagnostics(&[*diagnostic], &loader);
            None
        }
        Err(Refusal::Unfaithful) => {
            let message = format!("internal error: the layout of `{source}` would change what it says");
            output.error(&message, Some("the file was left alone; please report this with the file"));
            None
        }
    }
}

/// `--check`: what would change.
fn report(found: &Found, args: &FmtArgs, output: &Output) -> Exit {
    if !args.diff {
        let names: String = found.changes.iter().map(|change| format!("{}\n", change.path.display())).collect();
        output.data(&names);
    }
    if found.changes.is_empty() {
        summarise(found, output);
        return if found.faulty > 0 { Exit::Failure } else { Exit::Success };
    }
    output.status(Tone::Bad, "Unformatted", &format!("{} would change{}", of(found), left_alone(found)));
    output.detail("(run `cap fmt`)");
    Exit::Failure
}

fn write(found: &Found, args: &FmtArgs, output: &Output) -> Result<Exit, Exit> {
    let mut pins = Pins::default();
    for (index, change) in found.changes.iter().enumerate() {
        pins.note(&change.path, &change.before, &change.text);
        write_in_place(&change.path, &change.text).map_err(|error| {
            output.error(&format!("cannot write the file: {error}"), None);
            Exit::Environment
        })?;
        if index < SHOWN {
            output.status(Tone::Good, "Formatted", &change.path.to_string_lossy());
        }
    }
    if found.changes.len() > SHOWN {
        output.detail(&format!("… and {} more", found.changes.len() - SHOWN));
    }
    summarise(found, output);
    if args.pin {
        pins.record(output)?;
    } else {
        pins.tell(output);
    }
    Ok(if found.faulty > 0 { Exit::Failure } else { Exit::Success })
}

fn summarise(found: &Found, output: &Output) {
    let text = match found.changes.len() {
        0 => format!("{}, nothing to change{}", plural(found.files, "file"), left_alone(found)),
        _ => format!("{} changed{}", of(found), left_alone(found)),
    };
    let (tone, verb) = if found.faulty > 0 { (Tone::Bad, "Failure") } else { (Tone::Good, "Laid out") };
    output.status(tone, verb, &text);
}

/// `2 of 3 files`.
fn of(found: &Found) -> String {
    format!("{} of {}", found.changes.len(), plural(found.files, "file"))
}

fn left_alone(found: &Found) -> String {
    match found.faulty {
        0 => String::new(),
        1 => "; 1 does not parse and was left alone".to_owned(),
        count => format!("; {count} do not parse and were left alone"),
    }
}
