//! SQLite, as a file that several processes share.

mod backfill;
mod catalog;
mod connect;
mod dialect;
mod errors;
mod exclusive;
mod facts;
mod gate;
mod judge;
mod keywords;
mod patterns;
mod reader;
mod render;
mod sampler;
mod scratch;
mod script;
mod session;
mod shadow;
mod types;

pub use dialect::SqliteDialect;

use super::{ConnectOptions, Database, Dialect, Engine, Target};
use crate::schema::EngineKind;
use std::sync::Arc;

mod private_file;

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Sqlite;

#[async_trait::async_trait]
impl Engine for Sqlite {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::new(SqliteDialect)
    }

    async fn connect(&self, target: &Target, options: &ConnectOptions) -> crate::Result<Arc<dyn Database>> {
        connect::connect(target, options).await
    }

    async fn private(&self) -> crate::Result<super::Private> {
        private_file::make()
    }

    fn sample_shop(&self) -> &'static str {
        include_str!("sample_shop.sql")
    }
}
