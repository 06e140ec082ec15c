//! Phrases that mean a table or columns: `orders.total`, `the total column of orders`, `customers email`, `it`.

use super::draft::{Draft, Flow, Stop};
use super::names;
use super::tokens::{Kind, Token};
use crate::schema::QName;

/// A column with its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnRef {
    pub table: QName,
    pub column: String,
}

const PRONOUNS: &[&str] = &["it", "this", "that", "them", "they", "these", "those", "which", "its", "both"];
const TABLE_WORDS: &[&str] = &["table", "tables", "relation"];
const COLUMN_WORDS: &[&str] =
    &["column", "columns", "field", "fields", "attribute", "attributes", "col", "cols", "property"];
const BETWEEN: &[&str] = &["in", "on", "of", "from", "for", "inside", "at", "to", "into", "within"];
/// Words of requests that are not taken for (parts of) names unless quoted.
const NOT_NAMES: &[&str] = &[
    "to", "from", "with", "and", "or", "not", "as", "must", "should", "where", "when", "if", "then", "is", "are", "be",
    "it", "that", "which", "has", "have", "on", "in", "into", "for", "of", "by", "than", "but",
];
/// Words that a name which is asked about does not have: where they are, something else was said.
const NOT_ASKED: &[&str] = &[
    "me",
    "my",
    "us",
    "we",
    "i",
    "you",
    "our",
    "dont",
    "all",
    "each",
    "every",
    "mandatory",
    "required",
    "unique",
    "nullable",
    "optional",
    "null",
    "empty",
    "existing",
    "always",
    "foreign",
    "fk",
    "between",
    "trigger",
    "any",
    "called",
    "named",
    "no",
    "must",
    "can",
    "cannot",
    "get",
    "gets",
    "will",
    "also",
    "only",
    "set",
];

/// Whether words may be a name that is not known, so that it is worth asking which one is meant.
fn may_be_asked(words: &[&Token]) -> bool {
    let begins_a_request = words.len() > 1 && words.first().is_some_and(|t| t.is_any(super::clauses::VERBS));
    let foreign = |t: &&&Token| t.is_any(NOT_NAMES) || t.is_any(NOT_ASKED);
    words.len() <= 3 && !begins_a_request && !words.iter().any(|t| foreign(&t))
}

/// The tokens of a slot without words that only say what kind of thing is meant.
fn without<'t>(tokens: &'t [Token], noise: &[&str]) -> Vec<&'t Token> {
    tokens.iter().filter(|t| !t.is_any(noise)).collect()
}

/// The ways in which a few tokens may be one name.
fn spellings(tokens: &[&Token]) -> Option<String> {
    let fits = !tokens.is_empty() && tokens.len() <= 5 && tokens.iter().all(|t| t.is_name() || t.kind == Kind::Number);
    fits.then(|| tokens.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("_"))
}

/// Splits at commas and "and".
pub(super) fn items(tokens: &[Token]) -> Vec<&[Token]> {
    tokens
        .split(|t| t.is_any(&[",", "and", "&", "or", "plus"]))
        .map(|item| if item.first().is_some_and(|t| t.is("also")) { item.split_at(1).1 } else { item })
        .filter(|item| !item.is_empty())
        .collect()
}

/// What stands in the one pair of brackets around all of `tokens`; all of them without one.
pub(super) fn unbracketed(tokens: &[Token]) -> &[Token] {
    let around = tokens.first().is_some_and(|t| t.is("(")) && super::values::in_brackets(tokens) == tokens.len();
    if around { tokens.get(1..tokens.len() - 1).unwrap_or_default() } else { tokens }
}

fn is_pronoun(tokens: &[&Token]) -> bool {
    matches!(tokens, [only] if only.is_any(PRONOUNS))
}

