//! Files, judged in their folder: migrations part by part, by the way that their framework runs them, and plain SQL in
//! the order of the names.
//!
//! Without a database what the earlier files of the folder have made is the schema that a file meets.

use super::report::{FileReport, SkippedReport, StatementReport};
use crate::engine::Dialect;
use crate::migrations::{self, File, History, Migration, Part, Running, Side};
use crate::plan;
use crate::risk::{self, Conditions, Transactions};
use crate::schema::Schema;
use crate::source::Folder;
use crate::sql::Script;
use std::collections::BTreeMap;
use std::path::Path;

/// What files are judged with.
pub struct Bench<'a> {
    pub dialect: &'a dyn Dialect,
    /// Before the first file.
    pub schema: &'a Schema,
    /// Whether the schema is that of a database, which each file meets as it is.
    pub connected: bool,
    /// What the project has decided about judging.
    pub settings: &'a risk::Settings,
    /// Whether each report keeps the schema that its file met.
    pub keeps_schema: bool,
}

/// A file that is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The path as it is told.
    pub shown: String,
    pub text: String,
}

/// Files of a folder that are asked for, by their paths in it.
pub type WantedFiles = BTreeMap<String, Wanted>;

impl Bench<'_> {
    /// Judges the files of a folder that are wanted.
    pub fn folder(&self, folder: &Folder, wanted: &WantedFiles) -> BTreeMap<String, FileReport> {
        let mut work = Work { bench: self, wanted, schema: self.schema.clone(), reports: BTreeMap::new() };
        match &folder.history {
            Some(history) => {
                let last = history.migrations.iter().rposition(|migration| work.wants(migration));
                for migration in history.migrations.iter().take(last.map_or(0, |last| last + 1)) {
                    work.migration(history, migration);
                }
            }
            None => work.plain(&folder.files),
        }
        // What the framework does not know stands for itself.
        let missing: Vec<&String> = wanted.keys().filter(|name| !work.reports.contains_key(*name)).collect();
        for name in missing {
            self.schema.clone_into(&mut work.schema);
            work.file(name);
        }
        work.reports
    }

    /// Judges a file that is in no folder.
    pub fn alone(&self, wanted: Wanted) -> Option<FileReport> {
        let wanted = WantedFiles::from([(String::new(), wanted)]);
        let mut work = Work { bench: self, wanted: &wanted, schema: self.schema.clone(), reports: BTreeMap::new() };
        work.file("");
        work.reports.into_values().next()
    }
}

/// A folder under way.
struct Work<'a> {
    bench: &'a Bench<'a>,
    wanted: &'a WantedFiles,
    /// What the next file meets.
    schema: Schema,
    reports: BTreeMap<String, FileReport>,
}

