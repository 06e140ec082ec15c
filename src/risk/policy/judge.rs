//! A statement held against the policy.

use super::{Forbidden, Pattern, Policy};
use crate::plan::Risk;
use crate::risk::rules::{Case, risk};
use crate::schema::{Change, Constraint, ConstraintKind, QName, Table};

/// Adds what the policy has against a statement; `out` has what the other rules found, which may be forbidden.
pub(in crate::risk) fn judge(case: &Case<'_>, out: &mut Vec<Risk>) {
    let policy = &case.settings.policy;
    if *policy == Policy::default() {
        return;
    }
    let mut found = Vec::new();
    for change in &case.statement.reading.changes {
        names(policy, case, change, &mut found);
        required(policy, case, change, &mut found);
        limits(policy, case, change, &mut found);
    }
    forbidden(policy, case, out, &mut found);
    work(policy, case, &mut found);
    hours(policy, case, &mut found);
    out.append(&mut found);
}

/// The names that a change gives, with the pattern for each.
fn names(policy: &Policy, case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    let naming = &policy.naming;
    let mut tell = |what: &str, name: &str, pattern: &Option<Pattern>| {
        if let Some(pattern) = pattern.as_ref().filter(|pattern| !pattern.fits(name)) {
            out.push(risk("policy-naming", format!("the {what} {name} does not fit {}", pattern.text())));
        }
    };
    match change {
        Change::CreateSchema { name } => tell("schema", name, &naming.schema),
        Change::CreateTable { table } => {
            tell("table", &table.name.name, &naming.table);
            for column in &table.columns {
                tell("column", &column.name, &naming.column);
            }
            for constraint in table.constraints.values() {
                let (what, pattern) = of_constraint(policy, constraint);
                tell(what, &constraint.name, pattern);
            }
        }
        Change::RenameTable { to, .. } => tell("table", to, &naming.table),
        Change::AddColumn { column, .. } => tell("column", &column.name, &naming.column),
        Change::RenameColumn { to, .. } => tell("column", to, &naming.column),
        Change::AddConstraint { constraint, .. } => {
            let (what, pattern) = of_constraint(policy, constraint);
            tell(what, &constraint.name, pattern);
        }
        Change::CreateIndex { index, .. } => tell("index", &index.name, &naming.index),
        Change::RenameIndex { to, .. } => tell("index", to, &naming.index),
        Change::CreateView { view } => tell("view", &view.name.name, &naming.view),
        Change::RenameView { to, .. } => tell("view", to, &naming.view),
        // A sequence that comes with its column has the server's name.
        Change::CreateSequence { sequence } if case.statement.class == "CREATE SEQUENCE" => {
            tell("sequence", &sequence.name.name, &naming.sequence);
        }
        Change::CreateType { definition } => tell("type", &definition.name.name, &naming.r#type),
        Change::CreateRoutine { routine } => tell("function", &routine.name.name, &naming.function),
        Change::CreateTrigger { trigger, .. } => tell("trigger", &trigger.name, &naming.trigger),
        _ => {}
    }
}

fn of_constraint<'p>(policy: &'p Policy, constraint: &Constraint) -> (&'static str, &'p Option<Pattern>) {
    let naming = &policy.naming;
    match constraint.kind {
        ConstraintKind::PrimaryKey { .. } => ("primary key", &naming.primary_key),
        ConstraintKind::ForeignKey(_) => ("foreign key", &naming.foreign_key),
        ConstraintKind::Unique { .. } => ("unique constraint", &naming.unique),
        ConstraintKind::Check { .. } => ("check", &naming.check),
        ConstraintKind::NotNull { .. } | ConstraintKind::Other { .. } => ("constraint", &None),
    }
}

