//! The way back of steps whose text does not tell what they do: the schema is read before and after such a step,
//! outside its transaction, and the way back goes into the journal.

use super::drive::{Broken, Run};
use super::ledger::is_back;
use crate::plan::{self, Step};
use crate::schema::Schema;
use crate::{Error, Result};

impl Run {
    /// The schema before a step that derives its way back. A step that this cannot be read for does not run: it
    /// would have none.
    pub(super) async fn before_derived(&mut self, step: &Step) -> Result<Option<Schema>, Broken> {
        if !step.derives_rollback || is_back(&self.options) {
            return Ok(None);
        }
        let told = |why: Error| Error {
            message: format!("the schema, from which the step's way back is derived, cannot be read: {}", why.message),
            ..why
        };
        self.database.inspect().await.map(Some).map_err(|why| Broken::new(told(why), 0))
    }

    /// Journals the way back of a step that is done. That it cannot be derived is journalled as well, and told.
    pub(super) async fn derive_rollback(&mut self, at: usize, step: &Step, before: &Schema) {
        let derived = match self.database.inspect().await {
            Ok(after) => {
                let dialect = self.database.dialect();
                plan::with_derived_rollback(step, before, &after, dialect.as_ref())
            }
            Err(why) => Err(why),
        };
        let known = match derived {
            Ok(known) => known,
            Err(why) => {
                self.control.note(format!("Step {} has no way back: {}", step.id, why.message)).await;
                plan::without_rollback(step, &why)
            }
        };
        if let Err(why) = self.journal_known(at, &known).await {
            self.control.note(format!("The way back of step {} could not be journalled: {why}", step.id)).await;
        }
    }

    async fn journal_known(&mut self, at: usize, step: &Step) -> Result<()> {
        self.ledger.known_since(at, step)?.write(self.journal.as_mut()).await
    }
}
