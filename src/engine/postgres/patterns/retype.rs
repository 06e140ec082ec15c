//! Changes of type: at once where PostgreSQL only changes the catalog, else by a new column that takes over.

use super::planner::{Planner, is_foreign};
use super::tables::{drop_view, rights_of_view, views_on};
use super::takeover::Takeover;
use super::{again, conversion, expression, names, titles};
use crate::Result;
use crate::engine::postgres::render::{ident, relation};
use crate::plan::Phase;
use crate::schema::{Change, Column, Constraint, ConstraintKind, ObjectKind, ObjectRef, Schema, Table, View};

pub(super) fn is_unique(kind: &ConstraintKind) -> bool {
    matches!(kind, ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. })
}

/// A type's name and its numbers: `numeric(10,2)` → `numeric`, [10, 2].
fn parts(data_type: &str) -> (String, Vec<u32>) {
    let Some((name, rest)) = data_type.split_once('(') else { return (data_type.to_owned(), Vec::new()) };
    let (numbers, tail) = rest.split_once(')').unwrap_or((rest, ""));
    let numbers = numbers.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    (format!("{}{tail}", name.trim_end()), numbers)
}

/// Whether the new type holds the same bytes, so that no row is read or written (manual, ALTER TABLE, notes; each
/// case as `ATColumnChangeRequiresRewrite` decides it).
pub(super) fn is_free(from: &str, to: &str) -> bool {
    if from == to {
        return true;
    }
    let ((old, old_size), (new, new_size)) = (parts(from), parts(to));
    match (old.as_str(), new.as_str()) {
        ("character varying", "text") => true,
        ("text", "character varying") => new_size.is_empty(),
        ("cidr", "inet") => true,
        ("numeric", "numeric") => match (old_size.as_slice(), new_size.as_slice()) {
            (_, []) => true,
            ([p, s @ ..], [q, t @ ..]) => q >= p && s.first().unwrap_or(&0) == t.first().unwrap_or(&0),
            ([], _) => false,
        },
        (a, b) if a == b => {
            let grows = matches!(
                a,
                "character varying"
                    | "bit varying"
                    | "timestamp without time zone"
                    | "timestamp with time zone"
                    | "time without time zone"
                    | "time with time zone"
            );
            grows
                && match (old_size.first(), new_size.first()) {
                    (_, None) => true,
                    (Some(n), Some(m)) => m >= n,
                    (None, Some(_)) => false,
                }
        }
        _ => false,
    }
}

pub(super) fn alter(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    let Change::AlterColumnType { table, column, data_type, collation, using } = change else {
        return planner.direct(change);
    };
    let found = planner.table(table)?;
    let Some(old) = found.column(column).cloned() else { return planner.direct(change) };
    if found.columns.iter().any(|c| computed_from(c, column)) {
        return around_computed(planner, change);
    }
    if is_foreign(&planner.now, table) {
        return in_place(
            planner,
            change,
            "Rows stay as they are on the foreign server: here it is only said what they are.",
        );
    }
    let same_collation = old.collation == *collation;
    if is_free(&old.data_type, data_type) && using.is_none() && same_collation {
        return in_place(planner, change, "Quick at any size: no row is read or written.");
    }
    if using.is_none() && old.generated.is_none() && conversion::is_impossible(&old.data_type, data_type) {
        return conversion::only_if_empty(planner, change);
    }
    if !planner.is_busy(table) {
        return in_place(planner, change, "Rows are rewritten under a lock that keeps everybody out.");
    }
    if let Some(why) = obstacle(planner, found, &old) {
        let note = format!("Directly, under a lock that keeps everybody out while rows are rewritten: {why}.");
        return in_place(planner, change, &note);
    }
    let new = Column {
        name: names::free(column, "_new", |name| found.column(name).is_some()),
        data_type: data_type.clone(),
        nullable: true,
        collation: collation.clone(),
        ..Column::new("", "")
    };
    let value = using.clone().unwrap_or_else(|| cast(&planner.now, column, &old.data_type, data_type));
    Takeover { table: table.clone(), old, new, value }.plan(planner, change)
}