fn required(policy: &Policy, case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    let Change::CreateTable { table } = change else { return };
    if table.partition_of.is_some() {
        return;
    }
    // What the same file adds later counts.
    let at_end = case.end.tables.get(&table.name).map_or(&**table, |t| &**t);
    for required in &policy.required_columns {
        let fits = |pattern: &Pattern| pattern.fits(&table.name.name);
        if required.tables.as_ref().is_some_and(|p| !fits(p)) || required.except.as_ref().is_some_and(fits) {
            continue;
        }
        let missing = required.columns.iter().filter(|column| at_end.column(column).is_none());
        let missing: Vec<&str> = missing.map(String::as_str).collect();
        if !missing.is_empty() {
            let message = format!("{} has no {}", table.name.short(), missing.join(", no "));
            out.push(risk("policy-required-column", message));
        }
    }
}

fn limits(policy: &Policy, case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    let Some(name) = change.table() else { return };
    let Some(table) = case.end.tables.get(name) else { return };
    let columns =
        matches!(change, Change::CreateTable { .. } | Change::AddColumn { .. }).then_some(table.columns.len());
    let indexes =
        matches!(change, Change::CreateTable { .. } | Change::CreateIndex { .. } | Change::AddConstraint { .. })
            .then(|| count_indexes(table));
    for (what, is, limit) in [("columns", columns, policy.limits.columns), ("indexes", indexes, policy.limits.indexes)]
    {
        if let (Some(is), Some(limit)) = (is, limit)
            && is > limit
        {
            let message = format!("{} has {is} {what}, and {limit} are allowed", name.short());
            out.push(risk("policy-table-limit", message));
        }
    }
}

fn count_indexes(table: &Table) -> usize {
    table.indexes.len() + table.constraints.values().filter(|c| c.kind.has_index()).count()
}

fn forbidden(policy: &Policy, case: &Case<'_>, found: &[Risk], out: &mut Vec<Risk>) {
    for forbidden in &policy.forbid {
        let by_class = forbidden.what.eq_ignore_ascii_case(&case.statement.class);
        let by_rule = found.iter().find(|risk| risk.rule == forbidden.what);
        if (by_class || by_rule.is_some()) && is_for(forbidden, case) {
            let why = forbidden.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let what = by_rule
                .map_or_else(|| case.statement.class.clone(), |risk| format!("{} ({})", risk.rule, risk.message));
            out.push(risk("policy-forbidden", format!("{what} is forbidden here{why}")));
        }
    }
}

fn is_for(forbidden: &Forbidden, case: &Case<'_>) -> bool {
    let Some(pattern) = &forbidden.tables else { return true };
    let fits = |name: &QName| pattern.fits(&name.name) || pattern.fits(&name.to_string());
    let reading = &case.statement.reading;
    // What is not known here is named all the same by what is written and destroyed.
    reading.relations.iter().any(fits)
        || reading.changes.iter().filter_map(Change::table).any(fits)
        || reading.writes.iter().any(|write| fits(&write.table))
        || reading.destroys.iter().any(|name| pattern.fits(name))
}

/// Work on a table that is too large for it.
fn work(policy: &Policy, case: &Case<'_>, out: &mut Vec<Risk>) {
    let Some(limit) = policy.limits.locked_bytes else { return };
    for lock in case.judgement.locks.iter().filter(|lock| lock.mode.blocks_writes()) {
        let Ok(table) = lock.relation.parse::<QName>() else { continue };
        let works = case.scans(&table) || case.rewrites(&table) || case.builds_index(&table);
        let Some(bytes) = case.table(&table).and_then(|t| t.stats.bytes).filter(|bytes| works && *bytes > limit) else {
            continue;
        };
        let message = format!(
            "{} has {} MB, and no more than {} MB may be read or written under a lock that keeps others out",
            table.short(),
            bytes >> 20,
            limit >> 20
        );
        out.push(risk("policy-table-limit", message));
    }
}

fn hours(policy: &Policy, case: &Case<'_>, out: &mut Vec<Risk>) {
    let Some(at) = case.settings.at else { return };
    let reading = &case.statement.reading;
    if reading.read_only || reading.session_setting {
        return;
    }
    if let Some(why) = policy.closed(at) {
        out.push(risk("policy-window", why));
    }
    if case.judgement.locks.iter().any(|lock| lock.mode.blocks_writes())
        && let Some(why) = policy.peak_at(at)
    {
        out.push(risk("policy-peak", why));
    }
}
