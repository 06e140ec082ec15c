//! What statements of one transaction, and of one file, do to each other: locks are held until the transaction ends.

use super::assess::Moment;
use super::rules::{Stage, risk};
use super::size::Size;
use super::{Guard, Judgement, Timeout, TransactionWord};
use crate::plan::{LockMode, Risk};
use crate::schema::{Change, ObjectKind, QName};
use crate::sql::Statement;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// A lock timeout longer than this is none for those who wait in line.
const LONG_LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// How a script's statements come together in transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transactions {
    /// Each statement on its own, but for what BEGIN and COMMIT say.
    #[default]
    ByText,
    /// All in one, which whoever runs it opens and ends.
    Whole,
}

/// What has happened in a file, or in a step, up to a statement.
#[derive(Debug)]
pub(super) struct Flow {
    ways: Transactions,
    /// Timeouts are set by whoever runs it.
    guarded: bool,
    open: Option<Open>,
    /// For the session: whether a lock timeout, and a statement timeout, were set.
    lock_timeout: bool,
    statement_timeout: bool,
    /// Once a file is enough.
    told_of_lock_timeout: bool,
    told_of_statement_timeout: bool,
    /// The table of the statement before, when that was an ALTER TABLE under the strongest lock.
    altered: Option<QName>,
    /// Indexes that were built, by table.
    indexed: HashMap<QName, String>,
}

/// A transaction that is going on.
#[derive(Debug, Default)]
struct Open {
    /// By BEGIN, not by whoever runs it.
    by_text: bool,
    /// Existing tables with the strongest mode that is held on each.
    held: Vec<(QName, LockMode)>,
    lock_timeout: bool,
    statement_timeout: bool,
    /// Types that it has added values to, with those.
    enum_values: Vec<(QName, String)>,
    made_types: HashSet<QName>,
    not_valid: HashSet<(QName, String)>,
    schema_changed: bool,
    rows_changed: bool,
    told_of_mixing: bool,
    told_of_several: bool,
}

impl Flow {
    pub(super) fn new(ways: Transactions) -> Self {
        Self {
            ways,
            guarded: false,
            open: (ways == Transactions::Whole).then(Open::default),
            lock_timeout: false,
            statement_timeout: false,
            told_of_lock_timeout: false,
            told_of_statement_timeout: false,
            altered: None,
            indexed: HashMap::new(),
        }
    }

    /// For a step: its timeouts are Lockstep's own.
    pub(super) fn guarded(ways: Transactions) -> Self {
        Self { guarded: true, ..Self::new(ways) }
    }

    /// Goes past something that begins or ends a transaction.
    pub(super) fn word(&mut self, word: Option<TransactionWord>) -> Vec<Risk> {
        let whole = self.ways == Transactions::Whole;
        match word {
            None | Some(TransactionWord::Savepoint) => Vec::new(),
            Some(TransactionWord::Begin) if self.open.is_some() => {
                let message = if whole {
                    "whoever runs the file has opened a transaction already"
                } else {
                    "the transaction before has not ended"
                };
                vec![risk("transaction-nested", message)]
            }
            Some(TransactionWord::Begin) => {
                self.open = Some(Open { by_text: true, ..Open::default() });
                Vec::new()
            }
            Some(TransactionWord::Commit | TransactionWord::Rollback) => {
                let ended = self.open.take();
                if whole && ended.is_some_and(|open| !open.by_text) {
                    return vec![risk("transaction-ends-early", "it ends the transaction of whoever runs the file")];
                }
                Vec::new()
            }
        }
    }

    /// At the end of the text.
    pub(super) fn end(&mut self) -> Vec<Risk> {
        match self.open.take() {
            Some(Open { by_text: true, .. }) => {
                vec![risk("transaction-not-ended", "the text ends before the transaction")]
            }
            _ => Vec::new(),
        }
    }

    /// What is found about a statement by what came before it. `moment` is the one before the statement.
    pub(super) fn pass(&mut self, statement: &Statement, judgement: &Judgement, moment: &Moment<'_>) -> Vec<Risk> {
        let mut out = Vec::new();
        if let Some(guard) = moment.judge.guard(statement) {
            self.set(guard, &mut out);
            return out;
        }
        let context = moment.context(self.open.is_some());
        let stage = Stage { context: &context };
        let locks = locks(judgement);
        self.timeouts(judgement, &locks, stage, &mut out);
        self.order(statement, judgement, &locks, stage, &mut out);
        if let Some(open) = &mut self.open {
            let statement_is = Here { statement, judgement, locks: &locks, stage };
            open.pass(&statement_is, &mut out);
        }
        out
    }

