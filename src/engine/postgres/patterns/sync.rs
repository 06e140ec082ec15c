//! Triggers that keep an old and a new column the same while both are in use.

use super::names;
use crate::engine::postgres::render::{ident, relation};
use crate::schema::{Change, QName, Trigger};

/// A trigger of ours with its function.
#[derive(Clone, Debug)]
pub(super) struct Sync {
    pub table: QName,
    pub trigger: Trigger,
    function: QName,
    body: String,
}

impl Sync {
    /// `body` is PL/pgSQL that sets columns of `NEW`.
    fn new(table: &QName, column: &str, body: String) -> Self {
        let function = names::own("sync", table, column);
        // Triggers fire by name: ours sees what the table's own have made of the row.
        let name = names::with_suffix("zz_lockstep_sync_", column);
        let definition = format!(
            "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
            ident(&name),
            relation(table),
            relation(&function)
        );
        let trigger = Trigger { name, definition, state: None, function: Some(function.clone()), comment: None };
        Self { table: table.clone(), trigger, function, body }
    }

    /// New columns follow expressions over `sources`: whenever those change, and while the new ones are empty, so
    /// that code may write either.
    pub fn computed(table: &QName, column: &str, sources: &[String], set: &[(String, String)]) -> Self {
        let empty: Vec<String> = set.iter().map(|(target, _)| format!("NEW.{} IS NULL", ident(target))).collect();
        let changed: Vec<String> = sources
            .iter()
            .map(|source| format!("NEW.{0}::text IS DISTINCT FROM OLD.{0}::text", ident(source)))
            .collect();
        let lines: Vec<String> = set
            .iter()
            .map(|(target, expression)| {
                format!(
                    "        SELECT {expression} INTO NEW.{} FROM (SELECT NEW.*) AS {};",
                    ident(target),
                    ident(&table.name)
                )
            })
            .collect();
        let body = format!(
            "    IF ({}) OR (TG_OP = 'UPDATE' AND ({})) THEN\n{}\n    END IF;",
            empty.join(" AND "),
            if changed.is_empty() { "false".to_owned() } else { changed.join(" OR ") },
            lines.join("\n")
        );
        Self::new(table, column, body)
    }

    /// Two columns are one: whichever a statement writes, the other follows. `as_text` compares types that have no
    /// equality of their own.
    pub fn twins(table: &QName, old: &str, new: &str, as_text: bool) -> Self {
        let (a, b) = (ident(old), ident(new));
        let cast = if as_text { "::text" } else { "" };
        let body = format!(
            "    IF TG_OP = 'INSERT' THEN\n\
             \x20       IF NEW.{b} IS NULL THEN NEW.{b} := NEW.{a}; ELSE NEW.{a} := NEW.{b}; END IF;\n\
             \x20   ELSIF NEW.{b}{cast} IS DISTINCT FROM OLD.{b}{cast} THEN\n\
             \x20       NEW.{a} := NEW.{b};\n\
             \x20   ELSE\n\
             \x20       NEW.{b} := NEW.{a};\n\
             \x20   END IF;"
        );
        Self::new(table, new, body)
    }

    /// The function; then [`Self::created`] makes the trigger.
    pub fn create_function(&self) -> String {
        format!(
            "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $lockstep$\n\
             #variable_conflict use_column\nBEGIN\n{}\n    RETURN NEW;\nEND\n$lockstep$",
            relation(&self.function),
            self.body
        )
    }

    pub fn drop_function(&self) -> String {
        format!("DROP FUNCTION {}()", relation(&self.function))
    }

    pub fn created(&self) -> Change {
        Change::CreateTrigger { table: self.table.clone(), trigger: self.trigger.clone() }
    }

    pub fn dropped(&self) -> Change {
        Change::DropTrigger { table: self.table.clone(), name: self.trigger.name.clone() }
    }
}
