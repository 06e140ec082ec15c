//! The relations of the shadow and the locks on them, by the server's own catalogs (`pg_class`, `pg_locks`).

use super::super::gate::mode_of;
use super::super::wire::{Cells, rows};
use crate::Result;
use crate::plan::{Evidence, Lock, LockMode};
use crate::schema::{ObjectKind, QName};
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    /// Its name when the step began.
    pub name: QName,
    now: QName,
    pub kind: ObjectKind,
    /// Number of its file; another number is another copy of the rows.
    file: i64,
    /// The table of an index.
    table: Option<i64>,
    /// Made since the rehearsal began: its locks hurt nobody.
    pub made_here: bool,
}

impl Relation {
    /// Whether the server calls it so now, leaving its schema out.
    pub fn is_called(&self, name: &str) -> bool {
        self.now.name == name
    }

    /// Whether it has rows that can be rewritten. A partitioned table has its rows in its partitions.
    pub fn has_rows(&self) -> bool {
        self.file != 0 && matches!(self.kind, ObjectKind::Table | ObjectKind::MaterializedView)
    }
}

const COLUMNS: &str = "n.nspname::text, c.relname::text, c.relkind::text, \
     coalesce(c.relfilenode, 0)::int8, coalesce(i.indrelid, 0)::int8";
const SOURCES: &str = "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid";
const USERS: &str = "c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S', 'i', 'I') \
     AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'";

/// Every user relation by its number (`pg_class.oid`).
#[derive(Clone, Debug, Default)]
pub(super) struct Relations {
    all: BTreeMap<i64, Relation>,
    /// What may have another name since the step began.
    touched: BTreeSet<i64>,
}

/// What one look at the relations has shown to be new or different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Turned {
    pub rewritten: Vec<QName>,
    /// Tables that have a new index, or one that was built anew.
    pub indexed: Vec<QName>,
}

