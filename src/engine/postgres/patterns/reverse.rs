//! The way back of every change, as changes: what was there before, made again.

use super::{again, enums, extensions, routines, tables};
use crate::engine::postgres::render::render;
use crate::plan::{Rollback, RollbackKind};
use crate::schema::{
    Change, Column, Constraint, ConstraintKind, Extension, ObjectKind, ObjectRef, PartitionOf, QName, Schema, Table,
    TypeDef,
};

/// Changes that undo a change, and what they cannot bring back.
struct Reverse {
    changes: Vec<Change>,
    kind: RollbackKind,
    note: Option<String>,
}

fn exact(changes: impl IntoIterator<Item = Change>) -> Reverse {
    Reverse { changes: changes.into_iter().collect(), kind: RollbackKind::Exact, note: None }
}

fn lossy(changes: impl IntoIterator<Item = Change>, what: impl Into<String>) -> Reverse {
    Reverse { kind: RollbackKind::Lossy, note: Some(what.into()), ..exact(changes) }
}

fn none(why: impl Into<String>) -> Reverse {
    Reverse { kind: RollbackKind::None, note: Some(why.into()), ..exact([]) }
}

/// The rollback of `change`, which turned `before` into `after`.
pub(super) fn rollback(change: &Change, before: &Schema, after: &Schema) -> Rollback {
    if let Some(rollback) = type_again(change, before, after) {
        return rollback;
    }
    let found = tables::view_back(change, before).map_or_else(|| reverse(change, before), exact);
    let mut schema = after.clone();
    let mut sql = Vec::new();
    for back in &found.changes {
        sql.extend(render(back, &schema));
        // The way back may go through states that the model does not hold; its SQL stands all the same.
        let _ = schema.apply(back);
    }
    if found.kind != RollbackKind::None {
        sql.extend(rights_again(before, &mut schema));
    }
    // A body that comes back may name what comes back later, or what was gone before.
    let is_routine = |c: &Change| matches!(c, Change::CreateRoutine { .. } | Change::ReplaceRoutine { .. });
    let unchecked = found.changes.iter().any(is_routine).then(|| routines::UNCHECKED.to_owned());
    let session = unchecked.into_iter().collect();
    Rollback { kind: found.kind, sql, note: found.note, transactional: true, session }
}

/// What a way back made again has lost its owner and rights, and has what default privileges give now.
fn rights_again(before: &Schema, now: &mut Schema) -> Vec<String> {
    let owners = before.owners.iter().filter(|(object, was)| now.owners.get(*object) != Some(*was));
    let mut back: Vec<Change> = owners
        .map(|(object, was)| Change::SetOwner { object: object.clone(), owner: Some(was.clone()) })
        .chain(now.owners.keys().filter(|object| !before.owners.contains_key(*object)).map(usual_owner))
        .collect();
    let rights = before.rights.iter().filter(|(on, was)| now.rights.get(*on) != Some(*was));
    back.extend(rights.map(|(on, was)| Change::SetRights { on: on.clone(), rights: Some(Box::new(was.clone())) }));
    let more = now.rights.keys().filter(|on| !before.rights.contains_key(*on));
    back.extend(more.map(|on| Change::SetRights { on: on.clone(), rights: None }));
    let mut sql = Vec::new();
    for change in &back {
        sql.extend(render(change, now));
        let _ = now.apply(change);
    }
    sql
}

fn usual_owner(object: &ObjectRef) -> Change {
    Change::SetOwner { object: object.clone(), owner: None }
}

/// A value of an enum goes, or comes back in its place, only with the type made anew; so does a domain's old base.
fn type_again(change: &Change, before: &Schema, after: &Schema) -> Option<Rollback> {
    let (Change::AddEnumValue { name, .. } | Change::AlterType { definition: TypeDef { name, .. } }) = change else {
        return None;
    };
    let (was, is) = (before.types.get(name)?, after.types.get(name)?);
    if !enums::made_anew(is, was) {
        return None;
    }
    let mut rollback = Rollback::exact(enums::rebuild(after, was));
    rollback.note = Some(format!(
        "{} is made anew and every column that has it is written again under a lock. It fails, and changes nothing, if a \
         row holds a value that goes.",
        name.short()
    ));
    Some(rollback)
}

