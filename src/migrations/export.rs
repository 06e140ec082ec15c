//! A plan as the migrations of a framework.
//!
//! Each step of a plan has its own transaction, or none, and so has each migration here; steps that make new things
//! and lock nothing share one. What cannot be in a transaction stands alone in a migration that is marked so.

use super::numbering::{Start, versions};
use super::text::{comment, terminated};
use super::{File, Layout};
use crate::plan::{Check, Patterns, Plan, Rollback, RollbackKind, Step, StepKind};
use crate::schema::{Change, EngineKind};
use crate::{Error, Result};

/// What a framework writes its files from.
#[derive(Debug)]
pub struct Export<'a> {
    pub(super) title: &'a str,
    pub(super) units: Vec<Unit>,
    pub(super) versions: Vec<String>,
    /// What is in the folder already.
    pub(super) existing: &'a [File],
    /// The name of the application that the folder belongs to (Django).
    pub(super) application: &'a str,
    pub(super) engine: EngineKind,
    /// Whether the engine takes several statements in one text as one transaction.
    pub(super) text_is_transaction: bool,
}

/// One migration to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub title: String,
    /// For comments above the way up.
    pub notes: Vec<String>,
    pub up: Vec<String>,
    pub down: Vec<String>,
    /// For comments above the way down.
    pub down_notes: Vec<String>,
    /// Whether the framework is to open a transaction, both ways.
    pub transactional: bool,
    /// Why there is no way down, where there is none.
    pub irreversible: Option<String>,
}

impl Unit {
    pub fn up_sql(&self) -> String {
        self.up_with(terminated)
    }

    pub fn down_sql(&self) -> String {
        self.down_with(terminated)
    }

    /// The way up with its comments, each statement as `write` ends it.
    pub fn up_with(&self, write: fn(&str) -> String) -> String {
        let comments = std::iter::once(&self.title).chain(&self.notes).map(|note| comment(note));
        comments.chain(self.up.iter().map(|sql| write(sql))).collect()
    }

    pub fn down_with(&self, write: fn(&str) -> String) -> String {
        self.down_comments().map(|note| comment(&note)).chain(self.down.iter().map(|sql| write(sql))).collect()
    }

    pub fn down_comments(&self) -> impl Iterator<Item = String> {
        let nothing = self.down.is_empty() && self.down_notes.is_empty();
        let nothing = nothing.then(|| "Nothing has to be taken back.".to_owned());
        self.down_notes.iter().cloned().chain(nothing)
    }
}

impl Export<'_> {
    /// The migrations with their versions.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (&str, &Unit)> {
        self.versions.iter().map(String::as_str).zip(&self.units)
    }

    /// The engine as configuration files name it.
    pub(super) fn provider(&self) -> String {
        self.engine.to_string().to_lowercase()
    }
}

/// The files of `plan` for a framework, to be added to `existing` ones.
///
/// # Errors
/// `Usage` when the plan has nothing to run, or when new versions cannot follow those of the folder.
pub fn export(
    plan: &Plan,
    layout: Layout,
    patterns: &dyn Patterns,
    existing: &[File],
    application: &str,
    start: &Start,
) -> Result<Vec<File>> {
    let framework = layout.framework();
    let together = framework.sends_together() && patterns.text_is_transaction();
    let units = Units { patterns, together }.of(plan);
    if units.is_empty() {
        return Err(Error::usage("the plan has no step to write as a migration")
            .hint("A plan without steps changes nothing; there is nothing to commit."));
    }
    let export = Export {
        title: &plan.title,
        versions: versions(units.len(), existing, start, framework.habit())?,
        units,
        existing,
        application,
        engine: plan.engine,
        text_is_transaction: patterns.text_is_transaction(),
    };
    framework.write(&export)
}

struct Units<'p> {
    patterns: &'p dyn Patterns,
    /// Statements of one file make one transaction, whatever the framework does.
    together: bool,
}

/// One way of a step.
struct Way {
    sql: Vec<String>,
    /// Statements that must not be in a transaction, each in a migration of its own.
    alone: bool,
    /// It opens and ends its own transaction.
    own: bool,
    notes: Vec<String>,
}

