//! An api's folder on disk: what stands there, what was written last, and carrying out a plan.

use std::io;
use std::path::{Path, PathBuf};

use cap_compiler::import::merge::{BASE_FILE, Fate, Files, Plan, read_base};
use cap_runtime::disk::{DiskLoader, Role, read_bounded, role};

use crate::commands::schema::{FILES, schema};
use crate::disk::{named, write_atomic};

/// What an api's folder has.
#[derive(Debug)]
pub(crate) struct ApiFolder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its definitions, by their names in it.
    pub(crate) files: Files,
    /// What was written last, if it is known.
    pub(crate) base: Option<Files>,
}

impl ApiFolder {
    /// Reads a folder; one that does not exist has no files.
    ///
    /// # Errors
    /// When a file cannot be read, or is not text.
    pub(crate) fn read(path: PathBuf) -> io::Result<Self> {
        if !path.exists() {
            return Ok(Self { path, files: Files::new(), base: None });
        }
        let loader = DiskLoader::new(std::slice::from_ref(&path));
        let mut files = Files::new();
        for place in loader.files()?.files.values().filter(|place| role(place) == Some(Role::Definition)) {
            let name = place.strip_prefix(&path).unwrap_or(place).to_string_lossy().replace('\\', "/");
            files.insert(name, read_text(place)?);
        }
        let base = match read_text(&path.join(BASE_FILE)) {
            Ok(text) => Some(read_base(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { path, files, base })
    }

    /// Carries out a plan: the base is written last, so that what a crash leaves is merged again.
    ///
    /// # Errors
    /// When a file cannot be written or removed; those before it are.
    pub(super) fn carry_out(&self, plan: &Plan) -> io::Result<()> {
        write_schemas(self.path.parent().unwrap_or(Path::new("")))?;
        for change in &plan.changes {
            if let Some(text) = &change.text {
                write_atomic(&self.path.join(&change.name), text)?;
            }
        }
        for change in &plan.changes {
            let gone = if change.fate == Fate::Removed { Some(&change.name) } else { change.was.as_ref() };
            if let Some(name) = gone {
                let path = self.path.join(name);
                std::fs::remove_file(&path).map_err(|error| named(&error, &path))?;
            }
        }
        let base = self.path.join(BASE_FILE);
        if std::fs::read(&base).is_ok_and(|text| text == plan.base.as_bytes()) {
            return Ok(());
        }
        write_atomic(&base, &plan.base)
    }
}

/// Writes the schemas that the first lines of imported files name.
pub(crate) fn write_schemas(folder: &Path) -> io::Result<()> {
    for (kind, name) in FILES {
        write_atomic(&folder.join(".schemas").join(name), &format!("{:#}\n", schema(kind)))?;
    }
    Ok(())
}

fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read_bounded(path).map_err(|error| named(&error, path))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: the file is not UTF-8 text", path.display()))
    })
}