impl Draft<'_> {
    /// The table that a phrase means.
    pub fn table_ref(&mut self, tokens: &[Token]) -> Flow<QName> {
        let said_table = tokens.iter().any(|t| t.is_any(TABLE_WORDS));
        let words = without_determiner(without(tokens, TABLE_WORDS));
        let pronoun = words.is_empty() && said_table
            || is_pronoun(&words)
            || matches!(words.as_slice(), [same] if same.is("same")) && said_table;
        if pronoun {
            return self.focus.table.clone().ok_or(Stop::No);
        }
        let written = spellings(&words).ok_or(Stop::No)?;
        let usual = self.syntax.default_schema();
        let mut found = names::tables(&written, self.schema, usual);
        // "orders' table", "order rows"; then names as they were quoted.
        if found.is_empty() && words.len() > 1 {
            let last_is_filler = words.last().is_some_and(|t| t.is_any(&["rows", "records", "data"]));
            if let Some(shorter) = words.split_last().filter(|_| last_is_filler).and_then(|(_, w)| spellings(w)) {
                found = names::tables(&shorter, self.schema, usual);
            }
        }
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => self.unknown_table(&words, &written),
            several => {
                let choices = several.iter().map(ToString::to_string).collect();
                let answer =
                    self.ask_name(format!("table:{written}"), format!("Which table is {written}?"), choices)?;
                self.answered_table(&answer)
            }
        }
    }

    fn unknown_table(&mut self, words: &[&Token], written: &str) -> Flow<QName> {
        if self.strict || !may_be_asked(words) {
            return Err(Stop::No);
        }
        let (_, bare) = names::qualified(written);
        let mut choices = names::nearest(bare, self.schema.tables.keys().map(|n| n.name.as_str()));
        if choices.is_empty() {
            choices = self.schema.tables.keys().take(5).map(QName::short).collect();
        }
        if choices.is_empty() {
            return Err(Stop::Cannot(format!("there is no table {written}, nor any other: the database is empty")));
        }
        let text = format!("There is no table {written}. Which one do you mean?");
        let answer = self.ask(format!("table:{written}"), text, choices)?;
        self.answered_table(&answer)
    }

    fn answered_table(&self, answer: &str) -> Flow<QName> {
        let bare: String = answer.chars().filter(|c| *c != '"').collect();
        let usual = self.syntax.default_schema();
        let found = answer
            .parse::<QName>()
            .ok()
            .filter(|name| self.schema.tables.contains_key(name))
            .or_else(|| names::tables(&bare, self.schema, usual).into_iter().next());
        found.ok_or_else(|| Stop::Cannot(format!("there is no table {answer}")))
    }

    /// The table of a slot, or the one in focus when nothing was said.
    pub fn table_or_focus(&mut self, tokens: &[Token]) -> Flow<QName> {
        if !tokens.is_empty() {
            return self.table_ref(tokens);
        }
        if let Some(table) = self.focus.table.clone() {
            return Ok(table);
        }
        if self.schema.tables.len() == 1
            && let Some(only) = self.schema.tables.keys().next()
        {
            return Ok(only.clone());
        }
        let choices: Vec<String> = self.schema.tables.keys().take(8).map(QName::short).collect();
        if choices.is_empty() {
            return Err(Stop::Cannot("the database has no tables yet".into()));
        }
        let answer = self.ask_name("table", "Which table is this about?", choices)?;
        self.answered_table(&answer)
    }

    /// Several tables: `orders, customers and products`.
    pub fn table_refs(&mut self, tokens: &[Token]) -> Flow<Vec<QName>> {
        let found: Vec<QName> = items(tokens).into_iter().map(|item| self.table_ref(item)).collect::<Flow<_>>()?;
        if found.is_empty() { Err(Stop::No) } else { Ok(found) }
    }

    /// The columns that a phrase means; all of them, or a question.
    pub fn column_refs(&mut self, tokens: &[Token]) -> Flow<Vec<ColumnRef>> {
        let words = without(tokens, COLUMN_WORDS);
        if is_pronoun(&words) {
            return self.columns_in_focus();
        }
        // `orders (customer_id, status)`
        if let [table @ .., close] = tokens
            && close.is(")")
            && let Some(open) = table.iter().position(|t| t.is("(")).filter(|at| *at > 0)
        {
            let (table, columns) = table.split_at(open);
            let table = self.table_ref(table)?;
            return self.columns_of(&table, columns.split_first().map_or(&[][..], |(_, columns)| columns));
        }
        // `… of orders`, from the last such word backwards.
        for (at, _) in tokens.iter().enumerate().rev().filter(|(_, t)| t.is_any(BETWEEN)) {
            let (columns, after) = tokens.split_at(at);
            let Some((_, table)) = after.split_first() else { continue };
            if let Ok(table) = self.strictly(|draft| draft.table_ref(table)) {
                return self.columns_of(&table, columns);
            }
        }
        if let Some(found) = self.after_its_table(tokens) {
            return Ok(found);
        }
        if !self.strict
            && let Some(at) = tokens.iter().rposition(|t| t.is_any(BETWEEN)).filter(|at| *at > 0)
        {
            let (columns, after) = tokens.split_at(at);
            let table = self.table_ref(after.split_first().map_or(&[][..], |(_, table)| table))?;
            return self.columns_of(&table, columns);
        }
        let list = items(tokens);
        if list.is_empty() {
            return Err(Stop::No);
        }
        // `orders.total and discount`: the second is of the first's table.
        let mut found: Vec<ColumnRef> = Vec::new();
        for item in list {
            let before = found.last().map(|c| c.table.clone());
            found.push(self.one_column(item, before.as_ref())?);
        }
        Ok(found)
    }

    /// The columns of `table` that a list of names means.
    pub fn columns_of(&mut self, table: &QName, tokens: &[Token]) -> Flow<Vec<ColumnRef>> {
        let tokens = unbracketed(tokens);
        let words = without(tokens, COLUMN_WORDS);
        if is_pronoun(&words) && self.focus.table.as_ref() == Some(table) {
            return self.columns_in_focus();
        }
        let found: Vec<ColumnRef> =
            items(tokens).into_iter().map(|item| self.one_column(item, Some(table))).collect::<Flow<_>>()?;
        let elsewhere = found.iter().any(|c| c.table != *table);
        if found.is_empty() || elsewhere { Err(Stop::No) } else { Ok(found) }
    }

    fn columns_in_focus(&self) -> Flow<Vec<ColumnRef>> {
        let Some(table) = &self.focus.table else { return Err(Stop::No) };
        let found: Vec<ColumnRef> =
            self.focus.columns.iter().map(|c| ColumnRef { table: table.clone(), column: c.clone() }).collect();
        if found.is_empty() { Err(Stop::No) } else { Ok(found) }
    }

    /// `customers email`, `the orders table's total column`.
    fn after_its_table(&mut self, tokens: &[Token]) -> Option<Vec<ColumnRef>> {
        (1..tokens.len()).find_map(|length| {
            let (table, columns) = tokens.split_at(length);
            self.strictly(|draft| {
                let table = draft.table_ref(table)?;
                draft.columns_of(&table, columns)
            })
            .ok()
        })
    }

    /// Tries a reading without questions about names.
    pub fn strictly<T>(&mut self, read: impl FnOnce(&mut Self) -> Flow<T>) -> Flow<T> {
        let was = std::mem::replace(&mut self.strict, true);
        let read = read(self);
        self.strict = was;
        read
    }

    fn one_column(&mut self, tokens: &[Token], table: Option<&QName>) -> Flow<ColumnRef> {
        let words = without(tokens, COLUMN_WORDS);
        // A column may itself be called "field" or the like.
        let words = if words.is_empty() { tokens.iter().collect() } else { words };
        let written = spellings(&words).ok_or(Stop::No)?;
        if written.contains('.') && words.len() > 1 && !may_be_asked(&words) {
            return Err(Stop::No);
        }
        if let Some((of, column)) = written.rsplit_once('.') {
            return self.qualified_column(of, column);
        }
        let candidates: Vec<QName> = match table {
            Some(table) => vec![table.clone()],
            None => self.focus.table.iter().cloned().collect(),
        };
        for name in candidates {
            if let Some(column) = self.column_named(&name, &written)? {
                return Ok(ColumnRef { table: name, column });
            }
        }
        if let Some(table) = table {
            return self.unknown_column(table, &words, &written);
        }
        self.column_anywhere(&words, &written)
    }

    fn qualified_column(&mut self, of: &str, column: &str) -> Flow<ColumnRef> {
        let table = super::tokens::tokens(of);
        let quoted: Vec<Token> = if table.len() == 1 { table } else { return Err(Stop::No) };
        let table = self.table_ref(&quoted)?;
        if let Some(column) = self.column_named(&table, column)? {
            Ok(ColumnRef { table, column })
        } else {
            let tokens = super::tokens::tokens(column);
            self.unknown_column(&table, &tokens.iter().collect::<Vec<_>>(), column)
        }
    }

    /// The column of `table` that a written name fits.
    pub fn column_named(&self, table: &QName, written: &str) -> Flow<Option<String>> {
        let table = self.table(table)?;
        let found = names::matching(written, table.columns.iter().map(|c| (c.name.as_str(), c.name.clone())));
        Ok(if found.len() == 1 { found.into_iter().next() } else { None })
    }

    fn unknown_column(&mut self, table: &QName, words: &[&Token], written: &str) -> Flow<ColumnRef> {
        if self.strict || !may_be_asked(words) {
            return Err(Stop::No);
        }
        let columns: Vec<String> = self.table(table)?.columns.iter().map(|c| c.name.clone()).collect();
        let mut choices = names::nearest(written, columns.iter().map(String::as_str));
        if choices.is_empty() {
            choices = columns.into_iter().take(8).collect();
        }
        let text = format!("{} has no column {written}. Which one do you mean?", table.short());
        let answer = self.ask(format!("column:{}.{written}", table.name), text, choices)?;
        let (_, bare) = answer.rsplit_once('.').unwrap_or(("", &answer));
        match self.column_named(table, bare)? {
            Some(column) => Ok(ColumnRef { table: table.clone(), column }),
            None => Err(Stop::Cannot(format!("{} has no column {bare}", table.short()))),
        }
    }

    /// A column said without its table: the only one of its name, or a question.
    fn column_anywhere(&mut self, words: &[&Token], written: &str) -> Flow<ColumnRef> {
        let all: Vec<(&str, ColumnRef)> = self
            .schema
            .tables
            .values()
            .flat_map(|t| t.columns.iter().map(move |c| (t, c)))
            .map(|(t, c)| (c.name.as_str(), ColumnRef { table: t.name.clone(), column: c.name.clone() }))
            .collect();
        let found = names::matching(written, all.iter().map(|(name, found)| (*name, found.clone())));
        if let [one] = found.as_slice() {
            return Ok(one.clone());
        }
        if !may_be_asked(words) {
            return Err(Stop::No);
        }
        let full = |c: &ColumnRef| format!("{}.{}", c.table.short(), c.column);
        let (text, choices) = if found.is_empty() {
            let near = names::nearest(written, all.iter().map(|(name, _)| *name));
            let choices = all.iter().filter(|(name, _)| near.iter().any(|n| n == name)).map(|(_, c)| full(c)).take(8);
            (format!("There is no column {written}. Which one do you mean?"), choices.collect::<Vec<_>>())
        } else {
            (format!("Several tables have a column {written}. Which one?"), found.iter().map(full).collect())
        };
        if choices.is_empty() {
            return Err(Stop::No);
        }
        let answer = self.ask_name(format!("column:{written}"), text, choices)?;
        let chosen = all.iter().find(|(_, c)| full(c) == answer).map(|(_, c)| c.clone());
        chosen.ok_or_else(|| Stop::Cannot(format!("there is no column {answer}")))
    }

    /// A name for something new, from a phrase: `unit price` is `unit_price`, a quoted name is as it stands.
    pub fn new_name(tokens: &[Token]) -> Flow<String> {
        let words: Vec<&Token> = without(after_called(tokens), COLUMN_WORDS);
        let words = without_table_word(words);
        if let [only] = words.as_slice()
            && matches!(only.kind, Kind::Quoted | Kind::Text)
            && !only.text.is_empty()
        {
            return Ok(only.text.clone());
        }
        let plain = !words.is_empty()
            && words.len() <= 4
            && words
                .iter()
                .all(|t| matches!(t.kind, Kind::Word | Kind::Number) && !t.is_any(NOT_NAMES) && !t.text.contains('.'));
        if !plain || words.first().is_some_and(|t| t.kind == Kind::Number) {
            return Err(Stop::No);
        }
        let joined = words.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("_");
        let keeps_case = words.len() == 1
            && joined.chars().next().is_some_and(char::is_lowercase)
            && joined.chars().any(char::is_uppercase);
        Ok(if keeps_case { joined } else { joined.to_lowercase() })
    }
}

/// `each product` is a product.
fn without_determiner(words: Vec<&Token>) -> Vec<&Token> {
    let skipped = usize::from(words.len() > 1 && words.first().is_some_and(|t| t.is_any(&["each", "every", "all"])));
    words.into_iter().skip(skipped).collect()
}

/// `one column called address` is `address`; so is `one column address`.
fn after_called(tokens: &[Token]) -> &[Token] {
    if let Some(at) = tokens.iter().position(|t| t.is_any(&["called", "named"])).filter(|at| at + 1 < tokens.len()) {
        return tokens.split_at(at + 1).1;
    }
    match tokens {
        [first, second, _, ..] if first.is_any(&["one", "single", "new"]) && second.is_any(COLUMN_WORDS) => {
            tokens.split_at(1).1
        }
        all => all,
    }
}

fn without_table_word(words: Vec<&Token>) -> Vec<&Token> {
    if words.len() > 1 { words.into_iter().filter(|t| !t.is_any(TABLE_WORDS)).collect() } else { words }
}
