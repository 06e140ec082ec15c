//! Asking rows what decides whether a statement can succeed: read-only, each question under a short timeout and all of
//! them within a budget, and never waiting for a lock.

use super::{Database, Dialect};
use crate::risk::{Answer, Asks, Question};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// No single look takes longer.
const ONE_LOOK: Duration = Duration::from_secs(2);
/// All looks of a command together.
pub const BUDGET: Duration = Duration::from_secs(15);
/// Tables larger than this are first looked at in part, bytes.
const LARGE: u64 = 256 << 20;
/// What that part comes to, bytes.
const PART: u64 = 64 << 20;

/// Asks each question once, and gives the answers in the order of the questions.
pub async fn probe(
    database: &dyn Database,
    schema: &crate::schema::Schema,
    questions: &[&Question],
    budget: Duration,
) -> Vec<Answer> {
    let dialect = database.dialect();
    let end = Instant::now() + budget;
    let mut known: HashMap<(&crate::schema::QName, &Asks), Answer> = HashMap::new();
    let mut out = Vec::with_capacity(questions.len());
    for question in questions {
        let key = (&question.table, &question.asks);
        let answer = if let Some(answer) = known.get(&key) {
            answer.clone()
        } else {
            let bytes = schema.tables.get(&question.table).and_then(|t| t.stats.bytes);
            ask(database, dialect.as_ref(), question, bytes, end).await
        };
        known.insert(key, answer.clone());
        out.push(answer);
    }
    out
}

async fn ask(
    database: &dyn Database,
    dialect: &dyn Dialect,
    question: &Question,
    bytes: Option<u64>,
    end: Instant,
) -> Answer {
    let Some(whole) = dialect.probe(&question.table, &question.asks, None) else {
        return Answer::Unknown("there is no way to ask without running code that is not known to be harmless".into());
    };
    // Two rows that are the same are seldom in one sample.
    let can_sample = !matches!(question.asks, Asks::Duplicates { .. } | Asks::AnyRow | Asks::Matches { .. });
    let mut looked_at = None;
    if let Some(bytes) = bytes.filter(|bytes| *bytes > LARGE && can_sample) {
        #[expect(clippy::cast_precision_loss, reason = "a share of the table need not be exact")]
        let percent = (PART as f64 / bytes as f64 * 100.0).max(0.001);
        let part = dialect.probe(&question.table, &question.asks, Some(percent));
        if let Some(part) = part {
            match look(database, &part, end).await {
                Answer::Found(count) if count > 0 => return Answer::Found(count),
                Answer::Unknown(why) => return Answer::Unknown(why),
                _ => looked_at = Some(percent),
            }
        }
    }
    match (look(database, &whole, end).await, looked_at) {
        (Answer::Unknown(why), Some(percent)) => {
            Answer::Unknown(format!("none in a sample of {percent:.2} % of the table; the whole: {why}"))
        }
        (answer, _) => answer,
    }
}

async fn look(database: &dyn Database, sql: &str, end: Instant) -> Answer {
    let left = end.saturating_duration_since(Instant::now());
    if left < Duration::from_millis(20) {
        return Answer::Unknown("the time for looking at rows was used up".into());
    }
    match database.count(sql, left.min(ONE_LOOK)).await {
        Ok(Some(0)) => Answer::None,
        Ok(Some(count)) => Answer::Found(count),
        Ok(None) => Answer::Unknown("this kind of database is not asked".into()),
        Err(why) => Answer::Unknown(why.message),
    }
}
