//! `cap import --update`: every api again, as its `api.yaml` says under `import`.

use std::path::{Path, PathBuf};

use cap_compiler::definition::{self, ApiDefinition, Definition};
use cap_compiler::diagnostic::nearest;
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::disk::read_bounded;

use super::record::resolved;
use super::{Job, one};
use crate::args::ImportArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};

/// An api that was imported.
struct Known {
    name: String,
    folder: PathBuf,
    api: Box<ApiDefinition>,
}

/// Imports the named apis again, or all; each one whatever becomes of the others.
///
/// # Errors
/// When there is nothing to import, or the folder cannot be read.
pub(super) fn run(names: &[String], args: &ImportArgs, folder: &Path, output: &Output) -> Result<Exit, Exit> {
    let (known, broken) = find(folder, output)?;
    let unknown: Vec<&String> = names.iter().filter(|name| !known.iter().any(|it| it.name == **name)).collect();
    for name in &unknown {
        let near = nearest(name, known.iter().map(|it| it.name.as_str()));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("no api named `{name}` below {} says how it was imported", folder.display());
        output.error(&message, Some(help.as_deref().unwrap_or("import it with `cap import DOCUMENT --api NAME`")));
    }
    if !unknown.is_empty() {
        return Err(Exit::Failure);
    }
    let wanted: Vec<Known> = known.into_iter().filter(|it| names.is_empty() || names.contains(&it.name)).collect();
    if wanted.is_empty() && broken.is_none() {
        let message = format!("no api below {} says how it was imported", folder.display());
        output.error(&message, Some("import one with `cap import DOCUMENT`, which writes `import` into its api.yaml"));
        return Err(Exit::Failure);
    }
    let mut exit = broken.unwrap_or(Exit::Success);
    for api in wanted {
        match again(api, args, output) {
            Ok(Exit::Success) => {}
            Ok(other) | Err(other) => exit = other,
        }
    }
    Ok(exit)
}

fn again(known: Known, args: &ImportArgs, output: &Output) -> Result<Exit, Exit> {
    let record = known.api.import.clone().unwrap_or_default();
    output.status(Tone::Good, "Updating", &known.name);
    let Some(document) = &record.document else {
        let help = format!("give the document again: `cap import - --api {}`", known.name);
        output.error(&format!("`{}` was imported from standard input", known.name), Some(&help));
        return Err(Exit::Failure);
    };
    let job = Job {
        document: resolved(document, &known.folder),
        overlays: record.overlays.iter().map(|name| resolved(name, &known.folder)).collect(),
        api: Some(known.name),
        record,
        place: Some(known.folder),
    };
    one(job, args, output)
}

/// The apis of a capabilities folder that say how they were imported; and how the command ends if
/// one of them cannot be read.
fn find(folder: &Path, output: &Output) -> Result<(Vec<Known>, Option<Exit>), Exit> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        let help = "name the capabilities folder with --out";
        output.error(&format!("cannot read {}: {error}", folder.display()), Some(help));
        Exit::Environment
    })?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    let (mut known, mut broken) = (Vec::new(), None);
    for folder in folders {
        let path = folder.join("api.yaml");
        let Ok(bytes) = read_bounded(&path) else { continue };
        let source = SourceId::new(&path.to_string_lossy());
        let outcome = definition::parse(&source, &bytes);
        match outcome.value {
            Some(Definition::Api(api)) if api.import.is_some() => {
                known.push(Known { name: api.name.clone(), folder, api });
            }
            Some(_) => {}
            None => {
                let mut loader = MemoryLoader::default();
                loader.insert(source.as_str(), bytes);
                output.diagnostics(&outcome.diagnostics, &loader);
                broken = Some(Exit::Failure);
            }
        }
    }
    Ok((known, broken))
}
