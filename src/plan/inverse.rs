//! The way back that every change has, or the reason why it has none.

use super::RollbackKind;
use crate::schema::{Change, Column, Constraint, ConstraintKind, Options, QName, Schema, Sequence, Table};

/// What takes a change back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inverse {
    /// In order, to be made on the schema after the change.
    pub changes: Vec<Change>,
    pub kind: RollbackKind,
    /// What is lost, or why there is no way back.
    pub note: Option<String>,
}

impl Inverse {
    fn exact(changes: impl IntoIterator<Item = Change>) -> Self {
        Self { changes: changes.into_iter().collect(), kind: RollbackKind::Exact, note: None }
    }

    fn lossy(changes: impl IntoIterator<Item = Change>, note: impl Into<String>) -> Self {
        Self { kind: RollbackKind::Lossy, note: Some(note.into()), ..Self::exact(changes) }
    }

    fn none(why: impl Into<String>) -> Self {
        Self { changes: Vec::new(), kind: RollbackKind::None, note: Some(why.into()) }
    }

    /// `changes` when what they need was found in the schema before.
    fn found(changes: Option<impl IntoIterator<Item = Change>>) -> Self {
        match changes {
            Some(changes) => Self::exact(changes),
            None => Self::none("what was there before is not known"),
        }
    }
}

/// What takes `change` back. `before` is the schema that the change is made on.
pub fn inverse(change: &Change, before: &Schema) -> Inverse {
    match change {
        Change::CreateSchema { name } => Inverse::exact([Change::DropSchema { name: name.clone() }]),
        Change::CreateExtension { extension } => {
            Inverse::exact([Change::DropExtension { name: extension.name.clone() }])
        }
        Change::CreateTable { table } => Inverse::exact([Change::DropTable { name: table.name.clone() }]),
        Change::CreateView { view } => {
            Inverse::exact([Change::DropView { name: view.name.clone(), materialized: view.materialized }])
        }
        Change::CreateSequence { sequence } => Inverse::exact([Change::DropSequence { name: sequence.name.clone() }]),
        Change::CreateType { definition } => Inverse::exact([Change::DropType { name: definition.name.clone() }]),
        Change::CreateRoutine { routine } => {
            Inverse::exact([Change::DropRoutine { key: routine.key(), procedure: routine.procedure }])
        }
        Change::CreateOther { object } => Inverse::exact([Change::DropOther { object: object.clone() }]),
        Change::DropOther { object } => by_hand(Change::CreateOther { object: object.clone() }, &object.by_hand()),
        Change::AlterOther { from, to } => {
            by_hand(Change::AlterOther { from: to.clone(), to: from.clone() }, &to.by_hand_to(from))
        }
        Change::SetOwner { object, .. } => {
            let owner = before.owners.get(object).cloned();
            Inverse::exact([Change::SetOwner { object: object.clone(), owner }])
        }
        Change::SetRights { on, .. } => {
            let rights = before.rights.get(on).cloned().map(Box::new);
            Inverse::exact([Change::SetRights { on: on.clone(), rights }])
        }
        Change::SetComment { object, .. } => {
            Inverse::exact([Change::SetComment { object: object.clone(), comment: before.comment(object).cloned() }])
        }
        Change::DropSchema { .. }
        | Change::DropExtension { .. }
        | Change::DropTable { .. }
        | Change::DropView { .. }
        | Change::DropSequence { .. }
        | Change::DropType { .. }
        | Change::DropRoutine { .. } => of_drop(change, before),
        Change::RenameTable { .. }
        | Change::SetTableSchema { .. }
        | Change::RenameColumn { .. }
        | Change::RenameConstraint { .. }
        | Change::RenameIndex { .. }
        | Change::RenameView { .. }
        | Change::RenameSequence { .. }
        | Change::RenameType { .. }
        | Change::RenameEnumValue { .. } => Inverse::exact(of_rename(change)),
        Change::AlterExtension { .. } => Inverse::none("an extension's update cannot be taken back"),
        Change::AlterSequence { sequence } => {
            let old = before.sequences.get(&sequence.name).cloned();
            Inverse::found(old.map(|sequence| [Change::AlterSequence { sequence }]))
        }
        Change::AlterType { definition } => {
            let old = before.types.get(&definition.name).cloned();
            Inverse::found(old.map(|definition| [Change::AlterType { definition }]))
        }
        Change::AddEnumValue { value, .. } => {
            Inverse::none(format!("the value '{value}' cannot be taken out of the type again: rows may hold it"))
        }
        Change::ReplaceView { .. } | Change::ReplaceRoutine { .. } => of_replace(change, before),
        Change::CreateTrigger { .. }
        | Change::DropTrigger { .. }
        | Change::CreateIndex { .. }
        | Change::DropIndex { .. } => of_part(change, before),
        other => match other.table().and_then(|name| before.tables.get(name)) {
            Some(table) => of_table(other, table, before),
            None => Inverse::none("what was there before is not known"),
        },
    }
}

