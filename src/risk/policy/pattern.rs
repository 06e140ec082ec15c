//! A regular expression as it is written in a policy.

use serde::{Deserialize, Deserializer, de};

/// A regular expression, compiled once. It fits anywhere in a name unless it is anchored.
#[derive(Clone, Debug)]
pub struct Pattern(regex::Regex);

impl Pattern {
    pub fn fits(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Pattern {}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        regex::Regex::new(&text)
            .map(Self)
            .map_err(|why| de::Error::custom(format!("{text:?} is not a regular expression: {why}")))
    }
}
