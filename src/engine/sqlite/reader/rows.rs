//! The parts of a statement that changes rows.

use super::lex::Cursor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) enum Verb {
    Insert,
    Update,
    Delete,
}

/// INSERT, UPDATE or DELETE, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) struct RowStatement {
    pub verb: Verb,
    pub table: String,
    /// Whether rows that are there already may be replaced or changed by an INSERT.
    pub replaces: bool,
    /// The columns that an UPDATE sets; empty when they cannot be told.
    pub sets: Vec<String>,
    /// What follows the table up to RETURNING, when it is nothing but an alias and a condition.
    pub condition: Option<String>,
}

/// `None` for what is no such statement, and for tables of other files.
pub(in crate::engine::sqlite) fn parse(text: &str) -> Option<RowStatement> {
    let mut c = Cursor::new(text);
    let with = c.at_words(&["WITH"]);
    let starts = |c: &Cursor<'_>| ["INSERT", "REPLACE", "UPDATE", "DELETE"].iter().any(|word| c.at_words(&[word]));
    while with && !c.done() && !starts(&c) {
        pass(&mut c);
    }
    let (verb, mut replaces) = if c.take(&["REPLACE"]) {
        (Verb::Insert, true)
    } else if c.take(&["INSERT"]) {
        (Verb::Insert, c.at_words(&["OR", "REPLACE"]))
    } else if c.take(&["UPDATE"]) {
        (Verb::Update, c.at_words(&["OR", "REPLACE"]))
    } else if c.take(&["DELETE"]) {
        (Verb::Delete, false)
    } else {
        return None;
    };
    if c.take(&["OR"]) {
        c.advance();
    }
    c.take(&["INTO"]);
    c.take(&["FROM"]);
    let (file, table) = c.qualified()?;
    if file.is_some_and(|name| !name.eq_ignore_ascii_case("main")) {
        return None;
    }
    let after_table = c.start();
    let mut sets = Vec::new();
    let mut alias = 0..0;
    match verb {
        Verb::Insert => {
            while !c.done() {
                replaces |= c.at_words(&["DO", "UPDATE"]);
                pass(&mut c);
            }
        }
        Verb::Update => {
            alias = after_table..until(&mut c, &["SET"]);
            c.take(&["SET"]);
            sets = columns(&mut c).unwrap_or_default();
        }
        Verb::Delete => alias = after_table..until(&mut c, &["WHERE", "RETURNING"]),
    }
    let plain = !with && !c.at_words(&["FROM"]) && verb != Verb::Insert;
    let start = c.start();
    let end = until(&mut c, &["RETURNING", "ORDER", "LIMIT"]);
    let whole = plain && !c.at_words(&["ORDER"]) && !c.at_words(&["LIMIT"]);
    let condition = whole.then(|| format!("{} {}", c.slice(alias), c.slice(start..end)).trim().to_owned());
    Some(RowStatement { verb, table, replaces, sets, condition })
}

/// The columns of `a = 1, (b, c) = (2, 3)`.
fn columns(c: &mut Cursor<'_>) -> Option<Vec<String>> {
    let mut out = Vec::new();
    loop {
        if let Some(group) = c.group() {
            let inside = c.slice(group);
            let mut names = Cursor::new(&inside);
            while let Some(name) = names.name() {
                out.push(name);
                names.take(&[","]);
            }
        } else {
            out.push(c.name()?);
        }
        while !c.done() && !c.at_words(&[","]) && !ends_sets(c) {
            pass_distinct(c);
        }
        if !c.take(&[","]) {
            return Some(out);
        }
    }
}

fn ends_sets(c: &Cursor<'_>) -> bool {
    ["FROM", "WHERE", "RETURNING", "ORDER", "LIMIT"].iter().any(|word| c.at_words(&[word]))
}

fn pass_distinct(c: &mut Cursor<'_>) {
    if !c.take(&["DISTINCT", "FROM"]) {
        pass(c);
    }
}

/// Walks to one of `stops` outside of parentheses; the byte where it stands.
fn until(c: &mut Cursor<'_>, stops: &[&str]) -> usize {
    while !c.done() && !stops.iter().any(|word| c.at_words(&[word])) {
        pass(c);
    }
    c.start()
}

fn pass(c: &mut Cursor<'_>) {
    if c.group().is_none() {
        c.advance();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_taken_apart() {
        let update =
            parse("UPDATE OR IGNORE t SET a = (SELECT 1 FROM u), (b, [c d]) = (1, 2) WHERE a IS DISTINCT FROM 3");
        let update = update.unwrap();
        assert_eq!((update.table.as_str(), update.replaces), ("t", false));
        assert_eq!(update.sets, ["a", "b", "c d"]);
        assert_eq!(update.condition.as_deref(), Some("WHERE a IS DISTINCT FROM 3"));
        let delete = parse("DELETE FROM t AS x WHERE x.a = 1 RETURNING a").unwrap();
        assert_eq!(delete.condition.as_deref(), Some("AS x WHERE x.a = 1"));
        assert_eq!(parse("UPDATE t SET a = 1 FROM u WHERE u.b = t.b").unwrap().condition, None);
        assert!(parse("REPLACE INTO t VALUES (1)").unwrap().replaces);
        assert!(parse("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2").unwrap().replaces);
        assert_eq!(parse("WITH x AS (SELECT 1) DELETE FROM t").map(|s| s.condition), Some(None));
        assert_eq!(parse("DELETE FROM other.t"), None);
    }
}
