//! Questions to the rows as SQL. Each gives one number, counts no further than it has to, and runs no function of the
//! statement that is asked about, but for some of the server's own that do nothing else than compute.

use super::reader::cursor::Cursor;
use super::reader::tokens::Kind;
use super::render::{ident, literal, relation};
use crate::risk::{Asks, COUNTED, MANY};
use crate::schema::QName;
use crate::sql::Statement;

/// Functions that only compute, quickly, from their arguments.
const HARMLESS: &[&str] = &[
    "abs",
    "btrim",
    "ceil",
    "char_length",
    "character_length",
    "coalesce",
    "floor",
    "greatest",
    "least",
    "left",
    "length",
    "lower",
    "ltrim",
    "mod",
    "nullif",
    "num_nonnulls",
    "num_nulls",
    "octet_length",
    "position",
    "right",
    "round",
    "rtrim",
    "sign",
    "starts_with",
    "strpos",
    "substr",
    "substring",
    "trim",
    "trunc",
    "upper",
    "array_length",
    "cardinality",
    "jsonb_typeof",
    "json_typeof",
    "date_trunc",
    "isfinite",
    "lower_inc",
    "upper_inc",
    "isempty",
];

/// Words that may stand before a parenthesis and are no functions.
const WORDS: &[&str] = &[
    "and", "or", "not", "in", "any", "all", "some", "array", "is", "between", "like", "ilike", "case", "when", "then",
    "else", "row", "similar",
];

/// The SQL that counts what is asked for; `None` for what cannot be asked safely. `percent` of the table is looked at,
/// or all of it.
pub(super) fn sql(version: u32, table: &QName, asks: &Asks, percent: Option<f64>) -> Option<String> {
    let sample = percent.map_or_else(String::new, |percent| format!(" TABLESAMPLE SYSTEM ({percent:.4})"));
    let counted = |rows: String| format!("SELECT count(*) FROM ({rows} LIMIT {COUNTED}) AS found");
    let rows = |condition: &str| counted(format!("SELECT 1 FROM {} AS t{sample} WHERE {condition}", relation(table)));
    Some(match asks {
        Asks::AnyRow => rows("true"),
        Asks::Nulls { columns } => {
            let parts: Vec<String> = columns.iter().map(|name| format!("t.{} IS NULL", ident(name))).collect();
            rows(&parts.join(" OR "))
        }
        Asks::Duplicates { columns, predicate } => {
            let predicate = match predicate {
                Some(condition) if is_harmless(condition) => format!(" AND ({condition})"),
                Some(_) => return None,
                None => String::new(),
            };
            let names: Vec<String> = columns.iter().map(|name| format!("t.{}", ident(name))).collect();
            let values: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
            counted(format!(
                "SELECT 1 FROM {} AS t WHERE {}{predicate} GROUP BY {} HAVING count(*) > 1",
                relation(table),
                values.join(" AND "),
                names.join(", ")
            ))
        }
        Asks::Orphans { columns, references, referenced } => {
            let values: Vec<String> = columns.iter().map(|name| format!("t.{} IS NOT NULL", ident(name))).collect();
            let pairs = columns.iter().zip(referenced);
            let same: Vec<String> =
                pairs.map(|(own, other)| format!("p.{} = t.{}", ident(other), ident(own))).collect();
            rows(&format!(
                "{} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
                values.join(" AND "),
                relation(references),
                same.join(" AND ")
            ))
        }
        Asks::Breaks { expression } if is_harmless(expression) => rows(&format!("NOT ({expression})")),
        Asks::Breaks { .. } => return None,
        Asks::Matches { condition } => {
            format!(
                "SELECT count(*) FROM (SELECT 1 FROM {}{sample} WHERE {condition} LIMIT {MANY}) AS found",
                relation(table)
            )
        }
        Asks::Misfits { column, old, new } => rows(&misfit(version, &format!("t.{}", ident(column)), old, new)?),
    })
}

/// Of an UPDATE or DELETE with a condition on its own table alone.
pub(super) fn changed_rows(statement: &Statement) -> Option<(QName, String)> {
    if !matches!(statement.class.as_str(), "UPDATE" | "DELETE") {
        return None;
    }
    let parsed = super::reader::rows::parse(&statement.text)?;
    let alone = parsed.with.is_none() && parsed.sources.is_none() && parsed.alias.is_none();
    let condition = parsed.condition.filter(|condition| alone && is_harmless(condition))?;
    Some((super::judge::named(&statement.reading, &parsed.target), condition.to_owned()))
}

