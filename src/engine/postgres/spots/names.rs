//! Names that the server cuts off or wants quoted.

use super::Spots;
use crate::engine::postgres::reader::tokens::Kind;
use crate::engine::postgres::render;
use crate::schema::Change;

/// `NAMEDATALEN - 1`.
const LONGEST: usize = 63;

pub(super) fn of_statement(spots: &mut Spots<'_>) {
    if spots.statement.reading.changes.is_empty() {
        return;
    }
    if spots.statement.text.len() > LONGEST {
        too_long(spots);
    }
    let mut quoted: Vec<String> = Vec::new();
    for change in &spots.statement.reading.changes {
        for name in made(change) {
            if render::ident(name).starts_with('"') && !quoted.contains(name) {
                quoted.push(name.clone());
            }
        }
    }
    for name in quoted {
        spots.tell("name-needs-quotes", format!("{name} has to be quoted wherever it is used"));
    }
}

fn too_long(spots: &mut Spots<'_>) {
    // A word cannot be too long without a run of so many bytes.
    let long = |part: &str| part.len() > LONGEST;
    if !spots.statement.text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',')).any(long) {
        return;
    }
    let mut cursor = spots.cursor();
    let mut found: Vec<String> = Vec::new();
    while !cursor.at_end() {
        let raw = cursor.raw(0);
        let name = match cursor.kind() {
            Some(Kind::Word) => raw,
            Some(Kind::Quoted) => raw.trim_matches('"'),
            _ => "",
        };
        if name.len() > LONGEST && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
        cursor.step();
    }
    for name in found {
        spots.tell("identifier-too-long", format!("{name} is cut off after {LONGEST} bytes"));
    }
}

/// The names that a change gives.
fn made(change: &Change) -> Vec<&String> {
    match change {
        Change::CreateTable { table } => {
            let columns = table.columns.iter().map(|c| &c.name);
            std::iter::once(&table.name.name).chain(columns).collect()
        }
        Change::AddColumn { column, .. } => vec![&column.name],
        Change::RenameTable { to, .. } | Change::RenameColumn { to, .. } => vec![to],
        Change::CreateView { view } => vec![&view.name.name],
        Change::CreateIndex { index, .. } => vec![&index.name],
        _ => Vec::new(),
    }
}
