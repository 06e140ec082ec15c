//! A dialect for tests of what is the same for every engine: one statement a line form, one word a command.
//!
//! `ADD t c`, `DROP t c`, `REMOVE t`, `INDEX t i c`, `REQUIRE t c`, `RENAME t u`, `SET x`; `UPDATE`, `DELETE` and
//! `SELECT` are data; anything else cannot be read.

use super::{Patterns, Phase, PlanOptions, Rollback, Step};
use crate::plan::{Lock, LockMode};
use crate::risk::{Context, Judge, Judgement};
use crate::schema::{Change, Column, EngineKind, Index, ObjectRef, QName, Schema, Table};
use crate::sql::{Reading, Script, Statement, Syntax, SyntaxProblem};

#[derive(Debug)]
pub(crate) struct Fake;

pub(crate) fn name(text: &str) -> QName {
    QName::new("public", text)
}

/// Tables with the columns `id` and the given ones.
pub(crate) fn schema(tables: &[(&str, &[&str])]) -> Schema {
    let mut schema = Schema::empty(EngineKind::Postgres);
    for (table, columns) in tables {
        let mut t = Table::new(name(table));
        t.columns.push(Column::new("id", "bigint"));
        t.columns.extend(columns.iter().map(|c| Column::new(*c, "text")));
        schema.tables.insert(t.name.clone(), t.into());
    }
    schema
}

fn reading(words: &[&str]) -> Option<Reading> {
    let change = match words {
        ["ADD", t, c] => Change::AddColumn { table: name(t), column: Column::new(*c, "text") },
        ["DROP", t, c] => Change::DropColumn { table: name(t), column: (*c).to_owned() },
        ["REMOVE", t] => Change::DropTable { name: name(t) },
        ["INDEX", t, i, c] => Change::CreateIndex { table: name(t), index: Index::on_columns(*i, &[c]) },
        ["REQUIRE", t, c] => Change::SetNotNull { table: name(t), column: (*c).to_owned(), fill: None },
        ["RENAME", t, u] => Change::RenameTable { from: name(t), to: (*u).to_owned() },
        ["SET", ..] => return Some(Reading { session_setting: true, complete: true, ..Reading::default() }),
        ["SELECT", ..] => return Some(Reading { data: true, read_only: true, ..Reading::default() }),
        ["UPDATE" | "DELETE", t, ..] => {
            return Some(Reading { data: true, rows_only: true, relations: vec![name(t)], ..Reading::default() });
        }
        _ => return None,
    };
    let destroys = match &change {
        Change::DropColumn { table, column } => vec![format!("{}.{column}", table.name)],
        Change::DropTable { name } => vec![name.name.clone()],
        _ => Vec::new(),
    };
    let relations = change.table().cloned().into_iter().collect();
    Some(Reading { changes: vec![change], complete: true, destroys, relations, ..Reading::default() })
}

impl Syntax for Fake {
    fn read(&self, text: &str, _schema: &Schema) -> Script {
        let mut script = Script::default();
        let mut from = 0;
        for piece in text.split(';') {
            let start = from + piece.len() - piece.trim_start().len();
            from += piece.len() + 1;
            let text_of = piece.trim();
            if text_of.is_empty() || ["BEGIN", "COMMIT"].contains(&text_of) {
                continue;
            }
            let (line, column) = crate::sql::line_column(text, start);
            let words: Vec<&str> = text_of.split_whitespace().collect();
            let read = reading(&words);
            script.statements.push(Statement {
                span: start..start + text_of.len(),
                line,
                column,
                text: text_of.to_owned(),
                class: if read.is_some() { words[0].to_owned() } else { "unknown".to_owned() },
                problems: match read {
                    Some(_) => Vec::new(),
                    None => vec![SyntaxProblem { message: "what is this?".to_owned(), line, column }],
                },
                reading: read.unwrap_or_default(),
            });
        }
        script
    }

    fn comments(&self, _text: &str) -> Vec<std::ops::Range<usize>> {
        Vec::new()
    }

    fn words(&self, _statement: &str) -> Vec<std::ops::Range<usize>> {
        Vec::new()
    }

    fn render(&self, change: &Change, _schema: &Schema) -> Vec<String> {
        vec![match change {
            Change::AddColumn { table, column } => format!("ADD {} {}", table.name, column.name),
            Change::DropColumn { table, column } => format!("DROP {} {column}", table.name),
            Change::DropTable { name } => format!("REMOVE {}", name.name),
            Change::CreateIndex { table, index } => format!("INDEX {} {}", table.name, index.name),
            Change::SetNotNull { table, column, .. } => format!("REQUIRE {} {column}", table.name),
            Change::RenameTable { from, to } => format!("RENAME {} {to}", from.name),
            other => serde_json::to_string(other).unwrap(),
        }]
    }

    fn ident(&self, name: &str) -> String {
        name.to_owned()
    }

    fn relation(&self, name: &QName) -> String {
        name.short()
    }

    fn literal(&self, text: &str) -> String {
        format!("'{text}'")
    }

    fn data_type(&self, words: &str, _schema: &Schema) -> Option<String> {
        Some(words.to_owned())
    }

    fn default_schema(&self) -> &'static str {
        "public"
    }

    fn script(&self, _schema: &Schema) -> String {
        String::new()
    }

    fn definition(&self, object: &ObjectRef, schema: &Schema) -> Option<String> {
        let table = schema.tables.get(&object.name)?;
        let lines: Vec<String> = table.columns.iter().map(|c| format!("{} {}\n", c.name, c.data_type)).collect();
        Some(lines.concat())
    }
}

impl Patterns for Fake {
    fn steps(&self, changes: &[Change], before: &Schema, options: &PlanOptions) -> crate::Result<Vec<Step>> {
        let mut out = Vec::new();
        for change in changes {
            let sql = self.render(change, before);
            let mut step = Step::ddl(format!("{change:?}"), Phase::Expand, sql.clone());
            step.changes = vec![change.clone()];
            step.rollback = Rollback::exact(vec!["BACK".to_owned()]);
            if matches!(change, Change::CreateIndex { .. }) {
                step.transactional = false;
            }
            if matches!(change, Change::SetNotNull { .. }) && options.style == super::Style::Safe {
                let check = Step::ddl("check first", Phase::Migrate, vec!["SELECT nulls".to_owned()]);
                out.push(check);
            }
            out.push(step);
        }
        Ok(out)
    }

    fn begin(&self) -> &'static str {
        "BEGIN"
    }
}

impl Judge for Fake {
    fn judge(&self, statement: &Statement, _context: &Context<'_>) -> Judgement {
        let tables = || statement.reading.relations.iter().map(ToString::to_string);
        let mode = match statement.class.as_str() {
            "INDEX" => LockMode::Share,
            "UPDATE" | "DELETE" => LockMode::RowExclusive,
            _ => LockMode::AccessExclusive,
        };
        Judgement {
            locks: tables().map(|relation| Lock::predicted(relation, mode)).collect(),
            scans: if statement.class == "REQUIRE" { tables().collect() } else { Vec::new() },
            index_builds: if statement.class == "INDEX" { tables().collect() } else { Vec::new() },
            known: true,
            ..Judgement::default()
        }
    }
}
