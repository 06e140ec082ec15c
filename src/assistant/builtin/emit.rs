//! Described columns and constraints as changes.

use super::draft::{Draft, Flow, Stop};
use super::spec::{Mods, Spec};
use super::tokens::{Kind, Token, tokens};
use super::types::referencing_type;
use super::values::Want;
use crate::schema::{
    Action, Change, Column, Constraint, ConstraintKind, Deferrable, ForeignKey, Index, IndexKey, ObjectKind, ObjectRef,
    QName,
};

/// The choice that leaves a required column optional for now.
const LEAVE_OPTIONAL: &str = "leave it optional";

impl Draft<'_> {
    /// Adds a described column to a table that exists, with all that was said of it.
    pub fn add_column(&mut self, table: &QName, spec: &Spec) -> Flow<()> {
        if self.table(table)?.column(&spec.name).is_some() {
            return Err(Stop::Cannot(format!("{} already has a column {}", table.short(), spec.name)));
        }
        let mut column = self.column_of(table, spec)?;
        let fill = self.fill_for(table, spec, &column)?;
        let required = spec.mods.required == Some(true) || spec.mods.primary;
        column.nullable = !required || column.default.is_none() && self.may_have_rows(table);
        let later = required && column.nullable;
        self.push(Change::AddColumn { table: table.clone(), column });
        self.look_at(table, &[&spec.name]);
        match (fill, later) {
            (Fill::Value(value), true) => {
                self.push(Change::SetNotNull { table: table.clone(), column: spec.name.clone(), fill: Some(value) });
            }
            (Fill::Value(value), false) => {
                self.push(Change::Backfill {
                    table: table.clone(),
                    column: spec.name.clone(),
                    value,
                    only_where: None,
                });
            }
            (Fill::LeaveOptional, _) => {
                self.note(format!("{}.{} stays optional for now, as you chose.", table.short(), spec.name));
            }
            (Fill::None, _) => {}
        }
        self.constrain(table, &spec.name, &spec.mods)
    }

    fn may_have_rows(&self, table: &QName) -> bool {
        self.schema.tables.get(table).is_some_and(|t| t.stats.rows != Some(0))
    }

    /// The column alone: name, type, default, comment-free.
    pub fn column_of(&mut self, table: &QName, spec: &Spec) -> Flow<Column> {
        let default = spec.mods.default.as_deref();
        let data_type = match (&spec.data_type, &spec.mods.references) {
            (Some(said), _) => said.clone(),
            (None, Some(target)) => self.target_type(target)?,
            // Values of its own are not those of a type that the schema has by chance for a column of this name.
            (None, None) if spec.mods.checks.iter().any(|c| lists_texts(c)) => {
                self.said_type(&tokens("text")).ok_or(Stop::No)?
            }
            (None, None) => self.guessed_type(table, &spec.name, default)?,
        };
        let mut column = Column::new(&spec.name, &data_type);
        if let Some(default) = default {
            let want = Want { table: None, data_type: Some(&data_type) };
            let sql = self.value(default, want)?;
            column.default = (sql != "NULL").then_some(sql);
        }
        column.nullable = spec.mods.required != Some(true);
        Ok(column)
    }

    /// What rows that are there already get in a new required column without a default.
    fn fill_for(&mut self, table: &QName, spec: &Spec, column: &Column) -> Flow<Fill> {
        let want = Want { table: Some(table), data_type: Some(&column.data_type) };
        if let Some(value) = &spec.mods.fill {
            return Ok(Fill::Value(self.value(value, want)?));
        }
        let required = spec.mods.required == Some(true);
        if !required || column.default.is_some() || !self.may_have_rows(table) {
            return Ok(Fill::None);
        }
        let text = format!(
            "{0} may have rows already. What should they have in {1}, which is required?",
            table.short(),
            spec.name
        );
        let mut choices = usual_values(&column.data_type);
        choices.push(LEAVE_OPTIONAL.into());
        let answer = self.ask(format!("fill:{}.{}", table.name, spec.name), text, choices)?;
        if answer == LEAVE_OPTIONAL {
            return Ok(Fill::LeaveOptional);
        }
        let value = self.value(&tokens(&answer), want).or_else(|_| {
            if self.is_text(Some(&column.data_type)) {
                Ok(self.syntax.literal(&answer))
            } else {
                Err(Stop::Cannot(format!("{answer} is no value of type {}", column.data_type)))
            }
        })?;
        Ok(Fill::Value(value))
    }

    /// Unique, check, foreign key, index and comment of one column.
    pub fn constrain(&mut self, table: &QName, column: &str, mods: &Mods) -> Flow<()> {
        if mods.primary {
            let name = self.part_name(table, &[], "pkey");
            self.add_constraint(table, name, ConstraintKind::PrimaryKey { columns: vec![column.to_owned()] });
        }
        if mods.unique {
            self.add_unique(table, &[column])?;
        }
        for check in &mods.checks {
            let expression = self.condition(table, Some(column), check)?;
            self.add_check(table, &[column], expression);
        }
        if let Some(target) = &mods.references {
            self.add_foreign_key(table, &[column.to_owned()], target, mods)?;
        }
        if mods.indexed {
            self.add_index(table, vec![IndexKey::column(column)], &[column], IndexExtras::default())?;
        }
        if let Some(comment) = &mods.comment {
            let object = ObjectRef::part(ObjectKind::Column, table.clone(), column);
            self.push(Change::SetComment { object, comment: Some(comment.clone()) });
        }
        Ok(())
    }

    pub fn add_constraint(&mut self, table: &QName, name: String, kind: ConstraintKind) {
        self.push(Change::AddConstraint { table: table.clone(), constraint: Constraint::new(name, kind) });
    }

    pub fn add_unique(&mut self, table: &QName, columns: &[&str]) -> Flow<()> {
        let columns_owned: Vec<String> = columns.iter().map(|&c| c.to_owned()).collect();
        let there = self.schema.tables.get(table).and_then(|t| {
            t.constraints
                .values()
                .find(|c| matches!(&c.kind, ConstraintKind::Unique { columns, .. } if *columns == columns_owned))
        });
        if let Some(there) = there {
            let what = columns.join(", ");
            return Err(Stop::Cannot(format!("{}.{what} is already unique, by {}", table.short(), there.name)));
        }
        let name = self.part_name(table, columns, "key");
        let kind = ConstraintKind::Unique { columns: columns_owned, nulls_not_distinct: false, include: Vec::new() };
        self.add_constraint(table, name, kind);
        Ok(())
    }

    pub fn add_check(&mut self, table: &QName, columns: &[&str], expression: String) {
        let name = self.part_name(table, columns, "check");
        self.add_constraint(table, name, ConstraintKind::Check { expression, no_inherit: false });
    }

    /// A foreign key to what `target` names: a table, or a table and its column.
    pub fn add_foreign_key(&mut self, table: &QName, columns: &[String], target: &[Token], mods: &Mods) -> Flow<()> {
        let (references, referenced_columns) = self.target_ref(target)?;
        self.push_foreign_key(table, columns, references, referenced_columns, mods)
    }

    pub fn push_foreign_key(
        &mut self,
        table: &QName,
        columns: &[String],
        references: QName,
        referenced_columns: Vec<String>,
        mods: &Mods,
    ) -> Flow<()> {
        let there = self.schema.tables.get(table).and_then(|t| {
            t.constraints.values().find(|c| {
                matches!(&c.kind, ConstraintKind::ForeignKey(fk) if fk.columns == columns && fk.references == references)
            })
        });
        if let Some(there) = there {
            let what = format!("{}.{}", table.short(), columns.join(", "));
            return Err(Stop::Cannot(format!("{what} already references {}, by {}", references.short(), there.name)));
        }
        let refs: Vec<&str> = columns.iter().map(String::as_str).collect();
        let name = self.part_name(table, &refs, "fkey");
        let kind = ConstraintKind::ForeignKey(ForeignKey {
            columns: columns.to_vec(),
            references,
            referenced_columns,
            on_update: mods.on_update.unwrap_or(Action::NoAction),
            on_delete: mods.on_delete.unwrap_or(Action::NoAction),
            match_full: false,
        });
        let mut constraint = Constraint::new(name, kind);
        constraint.deferrable = mods.deferrable.unwrap_or(Deferrable::No);
        self.push(Change::AddConstraint { table: table.clone(), constraint });
        Ok(())
    }

    /// The table and columns that a foreign key points at: `customers`, `customers.email`, `customers (id)`.
    pub fn target_ref(&mut self, tokens: &[Token]) -> Flow<(QName, Vec<String>)> {
        if let Some(open) = tokens.iter().position(|t| t.is("(")) {
            let (table, columns) = tokens.split_at(open);
            let table = self.table_ref(table)?;
            let inner = columns.get(1..columns.len().saturating_sub(1)).unwrap_or_default();
            let columns = self.columns_of(&table, inner)?;
            return Ok((table, columns.into_iter().map(|c| c.column).collect()));
        }
        let as_table = self.strictly(|d| d.table_ref(tokens));
        if as_table.is_err()
            && tokens.iter().any(|t| t.text.contains('.'))
            && let Ok(columns) = self.strictly(|d| d.column_refs(tokens))
            && let [column] = columns.as_slice()
        {
            return Ok((column.table.clone(), vec![column.column.clone()]));
        }
        let table = match as_table {
            Ok(table) => table,
            Err(_) => self.table_ref(tokens)?,
        };
        let key = self.table(&table)?.primary_key().to_vec();
        if key.is_empty() {
            return Err(Stop::Cannot(format!("{} has no primary key that could be referenced", table.short())));
        }
        Ok((table, key))
    }

    fn target_type(&mut self, target: &[Token]) -> Flow<String> {
        let (table, columns) = self.target_ref(target)?;
        let [column] = columns.as_slice() else {
            return Err(Stop::Cannot(format!("the key of {} has {} columns", table.short(), columns.len())));
        };
        let found = self.type_of(&table, column).ok_or(Stop::No)?;
        Ok(referencing_type(&found))
    }

    /// An index with the usual name, unless one was said.
    pub fn add_index(
        &mut self,
        table: &QName,
        keys: Vec<IndexKey>,
        named_by: &[&str],
        extras: IndexExtras,
    ) -> Flow<()> {
        let same = |index: &&Index| {
            index.keys == keys
                && index.predicate == extras.predicate
                && (index.unique || !extras.unique)
                && index.method == extras.method.as_deref().unwrap_or("btree")
        };
        if let Some(there) = self.schema.tables.get(table).and_then(|t| t.indexes.values().find(same)) {
            let what = named_by.join(", ");
            return Err(Stop::Cannot(format!("{} already has such an index on {what}: {}", table.short(), there.name)));
        }
        let name = extras.name.unwrap_or_else(|| self.part_name(table, named_by, "idx"));
        let index = Index {
            keys,
            unique: extras.unique,
            predicate: extras.predicate,
            include: extras.include,
            method: extras.method.unwrap_or_else(|| "btree".into()),
            ..Index::on_columns(name.clone(), &[])
        };
        self.focus.table = Some(table.clone());
        self.focus.index = Some(name);
        self.push(Change::CreateIndex { table: table.clone(), index });
        Ok(())
    }
}

/// What an index has besides its keys.
#[derive(Clone, Debug, Default)]
pub(super) struct IndexExtras {
    pub name: Option<String>,
    pub unique: bool,
    pub predicate: Option<String>,
    pub include: Vec<String>,
    pub method: Option<String>,
}

enum Fill {
    None,
    Value(String),
    LeaveOptional,
}

/// Values that rows are often given, to choose from.
fn usual_values(data_type: &str) -> Vec<String> {
    let lower = data_type.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    let values: &[&str] = if is(&["bool"]) {
        &["false", "true"]
    } else if is(&["timestamp", "datetime"]) {
        &["now"]
    } else if is(&["date"]) {
        &["today"]
    } else if is(&["int", "numeric", "decimal", "real", "double"]) {
        &["0"]
    } else if is(&["json"]) {
        &["'{}'"]
    } else if is(&["char", "text"]) {
        &["''"]
    } else {
        &[]
    };
    values.iter().map(|&v| v.to_owned()).collect()
}

/// Whether a condition says which texts there may be: `one of 'packed', 'sent'`.
fn lists_texts(condition: &[Token]) -> bool {
    condition.iter().filter(|t| t.kind == Kind::Text).count() > 1
}
