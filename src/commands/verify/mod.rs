//! `cap verify`: who signed the lock files, and whether the files are what they say; or, with `--source`,
//! whether imported files are what their document compiles to. It writes nothing, and needs no network unless the
//! document, or an overlay that was given, is a URL.

mod lines;
mod source;

use std::num::NonZeroUsize;
use std::path::Path;

use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::pin::signature::{AllowedSigners, nothing_to_sign};
use cap_compiler::pin::{Policy, shown_text};
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::disk::{DiskLoader, read_bounded};
use cap_runtime::load::{Loaded, signatures};

use crate::args::VerifyArgs;
use crate::commands::pin::not_as_pinned;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

pub(crate) fn run(args: &VerifyArgs, output: &Output) -> Result<Exit, Exit> {
    if let Some(document) = &args.source {
        return source::run(document, args, output);
    }
    let workspace = Workspace::open(&args.folders, output)?;
    let Some(signers) = args.signers.as_ref().or(workspace.settings.require_signature.as_ref()) else {
        let help = "name their file with --signers, or as `require_signature` in cap.yaml";
        output.error("nothing says whose signatures count", Some(help));
        return Err(Exit::Usage);
    };
    let allowed = allowed_signers(signers, output)?;
    let wanted = wanted(args.signatures, workspace.settings.signatures);
    let (loader, loaded) = workspace.load(Policy::AllowUnlisted, output)?;
    Ok(verify(&loaded, loader.sources(), &allowed, wanted, output))
}

fn verify(
    loaded: &Loaded,
    sources: &DiskLoader,
    allowed: &AllowedSigners,
    wanted: NonZeroUsize,
    output: &Output,
) -> Exit {
    let mut wrong = not_as_pinned(loaded);
    let mut files = 0;
    for (root, lock) in sources.roots().iter().zip(&loaded.locks) {
        let Some(bytes) = lock.bytes.as_deref() else {
            wrong.push(nothing_to_sign(&root.lock()));
            continue;
        };
        let (judgement, faults) = signatures(sources, root, bytes, allowed);
        output.diagnostics(&faults, sources);
        let names = judgement.shown();
        names.iter().for_each(|name| output.status(Tone::Good, "Signed", &format!("{} by {name}", root.lock())));
        match judgement.refusal(&root.lock(), wanted) {
            Some(refusal) => wrong.push(refusal),
            None => {
                for other in &judgement.uncounted {
                    let reason = shown_text(&other.reason.to_string());
                    output.detail(&format!("(another signature, of {}: {reason})", other.fingerprint));
                }
            }
        }
        files += lock.file.entries.len();
    }
    if wrong.is_empty() {
        output.status(Tone::Good, "Verified", &format!("{} signed", files_are(files)));
        return Exit::Success;
    }
    output.diagnostics(&wrong, sources);
    output.status(Tone::Bad, "Failure", "what is there is not what was signed");
    Exit::Unpinned
}

fn files_are(count: usize) -> String {
    match count {
        1 => "1 file is what was".to_owned(),
        _ => format!("{count} files are what was"),
    }
}

/// How many signers are wanted: as the flag says, or `cap.yaml`, or one.
pub(crate) fn wanted(said: Option<NonZeroUsize>, setting: Option<u32>) -> NonZeroUsize {
    let setting = setting.and_then(|number| NonZeroUsize::new(usize::try_from(number).ok()?));
    said.or(setting).unwrap_or(NonZeroUsize::MIN)
}

/// Reads a file of allowed signers.
///
/// # Errors
/// When it cannot be read or a line of it is faulty; what is wrong has been said.
pub(crate) fn allowed_signers(path: &Path, output: &Output) -> Result<AllowedSigners, Exit> {
    let bytes = read_bounded(path).map_err(|error| {
        output.error(&format!("cannot read the allowed signers: {}: {error}", path.display()), None);
        Exit::Environment
    })?;
    let source = SourceId::new(&path.to_string_lossy());
    let outcome = AllowedSigners::parse(&source, &bytes);
    let mut loader = MemoryLoader::default();
    loader.insert(source.as_str(), bytes);
    output.diagnostics(&outcome.diagnostics, &loader);
    outcome.value.ok_or_else(|| {
        let faults = outcome.diagnostics.iter().filter(|fault| Diagnostic::is_error(fault)).count();
        let text = format!("nobody's signature counts: {} in {}", plural(faults, "error"), path.display());
        output.status(Tone::Bad, "Failure", &text);
        Exit::Failure
    })
}