/// One rollback for changes that were made together: the last is undone first, and the worst kind holds for all.
pub(super) fn together(parts: Vec<Rollback>) -> Rollback {
    let rank = |kind: RollbackKind| match kind {
        RollbackKind::Exact => 0,
        RollbackKind::Restores => 1,
        RollbackKind::Lossy => 2,
        RollbackKind::None => 3,
    };
    let mut all = Rollback::exact(Vec::new());
    let mut notes: Vec<String> = Vec::new();
    for part in parts.into_iter().rev() {
        if rank(part.kind) > rank(all.kind) {
            all.kind = part.kind;
        }
        all.sql.extend(part.sql);
        notes.extend(part.note);
        let new: Vec<String> = part.session.into_iter().filter(|setting| !all.session.contains(setting)).collect();
        all.session.extend(new);
    }
    if all.kind == RollbackKind::None {
        all.sql.clear();
    }
    all.note = (!notes.is_empty()).then(|| notes.join(" "));
    all
}

fn reverse(change: &Change, before: &Schema) -> Reverse {
    match change {
        Change::CreateTable { .. }
        | Change::DropTable { .. }
        | Change::RenameTable { .. }
        | Change::SetTableSchema { .. }
        | Change::SetTableOptions { .. }
        | Change::SetPartition { .. }
        | Change::SetInherits { .. }
        | Change::SetRowSecurity { .. }
        | Change::SetUnlogged { .. } => of_table(change, before),
        Change::AddColumn { .. }
        | Change::DropColumn { .. }
        | Change::RenameColumn { .. }
        | Change::AlterColumnType { .. }
        | Change::SetDefault { .. }
        | Change::SetNotNull { .. }
        | Change::DropNotNull { .. }
        | Change::SetIdentity { .. }
        | Change::SetGenerated { .. }
        | Change::SetColumnOptions { .. }
        | Change::Backfill { .. }
        | Change::Reshape { .. } => of_column(change, before),
        Change::AddConstraint { .. }
        | Change::DropConstraint { .. }
        | Change::RenameConstraint { .. }
        | Change::ValidateConstraint { .. }
        | Change::CreateIndex { .. }
        | Change::DropIndex { .. }
        | Change::RenameIndex { .. }
        | Change::AttachIndex { .. }
        | Change::CreateTrigger { .. }
        | Change::DropTrigger { .. } => of_part(change, before),
        other => of_object(other, before),
    }
}

fn table<'a>(schema: &'a Schema, name: &QName) -> Option<&'a Table> {
    schema.tables.get(name).map(|t| &**t)
}

fn of_table(change: &Change, before: &Schema) -> Reverse {
    match change {
        Change::CreateTable { table } => exact([Change::DropTable { name: table.name.clone() }]),
        Change::DropTable { name } => match before.tables.get(name) {
            Some(table) if table.foreign.is_some() => exact(again::table(before, name)),
            _ => lossy(again::table(before, name), "the table comes back empty."),
        },
        Change::RenameTable { from, to } => {
            exact([Change::RenameTable { from: from.sibling(to), to: from.name.clone() }])
        }
        Change::SetTableSchema { name, schema } => {
            let name_after = QName::new(schema, &name.name);
            exact([Change::SetTableSchema { name: name_after, schema: name.schema.clone() }])
        }
        Change::SetTableOptions { name, set, reset } => {
            let was = table(before, name).map(|t| t.options.clone()).unwrap_or_default();
            let (set, reset) = was.way_back(set, reset);
            exact([Change::SetTableOptions { name: name.clone(), set, reset }])
        }
        Change::SetRowSecurity { table: name, .. } => {
            let security = table(before, name).map(|t| t.row_security).unwrap_or_default();
            exact([Change::SetRowSecurity { table: name.clone(), security }])
        }
        Change::SetPartition { table: name, partition } => set_partition_back(name, partition.as_ref(), before),
        Change::SetInherits { table: name, .. } => {
            let inherits = table(before, name).map(|t| t.inherits.clone()).unwrap_or_default();
            exact([Change::SetInherits { table: name.clone(), inherits }])
        }
        Change::SetUnlogged { table, unlogged } => {
            exact([Change::SetUnlogged { table: table.clone(), unlogged: !unlogged }])
        }
        _ => none("no way back is known for this change"),
    }
}

