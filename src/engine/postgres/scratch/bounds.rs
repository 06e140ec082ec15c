//! What a statement reaches beyond its own database. A scratch database shields nothing but itself: roles, other
//! databases and the server's settings would change for everybody.

use super::super::reader::cursor::Cursor;

/// How far a statement reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum Bounds {
    /// The database it is run in.
    Inside,
    /// The database, as far as its words go; what it calls may reach further, and is watched.
    Watched,
    /// Nothing of the schema: rows, statistics, the session's own doings. It is not run.
    Nothing,
    /// It makes this role.
    Role(String),
    /// The whole server, in what is no part of a database's schema. It is left out, with these words.
    Server(&'static str),
    /// The whole server, and the schema too: it can be neither run nor left out.
    Both(&'static str),
}

/// Words by which a routine or a block may reach the whole server.
const REACHING: &[&str] = &["role", "user", "group", "database", "tablespace", "grant", "revoke", "system"];

pub(in crate::engine::postgres) fn bounds(class: &str, text: &str) -> Bounds {
    let (verb, object) = class.split_once(' ').unwrap_or((class, ""));
    match (verb, object) {
        ("COPY" | "VACUUM" | "ANALYZE" | "REINDEX" | "CHECKPOINT" | "LISTEN" | "NOTIFY" | "UNLISTEN" | "SHOW", _) => {
            Bounds::Nothing
        }
        ("CREATE", "ROLE" | "USER" | "GROUP") => created_role(text),
        ("ALTER" | "DROP", "ROLE" | "USER" | "GROUP") => Bounds::Server("roles are the whole server's"),
        ("CREATE" | "ALTER" | "DROP", "DATABASE") => Bounds::Server("the scratch database stands for every database"),
        ("CREATE" | "ALTER" | "DROP", "TABLESPACE") => Bounds::Server("tablespaces are the whole server's"),
        ("ALTER", "SYSTEM") => Bounds::Server("the server's settings are no part of a schema"),
        ("DROP" | "REASSIGN", "OWNED") => Bounds::Both("what a role owns and may do in other databases"),
        ("GRANT" | "REVOKE", _) => granted(text),
        ("COMMENT" | "SECURITY", _) => labelled(text),
        ("CREATE" | "ALTER", "SUBSCRIPTION") => subscription(verb, text),
        ("DO" | "CALL" | "SELECT" | "EXECUTE" | "WITH" | "INSERT" | "UPDATE" | "DELETE", _) if reaches(text) => {
            Bounds::Watched
        }
        _ => Bounds::Inside,
    }
}

fn created_role(text: &str) -> Bounds {
    let mut cursor = Cursor::new(text);
    cursor.take("create");
    cursor.take_any(&["role", "user", "group"]);
    cursor.ident().map_or(Bounds::Server("roles are the whole server's"), Bounds::Role)
}

/// Rights on the scratch database itself are nobody's, and on the real one they would be real.
fn granted(text: &str) -> Bounds {
    let mut cursor = Cursor::new(text);
    while !cursor.at_end() {
        if cursor.take("on") {
            return match cursor.take_any(&["database", "tablespace", "parameter"]) {
                Some("database") => Bounds::Server("rights on a database are not its schema's"),
                Some(_) => Bounds::Server("the object is the whole server's"),
                None => Bounds::Inside,
            };
        }
        if cursor.take("to") || cursor.take("from") {
            break;
        }
        cursor.step();
    }
    Bounds::Server("memberships of roles are the whole server's")
}

/// COMMENT and SECURITY LABEL.
fn labelled(text: &str) -> Bounds {
    let mut cursor = Cursor::new(text);
    while !cursor.at_end() && !cursor.take("on") {
        cursor.step();
    }
    match cursor.take_any(&["role", "database", "tablespace"]) {
        Some(_) => Bounds::Server("the object is the whole server's"),
        None => Bounds::Inside,
    }
}

/// A subscription that connects would make a slot on another server and fetch its rows.
fn subscription(verb: &str, text: &str) -> Bounds {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty());
    let words: Vec<&str> = words.collect();
    if verb == "CREATE" {
        let apart = words.windows(2).any(|pair| matches!(pair, ["connect", "false" | "off" | "0"]));
        return if apart {
            Bounds::Inside
        } else {
            Bounds::Both("another server, where it makes a replication slot: write WITH (connect = false)")
        };
    }
    if words.iter().any(|word| matches!(*word, "enable" | "refresh")) {
        Bounds::Server("a subscription at work would fetch rows from another server")
    } else {
        Bounds::Inside
    }
}

fn reaches(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).any(|word| REACHING.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::super::super::reader::class_of;
    use super::*;

    fn of(text: &str) -> Bounds {
        bounds(&class_of(text), text)
    }

    #[test]
    fn what_is_the_servers_is_not_run() {
        for text in [
            "drop database shop",
            "alter\nsystem set x = 1",
            "alter role a set search_path = b",
            "comment on database shop is 'x'",
            "GRANT boss TO bob WITH ADMIN OPTION",
            "grant connect on database shop to bob",
            "revoke boss from bob",
            "alter subscription s enable",
            "drop tablespace fast",
        ] {
            assert!(matches!(of(text), Bounds::Server(_)), "{text}: {:?}", of(text));
        }
        for text in ["DROP OWNED BY a", "reassign owned by a to b", "create subscription s connection '' publication p"]
        {
            assert!(matches!(of(text), Bounds::Both(_)), "{text}: {:?}", of(text));
        }
        assert_eq!(of("create user \"Bob\" login"), Bounds::Role("Bob".into()));
    }

    #[test]
    fn what_is_the_databases_is_run() {
        for text in [
            "create table \"user\" (id int)",
            "create user mapping for bob server s",
            "grant select on t to bob",
            "grant select (a, b) on table t to bob",
            "comment on role_of.t is 'x'",
            "create subscription s connection '' publication p with (connect = false)",
            "alter default privileges grant select on tables to bob",
            "do $$ begin perform 1; end $$",
        ] {
            assert_eq!(of(text), Bounds::Inside, "{text}");
        }
        assert_eq!(of("do $$ begin create role bob; end $$"), Bounds::Watched);
        assert_eq!(of("vacuum"), Bounds::Nothing);
    }
}
