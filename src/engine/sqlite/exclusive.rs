//! Being the only one who runs plans on a file: an operating-system lock on a file beside the database, which ends
//! with the process that holds it, however that ends. (A lock on the database file itself would interfere with
//! SQLite's own: closing any handle of a file drops all POSIX locks that the process has on it.)

use crate::{Error, ErrorCode, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock, or `None` when somebody else has it.
    pub(super) fn take(database: &Path) -> Result<Option<Self>> {
        let mut name = database.as_os_str().to_owned();
        name.push("-lockstep");
        let path = PathBuf::from(name);
        let failed = |why: std::io::Error| {
            Error::new(ErrorCode::Permission, format!("{} cannot be made: {why}", path.display()))
                .hint("Running plans needs a lock file beside the database; make its directory writable.")
        };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(why)) => return Err(failed(why)),
        }
        // The last holder removes the file: a lock on a file that is gone, or another by now, protects nothing.
        if same_file(&file, &path) { Ok(Some(Self { file, path })) } else { Self::take(database) }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Removed while still locked; a file that stays behind does no harm.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_file(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_it_and_dropping_gives_it_back() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("a.db");
        let first = FileLock::take(&database).unwrap();
        assert!(first.is_some());
        assert!(FileLock::take(&database).unwrap().is_none());
        drop(first);
        assert!(FileLock::take(&database).unwrap().is_some());
        assert!(!directory.path().join("a.db-lockstep").exists());
    }
}
