//! The types that people mean, in SQLite's habit: a column's type is an affinity (sqlite.org/datatype3.html), so
//! booleans are INTEGER 0 and 1, dates and times are TEXT in ISO 8601, and money is NUMERIC.

use super::reader::create_table::canonical_type;

pub(super) fn data_type(words: &str) -> Option<String> {
    let folded = words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let (base, modifiers) = match folded.split_once('(') {
        Some((base, rest)) => (base.trim().to_owned(), Some(rest)),
        None => (folded.clone(), None),
    };
    let canonical = match base.as_str() {
        "text" | "string" | "str" | "varchar" | "character varying" | "char" | "character" | "nvarchar" | "clob"
        | "uuid" | "guid" | "json" | "jsonb" | "xml" | "enum" | "email" | "url" | "inet" | "long text"
        | "free text" => "TEXT",
        "date"
        | "time"
        | "datetime"
        | "timestamp"
        | "timestamptz"
        | "timestamp with time zone"
        | "timestamp without time zone"
        | "date and time"
        | "interval" => "TEXT",
        "integer" | "int" | "bigint" | "smallint" | "tinyint" | "mediumint" | "int2" | "int4" | "int8" | "long"
        | "whole number" | "serial" | "bigserial" | "number" | "counter" => "INTEGER",
        "boolean" | "bool" | "flag" | "yes/no" | "true/false" => "INTEGER",
        "real" | "float" | "double" | "double precision" | "float4" | "float8" | "floating point" => "REAL",
        "numeric" | "decimal" | "money" | "currency" | "amount" | "price" => "NUMERIC",
        "blob" | "bytea" | "binary" | "varbinary" | "bytes" => "BLOB",
        "any" => "ANY",
        _ => return None,
    };
    // What people write with a length stays as they wrote it: it is a comment to SQLite, but theirs.
    if modifiers.is_some() && matches!(base.as_str(), "varchar" | "character varying" | "char" | "decimal" | "numeric")
    {
        return Some(canonical_type(words));
    }
    Some(canonical.to_owned())
}

/// The affinity of a declared type (datatype3.html, section 3.1): values of one affinity stay as they are in a
/// column of the same.
pub(super) fn affinity(declared: &str) -> &'static str {
    let upper = declared.to_uppercase();
    let has = |word: &str| upper.contains(word);
    if has("INT") {
        "INTEGER"
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        "TEXT"
    } else if has("BLOB") || upper.is_empty() || upper == "ANY" {
        "BLOB"
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        "REAL"
    } else {
        "NUMERIC"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_s_types_become_sqlite_s() {
        assert_eq!(data_type("boolean").as_deref(), Some("INTEGER"));
        assert_eq!(data_type("Timestamp  with time zone").as_deref(), Some("TEXT"));
        assert_eq!(data_type("varchar(20)").as_deref(), Some("varchar(20)"));
        assert_eq!(data_type("int").as_deref(), Some("INTEGER"));
        assert_eq!(data_type("frobnitz"), None);
    }

    #[test]
    fn affinity_follows_the_manual_s_order() {
        assert_eq!(affinity("CHARINT"), "INTEGER");
        assert_eq!(affinity("varchar(10)"), "TEXT");
        assert_eq!(affinity("decimal(10,2)"), "NUMERIC");
        assert_eq!(affinity(""), "BLOB");
    }
}