/// A table that is detached keeps copies of the parent's foreign keys, which it did not have.
fn set_partition_back(name: &QName, to: Option<&PartitionOf>, before: &Schema) -> Reverse {
    let was = table(before, name);
    let partition = was.and_then(|t| t.partition_of.clone());
    let parent = to.filter(|_| partition.is_none()).and_then(|p| table(before, &p.parent));
    let copies = parent.into_iter().flat_map(|p| p.constraints.values()).filter(|c| {
        let own = was.is_some_and(|t| t.constraints.values().any(|own| own.kind == c.kind));
        matches!(c.kind, ConstraintKind::ForeignKey(_)) && !own
    });
    let drops = copies.map(|c| Change::DropConstraint { table: name.clone(), name: c.name.clone() });
    exact(std::iter::once(Change::SetPartition { table: name.clone(), partition }).chain(drops))
}

fn of_column(change: &Change, before: &Schema) -> Reverse {
    let old = |name: &QName, column: &str| table(before, name).and_then(|t| t.column(column)).cloned();
    match change {
        Change::AddColumn { table, column } => {
            exact([Change::DropColumn { table: table.clone(), column: column.name.clone() }])
        }
        Change::DropColumn { table, column } => {
            lossy(again::column(before, table, column), format!("the values of {column} do not come back."))
        }
        Change::RenameColumn { table, from, to } => {
            exact([Change::RenameColumn { table: table.clone(), from: to.clone(), to: from.clone() }])
        }
        Change::AlterColumnType { table, column, data_type, .. } => {
            let Some(was) = old(table, column) else { return none("the column is not known") };
            let elsewhere = super::planner::is_foreign(before, table);
            let free = elsewhere || super::retype::is_free(&was.data_type, data_type);
            let converts = !free && was.generated.is_none();
            let using = converts.then(|| super::retype::cast(before, column, data_type, &was.data_type));
            let mut back = vec![Change::AlterColumnType {
                table: table.clone(),
                column: column.clone(),
                data_type: was.data_type.clone(),
                collation: was.collation.clone(),
                using,
            }];
            if was.default.is_some() && !free {
                back.push(Change::SetDefault { table: table.clone(), column: column.clone(), default: was.default });
            }
            let note = format!("It fails if a value no longer fits {}.", was.data_type);
            if elsewhere {
                exact(back)
            } else if free {
                Reverse { note: Some(note), ..exact(back) }
            } else {
                lossy(back, format!("what the conversion rounded or cut off does not come back. {note}"))
            }
        }
        Change::SetDefault { table, column, .. } => {
            let default = old(table, column).and_then(|c| c.default);
            exact([Change::SetDefault { table: table.clone(), column: column.clone(), default }])
        }
        Change::SetNotNull { table, column, fill } => {
            let back = [Change::DropNotNull { table: table.clone(), column: column.clone() }];
            match fill {
                Some(_) => lossy(back, "rows that were filled keep their value."),
                None => exact(back),
            }
        }
        Change::DropNotNull { table, column } => {
            let back = Change::SetNotNull { table: table.clone(), column: column.clone(), fill: None };
            Reverse { note: Some("It fails if rows without a value were written meanwhile.".into()), ..exact([back]) }
        }
        Change::SetIdentity { table, column, .. } => {
            let identity = old(table, column).and_then(|c| c.identity);
            exact([Change::SetIdentity { table: table.clone(), column: column.clone(), identity }])
        }
        Change::SetGenerated { table, column, .. } => match old(table, column).and_then(|c| c.generated) {
            Some(generated) => exact([Change::SetGenerated {
                table: table.clone(),
                column: column.clone(),
                generated: Some(generated),
            }]),
            None => lossy(
                [Change::SetGenerated { table: table.clone(), column: column.clone(), generated: None }],
                "values that the column had before it was computed do not come back.",
            ),
        },
        Change::SetColumnOptions { table, column, set, reset } => {
            let was = old(table, column).map(|c| c.options).unwrap_or_default();
            let (set, reset) = was.way_back(set, reset);
            exact([Change::SetColumnOptions { table: table.clone(), column: column.clone(), set, reset }])
        }
        Change::Backfill { column, .. } => {
            lossy([], format!("nothing is undone: the rows keep the value that {column} was given."))
        }
        Change::Reshape { table, from, into } => {
            let mut back: Vec<Change> =
                from.iter().flat_map(|c| again::column(before, table, c)).map(without_values).collect();
            back.extend(
                into.iter().map(|t| Change::DropColumn { table: table.clone(), column: t.column.name.clone() }),
            );
            lossy(back, format!("the values of {} do not come back.", from.join(", ")))
        }
        _ => none("no way back is known for this change"),
    }
}

