//! SQL with the file that it is from.

/// A text of SQL, or a part of one, with the name of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlFile {
    /// As the user named it; none for a text that is in no file.
    pub path: Option<String>,
    /// What comes before a part of a file is blank in it, so that lines and columns are the file's own.
    pub text: String,
    /// Goes on in the session of the one before it: settings of that one hold here too.
    pub continues: bool,
}

impl SqlFile {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: Some(path.into()), text: text.into(), continues: false }
    }

    /// A text that is in no file.
    pub fn unnamed(text: impl Into<String>) -> Self {
        Self { path: None, text: text.into(), continues: false }
    }

    /// `shop.sql:12`, or `line 12` where there is no file.
    pub fn place(&self, line: usize) -> String {
        match &self.path {
            Some(path) => format!("{path}:{line}"),
            None => format!("line {line}"),
        }
    }
}
