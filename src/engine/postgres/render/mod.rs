//! Changes as PostgreSQL's SQL, the direct way: no regard to locks, one string a statement, no semicolons.

pub(super) mod column;
pub(super) mod constraint;
mod faithful;
pub(super) mod foreign;
pub(super) mod index;
mod names;
pub(super) mod object;
mod rights;
pub(super) mod table;
#[cfg(test)]
mod tests;
pub(super) mod trigger;
pub(super) mod view;

pub(super) use faithful::faithful;
pub(super) use names::{ident, ident_list, literal, relation, routine};
pub(super) use rights::{OF_COLUMNS, again, everything};

use crate::schema::{Change, QName, Schema, Transform, TypeKind};

/// The server's major version; the newest that is known when the schema was not read from a server.
pub(super) fn major_version(schema: &Schema) -> u32 {
    schema.server_version.split(['.', ' ']).next().and_then(|v| v.parse().ok()).unwrap_or(18)
}

pub(super) fn alter_table(table: &QName, action: &str) -> String {
    format!("ALTER TABLE {} {action}", relation(table))
}

/// The statements that make `change`. Empty when PostgreSQL has no statement for it.
pub(super) fn render(change: &Change, schema: &Schema) -> Vec<String> {
    match change {
        Change::CreateTable { .. }
        | Change::DropTable { .. }
        | Change::RenameTable { .. }
        | Change::SetTableSchema { .. }
        | Change::SetTableOptions { .. }
        | Change::SetPartition { .. }
        | Change::SetInherits { .. }
        | Change::SetRowSecurity { .. }
        | Change::SetUnlogged { .. } => of_table(change, schema),
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
        | Change::Reshape { .. } => of_column(change, schema),
        Change::AddConstraint { .. }
        | Change::DropConstraint { .. }
        | Change::RenameConstraint { .. }
        | Change::ValidateConstraint { .. }
        | Change::CreateIndex { .. }
        | Change::DropIndex { .. }
        | Change::RenameIndex { .. }
        | Change::AttachIndex { .. }
        | Change::CreateTrigger { .. }
        | Change::DropTrigger { .. } => of_part(change, schema),
        other => of_object(other, schema),
    }
}

fn of_table(change: &Change, schema: &Schema) -> Vec<String> {
    match change {
        Change::CreateTable { table } => table::create(table, schema),
        Change::DropTable { name } => table::drop(name, schema),
        Change::RenameTable { from, to } => vec![alter_table(from, &format!("RENAME TO {}", ident(to)))],
        Change::SetTableSchema { name, schema } => vec![alter_table(name, &format!("SET SCHEMA {}", ident(schema)))],
        Change::SetTableOptions { name, set, reset } => {
            if let Some(found) = schema.tables.get(name).filter(|t| t.foreign.is_some()) {
                return foreign::set_options(name, &found.options, set, reset);
            }
            table::set_options(&format!("TABLE {}", relation(name)), set, reset)
        }
        Change::SetRowSecurity { table, security } => {
            let before = schema.tables.get(table).map(|t| t.row_security).unwrap_or_default();
            table::row_security(table, before, *security)
        }
        Change::SetPartition { table, partition } => {
            let before = schema.tables.get(table).and_then(|t| t.partition_of.as_ref());
            table::set_partition(table, before, partition.as_ref())
        }
        Change::SetInherits { table, inherits } => {
            let before = schema.tables.get(table).map(|t| t.inherits.as_slice()).unwrap_or_default();
            table::set_inherits(table, before, inherits)
        }
        Change::SetUnlogged { table, unlogged } => {
            vec![alter_table(table, if *unlogged { "SET UNLOGGED" } else { "SET LOGGED" })]
        }
        _ => Vec::new(),
    }
}

fn of_column(change: &Change, schema: &Schema) -> Vec<String> {
    match change {
        Change::AddColumn { table, column } => {
            let mut out = vec![alter_table(table, &format!("ADD COLUMN {}", column::definition(column)))];
            out.extend(column::extras(table, column));
            out
        }
        Change::DropColumn { table, column } => vec![alter_table(table, &format!("DROP COLUMN {}", ident(column)))],
        Change::RenameColumn { table, from, to } => {
            vec![alter_table(table, &format!("RENAME COLUMN {} TO {}", ident(from), ident(to)))]
        }
        Change::AlterColumnType { table, column, data_type, collation, using } => {
            column::alter_type(table, column, data_type, collation.as_deref(), using.as_deref(), schema)
        }
        Change::SetDefault { table, column, default } => vec![column::set_default(table, column, default.as_deref())],
        Change::SetNotNull { table, column, fill } => {
            let fill = fill.as_ref().map(|value| update(table, column, value, Some(&is_null(column))));
            fill.into_iter().chain([column::set_not_null(table, column)]).collect()
        }
        Change::DropNotNull { table, column } => vec![column::drop_not_null(table, column)],
        Change::SetIdentity { table, column, identity } => {
            column::set_identity(table, column, identity.as_ref(), schema)
        }
        Change::SetGenerated { table, column, generated } => {
            column::set_generated(table, column, generated.as_ref(), schema)
        }
        Change::SetColumnOptions { table, column, set, reset } => {
            let found = schema.tables.get(table).and_then(|t| t.column(column));
            column::set_options(table, column, set, reset, found)
        }
        Change::Backfill { table, column, value, only_where } => {
            vec![update(table, column, value, only_where.as_deref())]
        }
        Change::Reshape { table, from, into } => reshape(table, from, into, schema),
        _ => Vec::new(),
    }
}

pub(super) fn is_null(column: &str) -> String {
    format!("{} IS NULL", ident(column))
}

