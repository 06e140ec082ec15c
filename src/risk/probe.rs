//! Questions to the rows that decide whether a statement can succeed, and what their answers mean. Which SQL asks them is
//! the engine's to know, and running it the caller's.

use super::Judge;
use super::rules::risk;
use crate::plan::{Evidence, Plan, Risk, Severity};
use crate::schema::{Change, Constraint, ConstraintKind, Index, IndexTarget, QName, Schema};
use crate::sql::{RowWrite, Statement};
use std::collections::HashSet;

/// Offending rows are counted up to here.
pub const COUNTED: u64 = 1_000;

/// Rows that a statement changes are counted up to here: they are many.
pub const MANY: u64 = 20_000;

/// A question to the rows of one table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The rule that is met when there are such rows.
    pub rule: &'static str,
    pub table: QName,
    pub asks: Asks,
    /// What is looked for: `rows of orders without a value for region`.
    pub what: String,
    /// An earlier statement of the same script or plan writes to the table, so that the answer may change until then.
    pub may_change: bool,
}

/// What is asked. Columns and expressions are those of the table as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asks {
    AnyRow,
    /// Rows that are NULL in any of the columns.
    Nulls {
        columns: Vec<String>,
    },
    /// Groups of rows that are the same in all of the columns, NULLs being different.
    Duplicates {
        columns: Vec<String>,
        predicate: Option<String>,
    },
    /// Rows without their row in the other table.
    Orphans {
        columns: Vec<String>,
        references: QName,
        referenced: Vec<String>,
    },
    /// Rows for which the condition is false.
    Breaks {
        expression: String,
    },
    /// Rows that a statement with this condition changes.
    Matches {
        condition: String,
    },
    /// Rows whose value does not fit another type.
    Misfits {
        column: String,
        old: String,
        new: String,
    },
}

/// What the rows answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// So many are there, counted up to [`COUNTED`].
    Found(u64),
    None,
    /// Why it is not known.
    Unknown(String),
}

/// The questions that the changes of scripts and plans raise, one statement after the other.
pub(super) struct Asker<'a> {
    /// The database as it is.
    live: &'a Schema,
    judge: &'a dyn Judge,
    /// Tables that earlier statements write to.
    written: HashSet<QName>,
}

impl<'a> Asker<'a> {
    pub fn new(live: &'a Schema, judge: &'a dyn Judge) -> Self {
        Self { live, judge, written: HashSet::new() }
    }

    /// What a statement's changes ask. `now` is the schema just before it.
    pub fn of_statement(&mut self, statement: &Statement, now: &Schema) -> Vec<Question> {
        let mut questions = self.of_changes(&statement.reading.changes, now);
        if let Some((table, condition)) = self.judge.changed_rows(statement) {
            let what = format!("rows of {} that one statement changes", table.short());
            let question = self.question("many-rows-changed", &table, Asks::Matches { condition }, what);
            questions.extend(Some(question).filter(|question| self.can_be_asked(question)));
        }
        self.written.extend(statement.reading.writes.iter().map(|RowWrite { table, .. }| table.clone()));
        questions
    }

    /// As [`Self::of_statement`], of a step's changes.
    pub fn of_changes(&mut self, changes: &[Change], now: &Schema) -> Vec<Question> {
        let mut out = Vec::new();
        // An index that goes over to a constraint has seen that there are no doubles.
        let mut goes_over: Option<&QName> = None;
        for change in changes {
            let known = out.len();
            self.of_change(change, now, &mut out);
            match change {
                Change::DropIndex { table, .. } => goes_over = Some(table),
                Change::AddConstraint { table, .. } if goes_over == Some(table) => {
                    let keep = |(at, question): &(usize, Question)| {
                        *at < known || !matches!(question.asks, Asks::Duplicates { .. })
                    };
                    out = out.into_iter().enumerate().filter(keep).map(|(_, question)| question).collect();
                }
                _ => {}
            }
            if let Change::Backfill { table, .. } | Change::Reshape { table, .. } = change {
                self.written.insert(table.clone());
            }
        }
        // A question about what is not there yet has no answer yet.
        out.retain(|question| self.can_be_asked(question));
        out
    }

