//! Migrations, judged part by part by the way that their framework runs them.

use super::lint_formats::{FileReport, SkippedReport};
use crate::engine::Dialect;
use crate::migrations::{self, History, Migration, Part, Side};
use crate::risk;
use crate::schema::Schema;
use crate::sql::{Script, Statement};
use std::path::Path;

/// What migrations are judged with.
pub struct Bench<'a> {
    pub dialect: &'a dyn Dialect,
    /// Whether the schema is that of a database.
    pub connected: bool,
}

impl Bench<'_> {
    /// All files of a folder. Without a database each migration is judged on what those before it have made.
    pub fn folder(&self, root: &Path, history: &History, mut schema: Schema) -> Vec<FileReport> {
        let mut out = Vec::new();
        for migration in &history.migrations {
            self.migration(root, history, migration, None, &mut schema, &mut out);
        }
        out
    }

    /// One file of a folder; `None` when the folder's framework does not know it.
    pub fn file(&self, path: &Path, history: &History, name: &str, schema: &Schema) -> Option<FileReport> {
        let mut schema = schema.clone();
        let mut out = Vec::new();
        for migration in &history.migrations {
            self.migration(Path::new(""), history, migration, Some(name), &mut schema, &mut out);
        }
        out.pop().map(|report| FileReport { path: path.display().to_string(), ..report })
    }

    fn migration(
        &self,
        root: &Path,
        history: &History,
        migration: &Migration,
        only: Option<&str>,
        schema: &mut Schema,
        out: &mut Vec<FileReport>,
    ) {
        let wanted = |part: &Part| only.is_none_or(|name| part.file == name);
        let read = wanted(&migration.up) || (only.is_none() && !self.connected);
        let script = read.then(|| self.dialect.read(&migrations::in_place([&migration.up]), schema));
        if let Some(script) = script {
            if wanted(&migration.up) {
                self.part(root, history, migration, (Side::Up, &migration.up), (&script, schema), out);
            }
            // With a database at hand its schema is the one that each migration meets.
            if !self.connected {
                for change in script.statements.iter().flat_map(|s: &Statement| &s.reading.changes) {
                    // What does not fit is judged as it stands; the rest goes on without it.
                    let _ = schema.apply(change);
                }
            }
        }
        if let Some(down) = migration.down.as_ref().filter(|down| wanted(down)) {
            let script = self.dialect.read(&migrations::in_place([down]), schema);
            self.part(root, history, migration, (Side::Down, down), (&script, schema), out);
        }
    }

    fn part(
        &self,
        root: &Path,
        history: &History,
        migration: &Migration,
        (side, part): (Side, &Part),
        (script, schema): (&Script, &Schema),
        out: &mut Vec<FileReport>,
    ) {
        let path = root.join(&part.file).display().to_string();
        if out.last().is_none_or(|report| report.path != path) {
            out.push(FileReport { path, statements: Vec::new(), skipped: Vec::new() });
        }
        let Some(report) = out.last_mut() else { return };
        if !migration.is_for(self.dialect.kind()) {
            report.skipped.push(SkippedReport {
                line: part.line,
                column: 1,
                text: migration.version.clone(),
                why: format!("it is for {}", migration.dbms.join(", ")),
            });
            return;
        }
        let mut findings = risk::lint_script(script, schema, self.dialect, self.connected);
        let runs = history.sure.then_some((history.layout, part.runs));
        migrations::lint(&mut findings, side, runs, self.dialect.text_is_transaction());
        report.statements.extend(findings);
        report.skipped.extend(script.skipped.iter().map(SkippedReport::of));
    }
}