/// A primary key makes its columns required, and dropping it leaves them so.
fn optional_again(before: &Schema, name: &QName, constraint: &Constraint) -> Vec<Change> {
    let ConstraintKind::PrimaryKey { columns } = &constraint.kind else { return Vec::new() };
    let was_optional =
        |column: &&String| table(before, name).and_then(|t| t.column(column)).is_some_and(|c| c.nullable);
    let drop = |column: &String| Change::DropNotNull { table: name.clone(), column: column.clone() };
    columns.iter().filter(was_optional).map(drop).collect()
}

/// Without its values a column cannot come back as a required one.
fn without_values(change: Change) -> Change {
    match change {
        Change::AddColumn { table, column } if column.default.is_none() && column.identity.is_none() => {
            Change::AddColumn { table, column: Column { nullable: column.generated.is_none(), ..column } }
        }
        other => other,
    }
}

/// The parent's index that a change gives a part to.
pub(super) fn part_of(change: &Change) -> Option<&QName> {
    match change {
        Change::CreateIndex { index, .. } => index.attached_to.as_ref(),
        Change::AddConstraint { constraint, .. } => constraint.attached_to.as_ref(),
        Change::AttachIndex { parent, .. } => Some(parent),
        _ => None,
    }
}

/// The index that a change makes.
pub(super) fn made_index(change: &Change) -> Option<QName> {
    match change {
        Change::CreateIndex { table, index } => Some(table.sibling(&index.name)),
        Change::AddConstraint { table, constraint } if constraint.kind.has_index() => {
            Some(table.sibling(&constraint.name))
        }
        _ => None,
    }
}

/// An index of a partitioned table with all its parts, made anew as it was: no part can be taken from it. `own` was a
/// part of none.
fn whole_again(before: &Schema, parent: &QName, own: Option<(&QName, &str)>) -> Option<Vec<Change>> {
    let table = before.tables.with_index(parent)?;
    let part = table.part(&parent.name)?;
    let mut out = vec![part.drop(&table.name), part.create(&table.name, part.attached_to())];
    out.extend(before.parts_again(&table.name, parent));
    if let Some((table, name)) = own {
        out.extend(before.tables.get(table)?.part(name).map(|part| part.create(table, None)));
    }
    Some(out)
}

