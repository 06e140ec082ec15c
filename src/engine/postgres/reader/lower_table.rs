//! `CREATE TABLE`, columns, constraints and indexes as changes.

use super::cursor::{Cursor, Name};
use super::tokens::Kind;
use super::tree::{Body, ColumnDef, ConstraintDef, CreateIndex, CreateTable};
use super::world::{World, numbered, object_name};
use crate::schema::{
    Change, Column, Constraint, ConstraintKind, ForeignKey, Generated, Index, IndexTarget, KeptText, PartitionOf,
    QName, Sequence, Table,
};
use std::collections::BTreeSet;

impl World<'_> {
    pub(super) fn create_table(&mut self, tree: &CreateTable) {
        let name = self.made(&tree.name);
        if tree.temporary {
            // A temporary table is the session's own, and no part of the schema.
            self.reading.complete = false;
            return;
        }
        if tree.if_not_exists && self.relation_exists(&name) {
            return;
        }
        self.reading.complete &= !tree.more && tree.like.is_empty() && tree.inherits.is_empty() && tree.query.is_none();
        self.reading.data |= tree.query.is_some();
        let mut table = Table::new(name.clone());
        table.unlogged = tree.unlogged;
        table.options.clone_from(&tree.options);
        table.partition_by.clone_from(&tree.partition_by);
        table.inherits = tree.inherits.iter().map(|parent| self.relation(parent)).collect();
        if let Some((parent, bound)) = &tree.partition_of {
            let parent = self.relation(parent);
            // Columns, constraints and indexes come from the parent, under names of the server's choice.
            self.reading.complete = false;
            if let Some(parent) = self.schema.tables.get(&parent) {
                table.columns.clone_from(&parent.columns);
            }
            table.partition_of = Some(PartitionOf { parent, bound: bound.clone() });
        }
        let sources = tree.inherits.iter().map(|s| (s, true)).chain(tree.like.iter().map(|s| (s, false)));
        for (source, inherited) in sources {
            let source = self.relation(source);
            let columns = self.schema.tables.get(&source).map(|t| t.columns.clone()).unwrap_or_default();
            let new = columns.into_iter().filter(|c| table.column(&c.name).is_none());
            let new: Vec<Column> = new.map(|c| Column { inherited, ..c }).collect();
            table.columns.extend(new);
        }
        let mut sequences = Vec::new();
        for definition in &tree.columns {
            let (column, sequence) = self.column(&name, definition);
            sequences.extend(sequence);
            match table.column_mut(&column.name) {
                Some(inherited) if tree.partition_of.is_some() => inherited.default = column.default,
                Some(inherited) => *inherited = column,
                None => table.columns.push(column),
            }
        }
        self.constraints_of(tree, &mut table);
        for sequence in &sequences {
            self.change(Change::CreateSequence { sequence: Sequence { owned_by: None, ..sequence.clone() } });
        }
        if tree.query.is_some() && table.columns.is_empty() {
            // Its columns are those of a query, which is not followed.
            if !self.schema.tables.contains_key(&name) {
                self.schema.to_mut().tables.insert(name, table.into());
            }
            return;
        }
        self.change(Change::CreateTable { table: Box::new(table) });
        for sequence in sequences {
            self.change(Change::AlterSequence { sequence });
        }
    }

    /// Names and adds the constraints in the order in which the server does: first those with an index.
    fn constraints_of(&mut self, tree: &CreateTable, table: &mut Table) {
        let all = || tree.columns.iter().flat_map(|c| &c.constraints).chain(&tree.constraints);
        let rank = |c: &&ConstraintDef| match c.body {
            Body::Check { .. } | Body::NotNull { .. } => 0,
            Body::PrimaryKey { .. } => 1,
            Body::Unique { .. } | Body::UsingIndex { .. } | Body::Exclude { .. } => 2,
            Body::ForeignKey(_) => 3,
        };
        let mut ordered: Vec<&ConstraintDef> = all().collect();
        ordered.sort_by_key(rank);
        let mut taken: BTreeSet<String> = all().filter_map(|c| c.name.clone()).collect();
        for definition in ordered {
            if let Body::NotNull { column, .. } = &definition.body {
                if let Some(column) = table.column_mut(column) {
                    column.nullable = false;
                }
                continue;
            }
            let Some(constraint) = self.constraint(table, definition, &taken) else { continue };
            if let ConstraintKind::PrimaryKey { columns } = &constraint.kind {
                for column in table.columns.iter_mut().filter(|c| columns.contains(&c.name)) {
                    column.nullable = false;
                }
            }
            taken.insert(constraint.name.clone());
            table.constraints.insert(constraint.name.clone(), constraint);
        }
    }

    /// A column, and the sequence that `serial` makes for it.
    pub(super) fn column(&self, table: &QName, definition: &ColumnDef) -> (Column, Option<Sequence>) {
        let mut column = Column::new(&definition.name, self.data_type(&definition.data_type));
        column.nullable = !definition.not_null;
        column.default.clone_from(&definition.default);
        column.collation.clone_from(&definition.collation);
        column.identity.clone_from(&definition.identity);
        column.options.clone_from(&definition.options);
        let generated = definition.generated.clone();
        column.generated = generated.map(|(expression, stored)| Generated { expression, stored });
        if !definition.data_type.serial {
            return (column, None);
        }
        let name = self.free_relation(table, &definition.name, "seq", &BTreeSet::new());
        let name = table.sibling(name);
        column.nullable = false;
        column.default = Some(format!("nextval('{}'::regclass)", name.to_string().replace('\'', "''")));
        let sequence = Sequence {
            data_type: definition.data_type.words.clone(),
            owned_by: Some((table.clone(), definition.name.clone())),
            ..sequence(name, &definition.data_type.words)
        };
        (column, Some(sequence))
    }

    /// A constraint with its name, chosen as PostgreSQL chooses it. `None` for what has no model.
    pub(super) fn constraint(
        &mut self,
        table: &Table,
        definition: &ConstraintDef,
        taken: &BTreeSet<String>,
    ) -> Option<Constraint> {
        let (kind, name) = match &definition.body {
            Body::PrimaryKey { columns, include } => {
                self.reading.complete &= include.is_empty();
                let name = self.free_relation(&table.name, "", "pkey", taken);
                (ConstraintKind::PrimaryKey { columns: columns.clone() }, name)
            }
            Body::Unique { columns, nulls_not_distinct, include } => {
                let all: Vec<&str> = columns.iter().chain(include).map(String::as_str).collect();
                let name = self.free_relation(&table.name, &all.join("_"), "key", taken);
                let (columns, include) = (columns.clone(), include.clone());
                let nulls_not_distinct = *nulls_not_distinct;
                (ConstraintKind::Unique { columns, nulls_not_distinct, include }, name)
            }
            Body::UsingIndex { primary, index } => (using_index(table, *primary, index)?, index.clone()),
            Body::Check { expression, no_inherit } => {
                let named = named_columns(table, expression);
                let column = if let [only] = named.as_slice() { only.as_str() } else { "" };
                let name = free_constraint(table, column, "check", taken);
                (ConstraintKind::Check { expression: expression.clone(), no_inherit: *no_inherit }, name)
            }
            Body::ForeignKey(key) => {
                self.reading.complete &= !key.more;
                let references = self.referenced(table, &key.table);
                let mut referenced_columns = key.referenced.clone();
                if referenced_columns.is_empty() {
                    let target = if references == table.name {
                        Some(table)
                    } else {
                        self.schema.tables.get(&references).map(|t| &**t)
                    };
                    referenced_columns = target.map(|t| t.primary_key().to_vec()).unwrap_or_default();
                }
                let name = free_constraint(table, &key.columns.join("_"), "fkey", taken);
                let kind = ConstraintKind::ForeignKey(ForeignKey {
                    columns: key.columns.clone(),
                    references,
                    referenced_columns,
                    on_update: key.on_update,
                    on_delete: key.on_delete,
                    match_full: key.match_full,
                });
                (kind, name)
            }
            Body::NotNull { column, no_inherit } => {
                let name = free_constraint(table, column, "not_null", taken);
                (ConstraintKind::NotNull { column: column.clone(), no_inherit: *no_inherit }, name)
            }
            Body::Exclude { definition, columns } => {
                let name = self.free_relation(&table.name, &columns.join("_"), "excl", taken);
                (ConstraintKind::Other { definition: definition.clone() }, name)
            }
        };
        let mut constraint = Constraint::new(definition.name.clone().unwrap_or(name), kind);
        constraint.deferrable = definition.deferrable;
        constraint.validated = !definition.not_valid;
        constraint.enforced = !definition.not_enforced;
        Some(constraint)
    }

    /// The table that a foreign key points at, which may be the one being made.
    fn referenced(&self, table: &Table, name: &Name) -> QName {
        let own = name.name == table.name.name && name.schema.as_ref().is_none_or(|s| *s == table.name.schema);
        if own && !self.relation_exists(&self.relation(name)) { table.name.clone() } else { self.relation(name) }
    }

    pub(super) fn create_index(&mut self, tree: &CreateIndex) {
        let table = self.relation(&tree.table);
        self.reading.outside_transaction |= tree.concurrently;
        if let Some(name) = &tree.name
            && tree.if_not_exists
            && self.relation_exists(&table.sibling(name))
        {
            return;
        }
        self.reading.complete &= !tree.tablespace && !tree.only;
        let parts: Vec<String> =
            tree.keys.iter().map(|k| key_word(&k.on)).chain(tree.include.iter().cloned()).collect();
        let name = tree.name.clone().unwrap_or_else(|| {
            let mut distinct: Vec<String> = Vec::new();
            for part in parts {
                let free = numbered("", |n| format!("{part}{n}"), |n| distinct.iter().any(|d| d == n));
                distinct.push(free);
            }
            self.free_relation(&table, &distinct.join("_"), "idx", &BTreeSet::new())
        });
        // A partition's own indexes are made along with a partitioned table's.
        self.reading.complete &= self.schema.tables.get(&table).is_none_or(|t| t.partition_by.is_none());
        let index = Index {
            name,
            method: tree.method.clone().unwrap_or_else(|| "btree".to_owned()),
            keys: tree.keys.clone(),
            include: tree.include.clone(),
            unique: tree.unique,
            nulls_not_distinct: tree.nulls_not_distinct,
            predicate: tree.predicate.clone(),
            options: tree.options.clone(),
            valid: true,
            attached_to: None,
            comment: None,
            sql: KeptText::default(),
        };
        self.change(Change::CreateIndex { table, index });
    }
}

