//! Makes the sample shop on a throw-away database.

use crate::engine::{self, ConnectOptions, Database, Private, SessionRole, Target};
use crate::schema::{EngineKind, Schema};
use crate::{Error, Result};
use std::sync::Arc;

/// A filled sample database; it is gone when this is dropped.
pub struct Shop {
    private: Private,
    database: Arc<dyn Database>,
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shop").field("private", &self.private).finish_non_exhaustive()
    }
}

impl Shop {
    /// Makes and fills the database. `told` hears what is going on.
    ///
    /// # Errors
    /// When there is no server to start, no place for the file, or a statement of the sample fails.
    pub async fn open(kind: EngineKind, told: impl Fn(&str)) -> Result<Self> {
        let engine = engine::engine(kind)?;
        told(&format!("making a throw-away {kind} database …"));
        let private = engine.private().await?;
        let database = engine.connect(&private.target, &ConnectOptions::default()).await?;
        told("filling the sample shop …");
        let mut session = database.session(SessionRole::Load).await?;
        let script = database.dialect().read(engine.sample_shop(), &Schema::empty(kind));
        for statement in &script.statements {
            session.execute(&statement.text).await.map_err(|why| {
                Error::internal(format!(
                    "the sample shop's statement at line {} failed: {}",
                    statement.line, why.message
                ))
            })?;
        }
        Ok(Self { private, database })
    }

    pub fn target(&self) -> &Target {
        &self.private.target
    }

    pub fn database(&self) -> &Arc<dyn Database> {
        &self.database
    }
}