fn of_part(change: &Change, before: &Schema) -> Reverse {
    let gone = || none("what it was before is not known");
    if let Some(parent) = part_of(change) {
        let own = match change {
            Change::AttachIndex { table, name, .. } => Some((table, name.as_str())),
            _ => None,
        };
        let is_partition = change.table().and_then(|t| before.tables.get(t)).is_some_and(|t| t.partition_of.is_some());
        if is_partition && let Some(again) = whole_again(before, parent, own) {
            return exact(again);
        }
    }
    match change {
        Change::AddConstraint { table, constraint } => {
            let drop = Change::DropConstraint { table: table.clone(), name: constraint.name.clone() };
            exact(std::iter::once(drop).chain(optional_again(before, table, constraint)))
        }
        Change::DropConstraint { table: name, name: constraint } => {
            match table(before, name).and_then(|t| t.constraints.get(constraint)) {
                Some(was) => {
                    let add = Change::AddConstraint { table: name.clone(), constraint: was.clone() };
                    exact(std::iter::once(add).chain(before.parts_again(name, &name.sibling(constraint))))
                }
                None => gone(),
            }
        }
        Change::RenameConstraint { table, from, to } => {
            exact([Change::RenameConstraint { table: table.clone(), from: to.clone(), to: from.clone() }])
        }
        Change::ValidateConstraint { table: name, name: constraint } => {
            match table(before, name).and_then(|t| t.constraints.get(constraint)) {
                Some(was) => exact([
                    Change::DropConstraint { table: name.clone(), name: constraint.clone() },
                    Change::AddConstraint { table: name.clone(), constraint: was.clone() },
                ]),
                None => gone(),
            }
        }
        Change::CreateIndex { table, index } => {
            exact([Change::DropIndex { table: table.clone(), name: index.name.clone() }])
        }
        Change::DropIndex { table: name, name: index } => {
            let of_view = || before.views.get(name).and_then(|v| v.indexes.get(index));
            match table(before, name).and_then(|t| t.indexes.get(index)).or_else(of_view) {
                Some(was) if !was.valid && table(before, name).is_none_or(|t| t.partition_by.is_none()) => {
                    Reverse { note: Some("What a failed build has left is not made again.".into()), ..exact([]) }
                }
                Some(was) => {
                    let create = Change::CreateIndex { table: name.clone(), index: was.clone() };
                    exact(std::iter::once(create).chain(before.parts_again(name, &name.sibling(index))))
                }
                None => gone(),
            }
        }
        Change::RenameIndex { table, from, to } => {
            exact([Change::RenameIndex { table: table.clone(), from: to.clone(), to: from.clone() }])
        }
        Change::CreateTrigger { table, trigger } => {
            exact([Change::DropTrigger { table: table.clone(), name: trigger.name.clone() }])
        }
        Change::DropTrigger { table: name, name: trigger } => {
            let of_view = || before.views.get(name).and_then(|v| v.triggers.get(trigger));
            match table(before, name).and_then(|t| t.triggers.get(trigger)).or_else(of_view) {
                Some(was) => exact([Change::CreateTrigger { table: name.clone(), trigger: was.clone() }]),
                None => gone(),
            }
        }
        _ => gone(),
    }
}

fn extension_back(now: &Extension, before: &Schema) -> Reverse {
    let Some(was) = before.extensions.get(&now.name) else { return none("the extension is not known") };
    if was.version == now.version {
        exact([Change::AlterExtension { extension: was.clone() }])
    } else if extensions::is_used(before, &was.name) {
        none(format!(
            "extensions have no way to an older version, and {} cannot be installed anew: it is used.",
            now.name
        ))
    } else {
        lossy(
            extensions::anew(was),
            "data that the extension keeps goes. It fails where something uses the extension by then.",
        )
    }
}

