//! One writer at a time, also among processes.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Waits until nobody else holds the lock. It goes with the file that is open: a process that dies
/// leaves none behind.
///
/// # Errors
/// When the lock file cannot be made.
pub(super) fn hold(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    held(path)
}

#[cfg(unix)]
fn held(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    rustix::io::retry_on_intr(|| rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive))?;
    Ok(file)
}

#[cfg(windows)]
fn held(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;

    // While the file is open and shared with nobody, nobody else opens it.
    for _ in 0..1_000 {
        match OpenOptions::new().create(true).truncate(false).write(true).share_mode(0).open(path) {
            Err(error) if error.raw_os_error() == Some(32) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
    Err(io::Error::other("another process keeps its lock"))
}

#[cfg(not(any(unix, windows)))]
fn held(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}