impl Work<'_> {
    fn wants(&self, migration: &Migration) -> bool {
        let ways = [Some(&migration.up), migration.down.as_ref()];
        ways.into_iter().flatten().any(|part| self.wanted.contains_key(&part.file))
    }

    fn plain(&mut self, files: &[File]) {
        let Some(last) = self.wanted.keys().next_back() else { return };
        for file in files.iter().take_while(|file| file.path <= *last) {
            if self.wanted.contains_key(&file.path) {
                self.file(&file.path);
            } else if !self.bench.connected && is_context(file) {
                let script = self.read(&file.text);
                self.pass(script);
            }
        }
    }

    /// A file of plain SQL.
    fn file(&mut self, name: &str) {
        let Some(wanted) = self.wanted.get(name) else { return };
        let script = self.read(&wanted.text);
        let dialect = self.bench.dialect;
        let conditions = self.conditions(Transactions::ByText);
        let findings = risk::lint_by(&script, &self.schema, dialect, &conditions);
        if let Some(report) = self.report(name) {
            report.statements.extend(findings.into_iter().map(|finding| StatementReport::of(finding, dialect)));
            report.skipped.extend(script.skipped.iter().map(SkippedReport::of));
        }
        self.pass(script);
    }

    fn migration(&mut self, history: &History, migration: &Migration) {
        let up = &migration.up;
        let wanted = self.wanted.contains_key(&up.file);
        if wanted || !self.bench.connected {
            let script = self.read(&migrations::in_place([up]));
            if wanted {
                self.part(history, migration, (Side::Up, up), &script);
            }
            if migration.is_for(self.bench.dialect.kind()) {
                self.pass(script);
            }
        }
        if let Some(down) = migration.down.as_ref().filter(|down| self.wanted.contains_key(&down.file)) {
            let script = self.read(&migrations::in_place([down]));
            self.part(history, migration, (Side::Down, down), &script);
        }
    }

    fn part(&mut self, history: &History, migration: &Migration, (side, part): (Side, &Part), script: &Script) {
        let dialect = self.bench.dialect;
        if !migration.is_for(dialect.kind()) {
            let skipped = SkippedReport {
                line: part.line,
                column: 1,
                text: migration.version.clone(),
                why: format!("it is for {}", migration.dbms.join(", ")),
            };
            if let Some(report) = self.report(&part.file) {
                report.skipped.push(skipped);
            }
            return;
        }
        let runs = history.sure.then_some((history.layout, part.runs));
        let transactions = runs.map_or(Transactions::ByText, |(_, runs)| transactions(runs, script, dialect));
        let mut findings = risk::lint_by(script, &self.schema, dialect, &self.conditions(transactions));
        migrations::lint(&mut findings, side, runs, dialect.text_is_transaction());
        if let Some(report) = self.report(&part.file) {
            report.statements.extend(findings.into_iter().map(|finding| StatementReport::of(finding, dialect)));
            report.skipped.extend(script.skipped.iter().map(SkippedReport::of));
        }
    }

    /// Reads a script as if the client's variables were names and strings: what they stand for is known when it is run.
    fn read(&self, text: &str) -> Script {
        let plain = self.bench.dialect.without_variables(text);
        self.bench.dialect.read(plain.as_deref().unwrap_or(text), &self.schema)
    }

    fn conditions(&self, transactions: Transactions) -> Conditions<'_> {
        Conditions { connected: self.bench.connected, transactions, settings: self.bench.settings }
    }

    /// The report of a wanted file, begun when it is met first.
    fn report(&mut self, name: &str) -> Option<&mut FileReport> {
        let wanted = self.wanted.get(name)?;
        let met = self.bench.keeps_schema.then_some(&self.schema);
        let begin =
            || FileReport { before: met.cloned(), ..FileReport::new(wanted.shown.clone(), wanted.text.clone()) };
        Some(self.reports.entry(name.to_owned()).or_insert_with(begin))
    }

    /// Goes on from what a file makes. With a database at hand its schema is the one that each file meets.
    fn pass(&mut self, script: Script) {
        if self.bench.connected {
            return;
        }
        if let Some(after) = script.after {
            self.schema = *after;
            return;
        }
        for change in script.statements.iter().flat_map(|statement| &statement.reading.changes) {
            // What does not fit is judged as it stands; the rest goes on without it.
            let _ = self.schema.apply(change);
        }
    }
}

/// How a framework's way of running a part brings its statements together.
fn transactions(runs: Running, script: &Script, dialect: &dyn Dialect) -> Transactions {
    let whole = match runs {
        Running::Transaction => true,
        Running::Together => script.statements.len() > 1 && dialect.text_is_transaction(),
        Running::Detected => script.statements.iter().all(|statement| !statement.reading.outside_transaction),
        Running::Alone => false,
    };
    if whole { Transactions::Whole } else { Transactions::ByText }
}

/// Whether a file of plain SQL says something about the schema that later files meet.
fn is_context(file: &File) -> bool {
    let name = file.path.to_ascii_lowercase();
    let Some(stem) = name.strip_suffix(".sql").filter(|stem| !stem.contains('/')) else { return false };
    stem != "down" && Path::new(stem).extension().is_none_or(|end| end != "down") && !plan::file::is_plan(&file.text)
}