    fn set(&mut self, guard: Guard, out: &mut Vec<Risk>) {
        let set = guard.limit.is_some();
        if guard.timeout == Timeout::Lock && !self.guarded {
            match guard.limit {
                None => out.push(risk("lock-timeout-too-long", "the lock timeout is switched off")),
                Some(limit) if limit > LONG_LOCK_TIMEOUT => {
                    let message = format!("others wait in line for up to {} seconds", limit.as_secs());
                    out.push(risk("lock-timeout-too-long", message));
                }
                Some(_) => {}
            }
        }
        let place = match (&mut self.open, guard.local) {
            (Some(open), true) => match guard.timeout {
                Timeout::Lock => &mut open.lock_timeout,
                Timeout::Statement => &mut open.statement_timeout,
            },
            // SET LOCAL outside a transaction is a warning, and does nothing.
            (None, true) => return,
            (_, false) => match guard.timeout {
                Timeout::Lock => &mut self.lock_timeout,
                Timeout::Statement => &mut self.statement_timeout,
            },
        };
        *place = set;
        // Off or too long was said, which is enough.
        self.told_of_lock_timeout |= guard.timeout == Timeout::Lock && !set;
    }

    fn timeouts(&mut self, judgement: &Judgement, locks: &[(QName, LockMode)], stage: Stage<'_>, out: &mut Vec<Risk>) {
        if self.guarded {
            return;
        }
        let open = self.open.as_ref();
        let has_lock = self.lock_timeout || open.is_some_and(|o| o.lock_timeout);
        let has_statement = self.statement_timeout || open.is_some_and(|o| o.statement_timeout);
        if !has_lock && !self.told_of_lock_timeout {
            let found = locks.iter().filter(|(_, mode)| mode.blocks_writes()).find_map(|(table, _)| {
                let message =
                    format!("it queues for {} behind whoever uses it, and all others queue behind it", table.short());
                stage.on_table("lock-timeout-missing", table, message)
            });
            self.told_of_lock_timeout = found.is_some();
            out.extend(found);
        }
        if !has_statement && !self.told_of_statement_timeout && works(judgement) {
            let found = locks.iter().filter(|(_, mode)| mode.blocks_writes()).find_map(|(table, _)| {
                let message = format!("writers of {} wait for as long as it takes", table.short());
                stage.on_table("statement-timeout-missing", table, message)
            });
            self.told_of_statement_timeout = found.is_some();
            out.extend(found);
        }
    }

    /// What the order of the file's statements makes.
    fn order(
        &mut self,
        statement: &Statement,
        judgement: &Judgement,
        locks: &[(QName, LockMode)],
        stage: Stage<'_>,
        out: &mut Vec<Risk>,
    ) {
        let strongest = |table: &QName| locks.iter().any(|(name, mode)| name == table && mode.blocks_reads());
        let changes = &statement.reading.changes;
        let joinable = |change: &Change| {
            !matches!(change, Change::RenameTable { .. } | Change::RenameColumn { .. } | Change::SetTableSchema { .. })
        };
        let one_table = changes.first().and_then(Change::table).filter(|table| {
            statement.class == "ALTER TABLE"
                && strongest(table)
                && changes.iter().all(|change| change.table() == Some(*table) && joinable(change))
        });
        if let (Some(now), Some(before)) = (one_table, &self.altered)
            && now == before
            && !self.guarded
        {
            let message = format!("the statement before alters {} as well; both can be one", now.short());
            out.extend(stage.on_table("alter-table-again", now, message));
        }
        self.altered = one_table.cloned();
        for rewritten in &judgement.rewrites {
            let Some(table) = rewritten.parse::<QName>().ok() else { continue };
            if let Some(index) = self.indexed.remove(&table) {
                let message = format!("{index} of {} was built before, and is built again now", table.short());
                out.extend(stage.on_table("rewritten-after-index", &table, message));
            }
        }
        for change in changes {
            if let Change::CreateIndex { table, index } = change {
                self.indexed.insert(table.clone(), index.name.clone());
            }
        }
    }
}

/// A statement where it stands.
struct Here<'a> {
    statement: &'a Statement,
    judgement: &'a Judgement,
    locks: &'a [(QName, LockMode)],
    stage: Stage<'a>,
}

impl Open {
    fn pass(&mut self, here: &Here<'_>, out: &mut Vec<Risk>) {
        self.while_locked(here, out);
        self.several(here, out);
        self.validated(here, out);
        self.enums(here, out);
        self.mixed(here, out);
        for (table, mode) in here.locks {
            match self.held.iter_mut().find(|(name, _)| name == table) {
                Some((_, held)) => *held = (*mode).max(*held),
                None => self.held.push((table.clone(), *mode)),
            }
        }
    }

