//! Foreign tables: where they differ from tables with rows of their own.

use super::names::{ident, literal, relation};
use crate::schema::{Foreign, Options, QName, Table};

/// Marks those options of a column that are its wrapper's, not the server's.
pub(in crate::engine::postgres) const WRAPPER: &str = "fdw.";

/// `TABLE` or `FOREIGN TABLE`, for the statements that tell them apart.
pub(in crate::engine::postgres) fn table_word(table: Option<&Table>) -> &'static str {
    if table.is_some_and(|t| t.foreign.is_some()) { "FOREIGN TABLE" } else { "TABLE" }
}

/// ` SERVER … OPTIONS (…)` at the end of CREATE FOREIGN TABLE.
pub(super) fn of_server(foreign: &Foreign, options: &Options) -> String {
    let list: Vec<String> = options.iter().map(|(name, value)| format!("{} {}", ident(name), literal(value))).collect();
    let options = if list.is_empty() { String::new() } else { format!(" OPTIONS ({})", list.join(", ")) };
    format!(" SERVER {}{options}", ident(&foreign.server))
}

/// Changes of the options that a table had for its wrapper.
pub(super) fn set_options(table: &QName, had: &Options, set: &Options, reset: &[String]) -> Vec<String> {
    let all: Vec<(String, String)> = set.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let list = actions(had, &all, reset.iter().filter(|name| !set.contains_key(name)).cloned());
    list.map(|list| format!("ALTER FOREIGN TABLE {} OPTIONS ({list})", relation(table))).into_iter().collect()
}

/// Changes of the options that a column had for its table's wrapper; all others are left to whom they concern.
pub(super) fn set_column_options(
    table: &QName,
    column: &str,
    had: &Options,
    set: &Options,
    reset: &[String],
) -> Option<String> {
    let bare = |name: &str| name.strip_prefix(WRAPPER).map(str::to_owned);
    let had = had.iter().filter_map(|(name, value)| Some((bare(name)?, value.clone()))).collect();
    let wanted: Vec<(String, String)> =
        set.iter().filter_map(|(name, value)| Some((bare(name)?, value.clone()))).collect();
    let gone = reset.iter().filter(|name| !set.contains_key(name)).filter_map(|name| bare(name));
    let list = actions(&had, &wanted, gone)?;
    Some(format!("ALTER FOREIGN TABLE {} ALTER COLUMN {} OPTIONS ({list})", relation(table), ident(column)))
}

/// `ADD a 'x', SET b 'y', DROP c`, by what is there already.
fn actions(had: &Options, set: &[(String, String)], gone: impl Iterator<Item = String>) -> Option<String> {
    let word = |name: &String| if had.contains_key(name) { "SET" } else { "ADD" };
    let kept = set.iter().map(|(name, value)| format!("{} {} {}", word(name), ident(name), literal(value)));
    let gone = gone.filter(|name| had.contains_key(name)).map(|name| format!("DROP {}", ident(&name)));
    let list: Vec<String> = kept.chain(gone).collect();
    (!list.is_empty()).then(|| list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Options {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn options_are_added_changed_and_dropped_by_what_is_there() {
        let name = QName::new("public", "t");
        let had = options(&[("a", "1"), ("b", "2")]);
        let sql = set_options(&name, &had, &options(&[("a", "x'y"), ("C", "3")]), &["b".into()]);
        assert_eq!(sql, ["ALTER FOREIGN TABLE public.t OPTIONS (SET a 'x''y', ADD \"C\" '3', DROP b)"]);
        assert!(set_options(&name, &had, &Options::new(), &[]).is_empty());
    }

    #[test]
    fn a_columns_options_for_its_wrapper_are_told_from_its_own() {
        let name = QName::new("public", "t");
        let set = options(&[("fdw.column_name", "c"), ("statistics", "5")]);
        let sql = set_column_options(&name, "C", &Options::new(), &set, &["n_distinct".into()]);
        assert_eq!(
            sql.as_deref(),
            Some("ALTER FOREIGN TABLE public.t ALTER COLUMN \"C\" OPTIONS (ADD column_name 'c')")
        );
        assert_eq!(set_column_options(&name, "c", &set, &Options::new(), &["statistics".into()]), None);
    }
}
