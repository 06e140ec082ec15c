//! What has been understood so far, and the questions that stop it.

use super::super::{Answer, Question};
use crate::schema::{Change, QName, Schema, Table};
use crate::sql::Syntax;

/// Why a reading goes no further.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stop {
    /// The words do not fit this reading; another may.
    No,
    /// Something must be known first.
    Ask(Question),
    /// Understood, but it cannot be; in a sentence.
    Cannot(String),
}

pub(super) type Flow<T> = Result<T, Stop>;

/// What "it" and an unsaid table mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Focus {
    pub table: Option<QName>,
    pub columns: Vec<String>,
    pub index: Option<String>,
}

/// One reading of one clause: what it would change. Nothing of the schema is touched until it is taken.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    pub schema: &'a Schema,
    pub syntax: &'a dyn Syntax,
    answers: &'a [Answer],
    /// How many of the answers without an id are used.
    used: usize,
    /// Names must be in the schema as said: no questions about names.
    pub strict: bool,
    pub focus: Focus,
    pub changes: Vec<Change>,
    pub notes: Vec<String>,
}

impl<'a> Draft<'a> {
    pub fn new(schema: &'a Schema, syntax: &'a dyn Syntax, answers: &'a [Answer]) -> Self {
        Self {
            schema,
            syntax,
            answers,
            used: 0,
            strict: true,
            focus: Focus::default(),
            changes: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The same place in the request, against the schema as it has become.
    pub fn on<'b>(&self, schema: &'b Schema, syntax: &'b dyn Syntax, answers: &'b [Answer]) -> Draft<'b> {
        Draft {
            schema,
            syntax,
            answers,
            used: self.used,
            strict: true,
            focus: self.focus.clone(),
            changes: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The answer to a question, or the question.
    pub fn ask(&mut self, id: impl Into<String>, text: impl Into<String>, choices: Vec<String>) -> Flow<String> {
        let id = id.into();
        if let Some(answer) = self.answers.iter().find(|a| a.question == id && !a.question.is_empty()) {
            return Ok(answer.choice.clone());
        }
        if let Some(answer) = self.answers.iter().filter(|a| a.question.is_empty()).nth(self.used) {
            self.used += 1;
            return Ok(answer.choice.clone());
        }
        Err(Stop::Ask(Question { id, text: text.into(), choices }))
    }

    /// A question about a name: not one for a reading that must fit the schema as it stands.
    pub fn ask_name(&mut self, id: impl Into<String>, text: impl Into<String>, choices: Vec<String>) -> Flow<String> {
        if self.strict { Err(Stop::No) } else { self.ask(id, text, choices) }
    }

    pub fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The table as it is, or as this reading makes it.
    pub fn table(&self, name: &QName) -> Flow<&Table> {
        let made = self.changes.iter().find_map(|change| match change {
            Change::CreateTable { table } if table.name == *name => Some(&**table),
            _ => None,
        });
        made.or_else(|| self.schema.tables.get(name).map(|t| &**t)).ok_or(Stop::No)
    }

    /// The type of a column of the schema or of this reading, in the engine's words.
    pub fn type_of(&self, table: &QName, column: &str) -> Option<String> {
        let added = self.changes.iter().find_map(|change| match change {
            Change::AddColumn { table: t, column: c } if t == table && c.name == column => Some(c.data_type.clone()),
            _ => None,
        });
        added.or_else(|| self.table(table).ok()?.column(column).map(|c| c.data_type.clone()))
    }

    /// Points "it" at columns of a table.
    pub fn look_at(&mut self, table: &QName, columns: &[&str]) {
        self.focus =
            Focus { table: Some(table.clone()), columns: columns.iter().map(|&c| c.to_owned()).collect(), index: None };
    }

    /// A name for a part of a table by the usual convention, `table_column_suffix`, shortened to 63 bytes and
    /// numbered where it is taken.
    pub fn part_name(&self, table: &QName, columns: &[&str], suffix: &str) -> String {
        let mut base = table.name.clone();
        for column in columns {
            base.push('_');
            base.push_str(column);
        }
        let room = 62_usize.saturating_sub(suffix.len());
        let numbered = |number: usize| {
            let tail = if number == 0 { String::new() } else { number.to_string() };
            let mut head = base.clone();
            while head.len() + tail.len() > room {
                head.pop();
            }
            format!("{head}_{suffix}{tail}")
        };
        (0..=usize::MAX).map(numbered).find(|name| !self.is_taken(table, name)).unwrap_or_default()
    }

    fn is_taken(&self, table: &QName, name: &str) -> bool {
        let new = self.changes.iter().any(|change| match change {
            Change::CreateIndex { index, .. } => index.name == name,
            Change::AddConstraint { constraint, .. } => constraint.name == name,
            _ => false,
        });
        new || self.schema.tables.contains_key(&table.sibling(name))
            || self.schema.tables.with_index(&table.sibling(name)).is_some()
            || self.schema.tables.get(table).is_some_and(|t| t.constraints.contains_key(name))
    }
}
