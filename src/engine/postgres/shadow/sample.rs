//! Rows put into the shadow as they are.

use super::super::session::parameter;
use super::super::wire::{quoted, run};
use super::PostgresShadow;
use crate::engine::Row;
use crate::schema::QName;
use crate::{Error, ErrorCode, Result};

/// Rows of one INSERT.
const AT_ONCE: usize = 500;

impl PostgresShadow {
    pub(super) async fn insert(&mut self, table: &QName, columns: &[String], rows: &[Row]) -> Result<u64> {
        // Neither triggers nor foreign keys, which are triggers too, are looked at in this role (manual, "Client
        // Connection Defaults").
        run(&mut self.runner, "SET session_replication_role = replica").await.map_err(refused)?;
        let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let head = format!(
            "INSERT INTO {}.{} ({}) OVERRIDING SYSTEM VALUE VALUES ",
            quoted(&table.schema),
            quoted(&table.name),
            names.join(", ")
        );
        let mut put = 0;
        for some in rows.chunks(AT_ONCE) {
            let written =
                |row: &Row| Ok(format!("({})", row.iter().map(parameter).collect::<Result<Vec<_>>>()?.join(", ")));
            let values: Vec<String> = some.iter().map(written).collect::<Result<_>>()?;
            put += run(&mut self.runner, &format!("{head}{} ON CONFLICT DO NOTHING", values.join(", "))).await?;
        }
        run(&mut self.runner, "RESET session_replication_role").await?;
        Ok(put)
    }
}

fn refused(why: Error) -> Error {
    if why.code != ErrorCode::Permission {
        return why;
    }
    Error { message: format!("no rows can be copied into the shadow: {}", why.message), ..why }
        .hint("Leave out --sample, or name a server with --shadow where the role may set session_replication_role.")
}