impl Units<'_> {
    fn of(&self, plan: &Plan) -> Vec<Unit> {
        let mut out: Vec<Unit> = Vec::new();
        let mut waiting: Vec<String> = Vec::new();
        let mut open = false;
        for step in &plan.steps {
            if step.kind == StepKind::Wait {
                let note = step.note.as_deref().unwrap_or("this is for people to do.");
                waiting.push(format!("Before this: {}. {note}", step.title));
                open = false;
                continue;
            }
            let mut units = self.of_step(step);
            if let Some(first) = units.first_mut() {
                waiting.append(&mut first.notes);
                first.notes = std::mem::take(&mut waiting);
            }
            let shares = shares_transaction(step);
            match (out.last_mut(), units.as_mut_slice()) {
                (Some(last), [only])
                    if open && shares && only.irreversible.is_none() && last.irreversible.is_none() =>
                {
                    last.join(std::mem::take(only));
                }
                _ => out.append(&mut units),
            }
            open = shares;
        }
        if let Some(last) = out.last_mut() {
            last.notes.extend(waiting.into_iter().map(|note| note.replacen("Before this", "After this", 1)));
        }
        out
    }

    fn of_step(&self, step: &Step) -> Vec<Unit> {
        let mut up = self.way_up(step);
        let mut down = self.way_down(&step.rollback);
        let irreversible = lost(step).then(|| step.rollback.note.clone().unwrap_or_default());
        if let Some(why) = &irreversible {
            down.sql = self.patterns.refusal(why).into_iter().collect();
        }
        if up.own != down.own {
            for way in [&mut up, &mut down] {
                self.wrap(way);
            }
        }
        let unit = |n: usize, up_sql: Vec<String>, down_sql: Vec<String>, transactional: bool| Unit {
            title: step.title.clone(),
            notes: if n == 0 { up.notes.clone() } else { Vec::new() },
            up: up_sql,
            down: down_sql,
            down_notes: if n == 0 { down.notes.clone() } else { Vec::new() },
            transactional,
            irreversible: irreversible.clone().filter(|_| n == 0),
        };
        if !up.alone && !down.alone {
            let transactional = !up.own && !down.own;
            return vec![unit(0, up.sql.clone(), down.sql.clone(), transactional)];
        }
        // Up they run first to last, down last to first: the way down of the last one runs first.
        let (ups, downs) = (pieces(&up), pieces(&down));
        let mut out = Vec::new();
        let mixed = up.alone != down.alone && !ups.is_empty() && !downs.is_empty();
        if mixed {
            out.extend(ups.into_iter().map(|sql| (sql, Vec::new(), !up.alone)));
            out.extend(downs.into_iter().rev().map(|sql| (Vec::new(), sql, !down.alone)));
        } else {
            let count = ups.len().max(downs.len());
            let mut downs = downs.into_iter().rev().collect::<Vec<_>>();
            let missing = count - downs.len();
            downs.splice(0..0, std::iter::repeat_n(Vec::new(), missing));
            let ups = ups.into_iter().chain(std::iter::repeat(Vec::new()));
            out.extend(ups.zip(downs).map(|(up, down)| (up, down, false)));
        }
        out.into_iter().enumerate().map(|(n, (up, down, transactional))| unit(n, up, down, transactional)).collect()
    }

    fn way_up(&self, step: &Step) -> Way {
        let mut notes: Vec<String> = step.note.iter().cloned().collect();
        let mut sql = step.sql.clone();
        let mut alone = !step.transactional;
        if let (StepKind::Backfill, Some(backfill)) = (step.kind, &step.backfill) {
            match self.patterns.fill_in_batches(backfill) {
                Some(batches) => {
                    sql = vec![batches];
                    alone = true;
                }
                None => notes.push(
                    "All rows in one statement: batches cannot be told in plain SQL here; `lockstep apply` makes them."
                        .to_owned(),
                ),
            }
        }
        if let Some(check) = &step.check {
            self.guard(step.kind, check, &mut sql, &mut notes);
        }
        self.with_settings(Way { sql, alone, own: false, notes }, &step.session)
    }

    /// A check as a statement that fails; where the engine has none, in words.
    fn guard(&self, kind: StepKind, check: &Check, sql: &mut Vec<String>, notes: &mut Vec<String>) {
        match self.patterns.guard(check) {
            Some(guard) if kind == StepKind::Check => *sql = vec![guard],
            Some(guard) => sql.push(guard),
            None => notes.push(format!("This must give no row, or else: {} Query: {}", check.message, check.query)),
        }
    }

    fn way_down(&self, rollback: &Rollback) -> Way {
        let note = rollback.note.clone().unwrap_or_default();
        let notes = match rollback.kind {
            RollbackKind::Exact if note.is_empty() => Vec::new(),
            RollbackKind::Exact => vec![note],
            RollbackKind::Restores => vec![format!("The data comes back: {note}")],
            RollbackKind::Lossy => vec![format!("Not all data comes back: {note}")],
            RollbackKind::None => vec![format!("No way back: {note}")],
        };
        let alone = !rollback.transactional && !rollback.sql.is_empty();
        self.with_settings(Way { sql: rollback.sql.clone(), alone, own: false, notes }, &rollback.session)
    }

    /// Settings are made before the statements and undone after them.
    fn with_settings(&self, mut way: Way, settings: &[String]) -> Way {
        if settings.is_empty() || way.sql.is_empty() {
            return way;
        }
        if way.alone && self.together {
            // With a setting before it, the statement would be in a transaction.
            way.notes
                .extend(settings.iter().map(|setting| format!("To be set for the session before this: {setting}")));
            return way;
        }
        if self.patterns.settings_before_transaction() {
            self.wrap(&mut way);
        }
        let undone = settings.iter().rev().filter_map(|setting| self.patterns.undo_setting(setting));
        way.sql = settings.iter().cloned().chain(way.sql).chain(undone).collect();
        way
    }

    fn wrap(&self, way: &mut Way) {
        if !way.own && !way.sql.is_empty() && !way.alone {
            way.sql.insert(0, self.patterns.begin().to_owned());
            way.sql.push("COMMIT".to_owned());
        }
        way.own = true;
    }
}

