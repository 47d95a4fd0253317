//! Which lock files of a folder were served, in order: what was replaced is known again when it comes back.
//!
//! It is a file with a digest a line, to which is only appended. A machine that has none knows nothing.

use std::fs::{OpenOptions, create_dir_all};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use cap_compiler::pin::Digest;

use crate::disk::read_bounded;

/// The lock files of one folder that were served.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    file: Option<PathBuf>,
    /// What stands before the next line: how the file begins, or the end of a line that a crash left.
    before: String,
    /// The last one is served now.
    digests: Vec<Digest>,
}

impl Served {
    /// What is remembered of a folder below `memory`. The folder is known by the path that it was named by: a link
    /// that leads to another folder after each deployment is one folder.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(memory: Option<&Path>, folder: &Path) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let folder = folder.to_string_lossy();
        let name = Digest::of(folder.as_bytes()).to_string();
        let file = memory.map(|memory| memory.join("served").join(name));
        let mut before =
            format!("# Lock files of {folder} that `cap serve --require-signature` served, the newest last.\n");
        let digests = match file.as_deref().map(read_bounded) {
            Some(Ok(bytes)) => {
                if let Some(last) = bytes.last() {
                    before = if *last == b'\n' { String::new() } else { "\n".to_owned() };
                }
                parse(&bytes).ok_or_else(|| {
                    let path = file.as_deref().unwrap_or(Path::new("")).display();
                    io::Error::new(ErrorKind::InvalidData, format!("`{path}` has a line that is no digest"))
                })?
            }
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => {
                let path = file.as_deref().unwrap_or(Path::new("")).display();
                return Err(io::Error::new(error.kind(), format!("`{path}`: {error}")));
            }
            Some(Err(_)) | None => Vec::new(),
        };
        Ok(Self { file, before, digests })
    }

    /// Whether a lock file was served, and another one after it.
    pub(super) fn was_replaced(&self, digest: Digest) -> bool {
        self.digests.last() != Some(&digest) && self.digests.contains(&digest)
    }

    /// Notes that a lock file is served now.
    ///
    /// # Errors
    /// When the file cannot be written; it is remembered here in any case.
    pub(super) fn add(&mut self, digest: Digest) -> io::Result<()> {
        if self.digests.last() == Some(&digest) {
            return Ok(());
        }
        self.digests.push(digest);
        let Some(path) = &self.file else { return Ok(()) };
        if let Some(folder) = path.parent() {
            create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        // One write: two gateways that write at one time write whole lines.
        file.write_all(format!("{}{digest}\n", self.before).as_bytes())?;
        self.before.clear();
        file.sync_all()
    }
}

/// The digests of a file; `None` if a line is none. What a crash left of a line is passed over.
fn parse(bytes: &[u8]) -> Option<Vec<Digest>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_torn = |line: &str| line.len() < 64 && line.chars().all(|c| c.is_ascii_hexdigit());
    let lines = text.lines().filter(|line| !line.starts_with('#') && !is_torn(line));
    lines.map(Digest::parse).collect()
}