pub(super) fn update(table: &QName, column: &str, value: &str, only_where: Option<&str>) -> String {
    let condition = only_where.map(|c| format!(" WHERE {c}")).unwrap_or_default();
    format!("UPDATE {} SET {} = {value}{condition}", relation(table), ident(column))
}

fn reshape(table: &QName, from: &[String], into: &[Transform], schema: &Schema) -> Vec<String> {
    let mut out = Vec::new();
    let mut required = Vec::new();
    for Transform { column, .. } in into {
        let mut empty = column.clone();
        if !column.nullable && column.default.is_none() {
            empty.nullable = true;
            required.push(column::set_not_null(table, &column.name));
        }
        out.extend(of_column(&Change::AddColumn { table: table.clone(), column: empty }, schema));
    }
    let set: Vec<String> = into.iter().map(|t| format!("{} = {}", ident(&t.column.name), t.expression)).collect();
    out.push(format!("UPDATE {} SET {}", relation(table), set.join(", ")));
    out.extend(required);
    out.extend(from.iter().map(|column| alter_table(table, &format!("DROP COLUMN {}", ident(column)))));
    out
}

fn of_part(change: &Change, schema: &Schema) -> Vec<String> {
    match change {
        Change::AddConstraint { table, constraint } => {
            let only = constraint.kind.has_index() && schema.tables.children(table).next().is_some();
            let mut out = constraint::add(table, constraint, only);
            out.extend(index::attached(table, &constraint.name, constraint.attached_to.as_ref(), schema));
            out
        }
        Change::AttachIndex { table, name, parent } => vec![index::attach(table, name, parent)],
        Change::DropConstraint { table, name } => vec![constraint::drop(table, name)],
        Change::RenameConstraint { table, from, to } => {
            vec![alter_table(table, &format!("RENAME CONSTRAINT {} TO {}", ident(from), ident(to)))]
        }
        Change::ValidateConstraint { table, name } => vec![constraint::validate(table, name)],
        Change::CreateIndex { table, index } => {
            let mut out = index::direct(table, index, schema.tables.children(table).next().is_some());
            out.extend(index::attached(table, &index.name, index.attached_to.as_ref(), schema));
            out
        }
        Change::DropIndex { table, name } => vec![index::drop_whole(table, name, schema)],
        Change::RenameIndex { table, from, to } => vec![index::rename(table, from, to)],
        Change::CreateTrigger { table, trigger } => trigger::create(table, trigger),
        Change::DropTrigger { table, name } => vec![trigger::drop(table, name)],
        _ => Vec::new(),
    }
}

fn of_object(change: &Change, schema: &Schema) -> Vec<String> {
    match change {
        Change::CreateSchema { name } => vec![format!("CREATE SCHEMA {}", ident(name))],
        Change::DropSchema { name } => vec![format!("DROP SCHEMA {}", ident(name))],
        Change::CreateExtension { extension } => object::create_extension(extension),
        Change::AlterExtension { extension } => {
            object::alter_extension(schema.extensions.get(&extension.name), extension)
        }
        Change::DropExtension { name } => vec![format!("DROP EXTENSION {}", ident(name))],
        Change::CreateView { view } => view::create(view),
        Change::ReplaceView { view } => view::replace(schema.views.get(&view.name), view),
        Change::DropView { name, materialized } => vec![view::drop(name, *materialized)],
        Change::RenameView { from, to, materialized } => {
            let word = if *materialized { "MATERIALIZED VIEW" } else { "VIEW" };
            vec![format!("ALTER {word} {} RENAME TO {}", relation(from), ident(to))]
        }
        Change::CreateSequence { sequence } => {
            let mut out = object::create_sequence(sequence);
            // The owner may be a table that is still to come; whoever orders the changes says so then.
            let owner = sequence.owned_by.as_ref();
            if owner.is_some_and(|(t, c)| schema.tables.get(t).is_some_and(|t| t.column(c).is_some())) {
                out.push(object::owned_by(sequence));
            }
            out
        }
        Change::AlterSequence { sequence } => object::alter_sequence(sequence, schema.sequences.get(&sequence.name)),
        Change::DropSequence { name } => vec![format!("DROP SEQUENCE {}", relation(name))],
        Change::RenameSequence { from, to } => {
            vec![format!("ALTER SEQUENCE {} RENAME TO {}", relation(from), ident(to))]
        }
        Change::CreateType { definition } => object::create_type(definition),
        Change::AlterType { definition } => {
            schema.types.get(&definition.name).map(|before| object::alter_type(before, definition)).unwrap_or_default()
        }
        Change::DropType { name } => vec![object::drop_type(name, schema.types.get(name))],
        Change::RenameType { from, to } => vec![object::rename_type(from, to, schema.types.get(from))],
        Change::AddEnumValue { name, value, place } => vec![object::add_enum_value(name, value, place)],
        Change::RenameEnumValue { name, from, to } => {
            vec![format!("ALTER TYPE {} RENAME VALUE {} TO {}", relation(name), literal(from), literal(to))]
        }
        Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => object::create_routine(routine),
        Change::DropRoutine { key, procedure } => {
            vec![format!("DROP {} {}", object::routine_word(*procedure), routine(key))]
        }
        Change::SetComment { object, comment } => {
            let kind = schema.types.get(&object.name).map(|t| &t.kind);
            let domain = matches!(kind, Some(TypeKind::Domain { .. }));
            object::comment(object, domain, comment.as_deref()).into_iter().collect()
        }
        Change::SetOwner { object, owner } => rights::set_owner(object, owner.as_ref(), schema),
        Change::SetRights { on, rights } => rights::set_rights(on, rights.as_deref(), schema),
        Change::CreateOther { object } => object.statements(),
        Change::DropOther { object } => object.removal(),
        Change::AlterOther { from, to } => from.alteration(to),
        _ => Vec::new(),
    }
}