/// What has to run as a text of its own.
fn pieces(way: &Way) -> Vec<Vec<String>> {
    if way.sql.is_empty() {
        Vec::new()
    } else if way.alone {
        way.sql.iter().map(|sql| vec![sql.clone()]).collect()
    } else {
        vec![way.sql.clone()]
    }
}

impl Unit {
    /// Takes what a later step does into the same transaction.
    fn join(&mut self, later: Self) {
        self.notes.push(later.title);
        self.notes.extend(later.notes);
        self.up.extend(later.up);
        self.down.splice(0..0, later.down);
        self.down_notes.splice(0..0, later.down_notes);
    }
}

/// Whether a step only makes new things, so that its locks are in nobody's way however long its transaction lasts. An
/// enum's new value cannot be used before the transaction that adds it has ended.
fn shares_transaction(step: &Step) -> bool {
    let at_once = |change: &Change| match change {
        Change::CreateOther { .. } | Change::CreateIndex { .. } | Change::CreateTrigger { .. } => false,
        other => other.makes_object() || matches!(other, Change::SetComment { .. }),
    };
    step.kind == StepKind::Ddl
        && step.transactional
        && step.rollback.transactional
        && step.locks.is_empty()
        && step.session.is_empty()
        && step.check.is_none()
        && !step.changes.is_empty()
        && step.changes.iter().all(at_once)
}

