//! What is personal here, and which laws count: the `[privacy]` table of the project's `lockstep.toml`.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What the privacy rules go by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The laws that count here; none switches the rules off.
    pub sets: BTreeSet<Set>,
    /// More words that make a column personal, by category: `health = ["befund"]`.
    pub words: BTreeMap<Category, Vec<String>>,
    /// Columns that are of a category whatever they are called: `"crm.leads.ref" = "contact"`.
    pub columns: BTreeMap<String, Category>,
    /// Columns that are not personal, whatever they are called: `schema.table.column`, where `*` stands for any text and
    /// parts at the front may be left out.
    pub not_personal: Vec<String>,
    /// Columns that say when a row has to go, besides `created_at`, `deleted_at`, `expires_at` and the like.
    pub retention_columns: Vec<String>,
    /// Tables that record who did what, besides those that are called `audit…`; `*` stands for any text.
    pub audit_tables: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sets: BTreeSet::from([Set::Gdpr, Set::Hipaa]),
            words: BTreeMap::new(),
            columns: BTreeMap::new(),
            not_personal: Vec::new(),
            retention_columns: Vec::new(),
            audit_tables: Vec::new(),
        }
    }
}

/// A law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Set {
    /// Regulation (EU) 2016/679.
    Gdpr,
    /// Health Insurance Portability and Accountability Act, 45 CFR parts 160 and 164.
    Hipaa,
}

/// What a column tells of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Name,
    Contact,
    Address,
    GovernmentId,
    Financial,
    BirthDate,
    Location,
    Credentials,
    NetworkId,
    Demographic,
    Biometric,
    Genetic,
    Health,
    /// Religion, politics, ethnic origin, sex life, trade unions: with health, genes and biometrics the special
    /// categories of GDPR Art. 9.
    Sensitive,
    Children,
}

impl Category {
    /// In words: `a government identifier`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Name => "a name",
            Self::Contact => "a way to reach a person",
            Self::Address => "an address",
            Self::GovernmentId => "a government identifier",
            Self::Financial => "financial data",
            Self::BirthDate => "a date of birth",
            Self::Location => "a place",
            Self::Credentials => "a secret",
            Self::NetworkId => "an identifier of a device or network",
            Self::Demographic => "a personal trait",
            Self::Biometric => "biometric data",
            Self::Genetic => "genetic data",
            Self::Health => "health data",
            Self::Sensitive => "data of a special category",
            Self::Children => "data about a child",
        }
    }

    /// A special category of GDPR Art. 9.
    pub fn is_special(self) -> bool {
        matches!(self, Self::Biometric | Self::Genetic | Self::Health | Self::Sensitive)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
