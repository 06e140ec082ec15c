//! The scratch database itself: made, removed, and swept after a process that was killed.

use super::super::connect::Route;
use super::super::wire::{Cells, literal, quoted, rows, run};
use crate::engine::ServerInfo;
use crate::{Error, ErrorCode, Result};
use sqlx::postgres::PgConnection;
use std::time::{SystemTime, UNIX_EPOCH};

const PREFIX: &str = "lockstep_scratch_";
/// Somebody may be between making a database and connecting to it for this long.
const SETTLING_SECONDS: u64 = 60;

/// An empty database of our own. Its keeper is a session that has the database's name as its own, by which others
/// see that it is in use.
pub(super) struct ScratchDatabase {
    keeper: PgConnection,
    route: Route,
    name: String,
}

impl ScratchDatabase {
    /// Removes what killed processes have left, and makes a database with the encoding and the locale of the one that
    /// `route` leads to.
    ///
    /// # Errors
    /// `Permission` when the role may not make one.
    pub(super) async fn make(route: &Route, info: &ServerInfo) -> Result<Self> {
        if info.standby {
            return Err(refused(Error::new(ErrorCode::Permission, "the server is a standby, which takes no changes")));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or_default();
        let name = format!("{PREFIX}{now:x}_{:08x}", fastrand::u32(..));
        let mut keeper = route.to_database(route.database()).open(&name, &[]).await?;
        sweep(&mut keeper, route, now).await?;
        let create = format!("CREATE DATABASE {} TEMPLATE template0", quoted(&name));
        let alike = format!("{create}{}", locale(&mut keeper, info).await?);
        if let Err(why) = run(&mut keeper, &alike).await {
            if matches!(why.code, ErrorCode::Permission | ErrorCode::ReadOnly) {
                return Err(refused(why));
            }
            run(&mut keeper, &create).await.map_err(refused)?;
        }
        Ok(Self { keeper, route: route.clone(), name })
    }

    pub(super) fn route(&self) -> Route {
        self.route.to_database(&self.name)
    }

    pub(super) async fn remove(mut self) -> Result<()> {
        remove(&mut self.keeper, &self.route, &self.name).await
    }
}

fn refused(why: Error) -> Error {
    let advice = "Grant the role CREATEDB, name another server with --shadow, or install PostgreSQL of the same major \
                  version on this machine, which is then used for a private server.";
    let code =
        if matches!(why.code, ErrorCode::Statement | ErrorCode::ReadOnly) { ErrorCode::Permission } else { why.code };
    Error { code, message: format!("no scratch database can be made: {}", why.message), ..why }.hint(advice)
}

/// Encoding and locale of the database that the keeper is in, as options of CREATE DATABASE.
async fn locale(keeper: &mut PgConnection, info: &ServerInfo) -> Result<String> {
    let provider = match info.version_number / 10_000 {
        ..15 => "NULL::text, NULL::text",
        15 | 16 => "datlocprovider::text, daticulocale",
        _ => "datlocprovider::text, datlocale",
    };
    let sql = format!(
        "SELECT pg_catalog.pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text, {provider} \
         FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"
    );
    let answer = rows(keeper, &sql).await?;
    let Some(row) = answer.first() else { return Ok(String::new()) };
    let mut cells = Cells::new(row);
    let mut out = String::new();
    for option in ["ENCODING", "LC_COLLATE", "LC_CTYPE"] {
        out.push_str(&format!(" {option} {}", literal(&cells.take::<String>()?)));
    }
    let (provider, name): (Option<String>, Option<String>) = (cells.take()?, cells.take()?);
    if let (Some(provider), Some(name)) = (provider, name) {
        match provider.as_str() {
            "i" => out.push_str(&format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", literal(&name))),
            "b" => out.push_str(&format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", literal(&name))),
            _ => {}
        }
    }
    Ok(out)
}

/// Drops a database of ours, with the sessions in it.
async fn remove(keeper: &mut PgConnection, route: &Route, name: &str) -> Result<()> {
    let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name));
    if run(keeper, &drop).await.is_ok() {
        return Ok(());
    }
    // A database with subscriptions cannot be dropped; ours have no slot on another server.
    let mut inside = route.to_database(name).open("lockstep-scratch", &[]).await?;
    let sql = "SELECT pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d \
               ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database()";
    for row in &rows(&mut inside, sql).await? {
        let subscription: String = Cells::new(row).take()?;
        for change in ["DISABLE", "SET (slot_name = NONE)"] {
            run(&mut inside, &format!("ALTER SUBSCRIPTION {subscription} {change}")).await?;
        }
        run(&mut inside, &format!("DROP SUBSCRIPTION {subscription}")).await?;
    }
    run(keeper, &drop).await.map(|_| ())
}

/// Removes scratch databases of ours that nobody keeps any more.
async fn sweep(keeper: &mut PgConnection, route: &Route, now: u64) -> Result<()> {
    let sql = format!(
        "SELECT d.datname::text, EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.datname = d.datname) \
         FROM pg_catalog.pg_database d WHERE pg_catalog.starts_with(d.datname, {}) \
         AND pg_catalog.pg_has_role(d.datdba, 'USAGE') AND NOT EXISTS \
         (SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.application_name = d.datname::text)",
        literal(PREFIX)
    );
    for row in &rows(keeper, &sql).await? {
        let mut cells = Cells::new(row);
        let (name, in_use): (String, bool) = (cells.take()?, cells.take()?);
        // A pooler may hide a keeper's name: whoever is at work in the database is given time.
        if born(&name).is_some_and(|born| !in_use || born + SETTLING_SECONDS < now) {
            // Another process may be sweeping too; what is gone is gone.
            let _ = remove(keeper, route, &name).await;
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

    #[test]
    fn a_scratch_database_tells_its_age_by_its_name() {
        assert_eq!(born("lockstep_scratch_64_deadbeef"), Some(100));
        assert_eq!(born("lockstep_scratch_zz_1"), None);
        assert_eq!(born("shop"), None);
    }
}
