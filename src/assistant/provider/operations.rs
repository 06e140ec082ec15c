//! A model's operations as changes. What does not read as one is refused, never guessed.

use super::stream::failed;
use crate::schema::{
    Action, Change, Column, Constraint, ConstraintKind, ForeignKey, Index, IndexKey, IndexTarget, ObjectKind,
    ObjectRef, Place, QName, Schema, Table,
};
use crate::sql::{Syntax, one_line};
use crate::{Error, Result};
use serde::Deserialize;

/// One operation as the tool's JSON has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Operation {
    op: String,
    table: Option<String>,
    name: Option<String>,
    column: Option<NewColumn>,
    column_name: Option<String>,
    columns: Vec<String>,
    new_name: Option<String>,
    r#type: Option<String>,
    value: Option<String>,
    expression: Option<String>,
    r#where: Option<String>,
    unique: bool,
    references: Option<String>,
    referenced_columns: Vec<String>,
    on_delete: Option<String>,
    table_columns: Vec<NewColumn>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NewColumn {
    name: String,
    r#type: String,
    required: bool,
    default: Option<String>,
}

/// Reads operations against the schema as each leaves it.
pub(super) struct Reader<'a> {
    schema: Schema,
    syntax: &'a dyn Syntax,
}

impl<'a> Reader<'a> {
    pub fn new(schema: &Schema, syntax: &'a dyn Syntax) -> Self {
        Self { schema: schema.clone(), syntax }
    }

