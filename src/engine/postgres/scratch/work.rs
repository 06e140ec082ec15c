//! The SQL of some files as pieces to run: single statements, and the transactions that the files themselves have,
//! each with what is set for its session before it.

use super::super::reader::cursor::Cursor;
use super::super::reader::{Part, class_of, parts};
use super::bounds::{Bounds, bounds};
use crate::sql::{SqlFile, Task, line_column, one_line};
use std::ops::Range;

/// A statement with its place in the text of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) file: usize,
    pub(super) span: Range<usize>,
    pub(super) text: String,
    pub(super) class: String,
    pub(super) bounds: Bounds,
}

impl Item {
    fn is_savepoint(&self) -> bool {
        let mut cursor = Cursor::new(&self.text);
        cursor.take_any(&["savepoint", "release", "rollback", "abort"]).is_some()
    }

    /// SET LOCAL and its kin: for the transaction alone.
    fn is_local(&self) -> bool {
        let mut cursor = Cursor::new(&self.text);
        cursor.take_any(&["set local", "set transaction", "set constraints"]).is_some()
    }

    /// Sets something for the statements after it.
    fn is_setting(&self) -> bool {
        let mut cursor = Cursor::new(&self.text);
        if cursor.take_any(&["set", "reset", "discard"]).is_some() {
            return !self.is_local();
        }
        cursor.take("select") && {
            let name = cursor.name();
            name.is_some_and(|name| name.name == "set_config")
        }
    }
}

/// What is run and fails together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) session: usize,
    /// How many of the session's settings come before it.
    pub(super) settings: usize,
    /// How many settings it makes itself.
    pub(super) makes_settings: usize,
    pub(super) items: Vec<Item>,
    /// The file has it in a transaction.
    pub(super) transaction: bool,
}

impl Unit {
    pub(super) fn task(&self) -> Task {
        let file = self.items.first().map_or(0, |item| item.file);
        Task { file, texts: self.items.iter().map(|item| item.text.clone()).collect() }
    }

    /// Its statements one by one, each with what is set for the transaction alone; itself where that cannot be.
    pub(super) fn apart(self) -> Vec<Self> {
        if !self.transaction || self.items.iter().any(Item::is_savepoint) {
            return vec![self];
        }
        let (mut local, mut made, mut out) = (Vec::new(), 0, Vec::new());
        for item in self.items {
            if item.is_local() {
                local.push(item);
            } else if item.is_setting() {
                made += 1;
            } else {
                let transaction = !local.is_empty();
                let mut items = local.clone();
                items.push(item);
                let settings = self.settings + made;
                out.push(Self { session: self.session, settings, makes_settings: 0, items, transaction });
            }
        }
        out
    }
}

/// Everything there is to run.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) units: Vec<Unit>,
    /// The settings of each session, in their order.
    pub(super) sessions: Vec<Vec<Item>>,
    pub(super) notes: Vec<String>,
}

impl Work {
    pub(super) fn of(files: &[SqlFile]) -> Self {
        let mut work = Self::default();
        let mut open = None;
        for (at, file) in files.iter().enumerate() {
            if !file.continues || work.sessions.is_empty() {
                work.end(open.take(), files);
                work.sessions.push(Vec::new());
            }
            work.read(at, file, &mut open, files);
        }
        work.end(open.take(), files);
        work
    }

    fn read(&mut self, at: usize, file: &SqlFile, open: &mut Option<Unit>, files: &[SqlFile]) {
        let mut left_out: Vec<String> = Vec::new();
        for part in parts(&file.text) {
            let span = match part {
                Part::Statement(span) => span,
                Part::Client(span) => {
                    let text = file.text.get(span).unwrap_or_default();
                    let word = text.split_whitespace().next().unwrap_or_default().to_owned();
                    if !left_out.contains(&word) {
                        left_out.push(word);
                    }
                    continue;
                }
            };
            let text = file.text.get(span.clone()).unwrap_or_default().to_owned();
            let class = class_of(&text);
            let bounds = bounds(&class, &text);
            let item = Item { file: at, span, text, class, bounds };
            self.take(item, open, files);
        }
        if !left_out.is_empty() {
            let name = file.path.as_deref().unwrap_or("the SQL");
            self.notes.push(format!(
                "{name}: what is for the client psql alone (commands and rows of COPY) was left out: {}",
                left_out.join(", ")
            ));
        }
    }