    fn of_change(&self, change: &Change, now: &Schema, out: &mut Vec<Question>) {
        match change {
            Change::SetNotNull { table, column, fill: None } => {
                out.extend(self.nulls(table, std::slice::from_ref(column), now));
            }
            Change::AddColumn { table, column } => {
                let filled = column.default.is_some() || column.identity.is_some() || column.generated.is_some();
                if !column.nullable && !filled {
                    let what = format!("rows of {}, which would have no value for {}", table.short(), column.name);
                    out.push(self.question("fails-on-rows", table, Asks::AnyRow, what));
                }
            }
            Change::AddConstraint { table, constraint } if constraint.validated && constraint.enforced => {
                self.of_constraint(table, constraint, now, out);
            }
            Change::ValidateConstraint { table, name } => {
                if let Some(constraint) = now.tables.get(table).and_then(|t| t.constraints.get(name)) {
                    self.of_constraint(table, constraint, now, out);
                }
            }
            Change::CreateIndex { table, index } if index.unique && !index.nulls_not_distinct => {
                out.extend(self.unique_index(table, index));
            }
            Change::AlterColumnType { table, column, data_type, using: None, .. } => {
                let old = self.live.tables.get(table).and_then(|t| t.column(column)).map(|c| c.data_type.clone());
                if let Some(old) = old.filter(|old| self.judge.may_refuse(old, data_type, self.live)) {
                    let what = format!("values of {}.{column} that do not fit {data_type}", table.short());
                    let asks = Asks::Misfits { column: column.clone(), old, new: data_type.clone() };
                    out.push(self.question("fails-on-values", table, asks, what));
                }
            }
            _ => {}
        }
    }

    fn question(&self, rule: &'static str, table: &QName, asks: Asks, what: String) -> Question {
        Question { rule, table: table.clone(), asks, what, may_change: self.written.contains(table) }
    }

    fn nulls(&self, table: &QName, columns: &[String], now: &Schema) -> Option<Question> {
        let known = now.tables.get(table);
        let nullable = |name: &&String| known.and_then(|t| t.column(name)).is_none_or(|c| c.nullable);
        let columns: Vec<String> = columns.iter().filter(nullable).cloned().collect();
        if columns.is_empty() {
            return None;
        }
        let what = format!("rows of {} without a value for {}", table.short(), columns.join(", "));
        Some(self.question("fails-on-nulls", table, Asks::Nulls { columns }, what))
    }

