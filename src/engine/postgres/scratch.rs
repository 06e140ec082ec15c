//! The schema that a script results in: run in a database made for the purpose, read, and removed again.

use super::connect::{Route, observer_settings};
use super::wire::{Cells, literal, quoted, rows, run, run_raw};
use super::{catalog, errors};
use crate::engine::{Dialect, ServerInfo};
use crate::error::Location;
use crate::schema::{EngineKind, Schema};
use crate::sql::{Statement, line_column};
use crate::{Error, ErrorCode, Result};
use sqlx::postgres::PgConnection;
use std::time::{SystemTime, UNIX_EPOCH};

const PREFIX: &str = "lockstep_scratch_";
/// A scratch database older than this was left by a process that is no more.
const STALE_SECONDS: u64 = 3_600;

pub(super) async fn schema_of(route: &Route, info: &ServerInfo, dialect: &dyn Dialect, sql: &str) -> Result<Schema> {
    let script = dialect.read(sql, &Schema::empty(EngineKind::Postgres));
    for statement in &script.statements {
        refuse_server_wide(statement)?;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or_default();
    let mut keeper = route.to_database(route.database()).open("lockstep-scratch", &[]).await?;
    sweep(&mut keeper, now).await?;
    let name = format!("{PREFIX}{now:x}_{:08x}", fastrand::u32(..));
    let made = run(&mut keeper, &format!("CREATE DATABASE {} TEMPLATE template0", quoted(&name))).await;
    made.map_err(no_scratch)?;
    let schema = build(&route.to_database(&name), info, &script.statements, sql).await;
    let dropped = run(&mut keeper, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&name))).await;
    let schema = schema?;
    dropped.map(|_| schema)
}

fn no_scratch(why: Error) -> Error {
    let advice = "Grant the role CREATEDB, or compare against another database instead of a file.";
    let code = if why.code == ErrorCode::Statement { ErrorCode::Permission } else { why.code };
    Error { code, message: format!("no scratch database can be made: {}", why.message), ..why }.hint(advice)
}

async fn build(route: &Route, info: &ServerInfo, statements: &[Statement], text: &str) -> Result<Schema> {
    let mut connection = route.open("lockstep-scratch", &["SET statement_timeout = '5min'".to_owned()]).await?;
    for statement in statements.iter().filter(|s| shapes_the_schema(s)) {
        if let Err(why) = run_raw(&mut connection, &statement.text).await {
            return Err(located(why, statement, text));
        }
    }
    // What the script has set for its session must not reach the reading.
    drop(connection);
    let mut reader = route.open("lockstep-scratch", &observer_settings(info.version_number, "5s", "5min")).await?;
    catalog::inspect(&mut reader, info).await
}

/// The failure with its place in the script.
fn located(why: sqlx::Error, statement: &Statement, text: &str) -> Error {
    let offset = errors::position(&why).and_then(|at| at.checked_sub(1));
    let within = offset.and_then(|chars| statement.text.char_indices().nth(chars)).map_or(0, |(byte, _)| byte);
    let (line, column) = line_column(text, statement.span.start + within);
    let error = errors::explain(why);
    let message = format!("line {line}: {}", error.message);
    Error { message, ..error }.at(Location { file: None, line, column })
}

/// The first words of a statement, in capitals.
fn words(statement: &Statement) -> Vec<String> {
    statement.text.split_whitespace().take(4).map(str::to_ascii_uppercase).collect()
}

/// Rights are not in the model, and data would only take time.
fn shapes_the_schema(statement: &Statement) -> bool {
    let words = words(statement);
    let first = words.first().map(String::as_str).unwrap_or_default();
    !matches!(first, "GRANT" | "REVOKE" | "COPY" | "VACUUM" | "ANALYZE" | "REINDEX" | "CLUSTER")
}

/// A scratch database shields nothing but itself: what changes roles, other databases or the server's settings would
/// change them for everybody.
fn refuse_server_wide(statement: &Statement) -> Result<()> {
    let words = words(statement);
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let makes = matches!(word(0), "CREATE" | "ALTER" | "DROP" | "REASSIGN" | "COMMENT" | "SECURITY");
    let of = |at: usize| {
        matches!(word(at), "DATABASE" | "ROLE" | "USER" | "GROUP" | "TABLESPACE" | "SYSTEM" | "SUBSCRIPTION" | "OWNED")
            && !(word(at) == "USER" && word(at + 1) == "MAPPING")
    };
    if makes && (of(1) || matches!(word(0), "COMMENT" | "SECURITY") && (of(2) || of(3)))
        || word(0) == "DROP" && word(1) == "OWNED"
    {
        let class = format!("{} {}", word(0), word(1));
        return Err(Error::new(
            ErrorCode::Unsupported,
            format!("line {}: {class} changes the whole server, so it is not run for a comparison", statement.line),
        )
        .hint("Leave the statement out of the file, or run it yourself.")
        .at(Location { file: None, line: statement.line, column: statement.column }));
    }
    Ok(())
}

/// Removes scratch databases that a process which was killed has left.
async fn sweep(keeper: &mut PgConnection, now: u64) -> Result<()> {
    let sql = format!(
        "SELECT d.datname::text FROM pg_catalog.pg_database d WHERE pg_catalog.starts_with(d.datname, {}) \
         AND pg_catalog.pg_has_role(d.datdba, 'USAGE')",
        literal(PREFIX)
    );
    for row in &rows(keeper, &sql).await? {
        let name: String = Cells::new(row).take()?;
        if born(&name).is_some_and(|born| born + STALE_SECONDS < now) {
            // Another process may be sweeping too; what is gone is gone.
            let _ = run(keeper, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&name))).await;
        }
    }
    Ok(())
}

/// When a scratch database was made, in seconds since 1970, by its name.
fn born(name: &str) -> Option<u64> {
    let (seconds, _) = name.strip_prefix(PREFIX)?.split_once('_')?;
    u64::from_str_radix(seconds, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Reading;

    fn statement(text: &str) -> Statement {
        Statement {
            span: 0..text.len(),
            line: 1,
            column: 1,
            text: text.to_owned(),
            class: String::new(),
            problems: Vec::new(),
            reading: Reading::default(),
        }
    }

    #[test]
    fn what_reaches_beyond_the_scratch_database_is_refused() {
        for text in [
            "drop database shop",
            "CREATE ROLE a",
            "alter\nsystem set x = 1",
            "create user bob",
            "DROP OWNED BY a",
            "comment on database shop is 'x'",
        ] {
            assert!(refuse_server_wide(&statement(text)).is_err(), "{text}");
        }
        for text in
            ["create table \"user\" (id int)", "create user mapping for bob server s", "alter table a add b int"]
        {
            assert!(refuse_server_wide(&statement(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_scratch_database_tells_its_age_by_its_name() {
        assert_eq!(born("lockstep_scratch_64_deadbeef"), Some(100));
        assert_eq!(born("lockstep_scratch_zz_1"), None);
        assert_eq!(born("shop"), None);
    }
}