fn of_object(change: &Change, before: &Schema) -> Reverse {
    let back = match change {
        Change::CreateSchema { name } => Some(Change::DropSchema { name: name.clone() }),
        Change::DropSchema { name } => Some(Change::CreateSchema { name: name.clone() }),
        Change::CreateExtension { extension } => Some(Change::DropExtension { name: extension.name.clone() }),
        Change::DropExtension { name } => {
            before.extensions.get(name).map(|e| Change::CreateExtension { extension: e.clone() })
        }
        Change::AlterExtension { extension } => return extension_back(extension, before),
        Change::CreateView { view } => {
            Some(Change::DropView { name: view.name.clone(), materialized: view.materialized })
        }
        Change::ReplaceView { view } => Some(match before.views.get(&view.name) {
            Some(was) => Change::ReplaceView { view: Box::new(was.clone()) },
            None => Change::DropView { name: view.name.clone(), materialized: view.materialized },
        }),
        Change::DropView { name, .. } => {
            before.views.get(name).map(|v| Change::CreateView { view: Box::new(v.clone()) })
        }
        Change::RenameView { from, to, materialized } => {
            Some(Change::RenameView { from: from.sibling(to), to: from.name.clone(), materialized: *materialized })
        }
        Change::CreateSequence { sequence } => Some(Change::DropSequence { name: sequence.name.clone() }),
        Change::AlterSequence { sequence } => {
            before.sequences.get(&sequence.name).map(|s| Change::AlterSequence { sequence: s.clone() })
        }
        Change::DropSequence { name } => {
            let back = before.sequences.get(name).map(|s| Change::CreateSequence { sequence: s.clone() });
            return lossy(back, "the sequence starts again from its first value.");
        }
        Change::RenameSequence { from, to } => {
            Some(Change::RenameSequence { from: from.sibling(to), to: from.name.clone() })
        }
        Change::CreateType { definition } => Some(Change::DropType { name: definition.name.clone() }),
        Change::AlterType { definition } => {
            before.types.get(&definition.name).map(|t| Change::AlterType { definition: t.clone() })
        }
        Change::DropType { name } => before.types.get(name).map(|t| Change::CreateType { definition: t.clone() }),
        Change::RenameType { from, to } => Some(Change::RenameType { from: from.sibling(to), to: from.name.clone() }),
        Change::RenameEnumValue { name, from, to } => {
            Some(Change::RenameEnumValue { name: name.clone(), from: to.clone(), to: from.clone() })
        }
        Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => {
            Some(match before.routines.get(&routine.key()) {
                Some(was) => Change::ReplaceRoutine { routine: Box::new(was.clone()) },
                None => Change::DropRoutine { key: routine.key(), procedure: routine.procedure },
            })
        }
        Change::DropRoutine { key, .. } => {
            before.routines.get(key).map(|r| Change::CreateRoutine { routine: Box::new(r.clone()) })
        }
        Change::SetComment { object, .. } => {
            Some(Change::SetComment { object: object.clone(), comment: comment_of(object, before) })
        }
        Change::SetOwner { object, .. } => {
            Some(Change::SetOwner { object: object.clone(), owner: before.owners.get(object).cloned() })
        }
        Change::SetRights { on, .. } => {
            Some(Change::SetRights { on: on.clone(), rights: before.rights.get(on).cloned().map(Box::new) })
        }
        Change::CreateOther { object } => Some(Change::DropOther { object: object.clone() }),
        Change::DropOther { object } => {
            let back = Some(Change::CreateOther { object: object.clone() });
            match object.by_hand().as_slice() {
                [] => back,
                by_hand => return lossy(back, by_hand.join(" ")),
            }
        }
        Change::AlterOther { from, to } => {
            let back = Some(Change::AlterOther { from: to.clone(), to: from.clone() });
            match to.by_hand_to(from).as_slice() {
                [] => back,
                by_hand => return lossy(back, by_hand.join(" ")),
            }
        }
        _ => None,
    };
    back.map_or_else(|| none("what it was before is not known"), |back| exact([back]))
}

/// The comment that an object has in `schema`.
pub(super) fn comment_of(object: &ObjectRef, schema: &Schema) -> Option<String> {
    let name = &object.name;
    let part = object.part.as_deref().unwrap_or_default();
    let table = schema.tables.get(name);
    match object.kind {
        ObjectKind::Schema => schema.namespaces.get(&name.name)?.comment.clone(),
        ObjectKind::Extension => schema.extensions.get(&name.name)?.comment.clone(),
        ObjectKind::Table | ObjectKind::ForeignTable => table?.comment.clone(),
        ObjectKind::Column => table?.column(part)?.comment.clone(),
        ObjectKind::Constraint => table?.constraints.get(part)?.comment.clone(),
        ObjectKind::Trigger => table?.triggers.get(part)?.comment.clone(),
        ObjectKind::Index => {
            let index = object.part.as_deref().unwrap_or(&name.name);
            schema.tables.with_index(&name.sibling(index))?.indexes.get(index)?.comment.clone()
        }
        ObjectKind::View | ObjectKind::MaterializedView => schema.views.get(name)?.comment.clone(),
        ObjectKind::Sequence => schema.sequences.get(name)?.comment.clone(),
        ObjectKind::Type => schema.types.get(name)?.comment.clone(),
        ObjectKind::Routine => schema.routines.get(name)?.comment.clone(),
        _ => None,
    }
}