    /// Work that is done while an earlier statement's lock keeps everybody out.
    fn while_locked(&self, here: &Here<'_>, out: &mut Vec<Risk>) {
        let reading = &here.statement.reading;
        let writes_rows = reading.rows_only && writes_many(here.statement);
        if !(writes_rows || works(here.judgement) || reading.hidden) {
            return;
        }
        let mut strong = self.held.iter().filter(|(_, mode)| mode.blocks_reads()).map(|(table, _)| table);
        // The statement's own table first: it is the one that is held longest.
        let own = strong.clone().find(|table| here.locks.iter().any(|(name, _)| name == *table));
        let Some(table) = own.or_else(|| strong.find(|table| here.stage.size(table) > Size::Small)) else { return };
        let (rule, what) = if writes_rows {
            ("backfill-while-locked", "rows are written")
        } else {
            ("statement-while-locked", "this works")
        };
        let message = format!(
            "nobody can use {} while {what}: an earlier statement of the transaction has locked it",
            table.short()
        );
        out.extend(here.stage.on_table(rule, table, message));
    }

    fn several(&mut self, here: &Here<'_>, out: &mut Vec<Risk>) {
        if self.told_of_several {
            return;
        }
        let matters = |table: &QName| here.stage.size(table) > Size::Small;
        let held = self.held.iter().find(|(table, mode)| mode.blocks_writes() && matters(table));
        let Some((held, _)) = held else { return };
        let known = |table: &QName| self.held.iter().any(|(name, mode)| name == table && mode.blocks_writes());
        let new = here.locks.iter().find(|(table, mode)| mode.blocks_writes() && !known(table) && matters(table));
        if let Some((table, _)) = new {
            let message = format!("{} stays locked while it waits for {}", held.short(), table.short());
            out.extend(here.stage.on_table("several-tables-locked", table, message));
            self.told_of_several = true;
        }
    }

    fn validated(&mut self, here: &Here<'_>, out: &mut Vec<Risk>) {
        for change in &here.statement.reading.changes {
            match change {
                Change::AddConstraint { table, constraint } if !constraint.validated => {
                    self.not_valid.insert((table.clone(), constraint.name.clone()));
                }
                Change::ValidateConstraint { table, name }
                    if self.not_valid.contains(&(table.clone(), name.clone())) =>
                {
                    let message =
                        format!("{name} was added to {} in this transaction, whose lock is still held", table.short());
                    out.extend(here.stage.on_table("validate-in-same-transaction", table, message));
                }
                _ => {}
            }
        }
    }

    fn enums(&mut self, here: &Here<'_>, out: &mut Vec<Risk>) {
        let text = &here.statement.text;
        for (name, value) in &self.enum_values {
            if text.contains(&format!("'{}'", value.replace('\'', "''"))) {
                let message = format!("'{value}' of {} was added in this transaction", name.short());
                out.push(risk("enum-value-used-too-soon", message));
            }
        }
        for change in &here.statement.reading.changes {
            match change {
                Change::CreateType { definition } => drop(self.made_types.insert(definition.name.clone())),
                Change::AddEnumValue { name, value, .. } if !self.made_types.contains(name) => {
                    self.enum_values.push((name.clone(), value.clone()));
                }
                _ => {}
            }
        }
    }

    fn mixed(&mut self, here: &Here<'_>, out: &mut Vec<Risk>) {
        let old = here.locks.iter().any(|(_, mode)| *mode > LockMode::AccessShare);
        self.schema_changed |= !here.statement.reading.changes.is_empty() && old;
        self.rows_changed |= here.statement.reading.rows_only && old;
        if self.schema_changed && self.rows_changed && !self.told_of_mixing {
            self.told_of_mixing = true;
            out.push(risk("schema-and-rows-mixed", "the same transaction changes the schema and rows"));
        }
    }
}

/// The locks on what has rows; whoever uses an index or a sequence uses its table.
fn locks(judgement: &Judgement) -> Vec<(QName, LockMode)> {
    let of_tables =
        judgement.locks.iter().filter(|lock| !matches!(lock.kind, ObjectKind::Index | ObjectKind::Sequence));
    of_tables.filter_map(|lock| Some((lock.relation.parse().ok()?, lock.mode))).collect()
}

fn works(judgement: &Judgement) -> bool {
    !(judgement.scans.is_empty() && judgement.rewrites.is_empty() && judgement.index_builds.is_empty())
}

/// Whether as many rows may be written as there are; a list of values is short.
fn writes_many(statement: &Statement) -> bool {
    match statement.class.as_str() {
        "INSERT" => statement.text.to_ascii_lowercase().contains("select"),
        "COPY" => false,
        _ => true,
    }
}
