//! Reading the whole schema from the system catalogs.

use crate::engine::ServerInfo;
use crate::schema::Schema;
use crate::{Error, ErrorCode, Result};
use sqlx::postgres::PgConnection;

pub(super) async fn inspect(_connection: &mut PgConnection, info: &ServerInfo) -> Result<Schema> {
    Err(Error::new(ErrorCode::Unsupported, format!("the schema of PostgreSQL {} cannot be read yet", info.version)))
}
