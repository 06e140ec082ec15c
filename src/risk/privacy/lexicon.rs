//! Which columns look like personal data: by their own name, their table's, their type and their comment.

use super::settings::{Category, Settings};
use super::tokens::{is_word, tokens};
use super::words::{self, ALSO_THINGS, BESIDE, CHILDREN, HIDDEN, PATIENTS, PEOPLE, Strength, THINGS, WORDS};
use crate::schema::{Column, QName, Table};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a bcrypt, SHA-256, SHA-512 or Argon2 hash takes, in characters: a secret of just that length is one.
const HASH_LENGTHS: [u32; 6] = [60, 64, 95, 96, 97, 128];

/// Phrases by their first word.
type Phrases = HashMap<String, Vec<(Vec<String>, Category, Strength)>>;

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases::new();
    for (text, category, strength) in WORDS {
        add(&mut phrases, text, *category, *strength);
    }
    phrases
});

fn add(phrases: &mut Phrases, text: &str, category: Category, strength: Strength) {
    let words: Vec<String> = text.split(' ').map(str::to_lowercase).collect();
    if let Some(first) = words.first().cloned() {
        phrases.entry(first).or_default().push((words, category, strength));
    }
}

/// What columns are told by, made once for all statements.
#[derive(Debug, Default)]
pub(in crate::risk) struct Lexicon {
    /// The project's own words.
    own: Phrases,
    columns: HashMap<String, Category>,
    not_personal: Vec<String>,
    retention: Vec<String>,
    audit_tables: Vec<String>,
}

/// A column that looks like personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::risk) struct Personal {
    pub column: String,
    pub category: Category,
    /// Its value is a hash, or encrypted.
    pub hidden: bool,
}

/// What a table's name says of it.
#[derive(Clone, Copy)]
struct Subject {
    people: bool,
    patients: bool,
    children: bool,
    things: bool,
}

impl Subject {
    fn of(table: &QName) -> Self {
        let words = tokens(&table.name);
        let any = |list: &[&str]| words.iter().any(|word| list.iter().any(|known| is_word(word, known)));
        let is_person = |word: &String, list: &[&str]| list.iter().any(|known| is_word(word, known));
        let is_surely = |word: &String| is_person(word, PEOPLE) && !is_person(word, ALSO_THINGS);
        // A word that is also said of things is one of a person where no thing is named beside it.
        let people = words.iter().any(is_surely) || any(PEOPLE) && !any(THINGS) || any(PATIENTS);
        // `customer_products` is about products: the last word says what a row is.
        let last = words.last();
        let things = last.is_some_and(|word| THINGS.iter().any(|known| is_word(word, known)));
        Self { people: people && !things, patients: any(PATIENTS), children: any(CHILDREN), things }
    }
}

impl Lexicon {
    pub(in crate::risk) fn new(settings: &Settings) -> Self {
        let mut own = Phrases::new();
        for (category, list) in &settings.words {
            for text in list {
                add(&mut own, text, *category, Strength::Strong);
            }
        }
        Self {
            own,
            columns: settings.columns.iter().map(|(name, category)| (name.clone(), *category)).collect(),
            not_personal: settings.not_personal.clone(),
            retention: settings.retention_columns.clone(),
            audit_tables: settings.audit_tables.clone(),
        }
    }

    /// The personal columns of a table.
    pub(in crate::risk) fn of_table(&self, table: &Table) -> Vec<Personal> {
        let subject = Subject::of(&table.name);
        table.columns.iter().filter_map(|column| self.judge(&table.name, column, subject)).collect()
    }

    /// What a column of a table tells of a person.
    pub(in crate::risk) fn of_column(&self, table: &QName, column: &Column) -> Option<Personal> {
        self.judge(table, column, Subject::of(table))
    }

