//! `cap sign`: puts a signature beside each folder's `cap.lock`, if the files are what it says.

mod key;

use cap_compiler::pin::Policy;
use cap_compiler::pin::signature::{Block, SIGNATURE_FILE, SignatureFile, SigningKey};
use cap_compiler::source::SourceLoader;
use cap_runtime::disk::{DiskLoader, Root};
use cap_runtime::load::FolderLock;

use crate::args::SignArgs;
use crate::commands::pin::not_as_pinned;
use crate::disk::write_atomic;
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::workspace::Workspace;

pub(crate) fn run(args: &SignArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.folders, output)?;
    let (loader, loaded) = workspace.load(Policy::AllowUnlisted, output)?;
    let differing = not_as_pinned(&loaded);
    if !differing.is_empty() {
        output.diagnostics(&differing, loader.sources());
        output.status(Tone::Bad, "Failure", "nothing was signed: the files are not what cap.lock says");
        output.detail("(review them, then run `cap pin` and `cap sign`)");
        return Ok(Exit::Unpinned);
    }
    let roots = loader.sources().roots();
    let locks: Vec<(&Root, &FolderLock)> = roots.iter().zip(&loaded.locks).collect();
    if let Some((root, _)) = locks.iter().find(|(_, lock)| lock.bytes.is_none()) {
        output.error(&format!("there is no `{}` to sign", root.lock()), Some("review the files, then run `cap pin`"));
        return Err(Exit::Unpinned);
    }
    let key = key::open(args.key.as_deref(), output)?;
    for (root, lock) in locks {
        sign(root, lock.bytes.as_deref().unwrap_or_default(), &key, loader.sources(), output)?;
    }
    Ok(Exit::Success)
}

/// Signs the bytes that the files were compared with.
fn sign(root: &Root, lock: &[u8], key: &SigningKey, sources: &DiskLoader, output: &Output) -> Result<(), Exit> {
    let failed = |message: String| {
        output.error(&message, None);
        Exit::Environment
    };
    let text = key.sign(lock).map_err(|fault| failed(format!("the key cannot sign: {fault}")))?;
    let Some(block) = Block::parse(&text) else {
        return Err(failed("internal error: the signature cannot be read again".to_owned()));
    };
    let mut file = present(root, sources, output)?;
    drop_outdated(&mut file, lock, key, output);
    match file.blocks.iter_mut().find(|known| key.made(known)) {
        Some(known) => *known = block,
        None => file.blocks.push(block),
    }
    write_atomic(&root.path.join(SIGNATURE_FILE), &file.render())
        .map_err(|error| failed(format!("cannot write the signature: {error}")))?;
    output.status(Tone::Good, "Signed", &format!("{} with {}", root.lock(), key.fingerprint()));
    let others = file.blocks.iter().filter(|block| !key.made(block));
    others.for_each(|block| output.detail(&format!("(signed before with {})", block.fingerprint())));
    Ok(())
}

/// The signatures that are there. What is none is told, and is not written again.
fn present(root: &Root, sources: &DiskLoader, output: &Output) -> Result<SignatureFile, Exit> {
    let source = root.file(SIGNATURE_FILE);
    let bytes = match sources.read(&source) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(SignatureFile::default()),
        Err(error) => {
            output.error(&format!("cannot read `{source}`: {error}"), None);
            return Err(Exit::Environment);
        }
    };
    let outcome = SignatureFile::parse(&source, &bytes);
    output.diagnostics(&outcome.diagnostics, sources);
    Ok(outcome.value.unwrap_or_default())
}

/// Signatures by others over what stood in the lock file before are worth nothing now.
fn drop_outdated(file: &mut SignatureFile, lock: &[u8], key: &SigningKey, output: &Output) {
    file.blocks.retain(|block| {
        let keeps = key.made(block) || block.is_over(lock);
        if !keeps {
            let text = format!("the signature of {}: it is not over what stands in cap.lock", block.fingerprint());
            output.status(Tone::Warning, "Dropped", &text);
        }
        keeps
    });
}
