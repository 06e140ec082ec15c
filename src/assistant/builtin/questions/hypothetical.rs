//! What would happen if something were changed: the changes that it comes to, and what uses what they touch.

use super::super::draft::{Draft, Flow, Stop};
use super::super::grammar;
use super::super::pattern::Captures;
use super::super::tokens::{Token, tokens};
use super::dependants::tell_dropping;
use super::{Ask, Found, question};
use crate::schema::{Change, ObjectKind, ObjectRef};

pub(super) fn questions() -> Vec<Ask> {
    vec![question(
        hypothetical,
        &[
            "what (would|will|could|might) (happen|break|change|fail) if (i|we|you|someone) <request>",
            "what (happens|breaks|changes|fails) if (i|we|you|someone) <request>",
            "(can|could|may) (i|we) [safely] <request> [safely]",
            "is it safe to <request>",
        ],
    )]
}

fn hypothetical(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let request = said.get("request");
    let clean: Vec<Token> = request.iter().filter(|t| !t.is("safely")).cloned().collect();
    let read = grammar::read(draft, &clean, draft.strict)?;
    let mut found = Found::default();
    for change in &read.changes {
        tell(draft, change, &mut found)?;
    }
    if found.lines.is_empty() {
        return Err(Stop::No);
    }
    found.lines.push(
        "Ask for it without \"what if\" to see its steps, locks, risks and way back before anything runs.".into(),
    );
    Ok(found)
}

fn tell(draft: &mut Draft<'_>, change: &Change, found: &mut Found) -> Flow<()> {
    let (does, touched) = match change {
        Change::RenameTable { from, to } => (
            format!(
                "The table {} would be called {to}: code that uses the old name fails until it follows.",
                from.short()
            ),
            from.short(),
        ),
        Change::RenameColumn { table, from, to } => (
            format!(
                "{}.{from} would be called {to}: code that uses the old name fails until it follows.",
                table.short()
            ),
            format!("{}.{from}", table.short()),
        ),
        Change::SetNotNull { table, column, .. } => (
            format!(
                "{}.{column} would be required: rows without a value must be filled first, and writes that leave it out fail.",
                table.short()
            ),
            format!("{}.{column}", table.short()),
        ),
        Change::AlterColumnType { table, column, data_type, .. } => (
            format!("Every value of {}.{column} would have to fit {data_type}.", table.short()),
            format!("{}.{column}", table.short()),
        ),
        Change::DropColumn { table, column } => {
            (format!("{}.{column} and its values would be gone.", table.short()), format!("{}.{column}", table.short()))
        }
        Change::DropTable { name } => (format!("The table {} and its rows would be gone.", name.short()), name.short()),
        other => {
            let Some(table) = other.table() else { return Err(Stop::No) };
            let source = ObjectRef::new(ObjectKind::Table, table.clone());
            found.add(format!("It would change the table {}.", table.short()), source);
            return Ok(());
        }
    };
    found.lines.push(does);
    let used = tell_dropping(draft, &tokens(&touched))?;
    found.lines.extend(used.lines.into_iter().filter(|line| line.starts_with("- ")));
    used.sources.into_iter().for_each(|source| found.source(source));
    Ok(())
}
