//! Throw-away databases of our own making, for the sample shop.

use super::Target;
use crate::{Error, ErrorCode, Result};
use std::any::Any;
use std::path::{Path, PathBuf};

/// A database that is there only for us, and gone when this is dropped.
pub struct Private {
    pub target: Target,
    /// Removes it when dropped.
    _keeper: Box<dyn Any + Send>,
}

impl Private {
    pub fn new(target: Target, keeper: impl Any + Send) -> Self {
        Self { target, _keeper: Box::new(keeper) }
    }
}

impl std::fmt::Debug for Private {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Private").field("target", &self.target).finish_non_exhaustive()
    }
}

/// A folder for one process's throw-away files; removed when dropped.
#[derive(Debug)]
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    const PREFIX: &str = "lockstep-private-";

    /// Makes the folder, and removes those that killed processes have left.
    ///
    /// # Errors
    /// `File` when the temporary folder cannot be written to.
    pub fn make() -> Result<Self> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        let name = format!("{}{}-{:08x}", Self::PREFIX, std::process::id(), fastrand::u32(..));
        let path = parent.join(name);
        std::fs::create_dir(&path).map_err(|why| {
            Error::new(ErrorCode::File, format!("the folder {} cannot be made: {why}", path.display()))
                .hint("Set TMPDIR to a folder that can be written to.")
        })?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // What stays behind is swept at the next start.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes the folders of processes that are no more.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|n| n.strip_prefix(PrivateFolder::PREFIX)).and_then(|n| n.split('-').next());
        if let Some(pid) = owner.and_then(|pid| pid.parse::<i32>().ok())
            && !is_alive(pid)
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a process is there (it may be somebody else's).
pub fn is_alive(pid: i32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_goes_with_its_owner() {
        let folder = PrivateFolder::make().unwrap();
        let path = folder.path().to_path_buf();
        std::fs::write(path.join("file"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn folders_of_dead_processes_are_swept_and_of_living_ones_kept() {
        let parent = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = parent.path().join(format!("lockstep-private-{}-0", child.id()));
        let living = parent.path().join(format!("lockstep-private-{}-0", std::process::id()));
        std::fs::create_dir(&dead).unwrap();
        std::fs::create_dir(&living).unwrap();
        sweep(parent.path());
        assert!(!dead.exists() && living.exists());
    }
}