    fn of_constraint(&self, table: &QName, constraint: &Constraint, now: &Schema, out: &mut Vec<Question>) {
        let short = table.short();
        match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } => {
                out.extend(self.nulls(table, columns, now));
                out.push(self.duplicates(table, columns, None));
            }
            ConstraintKind::Unique { columns, nulls_not_distinct: false, .. } => {
                out.push(self.duplicates(table, columns, None));
            }
            ConstraintKind::ForeignKey(key) => {
                let what =
                    format!("rows of {short} whose {} is not in {}", key.columns.join(", "), key.references.short());
                let asks = Asks::Orphans {
                    columns: key.columns.clone(),
                    references: key.references.clone(),
                    referenced: key.referenced_columns.clone(),
                };
                out.push(self.question("fails-on-orphans", table, asks, what));
            }
            ConstraintKind::Check { expression, .. } => {
                let what = format!("rows of {short} that break {}", constraint.name);
                let asks = Asks::Breaks { expression: expression.clone() };
                out.push(self.question("fails-on-check", table, asks, what));
            }
            ConstraintKind::NotNull { column, .. } => out.extend(self.nulls(table, std::slice::from_ref(column), now)),
            ConstraintKind::Unique { .. } | ConstraintKind::Other { .. } => {}
        }
    }

    fn unique_index(&self, table: &QName, index: &Index) -> Option<Question> {
        let column = |key: &crate::schema::IndexKey| match &key.on {
            IndexTarget::Column(name) => Some(name.clone()),
            IndexTarget::Expression(_) => None,
        };
        let columns: Option<Vec<String>> = index.keys.iter().map(column).collect();
        Some(self.duplicates(table, &columns?, index.predicate.clone()))
    }

    fn duplicates(&self, table: &QName, columns: &[String], predicate: Option<String>) -> Question {
        let what = format!("values of {} in {} that are there more than once", columns.join(", "), table.short());
        self.question("fails-on-duplicates", table, Asks::Duplicates { columns: columns.to_vec(), predicate }, what)
    }

    /// Whether the tables and columns are those of the database as it is.
    fn can_be_asked(&self, question: &Question) -> bool {
        let Some(table) = self.live.tables.get(&question.table).filter(|t| t.foreign.is_none()) else { return false };
        let there = |columns: &[String]| columns.iter().all(|name| table.column(name).is_some());
        match &question.asks {
            Asks::AnyRow | Asks::Breaks { .. } | Asks::Matches { .. } => true,
            Asks::Nulls { columns } | Asks::Duplicates { columns, .. } => there(columns),
            Asks::Orphans { columns, references, referenced } => {
                let other = self.live.tables.get(references);
                there(columns)
                    && columns.len() == referenced.len()
                    && other.is_some_and(|t| referenced.iter().all(|name| t.column(name).is_some()))
            }
            Asks::Misfits { column, .. } => table.column(column).is_some(),
        }
    }
}

impl Question {
    /// Whether it is worth a word before the rows are asked: else they may only be many.
    pub fn is_told(&self) -> bool {
        !matches!(self.asks, Asks::Matches { .. })
    }

    /// What there is to say before the rows are asked.
    pub(super) fn open(&self) -> Risk {
        risk("may-fail-on-rows", format!("it fails if there are {}", self.what))
    }

    /// Whether a finding is that the question is open.
    pub fn is_open_in(&self, risk: &Risk) -> bool {
        let open = self.open();
        risk.rule == open.rule && risk.message == open.message
    }

    fn answered(&self, answer: &Answer) -> Option<Risk> {
        match answer {
            Answer::None => None,
            Answer::Found(count) if matches!(self.asks, Asks::Matches { .. }) && *count < MANY => None,
            Answer::Unknown(_) if !self.is_told() => None,
            Answer::Unknown(why) => {
                let open = self.open();
                Some(Risk { message: format!("{}; not looked at: {why}", open.message), ..open })
            }
            Answer::Found(count) => {
                let limit = if self.is_told() { COUNTED } else { MANY };
                let count = if *count >= limit { format!("{limit} or more") } else { count.to_string() };
                let made = risk(self.rule, format!("there are {count} {}", self.what));
                let made = Risk { evidence: Evidence::Measured, ..made };
                Some(if self.may_change {
                    let message =
                        format!("{} now; an earlier statement writes to the table and may mend it", made.message);
                    Risk { severity: Severity::Medium, message, ..made }
                } else {
                    made
                })
            }
        }
    }
}

/// The questions of a plan's steps, by the steps' positions. `before` is the database as it is.
pub fn questions_of(plan: &Plan, before: &Schema, judge: &dyn Judge) -> Vec<(usize, Question)> {
    let mut asker = Asker::new(before, judge);
    let mut now = before.clone();
    let mut out = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        out.extend(asker.of_changes(&step.changes, &now).into_iter().map(|question| (at, question)));
        for change in &step.changes {
            // What does not fit was noted when the plan was made.
            let _ = now.apply(change);
        }
    }
    out
}

/// What is to be said now that the rows have answered; none when there is nothing to fear. With an unknown answer the
/// question stays open, and says why.
pub fn answered(question: &Question, answer: &Answer) -> Option<Risk> {
    question.answered(answer)
}