    fn take(&mut self, item: Item, open: &mut Option<Unit>, files: &[SqlFile]) {
        let mut cursor = Cursor::new(&item.text);
        if cursor.take_any(&["begin", "start transaction"]).is_some() {
            if open.is_none() {
                *open = Some(self.unit(Vec::new(), true));
            }
            return;
        }
        if cursor.take_any(&["commit", "end"]).is_some() {
            let unit = open.take();
            self.close(unit);
            return;
        }
        let back = cursor.take_any(&["rollback", "abort", "prepare transaction"]).is_some();
        cursor.take_any(&["work", "transaction"]);
        if back && !cursor.sees("to") {
            if let Some(unit) = open.take().filter(|unit| !unit.items.is_empty()) {
                let undone = unit.items.iter().filter(|i| i.is_setting()).count();
                if let Some(settings) = self.sessions.get_mut(unit.session) {
                    settings.truncate(settings.len().saturating_sub(undone));
                }
                self.notes.push(format!("{}: the file itself rolls back the statements before", place(&item, files)));
            }
            return;
        }
        match &item.bounds {
            Bounds::Nothing => return,
            Bounds::Server(why) => {
                let (place, text) = (place(&item, files), shortened(&item.text));
                self.notes.push(format!("{place}: left out, since {why}: {text}"));
                return;
            }
            _ => {}
        }
        let setting = item.is_setting();
        if setting && let Some(settings) = self.sessions.last_mut() {
            settings.push(item.clone());
        }
        match open {
            Some(unit) => {
                unit.makes_settings += usize::from(setting);
                unit.items.push(item);
            }
            None if setting || item.is_savepoint() => {}
            None => {
                let unit = self.unit(vec![item], false);
                self.units.push(unit);
            }
        }
    }

    fn unit(&self, items: Vec<Item>, transaction: bool) -> Unit {
        let settings = self.sessions.last().map_or(0, Vec::len);
        let session = self.sessions.len().saturating_sub(1);
        Unit { session, settings, makes_settings: 0, items, transaction }
    }

    fn close(&mut self, unit: Option<Unit>) {
        self.units.extend(unit.filter(|unit| !unit.items.is_empty()));
    }

    /// The end of a session in the middle of a transaction.
    fn end(&mut self, unit: Option<Unit>, files: &[SqlFile]) {
        if let Some(first) = unit.as_ref().and_then(|unit| unit.items.first()) {
            self.notes.push(format!(
                "{}: the transaction that begins here has no COMMIT; it is taken as if it had one",
                place(first, files)
            ));
        }
        self.close(unit);
    }
}

/// `shop.sql:12`.
pub(super) fn place(item: &Item, files: &[SqlFile]) -> String {
    files.get(item.file).map_or_else(String::new, |file| file.place(line_column(&file.text, item.span.start).0))
}

/// The beginning of a statement, on one line.
pub(super) fn shortened(text: &str) -> String {
    const LENGTH: usize = 100;
    let line = one_line(text);
    match line.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{} …", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(unit: &Unit) -> Vec<&str> {
        unit.items.iter().map(|item| item.text.as_str()).collect()
    }

    #[test]
    fn a_transaction_stays_together_and_a_setting_goes_before() {
        let text = "set a = 1; create table t (); begin; set local b = 2; set c = 3; create table u (); commit; \
                    create table v (); begin; create table w (); rollback; vacuum;";
        let work = Work::of(&[SqlFile::unnamed(text)]);
        let [t, u, v] = &work.units[..] else { unreachable!("{work:?}") };
        assert_eq!((texts(t), t.settings, t.transaction), (vec!["create table t ()"], 1, false));
        assert_eq!(texts(u), ["set local b = 2", "set c = 3", "create table u ()"]);
        assert_eq!((u.settings, u.makes_settings, v.settings), (1, 1, 2));
        assert_eq!(work.notes.len(), 1, "{:?}", work.notes);
        let apart = u.clone().apart();
        assert_eq!((texts(&apart[0]), apart[0].settings), (vec!["set local b = 2", "create table u ()"], 2));
    }

    #[test]
    fn each_file_has_a_session_of_its_own_unless_it_goes_on() {
        let mut rest = SqlFile::new("a.sql", "create table u ()");
        rest.continues = true;
        let files = [SqlFile::new("a.sql", "set a = 1"), rest, SqlFile::new("b.sql", "create table v ()")];
        let work = Work::of(&files);
        let found: Vec<_> = work.units.iter().map(|unit| (unit.session, unit.settings)).collect();
        assert_eq!(found, [(0, 1), (1, 0)]);
    }

    #[test]
    fn what_a_dump_has_for_psql_is_left_out_with_a_word() {
        let dump = "\\restrict abc\nSELECT pg_catalog.set_config('search_path', '', false);\n\\connect shop\n\
                    CREATE TABLE t (a int);\nCOPY t (a) FROM stdin;\n1\n\\.\n\n\\unrestrict abc\n";
        let work = Work::of(&[SqlFile::new("dump.sql", dump)]);
        assert_eq!(work.units.len(), 1, "{work:?}");
        assert_eq!(work.sessions[0].len(), 1);
        assert!(work.notes[0].contains("\\restrict, \\connect, COPY"), "{:?}", work.notes);
    }
}