/// Exact, but for what people have to do by hand afterwards.
fn by_hand<S: AsRef<str>>(change: Change, notes: &[S]) -> Inverse {
    if notes.is_empty() {
        return Inverse::exact([change]);
    }
    Inverse::lossy([change], notes.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" "))
}

fn of_rename(change: &Change) -> Option<Change> {
    Some(match change.clone() {
        Change::RenameTable { from, to } => Change::RenameTable { from: from.sibling(to), to: from.name },
        Change::SetTableSchema { name, schema } => {
            Change::SetTableSchema { name: QName::new(schema, name.name), schema: name.schema }
        }
        Change::RenameColumn { table, from, to } => Change::RenameColumn { table, from: to, to: from },
        Change::RenameConstraint { table, from, to } => Change::RenameConstraint { table, from: to, to: from },
        Change::RenameIndex { table, from, to } => Change::RenameIndex { table, from: to, to: from },
        Change::RenameView { from, to, materialized } => {
            Change::RenameView { from: from.sibling(to), to: from.name, materialized }
        }
        Change::RenameSequence { from, to } => Change::RenameSequence { from: from.sibling(to), to: from.name },
        Change::RenameType { from, to } => Change::RenameType { from: from.sibling(to), to: from.name },
        Change::RenameEnumValue { name, from, to } => Change::RenameEnumValue { name, from: to, to: from },
        _ => return None,
    })
}

fn of_drop(change: &Change, before: &Schema) -> Inverse {
    match change {
        Change::DropSchema { name } => Inverse::exact([Change::CreateSchema { name: name.clone() }]),
        Change::DropExtension { name } => match before.extensions.get(name).cloned() {
            Some(extension) => Inverse::lossy(
                [Change::CreateExtension { extension }],
                format!("the extension {name} comes back, but not what it had stored"),
            ),
            None => Inverse::none("what was there before is not known"),
        },
        Change::DropTable { name } => match before.tables.get(name) {
            Some(table) if table.foreign.is_some() => Inverse::exact(table_again(table, before)),
            Some(table) => Inverse::lossy(
                table_again(table, before),
                format!("the table {} comes back empty; its rows do not come back", name.short()),
            ),
            None => Inverse::none("what was there before is not known"),
        },
        Change::DropView { name, .. } => {
            let view = before.views.get(name).cloned();
            Inverse::found(view.map(|view| [Change::CreateView { view: Box::new(view) }]))
        }
        Change::DropSequence { name } => match before.sequences.get(name).cloned() {
            Some(sequence) => Inverse::lossy(
                [Change::CreateSequence { sequence }],
                format!("the sequence {} comes back, but counts from its start again", name.short()),
            ),
            None => Inverse::none("what was there before is not known"),
        },
        Change::DropType { name } => {
            let definition = before.types.get(name).cloned();
            Inverse::found(definition.map(|definition| [Change::CreateType { definition }]))
        }
        Change::DropRoutine { key, .. } => {
            let routine = before.routines.get(key).cloned();
            Inverse::found(routine.map(|routine| [Change::CreateRoutine { routine: Box::new(routine) }]))
        }
        _ => Inverse::none("there is no way back from this"),
    }
}

/// The sequences that go with a table or a column of it: made free before it, given to it after it.
fn owned<'a>(before: &'a Schema, table: &'a QName, column: Option<&'a str>) -> impl Iterator<Item = &'a Sequence> {
    before.sequences.values().filter(move |s| {
        s.owned_by.as_ref().is_some_and(|(t, c)| t == table && column.is_none_or(|column| c == column))
    })
}

fn free(sequence: &Sequence) -> Change {
    Change::CreateSequence { sequence: Sequence { owned_by: None, ..sequence.clone() } }
}

fn give_back(sequence: &Sequence) -> Change {
    Change::AlterSequence { sequence: sequence.clone() }
}

fn table_again(table: &Table, before: &Schema) -> Vec<Change> {
    let sequences = || owned(before, &table.name, None);
    let mut out: Vec<Change> = sequences().map(free).collect();
    out.push(Change::CreateTable { table: Box::new(table.clone()) });
    out.extend(sequences().map(give_back));
    out
}

