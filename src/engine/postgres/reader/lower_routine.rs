//! Functions, procedures, triggers and views as changes.

use super::cursor::Cursor;
use super::parse_table::options;
use super::types::read_type;
use super::world::World;
use crate::schema::{Change, Options, Routine, Trigger, View};

const MODES: &[&str] = &["in out", "inout", "in", "out", "variadic"];

impl World<'_> {
    /// `CREATE [OR REPLACE] FUNCTION | PROCEDURE`, from the start.
    pub(super) fn create_routine(&mut self, text: &str) -> Option<()> {
        let mut cursor = Cursor::new(text);
        cursor.take("create");
        let verb_end = cursor.byte();
        let replace = cursor.take("or replace");
        let procedure = cursor.take_any(&["function", "procedure"])? == "procedure";
        let name = cursor.name()?;
        let name = self.made(&name);
        let arguments = self.argument_types(cursor.parenthesised()?);
        let mut language = "sql".to_owned();
        while !cursor.at_end() {
            if cursor.take("language") {
                language = cursor.string().or_else(|| cursor.ident())?.to_ascii_lowercase();
            } else {
                cursor.step();
            }
        }
        let definition = if replace {
            text.to_owned()
        } else {
            format!("CREATE OR REPLACE {}", text.get(verb_end..).unwrap_or_default())
        };
        let mut routine = Routine { name, arguments, procedure, language, definition, comment: None };
        let routine = match self.schema.routines.get(&routine.key()) {
            Some(old) => {
                routine.comment.clone_from(&old.comment);
                Change::ReplaceRoutine { routine: Box::new(routine) }
            }
            None => Change::CreateRoutine { routine: Box::new(routine) },
        };
        self.change(routine);
        Some(())
    }

    /// The types of a routine's input arguments, as in [`Routine::arguments`].
    pub(super) fn argument_types(&self, inside: &str) -> String {
        let mut cursor = Cursor::new(inside);
        let mut types = Vec::new();
        while !cursor.at_end() {
            let mode = cursor.take_any(MODES);
            let found = self.argument_type(&mut cursor);
            if mode != Some("out") {
                types.extend(found);
            }
            cursor.until(&[]);
            if !cursor.take_sign(',') {
                break;
            }
        }
        types.join(", ")
    }

    fn argument_type(&self, cursor: &mut Cursor<'_>) -> Option<String> {
        // `name type`, or the type alone, which may be of several words: `character varying`.
        let start = cursor.position();
        if let Some(found) = read_type(cursor).filter(|_| ends_argument(cursor)) {
            return Some(self.data_type(&found));
        }
        cursor.go_to(start);
        if cursor.ident().is_some() {
            cursor.take_any(MODES);
            let more = !cursor.at_end() && !cursor.sees_sign(',') && !cursor.sees_sign('=') && !cursor.sees("default");
            if more && let Some(found) = read_type(cursor).filter(|_| ends_argument(cursor)) {
                return Some(self.data_type(&found));
            }
        }
        cursor.go_to(start);
        read_type(cursor).map(|found| self.data_type(&found))
    }

    /// `CREATE [OR REPLACE] [CONSTRAINT] TRIGGER`, from the start.
    pub(super) fn create_trigger(&mut self, text: &str) -> Option<()> {
        let mut cursor = Cursor::new(text);
        cursor.take("create");
        let replace = cursor.take("or replace");
        cursor.take("constraint");
        cursor.take("trigger").then_some(())?;
        let name = cursor.ident()?;
        while !cursor.take("on") {
            if cursor.at_end() {
                return None;
            }
            cursor.step();
        }
        let table = cursor.name()?;
        let table = self.relation(&table);
        while cursor.take_any(&["execute function", "execute procedure"]).is_none() {
            if cursor.at_end() {
                return None;
            }
            cursor.step();
        }
        let function = cursor.name()?;
        let known = |q: &crate::schema::QName| self.schema.routines.values().any(|r| r.name == *q);
        let function = self.find(&function, known).unwrap_or_else(|| self.made(&function));
        let has = self.schema.tables.get(&table).is_some_and(|t| t.triggers.contains_key(&name));
        if replace && has {
            self.change(Change::DropTrigger { table: table.clone(), name: name.clone() });
        }
        let definition = text.to_owned();
        let trigger = Trigger { name, definition, state: None, function: Some(function), comment: None };
        self.change(Change::CreateTrigger { table, trigger });
        Some(())
    }

    /// `CREATE [OR REPLACE] [MATERIALIZED] VIEW`, from the start.
    pub(super) fn create_view(&mut self, text: &str) -> Option<()> {
        let mut cursor = Cursor::new(text);
        cursor.take("create");
        let replace = cursor.take("or replace");
        let temporary = cursor.take_any(&["temporary", "temp"]).is_some();
        let recursive = cursor.take("recursive");
        let materialized = cursor.take_any(&["materialized view", "view"])? == "materialized view";
        let if_not_exists = cursor.take("if not exists");
        let name = cursor.name()?;
        let name = self.made(&name);
        let columns = cursor.name_list().unwrap_or_default();
        if cursor.take("using") {
            cursor.ident()?;
        }
        let options = if cursor.take("with") { options(cursor.parenthesised()?).0 } else { Options::new() };
        if cursor.take("tablespace") {
            cursor.ident()?;
        }
        cursor.take("as").then_some(())?;
        let query = cursor.rest();
        if if_not_exists && self.relation_exists(&name) {
            return Some(());
        }
        if temporary {
            self.reading.complete = false;
            return Some(());
        }
        let lower = query.to_ascii_lowercase();
        let query = if materialized && (lower.ends_with("with data") || lower.ends_with("with no data")) {
            query.get(..lower.rfind("with").unwrap_or(query.len())).unwrap_or_default().trim_end()
        } else {
            query
        };
        // Names given to the columns are in the parentheses, which the query alone does not show.
        self.reading.complete &= columns.is_empty() && !recursive;
        let old = self.schema.views.get(&name);
        let view = View {
            materialized,
            columns: old.map(|v| v.columns.clone()).unwrap_or_default(),
            populated: !(materialized && lower.ends_with("with no data")),
            options,
            triggers: old.map(|v| v.triggers.clone()).unwrap_or_default(),
            comment: old.and_then(|v| v.comment.clone()),
            ..View::new(name, query.to_owned())
        };
        let view = Box::new(view);
        let change = if replace && old.is_some() { Change::ReplaceView { view } } else { Change::CreateView { view } };
        self.change(change);
        Some(())
    }
}

fn ends_argument(cursor: &Cursor<'_>) -> bool {
    cursor.at_end() || cursor.sees_sign(',') || cursor.sees_sign('=') || cursor.sees_sign(':') || cursor.sees("default")
}
