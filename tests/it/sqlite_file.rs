//! An SQLite file of its own for a test.

use lockstep::engine::{ConnectOptions, Database, SessionRole, Target};
use lockstep::schema::{EngineKind, Schema};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

pub struct SqliteFile(TempDir);

impl SqliteFile {
    /// Makes a file and runs the script `sql` in it.
    pub async fn new(sql: &str) -> Self {
        let file = Self(tempfile::tempdir().unwrap());
        std::fs::File::create(file.0.path().join("shop.db")).unwrap();
        let database = file.connect().await;
        let mut session = database.session(SessionRole::Executor).await.unwrap();
        for statement in database.dialect().read(sql, &Schema::empty(EngineKind::Sqlite)).statements {
            session.execute(&statement.text).await.unwrap();
        }
        file
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn url(&self) -> String {
        format!("sqlite:{}", self.0.path().join("shop.db").display())
    }

    pub async fn connect(&self) -> Arc<dyn Database> {
        lockstep::engine::connect(&Target::parse(&self.url()).unwrap(), &ConnectOptions::default()).await.unwrap()
    }
}