fn of_replace(change: &Change, before: &Schema) -> Inverse {
    match change {
        Change::ReplaceView { view } => {
            let drop = Change::DropView { name: view.name.clone(), materialized: view.materialized };
            match before.views.get(&view.name) {
                None => Inverse::exact([drop]),
                Some(old) if old.columns == view.columns => {
                    Inverse::exact([Change::ReplaceView { view: Box::new(old.clone()) }])
                }
                // Columns were added, and replacing in place cannot take columns away.
                Some(old) => Inverse::exact([drop, Change::CreateView { view: Box::new(old.clone()) }]),
            }
        }
        Change::ReplaceRoutine { routine } => Inverse::exact([match before.routines.get(&routine.key()) {
            Some(old) => Change::ReplaceRoutine { routine: Box::new(old.clone()) },
            None => Change::DropRoutine { key: routine.key(), procedure: routine.procedure },
        }]),
        _ => Inverse::none("there is no way back from this"),
    }
}

/// Triggers and indexes, which views may have as well as tables.
fn of_part(change: &Change, before: &Schema) -> Inverse {
    match change.clone() {
        Change::CreateTrigger { table, trigger } => Inverse::exact([Change::DropTrigger { table, name: trigger.name }]),
        Change::CreateIndex { table, index } => Inverse::exact([Change::DropIndex { table, name: index.name }]),
        Change::DropTrigger { table, name } => {
            let of_table = before.tables.get(&table).and_then(|t| t.triggers.get(&name));
            let of_view = before.views.get(&table).and_then(|v| v.triggers.get(&name));
            let trigger = of_table.or(of_view).cloned();
            Inverse::found(trigger.map(|trigger| [Change::CreateTrigger { table, trigger }]))
        }
        Change::DropIndex { table, name } => {
            let of_table = before.tables.get(&table).and_then(|t| t.indexes.get(&name));
            let of_view = before.views.get(&table).and_then(|v| v.indexes.get(&name));
            let index = of_table.or(of_view).cloned();
            Inverse::found(index.map(|index| [Change::CreateIndex { table, index }]))
        }
        _ => Inverse::none("there is no way back from this"),
    }
}

/// What brings the options back that `set` and `reset` change.
fn options_back(old: &Options, set: &Options, reset: &[String]) -> (Options, Vec<String>) {
    let touched = || set.keys().chain(reset);
    let again = touched().filter_map(|k| Some((k.clone(), old.get(k)?.clone()))).collect();
    (again, touched().filter(|k| !old.contains_key(k)).cloned().collect())
}

fn of_table(change: &Change, old: &Table, before: &Schema) -> Inverse {
    let table = || old.name.clone();
    match change {
        Change::SetTableOptions { set, reset, .. } => {
            let (set, reset) = options_back(&old.options, set, reset);
            Inverse::exact([Change::SetTableOptions { name: table(), set, reset }])
        }
        Change::SetPartition { .. } => {
            Inverse::exact([Change::SetPartition { table: table(), partition: old.partition_of.clone() }])
        }
        Change::SetInherits { .. } => {
            Inverse::exact([Change::SetInherits { table: table(), inherits: old.inherits.clone() }])
        }
        Change::SetRowSecurity { .. } => {
            Inverse::exact([Change::SetRowSecurity { table: table(), security: old.row_security }])
        }
        Change::SetUnlogged { .. } => Inverse::exact([Change::SetUnlogged { table: table(), unlogged: old.unlogged }]),
        Change::AddConstraint { .. } | Change::DropConstraint { .. } | Change::ValidateConstraint { .. } => {
            of_constraint(change, old)
        }
        Change::AddColumn { column, .. } => {
            Inverse::exact([Change::DropColumn { table: table(), column: column.name.clone() }])
        }
        Change::DropColumn { column, .. } => match old.column(column) {
            Some(column) => column_again(old, column, before),
            None => Inverse::none("what was there before is not known"),
        },
        Change::Reshape { from, into, .. } => {
            let gone: Vec<Change> = from
                .iter()
                .filter_map(|name| old.column(name))
                .flat_map(|column| column_again(old, column, before).changes)
                .collect();
            let drop =
                |t: &crate::schema::Transform| Change::DropColumn { table: table(), column: t.column.name.clone() };
            Inverse::lossy(
                gone.into_iter().chain(into.iter().map(drop)),
                "the old columns come back empty; their values are only in the new ones",
            )
        }
        other => of_column(other, old),
    }
}

