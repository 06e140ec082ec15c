//! The plan in the making: its steps, and the schema as it stands after them.

use super::moved::KeptTable;
use super::{reverse, titles};
use crate::engine::postgres::render::{relation, render};
use crate::plan::{Phase, PlanOptions, Rollback, Step, Style};
use crate::schema::{ApplyError, Change, ConstraintKind, QName, Schema, Table};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeSet;

/// Carries the changes out on a copy of the schema while it lays them out as steps.
pub(super) struct Planner<'a> {
    /// The schema after the steps so far.
    pub now: Schema,
    pub options: &'a PlanOptions,
    /// Tables that this plan makes: nobody uses them yet.
    pub made: BTreeSet<QName>,
    /// New columns that become NOT NULL once they are filled.
    pub required_later: BTreeSet<(QName, String)>,
    /// Foreign keys of new tables whose other end is still to come.
    pub waiting_keys: Vec<Change>,
    /// Copies of the tables that were dropped.
    pub kept: Vec<KeptTable>,
    steps: Vec<Step>,
}

impl<'a> Planner<'a> {
    pub fn new(before: &Schema, options: &'a PlanOptions) -> Self {
        Self {
            now: before.clone(),
            options,
            made: BTreeSet::new(),
            required_later: BTreeSet::new(),
            waiting_keys: Vec::new(),
            kept: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// The steps, numbered.
    pub fn finish(mut self) -> Result<Vec<Step>> {
        for change in std::mem::take(&mut self.waiting_keys) {
            self.direct(&change)?;
        }
        for (number, step) in self.steps.iter_mut().enumerate() {
            step.id = (number + 1).to_string();
        }
        Ok(self.steps)
    }

    /// Whether `table` has to be treated as one that is in use and large.
    pub fn is_busy(&self, table: &QName) -> bool {
        if self.options.style == Style::Direct || self.made.contains(table) {
            return false;
        }
        if is_foreign(&self.now, table) {
            return false;
        }
        let rows = self.now.tables.get(table).and_then(|t| t.stats.rows);
        // A view, or a table that is not there, has its own message; an unknown size is a large one.
        rows.is_none_or(|rows| rows >= self.options.small_table_rows)
    }

    pub fn table(&self, name: &QName) -> Result<&Table> {
        self.now.tables.get(name).map(|t| &**t).ok_or_else(|| {
            Error::new(ErrorCode::NotFound, format!("there is no table {}", name.short()))
                .hint("Check the name against the schema browser.")
        })
    }

    /// Columns of a key that every row has: the primary key, else a unique constraint or plain unique index on
    /// columns that are not null.
    pub fn key(&self, name: &QName) -> Option<Vec<String>> {
        let table = self.now.tables.get(name)?;
        if !table.primary_key().is_empty() {
            return Some(table.primary_key().to_vec());
        }
        let required = |columns: &[String]| columns.iter().all(|c| table.column(c).is_some_and(|c| !c.nullable));
        let unique = table.constraints.values().find_map(|c| match &c.kind {
            ConstraintKind::Unique { columns, .. } if required(columns) => Some(columns.clone()),
            _ => None,
        });
        unique.or_else(|| {
            let usable = table.indexes.values().filter(|i| i.unique && i.valid && i.predicate.is_none());
            usable.filter_map(super::indexes::plain_columns).find(|columns| required(columns))
        })
    }

    /// Adds a step, after carrying its changes out on the schema.
    pub fn push(&mut self, step: Step) -> Result<()> {
        for change in &step.changes {
            self.now.apply(change).map_err(|why| misfit(&why))?;
            self.key_goes_with(change);
        }
        self.steps.push(step);
        Ok(())
    }

    /// A key that is a part of an index goes with it only when that is said, by the rollback that drops the index.
    fn key_goes_with(&mut self, change: &Change) {
        let is_key = |name: &str| {
            change.table().and_then(|t| self.now.tables.get(t)).is_some_and(|t| t.constraints.contains_key(name))
        };
        let key = match change {
            Change::AddConstraint { .. } => true,
            Change::AttachIndex { name, .. } => is_key(name),
            _ => false,
        };
        let Some(parent) = reverse::part_of(change).filter(|_| key) else { return };
        let drop = format!("DROP INDEX {}", relation(parent));
        let rollbacks = self.steps.iter_mut().flat_map(|step| &mut step.rollback.sql);
        rollbacks.filter(|sql| **sql == drop).for_each(|sql| sql.push_str(" CASCADE"));
    }

    /// A transactional step of `changes`, each rendered directly, with the way back worked out from the schema as it
    /// is now.
    pub fn step_of(&self, title: impl Into<String>, phase: Phase, changes: Vec<Change>) -> Result<Step> {
        let mut schema = self.now.clone();
        let mut sql = Vec::new();
        let mut back: Vec<Rollback> = Vec::new();
        for change in &changes {
            let statements = render(change, &schema);
            let may_be_so = matches!(change, Change::SetRights { .. } | Change::SetOwner { .. });
            if statements.is_empty() && !may_be_so {
                return Err(unsupported(change));
            }
            sql.extend(statements);
            let before = schema.clone();
            schema.apply(change).map_err(|why| misfit(&why))?;
            back.push(match self.goes_with(change) {
                Some(rollback) => rollback,
                None => reverse::rollback(change, &before, &schema),
            });
        }
        let mut step = Step::ddl(title, phase, sql);
        step.rollback = reverse::together(back);
        step.changes = changes;
        Ok(step)
    }

    /// Whether this plan has made the index.
    pub fn makes(&self, index: &QName) -> bool {
        self.steps.iter().flat_map(|step| &step.changes).any(|c| reverse::made_index(c).as_ref() == Some(index))
    }

    /// A part of an index that this plan has made goes with that: by itself it cannot be dropped.
    fn goes_with(&self, change: &Change) -> Option<Rollback> {
        reverse::part_of(change).filter(|parent| self.makes(parent)).map(|_| with_parent())
    }

    /// An index that is attached is the table's own again when the parent's, which this plan has made, is dropped.
    pub fn keep_part(&mut self, parent: &QName, again: Vec<String>) {
        let is_new = |step: &&mut Step| step.changes.iter().any(|c| reverse::made_index(c).as_ref() == Some(parent));
        if let Some(step) = self.steps.iter_mut().find(is_new) {
            step.rollback.sql.extend(again);
        }
    }

    /// One change as PostgreSQL has it, in a step of its own, or in the step that makes its table.
    pub fn direct(&mut self, change: &Change) -> Result<()> {
        let is_about_rights = matches!(change, Change::SetRights { .. } | Change::SetOwner { .. });
        if is_about_rights && render(change, &self.now).is_empty() {
            // It has them already: from default privileges, or by itself.
            return Ok(());
        }
        let step = self.step_of(titles::title(change), titles::phase(change), vec![change.clone()])?;
        if let Some(table) = change.table()
            && self.joins_creation(change, table)
        {
            return self.join(step);
        }
        self.push(step)
    }

    /// Whether the last step makes `table` and `change` only adds to it.
    fn joins_creation(&self, change: &Change, table: &QName) -> bool {
        let makes = |c: &Change| matches!(c, Change::CreateTable { table: made } if made.name == *table);
        let adds =
            matches!(change, Change::CreateIndex { .. } | Change::AddConstraint { .. } | Change::SetRowSecurity { .. });
        adds && self.steps.last().is_some_and(|s| s.transactional && s.changes.first().is_some_and(makes))
    }

    /// Dropping the table takes back what was added to it as well.
    fn join(&mut self, step: Step) -> Result<()> {
        for change in &step.changes {
            self.now.apply(change).map_err(|why| misfit(&why))?;
        }
        if let Some(last) = self.steps.last_mut() {
            last.sql.extend(step.sql);
            last.changes.extend(step.changes);
        }
        Ok(())
    }
}

/// The rollback of a step that makes a part of a parent's index.
pub(super) fn with_parent() -> Rollback {
    let note = "Nothing to do: this index goes with the parent's, by the rollback of the step that made it.";
    Rollback { note: Some(note.into()), ..Rollback::exact(Vec::new()) }
}

pub(super) fn misfit(why: &ApplyError) -> Error {
    let code = match why {
        ApplyError::Missing(_) => ErrorCode::NotFound,
        ApplyError::Exists(_) => ErrorCode::Usage,
    };
    Error::new(code, format!("the change does not fit the schema: {why}"))
        .hint("Read the schema again, then ask for the change once more.")
}

pub(super) fn unsupported(change: &Change) -> Error {
    let what = titles::title(change);
    Error::new(ErrorCode::Unsupported, format!("PostgreSQL has no statement that does this: {what}"))
        .hint("Drop the object and create it anew, in two changes.")
}

/// Whether a table's rows are elsewhere: nothing is read, written or copied here.
pub(super) fn is_foreign(schema: &Schema, table: &QName) -> bool {
    schema.tables.get(table).is_some_and(|t| t.foreign.is_some())
}
