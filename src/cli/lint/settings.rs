//! What is in effect: the words of the command, before the project's file, before what is usual.

use crate::Result;
use crate::cli::args::Lint;
use crate::cli::inspect;
use crate::migrations::Layout;
use crate::plan::Severity;
use crate::project::{Found, Project, Threshold};
use crate::schema::EngineKind;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What is in effect.
#[derive(Debug)]
pub struct Settings {
    /// The project's file, where there is one.
    pub found: Option<Found>,
    pub fail_on: Threshold,
    pub fail_on_unknown: bool,
    pub engine: EngineKind,
    /// Given by an option, which counts even where a server has another.
    pub asked_version: Option<u32>,
    pub pg_version: Option<u32>,
    pub layout: Option<Layout>,
    pub baseline: Option<PathBuf>,
    pub project: Project,
    /// The folder that paths are told by, absolute.
    pub base: PathBuf,
}

impl Settings {
    /// # Errors
    /// When the project's file cannot be read or makes no sense.
    pub fn of(args: &Lint) -> Result<Self> {
        let found = match &args.project_config {
            _ if args.no_project_config => None,
            Some(path) => Some(Found::read(path)?),
            None => Found::above(&start(args))?,
        };
        let project = found.as_ref().map(|found| found.project.clone()).unwrap_or_default();
        let folder = found.as_ref().map_or(Path::new(""), Found::folder);
        let here = std::env::current_dir().unwrap_or_default();
        let of_project = project.baseline.as_ref().map(|path| folder.join(path));
        Ok(Self {
            fail_on: args.fail_on.map(Into::into).or(project.fail_on).unwrap_or(Threshold::At(Severity::High)),
            fail_on_unknown: args.fail_on_unknown || project.fail_on_unknown,
            engine: args.engine.map(inspect::kind).or(project.engine).unwrap_or(EngineKind::Postgres),
            asked_version: args.pg_version,
            pg_version: args.pg_version.or(project.pg_version),
            layout: args.layout.or(project.layout),
            baseline: args.baseline.clone().or(of_project),
            base: if folder.as_os_str().is_empty() { here } else { std::path::absolute(folder).unwrap_or(here) },
            project,
            found,
        })
    }

    /// A path as patterns and fingerprints know it: by its parts below the project's folder.
    pub fn key(&self, path: &str) -> String {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        let below = absolute.strip_prefix(&self.base).ok().and_then(Path::to_str);
        below.unwrap_or(path).to_owned()
    }

    /// What is in effect, as a project's file would say it.
    pub fn show(&self) -> String {
        let mut out = match &self.found {
            Some(found) => format!("# {}\n", found.path.display()),
            None => format!("# There is no {}.\n", crate::project::FILE),
        };
        let fail_on = self.fail_on.severity().map_or_else(|| "never".to_owned(), |severity| severity.to_string());
        let _ = writeln!(out, "fail_on = \"{fail_on}\"\nfail_on_unknown = {}", self.fail_on_unknown);
        let engine = serde_json::to_value(self.engine).ok();
        let _ = writeln!(out, "engine = {}", engine.unwrap_or_default());
        if let Some(version) = self.pg_version {
            let _ = writeln!(out, "pg_version = {version}");
        }
        if let Some(layout) = self.layout {
            let _ = writeln!(out, "layout = \"{layout}\"");
        }
        if let Some(path) = &self.baseline {
            let _ = writeln!(out, "baseline = {:?}", path.display().to_string());
        }
        // The rest is as it is written; it was read, so it is in order.
        let written: toml::Table = self.found.as_ref().and_then(|found| found.text.parse().ok()).unwrap_or_default();
        let told = ["fail_on", "fail_on_unknown", "engine", "pg_version", "layout", "baseline"];
        let rest: toml::Table = written.into_iter().filter(|(key, _)| !told.contains(&key.as_str())).collect();
        out.push_str(&rest.to_string());
        out
    }
}

/// Where the search for the project's file begins: at the first file, else here.
fn start(args: &Lint) -> PathBuf {
    let first = args.stdin_path.as_ref().or(args.files.first()).filter(|path| path.as_path() != Path::new("-"));
    let Some(first) = first else { return PathBuf::from(".") };
    if first.is_dir() { first.clone() } else { first.parent().map(Path::to_path_buf).unwrap_or_default() }
}