fn of_constraint(change: &Change, old: &Table) -> Inverse {
    let table = || old.name.clone();
    let again = |constraint: &Constraint| Change::AddConstraint { table: table(), constraint: constraint.clone() };
    match change {
        Change::AddConstraint { constraint, .. } => {
            let mut changes = vec![Change::DropConstraint { table: table(), name: constraint.name.clone() }];
            if let ConstraintKind::PrimaryKey { columns } = &constraint.kind {
                // The key had made its columns NOT NULL.
                let were_nullable = columns.iter().filter(|c| old.column(c).is_some_and(|c| c.nullable));
                changes.extend(were_nullable.map(|c| Change::DropNotNull { table: table(), column: c.clone() }));
            }
            Inverse::exact(changes)
        }
        Change::DropConstraint { name, .. } => Inverse::found(old.constraints.get(name).map(|c| [again(c)])),
        Change::ValidateConstraint { name, .. } => match old.constraints.get(name) {
            Some(constraint) if constraint.validated => Inverse::exact([]),
            found => {
                Inverse::found(found.map(|c| [Change::DropConstraint { table: table(), name: name.clone() }, again(c)]))
            }
        },
        _ => Inverse::none("there is no way back from this"),
    }
}

/// A dropped column with all that went with it, without its values.
fn column_again(table: &Table, column: &Column, before: &Schema) -> Inverse {
    let name = || table.name.clone();
    let sequences = || owned(before, &table.name, Some(&column.name));
    let mut changes: Vec<Change> = sequences().map(free).collect();
    let filled = column.default.is_some() || column.generated.is_some() || column.identity.is_some();
    let mut again = column.clone();
    again.nullable |= !filled;
    changes.push(Change::AddColumn { table: name(), column: again });
    changes.extend(sequences().map(give_back));
    let constraints = table.constraints.values().filter(|c| c.kind.columns().contains(&column.name));
    changes.extend(constraints.map(|c| Change::AddConstraint { table: name(), constraint: c.clone() }));
    let indexes = table.indexes.values().filter(|i| i.names_column(&column.name));
    changes.extend(indexes.map(|i| Change::CreateIndex { table: name(), index: i.clone() }));
    let what = format!("the column {}.{} comes back without its values", table.name.short(), column.name);
    if filled || column.nullable {
        Inverse::lossy(changes, what)
    } else {
        Inverse::lossy(changes, format!("{what}, and so allows NULL until it is filled again"))
    }
}

fn of_column(change: &Change, old: &Table) -> Inverse {
    let table = || old.name.clone();
    let (Change::AlterColumnType { column, .. }
    | Change::SetDefault { column, .. }
    | Change::SetNotNull { column, .. }
    | Change::DropNotNull { column, .. }
    | Change::SetIdentity { column, .. }
    | Change::SetGenerated { column, .. }
    | Change::SetColumnOptions { column, .. }
    | Change::Backfill { column, .. }) = change
    else {
        return Inverse::none("there is no way back from this");
    };
    let Some(was) = old.column(column) else { return Inverse::none("what was there before is not known") };
    let column = || column.clone();
    match change {
        Change::AlterColumnType { .. } => Inverse::lossy(
            [Change::AlterColumnType {
                table: table(),
                column: column(),
                data_type: was.data_type.clone(),
                collation: was.collation.clone(),
                using: None,
            }],
            "values are converted back; what the conversion cut or rounded stays so",
        ),
        Change::SetDefault { .. } => {
            Inverse::exact([Change::SetDefault { table: table(), column: column(), default: was.default.clone() }])
        }
        Change::SetNotNull { .. } if !was.nullable => Inverse::exact([]),
        Change::SetNotNull { fill, .. } => {
            let back = [Change::DropNotNull { table: table(), column: column() }];
            match fill {
                Some(_) => Inverse::lossy(back, "rows that were given a value keep it"),
                None => Inverse::exact(back),
            }
        }
        Change::DropNotNull { .. } if was.nullable => Inverse::exact([]),
        Change::DropNotNull { .. } => {
            let mut back = Inverse::exact([Change::SetNotNull { table: table(), column: column(), fill: None }]);
            back.note = Some("fails while rows have no value there".to_owned());
            back
        }
        Change::SetIdentity { .. } => {
            Inverse::exact([Change::SetIdentity { table: table(), column: column(), identity: was.identity.clone() }])
        }
        Change::SetGenerated { .. } => {
            let back = [Change::SetGenerated { table: table(), column: column(), generated: was.generated.clone() }];
            Inverse::lossy(back, "values that were written over do not come back")
        }
        Change::SetColumnOptions { set, reset, .. } => {
            let (set, reset) = options_back(&was.options, set, reset);
            Inverse::exact([Change::SetColumnOptions { table: table(), column: column(), set, reset }])
        }
        _ => Inverse::none("the rows' earlier values are not kept"),
    }
}
