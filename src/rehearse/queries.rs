//! What the application runs, prepared on the shadow before and after the plan: which statements stop working, and which
//! find no index any more. The step to blame is found on the way back: with its rollback the statement works again.

use crate::engine::{Counted, Reach, Shadow};
use crate::{Error, Result};
use serde::Serialize;

/// How the application's statements fare.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Queries {
    /// Statements that could be prepared before the plan.
    pub tried: usize,
    /// Those that could not: they are about something else, or their parameters' types cannot be told.
    pub untried: usize,
    pub broken: Vec<Broken>,
    pub slower: Vec<Slower>,
}

/// A statement that stops working.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Broken {
    pub sql: String,
    pub calls: u64,
    pub error: Error,
    /// The step that breaks it.
    pub step: Option<String>,
}

/// A statement that reads a table from end to end, where it had an index before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slower {
    pub sql: String,
    pub calls: u64,
    pub tables: Vec<String>,
    pub step: Option<String>,
}

/// The statements under watch.
#[derive(Debug, Default)]
pub(super) struct Watched {
    before: Vec<(Counted, Reach)>,
    pub found: Queries,
}

impl Watched {
    /// Prepares each statement on the shadow as it is before the plan.
    pub async fn before(shadow: &mut dyn Shadow, statements: Vec<Counted>) -> Result<Self> {
        let mut watched = Self::default();
        for statement in statements {
            match shadow.reach(&statement.sql).await {
                // The catalog is nobody's application.
                Ok(reach) if reach.about.is_empty() => {}
                Ok(reach) => watched.before.push((statement, reach)),
                Err(why) if why.code == crate::ErrorCode::ConnectionLost => return Err(why),
                Err(_) => watched.found.untried += 1,
            }
        }
        watched.found.tried = watched.before.len();
        Ok(watched)
    }

    /// Prepares them again when the plan is done.
    pub async fn after(&mut self, shadow: &mut dyn Shadow) -> Result<()> {
        for (statement, before) in &self.before {
            let (sql, calls) = (statement.sql.clone(), statement.calls);
            match shadow.reach(&statement.sql).await {
                Err(why) if why.code == crate::ErrorCode::ConnectionLost => return Err(why),
                Err(error) => self.found.broken.push(Broken { sql, calls, error, step: None }),
                Ok(after) => {
                    let tables = lost(before, &after);
                    if !tables.is_empty() {
                        self.found.slower.push(Slower { sql, calls, tables, step: None });
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks again when a step was taken back: what is well now was the step's doing.
    pub async fn taken_back(&mut self, shadow: &mut dyn Shadow, step: &str) -> Result<()> {
        for broken in self.found.broken.iter_mut().filter(|b| b.step.is_none()) {
            if shadow.reach(&broken.sql).await.is_ok() {
                broken.step = Some(step.to_owned());
            }
        }
        for slower in self.found.slower.iter_mut().filter(|s| s.step.is_none()) {
            let Some((_, before)) = self.before.iter().find(|(statement, _)| statement.sql == slower.sql) else {
                continue;
            };
            if shadow.reach(&slower.sql).await.is_ok_and(|now| lost(before, &now).is_empty()) {
                slower.step = Some(step.to_owned());
            }
        }
        Ok(())
    }
}

/// Tables that were reached by an index and are not any more.
fn lost(before: &Reach, after: &Reach) -> Vec<String> {
    before.by_index.iter().filter(|t| after.whole.contains(*t) && !after.by_index.contains(*t)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_table_that_had_an_index_loses_it() {
        let reach = |by_index: &[&str], whole: &[&str]| Reach {
            by_index: by_index.iter().map(|t| (*t).to_owned()).collect(),
            whole: whole.iter().map(|t| (*t).to_owned()).collect(),
            ..Reach::default()
        };
        assert_eq!(lost(&reach(&["a", "b"], &["c"]), &reach(&["a"], &["b", "c"])), ["b"]);
        assert!(lost(&reach(&["a"], &[]), &reach(&["a"], &["a"])).is_empty());
        assert!(lost(&reach(&["a"], &[]), &reach(&[], &[])).is_empty(), "the table is gone, or goes by another name");
    }
}
