//! A database of its own for a test, on the server that `LOCKSTEP_TEST_POSTGRES` names.

use lockstep::engine::{ConnectOptions, Database, SessionRole, Target};
use std::sync::Arc;

pub struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    /// Makes a database and runs `sql`, all of it at once, in it.
    pub async fn new(sql: &str) -> Self {
        let server = std::env::var("LOCKSTEP_TEST_POSTGRES").expect(
            "set LOCKSTEP_TEST_POSTGRES to the URL of a PostgreSQL where databases may be made (tests/run does)",
        );
        let scratch = Self { server, name: format!("lockstep_test_{:016x}", fastrand::u64(..)) };
        scratch.on_server(&format!("create database {}", scratch.name)).await;
        if !sql.is_empty() {
            let database = scratch.connect().await;
            let mut session = database.session(SessionRole::Executor).await.unwrap();
            session.execute(sql).await.unwrap();
        }
        scratch
    }

    pub fn url_of(&self, database: &str) -> String {
        let (start, query) = self.server.split_once('?').map_or((self.server.as_str(), ""), |(s, q)| (s, q));
        let (host, _) = start.rsplit_once('/').unwrap();
        if query.is_empty() { format!("{host}/{database}") } else { format!("{host}/{database}?{query}") }
    }

    pub fn target(&self) -> Target {
        Target::parse(&self.url_of(&self.name)).unwrap()
    }

    pub async fn connect(&self) -> Arc<dyn Database> {
        lockstep::engine::connect(&self.target(), &ConnectOptions::default()).await.unwrap()
    }

    pub async fn remove(self) {
        self.on_server(&format!("drop database {} with (force)", self.name)).await;
    }

    async fn on_server(&self, sql: &str) {
        let target = Target::parse(&self.server).unwrap();
        let database = lockstep::engine::connect(&target, &ConnectOptions::default()).await.unwrap();
        database.session(SessionRole::Executor).await.unwrap().execute(sql).await.unwrap();
    }
}
