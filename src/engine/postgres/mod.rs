//! PostgreSQL 13 to 18.

mod backfill;
mod cancel;
mod catalog;
mod connect;
mod database;
mod dialect;
mod errors;
mod gate;
mod judge;
mod leftovers;
mod manners;
mod outline;
mod patterns;
mod portable;
mod private_server;
mod probes;
mod reader;
mod render;
mod roles;
mod sampler;
mod scope;
mod scratch;
mod script;
mod server;
mod session;
mod shadow;
mod spots;
mod statements;
mod table_use;
mod types;
mod usual;
mod wire;

pub use dialect::PostgresDialect;

use super::{ConnectOptions, Database, Dialect, Engine, Private, Target};
use crate::schema::EngineKind;
use std::sync::Arc;

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Postgres;

#[async_trait::async_trait]
impl Engine for Postgres {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::new(PostgresDialect::newest())
    }

    fn dialect_of(&self, version: u32) -> Option<Arc<dyn Dialect>> {
        PostgresDialect::of(version).map(|dialect| Arc::new(dialect) as Arc<dyn Dialect>)
    }

    async fn connect(&self, target: &Target, options: &ConnectOptions) -> crate::Result<Arc<dyn Database>> {
        Ok(Arc::new(database::connect(target, options).await?))
    }

    async fn private(&self) -> crate::Result<Private> {
        private_server::start(None).await
    }

    fn sample_shop(&self) -> &'static str {
        include_str!("sample_shop.sql")
    }
}
