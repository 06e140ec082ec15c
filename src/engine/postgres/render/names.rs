//! Names and literals as PostgreSQL wants them written.

use crate::schema::{ObjectRef, QName};

/// Words that `quote_ident` quotes: every keyword that is not "unreserved" in any of PostgreSQL 13 to 18
/// (`pg_get_keywords()`), sorted.
const KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// Whether a name reads back as itself without quotes.
fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    matches!(chars.next(), Some('a'..='z' | '_'))
        && chars.all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
        && KEYWORDS.binary_search(&name).is_err()
}

/// An identifier, in double quotes where it is not plain or is a keyword.
pub(in crate::engine::postgres) fn ident(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A relation's name, always with its schema.
pub(in crate::engine::postgres) fn relation(name: &QName) -> String {
    format!("{}.{}", ident(&name.schema), ident(&name.name))
}

/// A text as a literal. Backslashes mean themselves in it, whatever `standard_conforming_strings` says.
pub(in crate::engine::postgres) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

/// `a, "B", c`.
pub(in crate::engine::postgres) fn ident_list<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|n| ident(n.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A collation as the catalog tells it: a bare name is quoted as it needs, a qualified or quoted one stands as it is.
pub(super) fn collation(name: &str) -> String {
    if name.contains('"') || name.starts_with("pg_catalog.") { name.to_owned() } else { ident(name) }
}

/// A routine by its key's name part, `name(arguments)`.
pub(in crate::engine::postgres) fn routine(key: &QName) -> String {
    match key.name.split_once('(') {
        Some((name, arguments)) => format!("{}.{}({arguments}", ident(&key.schema), ident(name)),
        None => relation(key),
    }
}

/// The object as `COMMENT ON` and messages to people name it, its kind aside.
pub(super) fn part_of(object: &ObjectRef) -> (String, String) {
    (relation(&object.name), ident(object.part.as_deref().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_keyword_list_is_sorted_for_the_search() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn names_are_quoted_only_where_they_must_be() {
        assert_eq!(ident("orders"), "orders");
        assert_eq!(ident("user"), "\"user\"");
        assert_eq!(ident("Order"), "\"Order\"");
        assert_eq!(ident("1st"), "\"1st\"");
        assert_eq!(ident(""), "\"\"");
        assert_eq!(ident("a\"b"), "\"a\"\"b\"");
        assert_eq!(relation(&QName::new("public", "order")), "public.\"order\"");
    }

    #[test]
    fn literals_double_quotes_and_escape_backslashes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"C:\it's"), r"E'C:\\it''s'");
    }

    #[test]
    fn a_routine_keeps_its_arguments_as_they_are() {
        assert_eq!(routine(&QName::new("public", "Sum(integer, text)")), "public.\"Sum\"(integer, text)");
    }

    proptest! {
        #[test]
        fn an_identifier_reads_back(name in "[^\0]{0,12}") {
            let written = ident(&name);
            let back = match written.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
                Some(inner) => inner.replace("\"\"", "\""),
                None => written.clone(),
            };
            prop_assert_eq!(back, name);
        }
    }
}