    /// # Errors
    /// When an operation lacks something, or does not fit the schema.
    pub fn read(&mut self, operations: &[Operation]) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for operation in operations {
            for change in self.changes(operation)? {
                self.schema.apply(&change).map_err(|why| misfit(&operation.op, &why.to_string()))?;
                changes.push(change);
            }
        }
        if changes.is_empty() { Err(failed("the model proposed no change")) } else { Ok(changes) }
    }

    fn changes(&self, operation: &Operation) -> Result<Vec<Change>> {
        let column = || wanted(operation.column_name.as_ref(), operation, "column_name");
        let table = || self.relation(operation.table.as_ref(), operation);
        Ok(vec![match operation.op.as_str() {
            "create_table" => self.create_table(operation)?,
            "drop_table" => Change::DropTable { name: table()? },
            "rename_table" => {
                Change::RenameTable { from: table()?, to: wanted(operation.new_name.as_ref(), operation, "new_name")? }
            }
            "add_column" => {
                let new = operation.column.as_ref().ok_or_else(|| lacks(operation, "column"))?;
                Change::AddColumn { table: table()?, column: self.column(new)? }
            }
            "drop_column" => Change::DropColumn { table: table()?, column: column()? },
            "rename_column" => Change::RenameColumn {
                table: table()?,
                from: column()?,
                to: wanted(operation.new_name.as_ref(), operation, "new_name")?,
            },
            "change_type" => Change::AlterColumnType {
                table: table()?,
                column: column()?,
                data_type: self.data_type(&wanted(operation.r#type.as_ref(), operation, "type")?)?,
                collation: None,
                using: None,
            },
            "set_default" => Change::SetDefault {
                table: table()?,
                column: column()?,
                default: Some(wanted(operation.value.as_ref(), operation, "value")?),
            },
            "drop_default" => Change::SetDefault { table: table()?, column: column()?, default: None },
            "set_not_null" => Change::SetNotNull { table: table()?, column: column()?, fill: operation.value.clone() },
            "drop_not_null" => Change::DropNotNull { table: table()?, column: column()? },
            "add_unique" | "add_check" | "add_foreign_key" | "add_primary_key" => {
                Change::AddConstraint { table: table()?, constraint: self.constraint(operation)? }
            }
            "drop_constraint" => {
                Change::DropConstraint { table: table()?, name: wanted(operation.name.as_ref(), operation, "name")? }
            }
            "create_index" => Change::CreateIndex { table: table()?, index: self.index(operation)? },
            "drop_index" => {
                Change::DropIndex { table: table()?, name: wanted(operation.name.as_ref(), operation, "name")? }
            }
            "add_enum_value" => Change::AddEnumValue {
                name: self.relation(operation.name.as_ref(), operation)?,
                value: wanted(operation.value.as_ref(), operation, "value")?,
                place: Place::Last,
            },
            "backfill" => Change::Backfill {
                table: table()?,
                column: column()?,
                value: wanted(operation.value.as_ref(), operation, "value")?,
                only_where: operation.r#where.clone(),
            },
            "comment" => {
                let object = match &operation.column_name {
                    Some(column) => ObjectRef::part(ObjectKind::Column, table()?, column),
                    None => ObjectRef::new(ObjectKind::Table, table()?),
                };
                Change::SetComment { object, comment: operation.value.clone() }
            }
            other => {
                return Err(failed(format!("the model asked for {}, which is no operation here", one_line(other))));
            }
        }])
    }

    fn relation(&self, name: Option<&String>, operation: &Operation) -> Result<QName> {
        let name = wanted(name, operation, "table")?;
        if name.contains('.')
            && let Ok(name) = name.parse::<QName>()
        {
            return Ok(name);
        }
        Ok(QName::new(self.syntax.default_schema(), name))
    }

    fn data_type(&self, words: &str) -> Result<String> {
        let found = self.syntax.data_type(words, &self.schema);
        found.ok_or_else(|| failed(format!("the model named the type {}, which is not known here", one_line(words))))
    }

    fn column(&self, new: &NewColumn) -> Result<Column> {
        let mut column = Column::new(&new.name, self.data_type(&new.r#type)?);
        column.nullable = !new.required;
        column.default.clone_from(&new.default);
        Ok(column)
    }

    fn create_table(&self, operation: &Operation) -> Result<Change> {
        let mut table = Table::new(self.relation(operation.table.as_ref(), operation)?);
        for new in &operation.table_columns {
            table.columns.push(self.column(new)?);
        }
        if !operation.columns.is_empty() {
            for column in &operation.columns {
                table.column_mut(column).ok_or_else(|| lacks(operation, "the key's column"))?.nullable = false;
            }
            let name = format!("{}_pkey", table.name.name);
            let kind = ConstraintKind::PrimaryKey { columns: operation.columns.clone() };
            table.constraints.insert(name.clone(), Constraint::new(name, kind));
        }
        Ok(Change::CreateTable { table: Box::new(table) })
    }

    fn constraint(&self, operation: &Operation) -> Result<Constraint> {
        let columns = columns(operation);
        let (suffix, kind) = match operation.op.as_str() {
            "add_unique" => {
                let columns = columns.clone();
                ("key", ConstraintKind::Unique { columns, nulls_not_distinct: false, include: Vec::new() })
            }
            "add_primary_key" => ("pkey", ConstraintKind::PrimaryKey { columns: columns.clone() }),
            "add_check" => {
                let expression = wanted(operation.expression.as_ref(), operation, "expression")?;
                ("check", ConstraintKind::Check { expression, no_inherit: false })
            }
            _ => ("fkey", self.foreign_key(operation, &columns)?),
        };
        if columns.is_empty() && suffix != "check" {
            return Err(lacks(operation, "columns"));
        }
        Ok(Constraint::new(self.name(operation, &columns, suffix)?, kind))
    }

    fn foreign_key(&self, operation: &Operation, columns: &[String]) -> Result<ConstraintKind> {
        let references = self.relation(operation.references.as_ref(), operation)?;
        let key = || self.schema.tables.get(&references).map(|t| t.primary_key().to_vec()).unwrap_or_default();
        let referenced_columns =
            if operation.referenced_columns.is_empty() { key() } else { operation.referenced_columns.clone() };
        let on_delete = match operation.on_delete.as_deref().map(str::to_lowercase).as_deref() {
            Some("cascade") => Action::Cascade,
            Some("set null") => Action::SetNull,
            Some("set default") => Action::SetDefault,
            Some("restrict") => Action::Restrict,
            _ => Action::NoAction,
        };
        Ok(ConstraintKind::ForeignKey(ForeignKey {
            columns: columns.to_vec(),
            references,
            referenced_columns,
            on_update: Action::NoAction,
            on_delete,
            match_full: false,
        }))
    }

    fn index(&self, operation: &Operation) -> Result<Index> {
        let columns = columns(operation);
        let mut index = Index::on_columns(self.name(operation, &columns, "idx")?, &[]);
        index.keys = columns.iter().map(IndexKey::column).collect();
        if let Some(expression) = &operation.expression {
            index.keys.push(IndexKey { on: IndexTarget::Expression(expression.clone()), ..IndexKey::column("") });
        }
        if index.keys.is_empty() {
            return Err(lacks(operation, "columns"));
        }
        index.unique = operation.unique;
        index.predicate.clone_from(&operation.r#where);
        Ok(index)
    }

    fn name(&self, operation: &Operation, columns: &[String], suffix: &str) -> Result<String> {
        if let Some(name) = &operation.name {
            return Ok(name.clone());
        }
        let table = self.relation(operation.table.as_ref(), operation)?;
        let columns = columns.join("_");
        Ok(format!("{}_{columns}_{suffix}", table.name))
    }
}

fn columns(operation: &Operation) -> Vec<String> {
    if operation.columns.is_empty() {
        operation.column_name.iter().cloned().collect()
    } else {
        operation.columns.clone()
    }
}

fn wanted(value: Option<&String>, operation: &Operation, what: &str) -> Result<String> {
    value.filter(|v| !v.is_empty()).cloned().ok_or_else(|| lacks(operation, what))
}

fn lacks(operation: &Operation, what: &str) -> Error {
    failed(format!("the model's {} says no {what}", one_line(&operation.op)))
}

fn misfit(op: &str, why: &str) -> Error {
    failed(format!("the model's {} does not fit the schema: {}", one_line(op), one_line(why)))
}
