//! What has changed, as the program `git` knows it.

use crate::{Error, ErrorCode, Result};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The .sql files below `paths` that were changed or added since `reference` was left: committed or not, and those that
/// git does not know yet. In the order of their names, path by path.
///
/// # Errors
/// `File` when git is not there, a path is in no repository, or there is no such reference.
pub async fn changed(reference: &str, paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut out: Vec<PathBuf> = Vec::new();
    for path in paths {
        let place = Place::of(path);
        let base = place.base(reference).await?;
        let mut names = place.names(&["diff", "--name-only", "-z", "--diff-filter=d", "--relative", &base]).await?;
        names.extend(place.names(&["ls-files", "-z", "--others", "--exclude-standard"]).await?);
        names.sort();
        let is_sql = |name: &String| name.to_ascii_lowercase().ends_with(".sql");
        for name in names.into_iter().filter(is_sql) {
            let file = if place.folder == Path::new(".") { PathBuf::from(name) } else { place.folder.join(name) };
            if !out.contains(&file) {
                out.push(file);
            }
        }
    }
    Ok(out)
}

/// Where git is asked, and about what.
struct Place {
    folder: PathBuf,
    /// A file's name, or all of the folder.
    within: String,
}

impl Place {
    fn of(path: &Path) -> Self {
        let named = path.file_name().and_then(|name| name.to_str()).filter(|_| !path.is_dir());
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match named {
            Some(name) => Self { folder: parent.to_path_buf(), within: name.to_owned() },
            None => Self { folder: path.to_path_buf(), within: ".".to_owned() },
        }
    }

    /// The commit to compare with: where this branch left `reference`, or `reference` itself where they share nothing.
    async fn base(&self, reference: &str) -> Result<String> {
        let commit = format!("{reference}^{{commit}}");
        let known = self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).await?;
        let Some(commit) = known else {
            self.inside().await?;
            return Err(Error::new(ErrorCode::File, format!("git knows no commit {reference:?}")).hint(
                "Fetch it first: a build server's copy often has one commit only (actions/checkout: fetch-depth: 0).",
            ));
        };
        let commit = commit.trim().to_owned();
        let left = self.git(&["merge-base", &commit, "HEAD"]).await?;
        Ok(left.map_or(commit, |left| left.trim().to_owned()))
    }

    /// An error when the folder is in no repository.
    async fn inside(&self) -> Result<()> {
        if self.git(&["rev-parse", "--git-dir"]).await?.is_some() {
            return Ok(());
        }
        Err(Error::new(ErrorCode::File, format!("{} is in no git repository", self.folder.display()))
            .hint("Call it in the repository, or name the files themselves."))
    }

    /// The names that a git command lists, each ended by a zero byte.
    async fn names(&self, arguments: &[&str]) -> Result<Vec<String>> {
        let within = format!(":(literal){}", self.within);
        let within = if self.within == "." { "." } else { &within };
        let listed = self.git(&[arguments, &["--", within]].concat()).await?;
        let listed = listed.ok_or_else(|| {
            let command = arguments.first().copied().unwrap_or_default();
            Error::new(ErrorCode::File, format!("git {command} failed in {}", self.folder.display()))
                .hint("See what it says when you call it there yourself.")
        })?;
        Ok(listed.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// What git prints, or `None` when it says no.
    async fn git(&self, arguments: &[&str]) -> Result<Option<String>> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.folder).args(arguments).stdin(std::process::Stdio::null()).kill_on_drop(true);
        let output = command.output().await.map_err(|why| {
            Error::new(ErrorCode::File, format!("git cannot be called: {why}"))
                .hint("Install git, or name the changed files yourself.")
        })?;
        Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
    }
}