/// Takes the open question out of `risks` and puts what was answered in.
pub fn settle(risks: &mut Vec<Risk>, question: &Question, answer: &Answer) {
    let before = risks.len();
    risks.retain(|risk| !question.is_open_in(risk));
    // Where nobody can be hurt nothing was open.
    if risks.len() < before || !question.is_told() {
        risks.extend(question.answered(answer));
    }
    risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use crate::schema::EngineKind;

    fn asked(sql: &str) -> Vec<Question> {
        let dialect = engine::dialect(EngineKind::Postgres).unwrap();
        let mut schema = Schema::empty(EngineKind::Postgres);
        let base =
            "create table p (id bigint primary key); create table t (a int, b varchar(20) not null, pid bigint);";
        for statement in dialect.read(base, &schema.clone()).statements {
            for change in &statement.reading.changes {
                schema.apply(change).unwrap();
            }
        }
        let live = schema.clone();
        let mut asker = Asker::new(&live, dialect.as_ref());
        let mut out = Vec::new();
        for statement in dialect.read(sql, &schema.clone()).statements {
            out.extend(asker.of_statement(&statement, &schema));
            for change in &statement.reading.changes {
                schema.apply(change).unwrap();
            }
        }
        out
    }

    fn rules(sql: &str) -> Vec<&'static str> {
        asked(sql).iter().map(|question| question.rule).collect()
    }

    #[test]
    fn each_data_dependent_change_asks_its_question() {
        assert_eq!(rules("alter table t alter a set not null"), ["fails-on-nulls"]);
        assert_eq!(rules("alter table t add primary key (a)"), ["fails-on-nulls", "fails-on-duplicates"]);
        assert_eq!(rules("create unique index concurrently i on t (a, b)"), ["fails-on-duplicates"]);
        assert_eq!(rules("alter table t add foreign key (pid) references p"), ["fails-on-orphans"]);
        assert_eq!(rules("alter table t add check (a > 0)"), ["fails-on-check"]);
        assert_eq!(rules("alter table t alter b type varchar(10)"), ["fails-on-values"]);
        assert_eq!(rules("alter table t add c int not null"), ["fails-on-rows"]);
        let later = "alter table t add constraint k check (a > 0) not valid; alter table t validate constraint k";
        assert_eq!(rules(later), ["fails-on-check"]);
    }

    #[test]
    fn what_cannot_fail_or_be_asked_asks_nothing() {
        for sql in [
            "alter table t alter b set not null",
            "alter table t add check (a > 0) not valid",
            "alter table t add c int not null default 0",
            "create index i on t (a)",
            "alter table t alter b type text",
            "alter table t alter a type bigint",
            "create table x (a int); alter table x add primary key (a)",
            "alter table t add c int; create unique index i on t (c)",
        ] {
            assert_eq!(rules(sql), Vec::<&str>::new(), "{sql}");
        }
    }

    #[test]
    fn answers_settle_their_question() {
        let question = asked("alter table t alter a set not null").remove(0);
        let mut risks = vec![question.open()];
        settle(&mut risks, &question, &Answer::Found(3));
        assert_eq!((risks[0].rule.as_str(), risks[0].evidence), ("fails-on-nulls", Evidence::Measured));
        let mut risks = vec![question.open()];
        settle(&mut risks, &question, &Answer::None);
        assert!(risks.is_empty());
        let mut risks = vec![question.open()];
        settle(&mut risks, &question, &Answer::Unknown("no time".into()));
        assert!(risks[0].message.contains("no time"));
        let mended = asked("update t set a = 1 where a is null; alter table t alter a set not null");
        let [many, mended] = &mended[..] else { unreachable!("{mended:?}") };
        assert_eq!(many.answered(&Answer::Found(MANY - 1)), None);
        assert_eq!(many.answered(&Answer::Found(MANY)).unwrap().severity, Severity::Medium);
        assert_eq!(mended.answered(&Answer::Found(3)).unwrap().severity, Severity::Medium);
    }
}