    fn judge(&self, table: &QName, column: &Column, subject: Subject) -> Option<Personal> {
        let declared = [
            format!("{}.{}.{}", table.schema, table.name, column.name),
            format!("{}.{}", table.name, column.name),
            column.name.clone(),
        ];
        if self.not_personal.iter().any(|pattern| declared.iter().any(|name| fits(pattern, name))) {
            return None;
        }
        let words = tokens(&column.name);
        let hidden = words.iter().any(|word| HIDDEN.contains(&word.as_str()))
            || column.data_type == "bytea"
            || HASH_LENGTHS.iter().any(|length| column.data_type.ends_with(&format!("({length})")));
        let found = |category| Some(Personal { column: column.name.clone(), category, hidden });
        if let Some(category) = declared.iter().find_map(|name| self.columns.get(name)) {
            return found(*category);
        }
        let category = self
            .by_words(&words, column, subject)
            .or_else(|| column.comment.as_deref().and_then(|comment| self.by_comment(comment, column)))?;
        // Whatever tells of a person in a table of children or patients is about those.
        let personal = matches!(category, Category::Name | Category::Contact | Category::Address | Category::BirthDate);
        found(if personal && subject.children { Category::Children } else { category })
    }

    fn by_words(&self, words: &[String], column: &Column, subject: Subject) -> Option<Category> {
        if let Some((category, _, _)) = phrase(&self.own, words) {
            return Some(category);
        }
        let (category, strength, length) = phrase(&PHRASES, words)?;
        if !holds(category, &column.data_type) {
            return None;
        }
        let others = words.len() > length;
        let beside = others && words.iter().any(|word| BESIDE.contains(&word.as_str()));
        let covered = match category {
            // A secret is one wherever it stands, but for what is said about it.
            Category::Credentials | Category::GovernmentId | Category::Financial => {
                beside
                    && words.iter().any(|word| {
                        matches!(
                            word.as_str(),
                            "count"
                                | "type"
                                | "policy"
                                | "length"
                                | "strength"
                                | "expires"
                                | "attempts"
                                | "format"
                                | "enabled"
                                | "provider"
                                | "status"
                                | "required"
                        )
                    })
            }
            Category::Health | Category::Sensitive | Category::Genetic | Category::Biometric => false,
            _ => beside,
        };
        if covered {
            return None;
        }
        let meant = match strength {
            Strength::Strong => {
                !subject.things || category.is_special() || is_secret(category) || category == Category::Contact
            }
            Strength::Weak if matches!(category, Category::Health) => subject.patients,
            Strength::Weak => subject.people && about_the_person(words, length),
        };
        meant.then_some(category)
    }

    /// What a comment says in so many words.
    fn by_comment(&self, comment: &str, column: &Column) -> Option<Category> {
        let words = tokens(comment);
        let said = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        if said(&["phi"]) {
            return Some(Category::Health);
        }
        if said(&["pii", "personenbezogen", "gdpr", "dsgvo"])
            || words.windows(2).any(|pair| matches!(pair, [a, b] if a == "personal" && b == "data"))
        {
            return Some(Category::Demographic);
        }
        let mut at = words.as_slice();
        while let [_, rest @ ..] = at {
            if let Some((category, Strength::Strong, length)) = begins(&PHRASES, at).or_else(|| begins(&self.own, at))
                && (length > 1 || category.is_special())
                && holds(category, &column.data_type)
            {
                return Some(category);
            }
            at = rest;
        }
        None
    }

    /// Whether a column says when its row was made or has to go.
    pub(in crate::risk) fn is_retention(&self, column: &str) -> bool {
        self.retention.iter().any(|pattern| fits(pattern, column)) || has_any(column, words::RETENTION)
    }

    /// Whether a table records who did what.
    pub(in crate::risk) fn is_audit_table(&self, table: &QName) -> bool {
        let names = [table.to_string(), table.name.clone()];
        self.audit_tables.iter().any(|pattern| names.iter().any(|name| fits(pattern, name)))
            || has_any(&table.name, words::AUDIT_TABLES)
    }
}

/// Whether a column says who did what.
pub(in crate::risk) fn is_audit_column(column: &str) -> bool {
    has_any(column, words::AUDIT_COLUMNS)
}

fn is_secret(category: Category) -> bool {
    matches!(category, Category::Credentials | Category::GovernmentId | Category::Financial)
}

