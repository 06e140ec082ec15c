//! What the rows of the database say to the statements whose success depends on them.

use super::report::{FileReport, Found, StatementReport};
use crate::engine::{self, Database};
use crate::risk::{Answer, Question, answered};
use crate::schema::Schema;

/// Asks the open questions of all files, and puts the answers in their place.
pub async fn settle(files: &mut [FileReport], database: &dyn Database, schema: &Schema) {
    let statements = || files.iter().flat_map(|file| &file.statements);
    let questions: Vec<&Question> = statements().flat_map(|statement| &statement.finding.questions).collect();
    let mut answers = engine::probe(database, schema, &questions, engine::BUDGET).await.into_iter();
    for statement in files.iter_mut().flat_map(|file| &mut file.statements) {
        let questions = std::mem::take(&mut statement.finding.questions);
        for (question, answer) in questions.iter().zip(answers.by_ref()) {
            put(statement, question, &answer);
        }
    }
}

fn put(statement: &mut StatementReport, question: &Question, answer: &Answer) {
    let open = statement.risks.iter().position(|found| question.is_open_in(&found.risk));
    let place = match open {
        Some(at) => {
            let Found { line, column, .. } = statement.risks.remove(at);
            (line, column)
        }
        // How many rows there are is no question that stands open.
        None if !question.is_told() => (statement.finding.line, statement.finding.column),
        None => return,
    };
    statement.risks.extend(answered(question, answer).map(|risk| Found::at(risk, place)));
    statement.risks.sort_by_key(|found| std::cmp::Reverse(found.risk.severity));
}