/// Whether going back would leave a change of the schema behind, so that it must not be taken for done.
fn lost(step: &Step) -> bool {
    step.rollback.kind == RollbackKind::None
        && step.kind == StepKind::Ddl
        && !step.sql.is_empty()
        && (!step.changes.is_empty() || !step.parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fake::{Fake, schema};
    use crate::plan::{Phase, PlanOptions, from_sql};
    use jiff::civil::date;
    use proptest::prelude::*;

    fn plan(steps: Vec<Step>) -> Plan {
        let before = schema(&[("orders", &["region"])]);
        let plan = from_sql("Change it", "ADD orders a", &before, &Fake, &PlanOptions::default());
        Plan { steps, ..plan }
    }

    fn step(title: &str, sql: &[&str], back: &[&str]) -> Step {
        let texts = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        let mut step = Step::ddl(title, Phase::Expand, texts(sql));
        step.rollback = Rollback::exact(texts(back));
        step
    }

    fn units(steps: Vec<Step>) -> Vec<(Vec<String>, Vec<String>, bool)> {
        let units = Units { patterns: &Fake, together: true }.of(&plan(steps));
        units.into_iter().map(|unit| (unit.up, unit.down, unit.transactional)).collect()
    }

    fn of(up: &[&str], down: &[&str], transactional: bool) -> (Vec<String>, Vec<String>, bool) {
        let texts = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        (texts(up), texts(down), transactional)
    }

    #[test]
    fn what_cannot_be_in_a_transaction_stands_alone_and_goes_back_in_reverse() {
        let mut alone = step("two", &["a1", "a2"], &["b1", "b2", "b3"]);
        alone.transactional = false;
        alone.rollback.transactional = false;
        let wanted = [of(&["a1"], &["b3"], false), of(&["a2"], &["b2"], false), of(&[], &["b1"], false)];
        assert_eq!(units(vec![alone]), wanted);
    }

    #[test]
    fn ways_of_different_kinds_are_different_migrations() {
        let mut mixed = step("mixed", &["a1", "a2"], &["b1", "b2"]);
        mixed.rollback.transactional = false;
        let wanted = [of(&["a1", "a2"], &[], true), of(&[], &["b2"], false), of(&[], &["b1"], false)];
        assert_eq!(units(vec![mixed]), wanted);
    }

    #[test]
    fn steps_keep_their_own_transactions_unless_they_only_make_new_things() {
        let create = |title: &str| {
            let mut made = step(title, &[title], &[&format!("drop {title}")]);
            made.changes = vec![Change::CreateSchema { name: title.to_owned() }];
            made
        };
        let wanted = [of(&["a", "b"], &["drop b", "drop a"], true), of(&["alter"], &["back"], true)];
        assert_eq!(units(vec![create("a"), create("b"), step("c", &["alter"], &["back"])]), wanted);
    }

    #[test]
    fn waits_and_losses_are_said_in_comments() {
        let mut wait = step("Deploy the code", &[], &[]);
        wait.kind = StepKind::Wait;
        wait.note = Some("Readers must know both names.".to_owned());
        let mut lossy = step("drop", &["drop it"], &["make it"]);
        lossy.rollback = Rollback::lossy(lossy.rollback.sql, "the values of region");
        let start = Start { now: date(2026, 1, 31).at(10, 15, 0, 0), from: None };
        let files = export(&plan(vec![wait, lossy]), Layout::Sqlx, &Fake, &[], "shop", &start).unwrap();
        let [up, down] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(up.path, "20260131101500_drop.up.sql");
        assert!(up.text.contains("-- Before this: Deploy the code. Readers must know both names.\n"), "{}", up.text);
        assert!(down.text.contains("-- Not all data comes back: the values of region\n"), "{}", down.text);
    }

    /// The frameworks whose files can be read again.
    const WRITTEN_IN_SQL: [Layout; 8] = [
        Layout::Sqlx,
        Layout::GolangMigrate,
        Layout::Dbmate,
        Layout::Goose,
        Layout::Flyway,
        Layout::Liquibase,
        Layout::Diesel,
        Layout::Prisma,
    ];

    fn statement() -> impl Strategy<Value = String> {
        let line = prop_oneof!["[a-z;'$/ ]{0,12}", Just("-- a; comment".to_owned()), Just("/".to_owned())];
        prop::collection::vec(line, 1..5).prop_map(|lines| format!("s {}", lines.join("\n")).trim_end().to_owned())
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let list = |least: usize| prop::collection::vec(statement(), least..3);
        (list(1), list(0), any::<bool>(), any::<bool>()).prop_map(|(up, down, transactional, back)| {
            let mut step = Step::ddl("A step", Phase::Expand, up);
            step.transactional = transactional;
            step.rollback = Rollback { transactional: back, ..Rollback::exact(down) };
            step
        })
    }

    /// The text with nothing in it but statements: no comments, blanks or ends.
    fn bare(text: &str) -> String {
        let ends = |c: char| c.is_whitespace() || c == ';' || c == '/';
        text.lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .flat_map(|line| line.chars())
            .filter(|c| !ends(*c))
            .collect()
    }

    proptest! {
        #[test]
        fn what_is_written_for_a_framework_is_read_again(steps in prop::collection::vec(any_step(), 1..4)) {
            let plan = plan(steps);
            let start = Start { now: date(2026, 1, 31).at(10, 15, 0, 0), from: None };
            for layout in WRITTEN_IN_SQL {
                let files = export(&plan, layout, &Fake, &[], "shop", &start).unwrap();
                let history = crate::migrations::recognise(&files).unwrap().unwrap();
                prop_assert!(history.layout == layout || layout == Layout::GolangMigrate);
                let history = crate::migrations::read_as(layout, &files).unwrap();
                let ups: String = history.migrations.iter().map(|m| bare(&m.up.text)).collect();
                let wanted: String = plan.steps.iter().flat_map(|step| &step.sql).map(|sql| bare(sql)).collect();
                prop_assert_eq!(ups, wanted, "{} up: {:?}", layout, files);
                let down = |m: &crate::migrations::Migration| m.down.as_ref().map(|down| bare(&down.text)).unwrap_or_default();
                let downs: String = history.migrations.iter().rev().map(down).collect();
                let back = |step: &Step| step.rollback.sql.iter().map(|sql| bare(sql)).collect::<String>();
                let wanted: String = plan.steps.iter().rev().map(back).collect();
                prop_assert_eq!(downs, wanted, "{} down: {:?}", layout, files);
            }
        }
    }

    #[test]
    fn a_plan_with_nothing_to_run_is_no_migration() {
        let start = Start { now: date(2026, 1, 31).at(10, 15, 0, 0), from: None };
        assert!(export(&plan(Vec::new()), Layout::Goose, &Fake, &[], "shop", &start).is_err());
    }
}