/// The condition of values that a cast to the type refuses.
fn misfit(version: u32, column: &str, old: &str, new: &str) -> Option<String> {
    let (name, modifiers) = parts(new);
    let from = parts(old).0;
    let is_text = |name: &str| matches!(name, "text" | "character varying" | "character" | "bpchar");
    let is_number = |name: &str| matches!(name, "smallint" | "integer" | "bigint" | "numeric");
    if is_text(&from) && is_text(&name) {
        let length = modifiers.first()?;
        // What is cut off may be blanks only.
        return Some(format!("char_length(rtrim({column}::text)) > {length}"));
    }
    if is_number(&from) && is_number(&name) {
        return match name.as_str() {
            "smallint" => Some(format!("{column} NOT BETWEEN -32768 AND 32767")),
            "integer" => Some(format!("{column} NOT BETWEEN -2147483648 AND 2147483647")),
            "bigint" => Some(format!("{column} NOT BETWEEN -9223372036854775808 AND 9223372036854775807")),
            _ => {
                let precision = modifiers.first()?;
                let scale = modifiers.get(1).copied().unwrap_or(0);
                Some(format!(
                    "abs(round({column}::numeric, {scale})) >= 10::numeric ^ {}",
                    precision.checked_sub(scale)?
                ))
            }
        };
    }
    // Since 16 the server says whether a text can be read as a type (manual, "Data Validity Checking Functions").
    (is_text(&from) && version >= 16 && !new.contains('"'))
        .then(|| format!("{column} IS NOT NULL AND NOT pg_catalog.pg_input_is_valid({column}::text, {})", literal(new)))
}

fn parts(data_type: &str) -> (String, Vec<u32>) {
    let (before, rest) = data_type.split_once('(').unwrap_or((data_type, ""));
    let (inside, after) = rest.split_once(')').unwrap_or(("", ""));
    (format!("{before}{after}"), inside.split(',').filter_map(|part| part.trim().parse().ok()).collect())
}

/// Whether an expression calls nothing but functions that only compute, and has no query in it.
fn is_harmless(expression: &str) -> bool {
    let mut cursor = Cursor::new(expression);
    while !cursor.at_end() {
        if cursor.sees("select") || cursor.sees("values") || cursor.sees("table") || cursor.sees_sign(';') {
            return false;
        }
        match cursor.kind() {
            Some(Kind::Parameter) => return false,
            Some(Kind::Word | Kind::Quoted) => {
                let Some(name) = cursor.dotted() else { return false };
                let called = cursor.sees_sign('(');
                let bare = name.last().map(String::as_str).unwrap_or_default();
                let own_schema = matches!(name.as_slice(), [_] | [_, _])
                    && name.first().is_some_and(|s| name.len() == 1 || s == "pg_catalog");
                let harmless = HARMLESS.contains(&bare) || name.len() == 1 && WORDS.contains(&bare) || is_type(bare);
                if called && !(own_schema && harmless) {
                    return false;
                }
            }
            _ => cursor.step(),
        }
    }
    true
}

/// Types that take a modifier, after a cast.
fn is_type(name: &str) -> bool {
    matches!(
        name,
        "varchar"
            | "varying"
            | "char"
            | "character"
            | "numeric"
            | "decimal"
            | "timestamp"
            | "time"
            | "bit"
            | "interval"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expressions_that_compute_are_run() {
        for expression in [
            "a > 0 AND b IS NOT NULL",
            "length(name) <= 20",
            "state IN ('a', 'b')",
            "(x)::varchar(3) = 'a'",
            "lower(a) = a",
        ] {
            assert!(is_harmless(expression), "{expression}");
        }
        for expression in [
            "pg_sleep(10) IS NULL",
            "app.check(a)",
            "a IN (SELECT 1)",
            "pg_terminate_backend(1)",
            "app.lower(a) = a",
            "a > 0; drop table t",
        ] {
            assert!(!is_harmless(expression), "{expression}");
        }
    }

    #[test]
    fn questions_count_no_further_than_they_have_to() {
        let table = QName::new("public", "Order");
        let nulls = sql(17, &table, &Asks::Nulls { columns: vec!["a".into()] }, Some(1.5)).unwrap();
        assert_eq!(
            nulls,
            "SELECT count(*) FROM (SELECT 1 FROM public.\"Order\" AS t TABLESAMPLE SYSTEM (1.5000) WHERE t.a IS NULL LIMIT 1000) AS found"
        );
        let cast = |old: &str, new: &str| misfit(15, "t.a", old, new);
        assert_eq!(cast("bigint", "integer").unwrap(), "t.a NOT BETWEEN -2147483648 AND 2147483647");
        assert_eq!(cast("text", "character varying(3)").unwrap(), "char_length(rtrim(t.a::text)) > 3");
        assert_eq!(cast("text", "integer"), None);
        assert!(misfit(16, "t.a", "text", "integer").unwrap().contains("pg_input_is_valid"));
    }
}
