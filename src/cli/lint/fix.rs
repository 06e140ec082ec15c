//! The safe way to the same end, as a plan beside each file.
//!
//! A plan is `FILE.sql.plan`: it is plain SQL, and yet no framework takes a file of that name for a migration.

use super::report::FileReport;
use crate::engine::Dialect;
use crate::plan::{self, Plan, PlanOptions};
use crate::schema::Schema;
use crate::source::{self, read_file};
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result, risk};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What plans are made with.
pub struct Workshop<'a> {
    pub dialect: &'a dyn Dialect,
    pub layout: Option<crate::migrations::Layout>,
    /// Whether plans are for the database that the files were judged on, and for no other.
    pub connected: bool,
}

/// What became of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Fixed {
    Written {
        path: PathBuf,
        steps: usize,
    },
    /// The file is as safe as its plan would be.
    Nothing,
}

impl Workshop<'_> {
    /// Writes the plan for a file that has findings; `before` is the schema that the file meets.
    ///
    /// # Errors
    /// `Refused` when a file is in the way that this did not write, or that was edited since; `File` when it cannot be
    /// read or written.
    pub fn fix(&self, file: &FileReport, before: &Schema) -> Result<Fixed> {
        if file.statements.iter().all(|statement| statement.risks.is_empty()) {
            return Ok(Fixed::Nothing);
        }
        let plan = self.plan(file, before)?;
        let as_it_stands =
            file.statements.iter().filter(|s| s.finding.side.is_none()).map(|s| one_line(&s.finding.sql));
        if plan.steps.iter().flat_map(|step| &step.sql).map(|sql| one_line(sql)).eq(as_it_stands) {
            return Ok(Fixed::Nothing);
        }
        let path = beside(Path::new(&file.path));
        self.may_write(&path, &plan.title)?;
        std::fs::write(&path, plan::file::write(&plan, self.dialect)).map_err(|why| {
            Error::new(ErrorCode::File, format!("{} cannot be written: {why}", path.display()))
                .hint("Have the right to write in its folder granted.")
        })?;
        Ok(Fixed::Written { path, steps: plan.steps.len() })
    }

    fn plan(&self, file: &FileReport, before: &Schema) -> Result<Plan> {
        let text = source::folder::way_up(Path::new(&file.path), file.text.clone(), self.layout, self.dialect.kind())?;
        let title = format!("The safe way for {}", file.key);
        let mut plan = plan::from_sql(&title, &text, before, self.dialect, &PlanOptions::default());
        risk::annotate(&mut plan, before, self.dialect, self.connected);
        if !self.connected {
            // What earlier files made is not all that a database may have.
            plan.base = None;
            plan.base_parts = crate::schema::Parts::new();
            plan.target = None;
        }
        Ok(plan)
    }

    /// Refuses to overwrite what was not written here, or has been edited.
    fn may_write(&self, path: &Path, title: &str) -> Result<()> {
        if !path.exists() {
            return Ok(());
        }
        let text = read_file(path)?;
        let known = plan::file::read(&text, self.dialect).ok().filter(|plan| plan.title == title);
        if known.is_some_and(|plan| plan::file::write(&plan, self.dialect) == text) {
            return Ok(());
        }
        let message = format!("{} is there and was not written by --fix, or was edited since", path.display());
        Err(Error::new(ErrorCode::Refused, message).hint("Move it away, and call the command again."))
    }
}

/// Where a file's plan is.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".plan");
    file.with_file_name(name)
}
