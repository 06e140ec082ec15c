//! Constraints: in CREATE TABLE, and added.

use super::faithful::faithful;
use super::names::{ident, ident_list, literal, relation};
use crate::schema::{Action, Constraint, ConstraintKind, Deferrable, ForeignKey, QName};

/// `CONSTRAINT name …` as it stands in CREATE TABLE and after ADD.
pub(in crate::engine::postgres) fn definition(constraint: &Constraint) -> String {
    let mut sql = body(&constraint.kind);
    if !sql.contains("DEFERRABLE") {
        sql.push_str(match constraint.deferrable {
            Deferrable::No => "",
            Deferrable::InitiallyImmediate => " DEFERRABLE",
            Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
        });
    }
    if !constraint.enforced {
        sql.push_str(" NOT ENFORCED");
    } else if !constraint.validated {
        sql.push_str(" NOT VALID");
    }
    if constraint.named { format!("CONSTRAINT {} {sql}", ident(&constraint.name)) } else { sql }
}

fn body(kind: &ConstraintKind) -> String {
    match kind {
        ConstraintKind::PrimaryKey { columns } => format!("PRIMARY KEY ({})", ident_list(columns)),
        ConstraintKind::Unique { columns, nulls_not_distinct, include } => {
            let nulls = if *nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
            let include =
                if include.is_empty() { String::new() } else { format!(" INCLUDE ({})", ident_list(include)) };
            format!("UNIQUE{nulls} ({}){include}", ident_list(columns))
        }
        ConstraintKind::ForeignKey(fk) => foreign_key(fk),
        ConstraintKind::Check { expression, no_inherit } => {
            format!("CHECK ({}){}", faithful(expression), if *no_inherit { " NO INHERIT" } else { "" })
        }
        ConstraintKind::NotNull { column, no_inherit } => {
            format!("NOT NULL {}{}", ident(column), if *no_inherit { " NO INHERIT" } else { "" })
        }
        ConstraintKind::Other { definition } => faithful(definition),
    }
}

fn foreign_key(fk: &ForeignKey) -> String {
    let mut sql = format!("FOREIGN KEY ({}) REFERENCES {}", ident_list(&fk.columns), relation(&fk.references));
    if !fk.referenced_columns.is_empty() {
        sql.push_str(&format!(" ({})", ident_list(&fk.referenced_columns)));
    }
    if fk.match_full {
        sql.push_str(" MATCH FULL");
    }
    if fk.on_update != Action::NoAction {
        sql.push_str(&format!(" ON UPDATE {}", fk.on_update.sql()));
    }
    if fk.on_delete != Action::NoAction {
        sql.push_str(&format!(" ON DELETE {}", fk.on_delete.sql()));
    }
    sql
}

/// ADD CONSTRAINT and its comment; `only` on a partitioned table whose partitions get their keys apart.
pub(in crate::engine::postgres) fn add(table: &QName, constraint: &Constraint, only: bool) -> Vec<String> {
    let only = if only { "ONLY " } else { "" };
    let mut out = vec![format!("ALTER TABLE {only}{} ADD {}", relation(table), definition(constraint))];
    out.extend(comment(table, constraint));
    out
}

pub(in crate::engine::postgres) fn comment(table: &QName, constraint: &Constraint) -> Option<String> {
    let text = constraint.comment.as_ref()?;
    let name = ident(&constraint.name);
    Some(format!("COMMENT ON CONSTRAINT {name} ON {} IS {}", relation(table), literal(text)))
}

pub(in crate::engine::postgres) fn drop(table: &QName, name: &str) -> String {
    format!("ALTER TABLE {} DROP CONSTRAINT {}", relation(table), ident(name))
}

pub(in crate::engine::postgres) fn validate(table: &QName, name: &str) -> String {
    format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", relation(table), ident(name))
}