/// What a key adds to an index's name: its column, its function, or `expr`.
fn key_word(on: &IndexTarget) -> String {
    match on {
        IndexTarget::Column(name) => name.clone(),
        IndexTarget::Expression(text) => {
            let mut cursor = Cursor::new(text);
            let function = cursor.dotted().and_then(|mut parts| parts.pop());
            let whole = cursor.parenthesised().is_some() && cursor.at_end();
            function.filter(|_| whole).unwrap_or_else(|| "expr".to_owned())
        }
    }
}

/// The constraint that an existing index becomes.
fn using_index(table: &Table, primary: bool, index: &str) -> Option<ConstraintKind> {
    let index = table.indexes.get(index)?;
    let columns = index.keys.iter().map(|key| match &key.on {
        IndexTarget::Column(name) => Some(name.clone()),
        IndexTarget::Expression(_) => None,
    });
    let columns = columns.collect::<Option<Vec<String>>>()?;
    Some(if primary {
        ConstraintKind::PrimaryKey { columns }
    } else {
        let (nulls_not_distinct, include) = (index.nulls_not_distinct, index.include.clone());
        ConstraintKind::Unique { columns, nulls_not_distinct, include }
    })
}

fn free_constraint(table: &Table, columns: &str, label: &str, taken: &BTreeSet<String>) -> String {
    numbered(
        label,
        |label| object_name(&table.name.name, columns, label),
        |name| taken.contains(name) || table.constraints.contains_key(name),
    )
}

/// The table's columns that an expression names, each once.
pub(in crate::engine::postgres) fn named_columns(table: &Table, expression: &str) -> Vec<String> {
    let mut cursor = Cursor::new(expression);
    let mut found: Vec<String> = Vec::new();
    while !cursor.at_end() {
        if !matches!(cursor.kind(), Some(Kind::Word | Kind::Quoted)) {
            cursor.step();
            continue;
        }
        let Some(name) = cursor.ident() else {
            cursor.step();
            continue;
        };
        if !cursor.sees_sign('(') && table.column(&name).is_some() && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// A sequence of a type, with that type's defaults.
pub(super) fn sequence(name: QName, data_type: &str) -> Sequence {
    let max = match data_type {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    Sequence {
        name,
        data_type: data_type.to_owned(),
        start: 1,
        increment: 1,
        min: 1,
        max,
        cache: 1,
        cycle: false,
        owned_by: None,
        comment: None,
    }
}
