//! Rules for what is there before and after, and is another thing then.

use super::{Case, risk};
use crate::plan::Risk;
use crate::schema::{Change, Constraint, ConstraintKind, ObjectKind, QName, TypeKind};

pub(super) fn find(case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    let found = match change {
        Change::DropNotNull { table, column } | Change::SetDefault { table, column, .. }
            if case.is_new_column(table, column) =>
        {
            None
        }
        Change::DropNotNull { table, column } => {
            case.on_table("drop-not-null", table, format!("{}.{column} may be NULL from now on", table.short()))
        }
        Change::SetDefault { table, column, default } => default_changed(case, table, column, default.as_deref()),
        Change::DropConstraint { table, name } => drop_constraint(case, table, name),
        Change::SetTableSchema { name, schema } => {
            case.on_table("set-schema", name, format!("{} is in the schema {schema} from now on", name.short()))
        }
        Change::RenameView { from, to, .. } => renamed(case, from, "view", to),
        Change::RenameSequence { from, to } => renamed(case, from, "sequence", to),
        Change::RenameType { from, to } => renamed(case, from, "type", to),
        Change::RenameEnumValue { name, from, to } => {
            Some(risk("rename-enum-value", format!("'{from}' of {} is '{to}' now", name.short())))
        }
        Change::AlterType { definition } if matches!(definition.kind, TypeKind::Composite { .. }) => {
            Some(risk("composite-type-changed", format!("values of {} have other parts now", definition.name.short())))
        }
        Change::ReplaceView { view } if !case.context.made_here.contains(&view.name) => {
            Some(risk("view-replaced", format!("readers of {} get what the new query says", view.name.short())))
        }
        Change::ReplaceRoutine { routine } => {
            Some(risk("routine-replaced", format!("callers of {} use the new body at once", routine.name.short())))
        }
        Change::SetIdentity { table, column, .. } => {
            case.on_table("identity-changed", table, format!("{}.{column} is numbered in another way", table.short()))
        }
        Change::SetInherits { table, .. } => {
            let message = format!("{} inherits from other tables, and its rows are in other queries", table.short());
            case.on_table("inheritance-changed", table, message)
        }
        Change::SetRowSecurity { table, security } => row_security(case, table, security.enabled),
        Change::ValidateConstraint { table, name } if case.scans(table) => {
            case.on_table("validation-reads-table", table, format!("every row of {} is read for {name}", table.short()))
        }
        Change::AddConstraint { table, constraint } => restriction(case, table, constraint),
        Change::SetUnlogged { table, unlogged: true } => {
            case.on_table("unlogged-table", table, format!("a crash empties {} from now on", table.short()))
        }
        _ => None,
    };
    out.extend(found);
}

fn default_changed(case: &Case<'_>, table: &QName, column: &str, default: Option<&str>) -> Option<Risk> {
    let known = case.table(table).and_then(|t| t.column(column));
    match (known.map(|c| c.default.as_deref()), default) {
        (Some(None), _) => None,
        (_, None) => case.on_table(
            "drop-default",
            table,
            format!("inserts that leave out {}.{column} write NULL", table.short()),
        ),
        (Some(old), new) if old == new => None,
        // What is not known may have had none.
        (None, Some(_)) => None,
        (_, Some(new)) => {
            case.on_table("default-changed", table, format!("new rows of {} get {new} as {column}", table.short()))
        }
    }
}

fn drop_constraint(case: &Case<'_>, table: &QName, name: &str) -> Option<Risk> {
    let known = case.table(table).and_then(|t| t.constraints.get(name));
    // A constraint that is made anew in the same file, with the same name or for the same columns, is missed by nobody
    // for long.
    let again = case.end.tables.get(table).is_some_and(|t| {
        let same = |old: &Constraint, new: &Constraint| {
            let of_kind = std::mem::discriminant(&old.kind) == std::mem::discriminant(&new.kind);
            let primary = matches!(new.kind, ConstraintKind::PrimaryKey { .. });
            of_kind && (primary || old.name == new.name || old.kind.columns() == new.kind.columns())
        };
        known.is_some_and(|old| t.constraints.values().any(|new| new.kind == old.kind || same(old, new)))
    });
    if again {
        return None;
    }
    if let Some(Constraint { kind: ConstraintKind::PrimaryKey { .. }, .. }) = known {
        return case.on_table("drop-primary-key", table, format!("{} has no primary key from now on", table.short()));
    }
    case.on_table("drop-constraint", table, format!("rows of {} are no longer checked by {name}", table.short()))
}

fn renamed(case: &Case<'_>, from: &QName, what: &str, to: &str) -> Option<Risk> {
    let new = case.context.made_here.contains(from);
    let message = format!("running code that uses the {what} {} fails; it is {to} now", from.short());
    (!new).then(|| risk("rename-other", message))
}

fn row_security(case: &Case<'_>, table: &QName, enabled: bool) -> Option<Risk> {
    let was = case.table(table).map(|t| t.row_security.enabled);
    if was == Some(enabled) {
        return None;
    }
    if !enabled {
        return case.on_table(
            "row-security-disabled",
            table,
            format!("every reader of {} sees all its rows", table.short()),
        );
    }
    let is_policy = |id: &crate::schema::ObjectRef| id.kind == ObjectKind::Policy && id.name == *table;
    let has_policy = case.end.others.iter().any(|other| is_policy(&other.id));
    let is_known = case.context.connected || case.context.made_here.contains(table);
    if is_known && !has_policy && !case.guarded_rows.contains(table) {
        let message = format!("{} has no policy, so that nobody but its owner sees a row", table.short());
        return case.on_table("row-security-without-policy", table, message);
    }
    case.on_table("row-security-enabled", table, format!("rows of {} are filtered from now on", table.short()))
}

fn restriction(case: &Case<'_>, table: &QName, constraint: &Constraint) -> Option<Risk> {
    if !constraint.enforced {
        let message = format!("{} of {} checks nothing", constraint.name, table.short());
        return Some(risk("constraint-not-enforced", message));
    }
    // What is new in the same statement is written by nobody yet.
    let adds = |c: &Change| matches!(c, Change::AddColumn { table: on, .. } if on == table);
    if case.statement.reading.changes.iter().any(adds) {
        return None;
    }
    let message = format!("writes to {} that break {} fail from now on", table.short(), constraint.name);
    case.on_table("new-write-restriction", table, message)
}