/// The change as one statement, with the views on the column dropped and made again around it.
fn in_place(planner: &mut Planner<'_>, change: &Change, note: &str) -> Result<()> {
    let Change::AlterColumnType { table, column, .. } = change else { return planner.direct(change) };
    let views = views_on(&planner.now, &[ObjectRef::part(ObjectKind::Column, table.clone(), column)]);
    let mut changes: Vec<Change> = views.iter().rev().map(drop_view).collect();
    changes.push(with_cast(change, planner));
    changes.extend(views.iter().map(create_view));
    changes.extend(views.iter().flat_map(|view| rights_of_view(&planner.now, view)));
    let mut step = planner.step_of(titles::title(change), Phase::Migrate, changes)?;
    step.note = Some(note.to_owned());
    conversion::keep_values(planner, change, &mut step)?;
    planner.push(step)
}

/// A column that is computed from it lets go meanwhile: it is dropped and added again, which computes it anew.
fn around_computed(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    let Change::AlterColumnType { table, column, .. } = change else { return planner.direct(change) };
    let found = planner.table(table)?;
    let computed: Vec<String> =
        found.columns.iter().filter(|c| computed_from(c, column)).map(|c| c.name.clone()).collect();
    let on = |name: &String| ObjectRef::part(ObjectKind::Column, table.clone(), name);
    let columns: Vec<ObjectRef> = computed.iter().chain([column]).map(on).collect();
    let views = views_on(&planner.now, &columns);
    let mut changes: Vec<Change> = views.iter().rev().map(drop_view).collect();
    changes.extend(computed.iter().map(|c| Change::DropColumn { table: table.clone(), column: c.clone() }));
    changes.push(with_cast(change, planner));
    changes.extend(computed.iter().flat_map(|c| again::column(&planner.now, table, c)));
    changes.extend(views.iter().map(create_view));
    let mut step = planner.step_of(titles::title(change), Phase::Migrate, changes)?;
    step.note = Some(format!(
        "PostgreSQL changes no type under a column that is computed from it, so {} is dropped and added again, which \
         computes it anew. Rows are rewritten under a lock that keeps everybody out.",
        computed.join(", ")
    ));
    planner.push(step)
}

pub(super) fn create_view(view: &View) -> Change {
    Change::CreateView { view: Box::new(view.clone()) }
}

fn computed_from(column: &Column, source: &str) -> bool {
    column.generated.as_ref().is_some_and(|g| expression::mentions(&g.expression, source))
}

/// The value of a column as another type. Between two of the user's own types there is no cast but by their text.
pub(super) fn cast(schema: &Schema, column: &str, from: &str, to: &str) -> String {
    let is_own = |data_type: &str| {
        let element = data_type.trim_end_matches("[]");
        schema.types.keys().any(|name| relation(name) == element)
    };
    let name = ident(column);
    match (is_own(from) && is_own(to), to.ends_with("[]")) {
        (true, true) => format!("{name}::text[]::{to}"),
        (true, false) => format!("{name}::text::{to}"),
        (false, _) => format!("{name}::{to}"),
    }
}

/// A conversion that PostgreSQL would not make by itself is asked for by a cast.
fn with_cast(change: &Change, planner: &Planner<'_>) -> Change {
    let mut change = change.clone();
    if let Change::AlterColumnType { table, column, data_type, using: using @ None, .. } = &mut change {
        let old = planner.now.tables.get(table).and_then(|t| t.column(column));
        // What a column is computed as has no values of its own to convert.
        if let Some(old) = old.filter(|c| c.generated.is_none() && !is_free(&c.data_type, data_type)) {
            *using = Some(cast(&planner.now, column, &old.data_type, data_type));
        }
    }
    change
}

/// Why no second column can take over, in words.
fn obstacle(planner: &Planner<'_>, table: &Table, column: &Column) -> Option<&'static str> {
    let odd = |c: &Constraint| match &c.kind {
        ConstraintKind::Other { definition } => expression::mentions(definition, &column.name),
        _ => false,
    };
    if table.partition_by.is_some() || table.partition_of.is_some() || !table.inherits.is_empty() {
        Some("a partitioned or inherited table cannot swap a column")
    } else if column.generated.is_some() || column.identity.is_some() {
        Some("a computed or numbered column cannot be swapped")
    } else if table.constraints.values().any(odd) {
        Some("an exclusion constraint rests on it")
    } else if planner.key(&table.name).is_none() {
        Some("the table has no key to fill a second column along")
    } else {
        None
    }
}