impl Relations {
    pub fn get(&self, number: i64) -> Option<&Relation> {
        self.all.get(&number)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Relation> {
        self.all.values()
    }

    /// Reads all of them, and forgets those that are gone. Those that were not known are made here, but at the first
    /// reading.
    pub async fn read(&mut self, connection: &mut PgConnection) -> Result<Turned> {
        let first = self.all.is_empty();
        let sql = format!("SELECT c.oid::int8, {COLUMNS} FROM pg_catalog.pg_class c {SOURCES} WHERE {USERS}");
        let mut turned = Turned::default();
        let mut there = BTreeSet::new();
        for row in &rows(connection, &sql).await? {
            let mut cells = Cells::new(row);
            let number: i64 = cells.take()?;
            there.insert(number);
            self.take(number, relation(&mut cells, !first)?, &mut turned);
        }
        self.all.retain(|number, _| there.contains(number));
        Ok(turned)
    }

    fn take(&mut self, number: i64, seen: Option<Relation>, turned: &mut Turned) {
        let Some(mut seen) = seen else { return };
        let before = self.all.get(&number);
        let file_is_new = before.is_none_or(|known| known.file != seen.file);
        if let Some(known) = before {
            seen.made_here = known.made_here;
            known.name.clone_into(&mut seen.name);
            if seen.name != seen.now {
                self.touched.insert(number);
            }
        }
        match seen.kind {
            ObjectKind::Index if file_is_new && seen.file != 0 => {
                let table = seen.table.and_then(|table| self.all.get(&table));
                turned.indexed.extend(table.filter(|t| !t.made_here).map(|t| t.name.clone()));
            }
            _ if file_is_new && before.is_some() && seen.has_rows() && !seen.made_here => {
                turned.rewritten.extend(before.map(|known| known.name.clone()));
            }
            _ => {}
        }
        self.all.insert(number, seen);
    }

    /// Ends a step: what has another name now goes by it. Old names with the new ones.
    pub fn settle(&mut self) -> BTreeMap<String, String> {
        let mut renamed = BTreeMap::new();
        for number in std::mem::take(&mut self.touched) {
            let Some(relation) = self.all.get_mut(&number) else { continue };
            if relation.name != relation.now {
                if !relation.made_here {
                    renamed.insert(relation.name.to_string(), relation.now.to_string());
                }
                relation.now.clone_into(&mut relation.name);
            }
        }
        renamed
    }

    /// The locks that the session `backend` has and waits for, strongest of each relation by its number; what the
    /// session has made or changed under them is taken note of. To be asked on the session itself, which alone sees that.
    pub async fn locked(
        &mut self,
        connection: &mut PgConnection,
        backend: i32,
        turned: &mut Turned,
    ) -> Result<BTreeMap<i64, LockMode>> {
        let sql = format!(
            "SELECT l.relation::int8, l.mode::text, c.oid IS NOT NULL, {COLUMNS} FROM pg_catalog.pg_locks l \
             LEFT JOIN (pg_catalog.pg_class c {SOURCES}) ON c.oid = l.relation AND {USERS} \
             WHERE l.locktype = 'relation' AND l.pid = {backend} AND l.database = \
             (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"
        );
        let mut held: BTreeMap<i64, LockMode> = BTreeMap::new();
        // Tables go before their indexes, whose table is to be known.
        let mut later = Vec::new();
        for row in &rows(connection, &sql).await? {
            let mut cells = Cells::new(row);
            let (number, mode, there): (i64, String, bool) = (cells.take()?, cells.take()?, cells.take()?);
            let seen = if there { relation(&mut cells, true)? } else { None };
            let Some(mode) = mode_of(&mode) else { continue };
            let strongest = held.entry(number).or_insert(mode);
            *strongest = mode.max(*strongest);
            match seen {
                Some(index) if index.kind == ObjectKind::Index => later.push((number, index)),
                seen => self.take(number, seen, turned),
            }
        }
        for (number, index) in later {
            self.take(number, Some(index), turned);
        }
        held.retain(|number, _| self.all.contains_key(number));
        Ok(held)
    }
}

fn relation(cells: &mut Cells<'_>, made_here: bool) -> Result<Option<Relation>> {
    let (schema, name, kind): (String, String, String) = (cells.take()?, cells.take()?, cells.take()?);
    let (file, table): (i64, i64) = (cells.take()?, cells.take()?);
    let kind = match kind.as_str() {
        "r" | "p" => ObjectKind::Table,
        "f" => ObjectKind::ForeignTable,
        "v" => ObjectKind::View,
        "m" => ObjectKind::MaterializedView,
        "S" => ObjectKind::Sequence,
        "i" | "I" => ObjectKind::Index,
        _ => return Ok(None),
    };
    let table = (table != 0).then_some(table);
    let name = QName::new(&schema, &name);
    Ok(Some(Relation { now: name.clone(), name, kind, file, table, made_here }))
}

/// Locks as they are told: of what was there before, and of indexes only where they keep somebody waiting. In a
/// transaction (`whole`) an index goes by its constraint's name, which the step may have given it; outside of one the
/// server renames indexes for a while by itself.
pub(super) fn told(held: &BTreeMap<i64, LockMode>, relations: &Relations, whole: bool) -> Vec<Lock> {
    let mut locks: Vec<Lock> = held
        .iter()
        .filter_map(|(number, mode)| Some((relations.get(*number)?, *mode)))
        .filter(|(relation, mode)| {
            !relation.made_here && (relation.kind != ObjectKind::Index || *mode > LockMode::AccessShare)
        })
        .map(|(relation, mode)| Lock {
            relation: if whole && relation.kind == ObjectKind::Index { &relation.now } else { &relation.name }
                .to_string(),
            mode,
            evidence: Evidence::Rehearsed,
            kind: relation.kind,
        })
        .collect();
    locks.sort_by(|a, b| (a.kind, &a.relation).cmp(&(b.kind, &b.relation)));
    locks
}

/// How often the session has read each of `tables`, or any table, from end to end. The server counts up until it hands
/// its figures over, about once a second, so a count may be of earlier transactions too.
pub(super) async fn reads(connection: &mut PgConnection, tables: Option<&[i64]>) -> Result<BTreeMap<i64, i64>> {
    let which = match tables {
        Some([]) => return Ok(BTreeMap::new()),
        Some(tables) => {
            let numbers: Vec<String> = tables.iter().map(i64::to_string).collect();
            format!("c.oid IN ({})", numbers.join(", "))
        }
        None => "c.relkind IN ('r', 'm') AND pg_catalog.pg_stat_get_xact_numscans(c.oid) > 0".to_owned(),
    };
    let sql = format!(
        "SELECT c.oid::int8, pg_catalog.pg_stat_get_xact_numscans(c.oid)::int8 FROM pg_catalog.pg_class c WHERE {which}"
    );
    let pair = |row: &PgRow| {
        let mut cells = Cells::new(row);
        Ok((cells.take()?, cells.take::<Option<i64>>()?.unwrap_or_default()))
    };
    rows(connection, &sql).await?.iter().map(pair).collect()
}