/// Whether one of the phrases stands in a name.
fn has_any(name: &str, phrases: &[&str]) -> bool {
    let words = tokens(name);
    phrases.iter().any(|phrase| {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        words.windows(wanted.len()).any(|window| window.iter().zip(&wanted).all(|(word, want)| is_word(word, want)))
    })
}

/// The first and longest phrase that stands in the words: its category, strength and length.
fn phrase(phrases: &Phrases, words: &[String]) -> Option<(Category, Strength, usize)> {
    let mut at = words;
    let mut best: Option<(Category, Strength, usize)> = None;
    while let [_, rest @ ..] = at {
        if let Some(found) = begins(phrases, at)
            && best.is_none_or(|(_, strength, length)| {
                (found.2, found.1 == Strength::Strong) > (length, strength == Strength::Strong)
            })
        {
            best = Some(found);
        }
        at = rest;
    }
    best
}

/// The longest phrase at the beginning of the words.
fn begins(phrases: &Phrases, words: &[String]) -> Option<(Category, Strength, usize)> {
    let first = words.first()?;
    let singular = first.strip_suffix('s').unwrap_or(first);
    let many = first.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let candidates = [Some(first.as_str()), Some(singular), many.as_deref()];
    let listed = candidates.into_iter().flatten().filter_map(|word| phrases.get(word)).flatten();
    let fits = listed.filter(|(wanted, _, _)| {
        wanted.len() <= words.len() && wanted.iter().zip(words).all(|(want, word)| is_word(word, want))
    });
    fits.max_by_key(|(wanted, _, _)| wanted.len())
        .map(|(wanted, category, strength)| (*category, *strength, wanted.len()))
}

/// Words that may stand beside a weak one in a table about people: they say whose or which, not what else.
fn about_the_person(words: &[String], length: usize) -> bool {
    const OF_A_PERSON: &[&str] = &[
        "home",
        "work",
        "private",
        "primary",
        "secondary",
        "main",
        "alternate",
        "alternative",
        "preferred",
        "last",
        "current",
        "previous",
        "old",
        "new",
        "own",
        "public",
        "emergency",
        "contact",
        "billing",
        "shipping",
        "postal",
        "line",
        "full",
        "number",
        "no",
        "nr",
        "id",
        "login",
        "signup",
        "registration",
        "raw",
    ];
    let beside = words
        .iter()
        .filter(|word| !OF_A_PERSON.contains(&word.as_str()) && !PEOPLE.iter().any(|known| is_word(word, known)));
    beside.count() <= length
}

