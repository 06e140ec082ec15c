//! From words to changes: the built-in planner, and the model providers.
//!
//! Whatever understands the words only proposes. Its proposal is changes or SQL, which are planned and judged like
//! any other; nothing in this room can reach an executor.

mod builtin;
pub mod provider;
mod understand;

pub use builtin::interpret;
pub use understand::{Inquiry, understand, wording};

use crate::schema::{Change, ObjectRef};
use serde::Serialize;

/// What the asker said to an earlier question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// [`Question::id`], or empty for "the next question that is asked".
    pub question: String,
    /// One of the choices, as it was given.
    pub choice: String,
}

/// What became of the words.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    /// To be planned.
    Changes {
        title: String,
        changes: Vec<Change>,
        notes: Vec<String>,
    },
    /// To be read, judged and planned like any SQL file.
    Sql {
        title: String,
        sql: String,
        notes: Vec<String>,
    },
    Question(Question),
    Reply(Reply),
    NotUnderstood {
        /// What was not understood, quoted from the request.
        what: String,
        /// The nearest things that can be done, as requests that would work.
        nearest: Vec<String>,
    },
}

/// Something that must be known first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    #[serde(skip)]
    pub id: String,
    pub text: String,
    pub choices: Vec<String>,
}

/// An answer to a question about the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    pub answer: String,
    /// What in the schema it rests on.
    pub sources: Vec<ObjectRef>,
}

/// The words of a name or a text in lower case and in the singular, for finding what a text is about.
fn name_words(text: &str) -> Vec<String> {
    builtin::name_words(text)
}