/// Whether a value of the type can be such data: a flag or a count is none.
fn holds(category: Category, data_type: &str) -> bool {
    let kind = data_type.split(['(', '[']).next().unwrap_or_default().trim();
    let is_text = matches!(
        kind,
        "text" | "character varying" | "character" | "bpchar" | "json" | "jsonb" | "bytea" | "xml" | "name" | ""
    ) || kind.contains("char")
        || kind.contains("clob")
        || kind.contains('.')
        || kind.eq_ignore_ascii_case("citext");
    let is_number =
        matches!(kind, "integer" | "bigint" | "numeric" | "real" | "double precision" | "smallint" | "money");
    let is_time = kind.starts_with("timestamp") || kind == "date";
    match category {
        Category::Name | Category::Contact | Category::Address | Category::Credentials | Category::Children => is_text,
        Category::GovernmentId | Category::Financial => is_text || is_number,
        Category::BirthDate => is_text || is_time || kind == "integer" || kind == "smallint",
        Category::Location => !is_time && kind != "boolean",
        Category::NetworkId => is_text || matches!(kind, "inet" | "cidr" | "macaddr" | "macaddr8" | "uuid"),
        Category::Demographic => !is_time && kind != "boolean" && kind != "uuid",
        Category::Biometric | Category::Genetic | Category::Health | Category::Sensitive => {
            kind != "uuid" && kind != "bigint"
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return true };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(table: &str, column: &str, data_type: &str) -> Option<Category> {
        let lexicon = Lexicon::new(&Settings::default());
        lexicon.of_column(&QName::new("public", table), &Column::new(column, data_type)).map(|found| found.category)
    }

    #[test]
    fn columns_are_told_by_their_words_in_several_languages() {
        use Category::{
            Address, BirthDate, Children, Contact, Credentials, Financial, GovernmentId, Health, Name, NetworkId,
            Sensitive,
        };
        for (table, column, data_type, want) in [
            ("orders", "first_name", "text", Name),
            ("orders", "customerEmail", "character varying(200)", Contact),
            ("kunden", "vorname", "text", Name),
            ("clientes", "apellidos", "text", Name),
            ("users", "name", "text", Name),
            ("users", "address", "jsonb", Address),
            ("users", "phone_numbers", "text[]", Contact),
            ("people", "ssn", "character(11)", GovernmentId),
            ("employees", "salary", "numeric(10,2)", Financial),
            ("accounts", "iban", "text", Financial),
            ("users", "date_of_birth", "date", BirthDate),
            ("users", "geburtsdatum", "date", BirthDate),
            ("users", "password", "text", Credentials),
            ("sessions", "client_ip", "inet", NetworkId),
            ("visits", "diagnosis", "text", Health),
            ("patients", "treatment", "text", Health),
            ("patients", "allergies", "text[]", Health),
            ("members", "religion", "text", Sensitive),
            ("pupils", "name", "text", Children),
        ] {
            assert_eq!(category(table, column, data_type), Some(want), "{table}.{column}");
        }
    }

    #[test]
    fn what_only_sounds_like_a_person_is_none() {
        for (table, column, data_type) in [
            ("products", "name", "text"),
            ("products", "description", "text"),
            ("servers", "ip", "inet"),
            ("servers", "ip_address", "inet"),
            ("memory_blocks", "address", "bigint"),
            ("files", "file_name", "text"),
            ("users", "email_count", "integer"),
            ("users", "email_verified", "boolean"),
            ("users", "email_verified_at", "timestamp with time zone"),
            ("users", "phone_enabled", "boolean"),
            ("users", "address_id", "bigint"),
            ("users", "password_changed_at", "timestamp with time zone"),
            ("mails", "email_template", "text"),
            ("experiments", "treatment", "text"),
            ("services", "health", "text"),
            ("certificates", "fingerprint", "text"),
            ("races", "race", "text"),
            ("cities", "name", "text"),
            ("tables", "table_name", "text"),
            ("users", "zip_file", "text"),
            ("events", "name", "text"),
            ("pages", "age", "integer"),
            ("messages", "message", "text"),
            ("images", "storage", "text"),
            ("users", "company_name", "text"),
            ("users", "id", "bigint"),
            ("users", "email_change_token", "text"),
            ("device_profile", "name", "text"),
        ] {
            assert_eq!(category(table, column, data_type), None, "{table}.{column}");
        }
    }

    #[test]
    fn settings_add_words_and_take_columns_out() {
        let settings: Settings = toml::from_str(
            "not_personal = ['users.email', 'demo.*']\nwords.health = ['kur']\ncolumns = { 'leads.ref' = 'contact' }",
        )
        .unwrap();
        let lexicon = Lexicon::new(&settings);
        let told =
            |table: QName, column: &str| lexicon.of_column(&table, &Column::new(column, "text")).map(|p| p.category);
        assert_eq!(told(QName::new("public", "users"), "email"), None);
        assert_eq!(told(QName::new("public", "guests"), "email"), Some(Category::Contact));
        assert_eq!(told(QName::new("demo", "guests"), "email"), None);
        assert_eq!(told(QName::new("public", "stays"), "kur"), Some(Category::Health));
        assert_eq!(told(QName::new("public", "leads"), "ref"), Some(Category::Contact));
    }

    #[test]
    fn a_comment_may_say_it() {
        let lexicon = Lexicon::new(&Settings::default());
        let told = |comment: &str| {
            let column = Column { comment: Some(comment.into()), ..Column::new("value", "text") };
            lexicon.of_column(&QName::new("public", "facts"), &column).map(|p| p.category)
        };
        assert_eq!(told("PHI: do not export"), Some(Category::Health));
        assert_eq!(told("holds the person's social security number"), Some(Category::GovernmentId));
        assert_eq!(told("name of the metric"), None);
    }
}
